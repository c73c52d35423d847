//! T1 to T10.

use layership_protocol::{
    Condition, Content, Decision, Found, LockEnd, LockRead, LockWritten, Looking, NotOurs, Outcome, Phase, PhaseName,
    Reading, Seen, Step, There, Wait, Writing,
};

use crate::play::*;

#[test]
fn an_undisturbed_publish_reads_once_and_writes_the_lock_three_times() {
    let mut play = Play::publish();
    assert_eq!(play.step, Step::ReadLock { at: START, why: Reading::First { backup: SEEN + 1 } });
    play.see(free(last(SEEN)));
    let (body, condition, why) = play.write();
    assert_eq!((condition, why), (&Condition::Match(tag("there")), &Writing::Take));
    assert_eq!((&body.phase, body.last, body.seen), (&holding(), last(SEEN), SEEN));
    assert_eq!(play.see(written("held")), &Step::WaitTurn);
    play.see(Seen::Turn);
    assert_eq!(play.write().1, &Condition::Match(tag("held")));
    play.see(written("marked"));
    assert_eq!(play.request().attempt, 1);
    play.see(Seen::Sent(layership_protocol::Answer::Published(SEEN + 1, OURS.sha256)));
    assert_eq!(play.step, Step::WriteBackup { version: SEEN + 1, replacing: None });
    assert_eq!(play.see(stored()), &Step::FollowUp { version: SEEN + 1 });
    play.see(Seen::FollowedUp);
    assert_eq!(play.write().1, &Condition::Match(tag("marked")));
    play.assert_frees(published(SEEN + 1), Outcome::Published(SEEN + 1, layership_protocol::Confirmed::Answer));
}

#[test]
fn the_first_lock_is_made_only_where_there_is_none() {
    let mut play = Play::publish();
    play.see(read(There::Nothing));
    assert_eq!((play.write().1, play.write().0.last), (&Condition::Absent, None));
    assert_eq!(play.see(written("held")), &Step::WaitTurn);
}

#[test]
fn a_living_holder_is_waited_for_and_then_named() {
    let mut play = Play::publish();
    play.see(read(there(body("another", holding(), None), START)));
    let until = START + seconds(30);
    let Step::ReadLock { at, why: Reading::Waiting(Wait { holding: waited, living: true }) } = play.step.clone() else {
        panic!("{:?}", play.step)
    };
    assert_eq!((at, waited.until, waited.phase), (START + seconds(1), until, PhaseName::Holding));
    assert_eq!(waited.holder.owner, "another");
    play.wait(59);
    play.see(read(there(body("another", holding(), None), play.now)));
    assert!(matches!(play.step, Step::ReadLock { .. }));
    play.wait(1);
    play.see(read(there(body("another", holding(), None), play.now)));
    let Step::End(end) = &play.step else { panic!("{:?}", play.step) };
    assert!(matches!(&end.outcome, Outcome::Locked(holding) if holding.until == play.now + seconds(30)), "{end:?}");
    assert_eq!(end.lock, LockEnd::NotHeld);
}

#[test]
fn a_holder_that_sent_nothing_is_taken_over_once_its_lease_is_over() {
    let mut play = Play::publish();
    play.wait(30).see(read(there(body("another", holding(), last(3)), START)));
    assert!(matches!(play.step, Step::ReadLock { .. }), "the lease runs to its last moment: {:?}", play.step);
    play.now = play.now + std::time::Duration::from_millis(1);
    play.see(read(there(body("another", holding(), last(3)), START)));
    let (body, condition, why) = play.write();
    assert_eq!((condition, body.last), (&Condition::Match(tag("there")), last(3)));
    assert!(matches!(why, Writing::TakeOver(dead) if dead.holder.owner == "another"));
}

#[test]
fn a_holder_that_may_have_sent_is_waited_for_until_nothing_of_it_can_appear() {
    let mut play = Play::publish();
    let mark = there(body("another", sending(START), None), START);
    play.wait(31).see(read(mark.clone()));
    let Step::Look { ask, why: Looking::TakeOver, .. } = &play.step else { panic!("{:?}", play.step) };
    assert_eq!((ask.above, ask.sha256), (SEEN, Some(OTHER)));
    assert_eq!(ask.versions, (SEEN + 1..=SEEN + 8).collect::<Vec<_>>());
    play.see(sight(SEEN));
    let Step::ReadLock { why: Reading::Waiting(Wait { holding, living: false }), .. } = &play.step else {
        panic!("{:?}", play.step)
    };
    assert_eq!(holding.until, START + seconds(120));
    // It is looked for now and then, not at every reading.
    play.see(read(mark.clone()));
    assert!(matches!(play.step, Step::ReadLock { .. }));
    play.wait_until(START + seconds(120)).see(read(mark.clone()));
    assert!(!matches!(play.step, Step::WriteLock { .. }), "{:?}", play.step);
    play.now = START + seconds(121);
    play.see(Seen::LookFailed);
    play.see(read(mark));
    assert!(matches!(play.write().2, Writing::TakeOver(_)));
}

#[test]
fn a_holder_that_may_have_sent_is_taken_over_as_soon_as_its_version_is_there() {
    let mut play = Play::publish();
    play.wait(31).see(read(there(body("another", sending(START), last(2)), START)));
    play.see(matching(SEEN + 2));
    let (body, condition, _) = play.write();
    assert_eq!((condition, body.last, body.seen), (&Condition::Match(tag("there")), last(2), SEEN + 2));
}

#[test]
fn a_dead_holder_is_waited_for_whatever_the_setting_says() {
    let mut play = Play::publish();
    play.job.rules.lock_wait = seconds(0);
    play.wait(31).see(read(there(body("another", sending(START), None), START)));
    play.see(sight(SEEN));
    assert!(matches!(play.step, Step::ReadLock { .. }));
}

#[test]
fn what_is_no_lock_of_ours_is_never_overwritten() {
    for (content, why) in [(Content::NotALock, NotOurs::NotALock), (Content::NewerFormat(7), NotOurs::NewerFormat(7))] {
        let mut play = Play::publish();
        play.see(read(There::Object(Box::new(Found { content, etag: tag("there"), modified: START }))));
        play.assert_end(Outcome::NotOurs(why), LockEnd::NotHeld);
    }
}

#[test]
fn a_lost_answer_is_looked_up_and_the_lock_is_held() {
    let mut play = Play::publish();
    play.see(free(last(SEEN)));
    let ours = play.ours("ours");
    assert_eq!(play.see(unknown()), &Step::ReadLock { at: START, why: Reading::Again });
    // Nobody came between: no look is needed.
    assert_eq!(play.see(read(ours)), &Step::WaitTurn);
    play.see(Seen::Turn);
    assert_eq!(play.write().1, &Condition::Match(tag("ours")));
}

#[test]
fn a_lock_with_our_name_that_we_did_not_write_is_another_s() {
    let mut play = Play::publish();
    play.see(read(there(body("us", holding(), None), START)));
    assert!(matches!(play.step, Step::ReadLock { why: Reading::Waiting(_), .. }));
}

#[test]
fn a_lost_race_makes_it_look_again() {
    let mut play = Play::publish();
    play.see(free(last(SEEN)));
    play.see(unknown());
    play.see(read(there_as(body("quicker", Phase::Free, last(SEEN)), "newer", START)));
    assert_eq!(play.write().1, &Condition::Match(tag("newer")));
    play.see(written("held"));
    assert!(matches!(&play.step, Step::Look { why: Looking::UnderLock, .. }));
}

#[test]
fn a_lock_that_cannot_be_read_or_written_ends_the_job_after_a_while() {
    let mut play = Play::publish();
    play.see(read(There::Failed));
    assert_eq!(play.at(), START + seconds(1));
    play.wait(59).see(read(There::Failed));
    play.wait(1).see(read(There::Failed));
    play.assert_end(Outcome::LockUnreachable, LockEnd::NotHeld);

    let mut play = Play::publish();
    for _ in 0..=60 {
        play.see(free(None));
        play.see(unknown());
        if matches!(play.step, Step::End(_)) {
            break;
        }
        play.wait(1);
    }
    play.assert_end(Outcome::LockUnreachable, LockEnd::NotFreed);

    let mut play = Play::publish();
    play.see(free(None));
    play.see(Seen::LockWritten(LockWritten::Denied));
    play.assert_end(Outcome::LockUnreachable, LockEnd::NotHeld);
}

#[test]
fn a_first_reading_that_failed_asks_for_the_backup_again() {
    let mut play = Play::publish();
    play.see(read(There::Failed));
    assert_eq!(play.step, Step::ReadLock { at: START + seconds(1), why: Reading::First { backup: SEEN + 1 } });
    play.wait(1).see(Seen::LockRead(LockRead { lock: There::Nothing, backup: true }));
    play.see(written("held"));
    assert!(matches!(&play.step, Step::Look { why: Looking::UnderLock, .. }), "{:?}", play.step);
}

#[test]
fn a_stop_while_waiting_for_the_lock_ends_it() {
    let mut play = Play::begin(Decision::Adopt(SEEN, OURS));
    play.see(read(there(body("another", holding(), None), START)));
    play.see(Seen::Stopped);
    play.assert_end(Outcome::Stopped, LockEnd::NotHeld);
}
