//! Publishes that take effect when nobody waits for them any more, and lists that do not show them yet.

use std::io::{BufRead as _, BufReader};

use serde_json::{Value, json};

use crate::bench::{Bench, adds_up, all_at_once, is, job, outcome};

/// Seconds between the end of a publish's connection and its effect.
const LATE: [u64; 4] = [3, 8, 25, 55];

fn late(seconds: u64, times: u64) -> Value {
    json!({"operation": "PublishLayerVersion", "times": times, "fault": {"kind": "late", "seconds": seconds}})
}

/// A run while S3's clock flies; what its one job came to.
#[track_caller]
fn run(bench: &Bench) -> (String, String) {
    let report = bench.time_flies(|| true, || bench.run(&["publish"])).report();
    adds_up(&report);
    let (outcome, code) = outcome(job(&report, "layer"));
    (outcome.to_owned(), code.to_owned())
}

fn is_outcome(found: &(String, String), outcome: &str) -> bool {
    (found.0.as_str(), found.1.as_str()) == (outcome, "")
}

/// Stages the next revision.
fn revised(bench: &Bench, revision: u32) {
    bench.revise("layer", revision);
    bench.run(&["stage"]).expect(0);
}

#[test]
fn a_publish_that_takes_effect_after_its_answer_was_lost_is_found_and_not_sent_again() {
    all_at_once(&LATE, 4, |seconds| {
        let bench = Bench::of(&["layer"]);
        // Three in a row.
        for revision in 1..=3 {
            revised(&bench, revision);
            bench.no_faults();
            bench.faults(&late(*seconds, 3));
            bench.forget_requests();
            let found = run(&bench);
            assert!(is_outcome(&found, "published"), "{seconds} s late: {found:?}");
            assert_eq!(bench.count("PublishLayerVersion", "layer"), 1, "{seconds} s late");
        }
        bench.state().assert_exactly("layer", &[1, 2, 3]);
    });
}

#[test]
fn a_publish_that_takes_effect_after_its_process_was_killed_is_found_by_the_next_run_at_once() {
    all_at_once(&LATE, 4, |seconds| {
        let bench = Bench::of(&["layer"]);
        revised(&bench, 1);
        bench.faults(&late(*seconds, 1));
        let dead = bench.spawn(&["publish"]);
        bench.until_hanging("late");
        dead.kill();
        let found = run(&bench);
        assert!(is_outcome(&found, "adopted") || is_outcome(&found, "published"), "{seconds} s late: {found:?}");
        bench.state().assert_exactly("layer", &[1]);
        assert_eq!(bench.count("PublishLayerVersion", "layer"), 1, "{seconds} s late: it was sent again");
    });
}

#[test]
fn a_run_right_after_three_sends_of_which_nothing_came_publishes_once() {
    let bench = Bench::of(&["layer"]);
    revised(&bench, 1);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 3, "fault": "cut-before"}));
    let first = run(&bench);
    assert_eq!((first.0.as_str(), first.1.as_str()), ("failed", "unconfirmed"));
    assert_eq!(bench.count("PublishLayerVersion", "layer"), 3);
    assert_eq!(bench.state().lock("layer")["phase"], "sending", "the next run is to know of it");
    let next = run(&bench);
    assert!(is_outcome(&next, "published"), "{next:?}");
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_run_right_after_one_that_was_stopped_in_the_middle_of_a_publish_makes_no_second_version() {
    all_at_once(&LATE, 4, |seconds| {
        let bench = Bench::of(&["layer"]);
        revised(&bench, 1);
        // Its answer comes when it is stopped, its effect when another run looks.
        bench.faults(&json!([
            {"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "late", "seconds": seconds}},
            {"operation": "GetLayerVersion", "times": 1, "fault": "hang"},
        ]));
        let mut stopped = bench.spawn(&["publish"]);
        bench.until_hanging("hang");
        stopped.signal("INT");
        let mut said = BufReader::new(stopped.stderr()).lines();
        assert!(said.any(|line| line.expect("text").contains("Stopping")), "the first signal is never acknowledged");
        stopped.signal("INT");
        let report = stopped.end().expect(130).report();
        assert_eq!(outcome(job(&report, "layer")), ("failed", "unconfirmed"), "{seconds} s late");
        let next = run(&bench);
        assert!(is_outcome(&next, "adopted"), "{seconds} s late: {next:?}");
        assert_eq!(bench.count("PublishLayerVersion", "layer"), 1, "{seconds} s late: it was sent again");
        bench.state().assert_exactly("layer", &[1]);
    });
}

#[test]
fn lists_that_lag_behind_another_runs_publish_make_no_second_version() {
    for seconds in [5, 40] {
        for published in [&[][..], &[1], &[1, 2]] {
            let bench = Bench::of(&["layer"]);
            for revision in published {
                revised(&bench, *revision);
                bench.run(&["publish"]).expect(0);
            }
            // What was there before is in every list.
            bench.advance(60);
            let last = published.len() as u32 + 1;
            revised(&bench, last);
            let lagging = json!({"kind": "lagging-list", "seconds": seconds});
            bench.faults(&json!([
                {"operation": "ListLayerVersions", "fault": lagging},
                {"operation": "ListLayers", "fault": lagging},
            ]));
            bench.run(&["publish"]).expect(0);
            // Another run, at once: its lists do not show the version.
            bench.forget_requests();
            let found = job(&bench.run(&["publish"]).expect(0).report(), "layer").clone();
            assert_eq!((outcome(&found), &found["version"]), (("unchanged", ""), &json!(last)), "{seconds}: {found:#}");
            assert!(bench.requests().iter().all(|request| !is(request, "PublishLayerVersion", "")));
            // And one with another change, whose preflight sees the version before.
            revised(&bench, last + 1);
            bench.run(&["publish"]).expect(0);
            bench.state().assert_exactly("layer", &(1..=last + 1).collect::<Vec<_>>());
        }
    }
}
