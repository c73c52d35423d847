//! L1 to L4 and D1 to D4.

use layership_protocol::{Ask, Decision, Failure, LockEnd, LockRead, Looking, Outcome, Seen, Step, There, Writing};

use crate::play::*;

/// Takes a lock that is found so.
fn taken(lock: There, backup: bool, seconds: u64) -> Play {
    let mut play = Play::publish();
    play.wait(seconds).see(Seen::LockRead(LockRead { lock, backup }));
    play.see(written("held"));
    play
}

fn asked(play: &Play) -> Vec<u64> {
    match &play.step {
        Step::Look { ask: Ask { versions, above: SEEN, sha256: None }, why: Looking::UnderLock, .. } => {
            versions.clone()
        }
        other => panic!("no look under the lock: {other:?}"),
    }
}

fn freed(last: Option<layership_protocol::Last>) -> There {
    there(body("another", layership_protocol::Phase::Free, last), START)
}

#[test]
fn nothing_is_looked_at_where_nothing_can_have_happened() {
    assert_eq!(taken(freed(last(SEEN)), false, 0).step, Step::WaitTurn);
    assert_eq!(taken(freed(None), false, 0).step, Step::WaitTurn);
    assert_eq!(taken(There::Nothing, false, 0).step, Step::WaitTurn);
}

#[test]
fn a_version_that_the_lock_or_a_backup_names_is_asked_for() {
    assert_eq!(asked(&taken(freed(last(SEEN + 3)), false, 0)), [SEEN + 3]);
    assert_eq!(asked(&taken(freed(last(SEEN)), true, 0)), [SEEN + 1]);
    assert_eq!(asked(&taken(freed(last(SEEN + 3)), true, 0)), [SEEN + 1, SEEN + 3]);
}

#[test]
fn after_a_living_holder_the_list_is_asked() {
    let mut play = Play::publish();
    play.see(read(there(body("another", holding(), last(SEEN)), START)));
    play.see(read(there_as(body("another", layership_protocol::Phase::Free, last(SEEN)), "freed", START)));
    play.see(written("held"));
    assert!(asked(&play).is_empty());
}

#[test]
fn after_a_dead_holder_the_versions_behind_are_asked_for() {
    let behind = (SEEN + 1..=SEEN + 8).collect::<Vec<_>>();
    assert_eq!(asked(&taken(there(body("another", holding(), last(SEEN)), START), false, 31)), behind);
    assert_eq!(asked(&taken(there(body("another", sending(START), last(SEEN)), START), false, 121)), behind);
    // It knew of a higher one than our list, which may lag.
    let mut ahead = body("another", holding(), last(SEEN));
    ahead.seen = SEEN + 20;
    let both = behind.into_iter().chain(SEEN + 20..=SEEN + 28).collect::<Vec<_>>();
    assert_eq!(asked(&taken(there(ahead, START), false, 31)), both);
}

#[test]
fn the_highest_version_counts_and_is_decided_with() {
    let mut play = taken(freed(last(SEEN + 1)), false, 0);
    assert_eq!(play.see(sight(SEEN + 5)), &Step::Decide { latest: SEEN + 5 });
    assert_eq!(play.see(Seen::Decided(Decision::Publish(OURS))), &Step::WaitTurn);
    play.see(Seen::Turn);
    assert_eq!(play.write().0.seen, SEEN + 5);
    // A list that lags behind what preflight saw does not lower it.
    let mut play = taken(freed(last(SEEN + 1)), false, 0);
    assert_eq!(play.see(sight(SEEN - 1)), &Step::Decide { latest: SEEN });
}

#[test]
fn what_is_adopted_gets_its_backup_and_is_remembered() {
    let mut play = taken(freed(last(SEEN + 1)), false, 0);
    play.see(sight(SEEN + 1));
    play.see(Seen::Decided(Decision::Adopt(SEEN + 1, OURS)));
    assert_eq!(play.step, Step::WriteBackup { version: SEEN + 1, replacing: None });
    play.see(stored());
    play.see(Seen::FollowedUp);
    play.assert_frees(published(SEEN + 1), Outcome::Adopted(SEEN + 1));
}

#[test]
fn what_is_kept_is_followed_up_and_remembered() {
    let mut play = taken(freed(last(SEEN)), true, 0);
    play.see(sight(SEEN + 1));
    assert_eq!(play.see(Seen::Decided(Decision::Keep(SEEN + 1))), &Step::FollowUp { version: SEEN + 1 });
    play.see(Seen::FollowedUp);
    play.assert_frees(last(SEEN + 1), Outcome::Kept(SEEN + 1));
}

/// The lock is taken to do something with a layer of which nothing is published: delete its old versions, for one.
#[test]
fn what_is_to_be_kept_from_the_beginning_is_followed_up_under_the_lock() {
    let mut play = Play::begin(Decision::Keep(SEEN));
    assert!(matches!(play.see(free(published(SEEN))), Step::WriteLock { why: Writing::Take, .. }));
    assert_eq!(play.see(written("held")), &Step::FollowUp { version: SEEN });
    // However long it takes: the lock is renewed beside it.
    play.wait(10);
    assert!(matches!(play.tell(Seen::RenewalDue), Some(Step::WriteLock { why: Writing::Renew, .. })));
    assert_eq!(play.tell(written("renewed")), None);
    play.see(Seen::FollowedUp);
    play.assert_frees(published(SEEN), Outcome::Kept(SEEN));
}

#[test]
fn what_is_to_be_kept_is_decided_again_where_somebody_was_quicker() {
    let mut play = Play::begin(Decision::Keep(SEEN));
    play.see(free(published(SEEN + 1)));
    play.see(written("held"));
    assert_eq!(asked(&play), [SEEN + 1]);
    assert_eq!(play.see(sight(SEEN + 1)), &Step::Decide { latest: SEEN + 1 });
    play.see(Seen::Decided(Decision::Keep(SEEN + 1)));
    play.see(Seen::FollowedUp);
    play.assert_frees(published(SEEN + 1), Outcome::Kept(SEEN + 1));
}

#[test]
fn nothing_is_followed_up_under_the_lock_of_a_living_holder() {
    let mut play = Play::begin(Decision::Keep(SEEN));
    play.see(read(there(body("another", holding(), last(SEEN)), START)));
    assert!(matches!(play.step, Step::ReadLock { .. }), "{:?}", play.step);
    play.see(Seen::Stopped);
    play.assert_end(Outcome::Stopped, LockEnd::NotHeld);
}

#[test]
fn a_decision_that_fails_frees_the_lock_with_what_was_found() {
    let mut play = taken(freed(last(SEEN)), true, 0);
    play.see(sight(SEEN + 1));
    play.see(Seen::DecideFailed);
    play.assert_frees(last(SEEN + 1), Outcome::Failed(Failure::Decide));
}

#[test]
fn a_memory_is_not_lowered_by_a_job_that_published_nothing() {
    let mut play = taken(freed(published(SEEN + 9)), false, 0);
    play.see(sight(SEEN + 1));
    play.see(Seen::DecideFailed);
    play.assert_frees(published(SEEN + 9), Outcome::Failed(Failure::Decide));
}

#[test]
fn a_look_that_fails_frees_a_lock_that_was_free() {
    let mut play = taken(freed(published(SEEN + 1)), false, 0);
    play.see(Seen::LookFailed);
    play.assert_frees(published(SEEN + 1), Outcome::Failed(Failure::Look));
}

#[test]
fn a_look_that_fails_leaves_a_dead_holder_s_lock_to_the_next() {
    let mut play = taken(there(body("another", sending(START), last(SEEN)), START), false, 121);
    play.see(Seen::LookFailed);
    play.assert_end(Outcome::Failed(Failure::Look), LockEnd::Left);
}

#[test]
fn a_dead_holder_s_knowledge_is_handed_on() {
    let mut dead = body("another", sending(START), last(SEEN));
    dead.seen = SEEN + 20;
    let mut play = Play::publish();
    play.wait(121).see(read(there(dead, START)));
    assert_eq!(play.write().0.seen, SEEN + 20);
    assert!(matches!(play.write().2, Writing::TakeOver(_)));
    play.see(written("held"));
    // Also by a renewal before anybody has looked.
    play.wait(10);
    let Some(Step::WriteLock { body, .. }) = play.tell(Seen::RenewalDue) else { panic!("no renewal") };
    assert_eq!((body.seen, body.last), (SEEN + 20, last(SEEN)));
}
