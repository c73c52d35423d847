//! The command lines of what is done with layers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::common::{Common, Printed, PrintedPlan, PrintedWhole};

/// `layership check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: PrintedWhole,
    /// Refuse a zip for what is otherwise a warning about its content
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
    pub printed: PrintedPlan,
    /// Exit with 3 if anything would be published, adopted or shared
    #[arg(long)]
    pub exit_code: bool,
    /// Keep the plan in a file, to be looked at and carried out by `publish --plan`
    #[arg(long, value_name = "FILE", conflicts_with = "changed_since")]
    pub out: Option<PathBuf>,
    /// Print a plan that was kept, and ask nobody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["layers", "targets", "partition", "changed_since", "out", "exit_code", "stage", "build", "force", "align", "revoke", "strict", "reports", "events"])]
    pub show: Option<PathBuf>,
    /// Plan as if the local archives were staged
    #[arg(long)]
    pub stage: bool,
    /// Build what changed first, as `build` does, and plan as if what was built were staged
    #[arg(long, conflicts_with = "out")]
    pub build: bool,
    /// Plan to publish unchanged layers too
    #[arg(long)]
    pub force: bool,
    /// Plan to publish, too, where the content differs between targets and is not the staged archive
    #[arg(long, conflicts_with = "partition")]
    pub align: bool,
    /// Plan to take grants away that `share` does not name
    #[arg(long)]
    pub revoke: bool,
    /// Refuse a zip for what is otherwise a warning about its content
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
    /// Refuse a zip for what is otherwise a warning about its content
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stage", "build", "force", "align", "revoke", "strict", "changed_since"])]
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
    /// Publish, too, where the content differs between targets and is not the staged archive; never to make numbers equal
    #[arg(long, conflicts_with = "partition")]
    pub align: bool,
    /// Take grants away that `share` does not name
    #[arg(long)]
    pub revoke: bool,
    /// Agree to layers that are shared with everybody
    #[arg(long)]
    pub yes: bool,
    /// Keep the documents of layers with `attest` below this folder, too
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    pub attest_dir: Option<PathBuf>,
    /// Finish all preflights first, and write nothing if one failed
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Refuse a zip for what is otherwise a warning about its content
    #[arg(long)]
    pub strict: bool,
}

/// `layership status`
// A part of the jobs has not all targets of a layer: it is refused, so it is not offered.
#[derive(Debug, Args)]
#[command(mut_arg("partition", |partition| partition.hide(true)))]
pub struct StatusArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: PrintedWhole,
    /// Exit with 3 if anything is not in order
    #[arg(long)]
    pub exit_code: bool,
    /// Look at older versions too, and whether each has its backup
    #[arg(long)]
    pub all_versions: bool,
}

/// `layership prune`
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// What every command on a layers file takes.
    #[command(flatten)]
    pub common: Common,
    /// What is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Delete nothing, and say what would be deleted
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Exit with 3 if anything would be deleted
    #[arg(long, requires = "dry_run")]
    pub exit_code: bool,
    /// Delete versions that others may use, too
    #[arg(long)]
    pub shared: bool,
    /// Delete what is kept of a version in S3 before the version: manifests and documents
    #[arg(long)]
    pub backups: bool,
    /// Agree to what is deleted
    #[arg(long)]
    pub yes: bool,
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
