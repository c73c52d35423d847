//! All codes on a screen or two.

use super::{Explanation, all};
use crate::report::Shown;
use crate::report::table::align;

/// Behind the codes, so that a line fits most terminals.
const COLUMNS: usize = 72;

/// Every code with the beginning of what it means, for a terminal: one line each.
pub fn list() -> Shown {
    let rows: Vec<Vec<Shown>> = all().map(|(code, what)| vec![Shown::one_line(&code), title(&what)]).collect();
    let end = Shown::from("\n`layership explain CODE` says more, and what to do\n");
    Shown::join([Shown::of_lines(align(&rows)), end], "")
}

/// The first sentence of the cause, cut between words where it is long.
fn title(what: &Explanation) -> Shown {
    let sentence = what.cause.split_once(". ").map_or(what.cause, |(first, _)| first).trim_end_matches('.');
    let cut = sentence.char_indices().nth(COLUMNS).and_then(|(end, _)| sentence[..end].rsplit_once(' '));
    cut.map_or_else(|| Shown::one_line(sentence), |(begin, _)| Shown::one_line(&format!("{begin} …")))
}
