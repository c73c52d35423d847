//! What a run says when it is over, and what a command says before it begins.

use std::path::{Path, PathBuf};

use crate::config::{ProblemList, SettingOrigin};
use crate::event::Mode;
use crate::report::choose::{Choice, Surroundings, choose};
use crate::report::snippet::snippet;
use crate::report::style::{Style, Tone};
use crate::report::summary::summary;
use crate::report::text::PlanContext;
use crate::report::{Display, Report, Same, Shown, changed, check, emit, failures, prune, status, text};
use crate::shown;

/// Standard error before and after a run.
#[derive(Clone, Copy, Debug)]
pub struct Notices {
    choice: Choice,
    quiet: bool,
}

impl Notices {
    /// The screen that these surroundings allow.
    pub fn of(surroundings: &Surroundings) -> Self {
        Self { choice: choose(surroundings), quiet: surroundings.quiet }
    }

    /// The same for a look, which another run follows: while it goes on it is shown, and no line of it stays.
    #[must_use]
    pub fn of_a_look(mut self) -> Self {
        self.choice.lasting = false;
        self
    }

    /// The colours.
    pub fn style(&self) -> Style {
        self.choice.style
    }

    /// How the run is shown while it goes on.
    pub fn choice(&self) -> Choice {
        self.choice
    }

    /// Warnings about the layers file.
    pub fn say_problems(&self, found: &ProblemList) {
        let style = self.choice.style;
        for problem in &found.problems {
            let warning = shown!("{}: {}", style.paint(Tone::Attention, "warning"), problem.to_string());
            emit::stderr(&Shown::of_lines(std::iter::once(warning).chain(snippet(problem, style))));
        }
        if found.more {
            emit::stderr(&shown!("warning: there are more such warnings\n"));
        }
    }

    /// With `-v`: each setting and where it came from.
    pub fn say_settings(&self, settings: &[SettingOrigin]) {
        if self.choice.verbose > 0 {
            for setting in settings {
                emit::stderr(&shown!("setting {}\n", setting.to_string()));
            }
        }
    }

    /// With `-v`: each layers file that the first one includes.
    pub fn say_included(&self, files: &[PathBuf]) {
        if self.choice.verbose > 0 {
            files.iter().for_each(|file| emit::stderr(&shown!("included {}\n", file)));
        }
    }

    /// A line about the surroundings of the run, such as where the sandbox keeps its objects.
    pub fn note(&self, verb: &'static str, line: &Shown) {
        if !self.quiet && self.choice.display != Display::Silent {
            emit::stderr(&shown!("{:>12} {}\n", verb, line));
        }
    }

    /// Warnings and failures, once the run is over, and last of all how many jobs ended how, unless standard output
    /// ended with just that.
    pub fn conclude(&self, report: &Report, same: &Same) {
        let said = failures::render(report, same, self.choice.style);
        if !said.is_empty() {
            emit::stderr(&shown!("\n{}\n", said));
        }
        let concluded =
            said.is_empty() && matches!(report.mode, Mode::Check | Mode::Changed | Mode::Plan | Mode::Status);
        if !concluded && self.choice.display != Display::Silent {
            emit::stderr(&shown!("{}\n", summary(report).render(self.choice.style, None)));
        }
    }
}

/// What is listed on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Everything, also what stayed as it was: asked for with `-v` or `--format`.
    Everything,
    /// What a plan would do, but every job of a run: whoever reads it from a pipe looks for all the ARNs.
    Usual,
    /// What is new: on a terminal two hundred unchanged layers would hide the one that matters.
    News,
}

impl Listing {
    /// What suits the place where it is shown.
    pub fn of(asked: bool, surroundings: &Surroundings) -> Self {
        match (asked, surroundings.stdout_is_terminal) {
            (true, _) => Self::Everything,
            (false, true) => Self::News,
            (false, false) => Self::Usual,
        }
    }
}

/// The report as text for standard output.
pub fn rendered(report: &Report, file: &Path, listing: Listing, style: Style) -> Shown {
    match report.mode {
        Mode::Check => check::render(report, file),
        Mode::Changed => changed::text(report, file, listing == Listing::Everything),
        Mode::Plan => {
            let list_unchanged = listing == Listing::Everything;
            text::plan(report, &PlanContext { file: file.display().to_string(), list_unchanged, style })
        }
        Mode::Build => text::build(report, listing != Listing::News),
        Mode::Stage => text::stage(report, listing != Listing::News),
        Mode::Publish => text::publish(report, listing != Listing::News),
        Mode::Status => status::text(report, file),
        Mode::Prune => prune::text(report, listing != Listing::News),
    }
}
