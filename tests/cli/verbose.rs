//! `-vv`: every request, and nothing that is secret.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::common::control;
use crate::common::project::Project;

/// How often each operation was asked, as the sandbox saw it.
fn asked(project: &Project) -> BTreeMap<String, usize> {
    let log: Value = serde_json::from_str(&control(&project.sandbox, "GET", "/_sandbox/requests", "")).expect("JSON");
    let mut asked = BTreeMap::new();
    for request in log["requests"].as_array().expect("requests") {
        *asked.entry(request["operation"].as_str().expect("a name").to_owned()).or_default() += 1;
    }
    asked
}

/// How often each operation was shown.
fn shown(stderr: &str) -> BTreeMap<String, usize> {
    let mut shown = BTreeMap::new();
    for line in stderr.lines().filter(|line| line.contains(" ms, attempt ")) {
        let (_, call) = line.split_once("us-east-1: ").expect("a target");
        *shown.entry(call.split(' ').nth(1).expect("an operation").trim_end_matches(':').to_owned()).or_default() += 1;
    }
    shown
}

#[test]
fn every_request_is_shown_also_those_that_are_sent_again() {
    let project = Project::of(&["numpy"]);
    project.inject(
        &json!([
            { "operation": "PutObject", "match": "layer.zip", "times": 1, "fault": "throttle" },
            { "operation": "HeadObject", "match": "layer.zip", "times": 1, "fault": "cut-before" },
            { "operation": "ListLayerVersions", "times": 2, "fault": "throttle" },
            { "operation": "PublishLayerVersion", "times": 1, "fault": "throttle" },
        ])
        .to_string(),
    );
    project.forget_requests();
    let ended = project.run("publish --stage -vv", 0);
    assert_eq!(shown(&ended.stderr), asked(&project), "{}", ended.stderr);
    for part in [
        "S3 PutObject artifacts/layers/numpy/layer/layer.zip: 503, request ",
        "S3 HeadObject artifacts/layers/numpy/layer/layer.zip: no answer, ",
        "Lambda ListLayerVersions layers/numpy/versions: 429, request ",
        "Lambda PublishLayerVersion layers/numpy/versions: 201, request ",
        "STS GetCallerIdentity: 200, request ",
    ] {
        assert!(ended.stderr.contains(part), "{part} is not in\n{}", ended.stderr);
    }
    let lists: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("ListLayerVersions")).collect();
    assert!(lists[2].ends_with("attempt 3"), "{lists:#?}");
}

/// A plan that stands still because Lambda throttles says so, and that it goes on: as a publish does.
#[test]
fn a_throttle_of_any_call_is_told_to_whoever_waits_for_it() {
    let project = Project::of(&["numpy"]);
    let throttle = |operation: &str| json!({ "operation": operation, "times": 2, "fault": "throttle" });
    project.inject(&json!([throttle("ListLayers"), throttle("ListLayerVersions")]).to_string());
    let ended = project.run("plan --stage --events events.jsonl", 0);
    assert!(ended.stderr.contains("numpy us-east-1: for Lambda's quota, which other tools use too"), "{ended:?}");
    let events = String::from_utf8(project.read("events.jsonl")).unwrap();
    let facts: Vec<String> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| line["fact"].as_str().map(str::to_owned))
        .filter(|fact| ["throttled", "turn-given"].contains(&fact.as_str()))
        .collect();
    assert!(facts.len() >= 2 && facts[0] == "throttled" && facts.last().unwrap() == "turn-given", "{facts:?}");
}

#[test]
fn nothing_secret_is_shown() {
    let project = Project::of(&["numpy"]);
    let mut command = project.command();
    command.env("AWS_SESSION_TOKEN", "TOKEN-of-the-session");
    let ended = crate::common::run(command, ["publish", "--stage", "-vv"]).expect(0);
    let shown = ended.stderr.to_lowercase();
    let (_, secret) =
        project.sandbox.variables.iter().find(|(name, _)| name == "AWS_SECRET_ACCESS_KEY").expect("a secret");
    for secret in
        ["token-of", "aws4-hmac", "credential=", "signature", "x-amz-", "authorization", &secret.to_lowercase()]
    {
        assert!(!shown.contains(secret), "{secret}:\n{shown}");
    }
    let requests: Vec<&str> = shown.lines().filter(|line| line.contains(" ms, attempt ")).collect();
    assert!(requests.len() > 5 && requests.iter().all(|line| !line.contains('?')), "a query: {requests:#?}");
}
