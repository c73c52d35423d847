//! Lock files written in TOML: uv, Poetry, PDM, PEP 751 and Cargo.
//!
//! They are read one package at a time: all of a large one as a tree of values would take ten times its size.

use super::askers::{AskerNames, Askers};
use super::dependencies::{ANY_VERSION, Dependencies, Found};
use super::manner::EDITABLE;
use super::pylock_groups;
use super::toml_parts::{is_too_much, parts};
use super::toml_sums::{Sums, hashes};
use super::unreadable::Unreadable;
use super::uses::Uses;
use super::uv_graph::{Graph, Workspace};
use super::versions::Need;
use crate::halt::Halt;
use toml::{Table, Value};

/// The group of Poetry that the project itself is.
const MAIN: &str = "main";

/// Where a locked package comes from.
enum PackageSource {
    /// A package index: name and version say it all.
    Index,
    /// A repository, URL or path: this, not the version, tells one state from another.
    Place(String),
    /// The project that is locked, which is not a dependency of itself.
    Project,
}

impl PackageSource {
    /// A place, which is never taken for a version: a file or a folder beside the lock file has a path with a slash.
    fn at(place: String) -> Self {
        let is_name = !place.contains(['/', ':']) && !place.starts_with('.');
        Self::Place(if is_name { format!("./{place}") } else { place })
    }

    /// What stands for the version of a package; `None` for the project.
    fn version_of<'a>(&'a self, package: &'a Table) -> Option<&'a str> {
        match self {
            Self::Index => Some(string(package, "version").unwrap_or(ANY_VERSION)),
            Self::Place(place) => Some(place),
            Self::Project => None,
        }
    }
}

/// What a tool says of a package in its own way.
struct Judged {
    origin: PackageSource,
    hashes: Vec<String>,
    need: Need,
    askers: Askers,
}

impl Judged {
    /// Of a package that is required, as far as the lock file says.
    fn new(origin: PackageSource, hashes: Vec<String>) -> Self {
        Self { origin, hashes, need: Need::Required, askers: Askers::default() }
    }
}

pub(super) fn uv(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let (mut graph, workspace) = (Graph::default(), Workspace::of(text));
    let mut dependencies = read(text, halt, "package", |package| {
        let origin = if workspace.has(package) { PackageSource::Project } else { uv_origin(package) };
        graph.add(package, origin.version_of(package));
        Judged::new(origin, hashes(package, "hash", &["wheels", "sdist"]))
    })?;
    graph.settle(&workspace, &mut dependencies, halt);
    Ok(dependencies)
}

fn uv_origin(package: &Table) -> PackageSource {
    let Some(source) = package.get("source").and_then(Value::as_table) else { return PackageSource::Index };
    match source {
        source if source.contains_key("virtual") || string(source, "editable") == Some(".") => PackageSource::Project,
        source => match string(source, "git") {
            Some(git) => PackageSource::Place(git.to_owned()),
            None => place(["url", "path", "directory", "editable"].map(|key| string(source, key)), source),
        },
    }
}

pub(super) fn poetry(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let (mut tells_groups, mut names) = (true, AskerNames::default());
    let mut dependencies = read(text, halt, "package", |package| {
        // Before its version 2 Poetry told no group but the main one, later none; and where a package is installed it never told.
        tells_groups &= package.contains_key("groups");
        let groups = strings(package, "groups").filter(|group| !may_be_elsewhere(package, group));
        let judged = Judged::new(poetry_origin(package), hashes(package, "hash", &["files"]));
        Judged { need: poetry_need(package), askers: names.all_of(groups), ..judged }
    })?;
    dependencies.tell_askers(names);
    if !tells_groups {
        dependencies.leave_untold_who_asks();
    }
    Ok(dependencies)
}

fn poetry_need(package: &Table) -> Need {
    let is_old_dev = string(package, "category").is_some_and(|group| group != MAIN);
    match package.get("optional").and_then(Value::as_bool) {
        _ if is_old_dev || !is_in_group(package, MAIN) => Need::Development,
        Some(true) => Need::Optional,
        _ => Need::Required,
    }
}

fn poetry_origin(package: &Table) -> PackageSource {
    let Some(source) = package.get("source").and_then(Value::as_table) else { return PackageSource::Index };
    match (string(source, "type"), string(source, "url")) {
        (Some("legacy"), _) | (_, None) => PackageSource::Index,
        (_, Some(url)) => PackageSource::at(at_commit(url, string(source, "resolved_reference"), source)),
    }
}

pub(super) fn pdm(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let (mut tells_groups, mut names) = (true, AskerNames::default());
    let mut dependencies = read(text, halt, "package", |package| {
        tells_groups &= package.contains_key("groups");
        let origin = match string(package, "git") {
            Some(git) => PackageSource::at(at_commit(git, string(package, "revision"), package)),
            None => place(["url", "path"].map(|key| string(package, key)), package),
        };
        let need = if is_in_group(package, "default") { Need::Required } else { Need::Development };
        let judged = Judged::new(origin, hashes(package, "hash", &["files"]));
        Judged { need, askers: names.all_of(strings(package, "groups")), ..judged }
    })?;
    dependencies.tell_askers(names);
    // Where none says its groups, none says its markers either.
    if !tells_groups {
        dependencies.leave_untold_who_asks();
    }
    Ok(dependencies)
}

pub(super) fn pylock(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let mut dependencies = read(text, halt, "packages", |package| {
        Judged::new(pylock_origin(package), hashes(package, "hashes", &["wheels", "sdist", "archive"]))
    })?;
    pylock_groups::settle(text, &mut dependencies, halt);
    Ok(dependencies)
}

fn pylock_origin(package: &Table) -> PackageSource {
    let of = |key: &str| package.get(key).and_then(Value::as_table);
    if let Some(vcs) = of("vcs")
        && let Some(url) = string(vcs, "url").or(string(vcs, "path"))
    {
        return PackageSource::at(at_commit(url, string(vcs, "commit-id"), vcs));
    }
    let origin = of("archive").or(of("directory"));
    origin.map_or(PackageSource::Index, |origin| place(["url", "path"].map(|key| string(origin, key)), origin))
}

pub(super) fn cargo(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let mut uses = Uses::default();
    let mut dependencies = read(text, halt, "package", |package| {
        let origin = match string(package, "source") {
            Some(source) if source.starts_with("git+") => PackageSource::Place(source.to_owned()),
            Some(_) => PackageSource::Index,
            None => PackageSource::Project,
        };
        let asked = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        for asked in asked.filter_map(Value::as_str) {
            // `name version` where there are several versions.
            let name = asked.split(' ').next().unwrap_or(asked);
            uses.add(name, (string(package, "name"), string(package, "version"), asked));
        }
        Judged::new(origin, string(package, "checksum").map(str::to_owned).into_iter().collect())
    })?;
    uses.tell(&mut dependencies);
    Ok(dependencies)
}

/// Whether a package belongs to a group of dependencies; without groups it belongs to all.
fn is_in_group(package: &Table, group: &str) -> bool {
    let groups = package.get("groups").and_then(Value::as_array);
    groups.is_none_or(|groups| groups.iter().any(|name| name.as_str() == Some(group)))
}

/// Whether a package of a group is not known to be installed wherever its marker holds: it is for an extra of the main group, or
/// each group has a marker of its own (Poetry 2).
fn may_be_elsewhere(package: &Table, group: &str) -> bool {
    let is_optional = package.get("optional").and_then(Value::as_bool) == Some(true);
    let has_own_marker = || package.get("markers").and_then(Value::as_table).is_some_and(|all| all.contains_key(group));
    is_optional && group == MAIN || has_own_marker()
}

fn read(
    text: &str,
    halt: &Halt,
    key: &str,
    mut judge: impl FnMut(&Table) -> Judged,
) -> Result<Dependencies, Unreadable> {
    let mut dependencies = Dependencies::default();
    let (mut sums, mut is_empty) = (Sums::default(), true);
    for (line, part) in halt.over(parts(text, key)) {
        if is_too_much(part) {
            return Err(Unreadable::at(line, "it has more tables and values in one place than a lock file has"));
        }
        let table: Table = toml::from_str(part).map_err(|error| unreadable(&error, line, part))?;
        is_empty &= table.is_empty();
        let wrong = |why: &str| Unreadable::at(line, why);
        let packages = match table.get(key) {
            Some(packages) => packages.as_array().ok_or_else(|| wrong(&format!("`{key}` is not a list")))?.as_slice(),
            None => &[],
        };
        for package in packages {
            let package = package.as_table().ok_or_else(|| wrong("a package is not a table"))?;
            let name = string(package, "name").ok_or_else(|| wrong("a package has no name"))?;
            let Judged { origin, hashes, need, askers } = judge(package);
            let Some(version) = origin.version_of(package) else {
                dependencies.insert_project(name, string(package, "version"));
                continue;
            };
            let found = Found::new(name, version).with_hashes(hashes.iter().map(String::as_str));
            // Whoever makes a file that no index has may do so again at the same version.
            let is_place = matches!(origin, PackageSource::Place(_));
            let found = found.with_content(hashes.iter().filter(|_| is_place).map(String::as_str)).placed(is_place);
            let found = found.in_manner(is_editable(package).then_some(EDITABLE));
            dependencies.insert(found.needed(need).asked_for_by(askers).with_marker(marker(package)));
        }
        if let Some(metadata) = table.get("metadata").and_then(Value::as_table) {
            sums.take(metadata, halt);
        }
    }
    sums.add_to(&mut dependencies);
    if is_empty { Err(Unreadable::new("it has no content")) } else { Ok(dependencies) }
}

/// The marker of a package. Where it is another one in each group (Poetry 2), that of the main group counts: without one there
/// it is installed everywhere.
fn marker(package: &Table) -> Option<&str> {
    let markers = package.get("marker").or_else(|| package.get("markers"))?;
    markers.as_str().or_else(|| markers.get(MAIN)?.as_str())
}

/// Whether a package is used where it lies, as each of these tools writes it.
fn is_editable(package: &Table) -> bool {
    let is_true = |table: Option<&Table>, key: &str| {
        table.and_then(|table| table.get(key)).and_then(Value::as_bool) == Some(true)
    };
    let of = |key: &str| package.get(key).and_then(Value::as_table);
    ["develop", "editable"].iter().any(|key| is_true(Some(package), key))
        || is_true(of("directory"), "editable")
        || of("source").is_some_and(|source| source.contains_key("editable"))
}

fn unreadable(error: &toml::de::Error, line: usize, part: &str) -> Unreadable {
    let before = error.span().and_then(|span| part.get(..span.start)).unwrap_or_default();
    Unreadable::at(line + before.matches('\n').count(), "it is not TOML")
}

fn strings<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a str> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn string<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

/// The first place that is named, or the index if none is.
fn place<const N: usize>(candidates: [Option<&str>; N], origin: &Table) -> PackageSource {
    let place = candidates.into_iter().flatten().next();
    place.map_or(PackageSource::Index, |place| PackageSource::at(at_commit(place, None, origin)))
}

/// A place at a commit, and which folder of it, where the package is in one: another one is another package.
fn at_commit(url: &str, commit: Option<&str>, origin: &Table) -> String {
    let folder = string(origin, "subdirectory").map(|folder| format!("subdirectory={folder}"));
    match (commit, folder) {
        (None, None) => url.to_owned(),
        (Some(commit), None) => format!("{url}#{commit}"),
        (None, Some(folder)) => format!("{url}#{folder}"),
        (Some(commit), Some(folder)) => format!("{url}#{commit}&{folder}"),
    }
}

#[cfg(test)]
mod tests;
