//! How a lock stands, by its times and Last-Modified.

use layership_protocol::{Content, Found, LockState, Phase, PhaseName, Rules, Time};

use crate::play::*;

fn stands(phase: Phase, now: Time) -> LockState {
    stands_by(phase, now, &Rules::default())
}

fn stands_by(phase: Phase, now: Time, rules: &Rules) -> LockState {
    let content = Content::Lock(body("another", phase, last(3)));
    Found { content, etag: tag("there"), modified: START }.state(None, rules, now)
}

fn until(state: LockState) -> Time {
    match state {
        LockState::Living(holding) => holding.until,
        LockState::Dead(dead) => dead.holding.until,
        other => panic!("not held: {other:?}"),
    }
}

fn marked(accepted: u64, settled: u64) -> Phase {
    let mark = layership_protocol::Mark {
        accepted_until: START + seconds(accepted),
        settled_at: START + seconds(settled),
        ..mark(START, SEEN)
    };
    Phase::Sending { lease: seconds(30), mark }
}

#[test]
fn the_larger_settle_time_counts() {
    let rules = |settle| Rules { settle: seconds(settle), ..Rules::default() };
    assert_eq!(until(stands_by(marked(60, 160), START, &rules(10))), START + seconds(160));
    assert_eq!(until(stands_by(marked(60, 70), START, &rules(90))), START + seconds(150));
}

#[test]
fn no_time_counts_for_longer_than_six_minutes() {
    let later = START + seconds(360);
    assert_eq!(until(stands(marked(1_000_000, 9_000_000), START)), later);
    assert_eq!(until(stands(marked(60, 9_000_000), START)), later);
    assert_eq!(until(stands(Phase::Holding { lease: seconds(9_000_000) }, START)), later);
    assert_eq!(until(stands(Phase::Unclear { lease: seconds(9_000_000) }, START)), later);
}

#[test]
fn a_lock_without_times_counts_as_sending_for_six_minutes() {
    let unclear = Phase::Unclear { lease: seconds(0) };
    let LockState::Dead(dead) = stands(unclear, START + seconds(1)) else { panic!() };
    assert_eq!((dead.holding.phase, dead.sha256), (PhaseName::Unclear, None));
    assert!(!dead.settled(START + seconds(360)));
    assert!(dead.settled(START + seconds(361)));
}

#[test]
fn a_mark_s_times_do_not_end_before_the_lease() {
    let short = Phase::Sending { lease: seconds(200), mark: mark(START, SEEN) };
    assert_eq!(until(stands(short, START)), START + seconds(200));
}

#[test]
fn a_free_lock_is_free_whoever_wrote_it() {
    let content = Content::Lock(body("us", Phase::Free, last(3)));
    let found = Found { content, etag: tag("there"), modified: START };
    let state = found.state(Some(&holder("us")), &Rules::default(), START);
    assert_eq!(state, LockState::Free { last: last(3) });
}
