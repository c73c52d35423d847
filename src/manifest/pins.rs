//! Which lines of a manifest leave open what will be installed.

use super::mask::mask;
use super::requirements::{Asks, Line, exact_version, is_archive_file};
use super::urls::revision;
use std::collections::BTreeSet;
use std::fmt;

/// How many open lines are kept of those that there are.
const KEPT: usize = 6;

/// How many characters of a line are shown.
const SHOWN: usize = 160;

/// A line that leaves open what will be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpinned {
    /// Where the line starts, counted from 1.
    pub line: usize,
    /// What it asks for, masked, without comment and hashes; `None` where it may not be shown.
    pub text: Option<String>,
    /// What it leaves open.
    pub why: Open,
}

/// What a line leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// `name`
    NoVersion,
    /// `name>=1`, `name~=1.0`, `name!=2`
    Range,
    /// `name==1.*`
    Wildcard,
    /// `name==${VERSION}`
    Variable,
    /// `-e PATH`
    Editable,
    /// `git+https://…@main`, or without a revision
    Branch,
    /// A URL or path without a hash
    Location,
    /// No hash, where another line has one
    NoHash,
    /// `--extra-index-url` or a remote `--find-links`, where a line has no hash
    ExtraIndex,
    /// An included file that was not read
    NotIncluded,
    /// Nothing that pip would read
    Unreadable,
}

impl fmt::Display for Open {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Open::NoVersion => "it names no version",
            Open::Range => "it allows several versions",
            Open::Wildcard => "it has a wildcard for a version",
            Open::Variable => "its version comes from a variable",
            Open::Editable => "it installs a folder that may change",
            Open::Branch => "it names no full commit, and branches and tags move",
            Open::Location => "it has no hash, and the file may change",
            Open::NoHash => "it has no hash, though other lines have one",
            Open::ExtraIndex => "another index may answer for any name, and not every line has a hash",
            Open::NotIncluded => "what it includes was not read",
            Open::Unreadable => "it is not a requirement that pip would read",
        })
    }
}

/// The lines of a manifest that leave open what will be installed: the first few of them. Lock files have none, they are
/// pinned by nature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenLines {
    /// The first.
    pub first: Vec<Unpinned>,
    /// How many there are.
    pub count: usize,
}

impl OpenLines {
    fn add(&mut self, line: &Line<'_>, why: Open) {
        if self.first.len() < KEPT {
            self.first.push(Unpinned { line: line.number, text: Some(shown(line.text)), why });
        }
        self.count += 1;
    }

    /// Forgets what they say.
    pub(super) fn hide(&mut self) {
        self.first.iter_mut().for_each(|line| line.text = None);
    }

    fn and(mut self, other: Self) -> Self {
        self.first.extend(other.first);
        self.first.sort_by_key(|unpinned| unpinned.line);
        self.first.truncate(KEPT);
        self.count += other.count;
        self
    }
}

/// What the lines of a file leave open, some of them only together with those of other files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unsettled {
    open: OpenLines,
    /// Pinned lines without a hash: they are open if any line has one.
    without_hash: OpenLines,
    /// They are open unless every line is fixed by a hash or a commit.
    extra_indexes: OpenLines,
    /// The same of pages with links.
    links: OpenLines,
    hashes: Hashes,
}

/// Which hashes lines have. A file and all that it includes are one for pip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hashes {
    some_have: bool,
    some_are_not_fixed: bool,
    /// Files are looked for in no index, but in so many pages with links.
    no_index: bool,
    links: usize,
}

impl Hashes {
    /// Those of the lines of both.
    pub fn and(self, other: Self) -> Self {
        Self {
            some_have: self.some_have | other.some_have,
            some_are_not_fixed: self.some_are_not_fixed | other.some_are_not_fixed,
            no_index: self.no_index | other.no_index,
            links: self.links + other.links,
        }
    }

    /// Whether another index may answer.
    fn asks_indexes(self) -> bool {
        self.some_are_not_fixed && !self.no_index
    }

    /// Whether a page with links may, beside an index or another page.
    fn asks_links(self) -> bool {
        self.some_are_not_fixed && (!self.no_index || self.links > 1)
    }
}

impl Unsettled {
    /// Which hashes the lines have.
    pub fn hashes(&self) -> Hashes {
        self.hashes
    }

    /// Of a file that only bounds versions: it asks for nothing, but names indexes for all.
    pub fn of_bounds(self) -> Self {
        let hashes = Hashes { some_have: false, some_are_not_fixed: false, ..self.hashes };
        Self { extra_indexes: self.extra_indexes, links: self.links, hashes, ..Self::default() }
    }

    /// What is left open where all lines together have these hashes.
    pub fn settle(self, of_all: Hashes) -> OpenLines {
        let without_hash = if of_all.some_have { self.without_hash } else { OpenLines::default() };
        let none = OpenLines::default;
        let extra_indexes = if of_all.asks_indexes() { self.extra_indexes } else { none() };
        let links = if of_all.asks_links() { self.links } else { none() };
        self.open.and(without_hash).and(extra_indexes).and(links)
    }

    /// The same for a file that includes no other.
    pub fn alone(self) -> OpenLines {
        let hashes = self.hashes;
        self.settle(hashes)
    }
}

/// Which lines of a requirements file leave open what will be installed, told line by line.
///
/// | line | pinned |
/// |---|---|
/// | `name==1.0`, `name===1.0`, also beside other clauses | yes, but with `--hash` where another line has one |
/// | `name`, `name>=1`, `name~=1.0`, `name==1.*`, `name==${VERSION}` | only where a `-c` file bounds it to one version |
/// | `name @ URL`, or a URL or path of a file alone | only with `#sha256=…` (or another hash pip knows) or `--hash` |
/// | `git+https://…@REVISION`, also behind `-e` | only with a full commit id, 40 or 64 hex digits |
/// | `-e PATH`, the path of a folder | no |
/// | `--extra-index-url URL`, also in a file of bounds | only where every line of all files has a hash, or with `--no-index` |
/// | `--find-links URL`, also there | the same; with `--no-index` a single one is no other place |
/// | `-r FILE`, `-c FILE`, `--index-url` and other options | no requirement: what is included is judged itself |
#[derive(Debug, Default)]
pub(super) struct Pins<'b> {
    /// The names that `-c` files bound to one version: what is asked for without a version, or as a range, is that one.
    bound: Option<&'b BTreeSet<String>>,
    found: Unsettled,
}

impl<'b> Pins<'b> {
    /// With names that are bound to one version elsewhere.
    pub fn within(bound: &'b BTreeSet<String>) -> Self {
        Self { bound: Some(bound), ..Self::default() }
    }

    /// Looks at the next line.
    pub fn meet(&mut self, line: &Line<'_>) {
        let found = &mut self.found;
        match line.asks {
            Asks::Include(_) | Asks::Bounds(_) | Asks::Choice(_) => return,
            Asks::ExtraIndex => return found.extra_indexes.add(line, Open::ExtraIndex),
            Asks::Links => {
                found.hashes.links += 1;
                return found.links.add(line, Open::ExtraIndex);
            }
            Asks::NoIndex => {
                found.hashes.no_index = true;
                return;
            }
            _ => {}
        }
        let has_option = line.hashes().next().is_some();
        let is_hashed = has_option || has_fragment(line);
        // The fragment of a URL asks for no hashes of others.
        found.hashes.some_have |= has_option;
        found.hashes.some_are_not_fixed |= !is_hashed && !has_own_commit(line);
        let is_bound = match &line.asks {
            Asks::Version { name, .. } => self.bound.is_some_and(|bound| bound.contains(&**name)),
            _ => false,
        };
        match open(line).filter(|_| !is_bound) {
            Some(why) => found.open.add(line, why),
            None if !is_hashed => found.without_hash.add(line, Open::NoHash),
            None => {}
        }
    }

    /// What the lines leave open.
    pub fn found(self) -> Unsettled {
        self.found
    }
}

/// Masked, on one line with single blanks, however it was continued, and cut where it is very long.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let masked = mask(&words.join(" ")).into_owned();
    match masked.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &masked[..end]),
        None => masked,
    }
}

fn open(line: &Line<'_>) -> Option<Open> {
    match &line.asks {
        Asks::Pinned { .. } => None,
        Asks::Version { specifier, .. } => open_version(specifier),
        Asks::Location { url, .. } if is_hashed(line) || has_commit(url) => None,
        Asks::Location { url, .. } if is_repository(url) => Some(Open::Branch),
        Asks::Location { .. } => Some(Open::Location),
        Asks::Editable { url, .. } if has_commit(url) => None,
        Asks::Editable { url, .. } if is_repository(url) => Some(Open::Branch),
        Asks::Editable { .. } => Some(Open::Editable),
        Asks::Include(_) | Asks::Bounds(_) | Asks::ExtraIndex | Asks::Links | Asks::NoIndex | Asks::Choice(_) => None,
        Asks::Unreadable => Some(Open::Unreadable),
    }
}

fn open_version(specifier: &str) -> Option<Open> {
    match specifier {
        pinned if exact_version(pinned).is_some() => None,
        "" => Some(Open::NoVersion),
        wild if wild.contains(".*") => Some(Open::Wildcard),
        variable if variable.contains("${") => Some(Open::Variable),
        _ => Some(Open::Range),
    }
}

fn is_hashed(line: &Line<'_>) -> bool {
    has_fragment(line) || line.hashes().next().is_some()
}

/// Whether a line names a hash in the fragment of its URL.
fn has_fragment(line: &Line<'_>) -> bool {
    matches!(&line.asks, Asks::Location { url, .. } if is_file(url) && has_hash(url))
}

/// Whether a line is fixed by a commit, for which pip knows no hash.
fn has_own_commit(line: &Line<'_>) -> bool {
    matches!(&line.asks, Asks::Location { url, .. } | Asks::Editable { url, .. } if has_commit(url))
}

fn is_repository(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| scheme.contains('+'))
}

/// Whether pip holds what is there against a hash: it does not for a repository or a folder, whatever the fragment says.
fn is_file(url: &str) -> bool {
    let place = url.split(['#', '?']).next().unwrap_or(url);
    let is_local = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) || !url.contains("://");
    !is_repository(url) && (!is_local || is_archive_file(place))
}

/// Whether a URL's fragment names the hash of the file.
fn has_hash(url: &str) -> bool {
    let (_, fragment) = url.split_once('#').unwrap_or((url, ""));
    fragment.split('&').filter_map(|part| part.split_once('=')).any(|(algorithm, digest)| {
        ["sha512", "sha384", "sha256", "sha224", "sha1", "md5"].contains(&algorithm) && is_hex(digest)
    })
}

/// Whether a version control URL names a full commit id: a branch or tag moves, and a short id may.
fn has_commit(url: &str) -> bool {
    revision(url).is_some_and(|revision| [40, 64].contains(&revision.len()) && is_hex(revision))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
