//! Credentials in URLs, hidden before anything is shown.

use std::borrow::Cow;

const HIDDEN: &str = "****";

/// Hides the user info of every URL in a text: `https://user:password@host/` becomes `https://****@host/`.
///
/// A user name alone is hidden as well, since tokens are often passed that way. Any scheme counts (`git+ssh`,
/// `git+https` …). What merely contains an `@` is left alone: `me@example.com`, `lodash@4.17.21`,
/// `https://host/@scope/name`.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://").map(|at| at + "://".len()) {
        let (before, url) = rest.split_at(start);
        masked.push_str(before);
        rest = url;
        if let Some(at) = user_info(url) {
            masked.push_str(HIDDEN);
            rest = &url[at..];
        }
    }
    if masked.is_empty() {
        return Cow::Borrowed(text);
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Where the user info of a URL ends: the offset of its `@`. The URL is given from behind its `://`.
fn user_info(url: &str) -> Option<usize> {
    let url = &url[..url.find(ends_url).unwrap_or(url.len())];
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    // A password may contain an `@` of its own, so the last one counts.
    authority.rfind('@').or_else(|| unescaped_user_info(url, authority))
}

/// A password with a `/`, `?` or `#` that somebody forgot to escape: such a URL does not work, but it must not
/// be shown either. It betrays itself by something other than a port behind the first colon.
fn unescaped_user_info(url: &str, authority: &str) -> Option<usize> {
    if authority.starts_with('[') {
        return None;
    }
    let (_, port) = authority.split_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port { None } else { url.rfind('@') }
}

fn ends_url(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '<' | '>' | '`')
}

#[cfg(test)]
mod tests {
    use super::mask;
    use proptest::prelude::*;
    use std::borrow::Cow;

    #[test]
    fn user_info_is_hidden() {
        let table = [
            ("https://user:password@host/", "https://****@host/"),
            ("https://TOKEN@host", "https://****@host"),
            ("https://user:p@ss@host/x", "https://****@host/x"),
            ("https://user:p/a?s#s@host/x", "https://****@host/x"),
            ("https://:secret@host/", "https://****@host/"),
            ("https://${USER}:${TOKEN}@host/simple", "https://****@host/simple"),
            ("git+https://tok@github.com/a/b.git@v1#egg=b", "git+https://****@github.com/a/b.git@v1#egg=b"),
            ("git+ssh://git@github.com/a/b", "git+ssh://****@github.com/a/b"),
            ("--index-url=https://u:p@host:8443/simple", "--index-url=https://****@host:8443/simple"),
            (
                "--index-url https://a:b@c --extra-index-url https://d:e@f",
                "--index-url https://****@c --extra-index-url https://****@f",
            ),
            ("https://u:p@[::1]:80/", "https://****@[::1]:80/"),
            (r#"{"url":"https://u:p@h/","mail":"a@b.c"}"#, r#"{"url":"https://****@h/","mail":"a@b.c"}"#),
            ("http://a@http://b:c@d", "http://****@http://****@d"),
            ("pässe://ü:ö@höst/", "pässe://****@höst/"),
        ];
        for (text, masked) in table {
            assert_eq!(mask(text), masked, "{text}");
            assert_eq!(mask(masked), masked, "masking twice changes nothing: {masked}");
        }
    }

    #[test]
    fn what_is_no_user_info_stays() {
        let table = [
            "",
            "me@example.com",
            "lodash@4.17.21",
            "requests @ https://host/requests-2.31.0.whl",
            "https://host/@scope/name@1.0.0",
            "https://host:8080/@scope/name",
            "https://host/path?mail=a@b",
            "https://[::1]:80/@scope",
            "see https://host and write to me@example.com",
            "git@github.com:org/repo.git",
            r#"{"url":"https://host","mail":"a@b.c"}"#,
            "://",
        ];
        for text in table {
            assert_eq!(mask(text), text);
        }
        assert!(matches!(mask("me@example.com"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_password_gets_through(user in "[a-z$%.]{0,6}", secret in "[A-Z:/?#!]{0,6}SECRET[A-Z@:/?#!]{0,6}", scheme in "(https|git\\+ssh)") {
            let text = format!("x {scheme}://{user}:{secret}@host/path y");
            prop_assert!(!mask(&text).contains("SECRET"), "{} -> {}", text, mask(&text));
        }

        #[test]
        fn any_text_is_accepted(text in "(://|@|[a/:?#\\[\" é]){0,24}") {
            let once = mask(&text).into_owned();
            prop_assert_eq!(mask(&once), once.as_str());
        }
    }
}
