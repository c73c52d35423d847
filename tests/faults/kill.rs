//! The real binary, killed at every request of its run: before the request's work was done, and after it.

use serde_json::json;

use crate::bench::{Bench, adds_up, all_at_once, elsewhere, job, outcome};
use crate::common::{folder, run};

/// What a run finds when it starts.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// Nothing staged, nothing published.
    Nothing,
    /// Version 1 with its backup, and a changed manifest.
    Changed,
    /// Version 1 without its backup, as a run leaves it that was killed in between.
    Unrecorded,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    before: Before,
    /// Which of the run's requests it is killed at.
    request: usize,
    /// `hang` or `hang-after`.
    kind: &'static str,
    /// The next run is on another machine.
    elsewhere: bool,
}

const PUBLISH: [&str; 2] = ["publish", "--stage"];

/// A bench in that state, and the revisions that are published in the end.
fn prepared(before: Before) -> (Bench, &'static [u32]) {
    let bench = Bench::of(&["layer"]);
    match before {
        Before::Nothing => (bench, &[1]),
        Before::Changed => {
            bench.run(&PUBLISH).expect(0);
            bench.revise("layer", 2);
            (bench, &[1, 2])
        }
        Before::Unrecorded => {
            bench.faults(&json!({"operation": "PutObject", "match": "000001", "fault": "hang"}));
            let running = bench.spawn(&PUBLISH);
            bench.until_hanging("hang");
            running.kill();
            bench.calm();
            (bench, &[1])
        }
    }
}

/// How many requests an undisturbed run makes.
fn requests(before: Before) -> usize {
    let (bench, revisions) = prepared(before);
    bench.forget_requests();
    bench.run(&PUBLISH).expect(0);
    bench.state().assert_exactly("layer", revisions);
    bench.requests().len()
}

fn check(case: &Case) {
    let (bench, revisions) = prepared(case.before);
    bench.forget_requests();
    bench.faults(&json!({"skip": case.request, "times": 1, "fault": case.kind}));
    let running = bench.spawn(&PUBLISH);
    bench.until_hanging(case.kind);
    running.kill();
    let published = bench.state().contents("layer").len();
    assert!(published <= revisions.len(), "{case:?}");

    bench.calm();
    let home = folder();
    let command = bench.command(&PUBLISH);
    let command = if case.elsewhere { elsewhere(command, home.path()) } else { command };
    let report = run(command, [] as [&str; 0]).expect(0).report();
    adds_up(&report);
    let state = bench.state();
    println!("{case:?}: {:?}", outcome(job(&report, "layer")));
    // A run that was killed when all was done left its lock, which is no concern of a layer that did not change.
    let finished = outcome(job(&report, "layer")).0 == "unchanged";
    if finished {
        state.assert_recorded("layer", revisions);
    } else {
        state.assert_exactly("layer", revisions);
    }
    let again = bench.run(&PUBLISH).expect(0).report();
    assert_eq!(outcome(job(&again, "layer")), ("unchanged", ""), "{case:?}");
    bench.state().assert_recorded("layer", revisions);
    bench.revise("layer", 9);
    bench.heal(&PUBLISH);
    bench.state().assert_exactly("layer", &[revisions, &[9]].concat());
}

#[test]
fn killed_at_any_request_the_next_run_ends_as_an_undisturbed_one() {
    let mut cases = Vec::new();
    for before in [Before::Nothing, Before::Changed, Before::Unrecorded] {
        for request in 0..requests(before) {
            for kind in ["hang", "hang-after"] {
                let case = |elsewhere| Case { before, request, kind, elsewhere };
                cases.push(case(false));
                if matches!(before, Before::Changed) {
                    cases.push(case(true));
                }
            }
        }
    }
    assert!(cases.len() > 60, "a run makes more requests than {} cases tell", cases.len());
    all_at_once(&cases, 8, check);
}
