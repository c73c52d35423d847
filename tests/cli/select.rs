//! Which layers and targets a command is about.

use crate::common::project::Project;

fn project() -> Project {
    let project = Project::new("");
    project.declare(&["numpy-py312", "numpy-py313", "requests"], "");
    let text = String::from_utf8(project.read("layers.toml")).unwrap();
    let text = text.replace("bucket = \"artifacts\"", "bucket = \"artifacts-{region}\"");
    let targets = "[targets]\ntokyo = { region = \"ap-northeast-1\" }\nus-east-1 = {}\n";
    project.write("layers.toml", format!("{targets}{text}targets = [\"us-east-1\"]\n"));
    project
}

#[track_caller]
fn selected(project: &Project, args: &str) -> Vec<String> {
    let report = project.run(&format!("check --format json {args}"), 0).report();
    let jobs = report["jobs"].as_array().unwrap();
    jobs.iter().map(|job| format!("{}@{}", job["layer"].as_str().unwrap(), job["target"].as_str().unwrap())).collect()
}

#[test]
fn keys_globs_and_targets_select_jobs() {
    let project = project();
    let all = [
        "numpy-py312@tokyo",
        "numpy-py312@us-east-1",
        "numpy-py313@tokyo",
        "numpy-py313@us-east-1",
        "requests@us-east-1",
    ];
    assert_eq!(selected(&project, ""), all);
    assert_eq!(selected(&project, "requests"), ["requests@us-east-1"]);
    assert_eq!(selected(&project, "numpy-*"), all[..4]);
    assert_eq!(selected(&project, "*-py31[3]"), all[2..4]);
    assert_eq!(selected(&project, "numpy-py312 req*"), [all[0], all[1], all[4]]);
    assert_eq!(selected(&project, "--target tokyo"), [all[0], all[2]]);
    assert_eq!(selected(&project, "numpy-py312 --target tokyo --target us-east-1"), all[..2]);
    assert_eq!(selected(&project, "--target us-*"), [all[1], all[3], all[4]]);
    assert_eq!(selected(&project, "numpy-py312 --target *o*"), all[..1]);
}

#[test]
fn what_selects_nothing_is_a_wrong_command_line() {
    let project = project();
    assert_shown!(project.run_writing_nothing("publish nunpy-py312", 2), @"
    exit code 2
    --- stderr ---
    error: no layer matches `nunpy-py312`; did you mean `numpy-py312`?
    ");
    assert_shown!(project.run_writing_nothing("publish requests pandas-*", 2), @"
    exit code 2
    --- stderr ---
    error: no layer matches `pandas-*`
    ");
    assert_shown!(project.run_writing_nothing("publish --target us-east-2", 2), @"
    exit code 2
    --- stderr ---
    error: there is no target `us-east-2`; did you mean `us-east-1`?
    ");
    assert_shown!(project.run_writing_nothing("publish --target paris", 2), @"
    exit code 2
    --- stderr ---
    error: there is no target `paris`; known targets: tokyo and us-east-1
    ");
    assert_shown!(project.run_writing_nothing("publish requests --target tokyo", 2), @"
    exit code 2
    --- stderr ---
    error: none of the selected layers goes to tokyo
    ");
    assert_shown!(project.run_writing_nothing("publish req[", 2), @"
    exit code 2
    --- stderr ---
    error: `req[` is not a glob: unclosed character class; missing ']'
    ");
    assert_eq!(project.requests(), [""; 0]);
}
