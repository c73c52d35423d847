//! Which characters a terminal shows. One whose locale is not UTF-8 shows three strange ones for an ellipsis: there, ours
//! are written in ASCII, and foreign ones as `\u{e9}`. Files, pipes and logs are UTF-8 always.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal, stderr, stdout};
use std::sync::OnceLock;

/// Whether standard output is a terminal that shows ASCII alone.
pub fn stdout_is_ascii() -> bool {
    static ASCII: OnceLock<bool> = OnceLock::new();
    *ASCII.get_or_init(|| is_ascii(&stdout()))
}

/// Whether standard error is a terminal that shows ASCII alone.
pub fn stderr_is_ascii() -> bool {
    static ASCII: OnceLock<bool> = OnceLock::new();
    *ASCII.get_or_init(|| is_ascii(&stderr()))
}

fn is_ascii(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !locale_is_utf8(&|name| std::env::var(name).ok())
}

/// As the C library finds it: the first of these that is set and not empty. Windows has no such variables, and shows
/// UTF-8 since it has `UTF-8` as a code page.
fn locale_is_utf8(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let names_utf8 = |locale: &str| locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    named.map_or(cfg!(windows), |locale| names_utf8(&locale))
}

/// The text in ASCII, if it is to be.
pub fn shown_in(text: &str, ascii: bool) -> Cow<'_, str> {
    if !ascii || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => plain.push_str("..."),
            '→' => plain.push_str("->"),
            c if c.is_ascii() => plain.push(c),
            // Writing to a text cannot fail.
            c => drop(write!(plain, "{}", c.escape_unicode())),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_is_found_as_the_c_library_finds_it() {
        let of = |set: &[(&str, &str)]| {
            locale_is_utf8(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(of(&[("LANG", "en_US.UTF-8")]) && of(&[("LC_CTYPE", "UTF-8")]) && of(&[("LANG", "C.utf8")]));
        assert!(!of(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]) && !of(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(of(&[("LC_ALL", ""), ("LANG", "C.UTF-8")]), "an empty one is not set");
        assert_eq!(of(&[]), cfg!(windows));
    }

    #[test]
    fn ascii_says_the_same() {
        assert_eq!(shown_in("… and 3 more: 2 → 3, é", true), "... and 3 more: 2 -> 3, \\u{e9}");
        assert_eq!(shown_in("… é", false), "… é");
    }
}
