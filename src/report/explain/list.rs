//! All codes on a screen or two.

use super::{Explanation, all};
use crate::report::Shown;
use crate::report::table::align;
use crate::report::wording::width;

/// Of a terminal whose width is not known.
const COLUMNS: u16 = 80;
/// Wider lines are hard to read.
const WIDEST: u16 = 100;
/// What stands behind a sentence that was cut, in ASCII.
const MARK: usize = " ...".len();
/// Fewer columns of what a code means say nothing.
const COLUMNS_AT_LEAST: usize = 24;

/// Every code with the beginning of what it means, for a terminal of so many columns: one line each.
pub fn list(columns: Option<u16>) -> Shown {
    let codes = all().map(|(code, _)| width(&code)).max().unwrap_or_default() + 2;
    let room = usize::from(columns.unwrap_or(COLUMNS).min(WIDEST)).saturating_sub(codes).max(COLUMNS_AT_LEAST);
    let rows: Vec<Vec<Shown>> = all().map(|(code, what)| vec![Shown::one_line(&code), title(&what, room)]).collect();
    let end = Shown::from("\n`layership explain CODE` says more, and what to do\n");
    Shown::join([Shown::of_lines(align(&rows)), end], "")
}

/// The first sentence of the cause, cut between words where it is long.
fn title(what: &Explanation, room: usize) -> Shown {
    let sentence = what.cause.split_once(". ").map_or(what.cause, |(first, _)| first).trim_end_matches('.');
    if width(sentence) <= room {
        return Shown::one_line(sentence);
    }
    let end = sentence.char_indices().nth(room.saturating_sub(MARK - 1)).map_or(sentence.len(), |(end, _)| end);
    let begin = sentence[..end].rsplit_once(' ').map_or(&sentence[..end], |(begin, _)| begin);
    Shown::one_line(&format!("{begin} …"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in [60, 80, 100, 200] {
            let list = list(Some(columns));
            let widest = list.replace('…', "...").lines().map(width).max().unwrap_or_default();
            assert!(
                widest <= usize::from(columns.min(WIDEST)) && widest > usize::from(columns.min(WIDEST)) - 12,
                "{widest}: {list}"
            );
            assert_eq!(list.lines().count(), all().count() + 2);
        }
        assert_eq!(list(None), list(Some(COLUMNS)));
        assert!(list(Some(1)).lines().count() == all().count() + 2);
    }
}
