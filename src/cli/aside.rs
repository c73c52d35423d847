//! The command lines of what goes without AWS: a first file, schemas, explanations, completions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `layership init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write
    #[arg(short, long, value_name = "FILE", default_value = "layers.toml")]
    pub config: PathBuf,
}

/// `layership explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Codes such as `archive-inconsistent`; without any, all of them: their names at a terminal, their entries elsewhere
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
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
    /// What `status --format json` prints.
    Status,
    /// What `rollout --format json` prints.
    Rollout,
    /// The report `index`.
    Index,
}
