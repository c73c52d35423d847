//! Characters of URLs that are written in another way: escaped in strings of JSON, TOML and YAML, or percent-encoded in a URL
//! that is a part of another.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::urls::end_of_word;

/// `://` in a URL that is a part of another, as Yarn's `__archiveUrl=` has it.
const SCHEME: &str = "%3A%2F%2F";

/// What parts of a URL begin and end with. Nothing else needs to be decoded, and `%24%7BX%7D` must not become a placeholder.
const DELIMITERS: [(&str, char); 8] =
    [("%3A", ':'), ("%2F", '/'), ("%40", '@'), ("%3F", '?'), ("%3D", '='), ("%26", '&'), ("%23", '#'), ("%3B", ';')];

/// What stands for a character that would end the word, but does not where it is escaped: no URL has one as it is.
const INSIDE: char = '`';

/// The text with every URL as it is meant, whatever its format is. Its lines stay what they are.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    match without_backslashes(text) {
        Cow::Borrowed(text) => with_urls_decoded(text),
        Cow::Owned(text) => with_urls_decoded(&text).into_owned().into(),
    }
}

/// Where the percent-encoded URLs of a text are, each from behind its scheme to the end of the word.
pub(super) fn encoded_urls(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    memchr_iter(b'%', text.as_bytes()).filter_map(move |at| {
        if at < from || !starts_with(&text[at..], SCHEME) {
            return None;
        }
        let start = at + SCHEME.len();
        from = end_of_word(text, start);
        Some(start..from)
    })
}

/// Such a URL with its delimiters, from the `://` on.
pub(super) fn decoded_url(encoded: &str) -> String {
    let (mut decoded, mut rest) = ("://".to_owned(), encoded);
    while let Some(at) = memchr(b'%', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = DELIMITERS.iter().find(|(code, _)| starts_with(rest, code));
        let (length, meant) = found.map_or((1, '%'), |(code, meant)| (code.len(), *meant));
        decoded.push(meant);
        rest = &rest[length..];
    }
    decoded + rest
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(start))
}

fn with_urls_decoded(text: &str) -> Cow<'_, str> {
    let (mut decoded, mut done) = (String::new(), 0);
    for url in encoded_urls(text) {
        decoded.push_str(&text[done..url.start - SCHEME.len()]);
        decoded.push_str(&decoded_url(&text[url.clone()]));
        done = url.end;
    }
    if done == 0 { text.into() } else { (decoded + &text[done..]).into() }
}

fn without_backslashes(text: &str) -> Cow<'_, str> {
    let (mut meant, mut rest) = (String::new(), text);
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (before, escape) = rest.split_at(at);
        let (length, character) = escaped(escape).unwrap_or_else(|| (unknown(escape), None));
        meant.push_str(before);
        match character {
            Some(character) => meant.push(character),
            None => meant.push_str(&escape[..length]),
        }
        rest = &escape[length..];
    }
    if meant.is_empty() { text.into() } else { (meant + rest).into() }
}

/// How long what begins with a `\` is where it is left as it is. An escaped `\` is no beginning of what follows.
fn unknown(escape: &str) -> usize {
    if escape.starts_with(r"\\") { 2 } else { 1 }
}

/// How long an escape is, and what it means; `None` where it is none that matters.
fn escaped(escape: &str) -> Option<(usize, Option<char>)> {
    let digits = match escape.as_bytes().get(1)? {
        b'/' => return Some((2, Some('/'))),
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => return None,
    };
    let length = 2 + digits;
    let code = escape.get(2..length).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let character = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
    let ends_word = character.is_whitespace() || character == '"';
    Some((length, Some(if ends_word { INSIDE } else { character })))
}
