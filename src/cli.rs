//! The command line, as close to what is typed as possible. No logic.

use std::ffi::OsString;

use clap::builder::styling::Styles;
use clap::error::Result;
use clap::{FromArgMatches as _, Parser, Subcommand, ValueEnum as _};

mod aside;
mod common;
mod examples;
mod help;
mod reports;
mod rollout;
#[cfg(feature = "sandbox")]
mod sandbox;
mod suggest;
mod work;

pub use aside::{CompletionsArgs, ExplainArgs, InitArgs, SchemaArgs, SchemaOf, Shell};
pub use common::{Chosen, Common, Manner, Output};
pub use help::formats_of;
pub use reports::{ConvertArgs, MergeArgs, ReportArgs, ReportCommand};
pub use rollout::RolloutArgs;
#[cfg(feature = "sandbox")]
pub use sandbox::SandboxArgs;
pub use work::{
    BuildArgs, ChangedArgs, ChangedOutput, CheckArgs, PlanArgs, PruneArgs, PublishArgs, StageArgs, StatusArgs,
};

use crate::report::When;

/// Publish many AWS Lambda layers from one layers file: only what changed, each exactly once.
#[derive(Debug, Parser)]
#[command(name = "layership", version, styles = Styles::plain(), max_term_width = 100, propagate_version = false)]
#[command(disable_help_flag = true, after_help = "`layership help COMMAND` explains a command, with examples")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Colour: auto, always, never
    #[arg(long, global = true, value_enum, value_name = "WHEN", hide_possible_values = true, default_value_t = When::Auto)]
    color: When,
}

impl Cli {
    /// Reads a command line.
    ///
    /// # Errors
    /// A command line that cannot be read; also `--help` and `--version`.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let matches = Self::documented().try_get_matches_from(&arguments);
        Self::from_arg_matches(&matches.map_err(|error| suggest::for_help(error, &arguments))?)
    }

    /// When colours are wanted by a command line that cannot be read: as it says, as far as that much can be read.
    pub fn color_of_unread(arguments: impl IntoIterator<Item = OsString>) -> When {
        let words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
        let words: Vec<String> = words.take_while(|word| word != "--").collect();
        let behind = |(n, word): (usize, &String)| match word.strip_prefix("--color")? {
            "" => words.get(n + 1).cloned(),
            value => value.strip_prefix('=').map(str::to_owned),
        };
        let named = words.iter().enumerate().filter_map(behind).find_map(|value| When::from_str(&value, false).ok());
        named.unwrap_or_default()
    }

    /// When colours are wanted.
    pub fn color(&self) -> When {
        self.color
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
    /// Show what is published where, and what of it is not in order
    ///
    /// Read-only. Of each layer at each target: its latest version, how old and how large that is, whether its backup is there
    /// and is the local manifest, and the lock with its holder. Not in order are: a layer without a version, a version without
    /// a backup or from another state of the manifest, one that is not shared as `share` says, a lock that a run left behind
    /// when it died, an archive in the bucket that Lambda reads and that is gone, a version that is kept in another way than
    /// `storage` says, and content that differs between targets. Version numbers may differ: Lambda counts in each Region for itself.
    ///
    /// One call of Lambda for each published layer, beside one for every 50 layers of the account, and one more where a layer has
    /// `share`; `--all-versions` adds one for every 50 versions of a layer.
    Status(StatusArgs),
    /// Delete old versions
    ///
    /// Of each layer at each target, what is older than the newest ones: as many as `keep` says stay. Kept are also those
    /// that are younger than `keep-days`, that `protect` names, that a function of the account and Region uses in any of
    /// its versions, and that others may use (unless `--shared` is given). The latest version always stays.
    ///
    /// It works under the layer's lock, as a publish does. At a terminal it shows what it would delete and asks; elsewhere
    /// it wants `--dry-run` or `--yes`. What is deleted cannot be had back, and its number is never given again. Archives
    /// that stayed in the bucket for versions go once no version needs them. The copies of manifests in S3 stay, unless
    /// `--backups` is given.
    Prune(PruneArgs),
    /// Move functions from older versions of layers to the newest
    ///
    /// Looks at all functions of each account and Region once, and at those that use an older version of a chosen layer. Only
    /// the version of that layer changes; the order of a function's layers and everything else stays. What does not fit a
    /// function's runtime or architecture, what would be too large with it, and what a stack of CloudFormation owns, is left
    /// alone and told.
    ///
    /// `--apply` first keeps what was there in `.layership/rollout-RUN.json` beside the layers file; `--undo` with that file puts
    /// it back, where functions still are what the rollout made of them. Each change names the revision that was looked at,
    /// and is waited for until Lambda says that it is in force. After a failure no further function is begun. Run again, it
    /// does what is left.
    Rollout(Box<RolloutArgs>),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Write a report in other formats
    Report(ReportArgs),
    /// Say what the code of an error or a warning means, and what to do
    Explain(ExplainArgs),
    /// Print a script with which a shell completes commands, flags, layers and targets
    ///
    /// The shell then asks layership at every TAB. Layers and targets come from the layers file that the command line names,
    /// and from those that it includes, branches and tags from git's files; nothing else is read, and nothing is run.
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
