//! Who uses which version of the packages that are locked in several: a lock file may change that, and name the same versions as
//! before.

use super::dependencies::Dependencies;
use super::versions::Versions;
use foldhash::fast::FixedState;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hash};

/// What a lock file says of the uses of packages, as it comes: nothing is kept of it but digests.
#[derive(Default)]
pub(super) struct Uses {
    /// A package, and what is said of one use of it.
    all: Vec<(u64, u64)>,
    /// Packages that lie where everybody finds them, with their versions.
    tops: BTreeMap<u64, u64>,
}

impl Uses {
    /// Takes note of a use of a package, by whatever tells it from others.
    pub fn add(&mut self, name: &str, said: impl Hash) {
        self.all.push((digest(name), digest(said)));
    }

    /// The same of the version that everybody finds who brings no other.
    pub fn add_top(&mut self, name: &str, version: &str, said: impl Hash) {
        let name = digest(name);
        self.all.push((name, digest(said)));
        self.tops.insert(name, digest(version));
    }

    /// Says of the packages that are locked in several versions who uses which, in whatever order that came.
    pub fn tell(&self, dependencies: &mut Dependencies) {
        let several = dependencies.iter().filter(|(_, versions)| versions.keys().nth(1).is_some());
        let several: BTreeMap<u64, (&str, &Versions)> = several.map(|one| (digest(one.0), one)).collect();
        if several.is_empty() {
            return;
        }
        let uses = self.all.iter().filter(|(name, _)| several.contains_key(name));
        let sum = uses.fold(0_u64, |sum, one| sum.wrapping_add(digest(one)));
        let top = |(name, top): (&u64, &u64)| {
            let (name, versions) = several.get(name)?;
            let version = versions.keys().find(|version| digest(version.as_str()) == *top)?;
            Some(((*name).to_owned(), version.as_str().to_owned()))
        };
        let tops: Vec<(String, String)> = self.tops.iter().filter_map(top).collect();
        dependencies.note_uses(sum, tops);
    }
}

/// Quick, and no secret: there is one for each package of a lock file, and whoever writes that may say in it what they like. It is
/// held against another of the same process alone.
pub(super) fn digest(said: impl Hash) -> u64 {
    FixedState::default().hash_one(said)
}
