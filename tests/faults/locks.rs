//! The lock of a run that lives for longer than a lease, and locks that are left behind.

use serde_json::json;

use crate::bench::{Bench, LEASE, elsewhere, is, job, outcome};
use crate::common::{folder, run};

/// A run whose publish takes so long that it renews its lock meanwhile, with one more rule.
fn long_publish(bench: &Bench, renewal: &serde_json::Value) -> crate::bench::Running {
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "latency", "ms": 12_500}}));
    if !renewal.is_null() {
        bench.faults(
            &json!({"operation": "PutObject", "match": "publish.lock", "skip": 1, "times": 1, "fault": renewal}),
        );
    }
    bench.forget_requests();
    let running = bench.spawn(&["publish"]);
    bench.until("the lock is renewed", |requests| {
        let writes = requests.iter().filter(|request| is(request, "PutObject", "publish.lock"));
        writes.filter(|request| !request["status"].is_null()).count() == 2
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
fn a_lock_that_another_run_of_this_machine_holds_is_not_removed_as_a_dead_ones() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["publish", "--stage"]).expect(0);
    bench.revise("layer", 2);
    // This home's run dies when its work is done, and leaves its lock and its note.
    bench.faults(&json!({"operation": "DeleteObject", "match": "publish.lock", "times": 1, "fault": "hang"}));
    let dead = bench.spawn(&["publish", "--stage"]);
    bench.until_hanging("hang");
    dead.kill();
    bench.calm();
    // Another user of the same machine takes it over, to publish again.
    let home = folder();
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "latency", "ms": 4000}}));
    bench.forget_requests();
    let other = elsewhere(bench.command(&["publish", "--force"]), home.path());
    let other = crate::bench::Running::start(other);
    bench.until("the other one publishes", |requests| {
        requests.iter().any(|request| is(request, "PublishLayerVersion", "layer"))
    });
    let report = bench.run(&["publish"]).expect(0).report();
    assert_eq!(outcome(job(&report, "layer")), ("unchanged", ""));
    assert!(!bench.state().object("layer", "publish.lock").is_null(), "the lock of a living run was removed");
    other.end().expect(0);
    bench.state().assert_exactly("layer", &[1, 2, 2]);
}

#[test]
fn a_lock_of_finished_work_is_removed_by_the_next_run_at_home() {
    let bench = Bench::of(&["layer"]);
    bench.faults(&json!({"operation": "DeleteObject", "match": "publish.lock", "times": 1, "fault": "hang"}));
    let dead = bench.spawn(&["publish", "--stage"]);
    bench.until_hanging("hang");
    dead.kill();
    bench.no_faults();
    let abroad = folder();
    run(elsewhere(bench.command(&["publish"]), abroad.path()), [] as [&str; 0]).expect(0);
    assert!(!bench.state().object("layer", "publish.lock").is_null(), "elsewhere nobody knows that it is of no use");
    // No lease has to run out for that.
    bench.run(&["publish"]).expect(0);
    bench.state().assert_exactly("layer", &[1]);
}
