//! The sandbox, as boto3 and the AWS CLI see it, and as its documentation shows it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "interop/python.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod python;

use std::path::Path;

use common::project::Project;
use common::{Ended, LAYERSHIP, folder, run};
use python::{Python, script};

const DOCUMENTATION: &str = include_str!("../docs/sandbox.md");

#[test]
fn boto3_and_the_aws_cli_find_what_aws_would_give_them() {
    let Some(python) = Python::find() else { return };
    let folder = folder();
    let mut command = python.command(folder.path());
    command.arg(script("check_sandbox.py"));
    let ended = run(command, [LAYERSHIP]).expect(0);
    let passed = ended.stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed >= 20, "only {passed} checks ran:\n{}", ended.stdout);
}

/// The commands of the documentation's example that contains `part`.
fn example(part: &str) -> String {
    let blocks = DOCUMENTATION.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.into_iter().find(|block| block.contains(part)).expect("an example");
    let commands: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    commands.join("\n")
}

/// Runs shell lines where the documentation's reader would: in the project, with the printed variables pasted.
fn shell(project: &Project, lines: &str) -> Ended {
    let path = std::env::var("PATH").expect("a PATH");
    let own = Path::new(LAYERSHIP).parent().expect("a folder").display();
    let mut command = std::process::Command::new("sh");
    command.current_dir(project.folder()).env("PATH", format!("{own}:{path}")).envs(project.sandbox.variables.clone());
    // The alias of the first example is the reader's from then on.
    let example = example("alias sandbox");
    let alias = example.lines().next().expect("an alias");
    run(command, ["-c", &format!("{alias}\n{lines}")])
}

#[test]
fn faults_are_added_shown_and_removed_as_documented() {
    let project = Project::of(&["numpy"]);
    let ended = shell(&project, &example("alias sandbox")).expect(0);
    let answers: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&ended.stdout).into_iter().map(|answer| answer.expect("JSON")).collect();
    let [added, shown, removed] = &answers[..] else { panic!("{ended:?}") };
    assert_eq!(added[0]["fault"]["kind"], "cut-after");
    assert_eq!((shown, removed), (added, &serde_json::json!([])));
}

#[test]
fn a_failure_is_rehearsed_as_documented() {
    let project = Project::of(&["requests"]);
    let example = example("is built again");
    let (first, second) = example.split_once("built again\n").expect("a change in between");
    shell(&project, first).expect(0);
    project.write("requests/layer/python/requests.py", "VERSION = '2.32.4'\n");
    let (failing, healing) = second.split_once("exits with 1\n").expect("a failure and its end");
    let failed = shell(&project, failing).expect(1);
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer:requests:2";
    assert!(failed.stderr.contains("backup") && failed.stderr.contains(arn), "{failed:?}");
    let healed = shell(&project, healing).expect(0);
    assert!(healed.stdout.contains("adopted"), "{healed:?}");
    let state = common::control(&project.sandbox, "GET", "/_sandbox/state", "");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    assert_eq!(state["layers"]["123456789012/us-east-1/requests"]["last"], 2, "{state:#}");
}
