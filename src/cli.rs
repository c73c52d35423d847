//! The command line, as close to what is typed as possible. No logic.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::Styles;
use clap::error::Result;
use clap::{ArgAction, Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};

mod examples;
mod help;
mod reports;

pub use reports::{ConvertArgs, MergeArgs, ReportArgs, ReportCommand};

use crate::config::SettingsTable;
use crate::plan::Part;
use crate::report::{ReportRequest, When};

/// Publish many AWS Lambda layers from one layers file: only what changed, each exactly once.
#[derive(Debug, Parser)]
#[command(name = "layership", version, styles = Styles::plain(), max_term_width = 100, propagate_version = false)]
#[command(disable_help_flag = true, after_help = "`layership help COMMAND` explains a command, with examples")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads a command line.
    ///
    /// # Errors
    /// A command line that cannot be read; also `--help` and `--version`.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self> {
        Self::from_arg_matches(&Self::documented().try_get_matches_from(arguments)?)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find lock files below here and write a layers.toml that names them; never overwrites
    Init(InitArgs),
    /// Check the layers file, manifests and archives, offline
    Check(CheckArgs),
    /// Say which layers' manifests differ from their newest backup: what has to be built
    ///
    /// Needs no archive, staged or local, and asks S3 alone, one listing for each layer. It sees what is in the manifests and
    /// in their backups: not settings such as runtimes, not what is in an archive, not a version that was published without
    /// a backup, or deleted in Lambda. `plan` sees all of that. Where the bucket may not be listed (`s3:ListBucket`), Lambda
    /// is asked for the latest version.
    Changed(ChangedArgs),
    /// Run the `build` of the layers that `changed` names
    ///
    /// Each command runs in a shell, in the folder of the layers file that it is written in, and in a process group of its
    /// own; no more of them at once than there are cores. The end of its output is shown where it fails. A layer that goes
    /// to several targets is built once. No other command but `publish --build` ever runs one.
    Build(BuildArgs),
    /// Preflight every layer, read-only: what would be published and why
    Plan(PlanArgs),
    /// Upload archives with their manifest's MD5; skip what is already staged
    Stage(StageArgs),
    /// Preflight every layer and publish what changed
    Publish(PublishArgs),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Write a report in other formats
    Report(ReportArgs),
    /// Say what the code of an error or a warning means, and what to do
    Explain(ExplainArgs),
    /// Print a script with which a shell completes commands, flags, layers and targets
    ///
    /// The shell then asks layership at every TAB. Layers and targets come from the layers file that the command line names,
    /// and from those that it includes; nothing else is read, and nothing is run.
    ///
    /// bash, in ~/.bashrc: source <(layership completions bash)
    ///
    /// zsh, in ~/.zshrc behind compinit: source <(layership completions zsh)
    ///
    /// fish, in ~/.config/fish/config.fish: layership completions fish | source
    ///
    /// PowerShell, in $PROFILE: layership completions powershell | Out-String | Invoke-Expression
    Completions(CompletionsArgs),
    /// Serve a local S3 and Lambda stand-in and print the variables that point a tool at it
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
}

/// `layership init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "layers.toml")]
    pub config: PathBuf,
}

/// What every command on a layers file takes.
#[derive(Debug, Args)]
pub struct Common {
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
    /// Write a report, such as `json=report.json`; repeatable
    #[arg(long = "report", value_name = "FORMAT=PATH")]
    pub reports: Vec<ReportRequest>,
    /// Run against a local stand-in for S3 and Lambda, kept in DIR [default: .layership/sandbox beside the layers file]
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub sandbox: Option<Option<PathBuf>>,
    /// Write each event as a line of JSON, as it happens; `-` is standard output, which then shows nothing else
    #[arg(long, value_name = "PATH")]
    pub events: Option<PathBuf>,
    /// Tell the build server nothing: no annotations, summary or outputs of GitHub, no limits of GitLab
    #[arg(long)]
    pub no_ci: bool,
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

/// What is printed on standard output.
#[derive(Debug, Args)]
pub struct Printed {
    /// What to print on standard output: text, json, markdown; every layer included [default: text, without what is unchanged on a terminal]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Output>,
}

/// `layership check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Refuse a zip with nothing where Lambda's runtimes search
    #[arg(long)]
    pub strict: bool,
}

/// `layership changed`
#[derive(Debug, Args)]
pub struct ChangedArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What to print on standard output
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ChangedOutput>,
    /// Exit with 3 if anything changed
    #[arg(long)]
    pub exit_code: bool,
}

/// `layership build`
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Build all layers, changed or not, without asking S3
    #[arg(long)]
    pub all: bool,
}

/// `layership plan`
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Exit with 3 if anything would be published or adopted
    #[arg(long)]
    pub exit_code: bool,
    /// Keep the plan in a file, to be looked at and carried out by `publish --plan`
    #[arg(long, value_name = "FILE", conflicts_with = "changed_since")]
    pub out: Option<PathBuf>,
    /// Print a plan that was kept, and ask nobody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["layers", "targets", "partition", "changed_since", "out", "exit_code", "stage", "force", "strict", "reports", "events"])]
    pub show: Option<PathBuf>,
    /// Plan as if the local archives were staged
    #[arg(long)]
    pub stage: bool,
    /// Plan to publish unchanged layers too
    #[arg(long)]
    pub force: bool,
    /// Refuse a zip with nothing where Lambda's runtimes search
    #[arg(long)]
    pub strict: bool,
}

/// `layership stage`
#[derive(Debug, Args)]
pub struct StageArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Refuse a zip with nothing where Lambda's runtimes search
    #[arg(long)]
    pub strict: bool,
}

/// `layership publish`
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Carry out a plan that `plan --out` kept: exactly that, or nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stage", "build", "force", "strict", "changed_since"])]
    pub plan: Option<PathBuf>,
    /// Stage the archives first
    #[arg(long)]
    pub stage: bool,
    /// Build what changed first, as `build` does, and stage what was built
    #[arg(long)]
    pub build: bool,
    /// Write nothing: the same as `plan`
    #[arg(long, conflicts_with = "build")]
    pub dry_run: bool,
    /// Publish unchanged layers too
    #[arg(long)]
    pub force: bool,
    /// Finish all preflights first, and write nothing if one failed
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Refuse a zip with nothing where Lambda's runtimes search
    #[arg(long)]
    pub strict: bool,
}

/// `layership explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code, such as `archive-inconsistent`; without one, all of them
    pub code: Option<String>,
}

/// `layership completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that can complete command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
    /// PowerShell.
    #[value(alias = "pwsh")]
    Powershell,
}

/// `layership schema`
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema describes
    #[arg(value_enum)]
    pub of: SchemaOf,
}

/// `layership sandbox`
#[cfg(feature = "sandbox")]
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Folder that keeps its objects and layers [default: .layership/sandbox]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// What requests are signed with, for scripts; without it, a random one for each start
    #[arg(long, value_name = "SECRET")]
    pub secret: Option<String>,
    /// A role that can be assumed; repeatable. Without it, every role can
    #[arg(long = "role", value_name = "ARN")]
    pub roles: Vec<String>,
    /// Rules of faults to inject, as JSON; see docs/sandbox.md
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Answer Lambda calls beyond so many a second with a throttle
    #[arg(long, value_name = "N")]
    pub lambda_requests_per_second: Option<u32>,
    /// Delay every S3 request
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub s3_latency_ms: u64,
    /// Delay every Lambda request but PublishLayerVersion
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub lambda_latency_ms: u64,
    /// Delay PublishLayerVersion
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub publish_latency_ms: u64,
    /// Refuse buckets that were not created, as S3 does
    #[arg(long)]
    pub strict_buckets: bool,
    /// Seconds by which its clock is ahead of this machine's, or behind: to rehearse a machine whose clock is wrong
    #[arg(long, value_name = "S", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_offset_seconds: i32,
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

/// The format in which `changed` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChangedOutput {
    /// For people [default]
    Text,
    /// The keys of the layers that changed, one a line
    Lines,
    /// The report
    Json,
    /// A matrix for a job of GitHub Actions: `layers` is a key, or several where more than 256 layers changed
    GithubMatrix,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The layers file.
    Layers,
    /// A file that a layers file includes.
    Included,
    /// The report.
    Report,
    /// A line of `--events`.
    Events,
    /// A plan that `plan --out` keeps.
    Plan,
}
