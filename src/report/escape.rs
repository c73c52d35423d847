//! Text that is safe to show. Names, messages of servers, paths, arguments and lines of manifests can carry anything,
//! among it sequences that move a terminal's cursor, hide what stands beside them, or command the build server that
//! reads the log. What may be shown is a type of its own, [`Shown`], and [`emit`](super::emit) writes nothing else.
//!
//! Credentials and secrets are taken out of each value, before anything is put around it. A format quotes what is left, and
//! nothing looks for them again in what it wrote: there, a quotation mark behind `?token=` would be taken for the token.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::masked::{masked, with_strings_masked};

/// Text without anything that a terminal or a build server acts on, and without the credentials of URLs.
///
/// It is made by [`shown!`](crate::shown), which takes our own words literally and escapes each value in them, and by
/// the functions below, each of which takes them out of a value. Joined, it stays safe: that no line begins with a command is
/// looked at again each time.
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
        Self::joined(value(text))
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
        Self::joined(masked(safe))
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
        Self::joined(masked(safe))
    }

    /// A JSON document. What is unsafe can only stand inside strings, where the escaped form means the same; and each string is
    /// a value, of which nothing else is masked than of any other.
    pub fn json(document: String) -> Self {
        let document = with_strings_masked(document);
        let is_foreign = |c: char| c != '\n' && (is_unsafe(c) || is_line_break(c));
        // Of many layers it has tens of megabytes, and nothing of that is foreign in nearly all of them.
        let safe = if document.contains(is_foreign) { escaped_json(&document, is_foreign) } else { document };
        let at = commands_inside(&safe);
        // No line of it begins with anything but a bracket, a quotation mark or a number.
        Self(written_out(safe, &at, |byte| format!("\\u{byte:04x}")))
    }

    /// For [`shown!`](crate::shown) alone, which alone knows that the values are escaped.
    #[doc(hidden)]
    pub fn format(arguments: fmt::Arguments<'_>) -> Self {
        Self::joined(arguments.to_string())
    }

    /// Texts with something of ours between them.
    pub fn join(texts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let texts: Vec<String> = texts.into_iter().map(|text| text.0).collect();
        Self::joined(texts.join(between))
    }

    /// Lines, each with its line break.
    pub fn of_lines(lines: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(lines.into_iter().fold(String::new(), |text, line| text + &line.0 + "\n"))
    }

    /// Each of these characters in the form that a format has for it.
    #[must_use]
    pub fn quoting(&self, forms: &[(char, &'static str)]) -> Self {
        let form = |c: char| forms.iter().find(|(of, _)| *of == c).map(|(_, form)| *form);
        let mut quoted = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            match form(c) {
                Some(form) => quoted.push_str(form),
                None => quoted.push(c),
            }
        }
        Self::joined(quoted)
    }

    /// Text that was put together from [`Shown`] in a way that this type has no function for.
    pub(super) fn joined(text: String) -> Self {
        Self(without_commands(text))
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
        Cow::Owned(value(self))
    }
}

impl Show for String {
    fn show(&self) -> Cow<'_, str> {
        self.as_str().show()
    }
}

impl Show for OsStr {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(value(&self.to_string_lossy()))
    }
}

impl Show for Path {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(value(&self.to_string_lossy()))
    }
}

impl Show for PathBuf {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(value(&self.to_string_lossy()))
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

/// A foreign value on one line, without what nobody is to see.
fn value(text: &str) -> String {
    masked(one_line(text))
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
mod tests;
