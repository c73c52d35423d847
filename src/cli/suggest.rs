//! What was probably meant where `layership help` is asked about a command that there is not: clap says so of commands alone.

use std::ffi::OsString;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use crate::config::nearest;

/// The error, with the command that was probably meant.
pub fn for_help(mut error: Error, arguments: &[OsString]) -> Error {
    let words: Vec<&str> = arguments.iter().skip(1).filter_map(|word| word.to_str()).collect();
    if let (ErrorKind::InvalidSubcommand, Some(("help", asked))) =
        (error.kind(), words.split_first().map(|(first, rest)| (*first, rest)))
        && let Some(meant) = meant(asked)
    {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![meant]));
    }
    error
}

/// The command in the place of the first word that is none.
fn meant(words: &[&str]) -> Option<String> {
    let mut command = Cli::documented();
    for word in words {
        match command.find_subcommand(word) {
            Some(inner) => command = inner.clone(),
            None => return nearest(word, command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned),
        }
    }
    None
}
