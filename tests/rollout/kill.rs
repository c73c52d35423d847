//! Killed at any request, a rollout that is run again ends as an undisturbed one, and can be put back.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::common::project::until;
use crate::fleet::{Fleet, arn};

const APPLY: &str = "--apply --alias live";

fn fleet() -> Fleet {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.publish("orders");
    fleet.alias("orders", "live", "1");
    fleet.project.forget_requests();
    fleet
}

/// What has to be there in the end.
fn expected() -> Value {
    let versions = json!({"1": [arn("alpha:1")], "2": [arn("alpha:2")]});
    json!({"layers": [arn("alpha:2")], "description": "", "versions": versions, "aliases": {"live": "2"}, "tags": {}})
}

/// Whether the sandbox has done what it does not answer.
fn held_back(fleet: &Fleet) -> bool {
    let log = crate::common::control(&fleet.project.sandbox, "GET", "/_sandbox/requests", "");
    let log: Value = serde_json::from_str(&log).unwrap();
    log["requests"].as_array().unwrap().iter().any(|one| one["done"] == false && one["status"].is_number())
}

fn check(request: usize, kind: &str) {
    let fleet = fleet();
    fleet.project.inject(&format!(r#"{{"operation": "lambda:*", "skip": {request}, "times": 1, "fault": "{kind}"}}"#));
    let mut command = fleet.project.command();
    command.arg("rollout").args(APPLY.split(' '));
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let struck = || {
        let rules = crate::common::control(&fleet.project.sandbox, "GET", "/_sandbox/faults", "");
        let rules: Value = serde_json::from_str(&rules).unwrap();
        let held = fleet.project.requests().len() > request && rules[0]["struck"] == 1;
        // With `hang-after`, the work is to be done.
        let done = kind == "hang" || held_back(&fleet);
        (held && done).then_some(())
    };
    until("a request that hangs", struck);
    child.kill().unwrap();
    child.wait().unwrap();
    fleet.project.heal();
    fleet.rollout(APPLY, 0);
    let one = |fleet: &Fleet| fleet.functions()["123456789012/us-east-1/orders"].clone();
    assert_eq!(one(&fleet), expected(), "{kind} at request {request}");
    fleet.project.run_writing_nothing(&format!("rollout {APPLY}"), 0);
    // Whoever was killed kept what was there, or had not touched it: put back in the order of their making, backwards.
    let folder = fleet.project.folder().join(".layership");
    let mut records: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    records.sort();
    for record in records.iter().rev() {
        fleet.rollout(&format!("--undo {}", record.display()), 0);
    }
    let back = one(&fleet);
    assert_eq!(
        (&back["layers"], &back["aliases"]),
        (&json!([arn("alpha:1")]), &json!({"live": "1"})),
        "{kind} at {request}"
    );
}

#[test]
fn killed_at_any_request_the_next_run_ends_as_an_undisturbed_one() {
    let undisturbed = fleet();
    undisturbed.rollout(APPLY, 0);
    assert_eq!(undisturbed.functions()["123456789012/us-east-1/orders"], expected());
    let requests = undisturbed.asked(&[
        "ListLayerVersions",
        "ListFunctions",
        "GetAlias",
        "GetFunction",
        "GetLayerVersionByArn",
        "UpdateFunctionConfiguration",
        "GetFunctionConfiguration",
        "PublishVersion",
        "UpdateAlias",
    ]);
    assert_eq!(requests.len(), 9, "{requests:?}");
    let cases: Vec<_> =
        (0..requests.len()).flat_map(|request| ["hang", "hang-after"].map(|kind| (request, kind))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((request, kind)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(*request, kind);
                }
            });
        }
    });
}
