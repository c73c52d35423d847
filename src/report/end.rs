//! What a run says when it is over, and what a command says before it begins.

use std::path::Path;

use crate::config::{Problem, SettingsOrigin};
use crate::event::Mode;
use crate::report::choose::{Choice, Facts, When, choose};
use crate::report::style::Tone;
use crate::report::text::PlanContext;
use crate::report::{Display, Report, Shown, check, emit, failures, text};
use crate::shown;

/// Standard error before and after a run.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    choice: Choice,
    quiet: bool,
}

impl Screen {
    /// The screen that these facts allow.
    pub fn of(facts: &Facts) -> Self {
        Self { choice: choose(facts), quiet: facts.quiet }
    }

    /// How the run is shown while it goes on.
    pub fn choice(&self) -> Choice {
        self.choice
    }

    /// Warnings about the layers file.
    pub fn say_problems(&self, file: &Path, problems: &[Problem]) {
        for problem in problems {
            emit::stderr(&shown!("warning: {}\n", problem.located(&file.display().to_string())));
        }
    }

    /// With `-v`: each setting and where it came from.
    pub fn say_settings(&self, settings: &[SettingsOrigin]) {
        if self.choice.verbose > 0 {
            for setting in settings {
                emit::stderr(&shown!("setting {}\n", setting.to_string()));
            }
        }
    }

    /// A line about the surroundings of the run, such as where the sandbox keeps its objects.
    pub fn note(&self, verb: &'static str, line: &Shown) {
        if !self.quiet && self.choice.display != Display::Silent {
            emit::stderr(&shown!("{:>12} {}\n", verb, line));
        }
    }

    /// Warnings and failures, once the run is over.
    pub fn say_failures(&self, report: &Report) {
        let said = failures::render(report, self.choice.style);
        if !said.is_empty() {
            emit::stderr(&shown!("\n{}", said));
        }
    }
}

/// What is wrong with the command line. It quotes what was typed, which a script may have taken from anywhere.
pub fn say_usage(text: &str) {
    let style = choose(&Facts::of_this_process(When::Auto, When::Auto, false, 0)).style;
    let said = match text.strip_prefix("error") {
        Some(rest) => shown!("{}{}", style.paint(Tone::Bad, "error"), Shown::lines(rest)),
        None => Shown::lines(text),
    };
    emit::stderr(&said);
}

/// The report as text for standard output.
pub fn rendered(report: &Report, file: &Path, verbose: u8) -> Shown {
    match report.mode {
        Mode::Check => check::render(report, file),
        Mode::Plan => {
            text::plan(report, &PlanContext { file: file.display().to_string(), list_unchanged: verbose > 0 })
        }
        Mode::Stage => text::stage(report),
        Mode::Publish => text::publish(report),
    }
}
