//! The versions of one dependency, and what a manifest says of each.

use super::askers::Askers;
use crate::layer::Md5;
use std::collections::{BTreeMap, BTreeSet};

/// No version is longer, in bytes.
const ONE_LIMIT: usize = 64;

/// A version as it may be shown, and what tells it from others that are shown alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    shown: Box<str>,
    /// Of most there is nothing more to say.
    more: Option<Box<More>>,
}

/// What is to be said of few versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct More {
    /// Of the name and the version, where masking hid a part of them.
    hidden: Option<Md5>,
    /// Who read it knows that it is a repository, a URL or a path; a path may look like a version, or like anything else.
    is_place: bool,
}

impl Version {
    pub(super) fn new(shown: impl Into<Box<str>>, hidden: Option<Md5>) -> Self {
        let more = hidden.map(|hidden| Box::new(More { hidden: Some(hidden), is_place: false }));
        Self { shown: shown.into(), more }
    }

    /// The same as a place in place of a version.
    pub(super) fn of_place(mut self) -> Self {
        self.more.get_or_insert_default().is_place = true;
        self
    }

    /// Whether a repository, a URL or a path stands in place of a version: what it holds is not told. What has a slash, a colon
    /// or a dot in front is no version in any format.
    pub fn is_place(&self) -> bool {
        let is_none = self.shown.contains(['/', ':']) || self.shown.starts_with('.');
        is_none || self.more.as_ref().is_some_and(|more| more.is_place)
    }

    /// The version without credentials.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// Whether it is one version, and nothing that stands for some or for a place.
    fn is_one(&self) -> bool {
        let number = self.shown.strip_prefix('v').unwrap_or(&self.shown);
        let is_part = |next: char| next.is_ascii_alphanumeric() || matches!(next, '.' | '+' | '-' | '_' | '!' | '~');
        !self.is_place()
            && number.starts_with(|first: char| first.is_ascii_digit())
            && number.len() <= ONE_LIMIT
            && number.chars().all(is_part)
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
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The files that may be installed, by their hashes: two that differ have other hashes. `None` without any.
    pub files: Option<Files>,
    /// What tells one content from another where both have this version: the hash of a patch, or of a file that no registry
    /// has. A lock file may name nothing but such files, so that it is no detail.
    pub contents: Contents,
    /// Who asks for it.
    pub need: Need,
    /// Which of those that ask, where the lock file tells them apart. Nothing is another dependency because of it.
    pub askers: Askers,
    /// Of most there is nothing more to say, and a large manifest has many of them.
    details: Option<Box<Details>>,
}

/// What is said of few locked versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Environment markers (PEP 508): it is installed where one of them holds. Without any it is installed everywhere.
    pub markers: BTreeSet<String>,
    /// Markers that rule it out: where one of them holds, another version of the same package is installed.
    pub unless: BTreeSet<String>,
    /// The extras that are asked for.
    pub extras: BTreeSet<Box<str>>,
    /// How it is installed: where it lies, or with options for who builds it.
    pub manners: BTreeSet<Box<str>>,
    /// The hashes of these files as they are written, where they were asked for; see [`super::locked`].
    pub hashes: BTreeSet<Box<str>>,
}

static NO_DETAILS: Details = Details {
    markers: BTreeSet::new(),
    unless: BTreeSet::new(),
    extras: BTreeSet::new(),
    manners: BTreeSet::new(),
    hashes: BTreeSet::new(),
};

/// The sum of the digests of hashes, in whatever order. Kept as bytes, which need no room for their alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Files([u8; 16]);

impl Files {
    pub(super) fn of(hash: &str) -> Self {
        Self(Md5::of(hash.as_bytes()).to_bytes())
    }

    pub(super) fn and(self, other: Self) -> Self {
        let sum = u128::from_be_bytes(self.0).wrapping_add(u128::from_be_bytes(other.0));
        Self(sum.to_be_bytes())
    }

    fn of_both(one: Option<Self>, more: Option<Self>) -> Option<Self> {
        match (one, more) {
            (Some(one), Some(more)) => Some(one.and(more)),
            (one, more) => one.or(more),
        }
    }
}

/// The sum of the beginnings of such digests; nothing but zeros where there are none. It is held against that of one package
/// at one version alone, and no longer than fits beside the rest: a large manifest has many of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contents([u8; 6]);

impl Contents {
    pub(super) fn of(hash: &str) -> Self {
        let [a, b, c, d, e, f, ..] = Md5::of(hash.as_bytes()).to_bytes();
        Self([a, b, c, d, e, f])
    }

    /// One file that is installed in several places is one content.
    pub(super) fn and(self, other: Self) -> Self {
        let wide = |Self([a, b, c, d, e, f]): Self| u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        match self == other {
            true => self,
            false => {
                let [_, _, sum @ ..] = wide(self).wrapping_add(wide(other)).to_be_bytes();
                Self(sum)
            }
        }
    }
}

impl About {
    /// What else is said of it.
    pub fn details(&self) -> &Details {
        self.details.as_deref().unwrap_or(&NO_DETAILS)
    }

    /// What tells the content of a version from others, as one line.
    pub(super) fn content_of(&self, version: &Version) -> String {
        let mut line = version.shown.to_string();
        if let Some(hidden) = version.more.as_ref().and_then(|more| more.hidden) {
            line.push_str(&format!(" hidden={hidden}"));
        }
        for extra in &self.details().extras {
            line.push_str(&format!(" extra={extra}"));
        }
        if self.contents != Contents::default() {
            line.push_str(&format!(" contents={:?}", self.contents.0));
        }
        line
    }

    /// To say more of it.
    pub(super) fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// Adds further files that may be installed.
    pub(super) fn add_files(&mut self, files: Files) {
        self.files = Some(self.files.map_or(files, |others| others.and(files)));
    }

    /// The same version named once more: it is installed wherever one of the two says so.
    fn join(&mut self, other: About) {
        self.files = Files::of_both(self.files, other.files);
        self.contents = self.contents.and(other.contents);
        self.need = self.need.min(other.need);
        self.askers = self.askers.and(other.askers);
        if self.details.is_some() || other.details.is_some() {
            self.details_mut().join(other.details.map(|details| *details).unwrap_or_default());
        }
    }
}

impl PartialEq for About {
    fn eq(&self, other: &Self) -> bool {
        let said = |about: &Self| (about.files, about.contents, about.need);
        said(self) == said(other) && self.details() == other.details()
    }
}

impl Eq for About {}

impl Details {
    fn join(&mut self, other: Self) {
        self.hashes.extend(other.hashes);
        self.extras.extend(other.extras);
        self.manners.extend(other.manners);
        if self.unless != other.unless {
            self.unless.clear();
        }
        let everywhere = self.markers.is_empty() || other.markers.is_empty();
        self.markers.extend(other.markers);
        if everywhere {
            self.markers.clear();
        }
    }
}

/// The versions of one dependency, sorted. Nearly always it is one, which takes no map: a large manifest would need many
/// times its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions(Held);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    One(Version, About),
    /// Two or more.
    Several(BTreeMap<Version, About>),
}

impl Versions {
    pub(super) fn of(version: Version, about: About) -> Self {
        Self(Held::One(version, about))
    }

    /// Adds a version that is named once more.
    pub(super) fn add(&mut self, version: Version, about: About) {
        match &mut self.0 {
            Held::One(only, known) if *only == version => known.join(about),
            Held::One(only, known) => {
                let one = (only.clone(), std::mem::take(known));
                self.0 = Held::Several([one, (version, about)].into());
            }
            Held::Several(all) => match all.get_mut(&version) {
                Some(known) => known.join(about),
                None => {
                    all.insert(version, about);
                }
            },
        }
    }

    /// Whether each is one version, and nothing that stands for some or for a place.
    pub(super) fn are_fixed(&self) -> bool {
        self.keys().all(Version::is_one)
    }

    /// Each with what is said of it.
    pub fn iter(&self) -> impl Iterator<Item = (&Version, &About)> {
        let (one, several) = match &self.0 {
            Held::One(version, about) => (Some((version, about)), None),
            Held::Several(all) => (None, Some(all)),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }

    /// The versions alone.
    pub fn keys(&self) -> impl Iterator<Item = &Version> {
        self.iter().map(|(version, _)| version)
    }

    /// What is said of them.
    pub fn values(&self) -> impl Iterator<Item = &About> {
        self.iter().map(|(_, about)| about)
    }

    /// What is said of one version; `None` if it is not there.
    pub fn get(&self, version: &Version) -> Option<&About> {
        match &self.0 {
            Held::One(only, about) => (only == version).then_some(about),
            Held::Several(all) => all.get(version),
        }
    }

    /// Says more of each.
    pub(super) fn adjust(&mut self, mut change: impl FnMut(&Version, &mut About)) {
        match &mut self.0 {
            Held::One(version, about) => change(version, about),
            Held::Several(all) => all.iter_mut().for_each(|(version, about)| change(version, about)),
        }
    }

    /// The same, with others in place of each version that is open.
    pub(super) fn bounded(&self, bounds: impl Fn(&Version, &About) -> Vec<(Version, About)>) -> Self {
        let mut all = self.iter().flat_map(|(version, about)| match version.is_open() {
            true => bounds(version, about),
            false => vec![(version.clone(), about.clone())],
        });
        let first = all.next().map(|(version, about)| Self::of(version, about));
        let mut found = first.unwrap_or_else(|| self.clone());
        all.for_each(|(version, about)| found.add(version, about));
        found
    }

    /// How much is said of the versions that are open: how many texts, these included, and how long they are in bytes.
    pub(super) fn said_of_open(&self) -> (usize, usize) {
        let open = self.iter().filter(|(version, _)| version.is_open());
        let lengths = open.flat_map(|(version, about)| {
            let Details { markers, extras, manners, hashes, .. } = about.details();
            let short = extras.iter().chain(manners).chain(hashes).map(|text| text.len());
            std::iter::once(version.as_str().len()).chain(markers.iter().map(String::len)).chain(short)
        });
        lengths.fold((0, 0), |(count, bytes), length| (count + 1, bytes + length))
    }
}
