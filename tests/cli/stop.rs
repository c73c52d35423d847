//! Ctrl-C and SIGTERM in the middle: what is publishing is finished and recorded, nothing new is started, and the
//! report is written.

use serde_json::json;

use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::{Project, until};

const PUBLISH_A: &str = "POST /2018-10-31/layers/a/versions";

/// A run of three layers, two at once: `a` waits at the gate in the middle of its publish, `b` in its preflight for an
/// answer that never comes, and `c` has not begun.
fn in_the_middle(project: &Project) -> (Gate, Running) {
    project.run("stage", 0);
    project.inject(r#"[{"operation": "HeadObject", "match": "layers/b/", "fault": "hang"}]"#);
    project.forget_requests();
    let gate = Gate::before(&project.sandbox.endpoint, PUBLISH_A);
    let mut command = project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint);
    command.args(["publish", "--concurrency", "2", "--report", "json=report.json"]);
    let running = Running::start(command);
    gate.until_held(1);
    until("the preflight of b", || {
        project.requests().iter().any(|request| request.contains("layers/b/")).then_some(())
    });
    (gate, running)
}

fn finishes_and_records(signal: &str) {
    let project = Project::of(&["a", "b", "c"]);
    let (gate, running) = in_the_middle(&project);
    running.signal(signal);
    running.until_it_says("Stopping");
    gate.open();
    let ended = running.end().expect(130);
    assert!(ended.stdout.contains("arn:aws:lambda:us-east-1:123456789012:layer:a:1"), "{}", ended.stdout);
    let backup = "PutObject artifacts/layers/a/layer/000001/requirements.txt";
    assert_eq!(project.effects(), ["PublishLayerVersion a", backup]);
    assert!(!project.requests().iter().any(|request| request.contains("layers/c/")), "c was not to be started");
    let report = project.json("report.json");
    let outcomes: Vec<&str> =
        report["jobs"].as_array().unwrap().iter().map(|job| job["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["published", "cancelled", "cancelled"]);
    assert_eq!(report["summary"]["cancelled"], 2);
    // The first thing that a job does is to read its manifest.
    let md5 = |job: usize| report["jobs"][job]["manifest"]["md5"].is_string();
    assert_eq!((md5(1), md5(2)), (true, false), "b had begun, c was not to be started");
}

#[test]
fn ctrl_c_lets_what_is_publishing_finish() {
    finishes_and_records("INT");
}

#[test]
fn sigterm_does_the_same() {
    finishes_and_records("TERM");
}

/// A run of one layer that waits at the gate in the middle of its publish.
fn one_in_the_middle(project: &Project) -> (Gate, Running) {
    project.run("stage", 0);
    project.forget_requests();
    let gate = Gate::before(&project.sandbox.endpoint, PUBLISH_A);
    let mut command = project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).args(["publish", "--report", "json=report.json"]);
    let running = Running::start(command);
    gate.until_held(1);
    (gate, running)
}

#[test]
fn what_is_said_while_stopping() {
    let project = Project::of(&["a"]);
    let (gate, running) = one_in_the_middle(&project);
    running.signal("INT");
    running.until_it_says("Stopping");
    gate.open();
    assert_shown!(running.end(), @"
    exit code 130
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    --- stderr ---
        Stopping [  TIMEs] jobs that are publishing will finish; interrupt again to stop at once
       Published [  TIMEs] (1/1) a us-east-1 version 1
         Summary [  TIMEs] 1 job: 1 published
    ");
}

#[test]
fn a_second_signal_stops_at_once() {
    let project = Project::of(&["a"]);
    let (_gate, running) = one_in_the_middle(&project);
    running.signal("INT");
    running.until_it_says("Stopping");
    running.signal("INT");
    assert_shown!(running.end(), @"
    exit code 130
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    a      us-east-1  failed   -        -
    --- stderr ---
        Stopping [  TIMEs] jobs that are publishing will finish; interrupt again to stop at once
          Failed [  TIMEs] (1/1) a us-east-1: unconfirmed

    error: a at us-east-1: stopped in the middle of its work

    hint: run the same command again: it finds out what was done and finishes it

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(project.json("report.json")["jobs"][0]["error"]["code"], "unconfirmed");
    assert_eq!(project.effects(), [""; 0], "its publish is still held");
}

/// A requirements file of about so many bytes, as pip-compile writes it, and one line that is not pinned.
fn large_manifest(bytes: usize) -> String {
    let hash = "0123456789abcdef".repeat(4);
    let lines = (0..bytes / 100).map(|package| format!("package-{package}==1.{package} \\\n  --hash=sha256:{hash}\n"));
    lines.chain(["open>=1\n".to_owned()]).collect()
}

/// A run that went on to its end would have checked or failed it.
#[test]
fn a_stop_does_not_wait_for_a_large_manifest() {
    for command in ["check", "plan"] {
        let project = Project::of(&["a"]);
        project.write("a/requirements.txt", large_manifest(40_000_000));
        let mut run = project.command();
        run.args([command, "--events", "events.jsonl", "--report", "json=report.json"]);
        let running = Running::start(run);
        let events = project.folder().join("events.jsonl");
        until("a start", || std::fs::read_to_string(&events).ok()?.contains("job-started").then_some(()));
        running.signal("INT");
        running.end().expect(130);
        let job = &project.json("report.json")["jobs"][0];
        assert_eq!(job["outcome"], "cancelled", "{command}");
        assert_eq!(job["warnings"], json!([]), "{command}: it was read to its end");
    }
}

#[test]
fn a_signal_before_the_first_job_publishes_nothing() {
    let project = Project::of(&["a", "b"]);
    project.run("stage", 0);
    project.inject(r#"[{"operation": "sts:*", "fault": "hang"}]"#);
    project.forget_requests();
    let mut command = project.command();
    command.args(["publish", "--report", "json=report.json"]);
    let running = Running::start(command);
    until("the first request", || (!project.requests().is_empty()).then_some(()));
    running.signal("INT");
    running.end().expect(130);
    assert_eq!(project.writes(), [""; 0]);
    assert_eq!(project.json("report.json")["summary"]["cancelled"], 2);
}

#[test]
fn a_git_that_does_not_answer_holds_no_run_that_is_stopped() {
    let project = Project::of(&["a"]);
    let began = project.folder().join("began");
    let script = format!("#!/bin/sh\necho $$ > '{0}.tmp' && mv '{0}.tmp' '{0}'\nexec sleep 300\n", began.display());
    let git = project.write("bin/git", script);
    std::fs::set_permissions(&git, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = project.command();
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", project.folder().join("bin").display()));
    command.args(["check", "--report", "json=report.json"]);
    let running = Running::start(command);
    let git = until("git was asked", || std::fs::read_to_string(&began).ok());
    running.signal("INT");
    running.end().expect(130);
    // Where patience with git ends, git is ended first: that it still runs shows that nobody waited for it.
    let stopped = std::process::Command::new("kill").args(["-KILL", git.trim()]).status().unwrap();
    assert!(stopped.success(), "the run waited until git was ended");
    assert_eq!(project.json("report.json")["run"]["git"], json!(null));
}
