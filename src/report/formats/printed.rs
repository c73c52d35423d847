//! What lies beneath a failure, where that has lines of its own, such as the end of what a build printed. Formats that can keep
//! the lines take them from here, within bounds.

use crate::report::Shown;
use crate::report::wording::truncate;

/// So much of it is told, in lines and columns: its end says why something failed. What a run keeps of a build is less, and is
/// not cut once more.
const LINES_AT_MOST: usize = 40;
const COLUMNS_AT_MOST: usize = 320;

/// The end of a text of several lines.
pub struct Printed {
    /// Its last lines, in their columns and none of them empty.
    pub lines: Vec<Shown>,
    /// How many it had, where these are not all of them.
    pub of: Option<usize>,
}

/// The text, if it has several lines.
pub fn printed(text: &str) -> Option<Printed> {
    let all: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let left_out = all.len().saturating_sub(LINES_AT_MOST);
    let of = (left_out > 0).then_some(all.len());
    let lines = all[left_out..].iter().map(|line| cut(line)).collect();
    (all.len() > 1).then_some(Printed { lines, of })
}

/// Long lines are cut after they were masked: a part of a credential would not be known as one.
fn cut(line: &str) -> Shown {
    Shown::columns(&truncate(&Shown::columns(line), COLUMNS_AT_MOST, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_several_lines_have_lines_to_keep_and_the_last_of_many_are_kept() {
        for one in ["", "one", "one\n", "\n \n one \n\n"] {
            assert!(printed(one).is_none(), "{one:?}");
        }
        let two = printed("  in\n\n\tout \r\n").unwrap();
        assert_eq!((two.lines, two.of), (["  in", "    out"].map(Shown::from).to_vec(), None));
        let many: String = (0..50).map(|n| format!("{n}\n")).collect();
        let many = printed(&many).unwrap();
        assert_eq!((many.lines.len(), many.lines[0].as_str(), many.of), (LINES_AT_MOST, "10", Some(50)));
    }

    #[test]
    fn no_line_is_long_or_is_anything_but_text() {
        let secret = format!("{}https://u:s3cr3t@h/x", "x".repeat(COLUMNS_AT_MOST - 14));
        let all = printed(&format!("{}\n{secret}\n\u{1b}[2J\n::error::x\n", "y".repeat(10_000))).unwrap();
        let text = Shown::of_lines(all.lines);
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS_AT_MOST), "{text}");
        assert!(!text.contains("s3cr") && !text.contains('\u{1b}') && !text.contains("\n::"), "{text}");
    }
}
