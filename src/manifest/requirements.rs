//! The lines of a requirements file, read as pip reads them.

use super::dependencies::{Dependencies, Found};
use super::lines::{joined_lines, without_comment, word_beginning};
use super::manner::{EDITABLE, choice, own_options};
use super::marker_form::is_marker;
use super::mask::mask_place;
use super::options::{Kind, options};
use super::unreadable::Unreadable;
use crate::halt::Halt;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A longer line asks for nothing that pip could find; it bounds how long one line can take.
const LINE_LIMIT: usize = 1024 * 1024;

/// One line of a requirements file that asks for something, continuation lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'t> {
    /// Where it starts, counted from 1.
    pub number: usize,
    /// The requirement without comment and `--hash` options.
    pub text: &'t str,
    /// Its environment marker: it is installed where this holds.
    pub marker: Option<&'t str>,
    pub asks: Asks<'t>,
    /// What stands behind the requirement.
    pub options: &'t str,
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asks<'t> {
    /// `name==1.0` and nothing else: nearly every line of a file that is locked.
    Pinned { name: Cow<'t, str>, version: &'t str },
    /// `name`, `name==1.0`, `name>=1,<2`; the specifier has no blanks and may be empty.
    Version { name: Cow<'t, str>, specifier: Cow<'t, str> },
    /// `name @ URL`, or a URL or path that stands alone
    Location { name: Cow<'t, str>, url: Cow<'t, str> },
    /// `-e PATH-OR-URL`
    Editable { name: Cow<'t, str>, url: Cow<'t, str> },
    /// `-r FILE`
    Include(Cow<'t, str>),
    /// `-c FILE`: what it says bounds versions, and asks for nothing.
    Bounds(Cow<'t, str>),
    /// `--extra-index-url URL`: another place where packages are looked for.
    ExtraIndex,
    /// `--find-links URL`: the same, without being an index.
    Links,
    /// `--no-index`: packages are looked for in no index.
    NoIndex,
    /// `--no-binary NAMES`: how all is installed.
    Choice(String),
    /// Nothing that pip would accept.
    Unreadable,
}

impl<'t> Line<'t> {
    /// The values of `--hash=sha256:…` and `--hash sha256:…`, which fix the files that may satisfy it.
    pub fn hashes(&self) -> impl Iterator<Item = &'t str> {
        let options = (!self.options.is_empty()).then_some(self.options);
        let values = options.into_iter().flat_map(|options| options.split("--hash").skip(1));
        let values = values.filter_map(|rest| rest.trim_start_matches('=').split_whitespace().next());
        // An algorithm alone fixes nothing.
        values.filter(|hash| !hash.ends_with(':'))
    }
}

/// Adds what a line asks for, unless one before could not be read.
///
/// A line that cannot be read leaves nothing: any `*.txt` may end up here.
pub(super) fn insert(dependencies: &mut Result<Dependencies, Unreadable>, line: &Line<'_>) {
    let Ok(all) = dependencies else { return };
    let found = match &line.asks {
        Asks::Pinned { name, version } => Found::new(&**name, *version),
        Asks::Version { name, specifier } => Found::new(&**name, exact_version(specifier).unwrap_or(specifier)),
        Asks::Location { name, url } | Asks::Editable { name, url } => Found::new(&**name, &**url).placed(true),
        Asks::Include(_) | Asks::Bounds(_) | Asks::ExtraIndex | Asks::Links | Asks::NoIndex => return,
        Asks::Choice(choice) => return all.note_choice(choice),
        Asks::Unreadable => {
            *dependencies = Err(Unreadable::at(line.number, "it is not a requirement that pip would read"));
            return;
        }
    };
    // Whoever makes a file that no index has may do so again at the same version.
    let own = matches!(line.asks, Asks::Location { .. }).then(|| line.hashes());
    let found = found.with_hashes(line.hashes()).with_marker(line.marker).with_content(own.into_iter().flatten());
    let found = match line.asks {
        Asks::Editable { .. } => found.in_manner(EDITABLE),
        _ => found.in_manner(own_options(line.options).as_deref()),
    };
    if let Asks::Location { name, url } | Asks::Editable { name, url } = &line.asks
        && is_guessed(url)
        && !is_named(line.text)
    {
        all.insert_guess(name);
    }
    let may_have_extras = !matches!(line.asks, Asks::Pinned { .. });
    all.insert(if may_have_extras { found.with_extras(extras(line.text)) } else { found });
}

/// The version that a specifier fixes by `==` or `===`. A wildcard fixes none, and neither does `${VARIABLE}`,
/// which pip fills in from outside the file.
pub(super) fn exact_version(specifier: &str) -> Option<&str> {
    specifier.split(',').find_map(|clause| {
        let (version, is_text) = match clause.strip_prefix("===") {
            Some(text) => (text, true),
            None => (clause.strip_prefix("==")?, false),
        };
        let is_whole = !version.is_empty() && version.chars().all(is_version_character);
        (is_whole && (is_text || begins_as_version(version))).then_some(version)
    })
}

/// Whether it is written like a version, or like some. pip fills in a variable before it reads it.
fn is_like_version(version: &str) -> bool {
    let is_part = |next: char| is_version_character(next) || next == '*';
    version.contains('$') || begins_as_version(version) && version.chars().all(is_part)
}

/// Whether it begins with a number, which may be that of an epoch, as any version does (PEP 440).
fn begins_as_version(version: &str) -> bool {
    let (epoch, release) = version.split_once('!').unwrap_or(("0", version));
    let release = release.strip_prefix(['v', 'V']).unwrap_or(release);
    let is_digit = |next: char| next.is_ascii_digit();
    epoch.chars().all(is_digit) && release.starts_with(is_digit) && !release.contains('!')
}

fn is_version_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '!' | '+' | '-' | '_')
}

/// Tells each line that asks for something; comments, blank lines and other options are left out.
pub(super) fn each_line(text: &str, halt: &Halt, mut tell: impl FnMut(&Line<'_>)) {
    for (number, joined) in halt.over(joined_lines(text)) {
        if joined.len() > LINE_LIMIT {
            tell(&Line { number, text: "…", marker: None, asks: Asks::Unreadable, options: "" });
        } else if let Some(line) = read_line(number, &joined) {
            tell(&line);
        } else {
            let text = without_comment(&joined).trim();
            for asks in asked_by_options(text) {
                tell(&Line { number, text, marker: None, asks, options: text });
            }
        }
    }
}

/// A line that is a requirement; `None` for options, which may ask for several things.
pub(super) fn read_line(number: usize, line: &str) -> Option<Line<'_>> {
    match read_pinned(line) {
        Some(asks) => Some(Line { number, text: line, marker: None, asks, options: "" }),
        None => read_any_line(number, line),
    }
}

/// `name==1.0`, told by its bytes alone. What else it could be, such as the name of a file, is left to who looks closer.
fn read_pinned(line: &str) -> Option<Asks<'_>> {
    let end = line.bytes().position(|byte| !is_name_character(byte.into()))?;
    let (name, version) = (&line[..end], line[end..].strip_prefix("==")?);
    let [first, .., last] = name.as_bytes() else { return None };
    let is_name = first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric();
    let is_version = version.bytes().all(|byte| is_version_character(byte.into()));
    // What ends with a digit is no name of a file, but for one kind.
    let is_number = version.ends_with(|last: char| last.is_ascii_digit()) && !version.ends_with(".bz2");
    (is_name && is_version && is_number && begins_as_version(version))
        .then(|| Asks::Pinned { name: normalised(name), version })
}

fn read_any_line(number: usize, line: &str) -> Option<Line<'_>> {
    let line = without_comment(line).trim();
    let (text, options) = split_options(line);
    if text.is_empty() {
        return None;
    }
    let asks = read_requirement(text);
    let marker = marker(text, &asks);
    let is_place = matches!(asks, Asks::Location { .. });
    let asks = if is_place && marker.is_some_and(|marker| !is_marker(marker)) { Asks::Unreadable } else { asks };
    Some(Line { number, text, marker, asks, options })
}

/// What stands behind the semicolon; behind a URL that needs a blank before it, since a URL may contain one.
fn marker<'a>(text: &'a str, asks: &Asks<'_>) -> Option<&'a str> {
    let marker = match asks {
        Asks::Version { .. } => text.split_once(';')?.1,
        Asks::Location { .. } => &text[marker_behind_url(text)? + 1..],
        _ => return None,
    };
    Some(marker.trim()).filter(|marker| !marker.is_empty())
}

/// A requirement and the options behind it, which begin at the first word with a leading dash.
fn split_options(line: &str) -> (&str, &str) {
    let (requirement, options) = line.split_at(word_beginning(line, '-').unwrap_or(line.len()));
    (requirement.trim_end(), options)
}

/// What a line of options asks for. Of several files that it includes pip reads one, and none behind an editable.
fn asked_by_options(line: &str) -> Vec<Asks<'_>> {
    let Some(all) = options(line) else { return vec![Asks::Unreadable] };
    let first = |wanted: Kind| all.iter().find(|(kind, _)| *kind == wanted).map(|(_, value)| value.clone());
    if let Some(url) = first(Kind::Editable) {
        return vec![Asks::Editable { name: name_of_location(&url).into(), url }];
    }
    let file = first(Kind::Include).map(Asks::Include).or_else(|| first(Kind::Bounds).map(Asks::Bounds));
    let index = first(Kind::ExtraIndex).map(|_| Asks::ExtraIndex);
    // Of several places with links pip takes the first.
    let links = || first(Kind::Links).filter(|place| is_far(place)).map(|_| Asks::Links);
    let none = first(Kind::NoIndex).map(|_| Asks::NoIndex);
    let choice = choice(line).map(Asks::Choice);
    file.into_iter().chain(index.or_else(links)).chain(none).chain(choice).collect()
}

/// Whether a place with links is none of this machine, where files change only with the build. Of a variable nobody knows.
fn is_far(place: &str) -> bool {
    let is_local = place.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
    place.contains("://") && !is_local || place.starts_with("${")
}

fn read_requirement(text: &str) -> Asks<'_> {
    read_named(text).or_else(|| read_location(text)).unwrap_or(Asks::Unreadable)
}

/// `name[extras] SPECIFIER ; marker` or `name[extras] @ URL ; marker` (PEP 508).
fn read_named(text: &str) -> Option<Asks<'_>> {
    let end = text.find(|next: char| !is_name_character(next)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = name.starts_with(is_name_edge) && name.ends_with(is_name_edge);
    if !is_name || is_archive_file(without_marker_of_url(text)) && !rest.contains('@') {
        return None;
    }
    let name = normalised(name);
    let rest = without_extras(rest)?.trim_start();
    if let Some(url) = rest.strip_prefix('@') {
        let url = without_marker_of_url(url.trim_start());
        // Behind a name, pip takes a semicolon without a marker for none of the URL.
        let url = url.strip_suffix(';').unwrap_or(url).trim_end();
        return (!url.is_empty()).then_some(Asks::Location { name, url: url.into() });
    }
    let specifier = read_specifier(rest)?;
    Some(Asks::Version { name, specifier })
}

fn is_name_character(character: char) -> bool {
    is_name_edge(character) || matches!(character, '.' | '_' | '-')
}

fn is_name_edge(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

fn without_extras(rest: &str) -> Option<&str> {
    match rest.trim_start().strip_prefix('[') {
        Some(extras) => extras.split_once(']').filter(|(extras, _)| are_extras(extras)).map(|(_, rest)| rest),
        None => Some(rest),
    }
}

/// Whether nothing stands here, or names with commas between them. pip fills in a variable before it reads them.
fn are_extras(extras: &str) -> bool {
    let is_name = |extra: &str| {
        let is_whole = extra.starts_with(is_name_edge) && extra.ends_with(|last| last == '_' || is_name_edge(last));
        is_whole && extra.chars().all(is_name_character)
    };
    extras.trim().is_empty() || extras.split(',').map(str::trim).all(|extra| is_name(extra) || extra.contains('$'))
}

/// The extras that a requirement asks for: `name[one,two]`.
pub(super) fn extras(text: &str) -> BTreeSet<Cow<'_, str>> {
    let rest = text.trim_start_matches(is_name_character).trim_start();
    let extras = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(extras, _)| extras);
    extras.split(',').map(str::trim).filter(|extra| !extra.is_empty()).map(normalised).collect()
}

/// Version clauses without blanks, or `None` for what is not a specifier, such as the rest of a sentence.
fn read_specifier(rest: &str) -> Option<Cow<'_, str>> {
    let (clauses, marker) = rest.split_once(';').map_or((rest, None), |(clauses, marker)| (clauses, Some(marker)));
    // Where nothing stands behind the semicolon, pip reads no marker.
    if marker.is_some_and(|marker| !marker.trim().is_empty() && !is_marker(marker)) {
        return None;
    }
    let clauses = clauses.trim();
    let clauses = clauses.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(clauses);
    if clauses.is_empty() {
        return Some(Cow::Borrowed(""));
    }
    let are_known = clauses.split(',').all(is_clause);
    are_known.then(|| match clauses.contains(char::is_whitespace) {
        true => clauses.split_whitespace().collect::<String>().into(),
        false => clauses.into(),
    })
}

fn is_clause(clause: &str) -> bool {
    let clause = clause.trim();
    let version = clause.trim_start_matches(['=', '<', '>', '!', '~']);
    let operator = &clause[..clause.len() - version.len()];
    let version = version.trim_start();
    let is_known = match operator {
        "===" => true,
        // It says which part of a version may be another, so that there have to be two.
        "~=" => is_like_version(version) && version.contains(['.', '$']),
        "==" | "!=" | "<" | ">" | "<=" | ">=" => is_like_version(version),
        _ => false,
    };
    is_known && !version.is_empty() && !version.contains(char::is_whitespace)
}

/// A URL or path that stands alone.
fn read_location(text: &str) -> Option<Asks<'_>> {
    let url = without_marker_of_url(text);
    let is_location = is_archive_file(url) || url.contains('/') || url.starts_with('.');
    if !is_location || url.contains(char::is_whitespace) {
        return None;
    }
    Some(Asks::Location { name: name_of_location(url).into(), url: url.into() })
}

/// Whether a path or URL is that of a file that pip installs.
pub(super) fn is_archive_file(text: &str) -> bool {
    !text.contains(char::is_whitespace) && archive_stem(text).len() < text.len()
}

fn without_marker_of_url(url: &str) -> &str {
    match marker_behind_url(url) {
        Some(end) => url[..end].trim_end(),
        // Of a path it is no part, even if nothing stands behind it.
        None if !url.contains("://") => url.strip_suffix(';').unwrap_or(url),
        None => url,
    }
}

/// Where the semicolon in front of a marker is: behind a URL it needs a blank beside it, since a URL may contain one.
fn marker_behind_url(url: &str) -> Option<usize> {
    let is_beside_blank = |at: usize| url[..at].ends_with([' ', '\t']) || url[at + 1..].starts_with(' ');
    url.match_indices(';').map(|(at, _)| at).find(|&at| is_beside_blank(at))
}

/// The best name for something that has only a location: its `#egg=`, else its wheel's, archive's or
/// repository's name.
fn name_of_location(url: &str) -> String {
    // Masked first: pieces of a password must not pass for a name.
    let url = mask_place(url);
    let (place, fragment) = url.split_once('#').unwrap_or((&url, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    if let Some(egg) = egg.and_then(|egg| egg.split('[').next()).filter(|egg| !egg.is_empty()) {
        return normalised(egg).into_owned();
    }
    let file = place.split('?').next().unwrap_or(place).trim_end_matches('/');
    let file = file.rsplit('/').next().unwrap_or(file);
    let name = match archive_stem(file) {
        stem if file.ends_with(".whl") => stem.split('-').next().unwrap_or(stem),
        stem if stem.len() < file.len() => stem.rsplit_once('-').map_or(stem, |(name, _)| name),
        stem => stem.split('@').next().unwrap_or(stem).trim_end_matches(".git"),
    };
    if name.is_empty() || name.starts_with('.') { url.into_owned() } else { normalised(name).into_owned() }
}

/// Whether the name of what has only a location is not said there: that of a folder or a repository may be any.
fn is_guessed(url: &str) -> bool {
    let (place, fragment) = url.split_once('#').unwrap_or((url, ""));
    let is_said = fragment.split('&').any(|part| part.starts_with("egg=")) || place.ends_with(".whl");
    let stem = archive_stem(place);
    let has_version =
        || stem.rsplit_once('-').is_some_and(|(_, last)| last.starts_with(|first: char| first.is_ascii_digit()));
    !is_said && (stem.len() == place.len() || !has_version())
}

/// Whether a line has a name in front of its URL.
fn is_named(text: &str) -> bool {
    read_named(text).is_some()
}

fn archive_stem(file: &str) -> &str {
    let endings = [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"];
    endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file)
}

/// PEP 503: lower case, and each run of `-`, `_` and `.` is one `-`.
pub fn normalised(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut pairs = name.bytes().zip(name.bytes().skip(1).chain([b'-']));
    if pairs.all(|(one, next)| is_plain(one) || one == b'-' && is_plain(next)) {
        return Cow::Borrowed(name);
    }
    let mut normalised = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normalised.ends_with('-') => {}
            '-' | '_' | '.' => normalised.push('-'),
            other => normalised.extend(other.to_lowercase()),
        }
    }
    normalised.into()
}

#[cfg(test)]
mod tests;
