//! The schema of the report says what there is in reports, and nothing else is there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::process::Running;
use crate::common::project::{Project, until};
use crate::common::zips::zip;
use crate::example::example;
use crate::{Schema, printed, text};

/// How long a lock is respected after its last writing, whatever it says.
const SETTLED: u64 = 122;

/// The report of a run that was stopped at once while its first job was publishing, before the second one began.
fn stopped(project: &Project) -> Value {
    project.inject(r#"{"operation": "PublishLayerVersion", "times": 1, "fault": "hang"}"#);
    project.forget_requests();
    let mut command = project.command();
    command.args(["publish", "--force", "--concurrency", "1", "--format", "json"]);
    let running = Running::start(command);
    until("a publish", || project.writes().iter().any(|write| write.starts_with("PublishLayerVersion")).then_some(()));
    running.signal("INT");
    running.until_it_says("Stopping");
    running.signal("INT");
    let report = running.end().expect(130).report();
    project.heal();
    project.advance(SETTLED);
    report
}

/// Reports of every kind of run, with every outcome that a job can have.
fn reports() -> Vec<(String, Value)> {
    let project = example();
    project.write("requests/requirements.txt", "requests\n");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("# build = \"make -C numpy layer\"", "build = \"true\""));
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("# keep = 10 ", "keep = 1 "));
    let run =
        |command: &str, code| (command.to_owned(), project.run(&format!("{command} --format json"), code).report());
    let mut reports = vec![
        run("check", 0),
        run("plan", 1),
        run("plan --stage", 0),
        run("stage", 0),
        run("changed", 0),
        run("build --all", 0),
        run("publish requests numpy-arm", 0),
        run("publish", 0),
        run("publish --force --concurrency 1", 0),
        run("prune --dry-run", 0),
        run("prune --yes", 0),
        ("stopped".to_owned(), stopped(&project)),
    ];
    // Published, but not recorded; then adopted.
    project.write("pandas/poetry.lock", "[[package]]\nname = \"pandas\"\nversion = \"2.2.4\"\n");
    project.write("pandas/layer.zip", zip(&[("python/pandas/__init__.py", "VERSION = \"2.2.4\"\n")]));
    project.run("stage pandas", 0);
    project.inject(r#"{"operation": "PutObject", "match": "poetry.lock", "fault": "access-denied"}"#);
    reports.push(run("publish pandas", 1));
    project.heal();
    project.advance(SETTLED);
    reports.push(run("publish pandas", 0));
    reports
}

#[test]
fn every_report_is_valid_by_its_schema() {
    let (schema, strictly) = (Schema::of("report"), Schema::strictly_of("report"));
    let (mut outcomes, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for (of, report) in reports() {
        assert_eq!(schema.problems(&report), None, "{of}");
        assert_eq!(strictly.problems(&report), None, "{of}: the schema does not say what is there");
        for job in report["jobs"].as_array().unwrap() {
            outcomes.insert(job["outcome"].as_str().unwrap().to_owned());
            codes.extend(job["error"]["code"].as_str().map(str::to_owned));
        }
    }
    let all: Value = serde_json::from_str(&printed("report")).unwrap();
    let known = all["definitions"]["Outcome"]["oneOf"].as_array().unwrap();
    let known: BTreeSet<_> = known.iter().map(|outcome| outcome["const"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes, known, "a report of each outcome");
    let met = ["archive-missing", "backup-failed", "unconfirmed"];
    assert!(met.iter().all(|code| codes.contains(*code)), "{codes:?}");
    assert!(schema.problems(&json!({"report": 1})).is_some());
}

#[test]
fn every_status_is_valid_by_its_schema() {
    let (schema, strictly) = (Schema::of("status"), Schema::strictly_of("status"));
    let project = example();
    project.write("requests/requirements.txt", "requests\n");
    for (prepare, code) in [("check", 0), ("publish --stage", 0), ("publish --force requests", 0)] {
        project.run(prepare, code);
        for args in ["", " --all-versions"] {
            let status = project.run(&format!("status --format json{args}"), 0).report();
            assert_eq!(schema.problems(&status), None, "{prepare}{args}");
            assert_eq!(strictly.problems(&status), None, "{prepare}{args}: the schema does not say what is there");
        }
    }
    project.inject(r#"{"operation": "GetLayerVersion", "fault": "access-denied"}"#);
    let failed = project.run("status --format json", 1).report();
    assert_eq!(schema.problems(&failed), None);
    assert!(schema.problems(&json!({"status": 1})).is_some());
}

#[test]
fn every_event_is_valid_by_its_schema() {
    let schema = Schema::of("events");
    let project = example();
    project.write("requests/requirements.txt", "requests\n");
    for (command, code) in [("plan", 1), ("publish --stage requests", 0), ("publish", 1), ("publish --stage", 0)] {
        project.run(&format!("{command} --events events.jsonl"), code);
        let text = String::from_utf8(project.read("events.jsonl")).unwrap();
        for line in text.lines() {
            assert_eq!(schema.problems(&serde_json::from_str(line).unwrap()), None, "{command}: {line}");
        }
    }
    assert!(schema.problems(&json!({"events": 1, "at": "now", "event": "vanished"})).is_some());
}

/// One line of each event, and of each fact in each of the events that have one.
fn samples_of_events() -> Vec<Value> {
    let line = |event: &str, more: Value| {
        let mut line = json!({ "events": 1, "at": "2026-11-22T10:00:00Z", "event": event });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let facts: Vec<Value> =
        text("src/report/event_log/facts.jsonl").lines().map(|fact| serde_json::from_str(fact).unwrap()).collect();
    let of_facts = [
        ("fact-found", json!({ "job": 0 })),
        ("target-fact-found", json!({ "target": "x" })),
        ("function-fact-found", json!({ "target": "x", "function": "orders" })),
    ];
    let of_facts = of_facts.into_iter().flat_map(|(event, rest)| {
        facts.iter().map(move |fact| {
            let mut line = line(event, rest.clone());
            line.as_object_mut().unwrap().extend(fact.as_object().unwrap().clone());
            line
        })
    });
    let others = [
        ("run-started", json!({ "mode": "status", "jobs": 2 })),
        ("job-started", json!({ "job": 0, "layer": "a", "target": "x" })),
        ("activity-entered", json!({ "job": 0, "activity": "checking" })),
        ("run-finished", json!({ "tally": { "jobs": 1, "counts": { "checked": 1 } }, "findings": 1 })),
        ("run-finished", json!({ "tally": { "jobs": 1, "counts": {} } })),
    ];
    of_facts.chain(others.into_iter().map(|(event, rest)| line(event, rest))).collect()
}

/// The line with each of its fields left out, and with each of another type.
fn damaged(line: &Value) -> Vec<Value> {
    let fields: Vec<String> = line.as_object().unwrap().keys().cloned().collect();
    let without = |field: &String| {
        let mut line = line.clone();
        line.as_object_mut().unwrap().remove(field);
        line
    };
    let other = |field: &String| {
        [json!(null), json!([{}]), json!("vanished"), json!(-1)].map(|value| {
            let mut line = line.clone();
            line[field] = value;
            line
        })
    };
    fields.iter().map(without).chain(fields.iter().flat_map(other)).collect()
}

/// Each fact stands in the schema once, and means what it meant where it stood in each event that has one.
#[test]
fn facts_have_a_name_in_the_schema_of_events_and_it_accepts_what_it_accepted() {
    let named: Value = serde_json::from_str(&printed("events")).unwrap();
    assert_eq!(printed("events").matches("\"const\": \"account-known\"").count(), 1);
    let mut inlined = named.clone();
    let facts = named["definitions"]["Fact"]["oneOf"].clone();
    let mut places = 0;
    for event in inlined["oneOf"].as_array_mut().unwrap() {
        if event.as_object_mut().unwrap().remove("allOf") == Some(json!([{ "$ref": "#/definitions/Fact" }])) {
            event["oneOf"] = facts.clone();
            places += 1;
        }
    }
    assert_eq!(places, 3);
    let (named, inlined) = (Schema::of("events"), Schema::compiled("inlined", inlined));
    let (mut accepted, mut refused) = (0, 0);
    for line in samples_of_events() {
        assert_eq!(named.problems(&line), None, "{line}");
        for line in std::iter::once(line.clone()).chain(damaged(&line)) {
            let is_accepted = named.problems(&line).is_none();
            assert_eq!(is_accepted, inlined.problems(&line).is_none(), "{line}");
            *(if is_accepted { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(accepted > 300 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn every_saved_plan_is_valid_by_its_schema() {
    let schema = Schema::of("plan");
    let project = example();
    for command in
        ["plan --stage", "plan --stage --force", "plan --stage --strict requests", "plan --stage --partition 1/2"]
    {
        project.run(&format!("{command} --out plan.json"), 0);
        assert_eq!(schema.problems(&project.json("plan.json")), None, "{command}");
        project.run("stage", 0);
    }
    assert!(schema.problems(&json!({"plan": 1})).is_some());
}

#[test]
fn the_index_is_what_its_schema_says() {
    let project = example();
    project.run("publish --stage --report index=index.json", 0);
    let index = project.json("index.json");
    assert!(index["layers"].as_object().unwrap().len() > 1, "{index:#}");
    let schema = Schema::strictly_of("index");
    assert_eq!(schema.problems(&index), None, "{index:#}");
    let mut other = index;
    other["layers"].as_object_mut().unwrap().values_mut().for_each(|targets| {
        targets.as_object_mut().unwrap().values_mut().for_each(|entry| entry["dependencies"] = json!("six"));
    });
    assert!(schema.problems(&other).is_some(), "it accepts anything");
}
