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

/// However many machines a run is split over, each job runs on exactly one of them; and adding a layer moves no other.
#[test]
fn the_parts_of_a_run_are_the_whole() {
    let project = Project::new("");
    let names: Vec<String> = (0..24).map(|number| format!("layer-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    project.declare(&names, "");
    let parts = |of: usize| -> Vec<Vec<String>> {
        (1..=of).map(|part| selected(&project, &format!("--partition {part}/{of}"))).collect()
    };
    let whole = selected(&project, "");
    assert_eq!(parts(1).concat(), whole);
    for of in [2, 5, 60] {
        let mut union = parts(of).concat();
        union.sort();
        assert_eq!(union, whole, "{of} parts");
    }
    let before = parts(3);
    assert!(before.iter().all(|part| part.len() > 2), "{before:?}");
    project.declare(&[names.as_slice(), &["a-new-one"]].concat(), "");
    for (before, after) in before.iter().zip(parts(3)) {
        assert_eq!(*before, after.into_iter().filter(|job| !job.starts_with("a-new-one")).collect::<Vec<_>>());
    }
}

#[test]
fn a_part_that_is_none() {
    let project = project();
    for part in ["0/2", "3/2", "1", "1/0", "a/b", "-1/2"] {
        let ended = project.run_writing_nothing(&format!("plan --partition={part}"), 2);
        assert!(ended.stderr.contains("such as `2/5`"), "{part}: {}", ended.stderr);
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn a_folder_for_the_sandbox_that_was_taken_for_a_layer() {
    let project = project();
    assert_shown!(project.run_writing_nothing("plan --sandbox ./rehearsal", 2), @"
    exit code 2
    --- stderr ---
    error: no layer matches `./rehearsal`

    hint: `--sandbox` takes its folder after `=`: `--sandbox=./rehearsal`
    ");
    let ended = project.run_writing_nothing("plan --sandbox nunpy-py312", 2);
    assert!(!ended.stderr.contains("--sandbox="), "{}", ended.stderr);
}

#[test]
fn all_that_is_wrong_with_a_selection_is_told_at_once() {
    let project = Project::of(&["layer-004", "layer-010", "layer-040", "layer-091", "layer-094"]);
    let told = |selection: &str| project.run(&format!("plan {selection}"), 2).stderr;
    assert_eq!(told("layer-01a"), "error: no layer matches `layer-01a`; did you mean `layer-010`?\n");
    assert_eq!(told("layer-04"), "error: no layer matches `layer-04`; did you mean `layer-040`?\n");
    let all = told("nope lyer-* layer-[ --target us-east-2");
    for part in [
        "no layer matches `nope`; and ",
        "no layer matches `lyer-*`",
        "layer-[",
        "; and there is no target `us-east-2`; did you mean `us-east-1`?",
    ] {
        assert!(all.contains(part), "{part} is not in {all}");
    }
}
