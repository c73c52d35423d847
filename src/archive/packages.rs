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
    splits().rfind(|(_, version)| version.contains('.')).or_else(|| splits().next())
}

#[cfg(test)]
mod tests;
