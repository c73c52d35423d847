//! Versions are published, and aliases led to them.

use crate::fleet::{Fleet, arn, outcome};
use serde_json::json;

/// `live` leads to a version with the old layer.
fn fleet() -> Fleet {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.publish("orders");
    fleet.alias("orders", "live", "1");
    fleet
}

#[test]
fn a_version_is_published_and_the_alias_leads_to_it() {
    let fleet = fleet();
    fleet.function("users", &["alpha:1"]);
    assert_shown!(fleet.project.run_writing_nothing("rollout --alias live", 1), @"
    exit code 1
    --- stdout ---
    Rollout of the newest versions of 1 layer at 1 target: nothing is changed yet

      ~  orders  us-east-1  alpha 1 -> 2, a new version, alias live from 1
      !  users   us-east-1  alpha 1 -> 2: left alone, it has no alias `live`

    2 functions: 1 to move, 1 left alone
    hint: the same with `--apply` moves them
    ");
    let report = fleet.report("--apply --alias live --function orders", 0);
    let one = &report["functions"][0];
    assert_eq!((&one["version"], &one["alias"]), (&json!("2"), &json!({"name": "live", "from": "1", "to": "2"})));
    let state = &fleet.functions()["123456789012/us-east-1/orders"];
    assert_eq!(state["versions"], json!({"1": [arn("alpha:1")], "2": [arn("alpha:2")]}));
    assert_eq!(state["aliases"], json!({"live": "2"}));
    assert_eq!(outcome(&fleet.report("--apply --alias live --function orders", 0), "orders"), "absent");
    // Put back, the version stays; nothing leads to it any more.
    fleet.rollout(&format!("--undo {}", report["record"].as_str().unwrap()), 0);
    let state = &fleet.functions()["123456789012/us-east-1/orders"];
    assert_eq!((&state["aliases"], &state["layers"]), (&json!({"live": "1"}), &json!([arn("alpha:1")])));
}

#[test]
fn an_alias_that_somebody_moved_is_left_where_it_is() {
    let fleet = fleet();
    let report = fleet.report("--apply --alias live", 0);
    fleet.set("orders", &[]);
    fleet.publish("orders");
    fleet.lead("orders", "live", "3");
    let before = fleet.functions();
    let undone = fleet.report(&format!("--undo {}", report["record"].as_str().unwrap()), 1);
    assert_eq!(outcome(&undone, "orders"), "refused changed-since");
    assert_eq!(fleet.functions(), before);
}

#[test]
fn a_function_without_the_alias_is_left_alone_and_one_whose_alias_is_the_latest_needs_none() {
    let fleet = fleet();
    fleet.function("users", &["alpha:1"]);
    fleet.function("latest", &["alpha:1"]);
    fleet.alias("latest", "live", "$LATEST");
    let report = fleet.report("--apply --alias live", 1);
    assert_eq!(outcome(&report, "users"), "refused alias-missing");
    assert_eq!((outcome(&report, "latest"), fleet.layers("users")), ("moved".into(), vec!["alpha:1".into()]));
    assert_eq!(fleet.functions()["123456789012/us-east-1/latest"]["aliases"], json!({"live": "$LATEST"}));
}

/// A version is not made twice, and the alias leads to it, whichever answer is lost or late.
#[test]
fn answers_that_are_lost_cost_no_second_version() {
    for operation in ["PublishVersion", "UpdateAlias"] {
        for fault in
            [r#""cut-after""#, r#"{"kind": "error-after", "status": 500}"#, r#""conflict""#, r#""change-function""#]
        {
            let fleet = fleet();
            fleet.project.inject(&format!(r#"{{"operation": "{operation}", "times": 1, "fault": {fault}}}"#));
            fleet.rollout("--apply --alias live", 0);
            let state = &fleet.functions()["123456789012/us-east-1/orders"];
            assert_eq!(state["versions"], json!({"1": [arn("alpha:1")], "2": [arn("alpha:2")]}), "{operation} {fault}");
            assert_eq!(state["aliases"], json!({"live": "2"}), "{operation} {fault}");
        }
    }
}
