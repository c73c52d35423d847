//! The dependencies that a manifest names.

use super::mask::mask;
use std::collections::{BTreeMap, BTreeSet};

/// The version shown for a dependency that names none.
pub(super) const ANY_VERSION: &str = "*";

/// Dependency names with the versions each is locked to.
///
/// A name may have several versions: npm installs a package once per conflicting request, and requirements can
/// differ by environment marker. Where a dependency comes from a repository or URL, that (with the commit, and
/// masked) stands in place of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies(BTreeMap<String, BTreeSet<String>>);

impl Dependencies {
    /// Names and their versions, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.0.iter().map(|(name, versions)| (name.as_str(), versions))
    }

    /// The versions of one dependency, or `None` if it is not there.
    pub fn versions(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.0.get(name)
    }

    /// The only way in, so that nothing unmasked ever lands in a difference.
    pub(super) fn insert(&mut self, name: &str, version: &str) {
        let version = if version.is_empty() { ANY_VERSION } else { version };
        let versions = self.0.entry(mask(name).into_owned()).or_default();
        versions.insert(mask(version).into_owned());
    }
}
