//! What a command reads is never overwritten by what it writes, also where that is known late.

use crate::common::project::Project;
use crate::common::run;

/// `a` includes a file, `b` is never selected.
fn project() -> Project {
    let project = Project::of(&["a", "b"]);
    project.write("a/requirements.txt", "-r inc/base.txt\n-c ../common/bounds.txt\n");
    project.write("a/inc/base.txt", "six==1.16.0\n-r deep.txt\n");
    project.write("a/inc/deep.txt", "attrs==25.1.0\n");
    project.write("common/bounds.txt", "idna==3.10\n");
    project
}

#[test]
fn what_a_manifest_includes_is_never_overwritten() {
    let project = project();
    let included = ["a/inc/base.txt", "a/inc/deep.txt", "common/bounds.txt"];
    let before = included.map(|path| project.read(path));
    project.write("old.json", "");
    for path in included {
        for (line, what) in [
            (format!("plan b --stage --report json={path}"), "the report"),
            (format!("check --report junit={path}"), "the report"),
            (format!("changed --report csv=./a/../{path}"), "the report"),
            (format!("rollout --report csv={path}"), "the report"),
            (format!("plan --stage --events {path}"), "the events"),
            (format!("plan --out {path}"), "the plan"),
        ] {
            let ended = project.run(&line, 2);
            let named = line.rsplit(['=', ' ']).next().unwrap();
            assert_eq!(ended.stderr, format!("error: cannot write {what} to `{named}`: a manifest includes it\n"));
        }
    }
    assert_eq!(included.map(|path| project.read(path)), before);
    assert_eq!(project.requests(), [""; 0]);
    // What is only called alike, and what is there already and is none of them, is written.
    project.run("check --report json=a/base.txt --report csv=old.json", 0);
    assert!(!project.read("old.json").is_empty());
}

#[test]
fn what_is_in_a_folder_that_is_packed_is_never_overwritten() {
    let project = project();
    for (line, file) in [
        ("plan b --stage --report json=a/layer/python/a.py", "a/layer/python/a.py"),
        ("stage --events a/layer/python/events.jsonl", "a/layer/python/events.jsonl"),
    ] {
        let before = std::fs::read(project.folder().join(file)).ok();
        assert!(project.run(line, 2).stderr.contains("it lies in an archive"), "{line}");
        assert_eq!(std::fs::read(project.folder().join(file)).ok(), before, "{line}");
    }
}

#[test]
fn the_plan_that_is_carried_out_is_never_overwritten() {
    let project = Project::of(&["a"]);
    project.run("stage", 0);
    project.run("plan --out p.json", 0);
    let plan = project.read("p.json");
    for (flag, what) in
        [("--report json=", "the report"), ("--report csv=./", "the report"), ("--events ", "the events")]
    {
        let ended = project.run_writing_nothing(&format!("publish --plan p.json {flag}p.json"), 2);
        assert!(ended.stderr.contains(&format!("cannot write {what} to `")), "{}", ended.stderr);
        assert!(ended.stderr.ends_with("it is the plan that is carried out\n"), "{}", ended.stderr);
    }
    assert_eq!(project.read("p.json"), plan);
    project.run("publish --plan p.json --report json=r.json --events e.jsonl", 0);
}

#[test]
fn a_report_takes_the_place_of_no_layers_file() {
    let project = Project::of(&["a"]);
    project.run("check --report json=r.json", 0);
    project.write("teams/layers.toml", "# theirs\n");
    project.write("mine.toml", "# mine\n");
    for path in ["layers.toml", "./layers.toml", "teams/layers.toml", "mine.toml"] {
        for line in [format!("report convert r.json csv={path}"), format!("report merge r.json --report csv={path}")] {
            let before = project.read(path);
            let mut command = project.command();
            command.env("LAYERSHIP_CONFIG", "mine.toml");
            let ended = run(command, line.split(' ')).expect(2);
            assert_eq!(ended.stderr, format!("error: cannot write the report to `{path}`: it is a layers file\n"));
            assert_eq!(project.read(path), before);
        }
    }
}
