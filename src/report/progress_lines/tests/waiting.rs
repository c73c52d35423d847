//! What is waited for, and until when.

use super::*;

#[test]
fn what_is_waited_for_is_said_and_until_when() {
    let mut state = run_with(5, 0);
    let lock = |job| Happening::FactFound {
        job,
        fact: Fact::LockAwaited {
            holder: "20261122T100000000Z-0123456789abcdef".to_owned(),
            host: "build-7".to_owned(),
            phase: LockPhase::Holding,
            living: true,
            until: Some("2026-11-22T10:00:30Z".parse().unwrap()),
        },
    };
    let mut tell = |event: &Happening| {
        state.apply(event, at(13.0));
        line_of(event, &state, at(13.0), false).map(|line| line.render(Style::default(), None).to_string())
    };
    let throttled = Happening::FactFound { job: 2, fact: Fact::Throttled };
    let said: Vec<Option<String>> = [lock(0), lock(1), throttled, lock(3)].iter().map(&mut tell).collect();
    insta::assert_snapshot!(said.into_iter().flatten().collect::<Vec<_>>().join("\n"), @"
    Waiting [  12.0s] layer-000 us-east-1: lock, until 10:00:30Z at most, of build-7 (run 20261122T100000000Z-0123456789abcdef)
    Waiting [  11.9s] layer-001 us-east-1: lock, until 10:00:30Z at most, of build-7 (run 20261122T100000000Z-0123456789abcdef)
    Waiting [  11.8s] layer-002 us-east-1: for Lambda's quota, which other tools use too
    ");
    insta::assert_snapshot!(screen(&state, 24, 80), @"
    Publishing [  13.9s] [==========>             ]  87/200: 5 running (4 waiting)
       Waiting [  12.9s] layer-000 us-east-1: lock, until 10:00:30Z at most, of b…
       Waiting [  12.8s] layer-001 us-east-1: lock, until 10:00:30Z at most, of b…
       Waiting [  12.8s] layer-002 us-east-1: for Lambda's quota, which other too…
       Waiting [  12.7s] layer-003 us-east-1: lock, until 10:00:30Z at most, of b…
    Publishing [  12.6s] layer-004 us-east-1
    ");
    insta::assert_snapshot!(heartbeat(&state, at(31.0)).render(Style::default(), None), @"     Running [  31.0s] ( 87/200) 5 running (4 waiting); longest: layer-000, waiting until 10:00:30Z at most for the lock of build-7 (run 20261122T100000000Z-0123456789abcdef) 29.5s");
    // Whatever comes next ends the wait.
    state.apply(&Happening::FactFound { job: 0, fact: Fact::LockFreed }, at(14.0));
    state.apply(&Happening::ActivityEntered { job: 1, activity: Activity::Recording }, at(14.0));
    assert!(screen(&state, 24, 80).contains("5 running (2 waiting)"));
}

/// The publish of a job has no answer: it is looked for until nothing of it can appear any more, and sent again.
#[test]
fn until_when_an_outcome_is_waited_for_is_said_in_every_round() {
    let mut state = run_with(1, 0);
    let mut said = Vec::new();
    for minute in 0..3 {
        let fact = Fact::AnswerLost {
            why: "no answer in time".to_owned(),
            request_id: None,
            until: Some(format!("2026-11-22T10:0{minute}:30Z").parse().unwrap()),
        };
        let unanswered = Unanswered {
            service: "Lambda".to_owned(),
            operation: "PublishLayerVersion".to_owned(),
            since: "2026-11-22T10:00:00Z".parse().unwrap(),
        };
        for what in [
            Happening::ActivityEntered { job: 0, activity: Activity::Publishing },
            Happening::FactFound { job: 0, fact: Fact::Unanswered(unanswered.clone()) },
            Happening::FactFound { job: 0, fact: Fact::Answered(unanswered) },
            Happening::FactFound { job: 0, fact },
        ] {
            state.apply(&what, at(13.0));
            said.extend(line_of(&what, &state, at(13.0), false).map(|line| line.render(Style::default(), None)));
        }
        // Each look is one.
        for _ in 0..2 {
            state.apply(&Happening::ActivityEntered { job: 0, activity: Activity::Confirming }, at(13.5));
        }
        let until = format!("layer-000 us-east-1: outcome, until 10:0{minute}:30Z at most, of a publish");
        assert!(screen(&state, 24, 100).contains(&until), "{}", screen(&state, 24, 100));
        assert!(said.last().unwrap().contains(&until), "{said:?}");
    }
    state.apply(&Happening::ActivityEntered { job: 0, activity: Activity::Recording }, at(13.5));
    assert!(!screen(&state, 24, 100).contains("until"));
}

/// Long before a request is told to have no answer, nobody knows any more how long it takes.
#[test]
fn a_call_far_beyond_its_usual_time_ends_the_estimate() {
    let mut state = State::default();
    state.apply(&Happening::RunStarted { mode: Mode::Publish, jobs: 20 }, at(0.0));
    for id in 0..20 {
        let (layer, target) = ("layer".to_owned(), "us-east-1".to_owned());
        state.apply(&Happening::JobStarted { job: id, layer, target }, at(0.5 * id as f64));
        state.apply(&Happening::ActivityEntered { job: id, activity: Activity::Publishing }, at(0.5 * id as f64));
    }
    for id in 0..19 {
        let report = Box::new(job("layer", "us-east-1", Outcome::Published));
        let tally = tally(20, &[(Outcome::Published, id + 1)]);
        state.apply(&Happening::JobFinished { job: id, report, tally }, at(0.5 * id as f64 + 0.8));
    }
    let left = |seconds| heartbeat(&state, at(seconds)).text.contains("left");
    assert_eq!([10.0, 12.0, 13.0, 14.0].map(left), [true, true, false, false]);
}

/// 80 columns hold what matters: what failed, what is left, and until when a lock is waited for.
#[test]
fn eighty_columns_are_enough_for_what_matters() {
    let mut state = State::default();
    state.apply(&Happening::RunStarted { mode: Mode::Publish, jobs: 200 }, at(0.0));
    let ended = tally(200, &[(Outcome::Unchanged, 23), (Outcome::Failed, 2)]);
    for id in 0..57 {
        start(&mut state, id, "layer-020-py312", 0.1 * id as f64);
        if id < 25 {
            let report = Box::new(job("layer-020-py312", "us-east-1", Outcome::Unchanged));
            let event = Happening::JobFinished { job: id, report, tally: ended.clone() };
            state.apply(&event, at(0.1 * id as f64 + 10.0));
        }
    }
    let fact = Fact::LockAwaited {
        holder: "20261122T100000000Z-0123456789abcdef".to_owned(),
        host: "runner-with-a-long-name".to_owned(),
        phase: LockPhase::Holding,
        living: true,
        until: Some("2026-11-22T12:01:43Z".parse().unwrap()),
    };
    (25..48).for_each(|job| state.apply(&Happening::FactFound { job, fact: fact.clone() }, at(13.0)));
    let screen = screen(&state, 4, 80);
    let (bar, waits) = screen.split_once('\n').unwrap();
    assert!(bar.ends_with(" 25/200: 2 failed, ~3m left, 32 running (23 waiting)"), "{bar}");
    assert!(waits.contains(" layer-020-py312 us-east-1: lock, until 12:01:43Z"), "{waits}");
}

#[test]
fn a_lock_that_is_looked_at_again_and_again_is_waited_for_all_the_time() {
    let mut state = run_with(1, 0);
    let enter = Happening::ActivityEntered { job: 0, activity: Activity::Locking };
    state.apply(&enter, at(10.0));
    let fact = Fact::LockAwaited {
        holder: "R1".to_owned(),
        host: "build-7".to_owned(),
        phase: LockPhase::Holding,
        living: true,
        until: Some("2026-11-22T10:00:08Z".parse().unwrap()),
    };
    state.apply(&Happening::FactFound { job: 0, fact }, at(10.5));
    (11..13).for_each(|seconds| state.apply(&enter, at(f64::from(seconds))));
    insta::assert_snapshot!(screen(&state, 24, 100), @"
    Publishing [  13.9s] [===========>               ]  87/200: 1 running (1 waiting)
       Waiting [  12.9s] layer-000 us-east-1: lock, until 10:00:08Z at most, of build-7 (run R1)
    ");
    insta::assert_snapshot!(heartbeat(&state, at(31.0)).render(Style::default(), None), @"     Running [  31.0s] ( 87/200) 1 running (1 waiting); longest: layer-000, waiting until 10:00:08Z at most for the lock of build-7 (run R1) 21.0s");
}

#[test]
fn the_pace_that_jobs_wait_for_is_said() {
    let mut state = run_with(3, 0);
    let queue = |job| Happening::ActivityEntered { job, activity: Activity::Queueing };
    (0..3).for_each(|job| state.apply(&queue(job), at(10.0)));
    assert!(screen(&state, 24, 80).contains("layer-002 us-east-1: for its turn to call Lambda"));
    let fact = Fact::TurnGiven { requests_per_second: 2.0 };
    state.apply(&Happening::FactFound { job: 0, fact }, at(11.0));
    state.apply(&Happening::ActivityEntered { job: 0, activity: Activity::Publishing }, at(11.0));
    insta::assert_snapshot!(screen(&state, 24, 80), @"
    Publishing [  13.9s] [==========>             ]  87/200: 3 running (2 waiting)
    Publishing [  12.9s] layer-000 us-east-1
       Waiting [  12.8s] layer-001 us-east-1: for the pace of 2 requests/s
       Waiting [  12.8s] layer-002 us-east-1: for the pace of 2 requests/s
    ");
    // That the run keeps to its own pace is no news.
    assert_eq!(line_of(&queue(1), &state, at(12.0), false), None);
    state.apply(&Happening::FactFound { job: 1, fact: Fact::TurnGiven { requests_per_second: 2.0 } }, at(12.0));
    assert!(screen(&state, 24, 80).contains("3 running (1 waiting)"));
    state.apply(&Happening::FactFound { job: 0, fact: Fact::Throttled }, at(12.5));
    state.apply(&queue(0), at(12.5));
    assert!(screen(&state, 24, 80).contains("layer-000 us-east-1: for Lambda's quota"));
    state.apply(&Happening::JobSetAside { job: 0 }, at(13.0));
    insta::assert_snapshot!(heartbeat(&state, at(31.0)).render(Style::default(), None), @"     Running [  31.0s] ( 87/200) 2 running (1 waiting); longest: layer-001, queueing 21.0s");
}
