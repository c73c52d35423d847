//! The dependencies that a manifest names.

use super::mask::mask;
use crate::layer::Md5;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The version shown for a dependency that names none.
pub(super) const ANY_VERSION: &str = "*";

/// More than this no tool locks; it bounds what a manifest can take of memory.
pub(super) const LIMIT: usize = 200_000;

/// Dependency names with the versions each is locked to.
///
/// A name may have several versions: npm installs a package once per conflicting request, and requirements can
/// differ by environment marker. Where a dependency comes from a repository or URL, that (with the commit, and
/// masked) stands in place of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    packages: BTreeMap<String, BTreeMap<Version, About>>,
    /// Projects that are locked here: no dependencies, but they may be installed with them.
    projects: BTreeSet<String>,
    /// How many versions of all packages there are.
    count: usize,
    /// There were more than a manifest can have.
    overflowed: bool,
}

/// A version as it may be shown, and what tells it from others that are shown alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    shown: String,
    /// Of the name and the version, where masking hid a part of them.
    hidden: Option<Md5>,
}

impl Version {
    /// The version without credentials.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// Whether it is a range, or any version.
    fn is_open(&self) -> bool {
        self.shown.starts_with(['*', '<', '>', '=', '!', '~'])
    }
}

/// Who asks for a dependency; where several do, the first of these counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The project, whatever else is installed.
    #[default]
    Required,
    /// An extra or a platform: it is installed only where that is wanted.
    Optional,
    /// Only who develops the project.
    Development,
}

/// What a manifest says of a locked version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The files that may be installed, by their hashes: two that differ have other hashes. `None` without any.
    pub files: Option<u128>,
    /// Who asks for it.
    pub need: Need,
    /// Environment markers (PEP 508): it is installed where one of them holds. Without any it is installed everywhere.
    pub markers: BTreeSet<String>,
}

/// A dependency as it was found in a manifest.
#[derive(Debug, Clone, Default)]
pub(super) struct Found<'a> {
    pub name: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub about: About,
}

impl<'a> Found<'a> {
    pub fn new(name: impl Into<Cow<'a, str>>, version: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), version: version.into(), about: About::default() }
    }

    /// With the hashes of the files that may be installed, in whatever order.
    pub fn with_hashes<'h>(mut self, hashes: impl IntoIterator<Item = &'h str>) -> Self {
        for hash in hashes {
            let number = u128::from_be_bytes(Md5::of(hash.as_bytes()).to_bytes());
            self.about.files = Some(self.about.files.unwrap_or_default().wrapping_add(number));
        }
        self
    }

    pub fn needed(mut self, need: Need) -> Self {
        self.about.need = need;
        self
    }

    pub fn with_marker(mut self, marker: Option<&str>) -> Self {
        self.about.markers.extend(marker.map(str::to_owned));
        self
    }
}

impl Dependencies {
    /// Names and their versions, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<Version, About>)> {
        self.packages.iter().map(|(name, versions)| (name.as_str(), versions))
    }

    /// The versions of one dependency, or `None` if it is not there.
    pub fn versions(&self, name: &str) -> Option<&BTreeMap<Version, About>> {
        self.packages.get(name)
    }

    /// Whether this is a project that is locked here, and not one of its dependencies.
    pub fn is_project(&self, name: &str) -> bool {
        self.projects.contains(name)
    }

    /// Whether there were more than a manifest can have.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The only way in, so that nothing unmasked ever lands in a difference.
    pub(super) fn insert(&mut self, found: Found<'_>) {
        if self.overflowed {
            return;
        }
        let version = if found.version.is_empty() { ANY_VERSION } else { &found.version };
        let (name, shown) = (mask(&found.name), mask(version));
        let is_masked = matches!(name, Cow::Owned(_)) || matches!(shown, Cow::Owned(_));
        let hidden = is_masked.then(|| Md5::of(format!("{}\n{version}", found.name).as_bytes()));
        let version = Version { shown: shown.into_owned(), hidden };
        let versions = self.packages.entry(name.into_owned()).or_default();
        match versions.get_mut(&version) {
            Some(about) => about.join(found.about),
            None if self.count == LIMIT => self.overflowed = true,
            None => {
                self.count += 1;
                versions.insert(version, found.about);
            }
        }
    }

    /// Bounds the versions of a package: those that it leaves open become this one. What nobody asks for is added as it is.
    pub(super) fn bound(&mut self, found: Found<'_>) {
        let Some(versions) = self.packages.get_mut(found.name.as_ref()) else { return self.insert(found) };
        let bound = mask(&found.version).into_owned();
        let open: Vec<Version> = versions.keys().filter(|version| version.is_open()).cloned().collect();
        for version in open {
            if let Some(about) = versions.remove(&version) {
                let bound = Version { shown: bound.clone(), hidden: None };
                versions.entry(bound).and_modify(|kept| kept.join(about.clone())).or_insert(about);
            }
        }
    }

    /// Takes note of a project that is locked here.
    pub(super) fn insert_project(&mut self, name: &str) {
        if self.projects.len() < LIMIT {
            self.projects.insert(name.to_owned());
        }
    }

    /// Says of packages who asks for them, and where they are installed.
    pub(super) fn adjust(&mut self, change: impl Fn(&str, &mut About)) {
        for (name, versions) in &mut self.packages {
            versions.values_mut().for_each(|about| change(name, about));
        }
    }
}

impl About {
    /// The same version named once more: it is installed wherever one of the two says so.
    fn join(&mut self, other: About) {
        self.files = match (self.files, other.files) {
            (Some(one), Some(more)) => Some(one.wrapping_add(more)),
            (one, more) => one.or(more),
        };
        self.need = self.need.min(other.need);
        let everywhere = self.markers.is_empty() || other.markers.is_empty();
        self.markers.extend(other.markers);
        if everywhere {
            self.markers.clear();
        }
    }
}
