//! The packages of an archive and their versions, as far as their metadata tells.

use super::node::{About, Place, package};
use crate::manifest::{Format, is_left_out, mask, normalised};
use std::collections::{BTreeMap, BTreeSet};

/// More packages than this no layer has; it bounds what names can take of memory.
const LIMIT: usize = 10_000;

/// The same of versions of one package.
const VERSIONS_LIMIT: usize = 64;

/// Whose package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ecosystem {
    /// `NAME-VERSION.dist-info/` or `.egg-info/` where Python looks.
    Python,
    /// `specifications/NAME-VERSION.gemspec` of `ruby/gems/VERSION/`, or of `ruby/VERSION/` as Bundler makes it.
    Ruby,
    /// The `name` and `version` of `node_modules/NAME/package.json` where Node looks.
    Node,
}

impl Ecosystem {
    /// Whose packages a manifest of this format names; `None` where an archive does not tell what it was built from.
    pub fn of(format: Format) -> Option<Ecosystem> {
        match format {
            Format::GemfileLock => Some(Ecosystem::Ruby),
            Format::NpmLock | Format::YarnLock | Format::PnpmLock => Some(Ecosystem::Node),
            Format::Requirements
            | Format::UvLock
            | Format::PoetryLock
            | Format::PdmLock
            | Format::Pylock
            | Format::PipfileLock => Some(Ecosystem::Python),
            _ => None,
        }
    }
}

/// Names of packages with their versions. Those of Python are normalised (PEP 503).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    found: BTreeMap<(Ecosystem, String), BTreeSet<String>>,
    /// Which Pythons look where packages of Python lie, by name and version.
    pythons: BTreeMap<(String, String), BTreeSet<Python>>,
    /// Packages of Python that came from a place that somebody named, and from no index: a folder, a file, a repository.
    placed: BTreeSet<String>,
    /// Packages of Python of which nothing but the metadata is there: their code is where they were built.
    editable: BTreeSet<String>,
    /// How packages of Node are there, by name and version.
    places: BTreeMap<(String, String), Place>,
    /// Packages of Node where no installation puts them.
    elsewhere: BTreeSet<String>,
    /// Folders and modules where Python looks that have the name of a package that may be left out.
    folders: BTreeSet<String>,
    /// Whether a package of Node brings others along in itself, as far as is known.
    brings: bool,
    /// Whether the `package.json` of only some packages was read.
    is_sampled: bool,
}

/// Who looks into a folder of packages: `12` for Python 3.12 alone, `None` for every Python.
pub type Python = Option<u16>;

impl Packages {
    /// The packages of an ecosystem, sorted by name.
    pub fn of(&self, ecosystem: Ecosystem) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        let all = self.found.iter().filter(move |((of, _), _)| *of == ecosystem);
        all.map(|((_, name), versions)| (name.as_str(), versions))
    }

    /// Whether no package of an ecosystem tells its version: there is none, or its metadata was left out.
    pub fn are_unknown(&self, ecosystem: Ecosystem) -> bool {
        self.of(ecosystem).next().is_none()
    }

    /// The versions of one package.
    pub fn versions(&self, ecosystem: Ecosystem, name: &str) -> Option<&BTreeSet<String>> {
        self.found.get(&(ecosystem, name.to_owned()))
    }

    /// Whether a version of a package of Node was installed for itself: what another package brought along has the version
    /// that was built into that.
    pub fn is_installed(&self, name: &str, version: &str) -> bool {
        let place = self.places.get(&(name.to_owned(), version.to_owned()));
        place.is_some_and(|place| *place == Place::Direct || *place == Place::Within && !self.brings)
    }

    /// The same, or under another name: somebody asked for it by that.
    pub fn is_asked_for(&self, name: &str, version: &str) -> bool {
        let place = self.places.get(&(name.to_owned(), version.to_owned()));
        self.is_installed(name, version) || place == Some(&Place::Renamed)
    }

    /// Whether a version of a package of Node lies where all others find it.
    pub fn is_direct(&self, name: &str, version: &str) -> bool {
        self.places.get(&(name.to_owned(), version.to_owned())) == Some(&Place::Direct)
    }

    /// Whether a version of a package of Python lies in the folder of this Python, or in that of all.
    pub fn is_in(&self, name: &str, version: &str, python: Python) -> bool {
        let pythons = self.pythons.get(&(name.to_owned(), version.to_owned()));
        pythons.is_some_and(|pythons| pythons.contains(&python))
    }

    /// The versions of each package of Python that lie in one folder, where there are several.
    pub fn together(&self) -> impl Iterator<Item = (&str, Python, Vec<&str>)> {
        let several = self.of(Ecosystem::Python).filter(|(_, versions)| versions.len() > 1);
        several.flat_map(|(name, versions)| {
            let mut folders = BTreeMap::<Python, Vec<&str>>::new();
            for version in versions {
                let pythons = self.pythons.get(&(name.to_owned(), version.clone()));
                for python in pythons.into_iter().flatten() {
                    folders.entry(*python).or_default().push(version);
                }
            }
            folders.into_iter().map(move |(python, versions)| (name, python, versions))
        })
    }

    /// Whether a package of Python came from a place that somebody named, and from no index.
    pub fn is_placed(&self, name: &str) -> bool {
        self.placed.contains(name)
    }

    /// Packages of Python of which nothing but the metadata is there, as far as those were read.
    pub fn editable(&self) -> impl Iterator<Item = &str> {
        self.editable.iter().map(String::as_str)
    }

    /// Whether one is known to be such.
    pub fn is_editable(&self, name: &str) -> bool {
        self.editable.contains(name)
    }

    /// Whether a package of Python that may be left out is there, whether its metadata is or not.
    pub fn has_folder(&self, name: &str) -> bool {
        self.folders.contains(name)
    }

    /// Whether a package of Node lies where no installation puts one.
    pub fn is_elsewhere(&self, name: &str) -> bool {
        self.elsewhere.contains(name)
    }

    /// Whether versions of only some packages were read.
    pub fn are_sampled(&self, ecosystem: Ecosystem) -> bool {
        ecosystem == Ecosystem::Node && self.is_sampled
    }

    /// Takes note of a path, if it is one of a package's metadata.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Ok(path) = std::str::from_utf8(path) else { return };
        let path = path.trim_start_matches("./");
        match package(path) {
            Some((name, Place::Other)) if self.elsewhere.len() < LIMIT => {
                self.elsewhere.insert(name.to_owned());
            }
            // Its version stands in the file.
            Some((name, _)) if self.found.len() < LIMIT => {
                self.found.entry((Ecosystem::Node, name.to_owned())).or_default();
            }
            _ => {}
        }
        if let Some((looks, name, version)) = python(path)
            && self.add(Ecosystem::Python, &name, version)
        {
            if path.ends_with(".dist-info/direct_url.json") {
                self.placed.insert(name.clone());
            }
            let pythons = self.pythons.entry((name, version.to_owned())).or_default();
            pythons.extend((pythons.len() < VERSIONS_LIMIT).then_some(looks));
        }
        let folder = below_python(path).and_then(|rest| rest.split('/').next());
        if let Some(name) = folder
            .map(|folder| folder.strip_suffix(".py").unwrap_or(folder))
            .filter(|name| is_left_out(Format::Requirements, name))
            && !self.folders.contains(name)
        {
            self.folders.insert(name.to_owned());
        }
        if let Some((name, version)) = ruby(path) {
            self.add(Ecosystem::Ruby, name, version);
        }
    }

    /// Takes note of a version; whether there is room for it.
    fn add(&mut self, ecosystem: Ecosystem, name: &str, version: &str) -> bool {
        let (package, has_room) = ((ecosystem, name.to_owned()), self.found.len() < LIMIT);
        if !has_room && !self.found.contains_key(&package) {
            return false;
        }
        let versions = self.found.entry(package).or_default();
        if versions.len() < VERSIONS_LIMIT {
            versions.insert(version.to_owned());
        }
        versions.contains(version)
    }
}

impl Packages {
    /// Takes note of the `package.json` of a package; `is_whole` where those of all packages are read.
    pub(super) fn see_node(&mut self, path: &[u8], content: &[u8], is_whole: bool) {
        self.brings |= !is_whole;
        self.is_sampled |= !is_whole;
        let known = std::str::from_utf8(path).ok().and_then(package).filter(|(_, place)| *place != Place::Other);
        let Some((installed_as, place)) = known else { return };
        let Ok(about) = serde_json::from_slice::<About>(content) else { return };
        self.brings |= about.brings();
        let alias = (Ecosystem::Node, installed_as.to_owned());
        // Where not all are read, another package may be installed under that name elsewhere.
        if is_whole && self.found.get(&alias).is_some_and(BTreeSet::is_empty) {
            self.found.remove(&alias);
        }
        // Installed under another name, it is locked under its own.
        let name = about.name.filter(|name| !name.is_empty()).map_or_else(|| installed_as.to_owned(), masked);
        let place = if name == installed_as { place } else { Place::Renamed };
        let Some(version) = about.version.map(masked) else {
            if self.found.len() < LIMIT {
                self.found.entry((Ecosystem::Node, name)).or_default();
            }
            return;
        };
        if self.add(Ecosystem::Node, &name, &version) {
            let known = self.places.entry((name, version)).or_insert(place);
            *known = place.min(*known);
        }
    }
}

impl Packages {
    /// Takes note of where a package of Python came from (PEP 610).
    pub(super) fn see_direct_url(&mut self, path: &[u8], content: &[u8]) {
        let Ok(DirectUrl { dir_info: Some(DirInfo { editable: true }) }) = serde_json::from_slice(content) else {
            return;
        };
        let Some((_, name, _)) = str::from_utf8(path).ok().and_then(python) else { return };
        if self.editable.len() < LIMIT {
            self.editable.insert(name);
        }
    }
}

#[derive(serde::Deserialize)]
struct DirectUrl {
    dir_info: Option<DirInfo>,
}

/// What is said of a folder that a package came from.
#[derive(serde::Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

/// Whether a path is that of the `direct_url.json` of a package of Python.
pub(super) fn is_direct_url(path: &[u8]) -> bool {
    let rest = str::from_utf8(path).ok().and_then(below_python);
    rest.is_some_and(|rest| rest.matches('/').count() == 1 && rest.ends_with(".dist-info/direct_url.json"))
}

/// A manifest names its packages and their versions masked, too.
fn masked(text: String) -> String {
    mask(&text).into_owned()
}

/// Whether a path is that of a `package.json` of a package that was installed.
pub(super) fn is_node_package(path: &[u8]) -> bool {
    let found = std::str::from_utf8(path).ok().and_then(package);
    found.is_some_and(|(_, place)| place != Place::Other)
}

/// Only what lies where Python looks: packages that others carry along in themselves are not those of the layer.
fn python(path: &str) -> Option<(Python, String, &str)> {
    let (python, rest) = python_home(path)?;
    let folder = rest.split('/').next()?;
    let stem = match folder.strip_suffix(".dist-info") {
        Some(stem) => stem,
        None => without_python(folder.strip_suffix(".egg-info")?),
    };
    // A version has no dash here: who wrote the metadata escaped it.
    let (name, version) = stem.rsplit_once('-')?;
    let is_version = !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit());
    is_version.then(|| (python, normalised(name).into_owned(), version))
}

/// What lies where Python looks, below `python/`.
pub(super) fn below_python(path: &str) -> Option<&str> {
    python_home(path).map(|(_, rest)| rest)
}

/// Who looks where this lies, and its path from there.
fn python_home(path: &str) -> Option<(Python, &str)> {
    let rest = path.trim_start_matches("./").strip_prefix("python/")?;
    Some(site_packages(rest).map_or((None, rest), |(minor, rest)| (Some(minor), rest)))
}

fn site_packages(path: &str) -> Option<(u16, &str)> {
    let (minor, rest) = path.strip_prefix("lib/python3.")?.split_once('/')?;
    Some((minor.parse().ok()?, rest.strip_prefix("site-packages/")?))
}

/// `six-1.16.0` of `six-1.16.0-py3.12`.
fn without_python(stem: &str) -> &str {
    stem.rsplit_once('-').filter(|(_, last)| last.starts_with("py")).map_or(stem, |(rest, _)| rest)
}

fn ruby(path: &str) -> Option<(&str, &str)> {
    let (home, file) = path.rsplit_once('/')?;
    let stem = file.strip_suffix(".gemspec")?;
    let ruby = home.trim_start_matches("./").strip_prefix("ruby/")?.strip_suffix("/specifications")?;
    let ruby = ruby.strip_prefix("gems/").unwrap_or(ruby);
    let is_home = ruby.starts_with(|c: char| c.is_ascii_digit()) && !ruby.contains('/');
    gem(stem).filter(|_| is_home)
}

/// Name and version of `NAME-VERSION-PLATFORM`, where `-4` may be part of the name and `-20` of the platform. Most versions have a
/// dot, which no platform has, and no platform begins with a digit.
fn gem(stem: &str) -> Option<(&str, &str)> {
    let is_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let splits = || {
        let all = stem.match_indices('-').map(|(at, _)| (&stem[..at], &stem[at + 1..]));
        all.filter(|(name, rest)| !name.is_empty() && is_digit(rest)).filter_map(|(name, rest)| {
            let (version, platform) = rest.split_once('-').unwrap_or((rest, ""));
            (!is_digit(platform)).then_some((name, version))
        })
    };
    splits().filter(|(_, version)| version.contains('.')).last().or_else(|| splits().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(paths: &[&str]) -> Vec<String> {
        let mut packages = Packages::default();
        paths.iter().for_each(|path| packages.meet(path.as_bytes()));
        packages.found.iter().map(|((_, name), versions)| format!("{name} {versions:?}")).collect()
    }

    #[test]
    fn metadata_tells_name_and_version() {
        let table: [(&str, &[&str]); 30] = [
            ("python/urllib3-2.2.1.dist-info/METADATA", &[r#"urllib3 {"2.2.1"}"#]),
            ("./python/Zope.Interface_x-5.0.dist-info/", &[r#"zope-interface-x {"5.0"}"#]),
            ("python/lib/python3.12/site-packages/idna-3.7.dist-info/RECORD", &[r#"idna {"3.7"}"#]),
            ("python/six-1.16.0-py3.12.egg-info", &[r#"six {"1.16.0"}"#]),
            ("python/zope.interface-x-5.0.egg-info/PKG-INFO", &[r#"zope-interface-x {"5.0"}"#]),
            ("python/torch-2.1.0+cu121.dist-info/METADATA", &[r#"torch {"2.1.0+cu121"}"#]),
            ("python/tool.egg-info/PKG-INFO", &[]),
            ("python/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA", &[]),
            ("urllib3-2.2.1.dist-info/METADATA", &[]),
            ("python/x-1.0.dist-info/RECORD", &[r#"x {"1.0"}"#]),
            ("python/x-1.0.data/scripts/x", &[]),
            ("python/x.egg-link", &[]),
            ("python/__editable__.x-1.0.pth", &[]),
            ("python/_vendor/x-1.0.dist-info/METADATA", &[]),
            ("python/lib/python3.12/site-packages/y/_vendor/x-1.0.dist-info/METADATA", &[]),
            ("python/lib/python3.12/x-1.0.dist-info/METADATA", &[]),
            ("ruby/gems/3.3.0/specifications/aws-sdk-s3-1.143.0.gemspec", &[r#"aws-sdk-s3 {"1.143.0"}"#]),
            ("ruby/gems/3.3.0/specifications/nokogiri-1.16.0-x86_64-linux.gemspec", &[r#"nokogiri {"1.16.0"}"#]),
            ("ruby/3.3.0/specifications/rack-3.0.8.gemspec", &[r#"rack {"3.0.8"}"#]),
            ("ruby/3.3.0/specifications/bootstrap-4-sass-1.0.gemspec", &[r#"bootstrap-4-sass {"1.0"}"#]),
            ("ruby/3.3.0/specifications/a-3-3.gemspec", &[r#"a-3 {"3"}"#]),
            ("ruby/3.3.0/specifications/a-3-java.gemspec", &[r#"a {"3"}"#]),
            ("ruby/3.3.0/specifications/a-3-x86_64-darwin-20.gemspec", &[r#"a {"3"}"#]),
            ("ruby/3.3.0/specifications/a-2-1.0.pre1-x86-mswin32-60.gemspec", &[r#"a-2 {"1.0.pre1"}"#]),
            ("ruby/3.3.0/specifications/default/rack-3.0.8.gemspec", &[]),
            ("ruby/3.3.0/bundler/gems/rack-0123abc/rack-3.0.8.gemspec", &[]),
            ("ruby/3.3.0/specifications/-1.0.gemspec", &[]),
            ("ruby/gems/3.3.0/gems/rack-3.0.8/rack.gemspec", &[]),
            ("ruby/gems/3.3.0/gems/a-1/specifications/rack-3.0.8.gemspec", &[]),
            ("ruby/lib/specifications/rack-3.0.8.gemspec", &[]),
        ];
        for (path, expected) in table {
            assert_eq!(met(&[path]), expected, "{path}");
        }
        assert_eq!(met(&["python/a-1.dist-info/", "python/A-2.dist-info/x"]), [r#"a {"1", "2"}"#]);
    }

    #[test]
    fn no_name_and_no_version_carries_a_credential() {
        let mut packages = Packages::default();
        let about = br#"{"name":"https://u:SECRET@h/x","version":"https://h/x?token=SECRET"}"#;
        packages.see_node(b"nodejs/node_modules/a/package.json", about, true);
        let all: Vec<_> = packages.of(Ecosystem::Node).collect();
        assert_eq!(all, [("https://****@h/x", &BTreeSet::from(["https://h/x?****".to_owned()]))]);
    }

    #[test]
    fn what_is_editable_is_known_by_what_the_installer_says() {
        let told = |path: &str, content: &str| {
            let mut packages = Packages::default();
            packages.meet(path.as_bytes());
            if is_direct_url(path.as_bytes()) {
                packages.see_direct_url(path.as_bytes(), content.as_bytes());
            }
            packages.editable().collect::<Vec<_>>().join(" ")
        };
        let (path, editable) =
            ("python/My_App-1.0.dist-info/direct_url.json", r#"{"url":"file:///x","dir_info":{"editable":true}}"#);
        assert_eq!(told(path, editable), "my-app");
        assert_eq!(told("./python/lib/python3.12/site-packages/a-1.dist-info/direct_url.json", editable), "a");
        for content in [r#"{"dir_info":{}}"#, r#"{"dir_info":{"editable":false}}"#, r#"{"archive_info":{}}"#, "[", ""] {
            assert_eq!(told(path, content), "", "{content}");
        }
        for path in [
            "python/x/_vendor/a-1.dist-info/direct_url.json",
            "python/direct_url.json",
            "a-1.dist-info/direct_url.json",
        ] {
            assert_eq!(told(path, editable), "", "{path}");
        }
    }

    #[test]
    fn names_are_bounded() {
        let paths: Vec<String> = (0..LIMIT + 10).map(|index| format!("python/p{index}-1.dist-info/")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(met(&paths).len(), LIMIT);
        let mut packages = Packages::default();
        for version in 0..1_000 {
            packages.meet(format!("python/a-{version}.dist-info/").as_bytes());
            let about = format!(r#"{{"version":"{version}"}}"#);
            packages.see_node(b"nodejs/node_modules/a/package.json", about.as_bytes(), true);
        }
        assert_eq!(packages.found.values().map(BTreeSet::len).collect::<Vec<_>>(), [VERSIONS_LIMIT; 2]);
    }

    /// What a lock file does not name, it is no measure for.
    #[test]
    fn what_a_package_of_node_brings_along_was_not_installed() {
        let bundler = r#"{"name":"npm","version":"1","bundleDependencies":["a"]}"#;
        let a = r#"{"name":"a","version":"2"}"#;
        let table = [
            ("nodejs/node_modules/a/package.json", None, true),
            ("nodejs/node_modules/npm/node_modules/a/package.json", None, true),
            ("nodejs/node_modules/npm/node_modules/a/package.json", Some((bundler, true)), false),
            ("nodejs/node_modules/npm/node_modules/a/package.json", Some(("{}", false)), false),
            ("nodejs/node_modules/npm/node_modules/a/package.json", Some(("{}", true)), true),
            ("nodejs/node_modules/a/package.json", Some((bundler, true)), true),
            ("nodejs/node_modules/.pnpm/a@2/node_modules/a/package.json", Some((bundler, true)), true),
            (
                "nodejs/node_modules/.pnpm/npm@1/node_modules/npm/node_modules/a/package.json",
                Some((bundler, true)),
                false,
            ),
            ("nodejs/node_modules/other/package.json", None, false),
            ("nodejs/node_modules/other/test/node_modules/a/package.json", None, false),
            ("nodejs/node_modules/@s/other/node_modules/a/package.json", None, true),
            ("nodejs/app/node_modules/a/package.json", None, false),
            ("nodejs/node_modules/b/package.json", None, false),
        ];
        for (path, bundler, installed) in table {
            let mut packages = Packages::default();
            packages.see_node(path.as_bytes(), a.as_bytes(), true);
            if let Some((about, is_whole)) = bundler {
                packages.see_node(b"nodejs/node_modules/npm/package.json", about.as_bytes(), is_whole);
            }
            assert_eq!(packages.is_installed("a", "2"), installed, "{path} {bundler:?}");
        }
    }
}
