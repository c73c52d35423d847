//! What could come next on a command line, and `layership completions`.
//!
//! The shell asks at every TAB: the layers file is read, or the names of git's branches and tags, and nothing else. Nothing is
//! run, what goes wrong is not told, and an answer that takes long is not waited for.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::builder::ArgExt;
use clap::{Arg, Command};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use super::load;
use crate::cli::{Cli, CompletionsArgs, Shell, formats_of};
use crate::error::{Ended, Error};
use crate::git;
use crate::report::{Shown, emit::stdout, explain};

/// The variable with which the script of a shell asks. `LAYERSHIP_…` are settings.
const ASKED: &str = "_LAYERSHIP_COMPLETE";
/// The library's script for bash offers nothing behind `=`, at which bash splits words.
const BASH: &str = include_str!("complete.bash");
/// The library's script for PowerShell evaluates what was typed so far, at every TAB.
const POWERSHELL: &str = include_str!("complete.ps1");
/// Nobody reads more than that.
const CANDIDATES: usize = 1000;
/// Somebody waits with a finger on the key.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints the script for a shell.
pub fn script(args: &CompletionsArgs) -> Result<Ended, Error> {
    let script = match args.shell {
        Shell::Bash => BASH.to_owned(),
        Shell::Zsh => registration("zsh")?,
        Shell::Fish => registration("fish")?,
        Shell::Powershell => POWERSHELL.to_owned(),
    };
    let printed = stdout(&Shown::lines(&script));
    printed.map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    Ok(Ended::Well)
}

/// The script of the library for a shell.
fn registration(shell: &str) -> Result<String, Error> {
    let mut script = Vec::new();
    // Found on the path, so that the script outlives an update.
    let written = Shells::builtins()
        .completer(shell)
        .map(|shell| shell.write_registration(ASKED, "layership", "layership", "layership", &mut script));
    match written {
        Some(Ok(())) => Ok(String::from_utf8_lossy(&script).into_owned()),
        _ => Err(Error::other(format!("there is no script for {shell}"))),
    }
}

/// Answers a shell that asks what could come next; `None` where none does.
pub fn complete() -> Option<ExitCode> {
    let folder = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(completing)
        .var(ASKED)
        .bin("layership")
        .completer("layership")
        .try_complete(std::env::args_os(), folder.as_deref());
    match answered {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        // The shell would show it in the middle of the command line.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// The command line with what its arguments could be.
fn completing() -> Command {
    with_candidates(Cli::documented())
}

fn with_candidates(command: Command) -> Command {
    let formats = formats_of(command.get_name());
    command.mut_args(|argument| with_candidates_of(argument, formats)).mut_subcommands(with_candidates)
}

fn with_candidates_of(argument: Arg, formats: fn() -> Vec<&'static str>) -> Arg {
    match argument.get_id().as_str() {
        "reports" | "to" => argument.add(ArgValueCompleter::new(move |begun: &OsStr| before_a_path(begun, &formats()))),
        "changed_since" => argument.add(candidates(|| {
            let here = std::env::current_dir().unwrap_or_default();
            in_time(move || git::names(&here)).unwrap_or_default()
        })),
        "layers" => argument.add(candidates(|| declared(Declared::Layers))),
        "targets" => argument.add(candidates(|| declared(Declared::Targets))),
        "codes" => argument.add(candidates(|| explain::all().map(|(code, _)| code).collect())),
        _ => argument,
    }
}

/// `json=`, behind which the shell completes a path.
fn before_a_path(begun: &OsStr, formats: &[&str]) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let all = formats.iter().map(|format| format!("{format}="));
    all.filter(|format| format.starts_with(&*begun)).map(CompletionCandidate::new).collect()
}

fn candidates(all: impl Fn() -> BTreeSet<String> + Send + Sync + 'static) -> impl ArgExt {
    ArgValueCompleter::new(move |begun: &OsStr| {
        let begun = begun.to_string_lossy();
        let fitting = all().into_iter().filter(|name| name.starts_with(&*begun) && is_plain(name));
        fitting.take(CANDIDATES).map(CompletionCandidate::new).collect::<Vec<_>>()
    })
}

/// Whether a shell takes the name for nothing but itself: what is completed is run with the next key, and the layers file
/// may be a stranger's.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    !name.starts_with('-') && name.chars().all(plain)
}

#[derive(Clone, Copy)]
enum Declared {
    Layers,
    Targets,
}

/// What the layers file of the command line declares.
fn declared(what: Declared) -> BTreeSet<String> {
    let names = move || {
        let files = load::declared(&config(std::env::args_os(), std::env::var_os("LAYERSHIP_CONFIG")));
        let names = files.into_iter().flat_map(|file| match what {
            Declared::Layers => file.layers.into_keys().collect::<Vec<_>>(),
            Declared::Targets => file.targets.into_keys().collect(),
        });
        names.collect()
    };
    in_time(names).unwrap_or_default()
}

/// What is found while somebody waits. The rest is dropped with the process: a glob may have a whole disk to look at.
fn in_time<T: Send + 'static>(find: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(find()));
    receive.recv_timeout(PATIENCE).ok()
}

/// The layers file that a command line names which is not complete yet.
fn config(words: impl Iterator<Item = OsString>, variable: Option<OsString>) -> PathBuf {
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let mut named = words.iter().enumerate().filter_map(|(at, word)| {
        // bash makes three words of `--config=FILE`.
        let next = words[at + 1..].iter().find(|word| *word != "=").cloned();
        match word.as_str() {
            "-c" | "--config" => next,
            word => word.strip_prefix("--config=").or_else(|| short(word)).map(str::to_owned),
        }
    });
    named.next_back().map(PathBuf::from).or(variable.map(PathBuf::from)).unwrap_or_else(|| "layers.toml".into())
}

/// `-cFILE` or `-c=FILE`.
fn short(word: &str) -> Option<&str> {
    word.strip_prefix("-c").map(|file| file.strip_prefix('=').unwrap_or(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(line: &str, variable: Option<&str>) -> PathBuf {
        config(line.split(' ').map(OsString::from), variable.map(OsString::from))
    }

    #[test]
    fn the_layers_file_is_the_one_that_the_command_would_read() {
        let forms = ["-c a.toml", "-ca.toml", "-c=a.toml", "--config a.toml", "--config=a.toml", "--config = a.toml"];
        for form in forms {
            assert_eq!(named(&format!("layership plan {form} req"), Some("b.toml")), PathBuf::from("a.toml"), "{form}");
        }
        assert_eq!(named("layership plan req", Some("b.toml")), PathBuf::from("b.toml"));
        assert_eq!(named("layership plan --config", None), PathBuf::from("layers.toml"));
    }

    #[test]
    fn only_names_that_no_shell_reads_as_something_else_are_offered() {
        for name in ["requests-py3.12", "numpy_arm"] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["$(id)", "`id`", "a;id", "a b", "a\nid", "--force", "a*", "~", "a'b", "é", "a:b", "\u{1b}[2J"] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
