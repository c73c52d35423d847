//! What stops a command before or instead of its jobs, and the exit codes.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Problem, ProblemList, Severity, SourceError};
use crate::plan::SelectionError;
use crate::report::{Shown, emit};
use crate::shown;

/// How a command ended that did not have to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything was done.
    Well,
    /// A job failed.
    JobFailed,
    /// `--exit-code` asked to be told, and there is something to publish or to build.
    SomethingToDo,
    /// A signal asked to stop.
    Interrupted,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(match ended {
            Ended::Well => 0,
            Ended::JobFailed => 1,
            Ended::SomethingToDo => 3,
            Ended::Interrupted => 130,
        })
    }
}

/// What stops a command. Nothing was started.
#[derive(Debug)]
pub enum Error {
    /// The layers file has problems.
    Layers {
        /// The file.
        file: PathBuf,
        /// The problems.
        found: ProblemList,
    },
    /// Wrong flags, no layers file, a path that cannot be written: exit code 2.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Something else outside the jobs: exit code 1.
    Other {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Error {
    /// Wrong flags or files.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// Anything outside the jobs.
    pub fn other(message: impl Into<String>) -> Self {
        Self::Other { message: message.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Self::Usage { hint, .. } | Self::Other { hint, .. } => *hint = Some(text.into()),
            Self::Layers { .. } => {}
        }
        self
    }

    /// Says it on standard error, and gives the exit code.
    pub fn say(&self) -> ExitCode {
        emit::stderr(&self.render());
        self.exit_code()
    }

    /// The exit code: 2 for wrong flags or a wrong layers file.
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Layers { .. } | Self::Usage { .. } => 2,
            Self::Other { .. } => 1,
        })
    }

    /// The error as it stands on the screen: what, then each problem on its line, then the hint.
    fn render(&self) -> Shown {
        match self {
            Self::Usage { message, hint } | Self::Other { message, hint } => {
                let hint = hint.as_ref().map(|hint| shown!("\nhint: {}\n", hint)).unwrap_or_default();
                shown!("error: {}\n{}", message, hint)
            }
            Self::Layers { file, found: ProblemList { problems, more } } => {
                let errors: Vec<&Problem> =
                    problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
                let many = match (errors.len(), more) {
                    (1, false) => "a problem".to_owned(),
                    (many, false) => format!("{many} problems"),
                    (many, true) => format!("more than {many} problems, of which these are the first"),
                };
                let is_first = |problem: &Problem| problem.origin.file().is_none_or(|other| other == file.as_path());
                let (whose, has) = match () {
                    () if errors.iter().all(|problem| problem.origin.file().is_none()) => {
                        ("the settings".into(), "have")
                    }
                    () if errors.iter().all(|problem| is_first(problem)) => (file.display().to_string(), "has"),
                    () => (format!("{}, with the files it includes,", file.display()), "has"),
                };
                let line = |problem: &Problem| {
                    let kind = if problem.severity == Severity::Warning { "warning: " } else { "" };
                    shown!("  {}{}", Shown::from(kind), problem.to_string())
                };
                let headline = shown!("error: {} {} {}", whose, has, many);
                Shown::of_lines(std::iter::once(headline).chain(problems.iter().map(line)))
            }
        }
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        let missing = matches!(error, SourceError::Missing(_));
        let usage = Self::usage(error.to_string());
        if missing { usage.hint("`layership init` writes one here; `--config` names another place") } else { usage }
    }
}

impl From<SelectionError> for Error {
    fn from(error: SelectionError) -> Self {
        Self::usage(error.to_string())
    }
}
