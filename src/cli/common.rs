//! What every command on a layers file takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::config::SettingsTable;
use crate::plan::Part;
use crate::report::{ReportRequest, Surroundings, When};

/// Which layers a command is about.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Layer keys or globs such as `numpy-*`; none means all
    #[arg(value_name = "LAYER")]
    pub layers: Vec<String>,
    /// Layers file
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "layers.toml",
        env = "LAYERSHIP_CONFIG",
        hide_env_values = true
    )]
    pub config: PathBuf,
    /// Only this target, or targets such as `eu-*`; repeatable
    #[arg(long = "target", value_name = "NAME")]
    pub targets: Vec<String>,
    /// Only one of N parts into which the jobs are split, one for each machine; a job is always in the same one
    #[arg(long, value_name = "I/N")]
    pub partition: Option<Part>,
    /// Only layers whose manifest, archive or declaration changed since a revision of git
    ///
    /// What is not committed yet counts, what git does not know does not: of an archive that a build makes, the manifest has
    /// to tell. It compares with that very revision; `$(git merge-base origin/main HEAD)` is where a branch began.
    #[arg(long, value_name = "REV")]
    pub changed_since: Option<String>,
}

/// How a command works, and how much it says.
#[derive(Debug, Args)]
pub struct Manner {
    /// Run against a local stand-in for S3 and Lambda, kept in DIR [default: .layership/sandbox beside the layers file]
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub sandbox: Option<Option<PathBuf>>,
    /// Show progress: auto, always, never
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true, default_value_t = When::Auto)]
    pub progress: When,
    /// Colour: auto, always, never
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true, default_value_t = When::Auto)]
    pub color: When,
    /// Say more: each job's steps and where each setting came from; twice for every request
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Warnings and errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// How the run behaves.
    #[command(flatten)]
    pub settings: SettingsTable,
}

impl Manner {
    /// What the displays go by.
    pub fn surroundings(&self) -> Surroundings {
        Surroundings::of_this_process(self.progress, self.color, self.quiet, self.verbose)
    }
}

/// What every command on the jobs of a layers file takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Which layers.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Write a report, such as `json=report.json`; repeatable
    #[arg(long = "report", value_name = "FORMAT=PATH")]
    pub reports: Vec<ReportRequest>,
    /// Write each event as a line of JSON, as it happens; `-` is standard output, which then shows nothing else
    #[arg(long, value_name = "PATH")]
    pub events: Option<PathBuf>,
    /// Tell the build server nothing: no annotations, summary or outputs of GitHub, no limits of GitLab
    #[arg(long)]
    pub no_ci: bool,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
}

/// What is printed on standard output, where a terminal is not told of what stayed as it was.
#[derive(Debug, Args)]
pub struct Printed {
    /// What to print on standard output: text with every layer, json, markdown [default: text, on a terminal without what is unchanged]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Output>,
}

/// What a plan prints on standard output.
#[derive(Debug, Args)]
pub struct PrintedPlan {
    /// What to print on standard output: text with every layer, json, markdown [default: text without what is unchanged]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Output>,
}

/// What is printed on standard output, where that is the same everywhere.
#[derive(Debug, Args)]
pub struct PrintedWhole {
    /// What to print on standard output: text, json, markdown [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Output>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// The report.
    Json,
    /// The report, for a comment on a pull request.
    Markdown,
}
