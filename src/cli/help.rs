//! How the command line explains itself: `--help` in one screen, `help COMMAND` at length and with examples.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::Cli;
use super::examples::{EXAMPLES, Example};
use crate::config::Setting;
use crate::report;

/// Behind everything else that a command has.
const LAST: usize = 1000;

impl Cli {
    /// The command line with everything that it says of itself.
    pub fn documented() -> Command {
        documented(Self::command(), "", &Setting::all())
    }
}

fn documented(command: Command, above: &str, settings: &[Setting]) -> Command {
    let name = match command.get_name() {
        "layership" => String::new(),
        name => format!("{above} {name}").trim_start().to_owned(),
    };
    let examples = examples(&name);
    let flag = help_flag(examples.as_ref().map(|_| name.as_str()));
    let formats = formats_of(command.get_name())();
    let command = command.mut_args(|argument| with_formats(with_default(argument, settings), &formats)).arg(flag);
    let command = match examples {
        Some(examples) => command.after_long_help(format!("{examples}\n\n{}", exit_codes(&name))),
        None => command,
    };
    command.mut_subcommands(|inner| documented(inner, &name, settings))
}

/// `--help` is short even where there is more to say.
fn help_flag(more: Option<&str>) -> Arg {
    let more = more.map(|command| format!("; `layership help {command}` says more")).unwrap_or_default();
    let flag = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort);
    flag.help(format!("Print help{more}")).help_heading(None::<&str>).display_order(LAST)
}

/// The defaults of settings are not clap's, because a flag that is not given must not beat the environment and the file.
fn with_default(argument: Arg, settings: &[Setting]) -> Arg {
    let setting = settings.iter().find(|setting| argument.get_long() == Some(&setting.name));
    match setting.filter(|_| argument.get_help_heading().is_some()) {
        Some(setting) => {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let long = argument.get_long_help().map_or_else(|| help.clone(), ToString::to_string);
            let (default, variable) = (&setting.default, setting.variable());
            argument
                .help(format!("{help} [default: {default}]"))
                .long_help(format!("{long}\n\n[default: {default}]\n[env: {variable}=]"))
        }
        None => argument,
    }
}

/// The formats of the reports of a command.
pub fn formats_of(command: &str) -> fn() -> Vec<&'static str> {
    match command {
        "rollout" => report::rollout::formats,
        _ => report::formats,
    }
}

fn with_formats(argument: Arg, formats: &[&str]) -> Arg {
    if !argument.get_value_names().is_some_and(|names| names.iter().any(|name| *name == "FORMAT=PATH")) {
        return argument;
    }
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    argument.help(format!("{help} [formats: {}]", formats.join(", ")))
}

/// What the exit code of a command says.
fn exit_codes(command: &str) -> String {
    let works =
        !["init", "schema", "report convert", "report merge", "explain", "completions", "sandbox"].contains(&command);
    let failed = match command {
        "report merge" => "a part is missing, or something else failed",
        _ if works => "a job failed, or something else did",
        _ => "it failed",
    };
    let found = match command {
        "changed" => Some("with --exit-code: anything changed"),
        "plan" => Some("with --exit-code: anything would be published, adopted or shared"),
        "status" => Some("with --exit-code: anything is not in order"),
        "prune" => Some("with --dry-run --exit-code: anything would be deleted"),
        "rollout" => Some("with --exit-code: any function would be moved"),
        _ => None,
    };
    let usage = if works {
        "wrong flags or layers file: nothing was started"
    } else {
        "wrong flags, or a file that cannot be used"
    };
    let mut codes = vec![(0, "done"), (1, failed), (2, usage)];
    codes.extend(found.map(|found| (3, found)));
    codes.extend(works.then_some((130, "interrupted")));
    let lines = codes.into_iter().map(|(code, says)| format!("\n  {code:<5}{says}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

fn examples(command: &str) -> Option<StyledStr> {
    let (_, examples) = EXAMPLES.iter().find(|(of, _)| *of == command)?;
    let shown = examples.iter().map(|Example(why, line)| format!("\n\n  # {why}\n  {line}"));
    Some(format!("Examples:{}", shown.collect::<String>()).into())
}
