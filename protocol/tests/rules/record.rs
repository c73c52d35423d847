//! R1 to R4 and E1 to E3.

use layership_protocol::{BackupAnswer, Condition, Confirmed, LockEnd, LockWritten, Outcome, Phase, Seen, Step, There};

use crate::play::*;

const DONE: Outcome = Outcome::Published(SEEN + 1, Confirmed::Answer);

fn other(older: bool) -> Seen {
    Seen::Backup(BackupAnswer::Other { etag: tag("old"), older })
}

/// The lock is being freed.
fn freeing() -> Play {
    let mut play = Play::recording();
    play.see(stored());
    play.see(Seen::FollowedUp);
    play
}

#[test]
fn an_older_object_is_replaced_and_no_other() {
    let mut play = Play::recording();
    play.see(other(true));
    assert_eq!(play.step, Step::WriteBackup { version: SEEN + 1, replacing: Some(tag("old")) });
    assert_eq!(play.see(stored()), &Step::FollowUp { version: SEEN + 1 });

    let mut play = Play::recording();
    play.see(other(false));
    play.assert_end(Outcome::BackupFailed(SEEN + 1), LockEnd::Left);
}

#[test]
fn an_object_that_changes_under_our_hands_is_not_replaced_for_ever() {
    let mut play = Play::recording();
    for _ in 0..3 {
        play.see(other(true));
    }
    play.see(other(true));
    play.assert_end(Outcome::BackupFailed(SEEN + 1), LockEnd::Left);
}

#[test]
fn without_a_backup_the_lock_stays_for_the_next_run() {
    let mut play = Play::recording();
    play.see(Seen::Backup(BackupAnswer::Failed));
    play.assert_end(Outcome::BackupFailed(SEEN + 1), LockEnd::Left);
}

#[test]
fn freeing_is_looked_up_too() {
    let mut play = freeing();
    let ours = play.ours("free");
    play.see(unknown());
    play.see(read(ours));
    play.assert_end(DONE, LockEnd::Freed);
}

#[test]
fn a_lock_that_was_not_freed_is_freed_again() {
    let mut play = freeing();
    play.see(unknown());
    play.see(read(there_as(body("us", sending(START), last(SEEN)), "renewed", START)));
    assert_eq!(play.write().1, &Condition::Match(tag("renewed")));
    play.assert_frees(published(SEEN + 1), DONE);
}

#[test]
fn another_s_lock_is_left_alone() {
    for lock in [
        there(body("another", holding(), None), START),
        there(body("another", Phase::Free, None), START),
        There::Nothing,
    ] {
        let mut play = freeing();
        play.see(unknown());
        play.see(read(lock));
        play.assert_end(DONE, LockEnd::NotOurs);
    }
}

#[test]
fn a_lock_that_cannot_be_freed_runs_out() {
    let mut play = freeing();
    play.see(Seen::LockWritten(LockWritten::Denied));
    play.assert_end(DONE, LockEnd::NotFreed);

    let mut play = freeing();
    play.see(unknown());
    play.wait(60).see(read(There::Failed));
    play.assert_end(DONE, LockEnd::NotFreed);
}
