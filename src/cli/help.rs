//! How the command line explains itself: `--help` in one screen, `help COMMAND` at length and with examples.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::Cli;
use super::examples::{EXAMPLES, Example};
use crate::config::Setting;

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
    let command = command.mut_args(|argument| with_default(argument, settings)).arg(flag);
    let command = match examples {
        Some(examples) => command.after_long_help(examples),
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
            argument.help(format!("{help} [default: {}]", setting.default)).long_help(None::<&str>)
        }
        None => argument,
    }
}

fn examples(command: &str) -> Option<StyledStr> {
    let (_, examples) = EXAMPLES.iter().find(|(of, _)| *of == command)?;
    let shown = examples.iter().map(|Example(why, line)| format!("\n\n  # {why}\n  {line}"));
    Some(format!("Examples:{}", shown.collect::<String>()).into())
}
