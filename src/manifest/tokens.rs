//! Tokens of well-known services, told by what they begin with.

use std::ops::Range;

/// What such tokens begin with, up to a sign.
struct Token {
    begins: &'static str,
    /// So many characters follow at least, where nothing else says that it is one: so many that it is no name.
    least: usize,
    /// Hardly anything else begins so: no name of a folder either.
    is_alone: bool,
}

const fn token(begins: &'static str, least: usize, is_alone: bool) -> Token {
    Token { begins, least, is_alone }
}

const TOKENS: [Token; 16] = [
    token("ghp_", 36, true),
    token("gho_", 36, true),
    token("ghr_", 36, true),
    token("ghs_", 36, true),
    token("ghu_", 36, true),
    token("github_pat_", 36, true),
    token("glpat-", 20, true),
    token("gldt-", 20, true),
    token("glcbt-", 20, true),
    token("glptt-", 20, true),
    token("dckr_pat_", 24, true),
    token("xoxb-", 40, true),
    token("xoxp-", 40, true),
    token("npm_", 36, false),
    token("hf_", 30, false),
    token(PYPI, 64, false),
];

/// Of the Python Package Index, and what all of them go on with.
const PYPI: &str = "pypi-";
const MACAROON: &str = "AgE";

/// What ids of AWS's keys begin with, which have no sign in them.
const AWS: &str = "AKIA";

/// So many characters follow the beginning of every token in a path.
const REST: usize = 16;

/// Whether a user name begins as such a token does.
pub(super) fn is_token_of_user(user: &str) -> bool {
    user.starts_with(AWS) || TOKENS.iter().any(|token| user.starts_with(token.begins))
}

/// Whether a segment of a path begins with such a token.
pub(super) fn is_token_of_path(segment: &str) -> bool {
    let alone = TOKENS.iter().filter(|token| token.is_alone).map(|token| token.begins);
    let rest = alone.chain([AWS]).find_map(|begins| segment.strip_prefix(begins));
    let rest = rest.or_else(|| segment.strip_prefix(PYPI)?.strip_prefix(MACAROON));
    rest.is_some_and(|rest| rest.bytes().take_while(is_of_token).count() >= REST)
}

/// A token in a text that has the `-` or `_` here which ends what it begins with.
pub(super) fn token_at(text: &str, at: usize) -> Option<Range<usize>> {
    // The letters before the signs above.
    text.as_bytes()[..at].last().filter(|byte| b"bfimoprstu".contains(byte))?;
    let Token { begins, least, .. } = TOKENS.iter().find(|token| text[..=at].ends_with(token.begins))?;
    let start = at + 1 - begins.len();
    if text.as_bytes()[..start].last().is_some_and(is_of_token) {
        return None;
    }
    let rest = &text.as_bytes()[at + 1..];
    // What goes on with dashes may be a name.
    let solid = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let length = rest.iter().take_while(|byte| is_of_token(byte)).count();
    let is_one = match *begins {
        PYPI => length >= *least && rest.starts_with(MACAROON.as_bytes()),
        "ghp_" | "gho_" | "ghr_" | "ghs_" | "ghu_" | "npm_" | "hf_" => solid >= *least,
        _ => length >= *least && rest[..length].iter().any(u8::is_ascii_uppercase),
    };
    is_one.then_some(start..at + 1 + length)
}

fn is_of_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(byte)
}
