//! The dependencies that a manifest names.

use super::mask::mask;
use super::versions::{About, Files, Need, Version, Versions};
use crate::layer::Md5;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The version shown for a dependency that names none.
pub(super) const ANY_VERSION: &str = "*";

/// More than this no tool locks; it bounds what a manifest can take of memory.
pub(super) const LIMIT: usize = 200_000;

thread_local! {
    /// Whether hashes are kept as they are written. They take as much memory as the manifest itself, and nothing but a bill
    /// of materials asks for them, so what reads the formats is not burdened with the question.
    static KEEPS_HASHES: Cell<bool> = const { Cell::new(false) };
}

/// Reads with hashes kept as they are written.
pub(super) fn keeping_hashes<T>(read: impl FnOnce() -> T) -> T {
    /// The thread goes on to other manifests, also where this one made a reader panic.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            KEEPS_HASHES.set(false);
        }
    }
    let _reset = Reset;
    KEEPS_HASHES.set(true);
    read()
}

/// Dependency names with the versions each is locked to.
///
/// A name may have several versions: npm installs a package once per conflicting request, and requirements can
/// differ by environment marker. Where a dependency comes from a repository or URL, that (with the commit, and
/// masked) stands in place of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    packages: BTreeMap<Box<str>, Versions>,
    /// Projects that are locked here: no dependencies, but they may be installed with them.
    projects: BTreeSet<String>,
    /// How many versions of all packages there are.
    count: usize,
    /// There were more than a manifest can have.
    overflowed: bool,
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
            if KEEPS_HASHES.get() {
                self.about.hashes.insert(hash.into());
            }
            let files = Files::of(hash);
            self.about.files = Some(self.about.files.map_or(files, |others| others.and(files)));
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
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Versions)> {
        self.packages.iter().map(|(name, versions)| (&**name, versions))
    }

    /// The versions of one dependency, or `None` if it is not there.
    pub fn versions(&self, name: &str) -> Option<&Versions> {
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
        let version = Version::new(shown, hidden);
        let has_room = self.count < LIMIT;
        let is_new = match self.packages.entry(name.into()) {
            Entry::Occupied(mut known) => {
                let is_new = known.get().get(&version).is_none();
                if !is_new || has_room {
                    known.get_mut().add(version, found.about);
                }
                is_new
            }
            Entry::Vacant(room) => {
                if has_room {
                    room.insert(Versions::of(version, found.about));
                }
                true
            }
        };
        self.count += usize::from(is_new);
        self.overflowed = self.count > LIMIT;
    }

    /// Bounds the versions of a package: those that it leaves open become this one. What nobody asks for is added as it is.
    pub(super) fn bound(&mut self, found: Found<'_>) {
        match self.packages.get_mut(&*found.name) {
            Some(versions) => *versions = versions.bounded(&mask(&found.version)),
            None => self.insert(found),
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
            versions.adjust(|about| change(name, about));
        }
    }
}
