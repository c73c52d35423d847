//! The lock of a run that lives for longer than a lease, and locks that are left behind.

use serde_json::json;

use crate::bench::{Bench, LEASE, SETTLED, is, job, outcome};
use crate::sdk::Sdk;

/// A run whose publish takes so long that it renews its lock meanwhile, with one more rule.
fn long_publish(bench: &Bench, renewal: &serde_json::Value) -> crate::bench::Running {
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "latency", "ms": 12_500}}));
    if !renewal.is_null() {
        bench.faults(
            &json!({"operation": "PutObject", "match": "publish.lock", "skip": 2, "times": 1, "fault": renewal}),
        );
    }
    bench.forget_requests();
    let running = bench.spawn(&["publish"]);
    bench.until("the lock is renewed", |requests| {
        let writes = requests.iter().filter(|request| is(request, "PutObject", "publish.lock"));
        writes.filter(|request| !request["status"].is_null()).count() == 3
    });
    running
}

#[test]
fn the_lock_of_a_living_run_is_renewed_and_nobody_takes_it_over() {
    let bench = Bench::of(&["layer"]);
    let living = long_publish(&bench, &json!(null));
    // More than a lease after the lock was first taken, less than one after it was renewed.
    bench.advance(LEASE - 6);
    let report = bench.run(&["publish", "--lock-wait-seconds", "0"]).expect(1).report();
    assert_eq!(outcome(job(&report, "layer")), ("failed", "locked"));
    living.end().expect(0);
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 1);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_renewal_whose_answer_is_lost_when_the_work_ends_leaves_no_lock() {
    let bench = Bench::of(&["layer"]);
    long_publish(&bench, &json!("hang-after")).end().expect(0);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn the_lock_of_a_run_that_died_after_its_work_stays_until_the_layer_is_published_again() {
    let bench = Bench::of(&["layer"]);
    bench.faults(&json!({"operation": "PutObject", "match": "publish.lock", "skip": 2, "times": 1, "fault": "hang"}));
    let dead = bench.spawn(&["publish", "--stage"]);
    bench.until_hanging("hang");
    dead.kill();
    bench.no_faults();
    let left = bench.state().lock("layer").clone();
    assert_eq!(left["phase"], "sending");
    // The layer did not change: whose lock it is does not matter.
    bench.run(&["publish"]).expect(0);
    assert_eq!(*bench.state().lock("layer"), left, "the lock of another run was changed");
    bench.state().assert_recorded("layer", &[1]);
    bench.revise("layer", 2);
    // Its lease is over, and its version is there: nothing has to be waited for.
    bench.advance(LEASE + 2);
    bench.run(&["publish", "--stage", "--lock-wait-seconds", "0"]).expect(0);
    bench.state().assert_exactly("layer", &[1, 2]);
}

#[test]
fn a_dry_run_and_an_unchanged_layer_write_no_lock() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.run(&["plan"]).expect(0);
    assert!(bench.state().lock("layer").is_null());
    bench.run(&["publish"]).expect(0);
    bench.forget_requests();
    bench.run(&["publish"]).expect(0);
    assert_eq!(bench.count("PutObject", ""), 0);
}

#[test]
fn what_lies_at_the_locks_key_and_is_not_a_lock_is_never_overwritten() {
    let newer = json!({"format": 99, "phase": "free", "run": "later", "owner": "later"}).to_string();
    for (junk, said) in [("no lock", "is not a lock"), (newer.as_str(), "newer layership")] {
        let bench = Bench::of(&["layer"]);
        bench.run(&["stage"]).expect(0);
        let sdk = Sdk::at(&bench);
        let key = "layers/layer/layer/publish.lock";
        sdk.put(key, junk.as_bytes());
        bench.advance(3 * SETTLED);
        let report = bench.run(&["publish"]).expect(1).report();
        let failed = job(&report, "layer");
        assert_eq!(outcome(failed), ("failed", "locked"), "{junk}");
        assert!(failed["error"]["causes"].to_string().contains(said), "{failed:#}");
        assert_eq!(bench.count("PutObject", "publish.lock"), 1, "it was overwritten");
        sdk.delete(key);
        bench.run(&["publish"]).expect(0);
        bench.state().assert_exactly("layer", &[1]);
    }
}
