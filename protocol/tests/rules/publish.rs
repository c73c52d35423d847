//! S1 to S11 and C1 to C4.

use std::time::Duration;

use layership_protocol::{
    Answer, Condition, Confirmed, Failure, LockEnd, LockWritten, Looking, Outcome, Phase, Reading, Seen, Step, There,
    Writing,
};

use crate::play::*;

const SETTLED: Duration = Duration::from_secs(120);

fn sent(answer: Answer) -> Seen {
    Seen::Sent(answer)
}

/// The mark that is being written: until when it is accepted, and when it is settled.
fn marked(play: &Play) -> (layership_protocol::Time, layership_protocol::Time) {
    match &play.write().0.phase {
        Phase::Sending { mark, .. } => (mark.accepted_until, mark.settled_at),
        other => panic!("not a mark: {other:?}"),
    }
}

/// Looks until all is settled, and sees nothing.
fn settle(play: &mut Play) {
    for _ in 0..20 {
        let Step::Look { why: Looking::Confirm, .. } = play.step else { return };
        play.wait_until(play.at()).see(sight(SEEN));
    }
    panic!("looks for ever");
}

#[test]
fn the_mark_says_what_will_be_sent_and_until_when_it_counts() {
    let play = Play::marking();
    let (body, condition, why) = play.write();
    assert_eq!((condition, why), (&Condition::Match(tag("held")), &Writing::Mark));
    let Phase::Sending { mark, lease } = &body.phase else { panic!("{body:?}") };
    assert_eq!((mark.seen, mark.sha256, mark.manifest_md5), (SEEN, Some(OURS.sha256), Some(OURS.manifest_md5)));
    assert_eq!((mark.accepted_until, mark.settled_at), (START + seconds(60), START + seconds(120)));
    assert_eq!((*lease, body.last), (seconds(30), last(SEEN)));
}

#[test]
fn the_signature_ends_with_the_mark_however_late_it_is_sent() {
    let mut play = Play::marking();
    play.wait(50).see(written("marked"));
    let send = play.request();
    assert_eq!((send.not_after, send.signed_as_of), (START + seconds(60), START - seconds(240)));
    assert_eq!(send.settled_at, START + seconds(120));
    assert!(send.back_dated);
}

#[test]
fn a_mark_whose_answer_was_lost_counts_with_its_own_times() {
    let mut play = Play::marking();
    let ours = play.ours("ours");
    assert_eq!(play.wait(5).see(unknown()), &Step::ReadLock { at: START + seconds(5), why: Reading::Again });
    play.see(read(ours));
    assert_eq!(play.request().not_after, START + seconds(60));
    // The next write goes on from the entity tag that was found.
    play.see(sent(Answer::Throttled));
    play.see(Seen::Turn);
    assert_eq!(play.write().1, &Condition::Match(tag("ours")));
}

#[test]
fn a_mark_that_was_not_written_is_written_again_with_new_times() {
    let mut play = Play::marking();
    play.wait(5).see(unknown());
    play.see(read(there_as(body("us", holding(), last(SEEN)), "held", START)));
    assert_eq!(marked(&play).0, START + seconds(65));
    assert_eq!(play.write().1, &Condition::Match(tag("held")));
    // Not as fast as the network allows.
    play.see(unknown());
    assert_eq!(play.at(), play.now + seconds(1));
}

#[test]
fn a_mark_that_was_sent_under_does_not_count_for_another_send() {
    let mut play = Play::marking();
    let first = play.ours("marked");
    play.see(written("marked"));
    play.see(sent(Answer::Throttled));
    play.see(Seen::Turn);
    play.see(unknown());
    play.see(read(first));
    assert_eq!(play.write().2, &Writing::Mark);
}

#[test]
fn a_lost_lock_is_seen_when_marking_and_nothing_is_sent() {
    for (lock, to) in [(there(body("another", holding(), None), START), Some("another")), (There::Nothing, None)] {
        let mut play = Play::marking();
        play.see(unknown());
        play.see(read(lock));
        let Step::End(end) = &play.step else { panic!("{:?}", play.step) };
        let Outcome::Lost(holder) = &end.outcome else { panic!("{end:?}") };
        assert_eq!((holder.as_deref().map(|holder| holder.owner.as_str()), end.lock), (to, LockEnd::NotOurs));
    }
}

#[test]
fn a_mark_that_cannot_be_written_ends_the_job_unsent() {
    let mut play = Play::marking();
    play.see(Seen::LockWritten(LockWritten::Denied));
    play.assert_end(Outcome::LockUnreachable, LockEnd::NotFreed);

    let mut play = Play::marking();
    play.see(unknown());
    play.wait(59).see(read(There::Failed));
    assert!(matches!(play.step, Step::ReadLock { .. }));
    play.wait(1).see(read(There::Failed));
    play.assert_end(Outcome::LockUnreachable, LockEnd::NotFreed);
}

#[test]
fn what_never_left_is_marked_and_sent_again_at_once_but_not_for_ever() {
    for answer in [Answer::TooLate, Answer::NeverSent] {
        let mut play = Play::sending();
        for _ in 0..play.job.rules.retries {
            play.see(sent(answer));
            assert_eq!(play.write().2, &Writing::Mark);
            play.see(written("marked"));
            assert_eq!(play.request().attempt, 1);
        }
        play.see(sent(answer));
        play.assert_frees(last(SEEN), Outcome::Failed(Failure::NotSent));
    }
}

#[test]
fn a_throttle_waits_for_the_turn_and_marks_again() {
    let mut play = Play::sending();
    assert_eq!(play.see(sent(Answer::Throttled)), &Step::WaitTurn);
    play.wait(30).see(Seen::Turn);
    assert_eq!(marked(&play).0, START + seconds(90));
    play.see(written("marked"));
    play.wait(569).see(sent(Answer::Throttled));
    assert_eq!(play.step, Step::WaitTurn);
    play.see(Seen::Turn);
    play.see(written("marked"));
    play.wait(1).see(sent(Answer::Throttled));
    play.assert_frees(last(SEEN), Outcome::Failed(Failure::Throttled));
}

#[test]
fn where_back_dating_is_refused_it_is_signed_as_of_now_and_the_lock_says_so() {
    let mut play = Play::sending();
    play.wait(2).see(sent(Answer::SignatureRefused));
    assert_eq!(marked(&play), (play.now + seconds(300), play.now + seconds(360)));
    let now = play.now;
    play.see(written("marked"));
    let send = play.request();
    assert_eq!((send.signed_as_of, send.not_after, send.back_dated), (now, now + seconds(300), false));
    play.see(sent(Answer::SignatureRefused));
    play.assert_frees(last(SEEN), Outcome::Failed(Failure::Refused));
}

#[test]
fn a_signature_that_came_too_late_says_nothing_of_back_dating() {
    let mut play = Play::sending();
    play.wait(61).see(sent(Answer::SignatureRefused));
    assert_eq!(marked(&play).0, play.now + seconds(60));
}

#[test]
fn a_refusal_ends_the_job_and_frees_the_lock() {
    let mut play = Play::sending();
    play.see(sent(Answer::Refused));
    play.assert_frees(last(SEEN), Outcome::Failed(Failure::Refused));
}

#[test]
fn other_content_gets_no_backup() {
    let mut play = Play::sending();
    play.see(sent(Answer::Published(SEEN + 1, OTHER)));
    let mismatch = layership_protocol::Last { version: SEEN + 1, sha256: Some(OTHER), manifest_md5: None };
    play.assert_frees(Some(mismatch), Outcome::ContentMismatch(SEEN + 1, OTHER));
}

#[test]
fn a_lost_answer_is_looked_for_by_number_and_found() {
    let mut play = Play::sending();
    play.wait(3).see(sent(Answer::Ambiguous));
    let Step::Look { at, ask, why: Looking::Confirm } = play.step.clone() else { panic!("{:?}", play.step) };
    assert_eq!((at, ask.above, ask.sha256), (play.now, SEEN, Some(OURS.sha256)));
    assert_eq!(ask.versions, (SEEN + 1..=SEEN + 8).collect::<Vec<_>>());
    play.see(sight(SEEN + 1));
    assert_eq!(play.at(), play.now + seconds(1), "a version with other content is not ours");
    play.wait(1).see(matching(SEEN + 2));
    assert_eq!(play.step, Step::WriteBackup { version: SEEN + 2, replacing: None });
    play.see(stored());
    play.see(Seen::FollowedUp);
    play.assert_frees(published(SEEN + 2), Outcome::Published(SEEN + 2, Confirmed::Look));
}

#[test]
fn it_is_sent_again_only_after_a_look_that_began_when_all_was_settled() {
    let mut play = Play::sending();
    play.see(sent(Answer::Ambiguous));
    let mut begun = play.now;
    while matches!(play.step, Step::Look { .. }) {
        begun = play.at();
        play.wait_until(begun).see(sight(SEEN));
    }
    assert_eq!(play.step, Step::WaitTurn);
    assert_eq!(begun, START + SETTLED + Duration::from_millis(1), "not earlier, and not much later");
    play.see(Seen::Turn);
    play.see(written("marked"));
    assert_eq!(play.request().attempt, 2);
}

#[test]
fn a_look_that_began_too_early_proves_nothing_however_late_it_ends() {
    let mut play = Play::sending();
    play.see(sent(Answer::Ambiguous));
    play.wait(500).see(sight(SEEN));
    assert!(matches!(play.step, Step::Look { at, .. } if at == play.now), "{:?}", play.step);
    assert_eq!(play.see(sight(SEEN)), &Step::WaitTurn);
}

#[test]
fn a_look_at_the_very_moment_proves_nothing_yet() {
    let mut play = Play::sending();
    play.wait(SETTLED.as_secs()).see(sent(Answer::Ambiguous));
    assert_eq!(play.at(), START + SETTLED);
    play.see(sight(SEEN));
    assert!(matches!(play.step, Step::Look { .. }), "{:?}", play.step);
}

#[test]
fn after_three_sends_it_is_unconfirmed_and_the_lock_stays() {
    let mut play = Play::sending();
    for attempt in 1..=3 {
        assert_eq!(play.request().attempt, attempt);
        play.see(sent(Answer::Ambiguous));
        settle(&mut play);
        if attempt < 3 {
            play.see(Seen::Turn);
            play.see(written("marked"));
        }
    }
    play.assert_end(Outcome::Unconfirmed, LockEnd::Left);
}

#[test]
fn looks_that_fail_are_repeated_and_prove_nothing() {
    let mut play = Play::sending();
    play.see(sent(Answer::Ambiguous));
    let mut looks = 0;
    while let Step::Look { at, .. } = play.step {
        looks += 1;
        assert!(looks < 40, "for ever");
        play.wait_until(at).see(Seen::LookFailed);
    }
    play.assert_end(Outcome::Unconfirmed, LockEnd::Left);
    assert!(play.now > START + SETTLED + play.job.rules.patience);
}

#[test]
fn a_stop_while_waiting_for_the_turn_frees_the_lock_unsent() {
    let mut play = Play::held();
    play.see(Seen::Stopped);
    play.assert_frees(last(SEEN), Outcome::Stopped);
}

#[test]
fn an_answer_out_of_turn_ends_the_job() {
    let mut play = Play::held();
    play.see(sent(Answer::Published(9, OURS.sha256)));
    play.assert_end(Outcome::Failed(Failure::OutOfTurn), LockEnd::Left);
}
