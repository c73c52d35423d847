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
    /// `specifications/NAME-VERSION.gemspec` where Ruby looks.
    Ruby,
    /// The `name` and `version` of `node_modules/NAME/package.json` where Node looks.
    Node,
}

impl Ecosystem {
    /// Whose packages a manifest of this format names; `None` where an archive does not tell what it was built from.
    pub fn of(format: Format) -> Option<Ecosystem> {
        match format {
            Format::GemfileLock => Some(Ecosystem::Ruby),
            // Lock files of yarn and pnpm do not say which packages carry others in themselves.
            Format::NpmLock => Some(Ecosystem::Node),
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
pub struct Packages(BTreeMap<(Ecosystem, String), BTreeSet<String>>);

impl Packages {
    /// The packages of an ecosystem, sorted by name.
    pub fn of(&self, ecosystem: Ecosystem) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        let all = self.0.iter().filter(move |((of, _), _)| *of == ecosystem);
        all.map(|((_, name), versions)| (name.as_str(), versions))
    }

    /// Whether no package of an ecosystem tells its version: there is none, or its metadata was left out.
    pub fn are_unknown(&self, ecosystem: Ecosystem) -> bool {
        self.of(ecosystem).next().is_none()
    }

    /// The versions of one package.
    pub fn versions(&self, ecosystem: Ecosystem, name: &str) -> Option<&BTreeSet<String>> {
        self.0.get(&(ecosystem, name.to_owned()))
    }

    /// Takes note of a path, if it is one of a package's metadata.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Ok(path) = std::str::from_utf8(path) else { return };
        let path = path.trim_start_matches("./");
        if let Some(name) = node(path) {
            // Its version stands in the file.
            let package = (Ecosystem::Node, name.to_owned());
            if self.0.len() < LIMIT {
                self.0.entry(package).or_default();
            }
        }
        let found = python(path).or_else(|| ruby(path));
        if let Some((package, version)) = found
            && (self.0.len() < LIMIT || self.0.contains_key(&package))
        {
            let versions = self.0.entry(package).or_default();
            if versions.len() < VERSIONS_LIMIT {
                versions.insert(version);
            }
        }
    }
}

impl Packages {
    /// Takes note of the `package.json` of a package.
    pub(super) fn see_node(&mut self, path: &[u8], content: &[u8]) {
        let Some(installed_as) = std::str::from_utf8(path).ok().and_then(node) else { return };
        let Ok(About { name, version }) = serde_json::from_slice(content) else { return };
        let alias = (Ecosystem::Node, installed_as.to_owned());
        if self.0.get(&alias).is_some_and(BTreeSet::is_empty) {
            self.0.remove(&alias);
        }
        // Installed under another name, it is locked under its own or under that.
        let name = name.filter(|name| !name.is_empty());
        let package = (Ecosystem::Node, name.map_or_else(|| installed_as.to_owned(), masked));
        if self.0.len() < LIMIT || self.0.contains_key(&package) {
            let versions = self.0.entry(package).or_default();
            versions.extend(version.filter(|_| versions.len() < VERSIONS_LIMIT).map(masked));
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
}

/// Whether a path is that of a `package.json` of a package.
pub(super) fn is_node_package(path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok_and(|path| node(path).is_some())
}

/// `NAME` or `@SCOPE/NAME` of `nodejs/…/node_modules/NAME/package.json`.
fn node(path: &str) -> Option<&str> {
    let path = path.trim_start_matches("./").strip_prefix("nodejs/")?.strip_suffix("/package.json")?;
    let (_, name) = path.rsplit_once("node_modules/")?;
    let is_name = match name.split_once('/') {
        Some((scope, name)) => scope.starts_with('@') && !name.contains('/'),
        None => !name.starts_with('@'),
    };
    (is_name && !name.is_empty()).then_some(name)
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
    let is_home = home.starts_with("ruby/gems/") && home.ends_with("/specifications");
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
        packages.0.iter().map(|((_, name), versions)| format!("{name} {versions:?}")).collect()
    }

    #[test]
    fn metadata_tells_name_and_version() {
        let table: [(&str, &[&str]); 12] = [
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
            ("ruby/gems/3.3.0/gems/rack-3.0.8/rack.gemspec", &[]),
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
        packages.see_node(b"nodejs/node_modules/a/package.json", about);
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
            packages
                .see_node(b"nodejs/node_modules/a/package.json", format!(r#"{{"version":"{version}"}}"#).as_bytes());
        }
        assert_eq!(packages.0.values().map(BTreeSet::len).collect::<Vec<_>>(), [VERSIONS_LIMIT; 2]);
    }
}
