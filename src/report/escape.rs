//! Text that is safe to show. Names, messages of servers, paths, arguments and lines of manifests can carry anything,
//! among it sequences that move a terminal's cursor, hide what stands beside them, or command the build server that
//! reads the log. What may be shown is a type of its own, [`Shown`], and [`emit`](super::emit) writes nothing else.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::secrets::without_secrets;
use crate::manifest::hide_credentials;

/// Text without anything that a terminal or a build server acts on, and without the credentials of URLs.
///
/// It is made by [`shown!`](crate::shown), which takes our own words literally and escapes each value in them, and by
/// the functions below. Joined, it stays safe: that no line begins with a command is looked at again each time.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(String);

/// Our own words around foreign values: `shown!("layer `{}` at {}", layer, target)`. Every value is escaped onto one
/// line, except for one that is [`Shown`] already. Values are named after the text, never inside its braces.
macro_rules! shown {
    // `concat!` keeps the compiler from taking values out of the braces, past the escape.
    ($format:literal $(, $value:expr)* $(,)?) => {
        $crate::report::Shown::format(format_args!(concat!($format) $(, $crate::report::Escaped(&$value))*))
    };
}
pub(crate) use shown;

impl Shown {
    /// Foreign text on one line: line breaks and tabs become spaces, everything else that a terminal would act on
    /// instead of showing is written out, as `\u{1b}`.
    pub fn one_line(text: &str) -> Self {
        Self::guarded(one_line(text))
    }

    /// Foreign text that has lines of its own, such as a usage: each is escaped, and its indentation kept.
    pub fn lines(text: &str) -> Self {
        let mut safe = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let body = line.trim_end_matches(['\n', '\r']);
            let indent = body.len() - body.trim_start_matches(' ').len();
            safe.push_str(&body[..indent]);
            safe.push_str(&one_line(&body[indent..]));
            safe.push_str(if line.ends_with('\n') { "\n" } else { "" });
        }
        Self::guarded(safe)
    }

    /// A line of a file in its columns: spaces are kept, and a tab takes four of them.
    pub fn columns(text: &str) -> Self {
        let mut safe = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\t' => safe.push_str("    "),
                c if is_line_break(c) => safe.push(' '),
                c if is_unsafe(c) => push_escaped(&mut safe, c),
                c => safe.push(c),
            }
        }
        Self::guarded(safe)
    }

    /// A JSON document. What is unsafe can only stand inside strings, where the escaped form means the same.
    pub fn json(document: String) -> Self {
        let is_foreign = |c: char| c != '\n' && (is_unsafe(c) || is_line_break(c));
        // Of many layers it has tens of megabytes, and nothing of that is foreign in nearly all of them.
        let safe = if document.contains(is_foreign) { escaped_json(&document, is_foreign) } else { document };
        let at = commands_inside(&safe);
        Self::guarded(written_out(safe, &at, |byte| format!("\\u{byte:04x}")))
    }

    /// For [`shown!`](crate::shown) alone, which alone knows that the values are escaped.
    #[doc(hidden)]
    pub fn format(arguments: fmt::Arguments<'_>) -> Self {
        Self::guarded(arguments.to_string())
    }

    /// Texts with something of ours between them.
    pub fn join(texts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let texts: Vec<String> = texts.into_iter().map(|text| text.0).collect();
        Self::guarded(texts.join(between))
    }

    /// Lines, each with its line break.
    pub fn of_lines(lines: impl IntoIterator<Item = Self>) -> Self {
        Self::guarded(lines.into_iter().fold(String::new(), |text, line| text + &line.0 + "\n"))
    }

    /// Text that was put together from [`Shown`] in a way that this type has no function for.
    pub(super) fn guarded(text: String) -> Self {
        Self(without_commands(without_credentials(without_secrets(text))))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<&str> for Shown {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

fn escaped_json(document: &str, is_foreign: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(document.len());
    for c in document.chars() {
        if is_foreign(c) { push_json(&mut safe, c) } else { safe.push(c) }
    }
    safe
}

/// Our own words.
impl From<&'static str> for Shown {
    fn from(own: &'static str) -> Self {
        Self(own.to_owned())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A value that [`shown!`](crate::shown) can show.
pub trait Show {
    /// The value, escaped onto one line where it is foreign.
    fn show(&self) -> Cow<'_, str>;
}

impl Show for Shown {
    fn show(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl Show for str {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(one_line(self))
    }
}

impl Show for String {
    fn show(&self) -> Cow<'_, str> {
        self.as_str().show()
    }
}

impl Show for OsStr {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(one_line(&self.to_string_lossy()))
    }
}

impl Show for Path {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(one_line(&self.to_string_lossy()))
    }
}

impl Show for PathBuf {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(one_line(&self.to_string_lossy()))
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self) -> Cow<'_, str> {
        (**self).show()
    }
}

impl Show for usize {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl Show for u64 {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

/// A value on its way into a [`Shown`].
#[doc(hidden)]
pub struct Escaped<'a, T: ?Sized>(pub &'a T);

impl<T: Show + ?Sized> fmt::Display for Escaped<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.show())
    }
}

/// The text on one line, as [`Shown::one_line`] says.
fn one_line(text: &str) -> String {
    let text = text.trim();
    let folds = text.contains(is_line_break);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_line_break(c) || c == '\t' => push_space(&mut safe),
            ' ' if folds => push_space(&mut safe),
            c if is_unsafe(c) => push_escaped(&mut safe, c),
            c => safe.push(c),
        }
    }
    safe
}

fn push_space(safe: &mut String) {
    if !safe.ends_with(' ') {
        safe.push(' ');
    }
}

fn push_escaped(safe: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = write!(safe, "{}", c.escape_unicode());
}

fn push_json(safe: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(safe, "\\u{unit:04x}");
    }
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Control characters (C0, DEL, C1), and the invisible ones: those that reorder a line (UAX #9), and those that hide
/// text from people and not from programs (UTS #39: zero width, tags).
fn is_unsafe(c: char) -> bool {
    let invisible = matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}');
    c.is_control() || invisible
}

/// Values of the layers file, arguments, variables, names in archives and what programs print: each may hold a URL, and the
/// URL a credential.
fn without_credentials(text: String) -> String {
    let hidden = match hide_credentials(&text) {
        Cow::Owned(hidden) => Some(hidden),
        Cow::Borrowed(_) => None,
    };
    hidden.unwrap_or(text)
}

/// What GitHub's runner takes for a command: `::` at the start of a line, after whitespace too, and `##[` anywhere
/// (`ActionCommand.cs` in actions/runner). Azure Pipelines and TeamCity know `##vso[` and `##teamcity[`.
fn without_commands(text: String) -> String {
    let mut at = commands_inside(&text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_start();
        if body.starts_with("::") {
            at.push(start + line.len() - body.len());
        }
        start += line.len();
    }
    at.sort_unstable();
    written_out(text, &at, |byte| format!("\\u{{{byte:x}}}"))
}

/// The text with the characters at these places, ascending and each of one byte, in another form. A document may have as many
/// as it has words, so none moves what is behind it.
fn written_out(text: String, places: &[usize], form: impl Fn(u8) -> String) -> String {
    if places.is_empty() {
        return text;
    }
    let (mut safe, mut from) = (String::with_capacity(text.len() + 8 * places.len()), 0);
    for &at in places {
        safe.push_str(&text[from..at]);
        safe.push_str(&form(text.as_bytes()[at]));
        from = at + 1;
    }
    safe.push_str(&text[from..]);
    safe
}

/// Where a `##[` or `##word[` begins.
fn commands_inside(text: &str) -> Vec<usize> {
    let is_command = |rest: &str| rest[2..].trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('[');
    let mut at = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find("##") {
        let here = from + found;
        if is_command(&text[here..]) {
            at.push(here);
        }
        from = here + 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Shown::one_line(text).0
    }

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        assert_eq!(shown("a\u{1b}[2Jb\u{7}"), r"a\u{1b}[2Jb\u{7}");
        assert_eq!(shown("\u{9b}31m"), r"\u{9b}31m");
        assert_eq!(shown("a\u{202e}b\u{61c}"), r"a\u{202e}b\u{61c}");
        assert_eq!(shown("日本 é"), "日本 é");
    }

    #[test]
    fn line_breaks_fold_into_one_space_with_the_indentation_behind_them() {
        assert_eq!(shown("\n<html>\r\n   <body>\tx\n"), "<html> <body> x");
        assert_eq!(shown("a\u{2028}b\u{85}c"), "a b c");
        assert_eq!(shown("two  spaces"), "two  spaces", "alignment inside one line is kept");
    }

    #[test]
    fn what_a_build_server_would_act_on_is_written_out() {
        assert_eq!(shown("::error::x"), r"\u{3a}:error::x");
        assert_eq!(shown("a ##[error]b ##vso[c] ## [d] ###[e]"), r"a \u{23}#[error]b \u{23}#vso[c] ## [d] #\u{23}#[e]");
        assert_eq!(Shown::lines("a\n  ::b\n\u{3000}::c::").0, "a\n  \\u{3a}:b\n\\u{3a}:c::");
        assert_eq!(shown!("{}: {}", "layers.toml", "::x").0, "layers.toml: ::x", "only a line's start counts");
        assert_eq!(shown!("{}{}", ":", ":x").0, r"\u{3a}:x", "however it was put together");
        assert_eq!(Shown::join([shown!("#"), shown!("#[x]")], "").0, r"\u{23}#[x]");
    }

    #[test]
    fn of_many_commands_each_is_written_out() {
        const MANY: usize = 30_000;
        let shown = Shown::lines(&"::a ##[b]\n".repeat(MANY));
        assert_eq!(shown.as_str(), "\\u{3a}:a \\u{23}#[b]\n".repeat(MANY));
        let document = format!("{:?}", "##[b]".repeat(MANY));
        assert_eq!(Shown::json(document.clone()).as_str(), format!("\"{}\"", "\\u0023#[b]".repeat(MANY)));
    }

    #[test]
    fn values_are_escaped_and_words_are_not() {
        let inner = shown!("`{}`\nnext", "a\nb");
        assert_eq!(shown!("{:>5} and {}: {}", 3_usize, inner, "c\u{1b}").0, "    3 and `a b`\nnext: c\\u{1b}");
    }

    #[test]
    fn no_credential_of_a_url_is_shown_however_the_text_was_put_together() {
        let url = "https://user:SECRET@host/x?page=1";
        let hidden = "https://****@host/x?page=1";
        assert_eq!(shown(url), hidden);
        assert_eq!(Shown::lines(&format!("a\n  {url}\n")).0, format!("a\n  {hidden}\n"));
        assert_eq!(Shown::columns(url).0, hidden);
        assert_eq!(shown!("{}{}", "https://user:SEC", "RET@host").0, "https://****@host");
        let document = serde_json::to_string(&[url, "me@example.com"]).unwrap();
        assert_eq!(Shown::json(document).0, format!(r#"["{hidden}","me@example.com"]"#));
    }

    #[test]
    fn json_means_what_it_meant() {
        let text = "a\u{7f}\u{202e}\u{e0001}::x ##[error]\u{2028}";
        let document = serde_json::to_string_pretty(&serde_json::json!({ "text": text })).unwrap();
        let safe = Shown::json(document.clone()).0;
        assert!(safe.contains(r#""a\u007f\u202e\udb40\udc01::x \u0023#[error]\u2028""#), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap()["text"], text);
    }

    /// The rules of the runner, as its source has them.
    fn is_harmless(text: &str) -> bool {
        let command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        !text.split(['\n', '\r']).any(command) && !text.chars().any(|c| c != '\n' && (is_unsafe(c) || is_line_break(c)))
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_commands_anything(parts in proptest::collection::vec("[:# \\[\n\r\u{1b}\u{202e}\u{a0}a]{0,6}", 1..5)) {
            let pieces = || parts.iter().map(|part| Shown::one_line(part));
            prop_assert!(is_harmless(&Shown::lines(&parts.concat()).0));
            prop_assert!(is_harmless(&Shown::join(pieces(), "").0));
            prop_assert!(is_harmless(&Shown::of_lines(pieces()).0));
            let document = serde_json::to_string_pretty(&parts).unwrap();
            let safe = Shown::json(document.clone()).0;
            prop_assert!(is_harmless(&safe));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), parts);
        }
    }
}
