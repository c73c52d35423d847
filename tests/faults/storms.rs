//! Disturbances that last: a lock that cannot be written for most of a minute, a publish that is under way for as long,
//! a lock that is taken away from its holder.

use serde_json::json;

use crate::bench::{Bench, Running, is, job, outcome};
use crate::sdk::Sdk;

const LOCK: &str = "layers/layer/layer/publish.lock";

/// Lets S3's clock go on for so long, as fast as the runs can follow.
fn passes(bench: &Bench, seconds: u64) {
    for _ in 0..seconds / 3 {
        bench.advance(3);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// All writes of the lock fail from now on.
fn no_lock_can_be_written(bench: &Bench) {
    bench.faults(&json!({"operation": "PutObject", "match": "publish.lock", "fault": "error"}));
}

/// How often Lambda did publish.
fn published(bench: &Bench) -> usize {
    bench.requests().iter().filter(|request| is(request, "PublishLayerVersion", "") && request["status"] == 201).count()
}

/// Both runs end, one version is there, and whoever did not make it says so or has it.
#[track_caller]
fn one_version(bench: &Bench, runs: [Running; 2]) {
    let mut makers = 0;
    for running in runs {
        let report = bench.time_flies(|| true, || running.end()).report();
        match outcome(job(&report, "layer")) {
            ("published" | "adopted", "") => makers += 1,
            ("unchanged", "") | ("failed", "locked" | "internal") => {}
            other => panic!("{other:?}: {report:#}"),
        }
    }
    assert_eq!(published(bench), 1);
    assert!(makers <= 1, "both say that it is theirs");
    bench.heal(&["publish"]);
    bench.state().assert_recorded("layer", &[1]);
}

#[test]
fn a_lock_that_cannot_be_written_for_45_s_while_lambda_throttles_makes_no_second_version() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "fault": "throttle"}));
    let first = bench.spawn(&["publish"]);
    bench.until("a throttle", |requests| requests.iter().any(|request| request["fault"] == "throttle"));
    no_lock_can_be_written(&bench);
    let second = bench.spawn(&["publish"]);
    bench.until("the other one reads the lock", |requests| {
        requests.iter().filter(|request| is(request, "GetCallerIdentity", "")).count() == 3
    });
    passes(&bench, 45);
    bench.no_faults();
    one_version(&bench, [first, second]);
}

#[test]
fn a_publish_under_way_for_50_s_while_renewals_fail_makes_no_second_version() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "delayed", "seconds": 50}}));
    let first = bench.spawn(&["publish"]);
    bench.until_hanging("delayed");
    no_lock_can_be_written(&bench);
    let second = bench.spawn(&["publish"]);
    passes(&bench, 51);
    bench.no_faults();
    one_version(&bench, [first, second]);
}

/// A run whose publish is held in the network, so that it holds its lock.
fn holding() -> (Bench, Running) {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "delayed", "seconds": 20}}));
    let holder = bench.spawn(&["publish"]);
    bench.until_hanging("delayed");
    (bench, holder)
}

#[test]
fn a_lock_that_a_person_deletes_while_it_is_held_is_not_made_anew_by_its_holder() {
    let (bench, holder) = holding();
    Sdk::at(&bench).delete(LOCK);
    // Past the next renewal, which finds it gone.
    passes(&bench, 21);
    let report = holder.end().expect(0).report();
    assert_eq!(outcome(job(&report, "layer")), ("published", ""), "what was sent is confirmed and recorded");
    assert!(bench.state().lock("layer").is_null(), "it was made anew");
    bench.state().assert_recorded("layer", &[1]);
    assert_eq!(outcome(job(&bench.run(&["publish"]).expect(0).report(), "layer")), ("unchanged", ""));
    bench.revise("layer", 2);
    bench.run(&["publish", "--stage"]).expect(0);
    bench.state().assert_exactly("layer", &[1, 2]);
}

#[test]
fn a_lock_that_is_deleted_before_anything_was_sent_lets_its_holder_send_nothing() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    // Its mark is on the way when somebody deletes the lock.
    let slow = json!({"kind": "latency", "ms": 2000});
    bench.faults(&json!({"operation": "PutObject", "match": "publish.lock", "skip": 1, "times": 1, "fault": slow}));
    let holder = bench.spawn(&["publish"]);
    bench.until("it marks", |requests| {
        requests.iter().filter(|request| is(request, "PutObject", "publish.lock")).count() == 2
    });
    Sdk::at(&bench).delete(LOCK);
    let report = holder.end().expect(1).report();
    assert_eq!(outcome(job(&report, "layer")), ("failed", "locked"));
    assert_eq!(bench.count("PublishLayerVersion", ""), 0);
    assert!(bench.state().lock("layer").is_null(), "it was made anew");
    bench.run(&["publish"]).expect(0);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn who_meets_a_holder_is_told_who_it_is_what_it_does_and_until_when_on_the_screen_and_in_the_error() {
    let (bench, holder) = holding();
    let lock = bench.state().lock("layer").clone();
    let (run, host) = (lock["run"].as_str().expect("a run"), lock["host"].as_str().expect("a host"));
    let waiting = bench.run(&["publish", "--lock-wait-seconds", "2"]).expect(1);
    let report = waiting.report();
    let refused = job(&report, "layer");
    assert_eq!(outcome(refused), ("failed", "locked"));
    let said = format!("{} {}", refused["error"]["message"], refused["error"]["causes"]);
    for part in [run, host, "may have sent its publish", "can be taken over from 20"] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    assert!(waiting.stderr.contains("Waiting") && waiting.stderr.contains(run), "{}", waiting.stderr);
    passes(&bench, 21);
    holder.end().expect(0);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_lock_without_times_counts_as_one_that_is_sending_for_six_minutes() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    // As layership 0.1.0 writes it.
    let old = json!({"run": "old", "owner": "old/layer/us-east-1", "host": "elsewhere", "process": 1, "layer": "layer",
        "time": "2026-11-22T10:00:00Z", "lease_seconds": 30});
    Sdk::at(&bench).put(LOCK, old.to_string().as_bytes());
    bench.advance(300);
    // However short the living are waited for: nobody lives who does not renew.
    let waiting = bench.spawn(&["publish", "--lock-wait-seconds", "0"]);
    bench.until("it reads the lock again", |requests| {
        let reads = requests.iter().filter(|request| is(request, "GetObject", "publish.lock"));
        reads.filter(|request| request["done"] == true).count() >= 3
    });
    assert_eq!(bench.count("PublishLayerVersion", ""), 0);
    bench.advance(62);
    assert_eq!(outcome(job(&waiting.end().expect(0).report(), "layer")), ("published", ""));
    bench.state().assert_exactly("layer", &[1]);
}
