//! The lines of a requirements file, read as pip reads them.

use super::dependencies::{Dependencies, Found, Need};
use super::mask::mask;
use super::unreadable::Unreadable;
use std::borrow::Cow;

/// One line of a requirements file that asks for something, continuation lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it starts, counted from 1.
    pub number: usize,
    /// The requirement without comment and `--hash` options.
    pub text: String,
    /// The `--hash` options, which fix the files that may satisfy it.
    pub hashes: Vec<String>,
    /// Its environment marker: it is installed where this holds.
    pub marker: Option<String>,
    pub asks: Asks,
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asks {
    /// `name`, `name==1.0`, `name>=1,<2`; the specifier has no blanks and may be empty.
    Version { name: String, specifier: String },
    /// `name @ URL`, or a URL or path that stands alone
    Location { name: String, url: String },
    /// `-e PATH-OR-URL`
    Editable { name: String, url: String },
    /// `-r FILE`
    Include(String),
    /// `-c FILE`: what it says bounds versions, and asks for nothing.
    Bounds(String),
    /// Nothing that pip would accept.
    Unreadable,
}

/// The dependencies of a requirements file.
///
/// # Errors
/// Where a line cannot be read: any `*.txt` may end up here.
pub(super) fn dependencies(text: &str) -> Result<Dependencies, Unreadable> {
    let mut dependencies = Dependencies::default();
    insert_all(&mut dependencies, text)?;
    Ok(dependencies)
}

/// The dependencies of a requirements file with those that it includes, within the bounds of others.
///
/// A package that only bounds name may be one that another needs: it is there, but nobody asks for it here.
pub(super) fn dependencies_with<'a>(
    text: &'a str,
    included: impl Iterator<Item = &'a str>,
    bounds: impl Iterator<Item = &'a str>,
) -> Result<Dependencies, Unreadable> {
    let mut dependencies = Dependencies::default();
    std::iter::once(text).chain(included).try_for_each(|text| insert_all(&mut dependencies, text))?;
    for line in bounds.flat_map(lines) {
        if let Asks::Version { name, specifier } = &line.asks {
            let found = Found::new(name.as_str(), exact_version(specifier).unwrap_or(specifier));
            dependencies.bound(found.needed(Need::Optional).with_marker(line.marker.as_deref()));
        }
    }
    Ok(dependencies)
}

fn insert_all(dependencies: &mut Dependencies, text: &str) -> Result<(), Unreadable> {
    for line in lines(text) {
        let found = match &line.asks {
            Asks::Version { name, specifier } => {
                Found::new(name.as_str(), exact_version(specifier).unwrap_or(specifier))
            }
            Asks::Location { name, url } | Asks::Editable { name, url } => Found::new(name.as_str(), url.as_str()),
            Asks::Include(_) | Asks::Bounds(_) => continue,
            Asks::Unreadable => return Err(Unreadable::at(line.number, "it is not a requirement that pip would read")),
        };
        let found = found.with_hashes(line.hashes.iter().map(String::as_str));
        dependencies.insert(found.with_marker(line.marker.as_deref()));
    }
    Ok(())
}

/// The version that a specifier fixes by `==` or `===`. A wildcard fixes none, and neither does `${VARIABLE}`,
/// which pip fills in from outside the file.
pub(super) fn exact_version(specifier: &str) -> Option<&str> {
    specifier.split(',').find_map(|clause| {
        let version = clause.strip_prefix("===").or_else(|| clause.strip_prefix("=="))?;
        (!version.is_empty() && version.chars().all(is_version_character)).then_some(version)
    })
}

fn is_version_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '!' | '+' | '-' | '_')
}

/// All lines that ask for something; comments, blank lines and other options are left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> {
    joined_lines(text).filter_map(|(number, text)| read_line(number, &text))
}

/// All that pip reads, with single blanks: options first, in their order, then requirements, sorted.
pub(super) fn requirement_lines(text: &str) -> Vec<String> {
    let lines =
        joined_lines(text).map(|(_, line)| without_comment(&line).split_whitespace().collect::<Vec<_>>().join(" "));
    let (mut options, mut requirements): (Vec<_>, Vec<_>) =
        lines.filter(|line| !line.is_empty()).partition(|line| line.starts_with('-'));
    requirements.sort_unstable();
    options.append(&mut requirements);
    options
}

/// Lines joined at trailing backslashes, each with the number of its first. A comment ends what it continues.
pub(super) fn joined_lines(text: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    let mut physical = physical_lines(text).enumerate();
    std::iter::from_fn(move || {
        let (index, first) = physical.next()?;
        let (mut joined, mut open) = part(first);
        while open {
            let Some((_, next)) = physical.next() else { break };
            let (text, continues) = part(next);
            joined.to_mut().push_str(&text);
            open = continues;
        }
        Some((index + 1, joined))
    })
}

/// What a line adds to the one that it continues, and whether it is itself continued.
fn part(line: &str) -> (Cow<'_, str>, bool) {
    if line.trim_start().starts_with('#') {
        return (Cow::Borrowed(""), false);
    }
    (Cow::Borrowed(line.trim_end_matches('\\')), line.ends_with('\\'))
}

/// Lines that end with LF, CR or both.
fn physical_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let behind = if text[end..].starts_with("\r\n") { end + 2 } else { end + 1 };
        rest = Some(&text[behind..]);
        Some(&text[..end])
    })
}

fn read_line(number: usize, line: &str) -> Option<Line> {
    let line = without_comment(line).trim();
    if line.is_empty() {
        return None;
    }
    let (text, options) = split_options(line);
    let hashes = hashes(options);
    let asks = if text.is_empty() { read_option(line)? } else { read_requirement(text) };
    let text = if text.is_empty() { line } else { text };
    let marker = marker(text, &asks).map(str::to_owned);
    Some(Line { number, text: text.to_owned(), hashes, marker, asks })
}

/// The values of `--hash=sha256:…` and `--hash sha256:…`.
fn hashes(options: &str) -> Vec<String> {
    let values =
        options.split("--hash").skip(1).filter_map(|rest| rest.trim_start_matches('=').split_whitespace().next());
    values.map(str::to_owned).collect()
}

/// What stands behind the semicolon; behind a URL that needs a blank before it, since a URL may contain one.
fn marker<'a>(text: &'a str, asks: &Asks) -> Option<&'a str> {
    let marker = match asks {
        Asks::Version { .. } => text.split_once(';')?.1,
        Asks::Location { .. } => text.split_once(" ;").or_else(|| text.split_once("\t;"))?.1,
        _ => return None,
    };
    Some(marker.trim()).filter(|marker| !marker.is_empty())
}

/// A `#` starts a comment only at the start of a line or behind a blank: URLs have fragments.
pub(super) fn without_comment(line: &str) -> &str {
    word_beginning(line, '#').map_or(line, |at| &line[..at])
}

/// A requirement and the options behind it, which begin at the first word with a leading dash.
fn split_options(line: &str) -> (&str, &str) {
    let (requirement, options) = line.split_at(word_beginning(line, '-').unwrap_or(line.len()));
    (requirement.trim_end(), options)
}

/// Where the first word begins that has this mark in front.
fn word_beginning(line: &str, mark: char) -> Option<usize> {
    let follows_blank = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices(mark).map(|(at, _)| at).find(|&at| follows_blank(at))
}

/// An option line; `None` for those that ask for nothing, such as `--index-url`.
fn read_option(line: &str) -> Option<Asks> {
    if let Some(value) = option_value(line, "-r", "--requirement") {
        return Some(Asks::Include(value.trim_matches(['"', '\'']).to_owned()));
    }
    if let Some(value) = option_value(line, "-c", "--constraint") {
        return Some(Asks::Bounds(value.trim_matches(['"', '\'']).to_owned()));
    }
    let url = option_value(line, "-e", "--editable")?.trim_matches(['"', '\'']);
    let (url, _) = split_options(url);
    Some(Asks::Editable { name: name_of_location(url), url: url.to_owned() })
}

fn option_value<'a>(line: &'a str, short: &str, long: &str) -> Option<&'a str> {
    let value = match line.strip_prefix(long) {
        Some(value) => value.strip_prefix(|next: char| next.is_whitespace() || next == '=')?,
        None => line.strip_prefix(short)?,
    };
    Some(value.trim())
}

fn read_requirement(text: &str) -> Asks {
    read_named(text).or_else(|| read_location(text)).unwrap_or(Asks::Unreadable)
}

/// `name[extras] SPECIFIER ; marker` or `name[extras] @ URL ; marker` (PEP 508).
fn read_named(text: &str) -> Option<Asks> {
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
        return (!url.is_empty()).then(|| Asks::Location { name, url: url.to_owned() });
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
        Some(extras) => extras.split_once(']').map(|(_, rest)| rest),
        None => Some(rest),
    }
}

/// Version clauses without blanks, or `None` for what is not a specifier, such as the rest of a sentence.
fn read_specifier(rest: &str) -> Option<String> {
    let (clauses, _marker) = rest.split_once(';').unwrap_or((rest, ""));
    let clauses = clauses.trim();
    let clauses = clauses.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(clauses);
    if clauses.is_empty() {
        return Some(String::new());
    }
    let clauses: Option<Vec<String>> = clauses.split(',').map(read_clause).collect();
    clauses.map(|clauses| clauses.join(","))
}

fn read_clause(clause: &str) -> Option<String> {
    let clause = clause.trim();
    let version = clause.trim_start_matches(['=', '<', '>', '!', '~']);
    let operator = &clause[..clause.len() - version.len()];
    let version = version.trim();
    let known = ["==", "===", "!=", "~=", "<", ">", "<=", ">="].contains(&operator);
    (known && !version.is_empty() && !version.contains(char::is_whitespace)).then(|| format!("{operator}{version}"))
}

/// A URL or path that stands alone.
fn read_location(text: &str) -> Option<Asks> {
    let url = without_marker_of_url(text);
    let is_location = is_archive_file(url) || url.contains('/') || url.starts_with('.');
    if !is_location || url.contains(char::is_whitespace) {
        return None;
    }
    Some(Asks::Location { name: name_of_location(url), url: url.to_owned() })
}

fn is_archive_file(text: &str) -> bool {
    !text.contains(char::is_whitespace) && archive_stem(text).len() < text.len()
}

/// A marker behind a URL needs a blank before its semicolon, since a URL may contain one.
fn without_marker_of_url(url: &str) -> &str {
    let end = url.find(" ;").or_else(|| url.find("\t;")).unwrap_or(url.len());
    url[..end].trim_end()
}

/// The best name for something that has only a location: its `#egg=`, else its wheel's, archive's or
/// repository's name.
fn name_of_location(url: &str) -> String {
    // Masked first: pieces of a password must not pass for a name.
    let url = mask(url);
    let (place, fragment) = url.split_once('#').unwrap_or((&url, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    if let Some(egg) = egg.and_then(|egg| egg.split('[').next()).filter(|egg| !egg.is_empty()) {
        return normalised(egg);
    }
    let file = place.split('?').next().unwrap_or(place).trim_end_matches('/');
    let file = file.rsplit('/').next().unwrap_or(file);
    let name = match archive_stem(file) {
        stem if file.ends_with(".whl") => stem.split('-').next().unwrap_or(stem),
        stem if stem.len() < file.len() => stem.rsplit_once('-').map_or(stem, |(name, _)| name),
        stem => stem.split('@').next().unwrap_or(stem).trim_end_matches(".git"),
    };
    if name.is_empty() || name.starts_with('.') { url.into_owned() } else { normalised(name) }
}

fn archive_stem(file: &str) -> &str {
    let endings = [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"];
    endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file)
}

/// PEP 503: lower case, and each run of `-`, `_` and `.` is one `-`.
pub fn normalised(name: &str) -> String {
    let mut normalised = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normalised.ends_with('-') => {}
            '-' | '_' | '.' => normalised.push('-'),
            other => normalised.extend(other.to_lowercase()),
        }
    }
    normalised
}

/// The revision that a version control URL (`git+https://…@revision#egg=…`) is fixed to.
pub(super) fn revision(url: &str) -> Option<&str> {
    let (scheme, place) = url.split_once("://")?;
    scheme.contains('+').then_some(())?;
    let place = place.split('#').next().unwrap_or(place);
    let (_authority, path) = place.split_once('/')?;
    path.rsplit_once('@').map(|(_, revision)| revision)
}

#[cfg(test)]
mod tests;
