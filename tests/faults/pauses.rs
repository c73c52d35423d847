//! The real binary, stopped by SIGSTOP as a container is paused or a laptop's lid closed, and woken up when another run
//! has done the work: it finds its lock gone, and sends nothing that counts.

use serde_json::json;

use crate::bench::{Bench, LEASE, Running, SETTLED, is, job, outcome};

/// A run that sleeps since it wrote the lock for the so-many-th time, and has not seen the answer.
fn asleep_after_lock_write(bench: &Bench, write: usize) -> Running {
    bench.run(&["stage"]).expect(0);
    let slow = json!({"kind": "latency", "ms": 1500});
    bench.faults(
        &json!({"operation": "PutObject", "match": "publish.lock", "skip": write - 1, "times": 1, "fault": slow}),
    );
    bench.forget_requests();
    let mut running = bench.spawn(&["publish"]);
    let writes = |requests: &[serde_json::Value], done: bool| {
        let writes = requests.iter().filter(|request| is(request, "PutObject", "publish.lock"));
        writes.filter(|request| !done || request["done"] == true).count()
    };
    bench.until("it writes the lock", |requests| writes(requests, false) == write);
    running.signal("STOP");
    bench.until("the lock is written", |requests| writes(requests, true) == write);
    bench.no_faults();
    running
}

/// Another run publishes; then the sleeper wakes up.
#[track_caller]
fn another_publishes_and_it_wakes(bench: &Bench, mut sleeper: Running) {
    let other = bench.run(&["publish", "--lock-wait-seconds", "0"]).expect(0).report();
    assert_eq!(outcome(job(&other, "layer")), ("published", ""));
    sleeper.signal("CONT");
    let report = sleeper.end().expect(1).report();
    let lost = job(&report, "layer");
    assert_eq!(outcome(lost), ("failed", "locked"));
    assert!(lost["error"]["message"].as_str().is_some_and(|text| text.contains("nothing was published")), "{lost:#}");
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_run_that_sleeps_before_its_mark_sends_nothing() {
    let bench = Bench::of(&["layer"]);
    let sleeper = asleep_after_lock_write(&bench, 1);
    bench.advance(LEASE + 2);
    another_publishes_and_it_wakes(&bench, sleeper);
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 1, "the sleeper sent a publish");
}

#[test]
fn a_run_that_sleeps_between_its_mark_and_its_publish_is_refused_by_lambda() {
    let bench = Bench::of(&["layer"]);
    let sleeper = asleep_after_lock_write(&bench, 2);
    bench.advance(SETTLED + 2);
    another_publishes_and_it_wakes(&bench, sleeper);
}
