//! Help: short where it is asked for with a flag, long with `help`, and every example in it runs.

use std::process::Command;

use crate::common::process::Running;
use crate::common::project::Project;
use crate::common::{Ended, folder, layership, run, write};
use crate::pages::shell;

fn help(command: &str) -> String {
    run(layership(folder().path()), std::iter::once("help").chain(command.split_whitespace())).expect(0).stdout
}

/// The command lines below `Examples:`.
fn examples(command: &str) -> Vec<String> {
    let help = help(command);
    let lines = help.lines().skip_while(|line| *line != "Examples:").filter(|line| line.starts_with("  layership "));
    lines.map(|line| line.trim().to_owned()).collect()
}

/// The commands that do something themselves.
fn commands() -> Vec<String> {
    let listed = |help: String| {
        let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let names = lines.filter(|line| line.as_bytes().get(2).is_some_and(|c| *c != b' '));
        names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = listed(help("")).into_iter().filter(|name| name != "help");
    all.flat_map(|name| match name.as_str() {
        "report" => vec!["report convert".to_owned(), "report merge".to_owned()],
        _ => vec![name],
    })
    .collect()
}

/// A project in whose folder every example finds what it names.
fn project() -> Project {
    let project = Project::of(&[]);
    project.declare(&["numpy", "requests"], "build = \"true\"\nkeep = 2");
    for line in [
        "stage",
        "plan --stage --partition 1/2 --report json=part-1.json",
        "plan --stage --partition 2/2 --report json=part-2.json",
        "plan --stage --report json=report.json",
    ] {
        project.run(line, 0);
    }
    project
}

#[test]
fn a_command_that_there_is_not_is_guessed_behind_help_too() {
    let of = |line: &str| run(layership(folder().path()), line.split_whitespace()).expect(2).stderr;
    for (line, meant) in [("help plna", "plan"), ("help rolout", "rollout"), ("help report mrge", "merge")] {
        let told = of(line);
        assert!(told.contains(&format!("tip: a similar subcommand exists: '{meant}'")), "{line}: {told}");
    }
    assert!(!of("help zzzz").contains("tip:"));
}

#[track_caller]
fn ends_with(code: i32, mut command: Command) {
    Ended::from(command.output().expect("a shell")).expect(code);
}

#[test]
fn every_command_has_examples_and_every_example_runs() {
    let project = project();
    for command in commands() {
        let lines = examples(&command);
        assert!(!lines.is_empty(), "`layership help {command}` has no examples");
        for line in lines {
            assert!(line.starts_with(&format!("layership {command}")), "{command}: {line}");
            match command.as_str() {
                "sandbox" => serves(&project, &line),
                "init" => ends_with(0, in_a_new_folder(&project, &line)),
                _ => ends_with(if line.contains("--exit-code") { 3 } else { 0 }, shell(&project, &line)),
            }
        }
    }
    let published = project.writes().into_iter().filter(|write| write.starts_with("PublishLayerVersion"));
    assert_eq!(published.count(), 2, "the examples of `publish` publish each layer once");
}

fn in_a_new_folder(project: &Project, line: &str) -> Command {
    let folder = project.folder().join(format!("new-{}", line.len()));
    write(&folder, "services/mail/requirements.txt", "six==1.16.0\n");
    let mut command = shell(project, line);
    command.current_dir(folder);
    command
}

fn serves(project: &Project, line: &str) {
    let sandbox = Running::start(shell(project, &format!("exec {line}")));
    sandbox.until_it_says("Serving");
    sandbox.signal("TERM");
    sandbox.end().expect(0);
}

#[test]
fn the_long_help_names_variables_formats_and_exit_codes() {
    let long = help("publish");
    for setting in ["CONCURRENCY", "FAIL_FAST", "REQUEST_TIMEOUT_SECONDS"] {
        assert!(long.contains(&format!("[env: LAYERSHIP_{setting}=]")), "{setting}: {long}");
    }
    assert!(long.contains("Publishing a version has four times as long"), "{long}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let formats = "[formats: json, markdown, junit, csv, html, env, tfvars, index]";
    for command in ["publish", "report convert", "report merge"] {
        assert!(words(&help(command)).contains(formats), "{command}");
    }
    assert!(words(&help("rollout")).contains("[formats: json, markdown, csv]"));
    for (command, codes) in [
        ("publish", &["0", "1", "2", "130"] as &[&str]),
        ("plan", &["0", "1", "2", "3", "130"]),
        ("rollout", &["0", "1", "2", "3", "130"]),
        ("explain", &["0", "1", "2"]),
    ] {
        let help = help(command);
        let lines = help.lines().skip_while(|line| *line != "Exit codes:").skip(1);
        assert_eq!(lines.filter_map(|line| line.split_whitespace().next()).collect::<Vec<_>>(), codes, "{command}");
    }
}

#[test]
fn a_flag_asks_for_the_short_help_and_a_command_for_the_long_one() {
    let short = |flag: &str| run(layership(folder().path()), ["build", flag]).expect(0).stdout;
    assert_eq!(short("--help"), short("-h"));
    let (short, long) = (short("--help"), help("build"));
    assert!(!short.contains("Examples:") && !short.contains("process group"), "{short}");
    assert!(short.contains("`layership help build` says more"), "{short}");
    assert!(long.contains("\nExamples:\n\n  # Build what changed\n  layership build\n"), "{long}");
    assert!(long.contains("process group"), "{long}");
}
