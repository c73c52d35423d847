//! The command line of `layership rollout`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::common::{Chosen, Manner, Output};
use crate::config::whole;
use crate::report::rollout::RolloutRequest;

/// `layership rollout`
#[derive(Debug, Args)]
pub struct RolloutArgs {
    /// Of which layers.
    #[command(flatten)]
    pub chosen: Chosen,
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
    #[arg(long, value_name = "N", requires = "apply", value_parser = whole::<NonZeroUsize>, allow_negative_numbers = true)]
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["layers", "partition", "changed_since", "functions", "tags", "apply", "publish_versions", "alias", "force", "exit_code"])]
    pub undo: Option<PathBuf>,
    /// Exit with 3 if any function would be moved
    #[arg(long, conflicts_with = "apply")]
    pub exit_code: bool,
    /// What to print on standard output: text, json, markdown
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<Output>,
    /// Write a report, such as `json=rollout.json`; repeatable
    #[arg(long = "report", value_name = "FORMAT=PATH")]
    pub reports: Vec<RolloutRequest>,
    /// Write each event as a line of JSON, as it happens; `-` is standard output, which then shows nothing else
    #[arg(long, value_name = "PATH")]
    pub events: Option<PathBuf>,
    /// Tell the build server nothing: no annotations, summary or outputs of GitHub
    #[arg(long)]
    pub no_ci: bool,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
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
