//! What a build server is told of a rollout without being asked to.

use std::collections::BTreeMap;

use crate::common::Ended;
use crate::fleet::Fleet;

/// What GitHub has of a step: its summary, its outputs, and the commands in its log.
#[derive(Debug)]
struct Step {
    summary: String,
    outputs: BTreeMap<String, String>,
    commands: Vec<String>,
}

fn step(fleet: &Fleet, args: &str, code: i32) -> Step {
    let files = ["summary", "output"].map(|name| fleet.project.write(name, ""));
    let mut command = fleet.project.command();
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", fleet.project.folder());
    command.env("GITHUB_STEP_SUMMARY", &files[0]).env("GITHUB_OUTPUT", &files[1]);
    let ended = Ended::from(command.arg("rollout").args(args.split_whitespace()).output().unwrap()).expect(code);
    let [summary, outputs] = files.map(|path| std::fs::read_to_string(path).unwrap());
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let outputs = outputs.lines().map(|line| pair(line).unwrap_or_else(|| panic!("no output: {line}"))).collect();
    let commands = ended.stderr.lines().filter(|line| line.starts_with("::")).map(str::to_owned).collect();
    Step { summary, outputs, commands }
}

fn told(step: &Step) -> String {
    let all: Vec<String> = step.outputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join(" ")
}

/// The file that a rollout kept.
fn record(fleet: &Fleet) -> std::path::PathBuf {
    let kept = std::fs::read_dir(fleet.project.folder().join(".layership")).unwrap();
    let mut paths = kept.map(|one| one.unwrap().path());
    paths.find(|path| path.to_string_lossy().contains("rollout-")).expect("a record")
}

#[test]
fn github_has_summary_and_outputs_of_a_rollout() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let planned = step(&fleet, "", 0);
    assert_eq!(told(&planned), "any-planned=true cancelled=0 failed=0 planned=1 refused=0 unchanged=0");
    assert!(planned.summary.contains("| planned | `orders` | `us-east-1` | `alpha 1 -> 2` |"), "{planned:?}");
    let moved = step(&fleet, "--apply", 0);
    assert_eq!(told(&moved), "any-moved=true cancelled=0 failed=0 moved=1 refused=0 unchanged=0");
    assert!(moved.commands.is_empty() && moved.summary.contains("1 moved"), "{moved:?}");
    let record = record(&fleet);
    let undone = step(&fleet, &format!("--undo {}", record.display()), 0);
    assert_eq!(told(&undone), "any-restored=true cancelled=0 failed=0 refused=0 restored=1 unchanged=0");
}

#[test]
fn what_failed_is_told_to_github_with_its_line() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.project.inject(r#"{"operation": "UpdateFunctionConfiguration", "fault": "access-denied"}"#);
    let failed = step(&fleet, "--apply", 1);
    assert_eq!(told(&failed), "any-moved=false cancelled=0 failed=1 moved=0 refused=0 unchanged=0");
    let layers = String::from_utf8(fleet.project.read("layers.toml")).unwrap();
    let line = layers.lines().position(|line| line == "[layers.alpha]").unwrap() + 1;
    let expected = format!("::error title=layership,file=layers.toml,line={line}::orders at us-east-1: ");
    assert!(failed.commands.len() == 1 && failed.commands[0].starts_with(&expected), "{failed:?}");
    assert!(failed.summary.contains("- `orders` at `us-east-1`: `not authorized"), "{failed:?}");

    fleet.project.inject(r#"{"operation": "ListFunctions", "fault": "access-denied"}"#);
    let blind = step(&fleet, "", 1);
    assert_eq!(told(&blind), "any-planned=false cancelled=0 failed=1 planned=0 refused=0 unchanged=0");
    assert!(
        blind.commands.len() == 1 && blind.commands[0].starts_with("::error title=layership::us-east-1: "),
        "{blind:?}"
    );
    assert!(blind.summary.contains("- `us-east-1`: "), "{blind:?}");
}

#[test]
fn a_rollout_that_never_began_has_failed_and_no_ci_says_nothing() {
    let fleet = Fleet::of(&["alpha"]);
    for args in ["--report json=missing/out.json", "--undo nowhere.json", "-c nowhere.toml"] {
        let refused = step(&fleet, args, 2);
        assert!(refused.outputs["failed"] == "1" && refused.commands.len() == 1, "{args}: {refused:?}");
        assert!(refused.summary.starts_with("## Nothing was started\n"), "{args}: {refused:?}");
        let silent = step(&fleet, &format!("{args} --no-ci"), 2);
        assert!(silent.outputs.is_empty() && silent.commands.is_empty() && silent.summary.is_empty(), "{silent:?}");
    }
}
