//! `--events`: whoever follows a run sees everything that a person sees.

use serde_json::Value;

use crate::common::process::Running;
use crate::common::project::Project;

fn lines(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == kind).collect()
}

#[test]
fn the_events_of_a_run_hold_its_report() {
    let project = Project::of(&["a", "b"]);
    project.run("stage a", 0);
    project.run("publish --events events.jsonl --report json=report.json", 1);
    let lines = lines(&project.read("events.jsonl"));
    assert!(lines.iter().all(|line| line["events"] == 1 && line["at"].is_string()), "{lines:#?}");
    assert_eq!((&lines[0]["event"], &lines[0]["jobs"]), (&"run-started".into(), &2.into()));
    assert_eq!(lines.last().unwrap()["event"], "run-finished");
    let mut reports: Vec<Value> =
        of_kind(&lines, "job-finished").into_iter().map(|line| line["report"].clone()).collect();
    reports.sort_by_key(|report| report["layer"].as_str().unwrap().to_owned());
    for (told, kept) in reports.iter().zip(project.json("report.json")["jobs"].as_array().unwrap()) {
        // The report rounds its seconds.
        for field in ["layer", "outcome", "version", "layer_version_arn", "error", "manifest", "archive"] {
            assert_eq!(told[field], kept[field], "{field}");
        }
    }
    assert!(of_kind(&lines, "fact-found").iter().any(|line| line["fact"] == "version-published"));
    // What a display says of the time that is left is made of this, too.
    let turn = of_kind(&lines, "fact-found").into_iter().find(|line| line["fact"] == "turn-given");
    assert_eq!(turn.expect("a turn")["requests-per-second"], 15.0);
}

#[test]
fn on_standard_output_they_are_alone() {
    let project = Project::of(&["a"]);
    let ended = project.run("publish --stage --events -", 0);
    assert_eq!(lines(ended.stdout.as_bytes()).last().unwrap()["event"], "run-finished");
    assert!(ended.stderr.contains("Summary"));
}

#[test]
fn a_place_where_they_cannot_be_written_is_found_before_anything_is_sent() {
    let project = Project::of(&["a"]);
    let before = project.read("layers.toml");
    let ended = project.run("publish --stage --events layers.toml", 2);
    assert_eq!(ended.stderr, "error: cannot write the events to `layers.toml`: it is the layers file\n");
    assert_eq!(project.read("layers.toml"), before);
    project.run("publish --stage --events missing/events.jsonl", 2);
    let ended = project.run("publish --stage --events both.json --report json=./both.json", 2);
    assert_eq!(ended.stderr, "error: cannot write the events to `both.json`: a report is written there\n");
    assert_eq!(project.requests(), [""; 0]);
}

/// The lock of a run that died holds for half a minute; this one does not wait so long.
#[test]
fn a_lock_is_waited_for_until_the_run_gives_up_or_the_lock_does() {
    let project = Project::of(&["a"]);
    project.run("stage", 0);
    // A run that cannot record its version leaves its lock.
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    project.run("publish", 1);
    project.heal();
    let mut publish = project.command();
    publish.args(["publish", "--lock-wait-seconds", "8", "--events", "events.jsonl"]);
    let running = Running::start(publish);
    running.until_it_says("Waiting");
    project.advance(9);
    running.end().expect(1);
    let all = lines(&project.read("events.jsonl"));
    let waits: Vec<&Value> =
        of_kind(&all, "fact-found").into_iter().filter(|line| line["fact"] == "lock-awaited").collect();
    assert_eq!(waits.len(), 1, "{waits:?}");
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let waited = time(&waits[0]["until"]).duration_since(time(&waits[0]["at"]));
    assert!((0..=8).contains(&waited.as_secs()), "{waited:?}");
}
