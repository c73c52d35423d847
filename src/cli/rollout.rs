//! The command line of `layership rollout`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, ValueEnum};

use super::common::Common;
use crate::config::SettingsTable;
use crate::report::When;

/// `layership rollout`
#[derive(Debug, Args)]
pub struct RolloutArgs {
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
    /// Only functions of this name, or such as `orders-*`; repeatable
    #[arg(long = "function", value_name = "GLOB")]
    pub functions: Vec<String>,
    /// Only functions with this tag; repeatable, and then with all of them
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    pub tags: Vec<Tag>,
    /// Move the functions; without it nothing is changed
    #[arg(long)]
    pub apply: bool,
    /// Move so many functions first, and the rest only if those succeeded
    #[arg(long, value_name = "N", requires = "apply")]
    pub canary: Option<NonZeroUsize>,
    /// Publish a version of each function that is moved
    #[arg(long)]
    pub publish_versions: bool,
    /// Lead this alias of each function to the version, which is published for it
    #[arg(long, value_name = "NAME")]
    pub alias: Option<String>,
    /// Move functions too that a stack of CloudFormation owns
    #[arg(long)]
    pub force: bool,
    /// Put back what was there before a rollout, from the file that it kept
    #[arg(long, value_name = "FILE", conflicts_with_all = ["layers", "functions", "tags", "apply", "publish_versions", "alias", "force", "exit_code"])]
    pub undo: Option<PathBuf>,
    /// Exit with 3 if any function would be moved
    #[arg(long, conflicts_with = "apply")]
    pub exit_code: bool,
    /// What to print on standard output: text, json
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<RolloutOutput>,
    /// Run against a local stand-in for S3 and Lambda, kept in DIR [default: .layership/sandbox beside the layers file]
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub sandbox: Option<Option<PathBuf>>,
    /// Colour: auto, always, never
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true, default_value_t = When::Auto)]
    pub color: When,
    /// Say more: where each setting came from; twice for every request
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Warnings and errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// How the run behaves.
    #[command(flatten)]
    pub settings: SettingsTable,
}

impl RolloutArgs {
    /// The same as other commands on a layers file take it.
    pub fn common(&self) -> Common {
        Common {
            layers: self.layers.clone(),
            config: self.config.clone(),
            targets: self.targets.clone(),
            partition: None,
            changed_since: None,
            reports: Vec::new(),
            #[cfg(feature = "sandbox")]
            sandbox: self.sandbox.clone(),
            events: None,
            no_ci: true,
            progress: When::Auto,
            color: self.color,
            verbose: self.verbose,
            quiet: self.quiet,
            settings: self.settings.clone(),
        }
    }
}

/// What `rollout` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RolloutOutput {
    /// For people.
    Text,
    /// The report.
    Json,
}

/// A tag that functions have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value; it may be empty.
    pub value: String,
}

impl FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err("expected KEY=VALUE".to_owned()),
        }
    }
}
