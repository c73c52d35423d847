//! Sentences on a terminal, which would break a line in the middle of a word.

use crate::report::Shown;
use crate::report::wording::width;

/// Wider lines are hard to read.
const WIDEST: usize = 100;

/// The text with each line broken between words, where it is for a terminal of so many columns; as it is, where it is for
/// anything else.
pub fn wrapped(text: &Shown, columns: Option<u16>) -> Shown {
    let Some(columns) = columns else { return text.clone() };
    let columns = usize::from(columns).min(WIDEST);
    let ends = text.ends_with('\n');
    let lines: Vec<String> = text.lines().map(|line| broken(line, columns)).collect();
    Shown::joined(lines.join("\n") + if ends { "\n" } else { "" })
}

/// A word that is wider than a line has a line of its own.
fn broken(line: &str, columns: usize) -> String {
    let (mut broken, mut taken) = (String::with_capacity(line.len()), 0);
    for word in line.split(' ') {
        let wide = width(word);
        match taken {
            0 => {}
            taken_so_far if taken_so_far + 1 + wide <= columns => {
                broken.push(' ');
                taken += 1;
            }
            _ => {
                broken.push('\n');
                taken = 0;
            }
        }
        broken.push_str(word);
        taken += wide;
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_only_on_a_terminal() {
        let text = Shown::from("a title\n\nOne two three, and four.\nsomewhat-long-word five\n");
        assert_eq!(wrapped(&text, None), text);
        let expected = "a title\n\nOne two\nthree, and\nfour.\nsomewhat-long-word\nfive\n";
        assert_eq!(wrapped(&text, Some(10)).as_str(), expected);
        assert_eq!(wrapped(&"日本 語".into(), Some(6)).as_str(), "日本\n語");
        assert_eq!(wrapped(&"a b".into(), Some(0)).as_str(), "a\nb");
        let long = Shown::one_line(&"word ".repeat(100));
        assert!(wrapped(&long, Some(u16::MAX)).lines().all(|line| line.len() <= WIDEST));
    }
}
