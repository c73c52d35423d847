//! The dependencies that a manifest names.

use super::askers::{AskerNames, Askers};
use super::mask::{mask, mask_place};
use super::versions::{About, Contents, Files, Need, Version, Versions};
use crate::layer::Md5;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The version shown for a dependency that names none.
pub(super) const ANY_VERSION: &str = "*";

/// More than this no tool locks; it bounds what a manifest can take of memory.
pub(super) const LIMIT: usize = 200_000;

/// What names and versions may have together, in bytes. A place that stands once in a file may be part of many of them.
const BYTES_LIMIT: usize = 64 * 1024 * 1024;

/// Longer names and versions are cut, in bytes: no message is longer because of them.
const TEXT_LIMIT: usize = 1_000;

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
#[derive(Debug, Clone, Default)]
pub struct Dependencies {
    packages: BTreeMap<Box<str>, Versions>,
    /// Projects that are locked here: no dependencies, but they may be installed with them.
    projects: BTreeSet<String>,
    /// Their versions, where they are told.
    project_versions: BTreeMap<Box<str>, Version>,
    /// Names of dependencies that are only guessed, from the place that they come from.
    guesses: BTreeSet<Box<str>>,
    /// Names that packages are installed under in place of their own.
    aliases: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
    /// How many versions of all packages there are.
    count: usize,
    /// How long they and their names are, in bytes.
    bytes: usize,
    /// There were more than a manifest can have.
    overflowed: bool,
    /// Who asks for packages, where that is told.
    askers: AskerNames,
    /// Nothing says whether what is required is so for the project, or only for who develops it.
    is_untold_who_asks: bool,
    /// Several projects are locked here, and nothing says which of them is meant.
    is_untold_for_whom: bool,
    /// A digest of who uses which of the packages that have several versions, and of how all are installed.
    uses: u64,
    /// Of those, the version that everybody finds who brings no other, where the manifest says it.
    tops: BTreeMap<Box<str>, Box<str>>,
}

impl PartialEq for Dependencies {
    /// What projects are called says nothing of what they depend on, and some lock files leave it out.
    fn eq(&self, other: &Self) -> bool {
        let said = |one: &Self| (one.overflowed, one.is_untold_who_asks, one.is_untold_for_whom, one.uses);
        said(self) == said(other)
            && self.packages == other.packages
            && self.guesses == other.guesses
            && self.aliases == other.aliases
            && self.tops == other.tops
    }
}

impl Eq for Dependencies {}

/// A dependency as it was found in a manifest.
#[derive(Debug, Clone, Default)]
pub(super) struct Found<'a> {
    pub name: Cow<'a, str>,
    pub version: Cow<'a, str>,
    /// A repository, a URL or a path stands in place of a version.
    pub is_place: bool,
    pub about: About,
}

impl<'a> Found<'a> {
    pub fn new(name: impl Into<Cow<'a, str>>, version: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), version: version.into(), is_place: false, about: About::default() }
    }

    /// With a repository, a URL or a path in place of a version, if so.
    pub fn placed(mut self, is_place: bool) -> Self {
        self.is_place = is_place;
        self
    }

    /// With the hashes of the files that may be installed, in whatever order.
    pub fn with_hashes<'h>(mut self, hashes: impl IntoIterator<Item = &'h str>) -> Self {
        hashes.into_iter().for_each(|hash| self.add_hash(hash));
        self
    }

    /// With the hash of one more file.
    pub fn add_hash(&mut self, hash: &str) {
        if KEEPS_HASHES.get() {
            self.about.details_mut().hashes.insert(hash.into());
        }
        self.about.add_files(Files::of(hash));
    }

    /// With what tells its content from others at this version: nearly always one thing, if any.
    pub fn with_content<'c>(mut self, content: impl IntoIterator<Item = &'c str>) -> Self {
        for content in content {
            self.about.add_files(Files::of(content));
            self.about.contents = self.about.contents.and(Contents::of(content));
        }
        self
    }

    pub fn needed(mut self, need: Need) -> Self {
        self.about.need = need;
        self
    }

    pub fn with_extras<'e>(mut self, extras: impl IntoIterator<Item = Cow<'e, str>>) -> Self {
        for extra in extras {
            self.about.details_mut().extras.insert(extra.into());
        }
        self
    }

    /// With those who ask for it, where that is told.
    pub fn asked_for_by(mut self, askers: Askers) -> Self {
        self.about.askers = askers;
        self
    }

    /// With how it is installed, where that is told.
    pub fn in_manner<'m>(mut self, manner: impl Into<Option<&'m str>>) -> Self {
        if let Some(manner) = manner.into() {
            self.about.details_mut().manners.insert(manner.into());
        }
        self
    }

    /// With what else tells one state of it from another, though it is no hash: where it comes from, or a revision.
    pub fn noting(mut self, place: Option<&str>) -> Self {
        if let Some(place) = place {
            self.about.add_files(Files::of(place));
        }
        self
    }

    pub fn with_marker(mut self, marker: Option<&str>) -> Self {
        if let Some(marker) = marker {
            self.about.details_mut().markers.insert(marker.to_owned());
        }
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

    /// The versions of projects that are locked here, by their names.
    pub fn project_versions(&self) -> &BTreeMap<Box<str>, Version> {
        &self.project_versions
    }

    /// Names that are only guessed, from the place where a dependency comes from: it may have any other.
    pub fn guesses(&self) -> impl Iterator<Item = &str> {
        self.guesses.iter().map(|name| &**name)
    }

    /// The own names of what is installed under this one.
    pub fn own_names(&self, installed_as: &str) -> impl Iterator<Item = &str> {
        self.aliases.get(installed_as).into_iter().flatten().map(|name| &**name)
    }

    /// Whether what is required is so for whoever installs the project: some lock files do not tell what is for development, or
    /// for another project of a workspace.
    pub fn tells_who_asks(&self) -> bool {
        !self.is_untold_who_asks && self.tells_for_whom()
    }

    /// Whether it is told which project is meant: of a workspace, what not all projects need is optional.
    pub fn tells_for_whom(&self) -> bool {
        !self.is_untold_for_whom
    }

    /// Takes note that it is not told which project is meant.
    pub(super) fn leave_untold_for_whom(&mut self) {
        self.is_untold_for_whom = true;
    }

    /// Takes note that it is not told who asks.
    pub(super) fn leave_untold_who_asks(&mut self) {
        self.is_untold_who_asks = true;
    }

    /// Those who ask for packages, where that is told: the project, its extras and groups, projects of a workspace.
    pub fn askers(&self) -> impl Iterator<Item = (&str, Askers)> {
        self.askers.iter()
    }

    /// Takes note of them.
    pub(super) fn tell_askers(&mut self, askers: AskerNames) {
        self.askers = askers;
    }

    /// Of a package with several versions, that which everybody finds who brings no other, where the manifest says it.
    pub fn top(&self, name: &str) -> Option<&str> {
        self.tops.get(name).map(|version| &**version)
    }

    /// Takes note of an option that says how all are installed.
    pub(super) fn note_choice(&mut self, choice: &str) {
        let [a, b, c, d, e, f, g, h, ..] = Md5::of(choice.as_bytes()).to_bytes();
        self.uses = self.uses.wrapping_add(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
    }

    /// Takes note of who uses which version of packages that have several, and of the versions that everybody finds.
    pub(super) fn note_uses(&mut self, uses: u64, tops: impl IntoIterator<Item = (String, String)>) {
        self.uses = uses;
        self.tops.extend(tops.into_iter().map(|(name, version)| (name.into(), version.into())));
    }

    /// How long all names and versions are, in bytes.
    pub fn size(&self) -> usize {
        self.bytes
    }

    /// Whether all versions are versions, and none stands for some or for a place.
    pub(super) fn are_fixed(&self) -> bool {
        self.packages.values().all(Versions::are_fixed)
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
        let (name, shown) =
            (shown(&found.name), if found.is_place { cut(mask_place(version)) } else { shown(version) });
        let is_changed = matches!(name, Cow::Owned(_)) || matches!(shown, Cow::Owned(_));
        let hidden = is_changed.then(|| Md5::of(format!("{}\n{version}", found.name).as_bytes()));
        // What is cut off counts: it was looked at.
        let bytes = found.name.len() + version.len();
        let version = Version::new(shown, hidden);
        let version = if found.is_place { version.of_place() } else { version };
        let has_room = self.count < LIMIT && self.bytes <= BYTES_LIMIT;
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
        if is_new {
            self.count += 1;
            self.bytes += bytes;
        }
        self.overflowed = self.count > LIMIT || self.bytes > BYTES_LIMIT;
    }

    /// Puts others in place of each version of a package that it leaves open. It looks at all of them: what bounds one package
    /// is to be found before.
    pub(super) fn bound(&mut self, name: &str, bounds: impl Fn(&Version, &About) -> Vec<(Version, About)>) {
        if let Some(versions) = self.packages.get_mut(name) {
            *versions = versions.bounded(bounds);
        }
    }

    /// Takes note of another name that a package is installed under.
    pub(super) fn insert_alias(&mut self, installed_as: &str, name: &str) {
        if self.aliases.len() < LIMIT && !self.overflowed {
            self.aliases.entry(shown(installed_as).into()).or_default().insert(shown(name).into());
        }
    }

    /// Takes note of a name that is only guessed.
    pub(super) fn insert_guess(&mut self, name: &str) {
        if self.guesses.len() < LIMIT && !self.overflowed {
            self.guesses.insert(shown(name).into());
        }
    }

    /// Takes note of a project that is locked here.
    pub(super) fn insert_project(&mut self, name: &str, version: Option<&str>) {
        if self.projects.len() < LIMIT {
            self.projects.insert(name.to_owned());
            let version = version.map(|version| Version::new(shown(version), None));
            self.project_versions.extend(version.map(|version| (name.into(), version)));
        }
    }

    /// Says of packages who asks for them, and where they are installed.
    pub(super) fn adjust(&mut self, mut change: impl FnMut(&str, &Version, &mut About)) {
        for (name, versions) in &mut self.packages {
            versions.adjust(|version, about| change(name, version, about));
        }
    }
}

/// A name or a version as it may be shown, without credentials.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    cut(mask(text))
}

/// A text of a bounded length.
fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.char_indices().find(|(at, _)| *at >= TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pairs: impl IntoIterator<Item = (String, String)>) -> Dependencies {
        let mut all = Dependencies::default();
        pairs.into_iter().for_each(|(name, version)| all.insert(Found::new(name, version)));
        all
    }

    #[test]
    fn what_is_long_is_cut_and_still_counts() {
        let long = "é".repeat(TEXT_LIMIT);
        let one = named([(long.clone(), format!("{long}1"))]);
        let (name, versions) = one.iter().next().unwrap();
        assert!(name.len() < TEXT_LIMIT + 5 && versions.keys().all(|version| version.as_str().len() < TEXT_LIMIT + 5));
        assert_ne!(one, named([(long.clone(), format!("{long}2"))]));
        assert_ne!(one, named([(format!("{long}3"), format!("{long}1"))]));
    }

    #[test]
    fn what_a_project_is_called_is_no_dependency() {
        let (mut one, other) = (named([("a".to_owned(), "1".to_owned())]), named([("a".to_owned(), "1".to_owned())]));
        one.insert_project("p", None);
        assert_eq!(one, other);
        one.insert_alias("b", "a");
        assert_ne!(one, other);
    }

    #[test]
    fn what_many_have_in_common_takes_no_more_than_a_manifest_may_have() {
        let place = "x".repeat(1024 * 1024);
        let all = named((0..100).map(|number| (number.to_string(), format!("{place}{number}"))));
        assert!(all.overflowed && all.iter().count() <= 65, "{} packages", all.iter().count());
        assert!(!named((0..60).map(|number| (number.to_string(), format!("{place}{number}")))).overflowed);
    }
}
