//! What in a text is a layer's own, or only an example: recognized where it begins.

use crate::outcome::JobReport;

/// Stands for a slot in a template: a private-use character, which no message has a reason to contain.
pub const SLOT: char = '\u{e000}';
/// A name, path or URI that is longer is taken for a text as any other, in bytes: each word of a message is held against it.
const LONGEST: usize = 1_200;

/// The words of a layer that another layer would have otherwise, longest first: a layer's name may be part of its URI.
pub fn own_words(job: &JobReport, request_id: Option<&str>) -> Vec<String> {
    let versions = [job.version, job.previous_version].into_iter().flatten();
    let optional = [request_id, job.manifest.backup.as_deref()];
    let always = [job.layer.as_str(), &job.layer_name, &job.manifest.path, &job.archive.staged];
    let words =
        always.into_iter().chain(optional.into_iter().flatten()).filter(|word| (1..=LONGEST).contains(&word.len()));
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    // As keys of backups have them.
    words.extend(versions.map(|version| format!("{version:06}")));
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// The own word, or the path, digest or id, that a text goes on with after what was read.
pub fn own_word<'a>(read: &str, text: &'a str, quoted: bool, own: &[String]) -> Option<&'a str> {
    let before = read.chars().last();
    if before.is_some_and(is_of_word) {
        return None;
    }
    // A layer called `requests` does not own the word in "too many requests": plain words count only where they are
    // quoted or part of an ARN or a path.
    let literal = quoted || before.is_some_and(|c| matches!(c, '\'' | '"' | '/' | ':' | '`'));
    let matches = |word: &str| text.starts_with(word) && !text[word.len()..].starts_with(is_of_word);
    let specific = |word: &str| word.contains('/') || word.contains(|c: char| c.is_ascii_digit()) && word.len() >= 12;
    own.iter()
        .find(|word| matches(word) && (literal || specific(word)))
        .map(|word| &text[..word.len()])
        .or_else(|| uri(text))
        .or_else(|| path(text, before == Some('`') && quoted))
        .or_else(|| bare_path(text, before))
        .or_else(|| version(read, text))
        .or_else(|| digest(text))
}

/// An S3 URI. As with all that follows, its end is only looked for where one begins: a message may be long.
fn uri(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("s3://")?;
    let end = inside.find([' ', '`', '"', '\'', ',', ';']).unwrap_or(inside.len());
    // What follows a colon is said of it.
    let uri = &text[..text.len() - inside.len() + end];
    Some(uri.strip_suffix(':').unwrap_or(uri))
}

/// What is quoted and is a path.
fn path(text: &str, quote_opened: bool) -> Option<&str> {
    let path = if quote_opened { &text[..text.find('`')?] } else { return None };
    (path.contains('/') && !path.contains([' ', SLOT])).then_some(path)
}

/// A path at the beginning of a word: `requests/layer is not a zip`.
fn bare_path(text: &str, before: Option<char>) -> Option<&str> {
    if before.is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let end = text.find(|c: char| !(is_of_word(c) || matches!(c, '.' | '/'))).unwrap_or(text.len());
    (text[..end].contains('/') && !text[end..].starts_with("://")).then_some(&text[..end])
}

/// The number in `version 17`.
fn version<'a>(read: &str, text: &'a str) -> Option<&'a str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0 && read.ends_with("version ")).then_some(&text[..end])
}

/// A digest or a UUID: at least 32 hexadecimal digits.
pub fn digest(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_hexdigit() || c == '-')).unwrap_or(text.len());
    let digits = text[..end].chars().filter(char::is_ascii_hexdigit).count();
    (digits >= 32 && !text[end..].starts_with(is_of_word)).then_some(&text[..end])
}

pub fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// All words in quotes that a text begins with, up to where it goes on: "`six`", "`six`, `idna` and 2 more".
pub fn quoted(text: &str) -> Option<&str> {
    let (_, mut rest) = quoted_word(text)?;
    while let Some((_, behind)) = rest.strip_prefix(", ").or(rest.strip_prefix(" and ")).and_then(quoted_word) {
        rest = behind;
    }
    let more = rest.strip_prefix(" and ").map(|more| more.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest = more.and_then(|more| more.strip_prefix(" more")).unwrap_or(rest);
    Some(&text[..text.len() - rest.len()])
}

/// The word in quotes that a text begins with, and what comes behind it; an action of a service, or what is more than a word, is
/// none.
pub fn quoted_word(text: &str) -> Option<(&str, &str)> {
    let (word, behind) = text.strip_prefix('`')?.split_once('`')?;
    (!word.is_empty() && !word.contains([' ', ':', SLOT])).then_some((word, behind))
}

/// `268.4 MB`
pub fn size(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let unit = ["B", "kB", "MB", "GB"].into_iter().find(|unit| {
        let behind = text[end..].strip_prefix(' ').and_then(|behind| behind.strip_prefix(unit));
        behind.is_some_and(|behind| !behind.starts_with(is_of_word))
    })?;
    (end > 0).then(|| &text[..end + 1 + unit.len()])
}
