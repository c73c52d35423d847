//! Ctrl-C and SIGTERM: what is publishing is finished and recorded, nothing else starts, and the report tells all.

use std::io::{BufRead as _, BufReader};

use serde_json::json;

use crate::bench::{Bench, Running, adds_up, is, job, outcome};

const LAYERS: [&str; 4] = ["aa-publishing", "bb-checking", "cc-waiting", "dd-waiting"];

/// A run of two jobs at once whose first is held back while it is publishing, the second while it is checked.
fn busy(held_back: &serde_json::Value) -> (Bench, Running) {
    let bench = Bench::of(&LAYERS);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!([
        {"operation": "PublishLayerVersion", "match": "aa-publishing", "fault": held_back},
        {"operation": "HeadObject", "match": "bb-checking", "fault": "hang"},
    ]));
    bench.forget_requests();
    let running = bench.spawn(&["publish", "--concurrency", "2"]);
    bench.until("one publishes, one is checked", |requests| {
        requests.iter().any(|request| is(request, "PublishLayerVersion", "aa-publishing"))
            && requests.iter().any(|request| is(request, "HeadObject", "bb-checking"))
    });
    (bench, running)
}

#[test]
fn a_signal_lets_what_is_publishing_finish_and_starts_nothing_new() {
    for signal in ["INT", "TERM"] {
        let (bench, mut running) = busy(&json!({"kind": "latency", "ms": 1500}));
        running.signal(signal);
        let ended = running.end().expect(130);
        let report = ended.report();
        adds_up(&report);
        assert_eq!(outcome(job(&report, "aa-publishing")), ("published", ""), "SIG{signal}");
        for name in &LAYERS[1..] {
            assert_eq!(outcome(job(&report, name)), ("cancelled", ""), "SIG{signal}: {name}");
        }
        let state = bench.state();
        state.assert_exactly("aa-publishing", &[1]);
        LAYERS[1..].iter().for_each(|name| assert_eq!(state.keys(name), ["layer.zip"], "SIG{signal}: {name}"));
        assert_eq!(bench.count("HeadObject", "-waiting"), 0, "SIG{signal}: a job was started after it");
        bench.heal(&["publish"]);
        LAYERS.iter().for_each(|name| bench.state().assert_exactly(name, &[1]));
    }
}

#[test]
fn a_second_signal_stops_at_once_and_still_reports() {
    let (bench, mut running) = busy(&json!("hang-after"));
    bench.until_hanging("hang-after");
    let mut said = BufReader::new(running.stderr());
    running.signal("INT");
    let mut line = String::new();
    while !line.to_lowercase().contains("interrupt") && !line.to_lowercase().contains("stopping") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("text"), 0, "the first signal is never acknowledged");
    }
    running.signal("INT");
    let report = running.end().expect(130).report();
    adds_up(&report);
    assert_eq!(outcome(job(&report, "aa-publishing")), ("failed", "unconfirmed"));
    for name in &LAYERS[1..] {
        assert_eq!(outcome(job(&report, name)), ("cancelled", ""), "{name}");
    }
    bench.heal(&["publish"]);
    LAYERS.iter().for_each(|name| bench.state().assert_exactly(name, &[1]));
}

#[test]
fn waiting_for_a_lock_ends_with_a_signal() {
    let bench = Bench::of(&["layer"]);
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": "hang"}));
    let holder = bench.spawn(&["publish"]);
    bench.until_hanging("hang");
    bench.forget_requests();
    let mut waiting = bench.spawn(&["publish"]);
    bench.until("it has read the lock", |requests| {
        requests.iter().any(|request| is(request, "GetObject", "publish.lock") && request["done"] == true)
    });
    waiting.signal("INT");
    let report = waiting.end().expect(130).report();
    assert_eq!(outcome(job(&report, "layer")), ("cancelled", ""));
    assert_eq!(bench.state().lock("layer")["phase"], "sending", "it is the other run's lock");
    holder.kill();
    bench.heal(&["publish"]);
    bench.state().assert_exactly("layer", &[1]);
}
