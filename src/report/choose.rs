//! Which display a run gets: a pure function of surroundings, so that every combination can be read in one table of a test.

use std::io::IsTerminal as _;

use crate::event::Happening;
use crate::report::charset;
use crate::report::style::Style;

/// Below this a bar and the running jobs cannot be read.
const ROWS_AT_LEAST: u16 = 4;
const COLUMNS_AT_LEAST: u16 = 20;

/// What a flag such as `--progress` or `--color` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// Whatever suits the place where it is shown.
    #[default]
    Auto,
    /// Whatever the output is shown on.
    Always,
    /// Not at all.
    Never,
}

/// What the choice depends on: flags, streams and the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `--progress`.
    pub progress: When,
    /// `--color`.
    pub color: When,
    /// `-q`.
    pub quiet: bool,
    /// How many `-v`.
    pub verbose: u8,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// The terminal says of itself that it cannot move the cursor: `TERM=dumb`.
    pub term_is_dumb: bool,
    /// Height of the terminal, where it is known.
    pub rows: Option<u16>,
    /// Width of the terminal, where it is known.
    pub columns: Option<u16>,
    /// Width of standard output, where that is a terminal.
    pub stdout_columns: Option<u16>,
    /// `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and not `0` (<https://bixense.com/clicolors>): colours also where there is no terminal.
    pub color_forced: bool,
    /// The terminals show ASCII alone.
    pub ascii: bool,
}

impl Surroundings {
    /// The flags, and what can be asked of this process: its standard error and its environment.
    pub fn of_this_process(progress: When, color: When, quiet: bool, verbose: u8) -> Self {
        let size = console::Term::stderr().size_checked();
        Self {
            progress,
            color,
            quiet,
            verbose,
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            term_is_dumb: std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
            rows: size.map(|(rows, _)| rows),
            columns: size.map(|(_, columns)| columns),
            stdout_columns: console::Term::stdout().size_checked().map(|(_, columns)| columns),
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            color_forced: std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0"),
            ascii: charset::stdout_is_ascii() || charset::stderr_is_ascii(),
        }
    }
}

/// How the run shows itself on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// A bar and the longest-running jobs, redrawn in place.
    Live,
    /// Lines that are only ever appended.
    Log,
    /// Warnings and errors only.
    Silent,
}

/// The chosen display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which display.
    pub display: Display,
    /// Colours on standard error.
    pub style: Style,
    /// How many `-v`.
    pub verbose: u8,
    /// Lines stay of what ended. Not so of a look that another run follows, which meets the same and tells it.
    pub lasting: bool,
}

impl Choice {
    /// Whether a line of this event stays. That a signal was understood is told in any case.
    pub fn stays(&self, event: &Happening) -> bool {
        self.lasting || matches!(event, Happening::Interrupted { .. })
    }
}

/// The display and the style that these surroundings allow.
///
/// A flag beats the environment, `-q` beats `--progress`, and `--progress always` draws the live display even where
/// nothing looks like a terminal: that is what it is for, under wrappers that pass the output on to one.
pub fn choose(surroundings: &Surroundings) -> Choice {
    let terminal = surroundings.stderr_is_terminal && !surroundings.term_is_dumb;
    let roomy = surroundings.rows.is_none_or(|n| n >= ROWS_AT_LEAST)
        && surroundings.columns.is_none_or(|n| n >= COLUMNS_AT_LEAST);
    let display = match surroundings.progress {
        _ if surroundings.quiet => Display::Silent,
        When::Never => Display::Silent,
        When::Always => Display::Live,
        // Requests are logged line by line: a region that is drawn over would not survive that.
        When::Auto if terminal && roomy && surroundings.verbose < 2 => Display::Live,
        When::Auto => Display::Log,
    };
    let style = style(surroundings, surroundings.stderr_is_terminal);
    Choice { display, style, verbose: surroundings.verbose, lasting: true }
}

/// The style of what is printed as data, such as a plan.
pub fn style_of_data(surroundings: &Surroundings) -> Style {
    style(surroundings, surroundings.stdout_is_terminal)
}

/// A flag beats the environment, where `NO_COLOR` beats `CLICOLOR_FORCE`.
fn style(surroundings: &Surroundings, is_terminal: bool) -> Style {
    let color = match surroundings.color {
        When::Always => true,
        When::Never => false,
        When::Auto if surroundings.no_color => false,
        When::Auto => surroundings.color_forced || is_terminal && !surroundings.term_is_dumb,
    };
    Style { color, ascii: is_terminal && surroundings.ascii }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Surroundings {
        Surroundings { stderr_is_terminal: true, rows: Some(24), columns: Some(80), ..Surroundings::default() }
    }

    #[test]
    fn a_terminal_may_show_ascii_alone_and_a_pipe_shows_everything() {
        assert!(choose(&Surroundings { ascii: true, ..terminal() }).style.ascii);
        assert!(!choose(&Surroundings { ascii: true, ..Surroundings::default() }).style.ascii);
        assert!(!choose(&terminal()).style.ascii);
    }

    #[test]
    fn the_table_of_choices() {
        use Display::{Live, Log, Silent};
        let pipe = Surroundings::default();
        let table = [
            ("a terminal", terminal(), Live, true),
            ("a pipe", pipe.clone(), Log, false),
            ("a dumb terminal", Surroundings { term_is_dumb: true, ..terminal() }, Log, false),
            ("a terminal of unknown size", Surroundings { rows: None, columns: None, ..terminal() }, Live, true),
            ("a terminal of three rows", Surroundings { rows: Some(3), ..terminal() }, Log, true),
            ("a terminal of ten columns", Surroundings { columns: Some(10), ..terminal() }, Log, true),
            ("NO_COLOR", Surroundings { no_color: true, ..terminal() }, Live, false),
            ("--color never", Surroundings { color: When::Never, ..terminal() }, Live, false),
            ("CLICOLOR_FORCE to a pipe", Surroundings { color_forced: true, ..pipe.clone() }, Log, true),
            (
                "CLICOLOR_FORCE, NO_COLOR",
                Surroundings { color_forced: true, no_color: true, ..terminal() },
                Live,
                false,
            ),
            (
                "CLICOLOR_FORCE, --color never",
                Surroundings { color_forced: true, color: When::Never, ..terminal() },
                Live,
                false,
            ),
            ("--color always to a pipe", Surroundings { color: When::Always, ..pipe.clone() }, Log, true),
            (
                "--color always, NO_COLOR",
                Surroundings { color: When::Always, no_color: true, ..terminal() },
                Live,
                true,
            ),
            ("--progress always to a pipe", Surroundings { progress: When::Always, ..pipe.clone() }, Live, false),
            ("--progress never", Surroundings { progress: When::Never, ..terminal() }, Silent, true),
            ("-q", Surroundings { quiet: true, ..terminal() }, Silent, true),
            ("-q --progress always", Surroundings { quiet: true, progress: When::Always, ..terminal() }, Silent, true),
            ("-q to a pipe", Surroundings { quiet: true, ..pipe }, Silent, false),
        ];
        for (name, surroundings, display, color) in table {
            let choice = choose(&surroundings);
            // Data is coloured by the same rules, as its own stream is a terminal or is not.
            let swapped = Surroundings {
                stdout_is_terminal: surroundings.stderr_is_terminal,
                stderr_is_terminal: surroundings.stdout_is_terminal,
                ..surroundings.clone()
            };
            assert_eq!(style_of_data(&swapped).color, color, "{name}");
            assert_eq!((choice.display, choice.style.color), (display, color), "{name}");
        }
    }
}
