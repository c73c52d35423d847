//! The lines of a requirements file, joined where they are continued, as pip joins them.

use std::borrow::Cow;

use memchr::memchr2;

/// Lines joined at trailing backslashes, each with the number of its first. A comment ends what it continues.
pub(super) fn joined_lines(text: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    let mut physical = physical_lines(text).enumerate();
    std::iter::from_fn(move || {
        let (index, first) = physical.next()?;
        let (mut joined, mut open) = part(first);
        while open {
            let Some((_, next)) = physical.next() else { break };
            let (text, continues) = part(next);
            joined.to_mut().push_str(&text);
            open = continues;
        }
        Some((index + 1, joined))
    })
}

/// What a line adds to the one that it continues, and whether it is itself continued.
fn part(line: &str) -> (Cow<'_, str>, bool) {
    if line.trim_start().starts_with('#') {
        return (Cow::Borrowed(""), false);
    }
    (Cow::Borrowed(line.trim_end_matches('\\')), line.ends_with('\\'))
}

/// Lines that end with LF, CR or both.
fn physical_lines(text: &str) -> impl Iterator<Item = &str> {
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
