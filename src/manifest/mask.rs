//! Credentials, hidden before anything is shown.

use std::borrow::Cow;
use std::convert::Infallible;
use std::ops::{ControlFlow, Range};

use super::credentials::{is_credential, is_open_user};
use super::escapes::{decoded_url, encoded_urls, unescaped};
use super::named::{credentials, user_info};
use super::urls::{UrlPart, url_parts};
use super::variables;

pub(super) const HIDDEN: &str = "****";

/// Hides what may be a credential in every URL of a text, and what options and settings say that are named like one: `https://user:password@host/x?token=1` becomes
/// `https://****@host/x?****`, and `--config-settings=token=1` `--config-settings=token=****`.
///
/// A user name alone is hidden as well, since tokens are often passed that way; so is every query string, a token of a
/// well-known service in the path, and what a fragment says unless it names what is installed (`#sha256=`, `#egg=`, a
/// commit). What merely contains an `@` is left alone: `me@example.com`, `lodash@4.17.21`, `https://host/@scope/name`.
pub fn mask(text: &str) -> Cow<'_, str> {
    without(text, |text, part, range| part != UrlPart::Segment || is_credential(text, part, range))
}

/// Hides what is a credential in a text, of whose URLs others may be none, as all that is shown may: addresses of pages keep
/// their queries, and `git@` stays.
pub fn hide_credentials(text: &str) -> Cow<'_, str> {
    without(text, |text, part, range| {
        let is_user = part == UrlPart::UserInfo && !is_open_user(&text[range.clone()]);
        is_user || is_credential(text, part, range)
    })
}

/// The same as [`mask()`] of a text that is a place as a whole, such as the value of an option: one without a scheme may have a
/// password, too.
pub(super) fn mask_place(place: &str) -> Cow<'_, str> {
    match user_info(place) {
        Some(range) => mask(&without_ranges(place.into(), &[range])).into_owned().into(),
        None => mask(place),
    }
}

/// Whether nothing of a line of a file is hidden by [`mask()`], nor of what its escapes mean.
pub fn is_open(line: &str) -> bool {
    let meant = unescaped(line);
    mask(&meant) == meant
}

/// The text without these parts of its URLs. One that is percent-encoded, to be a part of another, is hidden whole if it has
/// any.
fn without(text: &str, is_hidden: impl Fn(&str, UrlPart, &Range<usize>) -> bool) -> Cow<'_, str> {
    let parts = |text: &str| {
        let mut hidden = Vec::new();
        let _: ControlFlow<Infallible> = url_parts(text, |part, range| {
            hidden.extend(is_hidden(text, part, &range).then_some(range));
            ControlFlow::Continue(())
        });
        hidden.extend(credentials(text).chain(variables::credentials(text)));
        in_order(hidden)
    };
    let plain = without_ranges(text.into(), &parts(text));
    let encoded: Vec<_> =
        encoded_urls(&plain).filter(|url| !parts(&decoded_url(&plain[url.clone()])).is_empty()).collect();
    without_ranges(plain, &encoded)
}

/// These ranges in their order, as one where they overlap: a URL may stand in an option that is hidden as a whole.
fn in_order(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    ranges
}

/// The text without these ranges, in order.
fn without_ranges<'t>(text: Cow<'t, str>, hidden: &[Range<usize>]) -> Cow<'t, str> {
    if hidden.is_empty() {
        return text;
    }
    let (mut masked, mut shown) = (String::new(), 0);
    for range in hidden {
        masked.push_str(&text[shown..range.start]);
        masked.push_str(HIDDEN);
        shown = range.end;
    }
    masked.push_str(&text[shown..]);
    masked.into()
}

#[cfg(test)]
mod tests {
    use super::{hide_credentials, mask};
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
            ("https:/user:password@host/x@1", "https:/****@host/x@1"),
            ("https:///user:password@host/", "https:///****@host/"),
            ("git+https:user:password@host/", "git+https:****@host/"),
            (r#"{"url":"https://user:pass word@host/x?q=1 2"}"#, r#"{"url":"https://****@host/x?**** 2"}"#),
            ("'https://user:pass word@host/' me@host", "'https://****@host/' me@host"),
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
            ("https://host/x.whl?token=1", "https://host/x.whl?****"),
            ("https://host/x?X-Amz-Signature=1&b=2#sha256=ab", "https://host/x?****#sha256=ab"),
            (
                "https://host/x#egg=a&access_token=1&subdirectory=b",
                "https://host/x#egg=a&access_token=****&subdirectory=b",
            ),
            ("https://host/x#egg=a?token=1", "https://host/x#egg=a?****"),
            ("https://host/path?mail=a@b", "https://host/path?****"),
            ("https://host?next=https://u:p@h/ y", "https://host?**** y"),
            ("https://host/https://u:p@h/?q", "https://host/https://****@h/?****"),
            ("https://host/x#https://u:p@h/", "https://host/x#https://****@h/"),
            ("https://user:p?s@host/?q=1", "https://****@host/?****"),
            ("https://user:p<s@host/?q=1", "https://****@host/?****"),
            ("`https://user:p`s@host/?q=1`", "`https://****@host/?****`"),
            (r"https:\/\/user:p@host\/x?q=1", r"https:\/\/****@host\/x?****"),
            ("https://host/a/ghp_0123456789abcdef/simple", "https://host/a/****/simple"),
            (r"https:\/\/host\/ghp_0123456789abcdef\/x", r"https:\/\/host\/****\/x"),
            (r#"{"a":"see \"https://host/x?q=1\" there"}"#, r#"{"a":"see \"https://host/x?****\" there"}"#),
            (r#"https://user:p"s@host/"#, "https://****@host/"),
            (r#"{"url":"https://user:p\"s@host/","mail":"a@b"}"#, r#"{"url":"https://****@host/","mail":"a@b"}"#),
            (r#"{"url":"https://host:x","mail":"a@b"}"#, r#"{"url":"https://host:x","mail":"a@b"}"#),
            ("<https://host/x?token=a<b>", "<https://host/x?****>"),
            ("https://host/x#token=a`b", "https://host/x#token=****"),
            ("https://host/x;v=1;token=a:b&c/y", "https://host/****/y"),
            ("https://host/x;v=1/y", "https://host/x;v=1/y"),
            ("https://host/x;v=https://u:p@host/y", "https://host/x;v=https://****@host/y"),
            ("x::__archiveUrl=https%3A%2F%2Fu%3Ap%40h%2Fx.tgz", "x::__archiveUrl=https%3A%2F%2F****"),
            ("x::__archiveUrl=https%3a%2f%2fh%2fx%3Ftoken%3Da b", "x::__archiveUrl=https%3a%2f%2f**** b"),
            ("x::__archiveUrl=https%3A%2F%2Fh%2Fx.tgz", "x::__archiveUrl=https%3A%2F%2Fh%2Fx.tgz"),
        ];
        for (text, masked) in table {
            assert_eq!(mask(text), masked, "{text}");
            assert_eq!(mask(masked), masked, "masking twice changes nothing: {masked}");
        }
    }

    #[test]
    fn of_what_is_shown_nothing_but_credentials_is_hidden() {
        let table = [
            ("https://user:password@host/", "https://****@host/"),
            ("https://TOKEN@host", "https://****@host"),
            ("bucket `https://u:p@h` is none", "bucket `https://****@h` is none"),
            ("https://host/x?X-Amz-Signature=1&b=2#a", "https://host/x?****#a"),
            ("https://host/#access_token=1", "https://host/#access_token=****"),
            ("https://host/glpat-0123456789abcdef/x", "https://host/****/x"),
            ("git+ssh://git@github.com/a/b", "git+ssh://git@github.com/a/b"),
            ("https://host/home?region=us-east-1#/x?tab=y", "https://host/home?region=us-east-1#/x?tab=y"),
            ("https://****@host/x?****", "https://****@host/x?****"),
            ("s3://bucket/a@b/c", "s3://bucket/a@b/c"),
            ("https://host/?next=https://u:p@h/", "https://host/?****"),
            ("https://host/?next=https://h/%3Fpage=1", "https://host/?next=https://h/%3Fpage=1"),
            ("x,http://127.0.0.1:4566/a,me@example.com", "x,http://127.0.0.1:4566/a,me@example.com"),
        ];
        for (text, hidden) in table {
            assert_eq!(hide_credentials(text), hidden, "{text}");
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
            "https://host/x?#",
            "https://host/x.git@v1#0e322af87745eff34caffe4df68456ebc20d9068",
            "x>=1 ? a=b & c=d # e=f",
            "https://[::1]:80/@scope",
            "<https://host:8080>,<me@host>",
            "`https://host`,`me@host`",
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

    /// This took half a minute when the end of the URL was looked for behind each `://` anew.
    #[test]
    fn any_number_of_urls_in_one_word_is_masked() {
        assert_eq!(mask(&"://".repeat(100_000)).len(), 300_000);
        let masked = mask(&"a://b:c@".repeat(100_000)).into_owned();
        assert_eq!(masked, "a://****@".repeat(100_000));
        assert_eq!(mask(&"a://b:c/".repeat(100_000)).len(), 800_000);
        assert_eq!(mask(&format!("{}@", "a://b:c/".repeat(100_000))), "a://****@");
        assert_eq!(mask(&"%3A%2F%2Fa".repeat(100_000)).len(), 1_000_000);
        assert_eq!(mask(&"http:".repeat(100_000)).len(), 500_000);
        assert_eq!(mask(&"http:a:".repeat(100_000)).len(), 700_000);
        assert_eq!(mask(&"\"http:/a:b c".repeat(100_000)).len(), 1_200_000);
        assert_eq!(mask(&format!("http:{}", "/".repeat(1_000_000))).len(), 1_000_005);
        assert_eq!(hide_credentials(&"a://b?c=".repeat(100_000)).len(), 800_000);
    }

    proptest! {
        #[test]
        fn no_query_gets_through(query in "[A-Z=&@:/]{0,6}SECRET[A-Z=&@:/?]{0,6}", fragment in "(#egg=x)?") {
            let text = format!("x https://host/path?{query}{fragment} y");
            prop_assert!(!mask(&text).contains("SECRET"), "{} -> {}", text, mask(&text));
        }

        #[test]
        fn no_password_gets_through(user in "[a-z$%.]{0,6}", secret in "[A-Z:/?#!<>`]{0,6}(A\"B)?SECRET[A-Z@:/?#!<>`]{0,6}", scheme in "(https|git\\+ssh)") {
            let text = format!("x {scheme}://{user}:{secret}@host/path y");
            prop_assert!(!mask(&text).contains("SECRET"), "{} -> {}", text, mask(&text));
        }

        #[test]
        fn a_document_stays_one(texts in proptest::collection::vec("(://|@|token=|%3A%2F%2F|[a/:;?#=&<\\\\\" \t]){0,16}", 1..4)) {
            let document = serde_json::to_string(&texts).unwrap();
            for masked in [mask(&document), hide_credentials(&document)] {
                let read = serde_json::from_str::<Vec<String>>(&masked);
                prop_assert_eq!(read.map(|read| read.len()).ok(), Some(texts.len()), "{} -> {}", document, masked);
            }
        }

        #[test]
        fn any_text_is_accepted(text in "(://|@|%3A%2F%2F|[a/:;?#=&<`\\\\\\[\" é]){0,24}") {
            let once = mask(&text).into_owned();
            prop_assert_eq!(mask(&once), once.as_str());
        }
    }
}
