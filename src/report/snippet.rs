//! A problem of the layers file as people look for it: what is wrong, and the line with a mark below it.

use crate::config::{Origin, Problem, Severity};
use crate::manifest::is_open;
use crate::report::style::{Style, Tone};
use crate::report::wording::width;
use crate::report::{Shown, shown};

/// So many problems are shown with their lines, and of the others only where they are: with many, the overview counts.
const SNIPPETS_AT_MOST: usize = 10;
/// As long as the longest line that is shown.
const MARKS: &str = "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^";

/// The problems, the first of them with their lines.
pub fn problems<'p>(problems: impl IntoIterator<Item = &'p Problem>, style: Style) -> Vec<Shown> {
    let of = |(n, problem): (usize, &Problem)| {
        let kind = if problem.severity == Severity::Warning { "warning: " } else { "" };
        let said = shown!("  {}{}", Shown::from(kind), problem.to_string());
        let below = if n < SNIPPETS_AT_MOST { snippet(problem, style) } else { Vec::new() };
        std::iter::once(said).chain(below).collect::<Vec<_>>()
    };
    problems.into_iter().enumerate().flat_map(of).collect()
}

/// The line of a problem and the mark below it; nothing where there is no line to show.
pub fn snippet(problem: &Problem, style: Style) -> Vec<Shown> {
    let Origin::File(_, Some(place)) = &problem.origin else { return Vec::new() };
    // A line that is shown in part only would have its mark at the wrong place.
    let Some(text) = place.text.as_deref().filter(|text| is_open(text) && !text.trim().is_empty()) else {
        return Vec::new();
    };
    let tone = if problem.severity == Severity::Warning { Tone::Attention } else { Tone::Bad };
    let part = |skip, take| Shown::columns(&text.chars().skip(skip).take(take).collect::<String>());
    let before = width(part(0, place.column - 1).as_str());
    let marks = width(part(place.column - 1, place.width).as_str()).clamp(1, MARKS.len());
    let number = place.line.to_string();
    let (gutter, indent) = (Shown::columns(&" ".repeat(number.len())), Shown::columns(&" ".repeat(before)));
    vec![
        shown!("    {} | {}", number, Shown::columns(text.trim_end())),
        shown!("    {} | {}{}", gutter, indent, style.paint(tone, &MARKS[..marks])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Problems, Source, Text};

    /// A problem with the value of this key.
    fn problem(file: &str, key: &str) -> Problem {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layers.toml");
        std::fs::write(&path, file).unwrap();
        let text = Text::read(&path).unwrap();
        let source = Source::parse(&text).unwrap();
        let mut problems = Problems::of(&source);
        problems.error(&[key], "it is wrong".to_owned());
        problems.settle().unwrap_err().problems.remove(0)
    }

    fn below(file: &str) -> String {
        Shown::of_lines(snippet(&problem(file, "key"), Style::default())).to_string()
    }

    #[test]
    fn the_value_is_marked_whatever_stands_before_it() {
        insta::assert_snapshot!(below("\n\nkey = \"value\" # why\n"), @r#"
        3 | key = "value" # why
          |       ^^^^^^^
        "#);
        insta::assert_snapshot!(below("other = 1\n\tkey\t=\t'\u{4f60}\u{597d}'\n"), @"
        2 |     key    =    '你好'
          |                 ^^^^^^
        ");
        insta::assert_snapshot!(below("key = [\n  1,\n]\n"), @"
        1 | key = [
          |       ^
        ");
        insta::assert_snapshot!(below("'key' = \"\u{202e}evil\" # ##[error]\n"), @r#"
        1 | 'key' = "\u{202e}evil" # \u{23}#[error]
          |         ^^^^^^^^^^^^^^
        "#);
    }

    #[test]
    fn a_line_with_a_secret_is_not_shown() {
        assert_eq!(below("key = \"https://me:password@example.org/\"\n"), "");
        assert_eq!(below("key = \"https\\u003a//me:password\\U00000040example.org/\"\n"), "");
    }

    #[test]
    fn of_many_problems_the_first_have_their_lines() {
        let one = problem("key = 1\n", "key");
        assert_eq!(problems(vec![&one; 10], Style::default()).len(), 30);
        assert_eq!(problems(vec![&one; 11], Style::default()).len(), 31);
    }
}
