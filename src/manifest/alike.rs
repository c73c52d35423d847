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
    let mut options: Vec<&str> = line.options.split_whitespace().collect();
    if options.iter().all(|option| option.starts_with("--hash=")) {
        options.sort_unstable();
    }
    let options: String = options.iter().map(|option| format!(" {option}")).collect();
    format!("{name}{extras}{specifier}{marker}{options}")
}

fn single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
