//! `--events`: whoever follows a rollout sees everything that a person sees, and each function's report.

use serde_json::{Value, json};

use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::until;
use crate::fleet::{Fleet, arn};

/// The lines, each of them what the schema says.
fn lines(fleet: &Fleet, text: &[u8]) -> Vec<Value> {
    let schema: Value = serde_json::from_str(&fleet.project.run("schema events", 0).stdout).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("urn:layership:schema:events", schema).unwrap();
    let schema = compiler.compile("urn:layership:schema:events", &mut schemas).unwrap();
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        schemas.validate(&line, schema).unwrap_or_else(|error| panic!("{error}: {line:#}"));
        line
    };
    std::str::from_utf8(text).unwrap().lines().map(read).collect()
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == kind).collect()
}

#[test]
fn the_events_of_a_rollout_hold_its_report() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.function("users", &["alpha:1"]);
    fleet.made("owned", &["alpha:1"], |made| made.tags("aws:cloudformation:stack-name", "shop"));
    for (args, code, jobs) in [("", 0, 0), ("--apply", 1, 2)] {
        if code == 1 {
            let fault = r#"{"operation": "UpdateFunctionConfiguration", "match": "users", "fault": "access-denied"}"#;
            fleet.project.inject(fault);
        }
        fleet.rollout(&format!("{args} --events events.jsonl --report json=report.json"), code);
        let (lines, report) = (lines(&fleet, &fleet.project.read("events.jsonl")), fleet.project.json("report.json"));
        assert!(lines.iter().all(|line| line["events"] == 1 && line["at"].is_string()), "{lines:#?}");
        assert_eq!((&lines[0]["event"], &lines[0]["mode"]), (&json!("rollout-started"), &report["mode"]));
        let found = of_kind(&lines, "functions-found")[0];
        assert_eq!((&found["functions"], &found["jobs"]), (&json!(3), &json!(jobs)));
        assert_eq!(found["record"], report["record"]);
        assert_eq!(of_kind(&lines, "function-started").len(), jobs);
        let last = lines.last().unwrap();
        assert_eq!((&last["event"], &last["summary"]), (&json!("rollout-finished"), &report["summary"]));
        let told = of_kind(&lines, "function-finished");
        let mut told: Vec<Value> = told.into_iter().map(|line| line["report"].clone()).collect();
        told.sort_by_key(|one| one["function"].to_string());
        assert_eq!(json!(told), report["functions"]);
    }
}

#[test]
fn each_step_is_told() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.publish("orders");
    fleet.alias("orders", "live", "1");
    let ended = fleet.rollout("--apply --alias live --events events.jsonl -v", 0);
    assert!(ended.stderr.contains("orders us-east-1: alias live leads to version 2"), "{}", ended.stderr);
    let lines = lines(&fleet, &fleet.project.read("events.jsonl"));
    let facts = of_kind(&lines, "function-fact-found");
    let told: Vec<(&str, &Value)> = facts.iter().map(|line| (line["fact"].as_str().unwrap(), *line)).collect();
    let of = |kind: &str| told.iter().find(|(fact, _)| *fact == kind).unwrap_or_else(|| panic!("{kind}: {told:#?}")).1;
    assert!(told.iter().all(|(_, line)| line["function"] == "orders" && line["target"] == "us-east-1"));
    assert_eq!(of("layers-set")["layers"], json!([arn("alpha:2")]));
    assert!(of("change-awaited").is_object());
    assert_eq!(of("function-published")["version"], "2");
    assert_eq!((&of("alias-led")["alias"], &of("alias-led")["version"]), (&json!("live"), &json!("2")));
}

#[test]
fn on_standard_output_they_are_alone_and_what_a_rollout_reads_is_not_overwritten() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let ended = fleet.rollout("--apply --events -", 0);
    let all = lines(&fleet, ended.stdout.as_bytes());
    assert_eq!(all.last().unwrap()["event"], "rollout-finished");
    assert!(ended.stderr.contains("Moved ["), "{}", ended.stderr);
    let record = of_kind(&all, "functions-found")[0]["record"].as_str().unwrap().to_owned();
    for wrong in [
        "--events layers.toml".to_owned(),
        "--events missing/events.jsonl".to_owned(),
        "--events both --report json=./both".to_owned(),
        format!("--undo {record} --events {record}"),
    ] {
        fleet.project.run_writing_nothing(&format!("rollout {wrong}"), 2);
    }
    fleet.rollout(&format!("--undo {record}"), 0);
    assert_eq!(fleet.layers("orders"), ["alpha:1"]);
}

/// It takes a quarter of a minute until a request is said to have no answer.
#[test]
fn a_request_that_hangs_is_told_in_the_lines_and_on_the_screen() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let gate = Gate::before(&fleet.project.sandbox.endpoint, "PUT /2015-03-31/functions/orders/configuration");
    let mut command = fleet.project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).args(["rollout", "--apply", "--events", "events.jsonl"]);
    let running = Running::start(command);
    gate.until_held(1);
    let told = || String::from_utf8_lossy(&fleet.project.read("events.jsonl")).contains("\"fact\":\"unanswered\"");
    until("it is told", || told().then_some(()));
    gate.open();
    let ended = running.end().expect(0);
    let said = "orders us-east-1: no answer of Lambda to UpdateFunctionConfiguration since";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let lines = lines(&fleet, &fleet.project.read("events.jsonl"));
    assert!(of_kind(&lines, "function-fact-found").iter().any(|line| line["fact"] == "answered"));
}

/// While functions are looked for nobody knows how many there are: then the log says how long it has taken, and what hangs.
#[test]
fn a_list_that_hangs_is_told_while_functions_are_looked_for() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let gate = Gate::before(&fleet.project.sandbox.endpoint, "GET /2015-03-31/functions");
    let mut command = fleet.project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).args(["rollout", "--events", "events.jsonl"]);
    let running = Running::start(command);
    gate.until_held(1);
    let told = || String::from_utf8_lossy(&fleet.project.read("events.jsonl")).contains("\"fact\":\"unanswered\"");
    until("it is told", || told().then_some(()));
    gate.open();
    let ended = running.end().expect(0);
    assert!(ended.stderr.contains("s] us-east-1: no answer of Lambda to ListFunctions since "), "{}", ended.stderr);
    assert!(ended.stderr.contains("s] for functions that use other versions"), "{}", ended.stderr);
    let lines = lines(&fleet, &fleet.project.read("events.jsonl"));
    let facts: Vec<&Value> = of_kind(&lines, "target-fact-found").iter().map(|line| &line["fact"]).collect();
    assert_eq!(facts, ["unanswered", "answered"]);
}

#[test]
fn the_lines_of_a_rollout_that_is_stopped_while_it_looks_end_with_that() {
    let fleet = Fleet::of(&["alpha"]);
    let gate = Gate::before(&fleet.project.sandbox.endpoint, "GET /2015-03-31/functions");
    let mut command = fleet.project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).args(["rollout", "--events", "events.jsonl"]);
    let running = Running::start(command);
    gate.until_held(1);
    running.signal("INT");
    assert!(running.end().expect(130).stderr.contains("Stopping nothing is running"));
    let lines = lines(&fleet, &fleet.project.read("events.jsonl"));
    assert_eq!(lines.last().unwrap()["event"], "interrupted");
}

#[test]
fn a_target_that_cannot_be_looked_at_is_told() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.project.inject(r#"{"operation": "ListFunctions", "fault": "access-denied"}"#);
    fleet.rollout("--events events.jsonl", 1);
    let lines = lines(&fleet, &fleet.project.read("events.jsonl"));
    let failed = of_kind(&lines, "target-failed");
    assert_eq!((&failed[0]["target"], &failed[0]["error"]["code"]), (&json!("us-east-1"), &json!("access-denied")));
}
