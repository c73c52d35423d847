//! Which part of a URL is a credential.

use std::ops::{ControlFlow, Range};

use super::urls::{UrlPart, url_parts};

/// Parts of the names of query parameters that carry credentials.
const KEYS: [&str; 14] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "signature",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "accesskey",
    "auth",
    "private",
    "jwt",
];

/// Names of query parameters that carry credentials and are too short to be looked for in others.
const SHORT_KEYS: [&str; 5] = ["sig", "key", "pass", "pwd", "pat"];

/// User names that are no secret: those of version control, and of tokens whose secret is the password.
const OPEN_USERS: [&str; 8] =
    ["git", "hg", "svn", "anonymous", "oauth2", "x-access-token", "__token__", "gitlab-ci-token"];

/// What tokens of well-known services begin with, and hardly anything else does.
const TOKENS: [&str; 9] = ["ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "pypi-AgE", "AKIA"];

/// The same of tokens that begin as folders may, too: a user name is one of them.
const USER_TOKENS: [&str; 2] = ["pypi-", "npm_"];

/// A user name of this length is taken for a token.
const TOKEN_LENGTH: usize = 20;

/// So many characters follow the beginning of every token of these services.
const TOKEN_REST: usize = 16;

/// Whether a part of a URL in a text is a credential. A placeholder that a tool fills in (`${TOKEN}`) is none.
pub(super) fn is_credential(text: &str, part: UrlPart, range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    match part {
        UrlPart::UserInfo => is_secret_user(value),
        UrlPart::Segment => is_token(value) || value.split([';', '&']).skip(1).any(is_secret_pair),
        UrlPart::Query => has_secret_pair(value) || has_secret_url(value),
        // The key stands before what is hidden.
        UrlPart::Fragment => {
            let key = text[..range.start].trim_end_matches('=').rsplit(['#', '&']).next().unwrap_or_default();
            is_secret_key(key) && is_set(value)
        }
    }
}

/// Whether user info is a name that everybody knows.
pub(super) fn is_open_user(user_info: &str) -> bool {
    OPEN_USERS.contains(&user_info)
}

fn is_secret_user(user_info: &str) -> bool {
    let (user, password) = user_info.split_once(':').map_or((user_info, None), |(user, word)| (user, Some(word)));
    let is_of_a_service = || TOKENS.iter().chain(&USER_TOKENS).any(|start| user.starts_with(start));
    match password {
        Some(password) if !password.is_empty() => is_set(password) || is_of_a_service(),
        // Without a password, the name is what lets one in.
        Some(_) => is_set(user) && !is_open_user(user),
        None => is_set(user) && !is_open_user(user) && (user.len() >= TOKEN_LENGTH || is_of_a_service()),
    }
}

/// Whether a segment of a path begins with a token of a well-known service.
fn is_token(segment: &str) -> bool {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let rest = TOKENS.iter().find_map(|start| segment.strip_prefix(start));
    rest.is_some_and(|rest| rest.bytes().take_while(is_of_token).count() >= TOKEN_REST)
}

/// Whether a URL that a query hands on has a credential. What is in the query of that one in turn is not looked at as a URL:
/// so a text of nothing but URLs takes no longer than another.
fn has_secret_url(query: &str) -> bool {
    let found = url_parts(query, |part, range| {
        let is_secret = match part {
            UrlPart::Query => has_secret_pair(&query[range]),
            _ => is_credential(query, part, &range),
        };
        if is_secret { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

fn has_secret_pair(query: &str) -> bool {
    query.split(['&', ';']).any(is_secret_pair)
}

fn is_secret_pair(pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(key, value)| is_secret_key(key) && is_set(value))
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SHORT_KEYS.contains(&key.as_str()) || KEYS.iter().any(|part| key.contains(part))
}

/// Whether a value stands there itself, and not a placeholder for it.
fn is_set(value: &str) -> bool {
    !value.is_empty() && !is_placeholder(value) && value.chars().any(|character| character != '*')
}

/// Whether the whole of a value is what pip and Pipenv fill in, or a template. `$word` and `%word%` are not filled in
/// everywhere, and passwords may begin with them.
fn is_placeholder(value: &str) -> bool {
    // What closes a quotation around the URL.
    let value = value.trim_end_matches(['\'', ')', ',']);
    let name = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    name.is_some_and(is_name) || value.starts_with("{{") && value.ends_with("}}")
}
