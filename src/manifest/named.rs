//! Credentials that stand in no URL, told by what is in front of them: values of options, settings of npm, headers of requests,
//! and the beginnings of tokens of well-known services.
//!
//! Every byte is looked at a fixed number of times, as in `urls`: how far is looked back or ahead for a name is bounded.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3_iter};

use super::credentials::{has_secret_pair, is_open_user};
use super::hosts::takes_token_as_user;
use super::keys::{is_flag, is_path_of, is_secret_name};
use super::options::{Kind, long, short};
use super::placeholder::{is_example, is_set, is_word};
use super::quoted::{Quote, value};
use super::tokens::{is_token_of_user, token_at};

/// Options of other tools, or of older ones, with values as some of pip's have them.
const MORE: [(&str, Kind); 6] = [
    ("--install-option", Kind::Setting),
    ("--build-option", Kind::Setting),
    ("--proxy", Kind::Host),
    ("--default-index", Kind::Index),
    ("--registry", Kind::Index),
    ("--allow-insecure-host", Kind::Host),
];

/// Settings of npm that hold a credential, behind their `_`.
const NPM: [&str; 3] = ["auth", "authToken", "password"];

/// Headers whose value is a credential.
const HEADERS: [&str; 7] =
    ["private-token", "job-token", "deploy-token", "x-api-key", "api-token", "x-auth-token", "x-jfrog-art-api"];

/// Headers whose value is a scheme and a credential.
const AUTHORIZATIONS: [&str; 2] = ["authorization", "proxy-authorization"];

/// What all of them end with: few other names do, so that most colons are seen through at once.
const ENDS_OF_HEADERS: [&[u8; 4]; 4] = [b"oken", b"-key", b"-api", b"tion"];

/// The schemes.
const SCHEMES: [&str; 5] = ["basic", "bearer", "token", "apikey", "digest"];

/// Longer names are none that are known.
const LONGEST: usize = 64;

/// How far user info goes at most.
const NEAR: usize = 256;

/// Schemes of places that are no web pages: what follows is a name with a version.
const SCHEMES_OF_NAMES: [&str; 8] = ["file", "git", "link", "npm", "patch", "portal", "workspace", "sha256"];

/// Something that says what the value behind it is.
#[derive(Debug, Clone, Copy)]
struct Name {
    /// Where it begins.
    start: usize,
    /// Where its value begins.
    end: usize,
    is: Is,
}

#[derive(Debug, Clone, Copy)]
enum Is {
    /// An option with the address of an index, of a host, of a file, in these quotes.
    Place(Option<Quote>),
    /// An option with `KEY=VALUE`, in these quotes.
    Setting(Option<Quote>),
    /// Something whose whole value is secret, in these quotes.
    Secret(Option<Quote>),
    /// Itself the credential, up to here.
    Token,
}

/// Where the credentials of a text are, in order.
pub(super) fn credentials(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let name = next_name(text, at)?;
            let (range, is_secret) = looked_at(text, name);
            at = range.end.max(name.end);
            if is_secret {
                return Some(range);
            }
        }
    })
}

/// Where the first thing in a text is that names a credential, if it has one: the value may be on another line.
pub(super) fn find_name(text: &str) -> Option<usize> {
    next_name(text, 0).map(|name| name.start)
}

/// The user info at the beginning of a place without a scheme: `user:password@host/simple`, `//user:password@host`.
pub(super) fn user_info(place: &str) -> Option<Range<usize>> {
    let start = place.len() - without_slashes(place).len();
    let ends = |next: char| matches!(next, '/' | '?' | '#' | '<' | '>') || next.is_control();
    let authority = near(&place[start..]);
    let authority = &authority[..authority.find(ends).unwrap_or(authority.len())];
    let at = authority.rfind('@')?;
    let (info, host) = (&authority[..at], &authority[at..]);
    let (user, password) = info.split_once(':').unwrap_or((info, ""));
    if user.len() == 1 && password.starts_with('\\') {
        // A drive of Windows.
        return None;
    }
    // `git@host:path@revision` is what ssh takes.
    let is_open = user.split_once('@').is_some_and(|(user, _)| is_open_user(user));
    let is_name = is_open || SCHEMES_OF_NAMES.contains(&user) || user.contains('+');
    let is_user = !is_name && (start > 0 || !user.is_empty());
    let is_secret = is_set(password) || is_token_of_user(user) || is_set(user) && takes_token_as_user(host);
    (is_user && is_secret && is_host(&host[1..])).then_some(start..start + at)
}

/// What such a place asks for, where that is a credential.
fn secret_query(place: &str) -> Option<Range<usize>> {
    let start = place.find('?')? + 1;
    (!place.contains("://") && has_secret_pair(&place[start..])).then_some(start..place.len())
}

/// User info in a place without a scheme that no option names: behind `//`, or where a requirement has one. `at` is the colon of it.
fn bare(text: &str, at: usize) -> Option<Name> {
    let password = near(&text[at + 1..]);
    if password.starts_with([' ', '\n']) || memchr(b'@', password.as_bytes()).is_none() {
        return None;
    }
    let begins = |next: char| next.is_whitespace() || "\"'`<([{,;=:".contains(next);
    let front = &text[text.floor_char_boundary(at.saturating_sub(NEAR))..at];
    let start = at - front.len() + front.rfind(begins).map_or(0, |before| before + 1);
    let (before, place) = (&text[..start], near(&text[start..]));
    let has_slashes = place.starts_with("//") || place.starts_with(r"\/\/");
    let is_behind = |end: &str| before.ends_with(end);
    if is_behind(":") || !(has_slashes || before.is_empty() || is_behind("\n") || is_behind("@ ")) {
        return None;
    }
    let place = &place[value(place, 0, None)];
    let info = user_info(place)?;
    // `name@npm:other@tag` is what yarn writes.
    let is_place = place[info.end..].contains('/') && (has_slashes || !place[..at - start].contains('@'));
    is_place.then(|| Name { start: start + info.start, end: start + info.end, is: Is::Token })
}

fn without_slashes(mut place: &str) -> &str {
    while let Some(rest) = place.strip_prefix('/').or_else(|| place.strip_prefix(r"\/")) {
        place = rest;
    }
    place
}

/// So much of a text as user info may take.
fn near(text: &str) -> &str {
    &text[..text.floor_char_boundary(NEAR)]
}

/// Whether an authority names a host, and no version (`name@1.0.0`) and no digest.
fn is_host(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    let is_address = || host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_name = host.starts_with(|first: char| first.is_alphabetic()) && !host.starts_with("sha256");
    is_name || authority.starts_with(['[', '$', '{']) || is_address()
}

fn next_name(text: &str, from: usize) -> Option<Name> {
    let bytes = text.as_bytes();
    memchr3_iter(b'-', b'_', b':', &bytes[from..]).find_map(|at| {
        let at = from + at;
        match bytes[at] {
            b':' => header(text, at).or_else(|| bare(text, at)),
            b'_' if bytes.get(at + 1).is_some_and(|next| b"aApP".contains(next)) => {
                npm(text, at).or_else(|| token(text, at))
            }
            b'_' => token(text, at),
            _ => option(text, at).or_else(|| token(text, at)),
        }
    })
}

/// What of a text was looked at for a name, and whether that is secret.
fn looked_at(text: &str, name: Name) -> (Range<usize>, bool) {
    let nothing = (name.end..name.end, false);
    match name.is {
        Is::Token => (name.start..name.end, true),
        Is::Secret(around) => {
            let range = value(text, name.end, around);
            let (range, is_secret) = secret(text, name_at(text, name.start), range);
            let is_assigned = text[..name.end].ends_with('=');
            let is_word = !is_assigned && is_word(&text[range.clone()]);
            (range, is_secret && !is_word)
        }
        Is::Setting(around) => setting(text, name.end, around).unwrap_or(nothing),
        Is::Place(around) => {
            // What it begins with is enough, and other names may stand in the rest.
            let near = near(&text[name.end..]);
            if near.starts_with('-') || memchr2(b'@', b'?', near.as_bytes()).is_none() {
                return nothing;
            }
            let text = &text[..name.end + near.len()];
            let place = value(text, name.end, around);
            let found = user_info(&text[place.clone()]).or_else(|| secret_query(&text[place.clone()]));
            found.map_or(nothing, |found| (place.start + found.start..place.start + found.end, true))
        }
    }
}

/// `KEY=VALUE`, whose key may have dashes in front as an option.
fn setting(text: &str, at: usize, around: Option<Quote>) -> Option<(Range<usize>, bool)> {
    let (around, at) = Quote::at(text, at).map_or((around, at), |(quote, at)| (Some(quote), at));
    let key = name_at(text, at);
    let end = at + key.len();
    (text[end..].starts_with('=') && is_secret_name(key)).then(|| secret(text, key, value(text, end + 1, around)))
}

fn secret(text: &str, name: &str, range: Range<usize>) -> (Range<usize>, bool) {
    let is_secret = is_secret_value(name, &text[range.clone()]);
    (range, is_secret)
}

/// Whether a value is more than a word about a credential, or the place of one (`<token>`, `xxx`, `...`, the path of a file).
pub(super) fn is_secret_value(name: &str, value: &str) -> bool {
    let value = value.trim_end_matches(',');
    is_set(value) && !is_flag(value) && !is_example(value) && !is_path_of(name, value)
}

/// `--name`, `-n`, where a word begins.
fn option(text: &str, at: usize) -> Option<Name> {
    let begins = |before: &u8| before.is_ascii_whitespace() || b"\"'`([{=,;|".contains(before);
    if !text.as_bytes()[..at].last().is_none_or(begins) {
        return None;
    }
    let name = name_at(text, at);
    if name == "--hash" {
        // Half the words of a file that is locked.
        return None;
    }
    let around = Quote::before(text, at);
    let (is, end) = if name.starts_with("--") {
        let end = at + name.len();
        let is = match long_option(name) {
            Some(is) => of_kind(is, around)?,
            None if is_secret_name(name) && (text[end..].starts_with('=') || is_traced(text, at)) => Is::Secret(around),
            None if name == "--user" && is_of_curl(text, at) => Is::Secret(around),
            None => return None,
        };
        (is, end)
    } else if name == "-u" && is_of_curl(text, at) {
        (Is::Secret(around), at + 2)
    } else if name.starts_with("-D") {
        (Is::Setting(around), at + 2)
    } else {
        (of_kind(short(name)?, around)?, at + 2)
    };
    Some(Name { start: at, end: value_at(text, end), is })
}

/// Whether a place is in what a shell prints of what it runs (`+ tool --token …`): in a sentence, what follows a name of an
/// option is no value.
fn is_traced(text: &str, at: usize) -> bool {
    let begins = |before: &u8| *before == b'+' || before.is_ascii_whitespace() || b"\"'`".contains(before);
    let before = before(text, at);
    before.match_indices("+ ").any(|(at, _)| before.as_bytes()[..at].last().is_none_or(begins))
}

/// Whether a place is behind the name of curl, whose user has the password behind a colon.
fn is_of_curl(text: &str, at: usize) -> bool {
    before(text, at).split(' ').any(|word| word == "curl")
        && near(&text[value_at(text, at)..]).split_whitespace().nth(1).is_some_and(|value| value.contains(':'))
}

/// What stands in front of a place in its line, if it is near.
fn before(text: &str, at: usize) -> &str {
    let near = &text[text.floor_char_boundary(at.saturating_sub(NEAR))..at];
    &near[near.rfind('\n').map_or(0, |end| end + 1)..]
}

fn long_option(name: &str) -> Option<Kind> {
    long(name).or_else(|| MORE.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind))
}

fn of_kind(kind: Kind, around: Option<Quote>) -> Option<Is> {
    match kind {
        Kind::Setting => Some(Is::Setting(around)),
        Kind::NoIndex | Kind::Other => None,
        _ => Some(Is::Place(around)),
    }
}

/// The name that begins here, as far as a name may be long.
fn name_at(text: &str, at: usize) -> &str {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let length = text.as_bytes()[at..].iter().take(LONGEST).take_while(|byte| is_of_name(byte)).count();
    &text[at..at + length]
}

/// Where the value begins behind the name of an option: behind a `=` or blanks, or at once.
fn value_at(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let rest = rest.strip_prefix('=').unwrap_or_else(|| rest.trim_start_matches([' ', '\t']));
    text.len() - rest.len()
}

/// `_authToken=…`, `"_auth": "…"`, `//host/:_password=…`.
fn npm(text: &str, at: usize) -> Option<Name> {
    let name = name_at(text, at);
    if !NPM.iter().any(|known| name[1..].eq_ignore_ascii_case(known)) {
        return None;
    }
    let before = &text.as_bytes()[..at];
    let is_of_environment = || before.len() >= 11 && before[at - 11..].eq_ignore_ascii_case(b"npm_config_");
    if before.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)) && !is_of_environment() {
        return None;
    }
    let end = behind_sign(text, at + name.len(), &[':', '='])?;
    (!text[end..].starts_with(['{', '['])).then_some(Name { start: at, end, is: Is::Secret(None) })
}

/// `Authorization: Basic …`, `PRIVATE-TOKEN: …`.
fn header(text: &str, at: usize) -> Option<Name> {
    let before = text[..at].strip_suffix(['"', '\'']).unwrap_or(&text[..at]);
    let before = before.strip_suffix('\\').unwrap_or(before);
    let end = before.as_bytes().last_chunk::<4>()?;
    if !ENDS_OF_HEADERS.iter().any(|known| end.eq_ignore_ascii_case(*known)) {
        return None;
    }
    let is_of_name = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'-';
    let length = before.bytes().rev().take(LONGEST).take_while(is_of_name).count();
    let start = before.len() - length;
    let is_one_of = |names: &[&str]| names.iter().any(|known| before[start..].eq_ignore_ascii_case(known));
    let around = Quote::before(text, start);
    if is_one_of(&HEADERS) {
        // Packages have such names, too: as keys, with their versions behind them.
        let is_header = before.len() == at && (around.is_some() || text[..start].ends_with("> "));
        return is_header.then_some(Name { start, end: behind_sign(text, at, &[':'])?, is: Is::Secret(around) });
    }
    if !is_one_of(&AUTHORIZATIONS) {
        return None;
    }
    let end = behind_sign(text, before.len(), &[':'])?;
    let (around, end) = Quote::at(text, end).map_or((around, end), |(quote, end)| (Some(quote), end));
    let scheme = name_at(text, end);
    let end = end + scheme.len();
    let is_known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && text[end..].starts_with(' ');
    is_known.then(|| Name { start, end: value_at(text, end), is: Is::Secret(around) })
}

/// Where the value begins behind a name, which may be in quotes, and one of these signs.
fn behind_sign(text: &str, at: usize, signs: &[char]) -> Option<usize> {
    let rest = text[at..].strip_prefix('\\').unwrap_or(&text[at..]);
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', '\t']).strip_prefix(signs)?;
    Some(text.len() - rest.trim_start_matches([' ', '\t']).len())
}

/// A token of a well-known service, by a sign in it.
fn token(text: &str, at: usize) -> Option<Name> {
    token_at(text, at).map(|Range { start, end }| Name { start, end, is: Is::Token })
}

#[cfg(test)]
mod tests;
