//! Which lines of a manifest leave open what will be installed.

use super::format::Format;
use super::mask::mask;
use super::requirements::{Asks, Line, exact_version, joined_lines, lines, revision, without_comment};
use super::text::decode;
use std::fmt;

/// A line that leaves open what will be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpinned {
    /// Where the line starts, counted from 1.
    pub line: usize,
    /// What it asks for, masked, without comment and hashes.
    pub text: String,
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
    /// `--extra-index-url`, where a line has no hash
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

/// The lines of a requirements file that leave open what will be installed; none for lock files, which are
/// pinned by nature.
///
/// | line | pinned |
/// |---|---|
/// | `name==1.0`, `name===1.0`, also beside other clauses | yes, but with `--hash` where another line has one |
/// | `name`, `name>=1`, `name~=1.0`, `name==1.*`, `name==${VERSION}` | no |
/// | `name @ URL`, or a URL or path alone | only with `#sha256=…` (or another hash pip knows) or `--hash` |
/// | `git+https://…@REVISION`, also behind `-e` | only with a full commit id, 40 or 64 hex digits |
/// | `-e PATH` | no |
/// | `--extra-index-url URL` | only where every line has a hash |
/// | `-r FILE`, `-c FILE`, `--index-url` and other options | no requirement: what is included is judged itself |
pub fn unpinned(format: Format, bytes: &[u8]) -> Vec<Unpinned> {
    if format != Format::Requirements {
        return Vec::new();
    }
    // Bytes that are not text are still judged line by line: better a warning too many.
    unpinned_lines(&decode(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes)))
}

/// The same for the text of a requirements file.
pub fn unpinned_lines(text: &str) -> Vec<Unpinned> {
    let lines: Vec<Line> =
        lines(text).filter(|line| !matches!(line.asks, Asks::Include(_) | Asks::Bounds(_))).collect();
    let some_have_hashes = lines.iter().any(is_hashed);
    let all_have_hashes = lines.iter().all(|line| is_hashed(line) || has_own_commit(line));
    let without_hash = |line: &Line| some_have_hashes && !is_hashed(line);
    let open = lines.iter().filter_map(|line| {
        let why = open(line).or_else(|| without_hash(line).then_some(Open::NoHash))?;
        Some(Unpinned { line: line.number, text: shown(&line.text), why })
    });
    let mut found: Vec<Unpinned> = open.collect();
    if !all_have_hashes {
        found.extend(extra_indexes(text));
        found.sort_by_key(|unpinned| unpinned.line);
    }
    found
}

fn extra_indexes(text: &str) -> impl Iterator<Item = Unpinned> {
    joined_lines(text).filter_map(|(line, text)| {
        let text = without_comment(&text).trim();
        let is_extra = text.strip_prefix("--extra-index-url").is_some_and(|rest| rest.starts_with(['=', ' ', '\t']));
        is_extra.then(|| Unpinned { line, text: shown(text), why: Open::ExtraIndex })
    })
}

/// Masked, and on one line with single blanks, however it was continued.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    mask(&words.join(" ")).into_owned()
}

fn open(line: &Line) -> Option<Open> {
    match &line.asks {
        Asks::Version { specifier, .. } => open_version(specifier),
        Asks::Location { url, .. } if is_hashed(line) || has_commit(url) => None,
        Asks::Location { url, .. } if is_repository(url) => Some(Open::Branch),
        Asks::Location { .. } => Some(Open::Location),
        Asks::Editable { url, .. } if has_commit(url) => None,
        Asks::Editable { url, .. } if is_repository(url) => Some(Open::Branch),
        Asks::Editable { .. } => Some(Open::Editable),
        Asks::Include(_) | Asks::Bounds(_) => None,
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

fn is_hashed(line: &Line) -> bool {
    let fragment = matches!(&line.asks, Asks::Location { url, .. } if has_hash(url));
    fragment || !line.hashes.is_empty()
}

/// Whether a line is fixed by a commit, for which pip knows no hash.
fn has_own_commit(line: &Line) -> bool {
    matches!(&line.asks, Asks::Location { url, .. } | Asks::Editable { url, .. } if has_commit(url))
}

fn is_repository(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| scheme.contains('+'))
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
