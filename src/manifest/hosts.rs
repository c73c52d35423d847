//! Services of package indexes whose URLs hold a token elsewhere than in a password.
//!
//! What they document: Gemfury takes a token as the user alone (`https://TOKEN@pypi.fury.io/me/`) or as the first part of the path;
//! packagecloud as the user, or behind `/priv/`; Cloudsmith in place of `/public/` and `/basic/`; Anaconda behind `/t/`; MyGet
//! behind `/auth/`.

use super::keys::is_set;

/// So many characters the shortest token has that stands where the name of an account may stand.
const TOKEN_LENGTH: usize = 16;

/// Whether a user without a password is a token, by the host: none of those behind which nothing else makes sense. `behind` is what
/// follows the user, from the `@` on.
pub(super) fn takes_token_as_user(behind: &str) -> bool {
    let host = host_behind(behind);
    is_within(host, "fury.io") || is_within(host, "packagecloud.io")
}

/// Whether a user is the account whose path follows, as in what Azure DevOps and Bitbucket give to be copied
/// (`https://acme@dev.azure.com/acme/…`). `behind` is what follows the user, from the `@` on.
pub(super) fn is_account(user: &str, behind: &str) -> bool {
    let path = behind.trim_start_matches('@').split_once('/').map_or("", |(_, path)| path);
    let first = path.split(['/', '?', '#']).next().unwrap_or_default().trim_end_matches('\\');
    !first.is_empty() && first.eq_ignore_ascii_case(user)
}

/// Whether a segment of a path is the token of a service which has it there; `before` is all that stands in front of it.
pub(super) fn is_token_in_path(before: &str, segment: &str) -> bool {
    let (front, last) = split_last(before);
    let is_token = match last {
        "priv" => is_root(front, &["packagecloud.io"]),
        "t" => is_root(front, &["anaconda.org", "anaconda.com", "anaconda.cloud"]),
        "auth" => is_root(split_last(split_last(front).0).0, &["myget.org"]),
        _ if !is_front_of_host(front) => false,
        host => is_first(host_of(host), segment),
    };
    is_token && is_set(segment)
}

/// Whether the first segment of a path of this host is a token.
fn is_first(host: &str, segment: &str) -> bool {
    match () {
        // `/public/`, and `/basic/` where user and password stand in front.
        () if is_within(host, "dl.cloudsmith.io") => !matches!(segment, "public" | "basic"),
        // Without a token the name of an account stands there, which has no capitals.
        () if is_within(host, "fury.io") => {
            let has = |is_one: fn(&u8) -> bool| segment.bytes().any(|byte| is_one(&byte));
            segment.len() >= TOKEN_LENGTH
                && (has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        }
        () => false,
    }
}

/// What stands in front of the last part of a path, and that part, whatever escapes the slashes.
fn split_last(path: &str) -> (&str, &str) {
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = path.strip_suffix('\\').unwrap_or(path);
    let at = path.rfind(['/', '@']).map_or(0, |at| at + 1);
    (&path[..at], &path[at..])
}

/// Whether a path is nothing but the scheme and one of these hosts, or one below them.
fn is_root(path: &str, hosts: &[&str]) -> bool {
    let (front, host) = split_last(path);
    is_front_of_host(front) && hosts.iter().any(|known| is_within(host_of(host), known))
}

/// A host stands behind `://`, or behind the user.
fn is_front_of_host(front: &str) -> bool {
    front.ends_with('@') || front.trim_end_matches(['/', '\\']).ends_with(':')
}

fn host_behind(behind: &str) -> &str {
    let rest = behind.trim_start_matches('@');
    let ends =
        |next: char| matches!(next, '/' | '\\' | '?' | '#' | '"' | '\'' | '`' | '<' | '>') || next.is_whitespace();
    host_of(&rest[..rest.find(ends).unwrap_or(rest.len())])
}

/// Without a port.
fn host_of(authority: &str) -> &str {
    authority.split(':').next().unwrap_or_default()
}

fn is_within(host: &str, domain: &str) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()) else { return false };
    let is_end = host.as_bytes()[at..].eq_ignore_ascii_case(domain.as_bytes());
    is_end && (at == 0 || host.as_bytes()[at - 1] == b'.')
}

#[cfg(test)]
mod tests {
    use super::super::mask::{hide_credentials, mask};
    use super::super::secrets::secrets;
    use crate::halt::Halt;

    fn is_found(text: &str) -> bool {
        secrets(text, &Halt::default()).is_some()
    }

    #[test]
    fn tokens_in_the_paths_of_indexes_are_hidden() {
        let table = [
            ("https://pypi.fury.io/1fe2a0-AbCdEfGhIjKl/me/", "https://pypi.fury.io/****/me/"),
            ("https://pypi.fury.io/AbCdEfGhIjKlMnOpQrSt/me/", "https://pypi.fury.io/****/me/"),
            (
                "https://dl.cloudsmith.io/aBcDeFgHiJkLmNoP/org/repo/python/simple/",
                "https://dl.cloudsmith.io/****/org/repo/python/simple/",
            ),
            (r"https:\/\/dl.cloudsmith.io\/aBcDeFgHiJkLmNoP\/org", r"https:\/\/dl.cloudsmith.io\/****\/org"),
            ("https://DL.cloudsmith.io:443/aBcDeFgHiJkLmNoP/org", "https://DL.cloudsmith.io:443/****/org"),
            (
                "https://packagecloud.io/priv/aBcDeF/me/repo/pypi/simple",
                "https://packagecloud.io/priv/****/me/repo/pypi/simple",
            ),
            ("https://pypi.anaconda.org/t/ab-12-cd/me/simple", "https://pypi.anaconda.org/t/****/me/simple"),
            (r"https:\/\/conda.anaconda.org\/t\/ab-12-cd\/me", r"https:\/\/conda.anaconda.org\/t\/****\/me"),
            ("https://www.myget.org/F/feed/auth/ab-12-cd/npm/", "https://www.myget.org/F/feed/auth/****/npm/"),
        ];
        for (text, hidden) in table {
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref()), (hidden, hidden), "{text}");
            assert_eq!((is_found(text), is_found(hidden)), (true, false), "{text}");
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
            "https://dl.cloudsmith.io/${TOKEN}/org/repo/python/simple/",
            "https://host/dl.cloudsmith.io/aBcDeFgHiJkLmNoP/org",
            "https://packagecloud.io/me/priv/python/simple",
            "https://packagecloud.io/priv/${TOKEN}/me/repo/pypi/simple",
            "https://pypi.anaconda.org/me/simple",
            "https://host/t/word/priv/word/auth/word",
            "https://www.myget.org/F/feed/api/v3/npm/",
            "https://files.pythonhosted.org/packages/ab/cd/0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab/x.whl",
            "https://codeload.github.com/a/b/tar.gz/0e322af87745eff34caffe4df68456ebc20d9068",
            "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz",
        ] {
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref()), (text, text));
            assert!(!is_found(text), "{text}");
        }
    }

    #[test]
    fn a_user_alone_is_a_token_where_the_host_takes_one_so() {
        for text in [
            "-i https://1fe2a-0123@pypi.fury.io/me/",
            "-i https://1fe2a-0123:@pypi.fury.io/me/",
            "-i https://1fe2a-0123@PyPI.fury.io:443/me/",
            "  remote: https://1fe2a-0123@gem.fury.io/me/",
            r#""resolved": "https://1fe2a-0123@npm.fury.io/me/x.tgz""#,
            r#""resolved": "https:\/\/1fe2a-0123@npm.fury.io\/me\/x.tgz""#,
            "-i https://1fe2a-0123@npm.fury.io",
            "-i https://f0f0f0f0@packagecloud.io/me/repo/pypi/simple",
            "-i https://f0f0f0f0:@packagecloud.io/me/repo/pypi/simple",
            // Where any name may stand, by what a token looks like.
            "-i https://0123456789abcdef01234@pkgs.dev.azure.com/acme/_packaging/x/pypi/simple/",
            "-i https://aws:0123@acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/x/simple/",
            "-i https://__token__:0123@gitlab.com/api/v4/projects/1/packages/pypi/simple",
            "-i https://gldt-0123@gitlab.com/api/v4/projects/1/packages/pypi/simple",
            "-i https://token:0123@dl.cloudsmith.io/basic/org/repo/python/simple/",
            "-i https://0123456789:x-oauth-basic@github.com/a/b.zip",
        ] {
            assert!(is_found(text), "{text}");
            assert!(!mask(text).contains("0123") && !hide_credentials(text).contains("0123"), "{text}");
        }
    }

    #[test]
    fn other_users_are_names() {
        for text in [
            "-i https://me@pypi.fury.io/me/",
            "-i https://${TOKEN}@pypi.fury.io/me/",
            "-i https://1fe2a-0123@fury.io.example.com/me/",
            "-i https://word@notfury.io/me/",
            "x @ git+https://acme@dev.azure.com/acme/project/_git/x@main",
            "x @ git+https://the-long-name-of-some-company@dev.azure.com/the-long-name-of-some-company/project/_git/x",
            "x @ git+https://the-long-name-of-somebody@bitbucket.org/The-Long-Name-of-Somebody/x.git",
            "-i https://VssSessionToken@pkgs.dev.azure.com/acme/_packaging/x/pypi/simple/",
            "-i https://aws@acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/x/simple/",
            "-i https://oauth2accesstoken@us-central1-python.pkg.dev/acme/x/simple/",
            "-i https://_json_key_base64@us-central1-python.pkg.dev/acme/x/simple/",
            "-i https://__token__@gitlab.com/api/v4/projects/1/packages/pypi/simple",
            "-i https://gitlab+deploy-token-123456@gitlab.com/api/v4/projects/1/packages/pypi/simple",
            "x @ git+https://x-bitbucket-api-token-auth@bitbucket.org/acme/x.git",
            "x @ git+ssh://git@github.com/acme/x.git@main",
            "x @ hg+ssh://hg@host/x",
            "x @ git+ssh://me@host/x.git",
        ] {
            assert!(!is_found(text), "{text}");
        }
    }
}
