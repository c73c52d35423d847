//! Many runs at once, living and dead.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bench::{Bench, LEASE, Running, SETTLED, adds_up, is, job, outcome};

const LAYERS: [&str; 3] = ["one", "two", "three"];

/// Ten processes with the same layers file at once, and their reports.
fn ten(bench: &Bench, args: &[&str], code: impl Fn(i32) -> bool) -> Vec<Value> {
    let running: Vec<Running> = (0..10).map(|_| bench.spawn(args)).collect();
    let ended = running.into_iter().map(Running::end);
    ended
        .map(|ended| {
            assert!(code(ended.code), "{ended:?}");
            let report = ended.report();
            adds_up(&report);
            report
        })
        .collect()
}

#[test]
fn ten_runs_at_once_make_one_version_and_agree_on_it() {
    let bench = Bench::of(&LAYERS);
    for revision in 1..=2 {
        LAYERS.iter().for_each(|name| bench.revise(name, revision));
        bench.run(&["stage"]).expect(0);
        let reports = ten(&bench, &["publish"], |code| code == 0);
        for name in LAYERS {
            let arns: BTreeSet<_> =
                reports.iter().map(|report| job(report, name)["layer_version_arn"].to_string()).collect();
            assert_eq!(arns.len(), 1, "{name}: {arns:?}");
            let published = reports.iter().filter(|report| job(report, name)["outcome"] == "published").count();
            assert_eq!(published, 1, "{name}: runs that say they published it");
            bench.state().assert_exactly(name, &(1..=revision).collect::<Vec<_>>());
        }
    }
}

#[test]
fn ten_runs_that_do_not_wait_publish_once_or_name_who_holds_the_lock() {
    let bench = Bench::of(&LAYERS);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "fault": {"kind": "latency", "ms": 700}}));
    let reports = ten(&bench, &["publish", "--lock-wait-seconds", "0"], |code| code == 0 || code == 1);
    let runs: BTreeSet<_> = reports.iter().map(|report| report["run"].as_str().expect("a run").to_owned()).collect();
    assert_eq!(runs.len(), 10);
    let mut locked = 0;
    for name in LAYERS {
        for job in reports.iter().map(|report| job(report, name)) {
            match outcome(job) {
                ("published" | "unchanged", "") => assert_eq!(job["version"], 1),
                ("failed", "locked") => {
                    locked += 1;
                    let message = job["error"]["message"].as_str().expect("a message");
                    assert!(runs.iter().any(|run| message.contains(run)), "no holder is named: {message}");
                }
                other => panic!("{other:?}: {job:#}"),
            }
        }
        bench.state().assert_exactly(name, &[1]);
    }
    assert!(locked > 0, "nobody met anybody");
}

#[test]
fn ten_runs_that_stage_and_publish_at_once_make_one_version() {
    let bench = Bench::of(&LAYERS);
    ten(&bench, &["publish", "--stage"], |code| code == 0);
    LAYERS.iter().for_each(|name| bench.state().assert_exactly(name, &[1]));
}

/// A run that died while it was publishing, before Lambda did the work or after it.
fn died_publishing(kind: &str) -> Bench {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": kind}));
    let running = bench.spawn(&["publish"]);
    bench.until_hanging(kind);
    running.kill();
    bench.no_faults();
    bench
}

#[test]
fn a_dead_runs_lock_is_left_alone_as_long_as_its_lease_runs() {
    for kind in ["hang", "hang-after"] {
        let bench = died_publishing(kind);
        let published = bench.state().contents("layer").len();
        bench.advance(LEASE - 2);
        let report = bench.run(&["publish", "--lock-wait-seconds", "0"]).expect(1).report();
        let refused = job(&report, "layer");
        // A version without backup is adopted under the lock too.
        assert_eq!(outcome(refused), ("failed", "locked"), "{kind}");
        let said = format!("{} {}", refused["error"]["message"], refused["error"]["causes"]);
        assert!(said.contains("may have sent its publish") && said.contains("can be taken over from 20"), "{said}");
        assert_eq!(bench.state().contents("layer").len(), published, "{kind}");
    }
}

#[test]
fn what_a_dead_run_published_is_adopted_as_soon_as_its_lease_is_over() {
    let bench = died_publishing("hang-after");
    bench.advance(LEASE + 2);
    let report = bench.run(&["publish", "--lock-wait-seconds", "0"]).expect(0).report();
    assert_eq!(outcome(job(&report, "layer")), ("adopted", ""));
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn what_a_dead_run_may_have_sent_is_waited_for_until_nothing_can_come_of_it() {
    let bench = died_publishing("hang");
    bench.advance(LEASE + 2);
    bench.forget_requests();
    // However short others are waited for: the dead do not renew.
    let waiting = bench.spawn(&["publish", "--lock-wait-seconds", "0"]);
    bench.until("it looks twice", |requests| {
        requests.iter().filter(|request| is(request, "GetLayerVersion", "layer") && request["done"] == true).count()
            >= 16
    });
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 0);
    bench.advance(SETTLED);
    waiting.end().expect(0);
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 1);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn ten_runs_take_a_dead_runs_lock_over_once() {
    for kind in ["hang", "hang-after"] {
        let bench = died_publishing(kind);
        bench.advance(SETTLED + 2);
        ten(&bench, &["publish"], |code| code == 0);
        bench.state().assert_exactly("layer", &[1]);
    }
}

#[test]
fn two_runs_that_read_the_same_dead_lock_do_not_both_take_it_over() {
    let bench = died_publishing("hang");
    bench.advance(SETTLED + 2);
    // The first that has read the dead lock is slow to replace it: when it does, the lock is another run's.
    bench.faults(&json!([
        {"operation": "PutObject", "match": "publish.lock", "times": 1, "fault": {"kind": "latency", "ms": 2500}},
        {"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "latency", "ms": 4000}},
    ]));
    bench.forget_requests();
    let slow = bench.spawn(&["publish"]);
    bench.until("it is about to take it over", |requests| {
        requests.iter().filter(|request| is(request, "PutObject", "publish.lock")).count() == 1
    });
    let quick = bench.spawn(&["publish"]);
    bench.until("the other one publishes", |requests| {
        requests.iter().any(|request| is(request, "PublishLayerVersion", "layer"))
    });
    quick.end().expect(0);
    slow.end().expect(0);
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 1);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_lock_whose_taking_was_answered_late_is_held_for_a_whole_lease_from_then() {
    let bench = died_publishing("hang");
    bench.advance(SETTLED + 2);
    bench.faults(&json!([
        {"operation": "PutObject", "match": "publish.lock", "times": 1, "fault": "hang-after"},
        {"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "latency", "ms": 5000}},
    ]));
    bench.forget_requests();
    let late = bench.spawn(&["publish", "--request-timeout-seconds", "3"]);
    bench.until_hanging("hang-after");
    bench.advance(LEASE - 10);
    bench.until("it publishes", |requests| requests.iter().any(|request| is(request, "PublishLayerVersion", "layer")));
    bench.advance(LEASE - 15);
    let report = bench.run(&["publish", "--lock-wait-seconds", "0"]).expect(1).report();
    assert_eq!(outcome(job(&report, "layer")), ("failed", "locked"));
    late.end().expect(0);
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 1);
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn the_holder_of_a_lost_lock_does_not_free_the_lock_of_the_next() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    // A run that sleeps after its work until its lease is over, and then wants to free the lock.
    let sleep = json!({"kind": "latency", "ms": 3000});
    bench.faults(&json!({"operation": "PutObject", "match": "publish.lock", "skip": 2, "times": 1, "fault": sleep}));
    let sleepy = bench.spawn(&["publish"]);
    bench.until("it is about to free its lock", |requests| {
        requests.iter().filter(|request| is(request, "PutObject", "publish.lock")).count() == 3
    });
    bench.advance(LEASE + 2);
    bench.revise("layer", 2);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "fault": {"kind": "latency", "ms": 5000}}));
    let next = bench.spawn(&["publish"]);
    bench.until("the next one publishes", |requests| {
        requests.iter().filter(|request| is(request, "PublishLayerVersion", "layer")).count() == 2
    });
    sleepy.end().expect(0);
    assert_eq!(bench.state().lock("layer")["phase"], "sending", "the lock of a living run was freed");
    next.end().expect(0);
    bench.state().assert_exactly("layer", &[1, 2]);
}
