//! The schema of the report says what there is in reports, and nothing else is there.

use serde_json::{Value, json};

use crate::example::example;
use crate::{Schema, printed};

#[test]
fn every_report_is_valid_by_its_schema() {
    let schema = Schema::of("report");
    let project = example();
    project.write("requests/requirements.txt", "requests\n");
    for (command, code) in [
        ("check", 0),
        ("plan", 1),
        ("plan --stage", 0),
        ("stage", 0),
        ("publish requests numpy-arm", 0),
        ("publish", 0),
        ("publish --force --concurrency 1", 0),
    ] {
        let report = project.run(&format!("{command} --format json"), code).report();
        assert_eq!(schema.problems(&report), None, "{command}");
        // The schema says what there is, and nothing else is there.
        let named = |definition: &Value, object: &Value| {
            let known = definition["properties"].as_object().unwrap();
            let unknown: Vec<&String> =
                object.as_object().unwrap().keys().filter(|key| !known.contains_key(*key)).collect();
            assert_eq!(unknown, [""; 0], "{command}");
        };
        let all: Value = serde_json::from_str(&printed("report")).unwrap();
        named(&all, &report);
        report["jobs"].as_array().unwrap().iter().for_each(|job| named(&all["definitions"]["JobReport"], job));
    }
    assert!(schema.problems(&json!({"report": 1})).is_some());
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
