//! What a run that was cut off left to happen: changes that Lambda accepted, and that failed or are under way.

use crate::fleet::{Fleet, outcome};

#[test]
fn a_change_that_failed_after_it_was_accepted_is_told_by_every_further_run() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.function("users", &["alpha:1"]);
    let fault = r#"{"operation": "UpdateFunctionConfiguration", "match": "orders", "times": 1, "fault": {"kind": "failing-change", "reason": "no more addresses"}}"#;
    fleet.project.inject(fault);
    fleet.rollout("--apply --concurrency 1", 1);
    assert_eq!(
        (fleet.layers("orders"), fleet.layers("users")),
        (vec!["alpha:2".to_owned()], vec!["alpha:1".to_owned()])
    );
    // It has the layers that it is to have: nobody would look at it. The others are moved all the same.
    let report = fleet.report("--apply", 1);
    assert_eq!(["orders", "users"].map(|name| outcome(&report, name)), ["failed update-failed", "moved"]);
    assert!(report["functions"][0]["error"]["causes"].to_string().contains("no more addresses"), "{report:#}");
    let ended = fleet.project.run_writing_nothing("rollout --apply", 1);
    assert!(ended.stderr.contains("could not be put into force") && !ended.stderr.contains("Kept"), "{ended:?}");
    // Without `--apply` nothing is asked that costs a call for each function.
    fleet.project.forget_requests();
    fleet.rollout("", 0);
    assert_eq!(fleet.asked(&["GetFunction", "GetFunctionConfiguration"]), [""; 0]);
    // Set once more it settles, and nobody hears of it again.
    fleet.set("orders", &["alpha:2"]);
    fleet.rollout("--apply", 0);
}

#[test]
fn a_change_that_is_under_way_is_seen_to_its_end() {
    let fleet = Fleet::with_flags(&["alpha"], &["--function-change-ms", "1500"]);
    fleet.function("orders", &["alpha:1"]);
    let settled = || {
        let report = fleet.report("--apply", 0);
        assert!(report["functions"].as_array().unwrap().iter().all(|one| one["outcome"] != "failed"), "{report:#}");
    };
    settled();
    let fault = r#"{"operation": "UpdateFunctionConfiguration", "times": 1, "fault": {"kind": "failing-change", "reason": "no more addresses"}}"#;
    fleet.project.inject(fault);
    fleet.set("orders", &["alpha:2"]);
    let report = fleet.report("--apply", 1);
    assert_eq!(outcome(&report, "orders"), "failed update-failed");
}
