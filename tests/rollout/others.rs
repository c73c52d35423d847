//! Others change functions meanwhile, answers are lost, and Lambda refuses.

use crate::common::process::Running;
use crate::common::project::until;
use crate::fleet::{Fleet, arn, outcome};

const UPDATE: &str = "UpdateFunctionConfiguration";

#[test]
fn another_change_is_waited_for_and_what_somebody_changed_is_planned_anew() {
    let fleet = Fleet::of(&["alpha", "beta"]);
    for name in ["busy", "changed", "done", "lost", "throttled"] {
        fleet.function(name, &["alpha:1"]);
    }
    let theirs = [arn("beta:1"), arn("alpha:1")].map(|arn| format!("{arn:?}")).join(",");
    let ours = format!("{:?}", arn("alpha:2"));
    let fault = |name: &str, times: u32, fault: &str| {
        fleet
            .project
            .inject(&format!(r#"{{"operation": "{UPDATE}", "match": "{name}", "times": {times}, "fault": {fault}}}"#));
    };
    fault("busy", 2, r#""conflict""#);
    fault("changed", 1, &format!(r#"{{"kind": "change-function", "layers": [{theirs}]}}"#));
    fault("done", 1, &format!(r#"{{"kind": "change-function", "layers": [{ours}]}}"#));
    fault("lost", 1, r#""cut-after""#);
    fault("throttled", 2, r#""throttle""#);
    let report = fleet.report("alpha --apply", 0);
    assert_eq!(fleet.layers("changed"), ["beta:1", "alpha:2"], "what somebody added stays");
    for name in ["busy", "done", "lost", "throttled"] {
        assert_eq!(fleet.layers(name), ["alpha:2"], "{name}");
    }
    assert_eq!(outcome(&report, "done"), "unchanged");
    assert_eq!(
        fleet.functions()["123456789012/us-east-1/done"]["description"].as_str().map(|text| &text[..7]),
        Some("changed")
    );
}

#[test]
fn a_change_that_takes_a_while_is_waited_for() {
    let fleet = Fleet::with_flags(&["alpha"], &["--function-change-ms", "1200"]);
    fleet.function("slow", &["alpha:1"]);
    // It is being made when the rollout begins.
    assert_eq!(outcome(&fleet.report("--apply --publish-versions", 0), "slow"), "moved");
    assert_eq!(fleet.layers("slow"), ["alpha:2"]);
    let versions = fleet.functions()["123456789012/us-east-1/slow"]["versions"].clone();
    assert_eq!(versions, serde_json::json!({"1": [arn("alpha:2")]}));
}

#[test]
fn what_never_ends_is_told_and_nothing_is_broken() {
    let fleet = Fleet::of(&["alpha", "gamma"]);
    fleet.function("restless", &["alpha:1"]);
    fleet.function("widow", &["gamma:1", "alpha:1"]);
    fleet.delete_layer("gamma", 1);
    fleet.project.inject(&format!(r#"{{"operation": "{UPDATE}", "match": "restless", "fault": "change-function"}}"#));
    let restless = fleet.report("alpha --apply --function restless", 1);
    assert_eq!(outcome(&restless, "restless"), "failed function-changed");
    let widow = fleet.report("alpha --apply --function widow", 1);
    assert_eq!(outcome(&widow, "widow"), "failed function-refused");
    let causes = widow["functions"][0]["error"]["causes"][0].as_str().unwrap().to_owned();
    assert!(causes.contains("gamma:1 does not exist"), "{causes}");
    assert_eq!(
        (fleet.layers("restless"), fleet.layers("widow").join(" ")),
        (vec!["alpha:1".to_owned()], "gamma:1 alpha:1".into())
    );
}

#[test]
fn what_is_too_large_together_is_refused_and_stays_as_it_was() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let message = "Layers consume more than the available size of 262144000 bytes";
    fleet.project.inject(&format!(
        r#"{{"operation": "{UPDATE}", "fault": {{"kind": "error", "status": 400, "code": "InvalidParameterValueException", "message": "{message}"}}}}"#
    ));
    let ended = fleet.rollout("--apply", 1);
    assert!(ended.stderr.contains(message) && ended.stdout.contains("function-refused"), "{ended:?}");
    assert_eq!(fleet.layers("orders"), ["alpha:1"]);
}

#[test]
fn a_function_that_is_being_changed_for_too_long_is_left_to_the_next_run() {
    let fleet = Fleet::with_flags(&["alpha"], &["--function-change-ms", "3600000"]);
    fleet.function("stuck", &["alpha:1"]);
    let report = fleet.report("--apply --request-timeout-seconds 1", 1);
    assert_eq!(outcome(&report, "stuck"), "failed function-busy");
    assert_eq!(fleet.layers("stuck"), ["alpha:1"]);
}

#[test]
fn what_may_not_be_asked_is_told_with_the_permission_that_is_missing() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    for (operation, action) in [
        ("ListFunctions", "lambda:ListFunctions"),
        ("GetFunction", "lambda:GetFunction"),
        (UPDATE, "lambda:UpdateFunctionConfiguration"),
    ] {
        fleet.project.inject(&format!(r#"{{"operation": "{operation}", "fault": "access-denied"}}"#));
        let ended = fleet.rollout("--apply", 1);
        assert!(ended.stderr.contains(&format!("not authorized to perform `{action}`")), "{ended:?}");
        fleet.project.heal();
    }
    assert_eq!(fleet.layers("orders"), ["alpha:1"]);
}

#[test]
fn an_answer_that_is_none_is_not_believed() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    for operation in ["ListFunctions", "GetFunction"] {
        fleet.project.inject(&format!(r#"{{"operation": "{operation}", "fault": "garbage"}}"#));
        fleet.rollout("--apply", 1);
        fleet.project.heal();
    }
    assert_eq!(fleet.layers("orders"), ["alpha:1"]);
}

#[test]
fn a_signal_lets_what_is_under_way_finish_and_begins_nothing_new() {
    let fleet = Fleet::with_flags(&["alpha"], &["--function-change-ms", "1500"]);
    fleet.function("first", &["alpha:1"]);
    fleet.function("second", &["alpha:1"]);
    let mut command = fleet.project.command();
    command.args(["rollout", "--apply", "--canary", "1"]);
    let running = Running::start(command);
    until("the first change", || (!fleet.asked(&[UPDATE]).is_empty()).then_some(()));
    running.signal("INT");
    let ended = running.end().expect(130);
    assert!(ended.stdout.contains("not begun"), "{ended:?}");
    assert_eq!(
        (fleet.layers("first"), fleet.layers("second")),
        (vec!["alpha:2".to_owned()], vec!["alpha:1".to_owned()])
    );
    fleet.rollout("--apply", 0);
    assert_eq!(fleet.layers("second"), ["alpha:2"]);
}
