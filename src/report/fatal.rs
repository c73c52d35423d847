//! What stops a command before its jobs, or instead of them.

use std::path::Path;

use crate::config::{Problem, ProblemList, Severity};
use crate::report::choose::{Surroundings, When, choose};
use crate::report::style::{Style, Tone};
use crate::report::{Shown, emit, shown, snippet};

/// What is wrong, and what to do.
pub fn say_error(message: &str, hint: Option<&str>, color: When) {
    let hint = hint.map(|hint| shown!("\n{}: {}\n", style(color).paint(Tone::Busy, "hint"), hint)).unwrap_or_default();
    emit::stderr(&shown!("{}: {}\n{}", style(color).paint(Tone::Bad, "error"), message, hint));
}

/// What somebody has to know, though the command goes on.
pub fn say_warning(message: &str) {
    emit::stderr(&shown!("{}: {}\n", style(When::Auto).paint(Tone::Attention, "warning"), message));
}

/// What is wrong with a layers file and the settings, each problem with its line.
pub fn say_layers(file: &Path, found: &ProblemList, color: When) {
    let style = style(color);
    let (whose, has) = whose(file, found);
    let headline = shown!("{}: {} {} {}", style.paint(Tone::Bad, "error"), whose, has, how_many(found));
    emit::stderr(&Shown::of_lines(std::iter::once(headline).chain(snippet::problems(&found.problems, style))));
}

/// What is wrong with the command line. It quotes what was typed, which a script may have taken from anywhere.
pub fn say_usage(text: &str, color: When) {
    let said = match text.strip_prefix("error") {
        Some(rest) => shown!("{}{}", style(color).paint(Tone::Bad, "error"), Shown::lines(rest)),
        None => Shown::lines(text),
    };
    emit::stderr(&said);
}

/// With these colours where the command line asks for them, or else as the surroundings say.
fn style(color: When) -> Style {
    choose(&Surroundings::of_this_process(When::Auto, color, false, 0)).style
}

fn errors(found: &ProblemList) -> impl Iterator<Item = &Problem> {
    found.problems.iter().filter(|problem| problem.severity == Severity::Error)
}

fn how_many(found: &ProblemList) -> String {
    match (errors(found).count(), found.more) {
        (1, false) => "a problem".to_owned(),
        (many, false) => format!("{many} problems"),
        (many, true) => format!("more than {many} problems, of which these are the first"),
    }
}

fn whose(file: &Path, found: &ProblemList) -> (String, &'static str) {
    let is_first = |problem: &Problem| problem.origin.file().is_none_or(|other| other == file);
    match () {
        () if errors(found).all(|problem| problem.origin.file().is_none()) => ("the settings".into(), "have"),
        () if errors(found).all(is_first) => (file.display().to_string(), "has"),
        () => (format!("{}, with the files it includes,", file.display()), "has"),
    }
}
