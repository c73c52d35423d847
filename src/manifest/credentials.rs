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
const SHORT_KEYS: [&str; 7] = ["sig", "key", "pass", "pwd", "pw", "pat", "key-pair-id"];

/// The same of keys of Azure's functions, whose name is that of a short word elsewhere.
const CODE: &str = "code";

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
        UrlPart::Segment => {
            is_token(value)
                || is_of_index(&text[..range.start], value)
                || value.split([';', '&']).skip(1).any(is_secret_pair)
        }
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

/// Whether the first segment of a path is the token of a service of package indexes which has it there.
fn is_of_index(before: &str, segment: &str) -> bool {
    let before = before.strip_suffix('/').unwrap_or(before);
    let before = before.strip_suffix('\\').unwrap_or(before);
    let host_begins = before.rfind(['/', '@']).map_or(0, |at| at + 1);
    let (host, front) = (&before[host_begins..], before[..host_begins].trim_end_matches(['/', '\\']));
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    // What is a host stands behind `://`, or behind the user.
    let is_host = before[..host_begins].ends_with('@') || front.ends_with(':');
    let is_random = || segment.len() >= TOKEN_REST && segment.bytes().any(|byte| byte.is_ascii_digit());
    is_host
        && is_set(segment)
        && match host.as_str() {
            // `/public/`, and `/basic/` where user and password stand in front.
            "dl.cloudsmith.io" => !matches!(segment, "public" | "basic"),
            // Without a token the name of an account stands there.
            "pypi.fury.io" | "npm.fury.io" | "gem.fury.io" | "repo.fury.io" | "php.fury.io" | "nuget.fury.io" => {
                is_random()
            }
            _ => false,
        }
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
    let is_long_code = |key: &str, value: &str| key.eq_ignore_ascii_case(CODE) && value.len() >= TOKEN_LENGTH;
    let is_secret = |key, value| (is_secret_key(key) || is_long_code(key, value)) && is_set(value);
    pair.split_once('=').is_some_and(|(key, value)| is_secret(key, value))
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

#[cfg(test)]
mod tests {
    use super::super::mask::{hide_credentials, mask};

    #[test]
    fn tokens_in_the_paths_of_indexes_are_hidden() {
        let table = [
            ("https://pypi.fury.io/1fe2a0-AbCdEfGhIjKl/me/", "https://pypi.fury.io/****/me/"),
            (
                "https://dl.cloudsmith.io/aBcDeFgHiJkLmNoP/org/repo/python/simple/",
                "https://dl.cloudsmith.io/****/org/repo/python/simple/",
            ),
            (r"https:\/\/dl.cloudsmith.io\/aBcDeFgHiJkLmNoP\/org", r"https:\/\/dl.cloudsmith.io\/****\/org"),
            ("https://DL.cloudsmith.io:443/aBcDeFgHiJkLmNoP/org", "https://DL.cloudsmith.io:443/****/org"),
            ("https://h/x.zip?code=aBcDeFgHiJkLmNoPqRsT", "https://h/x.zip?****"),
            ("https://h/x.zip?pw=abc", "https://h/x.zip?****"),
            ("https://h/x.zip?Expires=1&Key-Pair-Id=abc", "https://h/x.zip?****"),
            ("https://h/x.zip?Policy=abc&Signature=abc", "https://h/x.zip?****"),
        ];
        for (text, hidden) in table {
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref()), (hidden, hidden), "{text}");
        }
    }

    #[test]
    fn hashes_and_names_in_paths_are_none() {
        for text in [
            "https://pypi.fury.io/me/",
            "https://pypi.fury.io/some-company-of-ours/x/",
            "https://pypi.fury.io/${TOKEN_OF_FURY_1}/me/",
            "https://dl.cloudsmith.io/public/org/repo/python/simple/",
            "https://dl.cloudsmith.io/basic/org/repo/python/simple/",
            "https://host/dl.cloudsmith.io/aBcDeFgHiJkLmNoP/org",
            "https://files.pythonhosted.org/packages/ab/cd/0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab/x.whl",
            "https://codeload.github.com/a/b/tar.gz/0e322af87745eff34caffe4df68456ebc20d9068",
            "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz",
        ] {
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref()), (text, text));
        }
        assert_eq!(hide_credentials("see https://host/errors?code=E401"), "see https://host/errors?code=E401");
    }
}
