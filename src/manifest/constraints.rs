//! The bounds that files with `-c` set: which versions of a package may be installed, if it is.

use super::dependencies::{Dependencies, Found, shown};
use super::environment::Environments;
use super::requirements::{Asks, Line, each_line, exact_version, insert};
use super::unreadable::Unreadable;
use super::versions::{About, Need, Version, Versions};
use crate::halt::Halt;
use std::collections::{BTreeMap, BTreeSet};

/// What bounds may repeat of what lines say that ask for packages, in bytes: each bound of a package says all of that once more.
/// Beyond it packages stay as open as they are.
const ROOM: usize = 16 * 1024 * 1024;

/// What a text takes besides its bytes.
const EACH: usize = 64;

/// The dependencies of a requirements file with those that it includes, within the bounds of others.
///
/// A package that only bounds name may be one that another needs: it is there, but nobody asks for it here.
pub(super) fn dependencies_with<'a>(
    text: &'a str,
    included: impl Iterator<Item = &'a str>,
    bounds: impl Iterator<Item = &'a str>,
    halt: &Halt,
) -> Result<Dependencies, Unreadable> {
    let mut dependencies = Ok(Dependencies::default());
    for text in std::iter::once(text).chain(included) {
        each_line(text, halt, |line| insert(&mut dependencies, line));
    }
    let (mut dependencies, mut all) = (dependencies?, BTreeMap::<String, Met>::new());
    for text in bounds {
        each_line(text, halt, |line| meet(line, &mut all));
    }
    let (everywhere, mut room) = (Environments::of_any_python(), ROOM);
    for (name, met) in halt.over(all) {
        let bounds = met.settle(&everywhere, halt);
        let Some(named) = dependencies.versions(&name) else {
            bounds.iter().for_each(|one| dependencies.insert(one.alone(&name)));
            continue;
        };
        if let Some(left) = room.checked_sub(repeated(named, &bounds)) {
            room = left;
            dependencies.bound(&name, |open, about| bounds.iter().map(|one| one.of(open, about)).collect());
        }
    }
    Ok(dependencies)
}

/// What all of these bounds say once more of the versions that are open, and each of those of all bounds, in bytes.
fn repeated(named: &Versions, bounds: &[Bound]) -> usize {
    let (count, bytes) = named.said_of_open();
    let own = bounds.iter().map(Bound::bytes).fold(0, usize::saturating_add);
    bounds.len().saturating_mul(bytes + EACH * count).saturating_add(count.saturating_mul(own))
}

/// What bounds the versions of a package in some environments.
#[derive(Debug)]
struct Bound {
    /// The version or the range; empty where it stays as open as it is.
    version: String,
    /// Where it bounds them.
    marker: Option<String>,
    /// Where another one does.
    unless: BTreeSet<String>,
}

impl Bound {
    fn bytes(&self) -> usize {
        let texts = self.marker.iter().chain(&self.unless).map(|text| text.len() + EACH);
        texts.fold(self.version.len() + EACH, usize::saturating_add)
    }

    /// What becomes of a version that is left open.
    fn of(&self, open: &Version, about: &About) -> (Version, About) {
        let version = if self.version.is_empty() { open.clone() } else { Version::new(shown(&self.version), None) };
        (version, self.narrowed(about.clone()))
    }

    /// The package, where nobody asks for it.
    fn alone<'f>(&'f self, name: &'f str) -> Found<'f> {
        let found = Found::new(name, self.version.as_str()).needed(Need::Optional);
        Found { about: self.narrowed(found.about), ..found }
    }

    fn narrowed(&self, mut about: About) -> About {
        if let Some(bound) = &self.marker {
            let markers = &mut about.details_mut().markers;
            *markers = match markers.is_empty() {
                true => [bound.clone()].into(),
                false => markers.iter().map(|own| format!("({own}) and ({bound})")).collect(),
            };
        }
        if !self.unless.is_empty() {
            about.details_mut().unless.extend(self.unless.iter().cloned());
        }
        about
    }
}

/// The lines that bound a package.
#[derive(Default)]
struct Met {
    /// Those without a marker.
    always: Option<Range>,
    /// The others, by their markers.
    marked: BTreeMap<String, Range>,
}

impl Met {
    /// What they come to. A version that holds everywhere counts alone; beside those with markers there is the rest of the
    /// environments, if there is one.
    fn settle(self, everywhere: &Environments, halt: &Halt) -> Vec<Bound> {
        let is_fixed = self.always.as_ref().is_some_and(|always| always.is_exact);
        let marked = if is_fixed { BTreeMap::new() } else { self.marked };
        let unless: BTreeSet<String> = marked.keys().cloned().collect();
        let marked = marked.into_iter().map(|(marker, Range { version, .. })| (version, Some(marker)));
        let marked = marked.map(|(version, marker)| Bound { version, marker, unless: BTreeSet::new() });
        let has_rest = unless.is_empty() || !everywhere.are_covered(&unless, halt);
        let version = self.always.unwrap_or_default().version;
        marked.chain(has_rest.then_some(Bound { version, marker: None, unless })).collect()
    }
}

/// The versions that lines of one marker allow.
#[derive(Default)]
struct Range {
    version: String,
    /// Whether it is one alone.
    is_exact: bool,
}

impl Range {
    /// Takes in one more: the first that allows one version alone counts, or else the last one.
    fn narrow(&mut self, other: Range) {
        if !self.is_exact && !other.version.is_empty() {
            *self = other;
        }
    }
}

/// Takes note of a line that bounds a package.
fn meet(line: &Line<'_>, all: &mut BTreeMap<String, Met>) {
    let (name, exact, text) = match &line.asks {
        Asks::Pinned { name, version } => (name, Some(*version), *version),
        Asks::Version { name, specifier } => (name, exact_version(specifier), &**specifier),
        _ => return,
    };
    let range = Range { version: exact.unwrap_or(text).to_owned(), is_exact: exact.is_some() };
    if !all.contains_key(&**name) {
        all.insert(name.clone().into_owned(), Met::default());
    }
    let Some(met) = all.get_mut(&**name) else { return };
    match line.marker {
        None => met.always.get_or_insert_default().narrow(range),
        Some(marker) => met.marked.entry(marker.to_owned()).or_default().narrow(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerSettings;

    /// What is installed for a Python of what a file names within these bounds.
    fn installed(python: &str, text: &str, bounds: &str) -> String {
        let halt = Halt::default();
        let all = dependencies_with(text, std::iter::empty(), std::iter::once(bounds), &halt).unwrap();
        let runtime = format!("python{python}").parse().unwrap();
        let here = Environments::of(&LayerSettings { compatible_runtimes: vec![runtime], ..LayerSettings::default() });
        let versions = all.iter().flat_map(|(name, versions)| versions.iter().map(move |one| (name, one)));
        let installed = versions.filter(|(_, (_, about))| here.install(about, &halt));
        installed.map(|(name, (version, _))| format!("{name} {}", version.as_str())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn each_bound_counts_where_its_marker_holds() {
        let both = "n==1 ; python_version < '3.11'\nn==2 ; python_version >= '3.11'\n";
        let some = "n==1 ; python_version < '3.11'\n";
        for (text, bounds, old, new) in [
            ("n\n", both, "n 1", "n 2"),
            ("n\nn>1\n", both, "n 1", "n 2"),
            ("n==3\n", both, "n 3", "n 3"),
            ("", both, "n 1", "n 2"),
            ("n\n", some, "n 1", "n *"),
            ("n>=1\n", some, "n 1", "n >=1"),
            ("", some, "n 1", "n *"),
            ("n ; python_version < '3.11'\n", both, "n 1", ""),
            ("n ; python_version >= '3.11'\n", some, "", "n *"),
            ("n\n", &format!("n<9\n{some}"), "n 1", "n <9"),
            ("n\n", &format!("{some}n==3\n"), "n 3", "n 3"),
            ("n\n", "n==1 ; os_name == 'posix'\nn==2 ; os_name != 'posix'\n", "n 1", "n 1"),
            ("n\n", "n ; python_version < '3.11'\n", "n *", "n *"),
            ("n\n", "n==1 ; os_name ~= 'x'\n", "n 1", "n 1"),
        ] {
            let told = ["3.10", "3.12"].map(|python| installed(python, text, bounds));
            assert_eq!(told, [old, new], "{text} {bounds}");
        }
    }

    /// Each bound says once more of a package what lines say that ask for it.
    #[test]
    fn many_bounds_of_what_is_asked_for_in_many_places_are_not_multiplied() {
        let text: String = (0..5_000).map(|number| format!("a ; python_version == '3.{number}'\n")).collect();
        let bounds: String =
            (0..5_000).map(|number| format!("a==1.{number} ; python_version == '3.{number}'\n")).collect();
        let all = dependencies_with(&text, std::iter::empty(), std::iter::once(&*bounds), &Halt::default()).unwrap();
        assert_eq!(all.versions("a").unwrap().keys().map(Version::as_str).collect::<Vec<_>>(), ["*"]);
    }

    fn bytes_of_markers(text: &str, bounds: &str) -> usize {
        let all = dependencies_with(text, std::iter::empty(), std::iter::once(bounds), &Halt::default()).unwrap();
        let details = all.iter().flat_map(|(_, versions)| versions.values()).map(About::details);
        details.flat_map(|details| details.markers.iter().chain(&details.unless)).map(String::len).sum()
    }

    #[test]
    fn long_markers_and_many_packages_are_not_multiplied_either() {
        let marked = |name: &str, count: usize, bound: &str| -> String {
            (0..count)
                .map(|n| format!("{name}{} ; python_version == '3.{n}'\n", bound.replace('N', &n.to_string())))
                .collect()
        };
        let long = format!("a ; {}\n", "os_name == 'posix' or ".repeat(5_000) + "os_name == 'nt'");
        let many = |bound: &str| -> String { (0..300).map(|n| marked(&format!("p{n}"), 90, bound)).collect() };
        for (text, bounds) in [
            (long.clone(), marked("a", 4_900, "==1.N")),
            (marked("a", 4_900, ""), long.replace("a ;", "a==1 ;")),
            (many(""), many("==1.N")),
        ] {
            let (found, given) = (bytes_of_markers(&text, &bounds), text.len() + bounds.len());
            assert!(found <= given + ROOM, "{found} of {given} bytes");
        }
    }
}
