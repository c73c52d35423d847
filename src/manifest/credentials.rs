//! Which part of a URL is a credential.

use std::ops::{ControlFlow, Range};

use super::hosts::{is_account, is_token_in_path, takes_token_as_user};
use super::keys::is_secret_key;
use super::placeholder::is_set;
use super::tokens::{is_token_of_path, is_token_of_user};
use super::urls::{UrlPart, url_parts};

/// The name of the query parameter with a key of Azure's functions, which is that of a short word elsewhere.
const CODE: &str = "code";

/// User names that are no secret: those of version control, and of tokens whose secret is the password.
const OPEN_USERS: [&str; 14] = [
    "git",
    "hg",
    "svn",
    "anonymous",
    "oauth2",
    "oauth2accesstoken",
    "x-access-token",
    "x-token-auth",
    "x-bitbucket-api-token-auth",
    "__token__",
    "gitlab-ci-token",
    "VssSessionToken",
    "_json_key",
    "_json_key_base64",
];

/// What user names of GitLab's deploy tokens begin with; a number follows.
const DEPLOY_USER: &str = "gitlab+deploy-token-";

/// A user name of this length is taken for a token.
const TOKEN_LENGTH: usize = 20;

/// Whether a part of a URL in a text is a credential. A placeholder that a tool fills in (`${TOKEN}`) is none.
pub(super) fn is_credential(text: &str, part: UrlPart, range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    match part {
        UrlPart::UserInfo => is_secret_user(value, &text[range.end..]),
        UrlPart::Segment => {
            is_token_of_path(value)
                || is_token_in_path(&text[..range.start], value)
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
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    OPEN_USERS.contains(&user_info) || user_info.strip_prefix(DEPLOY_USER).is_some_and(is_number)
}

/// Whether user info lets one in; `behind` is what follows, from the `@` on.
fn is_secret_user(user_info: &str, behind: &str) -> bool {
    let (user, password) = user_info.split_once(':').map_or((user_info, None), |(user, word)| (user, Some(word)));
    let is_token = || user.len() >= TOKEN_LENGTH || takes_token_as_user(behind);
    match password {
        Some(password) if !password.is_empty() => is_set(password) || is_token_of_user(user),
        // Without a password, the name is what lets one in.
        Some(_) => is_set(user) && !is_open_user(user),
        None if !is_set(user) || is_open_user(user) => false,
        None => is_token_of_user(user) || is_token() && !is_account(user, behind),
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

pub(super) fn has_secret_pair(query: &str) -> bool {
    query.split(['&', ';']).any(is_secret_pair)
}

fn is_secret_pair(pair: &str) -> bool {
    let is_long_code = |key: &str, value: &str| key.eq_ignore_ascii_case(CODE) && value.len() >= TOKEN_LENGTH;
    let is_secret = |key, value| (is_secret_key(key) || is_long_code(key, value)) && is_set(value);
    pair.split_once('=').is_some_and(|(key, value)| is_secret(key, value))
}

#[cfg(test)]
mod tests {
    use super::super::mask::{hide_credentials, mask};

    #[test]
    fn what_parameters_of_urls_say_is_hidden() {
        for text in [
            "https://h/x.zip?code=aBcDeFgHiJkLmNoPqRsT",
            "https://h/x.zip?pw=abc",
            "https://h/x.zip?Expires=1&Key-Pair-Id=abc",
            "https://h/x.zip?Policy=abc&Signature=abc",
        ] {
            let hidden = "https://h/x.zip?****";
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref()), (hidden, hidden), "{text}");
        }
        for open in ["see https://host/errors?code=E401", "https://host/commits?author=me&authors=all"] {
            assert_eq!(hide_credentials(open), open);
        }
    }
}
