//! Foreign text made safe for a terminal: names, messages of servers and lines of manifests can carry anything, among
//! it sequences that move the cursor, retitle the window or hide what stands beside them.

use std::fmt::Write as _;

/// The text on one line: line breaks and tabs become spaces, everything else that a terminal would act on instead of
/// showing is written out, as `\u{1b}`.
pub fn one_line(text: &str) -> String {
    let text = text.trim();
    let folds = text.contains(['\n', '\r']);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => push_space(&mut safe),
            ' ' if folds => push_space(&mut safe),
            c if is_unsafe(c) => push_escaped(&mut safe, c),
            c => safe.push(c),
        }
    }
    safe
}

/// The lines of a text, each as [`one_line`] gives it, without empty ones.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(one_line).filter(|line| !line.is_empty()).collect()
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

/// Control characters (C0, DEL, C1), and the invisible ones that reorder a line.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        assert_eq!(one_line("a\u{1b}[2Jb\u{7}"), r"a\u{1b}[2Jb\u{7}");
        assert_eq!(one_line("\u{9b}31m"), r"\u{9b}31m");
        assert_eq!(one_line("a\u{202e}b"), r"a\u{202e}b");
        assert_eq!(one_line("日本 é"), "日本 é");
    }

    #[test]
    fn line_breaks_fold_into_one_space_with_the_indentation_behind_them() {
        assert_eq!(one_line("\n<html>\r\n   <body>\tx\n"), "<html> <body> x");
        assert_eq!(one_line("two  spaces"), "two  spaces", "alignment inside one line is kept");
    }

    #[test]
    fn lines_keep_their_breaks_and_lose_the_empty_ones() {
        assert_eq!(lines("a\n\n b\u{1b}\n"), ["a", r"b\u{1b}"]);
    }
}
