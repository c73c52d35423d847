//! The lines of a requirements file, joined where they are continued, as pip joins them.

use std::borrow::Cow;

use memchr::memchr2;

/// Lines joined at trailing backslashes, each with the number of its first. A comment ends what it continues.
pub(super) fn joined_lines(text: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    let mut physical = physical_lines(text);
    std::iter::from_fn(move || {
        let (number, first) = physical.next()?;
        let (mut joined, mut open) = part(first);
        while open {
            let Some((_, next)) = physical.next() else { break };
            let (text, continues) = part(next);
            joined.to_mut().push_str(&text);
            open = continues;
        }
        Some((number, joined))
    })
}

/// What a line adds to the one that it continues, and whether it is itself continued.
fn part(line: &str) -> (Cow<'_, str>, bool) {
    if line.trim_start().starts_with('#') {
        return (Cow::Borrowed(""), false);
    }
    (Cow::Borrowed(line.trim_end_matches('\\')), line.ends_with('\\'))
}

/// Lines as pip splits them, each with the number of the one that an editor shows: that knows fewer ends of lines.
fn physical_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let may_end = !has_no_other_ends(text);
    let mut shown = edited_lines(text).enumerate().map(|(index, line)| (index + 1, line));
    let mut left = None;
    std::iter::from_fn(move || {
        let (number, line) = left.take().or_else(|| shown.next())?;
        let parts = if may_end { line.split_once(ends_line_of_python) } else { None };
        let (part, behind) = parts.map_or((line, None), |(part, behind)| (part, Some(behind)));
        left = behind.map(|behind| (number, behind));
        Some((number, part))
    })
}

/// Whether a text has no character that could be one of those ends of lines, as nearly all: without a branch for each byte,
/// this takes next to nothing.
fn has_no_other_ends(text: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=0x7f | b'\n' | b'\r' | b'\t');
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// What Python's `str.splitlines` ends lines with besides LF and CR.
pub(super) fn ends_line_of_python(next: char) -> bool {
    matches!(next, '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Lines that end with LF, CR or both.
fn edited_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr2(b'\n', b'\r', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let behind = if text[end..].starts_with("\r\n") { end + 2 } else { end + 1 };
        rest = Some(&text[behind..]);
        Some(&text[..end])
    })
}

/// A `#` starts a comment only at the start of a line or behind a blank: URLs have fragments.
pub(super) fn without_comment(line: &str) -> &str {
    word_beginning(line, '#').map_or(line, |at| &line[..at])
}

/// Where the first word begins that has this mark in front.
pub(super) fn word_beginning(line: &str, mark: char) -> Option<usize> {
    let follows_blank = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices(mark).map(|(at, _)| at).find(|&at| follows_blank(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Vec<(usize, String)> {
        joined_lines(text).filter(|(_, line)| !line.is_empty()).map(|(at, line)| (at, line.into_owned())).collect()
    }

    /// A comment for an editor, and a requirement for pip.
    #[test]
    fn lines_end_where_they_end_for_pip_and_are_counted_as_an_editor_does() {
        for end in ["\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let found = joined(&format!("x==1\r\n# c{end}y==1\nz==1 \\{end} --pre\rlast"));
            let expected = [(1, "x==1"), (2, "y==1"), (3, "z==1  --pre"), (4, "last")];
            assert_eq!(found, expected.map(|(at, line)| (at, line.to_owned())), "{end:?}");
        }
        for none in ["\t", "\u{1f}", "\u{a0}", "\u{2027}"] {
            assert_eq!(joined(&format!("x{none}y")).len(), 1, "{none:?}");
        }
    }
}
