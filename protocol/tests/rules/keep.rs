//! K1 to K4.

use layership_protocol::{
    Answer, BackupAnswer, Condition, LockEnd, LockWritten, Outcome, Phase, Seen, Step, There, Writing,
};

use crate::play::*;

/// Renews, and gives the write.
fn renew(play: &mut Play) -> (layership_protocol::Body, Condition) {
    match play.tell(Seen::RenewalDue) {
        Some(Step::WriteLock { body, condition, why: Writing::Renew }) => (body, condition),
        other => panic!("no renewal: {other:?}"),
    }
}

#[test]
fn a_lock_is_renewed_every_ten_seconds_from_when_it_was_written() {
    let mut play = Play::publish();
    assert_eq!(play.machine.renewal_due(), None);
    play.see(free(None));
    assert_eq!(play.machine.renewal_due(), None);
    play.wait(3).see(written("held"));
    assert_eq!(play.machine.renewal_due(), Some(START + seconds(10)));
    play.wait(7);
    let (body, condition) = renew(&mut play);
    assert_eq!((body.phase, body.time, condition), (holding(), play.now, Condition::Match(tag("held"))));
    assert_eq!(play.machine.renewal_due(), None);
    assert_eq!(play.tell(written("renewed")), None);
    assert_eq!(play.machine.renewal_due(), Some(START + seconds(20)));
    play.see(Seen::Turn);
    assert_eq!(play.write().1, &Condition::Match(tag("renewed")));
    assert_eq!(play.machine.renewal_due(), None, "a mark is being written");
}

#[test]
fn a_renewed_mark_keeps_its_times() {
    let mut play = Play::sending();
    play.wait(10);
    let (body, _) = renew(&mut play);
    let Phase::Sending { mark, .. } = &body.phase else { panic!("{body:?}") };
    assert_eq!((mark.accepted_until, mark.settled_at), (START + seconds(60), START + seconds(120)));
}

#[test]
fn what_is_answered_meanwhile_waits_for_the_renewal() {
    let mut play = Play::held();
    play.wait(10);
    renew(&mut play);
    assert_eq!(play.tell(Seen::Turn), None);
    play.see(written("renewed"));
    assert_eq!((play.write().1, play.write().2), (&Condition::Match(tag("renewed")), &Writing::Mark));
}

#[test]
fn a_renewal_that_was_lost_before_anything_was_sent_ends_the_job() {
    let mut play = Play::held();
    play.wait(40);
    renew(&mut play);
    assert!(matches!(play.tell(unknown()), Some(Step::ReadLock { .. })));
    play.see(read(there(body("another", holding(), None), START)));
    let Step::End(end) = &play.step else { panic!("{:?}", play.step) };
    assert!(matches!(&end.outcome, Outcome::Lost(Some(holder)) if holder.owner == "another"));
    assert_eq!(end.lock, LockEnd::NotOurs);
}

#[test]
fn what_was_sent_is_recorded_whoever_holds_the_lock_and_it_is_not_freed() {
    let mut play = Play::sending();
    play.wait(10);
    renew(&mut play);
    play.tell(unknown());
    assert_eq!(play.tell(read(There::Nothing)), None);
    assert_eq!(play.machine.renewal_due(), None);
    play.see(Seen::Sent(Answer::Published(SEEN + 1, OURS.sha256)));
    play.see(stored());
    play.see(Seen::FollowedUp);
    play.assert_end(Outcome::Published(SEEN + 1, layership_protocol::Confirmed::Answer), LockEnd::NotOurs);
}

#[test]
fn nothing_is_sent_again_without_the_lock() {
    for answer in [Answer::Throttled, Answer::TooLate, Answer::SignatureRefused] {
        let mut play = Play::sending();
        play.wait(10);
        renew(&mut play);
        play.tell(unknown());
        play.tell(read(there(body("another", holding(), None), START)));
        play.see(Seen::Sent(answer));
        assert!(
            matches!(&play.step, Step::End(end) if matches!(end.outcome, Outcome::Lost(Some(_)))),
            "{:?}",
            play.step
        );
    }
}

#[test]
fn a_renewal_that_was_not_written_is_tried_again_soon() {
    let mut play = Play::held();
    play.wait(10);
    renew(&mut play);
    play.tell(unknown());
    assert_eq!(play.tell(read(there_as(body("us", holding(), last(SEEN)), "held", START))), None);
    assert_eq!(play.machine.renewal_due(), Some(play.now + seconds(1)));
    for seen in [Seen::LockWritten(LockWritten::Denied), read(There::Failed)] {
        play.wait(1);
        renew(&mut play);
        if matches!(seen, Seen::LockRead(_)) {
            play.tell(unknown());
        }
        assert_eq!(play.tell(seen), None);
        assert_eq!(play.machine.renewal_due(), Some(play.now + seconds(1)));
    }
}

#[test]
fn a_renewal_whose_answer_was_lost_goes_on_from_what_is_there() {
    let mut play = Play::held();
    play.wait(10);
    let (body, _) = renew(&mut play);
    play.tell(unknown());
    assert_eq!(play.tell(Seen::Turn), None, "waits for the reading too");
    play.see(read(there_as(body, "ours", play.now)));
    assert_eq!(play.write().1, &Condition::Match(tag("ours")));
}

#[test]
fn a_renewal_that_comes_when_none_is_due_is_nothing() {
    let mut play = Play::marking();
    assert_eq!(play.tell(Seen::RenewalDue), None);
    let mut play = Play::recording();
    play.see(Seen::Backup(BackupAnswer::Failed));
    assert_eq!(play.tell(Seen::RenewalDue), None);
}

#[test]
fn every_write_carries_the_nonce_it_was_given() {
    let mut play = Play::publish();
    play.see(free(None));
    let first = play.write().0.nonce;
    play.see(written("held"));
    play.see(Seen::Turn);
    assert_ne!(play.write().0.nonce, first);
}
