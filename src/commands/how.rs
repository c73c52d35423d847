//! What the commands that run jobs differ in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{ChangedOutput, Output};
use crate::event::Mode;
use crate::plan::{SavedOptions, SavedPlan};
use crate::run::{Approval, BuildScope, Pruning};

/// What the commands differ in.
#[derive(Clone, Debug)]
pub struct How {
    pub mode: Mode,
    pub stage_first: bool,
    pub force: bool,
    /// Publish what is behind other targets.
    pub align: bool,
    /// Take grants away that the layers file does not name.
    pub revoke: bool,
    /// Sharing with everybody is agreed to.
    pub yes: bool,
    pub strict: bool,
    /// What is built first.
    pub build: Option<BuildScope>,
    pub all_or_nothing: bool,
    pub exit_code: bool,
    /// Older versions too.
    pub all_versions: bool,
    /// What is deleted beside what the layers say.
    pub pruning: Pruning,
    pub print: Print,
    /// Where documents of what versions are made of are kept here, too.
    pub attest_dir: Option<PathBuf>,
    /// Where the plan is kept.
    pub out: Option<PathBuf>,
    /// The plan that is carried out.
    pub saved: Option<Arc<SavedPlan>>,
    /// Where that plan was read.
    pub saved_at: Option<PathBuf>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// Nothing: somebody else shows it.
    Nothing,
    /// Text, because nothing else was asked for.
    Usual,
    Text,
    Lines,
    Json,
    Markdown,
    GithubMatrix,
}

impl Print {
    /// The flag that asks for it.
    pub fn asked(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::Usual => None,
            Self::Text => Some("--format text"),
            Self::Lines => Some("--format lines"),
            Self::Json => Some("--format json"),
            Self::Markdown => Some("--format markdown"),
            Self::GithubMatrix => Some("--format github-matrix"),
        }
    }
}

impl From<Option<ChangedOutput>> for Print {
    fn from(asked: Option<ChangedOutput>) -> Self {
        match asked {
            None => Self::Usual,
            Some(ChangedOutput::Text) => Self::Text,
            Some(ChangedOutput::Lines) => Self::Lines,
            Some(ChangedOutput::Json) => Self::Json,
            Some(ChangedOutput::GithubMatrix) => Self::GithubMatrix,
        }
    }
}

impl From<Option<Output>> for Print {
    fn from(asked: Option<Output>) -> Self {
        match asked {
            None => Self::Usual,
            Some(Output::Text) => Self::Text,
            Some(Output::Json) => Self::Json,
            Some(Output::Markdown) => Self::Markdown,
        }
    }
}

impl How {
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            stage_first: false,
            force: false,
            align: false,
            revoke: false,
            yes: false,
            strict: false,
            build: None,
            all_or_nothing: false,
            exit_code: false,
            all_versions: false,
            pruning: Pruning::default(),
            print: Print::Usual,
            attest_dir: None,
            out: None,
            saved: None,
            saved_at: None,
        }
    }

    /// Whether nobody is asked: then there are no credentials to find, and any Region will do for what depends on one.
    pub fn is_offline(&self) -> bool {
        self.mode == Mode::Check || (self.mode, self.build) == (Mode::Build, Some(BuildScope::All))
    }

    /// Whether this is a look before somebody is asked: what it meets is told by what comes after it.
    pub fn is_look(&self) -> bool {
        self.print == Print::Nothing
    }

    /// Whether such a look went before, and told what there is to tell before a run.
    pub fn follows_look(&self) -> bool {
        self.pruning.agreed.is_some()
    }

    /// With what the command line wants to be printed.
    pub fn printing(self, format: Option<Output>) -> Self {
        Self { print: format.into(), ..self }
    }

    /// The same as the saved plan of this file says it.
    pub fn following(self, saved: SavedPlan, file: &Path) -> Self {
        let SavedOptions { stage, force, revoke, strict, align } = saved.options;
        let (saved, saved_at) = (Some(Arc::new(saved)), Some(file.to_owned()));
        Self { stage_first: stage, force, revoke, strict, align, saved, saved_at, ..self }
    }

    /// What decisions depend on.
    pub fn options(&self) -> SavedOptions {
        let Self { stage_first: stage, force, revoke, strict, align, .. } = *self;
        SavedOptions { stage, force, revoke, strict, align }
    }

    /// Whose decisions they are.
    pub fn approval(&self) -> Approval {
        match (&self.saved, &self.out) {
            (Some(saved), _) => Approval::Given(Arc::clone(saved)),
            (None, Some(_)) => Approval::Later,
            (None, None) => Approval::Immediate,
        }
    }
}
