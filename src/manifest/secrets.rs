//! Credentials in a manifest: its backup would keep them in S3, byte for byte.

use super::first::First;
use super::mask::mask;
use super::urls::{UrlPart, find_scheme, hidden_parts};
use crate::halt::Halt;
use std::ops::ControlFlow;

/// A line that carries a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands, counted from 1.
    pub line: usize,
    /// The URL, or what could be told of it, masked; `None` where it may not be shown.
    pub shown: Option<String>,
}

/// Parts of the names of query parameters that carry credentials.
const KEYS: [&str; 13] = [
    "token",
    "secret",
    "passw",
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
const SHORT_KEYS: [&str; 4] = ["sig", "key", "pwd", "pat"];

/// User names that are no secret: those of version control, and of tokens whose secret is the password.
const OPEN_USERS: [&str; 8] =
    ["git", "hg", "svn", "anonymous", "oauth2", "x-access-token", "__token__", "gitlab-ci-token"];

/// What well-known tokens begin with.
const TOKENS: [&str; 8] = ["ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "pypi-", "npm_"];

/// A user name of this length is taken for a token.
const TOKEN_LENGTH: usize = 20;

/// How many characters of a line are shown.
const SHOWN: usize = 160;

/// The lines of a manifest, of whatever format, with a URL that carries a password, a token or a signature. A
/// placeholder that a tool fills in (`${TOKEN}`) is no secret.
pub fn secrets(text: &str, halt: &Halt) -> Option<First<Secret>> {
    let lines = halt.over(lines_with_urls(text)).filter(|(_, line)| has_secret(line, halt));
    First::of(lines, |(line, text)| Secret { line, shown: Some(shown(text)) })
}

/// The lines with a URL, each with its number, counted from 1.
fn lines_with_urls(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut rest, mut number) = (text, 1);
    std::iter::from_fn(move || {
        let at = find_scheme(rest)?;
        let start = rest[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = rest[at..].find('\n').map_or(rest.len(), |end| at + end);
        let line = rest[start..end].strip_suffix('\r').unwrap_or(&rest[start..end]);
        number += rest[..start].bytes().filter(|byte| *byte == b'\n').count();
        let found = (number, line);
        rest = rest.get(end + 1..).unwrap_or_default();
        number += 1;
        Some(found)
    })
}

fn shown(line: &str) -> String {
    let words = line.split_whitespace().filter(|word| word.contains("://")).map(|word| mask(word).into_owned());
    words.collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
}

fn has_secret(line: &str, halt: &Halt) -> bool {
    let found = hidden_parts(line, |part, range| {
        let value = &line[range.clone()];
        let is_secret = match part {
            UrlPart::UserInfo => is_secret_user(value),
            UrlPart::Query => value.split(['&', ';']).any(is_secret_pair),
            // The key stands before what is hidden.
            UrlPart::Fragment => {
                let key = line[..range.start].trim_end_matches('=').rsplit(['#', '&']).next().unwrap_or_default();
                is_secret_key(key) && is_set(value)
            }
        };
        if is_secret || halt.is_raised() { ControlFlow::Break(is_secret) } else { ControlFlow::Continue(()) }
    });
    found == ControlFlow::Break(true)
}

fn is_secret_user(user_info: &str) -> bool {
    match user_info.split_once(':') {
        Some((_, password)) => is_set(password),
        None if OPEN_USERS.contains(&user_info) => false,
        None => {
            is_set(user_info) && (user_info.len() >= TOKEN_LENGTH || TOKENS.iter().any(|t| user_info.starts_with(t)))
        }
    }
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
    let is_placeholder =
        value.starts_with('$') || value.starts_with("{{") || value.starts_with('%') && value.ends_with('%');
    !value.is_empty() && !is_placeholder && value.chars().any(|character| character != '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> bool {
        secrets(line, &Halt::default()).is_some()
    }

    #[test]
    fn credentials_are_found() {
        let table = [
            "--index-url https://user:password@host/simple",
            "--extra-index-url=https://__token__:pypi-AgEIcH@host/simple",
            "x @ https://ghp_0123456789@github.com/a/b.zip",
            "x @ git+https://0123456789abcdef01234@host/x.git@main",
            "x @ https://host/x.whl?token=abc",
            "x @ https://host/x.whl?b=1&X-Amz-Signature=abc",
            "x @ https://host/x.whl?X-Amz-Credential=abc#sha256=00",
            "x @ https://host/x.whl?sv=1&sig=abc",
            "x @ https://host/x.whl#egg=x&access_token=abc",
            r#"      "resolved": "https://host/x.tgz?auth=abc","#,
            "wheels = [{ url = \"https://u:p@host/x.whl\" }]",
        ];
        for line in table {
            assert!(found(line), "{line}");
        }
    }

    #[test]
    fn what_is_no_credential_is_left_alone() {
        let table = [
            "requests==2.32.3",
            "x @ git+ssh://git@github.com/a/b.git@main",
            "x @ https://${USER}:${TOKEN}@host/x.whl",
            "x @ https://$TOKEN@host/x.whl",
            "x @ https://host/x.whl?token=${TOKEN}",
            "x @ https://user:****@host/x.whl",
            "x @ https://jenkins@host/x.git",
            "x @ https://host/x.whl?rev=main&egg=x#sha256=00ff",
            r#""resolved": "git+ssh://git@github.com/a/b.git#0e322af87745eff34caffe4df68456ebc20d9068""#,
            "https://host/@scope/name",
            "{ name = \"token\" }",
        ];
        for line in table {
            assert!(!found(line), "{line}");
        }
    }

    #[test]
    fn a_secret_is_told_by_its_line_and_never_shown() {
        let text = "six==1.16.0\n--index-url https://user:SECRET@host/simple?token=SECRET\n";
        let first = Secret { line: 2, shown: Some("https://****@host/simple?****".to_owned()) };
        assert_eq!(secrets(text, &Halt::default()), Some(First { first: first.clone(), more: 0 }));
        assert_eq!(secrets(&format!("{text}{text}"), &Halt::default()), Some(First { first, more: 1 }));
    }
}
