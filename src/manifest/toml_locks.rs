//! Lock files written in TOML: uv, Poetry, PDM, PEP 751 and Cargo.
//!
//! They are read one package at a time: all of a large one as a tree of values would take ten times its size.

use super::dependencies::{ANY_VERSION, Dependencies, Found};
use super::pylock_groups;
use super::toml_parts::{is_too_much, parts};
use super::toml_sums::{Sums, hashes};
use super::unreadable::Unreadable;
use super::uv_graph::Graph;
use super::versions::Need;
use crate::halt::Halt;
use toml::{Table, Value};

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

pub(super) fn uv(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let mut graph = Graph::default();
    let mut dependencies = read(text, halt, "package", |package| {
        let origin = uv_origin(package);
        graph.add(package, origin.version_of(package));
        (origin, hashes(package, "hash", &["wheels", "sdist"]), Need::Required)
    })?;
    graph.settle(&mut dependencies, halt);
    Ok(dependencies)
}

fn uv_origin(package: &Table) -> PackageSource {
    let Some(source) = package.get("source").and_then(Value::as_table) else { return PackageSource::Index };
    match source {
        source if source.contains_key("virtual") || string(source, "editable") == Some(".") => PackageSource::Project,
        source => match string(source, "git") {
            Some(git) => PackageSource::Place(git.to_owned()),
            None => place(["url", "path", "directory", "editable"].map(|key| string(source, key))),
        },
    }
}

pub(super) fn poetry(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let mut tells_groups = true;
    let mut dependencies = read(text, halt, "package", |package| {
        // Those of Poetry 1.5 and later tell none, up to its version 2.
        tells_groups &= ["category", "groups"].iter().any(|key| package.contains_key(*key));
        (poetry_origin(package), hashes(package, "hash", &["files"]), poetry_need(package))
    })?;
    if !tells_groups {
        dependencies.leave_untold_who_asks();
    }
    Ok(dependencies)
}

fn poetry_need(package: &Table) -> Need {
    let is_old_dev = string(package, "category").is_some_and(|group| group != "main");
    match package.get("optional").and_then(Value::as_bool) {
        _ if is_old_dev || !is_in_group(package, "main") => Need::Development,
        Some(true) => Need::Optional,
        _ => Need::Required,
    }
}

fn poetry_origin(package: &Table) -> PackageSource {
    let Some(source) = package.get("source").and_then(Value::as_table) else { return PackageSource::Index };
    match (string(source, "type"), string(source, "url")) {
        (Some("legacy"), _) | (_, None) => PackageSource::Index,
        (_, Some(url)) => PackageSource::at(at_commit(url, string(source, "resolved_reference"))),
    }
}

pub(super) fn pdm(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    read(text, halt, "package", |package| {
        let origin = match string(package, "git") {
            Some(git) => PackageSource::at(at_commit(git, string(package, "revision"))),
            None => place(["url", "path"].map(|key| string(package, key))),
        };
        let need = if is_in_group(package, "default") { Need::Required } else { Need::Development };
        (origin, hashes(package, "hash", &["files"]), need)
    })
}

pub(super) fn pylock(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let mut dependencies = read(text, halt, "packages", |package| {
        let of = |table: &str, key: &str| package.get(table)?.as_table().and_then(|table| string(table, key));
        let origin = match of("vcs", "url").or(of("vcs", "path")) {
            Some(url) => PackageSource::at(at_commit(url, of("vcs", "commit-id"))),
            None => place([of("archive", "url"), of("archive", "path"), of("directory", "path")]),
        };
        (origin, hashes(package, "hashes", &["wheels", "sdist", "archive"]), Need::Required)
    })?;
    pylock_groups::settle(text, &mut dependencies, halt);
    Ok(dependencies)
}

pub(super) fn cargo(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    read(text, halt, "package", |package| {
        let origin = match string(package, "source") {
            Some(source) if source.starts_with("git+") => PackageSource::Place(source.to_owned()),
            Some(_) => PackageSource::Index,
            None => PackageSource::Project,
        };
        (origin, string(package, "checksum").map(str::to_owned).into_iter().collect(), Need::Required)
    })
}

/// Whether a package belongs to a group of dependencies; without groups it belongs to all.
fn is_in_group(package: &Table, group: &str) -> bool {
    let groups = package.get("groups").and_then(Value::as_array);
    groups.is_none_or(|groups| groups.iter().any(|name| name.as_str() == Some(group)))
}

fn read(
    text: &str,
    halt: &Halt,
    key: &str,
    mut judge: impl FnMut(&Table) -> (PackageSource, Vec<String>, Need),
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
            let (origin, hashes, need) = judge(package);
            let Some(version) = origin.version_of(package) else {
                dependencies.insert_project(name);
                continue;
            };
            let found = Found::new(name, version).with_hashes(hashes.iter().map(String::as_str));
            // Whoever makes a file that no index has may do so again at the same version.
            let is_place = matches!(origin, PackageSource::Place(_));
            let found = found.with_content(hashes.iter().filter(|_| is_place).map(String::as_str)).placed(is_place);
            dependencies.insert(found.needed(need).with_marker(marker(package)));
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
    markers.as_str().or_else(|| markers.get("main")?.as_str())
}

fn unreadable(error: &toml::de::Error, line: usize, part: &str) -> Unreadable {
    let before = error.span().and_then(|span| part.get(..span.start)).unwrap_or_default();
    Unreadable::at(line + before.matches('\n').count(), "it is not TOML")
}

fn string<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

/// The first place that is named, or the index if none is.
fn place<const N: usize>(candidates: [Option<&str>; N]) -> PackageSource {
    let place = candidates.into_iter().flatten().next();
    place.map_or(PackageSource::Index, |place| PackageSource::at(place.to_owned()))
}

fn at_commit(url: &str, commit: Option<&str>) -> String {
    commit.map_or_else(|| url.to_owned(), |commit| format!("{url}#{commit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = fn(&str, &Halt) -> Result<Dependencies, Unreadable>;

    fn shown(dependencies: Result<Dependencies, Unreadable>) -> Option<String> {
        let dependencies = dependencies.ok()?;
        let pairs = dependencies
            .iter()
            .flat_map(|(name, versions)| versions.keys().map(move |version| format!("{name} {}", version.as_str())));
        Some(pairs.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn origins_other_than_an_index_take_the_place_of_the_version() {
        let table: [(Read, &str, &str); 12] = [
            (uv, "source = { git = \"https://t@h/x?rev=v1#c0ffee\" }", "x https://****@h/x?****#c0ffee"),
            (uv, "source = { editable = \"packages/x\" }", "x packages/x"),
            (uv, "source = { virtual = \"packages/x\" }", ""),
            (uv, "source = { editable = \".\" }", ""),
            (
                poetry,
                "source = { type = \"git\", url = \"https://u:p@h/x.git\", resolved_reference = \"c0ffee\" }",
                "x https://****@h/x.git#c0ffee",
            ),
            (poetry, "source = { type = \"legacy\", url = \"https://u:p@h/simple\", reference = \"r\" }", "x 1.0"),
            (poetry, "source = { type = \"file\", url = \"x.whl\" }", "x ./x.whl"),
            (pdm, "git = \"https://h/x.git\"\nrevision = \"c0ffee\"", "x https://h/x.git#c0ffee"),
            (pdm, "path = \"./x\"", "x ./x"),
            (cargo, "source = \"git+https://h/x?tag=v1#c0ffee\"", "x git+https://h/x?****#c0ffee"),
            (cargo, "source = \"registry+https://github.com/rust-lang/crates.io-index\"", "x 1.0"),
            (cargo, "", ""),
        ];
        for (read, origin, expected) in table {
            let lock = format!("[[package]]\nname = \"x\"\nversion = \"1.0\"\n{origin}\n");
            assert_eq!(shown(read(&lock, &Halt::default())).as_deref(), Some(expected), "{origin}");
        }
        let vcs =
            "[[packages]]\nname = \"x\"\nvcs = { type = \"git\", url = \"https://h/x\", commit-id = \"c0ffee\" }\n";
        assert_eq!(shown(pylock(vcs, &Halt::default())).as_deref(), Some("x https://h/x#c0ffee"));
        assert_eq!(
            shown(pylock("[[packages]]\nname = \"x\"\ndirectory = { path = \"x\" }", &Halt::default())).as_deref(),
            Some("x ./x")
        );
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        let table = ["", "=", "package = 1", "package = [1]", "[[package]]\nversion = \"1\"", "[[package]]\nname = 1"];
        for text in table {
            for read in [uv as Read, poetry, pdm, cargo] {
                assert!(read(text, &Halt::default()).is_err(), "{text}");
            }
        }
        assert!(pylock("packages = 1", &Halt::default()).is_err());
        assert_eq!(
            shown(uv("version = 1", &Halt::default())).as_deref(),
            Some(""),
            "a project without dependencies has an empty lock"
        );
        assert_eq!(shown(uv("[[package]]\nname = \"x\"", &Halt::default())).as_deref(), Some("x *"));
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        assert!(uv(&format!("a = {}", "[".repeat(100_000)), &Halt::default()).is_err());
        assert!(uv(&format!("{} = 1", vec!["a"; 100_000].join(".")), &Halt::default()).is_err());
    }

    /// Ten megabytes of these took gigabytes of memory.
    #[test]
    fn what_would_take_memory_without_bound_is_not_read() {
        let tables: String = (0..200_000).map(|index| format!("[a{index}.b.c.d]\n")).collect();
        let values = format!("a = [{}]", "1,".repeat(4_000_000));
        for text in [&tables, &values, &format!("[[package]]\nname = \"x\"\n{values}")] {
            let why = uv(text, &Halt::default()).unwrap_err().to_string();
            assert_eq!(why, "line 1: it has more tables and values in one place than a lock file has");
        }
        let files = "    {file = \"aiohttp-3.8.1-cp310-cp310-macosx_10_9_universal2.whl\", hash = \"sha256:1ed0b6477896559f17b9eaeb6d38e07f7f9ffe40b9f0f9627ae8b9926ae260a8\"},\n";
        let old = format!("[metadata.files]\naiohttp = [\n{}]\n", files.repeat(20_000));
        assert!(poetry(&old, &Halt::default()).is_ok());
    }

    #[test]
    fn what_cannot_be_read_has_its_line() {
        let lock = "version = 1\n\n[[package]]\nname = \"a\"\n\n[[package]]\nname = \"b\"\nversion = oops\n";
        assert_eq!(uv(lock, &Halt::default()).unwrap_err().to_string(), "line 8: it is not TOML");
        assert_eq!(
            uv("[[package]]\nversion = \"1\"", &Halt::default()).unwrap_err().to_string(),
            "line 1: a package has no name"
        );
    }

    const UV: &str = r#"
version = 1

[[package]]
name = "project"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "requests" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
]

[package.optional-dependencies]
socks = [{ name = "pysocks" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "requests"
version = "2.32.3"
dependencies = [{ name = "idna" }]
wheels = [{ url = "u", hash = "sha256:aa" }, { url = "v", hash = "sha256:bb" }]

[[package]]
name = "idna"
version = "3.7"

[[package]]
name = "colorama"
version = "0.4.6"

[[package]]
name = "pysocks"
version = "1.7.1"
dependencies = [{ name = "win-inet-pton" }, { name = "idna" }]

[[package]]
name = "win-inet-pton"
version = "1.1.0"

[[package]]
name = "pytest"
version = "8.0.0"
dependencies = [{ name = "iniconfig" }, { name = "idna" }]

[[package]]
name = "iniconfig"
version = "2.0.0"
"#;

    #[test]
    fn what_is_installed_follows_from_who_asks() {
        let dependencies = uv(UV, &Halt::default()).unwrap();
        let about = |name: &str| dependencies.versions(name).unwrap().values().next().unwrap();
        let of = |need: Need| -> Vec<&str> {
            dependencies.iter().map(|(name, _)| name).filter(|name| about(name).need == need).collect()
        };
        assert_eq!(of(Need::Development), ["iniconfig", "pytest"]);
        assert_eq!(of(Need::Optional), ["pysocks", "win-inet-pton"]);
        assert!(dependencies.is_project("project") && !dependencies.is_project("idna"));
        assert!(about("colorama").details().markers.iter().eq(["sys_platform == 'win32'"]));
        assert!(about("idna").details().markers.is_empty());
        assert!(about("requests").files.is_some() && about("idna").files.is_none());
        let other = uv(&UV.replace("sha256:bb", "sha256:cc"), &Halt::default()).unwrap();
        assert_ne!(dependencies, other);
    }

    #[test]
    fn markers_are_those_of_the_main_group() {
        let table = [
            ("markers = \"m\"", &["m"][..]),
            ("markers = { main = \"m\", dev = \"d\" }", &["m"]),
            ("markers = { dev = \"d\" }", &[]),
            ("", &[]),
        ];
        for (extra, expected) in table {
            let lock = format!("[[package]]\nname = \"x\"\nversion = \"1\"\ngroups = [\"main\", \"dev\"]\n{extra}\n");
            let dependencies = poetry(&lock, &Halt::default()).unwrap();
            let markers = &dependencies.versions("x").unwrap().values().next().unwrap().details().markers;
            assert!(markers.iter().eq(expected), "{extra}: {markers:?}");
        }
    }

    #[test]
    fn groups_for_development_are_known() {
        let lock = |extra: &str| format!("[[package]]\nname = \"x\"\nversion = \"1\"\n{extra}\n");
        let table: [(Read, &str, Need); 8] = [
            (poetry, "groups = [\"dev\"]", Need::Development),
            (poetry, "category = \"dev\"", Need::Development),
            (poetry, "groups = [\"main\", \"dev\"]", Need::Required),
            (poetry, "groups = [\"main\"]\noptional = true", Need::Optional),
            (poetry, "optional = false", Need::Required),
            (poetry, "", Need::Required),
            (pdm, "groups = [\"test\"]", Need::Development),
            (pdm, "groups = [\"default\"]", Need::Required),
        ];
        for (read, extra, need) in table {
            let dependencies = read(&lock(extra), &Halt::default()).unwrap();
            assert_eq!(dependencies.versions("x").unwrap().values().next().unwrap().need, need, "{extra}");
        }
    }
}
