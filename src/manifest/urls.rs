//! The parts of URLs in a text that may hold credentials, found in one pass.
//!
//! Every byte is looked at a fixed number of times, whatever the text is: a manifest may come from anybody, and three
//! hundred kilobytes of `://` must not take longer than as many of words.

use memchr::memchr_iter;
use std::ops::{ControlFlow, Range};

/// A part of a URL that may be one, or hold one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UrlPart {
    /// `user:password` before the `@`.
    UserInfo,
    /// What stands between slashes of the path, with its parameters (`;key=value`).
    Segment,
    /// What stands behind a `?`.
    Query,
    /// The value of `key=value` behind a `#`, unless it says what is installed (`egg`, `sha256` …).
    Fragment,
}

/// Keys behind a `#` whose values say what is installed: pip's hashes, `egg` and `subdirectory`, Yarn's `commit`.
const OPEN_KEYS: [&str; 10] =
    ["egg", "subdirectory", "commit", "sha512", "sha384", "sha256", "sha224", "sha1", "md5", "semver"];

/// Slashes behind a scheme; PHP escapes those in JSON.
const SLASHES: [&str; 2] = ["/", r"\/"];

/// Schemes whose hosts curl, npm and browsers find behind any number of slashes, one or none.
const WEB: [&str; 3] = ["http", "https", "ftp"];

/// How far a password is looked for behind a scheme without any slash, in bytes.
const NEAR: usize = 256;

/// Most names of schemes are shorter.
const LONGEST_SCHEME: usize = 16;

/// Tells every such part of every URL in a text, in order, with its place, until that is enough. Any scheme counts
/// (`git+ssh`, `git+https` …).
pub(super) fn url_parts<B>(
    text: &str,
    mut found: impl FnMut(UrlPart, Range<usize>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut rest = text;
    while let Some(start) = find_scheme(rest) {
        let offset = text.len() - rest.len();
        let end = end_of_word(rest, behind_blanks(rest, start).unwrap_or(start));
        let mut url = Url { text: &rest[..end], last_at: rest[..end].rfind('@'), at: start };
        while let Some((part, Range { start, end })) = url.next_part() {
            found(part, offset + start..offset + end)?;
        }
        rest = &rest[end..];
    }
    ControlFlow::Continue(())
}

/// Where the first `://` is, or what stands for it. Most texts have no colon at all, which is seen at once.
pub(super) fn find_scheme(text: &str) -> Option<usize> {
    memchr_iter(b':', text.as_bytes()).find(|&at| sign(text, at).is_some())
}

/// How long the `://` is that a text has at a colon, or what stands for it.
fn sign(text: &str, colon: usize) -> Option<usize> {
    let (mut count, mut end) = (0, colon + 1);
    let is_web = || WEB.iter().any(|scheme| ends_with(&text.as_bytes()[..colon], scheme.as_bytes()));
    while let Some(slash) = SLASHES.iter().find(|slash| text[end..].starts_with(**slash)) {
        if count == 2 && !is_web() {
            break;
        }
        (count, end) = (count + 1, end + slash.len());
    }
    let is_one = match count {
        0 => is_web() && has_password(&text.as_bytes()[end..]),
        1 => is_web(),
        _ => true,
    };
    is_one.then_some(end - colon)
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len().checked_sub(end.len()).is_some_and(|at| text[at..].eq_ignore_ascii_case(end))
}

/// Whether a text begins with `user:password@`.
fn has_password(text: &[u8]) -> bool {
    let near = &text[..text.len().min(NEAR)];
    let authority = near.split(|byte| b"/?#\"'<>` \t\r\n".contains(byte)).next().unwrap_or(near);
    let at = authority.iter().rposition(|byte| *byte == b'@');
    at.is_some_and(|at| authority[..at].iter().position(|byte| *byte == b':').is_some_and(|colon| colon > 0))
}

/// Where the `@` is behind a password with blanks: a shell, JSON and TOML let one stand in a URL between quotes, and pip and npm
/// take it. What a sentence says behind a host and its port is none.
fn behind_blanks(text: &str, colon: usize) -> Option<usize> {
    let start = colon + sign(text, colon)?;
    let scheme = text[..colon].bytes().rev().take(LONGEST_SCHEME);
    let scheme = scheme.take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
    if !text[..colon - scheme].ends_with(['"', '\'']) {
        return None;
    }
    let ends = |next: char| matches!(next, '/' | '?' | '#' | '"' | '\'' | '\r' | '\n') || AROUND.contains(&next);
    let authority = &text[start..start + text[start..].find(ends)?];
    let at = authority.rfind('@')?;
    let (_, password) = authority[..at].split_once(':')?;
    let word = password.split(char::is_whitespace).next().unwrap_or(password);
    let is_port = word.bytes().all(|byte| byte.is_ascii_digit());
    (!is_port && word.len() < password.len()).then_some(start + at)
}

/// Where the word ends that goes on from here: before a `\` that belongs to the quote behind it.
pub(super) fn end_of_word(text: &str, from: usize) -> usize {
    for (at, next) in text[from..].char_indices().map(|(at, next)| (from + at, next)) {
        if next.is_whitespace() {
            return at;
        }
        if next == '"' && is_quote(text, at) {
            return text[..at].trim_end_matches('\\').len().max(from);
        }
    }
    text.len()
}

/// Whether a `"` begins or ends a string, as those of JSON, TOML and HTML do. Between other characters, or behind a `\`, it is
/// a part of a word.
pub(super) fn is_quote(text: &str, at: usize) -> bool {
    let begins = |before: char| before.is_whitespace() || "[{(,:=<*".contains(before);
    let ends = |behind: char| behind.is_whitespace() || "]}),:;=/>\"".contains(behind);
    text[..at].chars().next_back().is_none_or(begins) || text[at + 1..].chars().next().is_none_or(ends)
}

/// What no URL should have as it is, so that texts put it around one. A password may have it all the same.
const AROUND: [char; 4] = ['<', '>', '`', '"'];

/// Whether a text begins with what is around a URL and no part of a value.
fn closes(text: &str) -> bool {
    text.strip_prefix(AROUND).is_some_and(|behind| !behind.starts_with(char::is_alphanumeric))
}

/// What parts of a URL begin with.
const PARTING: [char; 5] = ['/', ':', '?', '#', '&'];

/// A run of characters that can all be part of a URL. It may hold several, one in the path of the other.
struct Url<'a> {
    text: &'a str,
    last_at: Option<usize>,
    /// Everything before was looked at.
    at: usize,
}

impl Url<'_> {
    fn next_part(&mut self) -> Option<(UrlPart, Range<usize>)> {
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let step = rest.find(|next| PARTING.contains(&next) || AROUND.contains(&next))?;
            self.at += step;
            let rest = &rest[step..];
            if rest.starts_with(AROUND) {
                // The URL is over; another one may follow in the same word.
                self.at += find_scheme(rest)?;
                continue;
            }
            let sign = if rest.starts_with(':') { sign(self.text, self.at) } else { None };
            let part = if let Some(sign) = sign {
                self.user_info(self.at + sign)
            } else if rest.starts_with('/') {
                self.segment(self.at + 1)
            } else if rest.starts_with('?') {
                self.query(self.at + 1)
            } else if rest.starts_with(':') {
                self.at += 1;
                None
            } else {
                self.fragment(self.at + 1)
            };
            if let Some((part, Range { start, end })) = part {
                // What escapes the character behind it stays with that one.
                let end = start + self.text[start..end].trim_end_matches('\\').len();
                self.at = end;
                return Some((part, start..end));
            }
        }
        None
    }

    fn user_info(&mut self, start: usize) -> Option<(UrlPart, Range<usize>)> {
        self.at = start;
        let url = &self.text[start..];
        let authority =
            &url[..url.find(|next| ['/', '?', '#'].contains(&next) || AROUND.contains(&next)).unwrap_or(url.len())];
        // A password may contain an `@` of its own, so the last one counts.
        let end = authority.rfind('@').map(|at| start + at);
        let end = end.or_else(|| self.last_at.filter(|at| *at >= start && has_unescaped_password(authority)))?;
        Some((UrlPart::UserInfo, start..end))
    }

    fn segment(&mut self, start: usize) -> Option<(UrlPart, Range<usize>)> {
        self.at = start;
        let segment = &self.text[start..];
        let mut has_parameters = false;
        let ends = |(at, next): &(usize, char)| {
            has_parameters |= *next == ';';
            let is_value = match next {
                '&' => has_parameters,
                ':' => has_parameters && sign(segment, *at).is_none(),
                next => !PARTING.contains(next) && !AROUND.contains(next),
            };
            !is_value
        };
        let end = start + segment.char_indices().find(ends).map_or(segment.len(), |(at, _)| at);
        (end > start).then_some((UrlPart::Segment, start..end))
    }

    fn query(&mut self, start: usize) -> Option<(UrlPart, Range<usize>)> {
        self.at = start;
        let query = &self.text[start..];
        let ends = |&(at, next): &(usize, char)| next == '#' || closes(&query[at..]);
        let end = start + query.char_indices().find(ends).map_or(query.len(), |(at, _)| at);
        (end > start).then_some((UrlPart::Query, start..end))
    }

    fn fragment(&mut self, start: usize) -> Option<(UrlPart, Range<usize>)> {
        self.at = start;
        let fragment = &self.text[start..];
        let ends = |&(at, next): &(usize, char)| ['&', '?', '#'].contains(&next) || closes(&fragment[at..]);
        let pair = &fragment[..fragment.char_indices().find(ends).map_or(fragment.len(), |(at, _)| at)];
        let (key, value) = pair.split_once('=')?;
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_open = !is_key || OPEN_KEYS.iter().any(|open| key.eq_ignore_ascii_case(open));
        let range = start + key.len() + 1..start + pair.len();
        (!is_open && !value.is_empty()).then_some((UrlPart::Fragment, range))
    }
}

/// A password with a `/`, `?`, `#` or one of [`AROUND`] that somebody forgot to escape: such a URL may not work, but it must not be
/// shown either. It betrays itself by something other than a port behind the first colon.
fn has_unescaped_password(authority: &str) -> bool {
    let Some((host, port)) = authority.split_once(':') else { return false };
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    !host.starts_with('[') && !is_port
}

/// The revision that a version control URL (`git+https://…@revision#egg=…`) is fixed to.
pub(super) fn revision(url: &str) -> Option<&str> {
    let (scheme, place) = url.split_once("://")?;
    scheme.contains('+').then_some(())?;
    let place = place.split(['#', '?']).next().unwrap_or(place);
    let (_authority, path) = place.split_once('/')?;
    path.rsplit_once('@').map(|(_, revision)| revision)
}
