//! A requirements file in a form that is the same for all that pip reads alike.

use super::lines::{joined_lines, without_comment};
use super::requirements::{Asks, extras, read_line};
use crate::halt::Halt;

/// All that pip reads: options first, in their order, then requirements, sorted.
pub(super) fn requirement_lines(text: &str, halt: &Halt) -> Vec<String> {
    let lines = halt.over(joined_lines(text)).map(|(_, line)| alike(&line));
    let (mut options, mut requirements): (Vec<_>, Vec<_>) =
        lines.filter(|line| !line.is_empty()).partition(|line| line.starts_with('-'));
    requirements.sort_unstable();
    options.append(&mut requirements);
    options
}

/// A line without comment: a requirement by its normalised name, anything else with single blanks.
fn alike(line: &str) -> String {
    let read = read_line(0, line);
    let (name, specifier) = match read.as_ref().map(|line| &line.asks) {
        Some(Asks::Pinned { name, version }) => return format!("{name}=={version}"),
        Some(Asks::Version { name, specifier }) => (name, specifier),
        _ => return single_blanks(without_comment(line)),
    };
    let Some(line) = &read else { return String::new() };
    let extras = extras(line.text).into_iter().collect::<Vec<_>>().join(",");
    let extras = if extras.is_empty() { extras } else { format!("[{extras}]") };
    let marker = single_blanks(line.marker.unwrap_or_default());
    let marker = if marker.is_empty() { marker } else { format!("; {marker}") };
    let mut options: Vec<&str> = words(line.options);
    if options.iter().all(|option| option.starts_with("--hash=")) {
        options.sort_unstable();
    }
    let options: String = options.iter().map(|option| format!(" {option}")).collect();
    format!("{name}{extras}{specifier}{marker}{options}")
}

fn single_blanks(text: &str) -> String {
    words(text).join(" ")
}

/// What stands between blanks, but for those in quotes and behind a `\`: these are part of what an option says.
fn words(text: &str) -> Vec<&str> {
    let (mut quote, mut is_escaped) = (None, false);
    let ends_word = |next: char| {
        let is_as_it_is = is_escaped;
        is_escaped = next == '\\' && !is_escaped && quote != Some('\'');
        match quote {
            None if matches!(next, '"' | '\'') && !is_as_it_is => quote = Some(next),
            Some(open) if open == next && !is_as_it_is => quote = None,
            _ => {}
        }
        quote.is_none() && !is_as_it_is && next.is_whitespace()
    };
    text.split(ends_word).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_quotes_are_part_of_what_an_option_says() {
        let same = |one: &str, other: &str| {
            let lines = |text: &str| requirement_lines(text, &Halt::default());
            lines(one) == lines(other)
        };
        assert!(!same("a==1 --global-option=\"a  b\"", "a==1 --global-option=\"a b\""));
        assert!(!same("a==1 --config-settings='a  b'", "a==1 --config-settings='a b'"));
        assert!(!same("-f a\\ \\ b", "-f a\\  b"));
        assert!(!same("-i \"a \\\"  b\"", "-i \"a \\\" b\""));
        assert!(same("a==1   --global-option=\"a  b\"  --pre", "a==1 --global-option=\"a  b\" --pre"));
        assert!(same("a==1 --hash=sha256:b   --hash=sha256:a", "a==1 --hash=sha256:a --hash=sha256:b"));
        assert!(same("a ;  python_version  >  \"3\"", "a ; python_version > \"3\""));
        assert!(same("-i   https://a", "-i https://a"));
    }
}
