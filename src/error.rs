//! What stops a command before or instead of its jobs, and the exit codes.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{ProblemList, SourceError};
use crate::plan::SelectionError;
use crate::report::{self, EventLogError, Refused, ReportFileError, When};

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

    /// The same, where it is known.
    #[must_use]
    pub fn hint_of(self, text: Option<&'static str>) -> Self {
        match text {
            Some(text) => self.hint(text),
            None => self,
        }
    }

    /// The same, for a build server.
    pub fn refused(&self) -> Refused<'_> {
        match self {
            Self::Layers { found, .. } => Refused::Layers(found),
            Self::Usage { message, hint } | Self::Other { message, hint } => Refused::Other(message, hint.as_deref()),
        }
    }

    /// Says it on standard error, and gives the exit code.
    pub fn say(&self, color: When) -> ExitCode {
        match self {
            Self::Usage { message, hint } | Self::Other { message, hint } => {
                report::say_error(message, hint.as_deref(), color)
            }
            Self::Layers { file, found } => report::say_layers(file, found, color),
        }
        self.exit_code()
    }

    /// The exit code: 2 for wrong flags or a wrong layers file.
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Layers { .. } | Self::Usage { .. } => 2,
            Self::Other { .. } => 1,
        })
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        let missing = matches!(error, SourceError::Missing(_));
        let usage = Self::usage(error.to_string());
        if missing { usage.hint("`layership init` writes one here; `--config` names another place") } else { usage }
    }
}

impl From<ReportFileError> for Error {
    fn from(error: ReportFileError) -> Self {
        Self::other(error.to_string()).hint_of(error.hint)
    }
}

impl From<EventLogError> for Error {
    fn from(error: EventLogError) -> Self {
        Self::other(error.to_string()).hint_of(error.hint)
    }
}

impl From<SelectionError> for Error {
    fn from(error: SelectionError) -> Self {
        Self::usage(error.to_string())
    }
}
