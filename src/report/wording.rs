//! Small pieces of wording that several displays share.

use crate::manifest::{Changed, Dependency, Difference};
use crate::report::Shown;
use crate::shown;

/// Lists up to so many names are written out; longer ones are cut, since the report has them all.
const NAMES_AT_MOST: usize = 6;

/// Of a name or a version of a dependency.
const CHARACTERS_AT_MOST: usize = 61;

/// A number with its noun: `1 layer`, `200 layers`.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {}", nouns(count, noun))
}

/// The noun alone, as the number wants it.
pub fn nouns(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// `a, b, c`, or `a, b, c, d, e and 195 more`.
pub fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> Shown {
    let all: Vec<Shown> = all.into_iter().map(Shown::one_line).collect();
    if all.len() <= NAMES_AT_MOST {
        return Shown::join(all, ", ");
    }
    let more = all.len() - (NAMES_AT_MOST - 1);
    shown!("{} and {} more", Shown::join(all.into_iter().take(NAMES_AT_MOST - 1), ", "), more)
}

/// Numbers in ascending order, neighbours as a range: `1-3, 5`.
pub fn ranges(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|a, b| a.checked_add(1) == Some(*b)).filter_map(|run| run.first().zip(run.last()));
    let shown = runs.map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
    shown.collect::<Vec<_>>().join(", ")
}

/// A size as people compare it: `268.4 MB`, and kB where MB would read 0.0.
pub fn size(bytes: u64) -> String {
    // Losing digits beyond 2^52 bytes does not show in one decimal of a megabyte.
    #[allow(clippy::cast_precision_loss)]
    let bytes_f = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..50_000 => format!("{:.1} kB", bytes_f / 1e3),
        _ => format!("{:.1} MB", bytes_f / 1e6),
    }
}

/// The parts that are not zero, as `125 published, 4 failed`.
pub fn parts(parts: &[(usize, &str)]) -> String {
    let shown: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    shown.join(", ")
}

/// The text cut to so many columns, `…` at the cut, or dots in ASCII. Wide characters count twice, as terminals draw them.
pub fn truncate(text: &str, columns: usize, ascii: bool) -> String {
    let mark = if ascii { &"..."[..columns.min(3)] } else { "…" };
    if columns == 0 { String::new() } else { console::truncate_str(text, columns, mark).into_owned() }
}

/// A difference for a screen: up to so many dependencies, and of a long version, such as a URL, its two ends. The report has
/// all of it.
pub fn brief(difference: &Difference, limit: usize) -> Shown {
    let cut = |text: &str| ends(Shown::one_line(text).as_str());
    let version = |one: &Dependency| Dependency { name: cut(&one.name), version: cut(&one.version) };
    let all = |list: &[Dependency]| list.iter().map(version).collect();
    let changed = |one: &Changed| Changed { name: cut(&one.name), from: cut(&one.from), to: cut(&one.to) };
    let short = Difference {
        added: all(&difference.added),
        removed: all(&difference.removed),
        changed: difference.changed.iter().map(changed).collect(),
        rehashed: all(&difference.rehashed),
        only: difference.only,
    };
    Shown::one_line(&short.summary_of(limit))
}

/// A long text without its middle.
fn ends(text: &str) -> String {
    let count = text.chars().count();
    if count <= CHARACTERS_AT_MOST {
        return text.to_owned();
    }
    let half = (CHARACTERS_AT_MOST - 1) / 2;
    text.chars().take(half).chain(['…']).chain(text.chars().skip(count - half)).collect()
}

/// Columns that the text takes up.
pub fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// A word for a POSIX shell. ARNs need no quotes, which readers of `NAME=VALUE` other than shells would keep.
pub fn shell_word(text: &str) -> Shown {
    let text = Shown::one_line(text);
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ":-_./@".contains(c));
    if plain { text } else { shown!("'{}'", text.quoting(&[('\'', r"'\''")])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(plural(0, "job"), "0 jobs");
        assert_eq!(plural(1, "job"), "1 job");
        assert_eq!(plural(200, "job"), "200 jobs");
    }

    #[test]
    fn long_lists_are_cut_but_never_to_save_a_single_name() {
        assert_eq!(names(["a", "b", "c", "d", "e", "f"]).as_str(), "a, b, c, d, e, f");
        assert_eq!(names(["a", "b", "c", "d", "e", "f", "g"]).as_str(), "a, b, c, d, e and 2 more");
        assert_eq!(names(vec!["x"; 200]).as_str(), "x, x, x, x, x and 195 more");
    }

    #[test]
    fn neighbours_are_a_range() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1-3, 5, 7-8");
        assert_eq!(ranges(&[u64::MAX]), u64::MAX.to_string());
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(size(268_400_000), "268.4 MB");
        assert_eq!(size(262_144_000), "262.1 MB");
        assert_eq!(size(812_345), "0.8 MB");
        assert_eq!(size(49_949), "49.9 kB");
        assert_eq!(size(812), "812 B");
    }

    #[test]
    fn cutting_respects_wide_characters() {
        assert_eq!(truncate("requests", 8, false), "requests");
        assert_eq!(truncate("requests", 7, false), "reques…");
        assert_eq!(truncate("日本語レイヤー", 6, false), "日本…");
        assert_eq!(truncate("日本語レイヤー", 14, false), "日本語レイヤー");
        assert_eq!(truncate("abc", 1, false), "…");
        assert_eq!(truncate("abc", 0, false), "");
        for columns in 0..20 {
            assert!(width(&truncate("a日b本c語", columns, false)) <= columns);
        }
    }

    #[test]
    fn of_a_long_version_a_screen_has_both_ends() {
        let url = format!("https://host/{}/six-1.16.0.zip", "folder/".repeat(200));
        let added = vec![Dependency { name: "six".to_owned(), version: url.clone() }];
        let difference = Difference { added, ..Difference::default() };
        assert_eq!(brief(&difference, 4), "+six https://host/folder/folder/fol…/folder/folder//six-1.16.0.zip");
        assert!(difference.summary().contains(&url));
        assert_eq!(ends(&"x".repeat(CHARACTERS_AT_MOST)), "x".repeat(CHARACTERS_AT_MOST));
    }

    #[test]
    fn a_value_that_is_no_arn_is_one_word() {
        assert_eq!(
            shell_word("arn:aws:lambda:us-east-1:123456789012:layer:a:3"),
            "arn:aws:lambda:us-east-1:123456789012:layer:a:3"
        );
        assert_eq!(shell_word("a'; rm -rf /; '"), r"'a'\''; rm -rf /; '\'''");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
    }
}
