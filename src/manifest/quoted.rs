//! How far a value goes that stands in any kind of text: to the end of its quotes, of the quotes around it, or of its word.

use std::ops::Range;

use memchr::memchr3;

use super::urls::{end_of_word, is_quote};

/// The quotes that a text begins with, and how many `\` stand in front of each: none, or more where they are within a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    mark: u8,
    escapes: usize,
}

impl Quote {
    /// The quote that ends right before a place of a text.
    pub fn before(text: &str, at: usize) -> Option<Self> {
        let mark = *text.as_bytes()[..at].last().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
        Some(Self { mark, escapes: escapes(text, at - 1) })
    }

    /// The quote that begins here, and where what is quoted begins. One that ends what is around it is none.
    pub fn at(text: &str, at: usize) -> Option<(Self, usize)> {
        let escapes = usize::from(text[at..].starts_with('\\'));
        let mark = *text.as_bytes().get(at + escapes).filter(|byte| matches!(byte, b'"' | b'\''))?;
        let start = at + escapes + 1;
        let behind = &text[start..];
        let ends = behind.is_empty() || behind.starts_with(|next: char| next.is_whitespace() || "]}:".contains(next));
        let is_last = ends || behind.strip_prefix(',').is_some_and(|next| next.trim_start().starts_with(['"', '\\']));
        (!is_last).then_some((Self { mark, escapes }, start))
    }

    /// Where what it begins ends, on the same line and in the same string of JSON or TOML. A quote with fewer `\` ends what is
    /// around it, too.
    fn end(self, text: &str, from: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        let mut at = from;
        loop {
            at += memchr3(self.mark, b'"', b'\n', &bytes[at..])?;
            let escapes = escapes(&text[from..], at - from);
            let is_bare = escapes.is_multiple_of(2);
            match bytes[at] {
                b'\n' => return None,
                mark if mark == self.mark && escapes <= self.escapes => return Some(at - escapes),
                // The `\` in front of it are what is said.
                mark if mark == self.mark && is_bare => return Some(at),
                b'"' if self.mark != b'"' && is_bare && is_quote(text, at) => return None,
                _ => at += 1,
            }
        }
    }
}

/// How many `\` end a text before a place.
fn escapes(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The value that begins here, without its quotes. `around` is the quote that stands before what names it.
pub(super) fn value(text: &str, at: usize, around: Option<Quote>) -> Range<usize> {
    if let Some((quote, start)) = Quote::at(text, at)
        && let Some(end) = quote.end(text, start)
    {
        return start..end;
    }
    let end = around.and_then(|quote| quote.end(text, at)).unwrap_or_else(|| end_of_bare(text, at));
    at..end
}

/// Where a word ends that is in no quotes, without the quote of what is around it.
fn end_of_bare(text: &str, at: usize) -> usize {
    let end = end_of_word(text, at);
    at + text[at..end].trim_end_matches(['\'', '`', '\\']).len()
}
