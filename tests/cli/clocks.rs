//! A machine whose clock is wrong: what counts is the service's.

use crate::common::control;
use crate::common::project::Project;

/// Three layers are published and found again, with the service's clock so far from the machine's.
#[track_caller]
fn publishes(offset: &str) {
    let project = Project::with_flags("", &["--clock-offset-seconds", offset]);
    project.declare(&["alpha", "beta", "gamma"], "");
    let report = project.run("publish --stage --format json", 0).report();
    assert_eq!(report["summary"]["published"], 3);
    project.run_writing_nothing("publish", 0);
}

#[test]
fn a_clock_that_is_ten_minutes_ahead_is_as_good_as_a_right_one() {
    publishes("-600");
}

#[test]
fn a_clock_that_is_ten_minutes_behind_from_the_start_is_as_good_as_a_right_one() {
    publishes("600");
}

#[test]
fn a_clock_that_is_ten_minutes_behind_is_as_good_as_a_right_one() {
    let project = Project::of(&["alpha", "beta", "gamma"]);
    // The service's clock goes ahead instead: it takes signatures of the last five minutes only.
    control(&project.sandbox, "POST", "/_sandbox/clock", r#"{"advance_seconds": 600}"#);
    project.forget_requests();
    let report = project.run("publish --stage --format json", 0).report();
    assert_eq!(report["summary"]["published"], 3);
    project.run_writing_nothing("publish", 0);
}
