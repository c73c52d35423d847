//! The command line of `layership report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::report::ReportRequest;

/// `layership report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// What to do with reports.
    #[command(subcommand)]
    pub command: ReportCommand,
}

/// What can be done with reports.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Write a JSON report in other formats
    Convert(ConvertArgs),
    /// Make one report of the reports of several machines
    ///
    /// Parts of a run that `--partition` split become exactly the whole, in whatever order they are given. A part that is
    /// missing is told, and the exit code is then 1; what there is is written all the same. Reports of other commands, of
    /// another run, or with the same jobs are refused.
    Merge(MergeArgs),
}

/// `layership report convert`
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The JSON report; `-` is standard input
    #[arg(value_name = "REPORT")]
    pub from: PathBuf,
    /// What to write, such as `markdown=report.md`; `-` is standard output
    #[arg(value_name = "FORMAT=PATH", required = true)]
    pub to: Vec<ReportRequest>,
    /// Tell nothing of the limits of GitLab
    #[arg(long)]
    pub no_ci: bool,
}

/// `layership report merge`
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The JSON reports
    #[arg(value_name = "REPORT", required = true)]
    pub from: Vec<PathBuf>,
    /// What to write, such as `markdown=report.md`; repeatable [default: json=-, which is standard output]
    #[arg(long = "report", value_name = "FORMAT=PATH")]
    pub to: Vec<ReportRequest>,
    /// Tell nothing of the limits of GitLab
    #[arg(long)]
    pub no_ci: bool,
}
