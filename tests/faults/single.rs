//! Single disturbances that are no cell of the table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::bench::{Bench, SETTLED, archive, is, job, outcome, sha256};
use crate::sdk::Sdk;

#[test]
fn a_lagging_list_of_versions_publishes_nothing_twice() {
    let bench = Bench::of(&["one", "two"]);
    for revision in 1..=3 {
        bench.revise("one", revision);
        bench.revise("two", revision);
        bench.run(&["publish", "--stage"]).expect(0);
    }
    for hidden in 1..=3 {
        let rule = json!({"operation": "ListLayerVersions", "fault": {"kind": "stale-list", "versions": hidden}});
        bench.faults(&rule);
        let report = bench.run(&["publish"]).expect(0).report();
        assert_eq!(outcome(job(&report, "one")), ("unchanged", ""), "{hidden} versions hidden");
        bench.no_faults();
    }
    bench.revise("one", 4);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "ListLayerVersions", "fault": {"kind": "stale-list", "versions": 2}}));
    bench.run(&["publish"]).expect(0);
    let state = bench.state();
    state.assert_exactly("one", &[1, 2, 3, 4]);
    state.assert_exactly("two", &[1, 2, 3]);
}

#[test]
fn a_refusal_after_a_lost_answer_proves_nothing() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!([
        {"operation": "PublishLayerVersion", "times": 1, "fault": "cut-before"},
        {"operation": "PublishLayerVersion", "fault": "access-denied"},
    ]));
    let running = bench.spawn(&["publish"]);
    // The refusal is only asked for when nothing can come of the lost request any more.
    bench.until("it looks for the version", |requests| {
        requests.iter().any(|request| is(request, "GetLayerVersion", "layer"))
    });
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 1);
    bench.advance(SETTLED);
    let report = running.end().expect(1).report();
    assert_eq!(outcome(job(&report, "layer")), ("failed", "access-denied"));
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 2);
    bench.no_faults();
    // Nothing was published, and nothing can be: the lock is free.
    bench.run(&["publish", "--lock-wait-seconds", "0"]).expect(0);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_throttle_that_does_not_end_is_waited_out() {
    for operation in ["ListLayerVersions", "PublishLayerVersion"] {
        let bench = Bench::of(&["layer"]);
        bench.run(&["stage"]).expect(0);
        bench.faults(&json!({"operation": operation, "fault": "throttle"}));
        let running = bench.spawn(&["publish"]);
        bench.until("eight throttles", |requests| {
            requests.iter().filter(|request| request["fault"] == "throttle").count() >= 8
        });
        assert_eq!(bench.state().contents("layer"), [] as [String; 0]);
        bench.no_faults();
        running.end().expect(0);
        bench.state().assert_exactly("layer", &[1]);
    }
}

#[test]
fn nothing_is_published_from_a_zip_that_was_replaced_between_its_check_and_its_reading() {
    let other = STANDARD.encode(archive("other", 1));
    // In a versioned bucket what was checked is still there, and pinned.
    for (versioned, ended, contents) in [
        (true, ("published", ""), vec![sha256(&archive("layer", 1))]),
        (false, ("failed", "content-mismatch"), Vec::new()),
    ] {
        let bench = Bench::with(&["--strict-buckets"]);
        bench.layers(&["layer"], "");
        bench.revise("layer", 1);
        let sdk = Sdk::at(&bench);
        sdk.bucket(versioned);
        sdk.stage("layer", 1, true);
        // The range is asked for by entity tag; without one, a mixture of two zips could pass for one.
        let replaced = json!({"kind": "replace-object", "body": other});
        bench.faults(&json!({"operation": "GetObject", "match": "layer.zip", "times": 1, "fault": replaced}));
        let report = bench.run(&["publish"]).report();
        assert_eq!(outcome(job(&report, "layer")), ended, "versioned: {versioned}");
        assert_eq!(bench.state().contents("layer"), contents, "versioned: {versioned}");
    }
}
