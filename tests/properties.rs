//! Whatever a layer's state, whatever strikes a run and wherever it is cut: one undisturbed run later everything is as
//! undisturbed runs leave it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "faults/bench.rs"]
mod bench;
mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use bench::{Bench, adds_up, is, job, outcome};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// What a layer is when the disturbed run begins.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// Staged, never published.
    New,
    /// Published and recorded; nothing changed since.
    Unchanged,
    /// Published and recorded; another manifest and another zip are staged.
    Changed,
    /// Published and recorded; other runtimes are wanted.
    OtherSettings,
    /// Published, but the backup was never written.
    Unrecorded,
    /// Only built: it is to be staged first.
    Built,
}

impl Before {
    /// Revisions of the versions that are there in the end.
    fn versions(self) -> &'static [u32] {
        match self {
            Self::New | Self::Unchanged | Self::Unrecorded | Self::Built => &[1],
            Self::Changed => &[1, 2],
            Self::OtherSettings => &[1, 1],
        }
    }
}

#[derive(Clone, Debug)]
struct Strike {
    operation: &'static str,
    layer: usize,
    skip: u8,
    fault: Value,
}

#[derive(Clone, Debug)]
struct Case {
    layers: Vec<Before>,
    strikes: Vec<Strike>,
    /// Killed when so many requests were made, if it has not ended by then.
    cut: Option<usize>,
    concurrency: usize,
}

fn before() -> impl Strategy<Value = Before> {
    prop_oneof![
        Just(Before::New),
        Just(Before::Unchanged),
        Just(Before::Changed),
        Just(Before::OtherSettings),
        Just(Before::Unrecorded),
        Just(Before::Built),
    ]
}

fn strike() -> impl Strategy<Value = Strike> {
    const OPERATIONS: &[&str] = &[
        "PublishLayerVersion",
        "PublishLayerVersion",
        "PutObject",
        "GetObject",
        "HeadObject",
        "DeleteObject",
        "GetLayerVersion",
        "ListLayerVersions",
        "*",
    ];
    let faults =
        ["throttle", "error", "access-denied", "cut-before", "cut-after", "garbage", "garbage-after", "stale-list"]
            .map(|kind| json!({ "kind": kind }));
    let faults = faults.into_iter().chain([json!({"kind": "latency", "ms": 200})]).collect::<Vec<_>>();
    let parts = (proptest::sample::select(OPERATIONS), 0_usize..6, 0_u8..3, proptest::sample::select(faults));
    parts.prop_map(|(operation, layer, skip, fault)| Strike { operation, layer, skip, fault })
}

fn case() -> impl Strategy<Value = Case> {
    let parts = (
        proptest::collection::vec(before(), 1..6),
        proptest::collection::vec(strike(), 0..5),
        proptest::option::of(1_usize..40),
        1_usize..5,
    );
    parts.prop_map(|(layers, strikes, cut, concurrency)| Case { layers, strikes, cut, concurrency })
}

fn names(case: &Case) -> Vec<String> {
    static CASES: AtomicU32 = AtomicU32::new(0);
    let number = CASES.fetch_add(1, Ordering::Relaxed);
    (0..case.layers.len()).map(|layer| format!("case-{number:03}-layer-{layer}")).collect()
}

/// Brings every layer into its state.
fn prepare(bench: &Bench, case: &Case, names: &[String]) {
    bench.layers(names, "");
    names.iter().for_each(|name| bench.revise(name, 1));
    let of = |wanted: fn(Before) -> bool| -> Vec<&str> {
        names.iter().zip(&case.layers).filter(|(_, before)| wanted(**before)).map(|(name, _)| name.as_str()).collect()
    };
    let run = |command: &[&str], layers: Vec<&str>, code: i32| {
        if !layers.is_empty() {
            bench.run(&command.iter().copied().chain(layers).collect::<Vec<_>>()).expect(code);
        }
    };
    run(&["stage"], of(|before| !matches!(before, Before::Built)), 0);
    run(&["publish"], of(|before| matches!(before, Before::Unchanged | Before::Changed | Before::OtherSettings)), 0);
    bench.faults(&json!({"operation": "PutObject", "match": "000001/requirements.txt", "fault": "access-denied"}));
    run(&["publish"], of(|before| matches!(before, Before::Unrecorded)), 1);
    // Whoever waits for the lock that was left holds no slot of the concurrency, and is counted by the log all the same.
    bench.calm();
    let changed = of(|before| matches!(before, Before::Changed));
    changed.iter().for_each(|name| bench.revise(name, 2));
    run(&["stage"], changed, 0);
    other_settings(bench, case, names);
}

fn other_settings(bench: &Bench, case: &Case, names: &[String]) {
    let path = bench.project().join("layers.toml");
    let mut text = std::fs::read_to_string(&path).expect("a layers file");
    for (name, before) in names.iter().zip(&case.layers) {
        if matches!(before, Before::OtherSettings) {
            let table = format!("[layers.{name}]\n");
            text = text.replace(&table, &format!("{table}compatible-runtimes = [\"python3.13\"]\n"));
        }
    }
    std::fs::write(path, text).expect("written");
}

/// From the log: a job's requests are those on its layer, and a job is in flight from its first to its last one.
fn most_jobs_in_flight(requests: &[Value], names: &[String]) -> usize {
    let about = |request: &Value, name: &str| request["resource"].as_str().is_some_and(|text| text.contains(name));
    let spans: Vec<(usize, usize)> = names
        .iter()
        .filter_map(|name| {
            let first = requests.iter().position(|request| about(request, name))?;
            Some((first, requests.iter().rposition(|request| about(request, name))?))
        })
        .collect();
    (0..requests.len())
        .map(|at| spans.iter().filter(|(first, last)| (*first..=*last).contains(&at)).count())
        .max()
        .unwrap_or(0)
}

fn disturb(bench: &Bench, case: &Case, names: &[String]) {
    let rules: Vec<Value> = case
        .strikes
        .iter()
        .map(|strike| {
            let layer = &names[strike.layer % names.len()];
            let (operation, skip, fault) = (strike.operation, strike.skip, &strike.fault);
            json!({"operation": operation, "match": layer, "skip": skip, "times": 1, "fault": fault})
        })
        .collect();
    bench.faults(&Value::Array(rules));
    bench.forget_requests();
    let concurrency = case.concurrency.to_string();
    let running = bench.spawn(&["publish", "--stage", "--concurrency", &concurrency, "--request-timeout-seconds", "5"]);
    match case.cut {
        // The sandbox holds the request back, so that the run is cut at this one and at no later one.
        Some(requests) => {
            bench.faults(&json!({"skip": requests, "times": 1, "fault": "hang"}));
            let mut running = running;
            bench.until("the cut, or the end", |log| {
                log.iter().any(|request| bench::is_hanging(request, "hang")) || running.has_ended()
            });
            running.kill();
        }
        None => {
            let report = bench.time_flies(|| true, || running.end()).report();
            adds_up(&report);
            let in_flight = most_jobs_in_flight(&bench.requests(), names);
            assert!(in_flight <= case.concurrency, "{in_flight} jobs in flight of {}", case.concurrency);
        }
    }
}

fn check(bench: &Bench, case: &Case) {
    let names = names(case);
    prepare(bench, case, &names);
    disturb(bench, case, &names);
    bench.forget_requests();
    let healed = bench.heal(&["publish", "--stage"]).report();
    let state = bench.state();
    for (name, before) in names.iter().zip(&case.layers) {
        assert_eq!(job(&healed, name)["version"], before.versions().len(), "{}", job(&healed, name));
        // The lock of a run that was cut when all was done is no concern of a layer that did not change.
        match outcome(job(&healed, name)).0 {
            "unchanged" => state.assert_recorded(name, before.versions()),
            _ => state.assert_exactly(name, before.versions()),
        }
    }
    assert!(bench.requests().iter().all(|request| !is(request, "DeleteObject", "requirements.txt")));
    let again = bench.run(&["publish", "--stage"]).expect(0).report();
    names.iter().for_each(|name| assert_eq!(outcome(job(&again, name)), ("unchanged", "")));
}

#[test]
fn any_disturbance_is_healed_by_one_undisturbed_run() {
    let config = Config { cases: 16, failure_persistence: None, max_shrink_iters: 8, ..Config::default() };
    // All cases share a sandbox; each has layers of its own.
    let bench = Bench::open();
    let ran = TestRunner::new(config).run(&case(), |case| {
        bench.no_faults();
        check(&bench, &case);
        Ok(())
    });
    if let Err(failed) = ran {
        panic!("{failed}");
    }
}
