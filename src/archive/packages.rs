//! The packages of an archive and their versions, as far as their metadata tells.

use crate::manifest::{Format, mask, normalised};
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

/// How a version of a package of Node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Installed under its name.
    Direct,
    /// In another package, which may have brought it along.
    Within,
    /// Installed under another name, or part of what a package ships.
    Other,
}

/// Names of packages with their versions. Those of Python are normalised (PEP 503).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    found: BTreeMap<(Ecosystem, String), BTreeSet<String>>,
    /// How packages of Node are there, by name and version.
    places: BTreeMap<(String, String), Place>,
    /// Whether a package of Node brings others along in itself, as far as is known.
    brings: bool,
}

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

    /// Takes note of a path, if it is one of a package's metadata.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Ok(path) = std::str::from_utf8(path) else { return };
        let path = path.trim_start_matches("./");
        if let Some(name) = node(path) {
            // Its version stands in the file.
            let package = (Ecosystem::Node, name.to_owned());
            if self.found.len() < LIMIT {
                self.found.entry(package).or_default();
            }
        }
        let found = python(path).or_else(|| ruby(path));
        if let Some((package, version)) = found
            && (self.found.len() < LIMIT || self.found.contains_key(&package))
        {
            let versions = self.found.entry(package).or_default();
            if versions.len() < VERSIONS_LIMIT {
                versions.insert(version);
            }
        }
    }
}

impl Packages {
    /// Takes note of the `package.json` of a package; `is_whole` where those of all packages are read.
    pub(super) fn see_node(&mut self, path: &[u8], content: &[u8], is_whole: bool) {
        self.brings |= !is_whole;
        let Some((path, installed_as)) = std::str::from_utf8(path).ok().and_then(|path| Some((path, node(path)?)))
        else {
            return;
        };
        let Ok(about) = serde_json::from_slice::<About>(content) else { return };
        self.brings |= about.brings();
        let alias = (Ecosystem::Node, installed_as.to_owned());
        if self.found.get(&alias).is_some_and(BTreeSet::is_empty) {
            self.found.remove(&alias);
        }
        // Installed under another name, it is locked under its own or under that.
        let name = about.name.filter(|name| !name.is_empty()).map_or_else(|| installed_as.to_owned(), masked);
        let place = match () {
            () if name != installed_as => Place::Other,
            () => place(path),
        };
        let package = (Ecosystem::Node, name.clone());
        if self.found.len() < LIMIT || self.found.contains_key(&package) {
            let versions = self.found.entry(package).or_default();
            if let Some(version) = about.version.filter(|_| versions.len() < VERSIONS_LIMIT).map(masked) {
                versions.insert(version.clone());
                let known = self.places.entry((name, version)).or_insert(place);
                *known = place.min(*known);
            }
        }
    }
}

/// A manifest names its packages and their versions masked, too.
fn masked(text: String) -> String {
    mask(&text).into_owned()
}

/// What a `package.json` says of its package.
#[derive(serde::Deserialize)]
struct About {
    name: Option<String>,
    version: Option<String>,
    /// Names of packages that it brings along in itself; `true` for all that it needs.
    #[serde(rename = "bundleDependencies")]
    bundle: Option<serde_json::Value>,
    /// The same.
    #[serde(rename = "bundledDependencies")]
    bundled: Option<serde_json::Value>,
}

impl About {
    fn brings(&self) -> bool {
        let any = |value: &serde_json::Value| *value == true || value.as_array().is_some_and(|names| !names.is_empty());
        [&self.bundle, &self.bundled].into_iter().flatten().any(any)
    }
}

/// Whether a path is that of a `package.json` of a package.
pub(super) fn is_node_package(path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok_and(|path| node(path).is_some())
}

/// `NAME` or `@SCOPE/NAME` of `nodejs/…/node_modules/NAME/package.json`.
fn node(path: &str) -> Option<&str> {
    let path = path.trim_start_matches("./").strip_prefix("nodejs/")?.strip_suffix("/package.json")?;
    let (_, name) = path.rsplit_once("node_modules/")?;
    is_name(name).then_some(name)
}

/// `NAME` or `@SCOPE/NAME`.
fn is_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((scope, name)) => scope.starts_with('@') && !name.contains('/'),
        None => !text.starts_with('@') && !text.is_empty(),
    }
}

/// How the package of a `package.json` is there. In the store of pnpm each lies beside those that it needs.
fn place(path: &str) -> Place {
    let (above, _) = path.rsplit_once("node_modules/").unwrap_or_default();
    let homes = above.split("node_modules/").skip(1).map(|home| home.trim_end_matches('/'));
    let above = homes
        .filter(|home| !home.starts_with(".pnpm/"))
        .map(|home| if is_name(home) { Place::Within } else { Place::Other });
    above.max().unwrap_or(Place::Direct)
}

type Found = ((Ecosystem, String), String);

/// Only what lies where Python looks: packages that others carry along in themselves are not those of the layer.
fn python(path: &str) -> Option<Found> {
    let folder = below_python(path)?.split('/').next()?;
    let stem = match folder.strip_suffix(".dist-info") {
        Some(stem) => stem,
        None => without_python(folder.strip_suffix(".egg-info")?),
    };
    // A version has no dash here: who wrote the metadata escaped it.
    let (name, version) = stem.rsplit_once('-')?;
    let is_version = !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit());
    is_version.then(|| ((Ecosystem::Python, normalised(name).into_owned()), version.to_owned()))
}

/// What lies where Python looks, below `python/`.
pub(super) fn below_python(path: &str) -> Option<&str> {
    let rest = path.trim_start_matches("./").strip_prefix("python/")?;
    Some(site_packages(rest).unwrap_or(rest))
}

fn site_packages(path: &str) -> Option<&str> {
    let (version, rest) = path.strip_prefix("lib/python3")?.split_once('/')?;
    version.starts_with('.').then_some(rest)?.strip_prefix("site-packages/")
}

/// `six-1.16.0` of `six-1.16.0-py3.12`.
fn without_python(stem: &str) -> &str {
    stem.rsplit_once('-').filter(|(_, last)| last.starts_with("py")).map_or(stem, |(rest, _)| rest)
}

fn ruby(path: &str) -> Option<Found> {
    let (home, file) = path.rsplit_once('/')?;
    let stem = file.strip_suffix(".gemspec")?;
    let ruby = home.trim_start_matches("./").strip_prefix("ruby/")?.strip_suffix("/specifications")?;
    let ruby = ruby.strip_prefix("gems/").unwrap_or(ruby);
    let is_home = ruby.starts_with(|c: char| c.is_ascii_digit()) && !ruby.contains('/');
    let at = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| stem[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    let version = stem[at + 1..].split('-').next()?;
    is_home.then(|| ((Ecosystem::Ruby, stem[..at].to_owned()), version.to_owned()))
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
        let table: [(&str, &[&str]); 15] = [
            ("python/urllib3-2.2.1.dist-info/METADATA", &[r#"urllib3 {"2.2.1"}"#]),
            ("./python/Zope.Interface_x-5.0.dist-info/", &[r#"zope-interface-x {"5.0"}"#]),
            ("python/lib/python3.12/site-packages/idna-3.7.dist-info/RECORD", &[r#"idna {"3.7"}"#]),
            ("python/six-1.16.0-py3.12.egg-info", &[r#"six {"1.16.0"}"#]),
            ("python/zope.interface-x-5.0.egg-info/PKG-INFO", &[r#"zope-interface-x {"5.0"}"#]),
            ("python/torch-2.1.0+cu121.dist-info/METADATA", &[r#"torch {"2.1.0+cu121"}"#]),
            ("python/tool.egg-info/PKG-INFO", &[]),
            ("python/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA", &[]),
            ("urllib3-2.2.1.dist-info/METADATA", &[]),
            ("ruby/gems/3.3.0/specifications/aws-sdk-s3-1.143.0.gemspec", &[r#"aws-sdk-s3 {"1.143.0"}"#]),
            ("ruby/gems/3.3.0/specifications/nokogiri-1.16.0-x86_64-linux.gemspec", &[r#"nokogiri {"1.16.0"}"#]),
            ("ruby/3.3.0/specifications/rack-3.0.8.gemspec", &[r#"rack {"3.0.8"}"#]),
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
