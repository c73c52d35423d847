//! Values without what nobody is to see: secrets that are known, and credentials in URLs.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::secrets::without_secrets;
use crate::manifest::hide_credentials;

/// Without secrets and credentials. Values of the layers file, arguments, variables, names in archives and what programs print:
/// each may hold a URL, and the URL a credential.
pub(super) fn masked(value: String) -> String {
    hidden_in(&value).unwrap_or(value)
}

/// The value without them, if it has any.
fn hidden_in(value: &str) -> Option<String> {
    let open = without_secrets(value);
    if let Cow::Owned(hidden) = hide_credentials(&open) {
        return Some(hidden);
    }
    match open {
        Cow::Owned(open) => Some(open),
        Cow::Borrowed(_) => None,
    }
}

/// The JSON document with each of its strings masked: as what it means, since its escapes are no part of it.
pub(super) fn with_strings_masked(document: String) -> String {
    let (mut open, mut done, mut from) = (String::new(), 0, 0);
    while let Some(string) = next_string(&document, from) {
        if let Some(hidden) = masked_string(&document[string.clone()]) {
            open.push_str(&document[done..string.start]);
            open.push_str(&hidden);
            done = string.end;
        }
        from = string.end;
    }
    if done == 0 { document } else { open + &document[done..] }
}

/// Where the next string of a JSON document is, with its quotation marks.
fn next_string(document: &str, from: usize) -> Option<Range<usize>> {
    let bytes = document.as_bytes();
    let start = from + memchr(b'"', &bytes[from..])?;
    let mut at = start + 1;
    loop {
        at += memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            return Some(start..at + 1);
        }
        at = (at + 2).min(bytes.len());
    }
}

/// The string, if anything in it is to be hidden.
fn masked_string(quoted: &str) -> Option<String> {
    let meant: Cow<'_, str> = match &quoted[1..quoted.len() - 1] {
        inside if inside.contains('\\') => serde_json::from_str::<String>(quoted).ok()?.into(),
        inside => inside.into(),
    };
    hidden_in(&meant).map(|hidden| serde_json::Value::from(hidden).to_string())
}
