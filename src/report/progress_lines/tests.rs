mod waiting;

use proptest::prelude::*;

use super::*;
use crate::event::{Activity, Fact, LockPhase, Unanswered};
use crate::outcome::{ErrorCode, LayerStatus, StatusCode, StatusFinding, Tally, Warning};
use crate::report::samples::{failed, job, tally};
use crate::report::style::Style;
use crate::report::wording;

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A run of 200 jobs, 87 of which have ended, and so many run.
fn run_with(running: usize, failed: usize) -> State {
    let mut state = State::default();
    state.apply(&Happening::RunStarted { mode: Mode::Publish, jobs: 200 }, at(0.0));
    state.tally = tally(200, &[(Outcome::Published, 60 - failed), (Outcome::Unchanged, 27), (Outcome::Failed, failed)]);
    for id in 0..running {
        start(&mut state, id, &format!("layer-{id:03}"), 1.0 + 0.1 * id as f64);
    }
    state
}

fn start(state: &mut State, job: usize, layer: &str, seconds: f64) {
    let activities = [Activity::Checking, Activity::Publishing, Activity::Recording];
    let (layer, target) = (layer.to_owned(), "us-east-1".to_owned());
    state.apply(&Happening::JobStarted { job, layer, target }, at(seconds));
    state.apply(&Happening::ActivityEntered { job, activity: activities[job % 3] }, at(seconds + 0.5));
}

fn screen(state: &State, rows: usize, columns: usize) -> String {
    let lines = live(state, at(13.95), rows, columns);
    assert!(lines.len() <= LIVE_LINES.min((rows / 2).max(1)));
    let text: Vec<Shown> = lines.iter().map(|line| line.render(Style::default(), Some(columns))).collect();
    assert!(text.iter().all(|line| wording::width(line) <= columns), "{text:#?}");
    Shown::join(text, "\n").to_string()
}

#[test]
fn many_jobs_on_a_usual_terminal() {
    insta::assert_snapshot!(screen(&run_with(16, 1), 24, 80), @"
    Publishing [  13.9s] [==========>              ]  87/200: 1 failed, 16 running
      Checking [  12.9s] layer-000 us-east-1
    Publishing [  12.8s] layer-001 us-east-1
     Recording [  12.8s] layer-002 us-east-1
      Checking [  12.7s] layer-003 us-east-1
    Publishing [  12.6s] layer-004 us-east-1
     Recording [  12.4s] layer-005 us-east-1
      Checking [  12.3s] layer-006 us-east-1
    Publishing [  12.2s] layer-007 us-east-1
               ... and 8 more running
    ");
}

#[test]
fn a_large_upload_tells_how_far_it_is() {
    let mut state = run_with(1, 0);
    state.apply(&Happening::ActivityEntered { job: 0, activity: Activity::Staging }, at(2.0));
    state.apply(&Happening::BytesSent { job: 0, bytes: 34_200_000, of: 60_100_000 }, at(3.0));
    insta::assert_snapshot!(screen(&state, 24, 80), @"
    Publishing [  13.9s] [===========>               ]  87/200: 1 running
       Staging [  12.9s] layer-000 us-east-1: 34.2 MB of 60.1 MB
    ");
    let line = heartbeat(&state, at(32.0)).render(Style::default(), None);
    insta::assert_snapshot!(line, @"     Running [  32.0s] ( 87/200) 1 running; longest: layer-000, staging 30.0s, 34.2 MB of 60.1 MB");
    state.apply(&Happening::ActivityEntered { job: 0, activity: Activity::Checking }, at(4.0));
    assert_eq!(state.running[&0].sent, None, "it was the other activity's");
}

#[test]
fn how_long_it_still_takes_is_said_once_the_pace_is_known() {
    let mut state = State::default();
    state.apply(&Happening::RunStarted { mode: Mode::Publish, jobs: 200 }, at(0.0));
    let mut ended = Tally::of(200);
    for id in 0..60 {
        start(&mut state, id, "layer", 0.2 * id as f64);
        if id < 50 {
            ended.count(Outcome::Unchanged);
            let report = Box::new(job("layer", "us-east-1", Outcome::Unchanged));
            let event = Happening::JobFinished { job: id, report, tally: ended.clone() };
            state.apply(&event, at(0.2 * id as f64 + 3.0));
        }
    }
    let bar = |state: &State, columns| screen(state, 2, columns);
    insta::assert_snapshot!(bar(&state, 80), @"  Publishing [  13.9s] [======>                 ]  50/200: ~45s left, 10 running");
    insta::assert_snapshot!(bar(&state, 40), @"  Publishing 50/200: ~45s left, 10 runn…");
    let line = heartbeat(&state, at(13.95)).render(Style::default(), None);
    assert!(line.contains("( 50/200) ~45s left, 10 running; longest: layer"), "{line}");
    state.apply(&Happening::Interrupted { running: 10 }, at(13.9));
    assert!(!bar(&state, 80).contains("left"), "nobody knows how long what is publishing takes");
}

fn request(operation: &str) -> Unanswered {
    let since = "2026-11-22T10:00:05Z".parse().unwrap();
    Unanswered { service: "S3".to_owned(), operation: operation.to_owned(), since }
}

#[test]
fn a_request_that_hangs_is_told_in_every_activity_and_in_both_displays() {
    for (activity, verb) in [(Activity::Locking, "Locking"), (Activity::Recording, "Recording")] {
        let mut state = run_with(1, 0);
        let mut tell = |what: Happening| {
            state.apply(&what, at(20.0));
            let line = line_of(&what, &state, at(20.0), false).map(|line| line.render(Style::default(), None));
            let beat = heartbeat(&state, at(31.0)).render(Style::default(), None).to_string();
            let live = live(&state, at(20.0), 24, 80)[1].render(Style::default(), None).to_string();
            (line.map(|line| line.to_string()), beat, live)
        };
        tell(Happening::ActivityEntered { job: 0, activity });
        let found = |fact| Happening::FactFound { job: 0, fact };
        let (line, beat, live) = tell(found(Fact::Unanswered(request("HeadObject"))));
        let said = "layer-000 us-east-1: no answer of S3 to HeadObject since 10:00:05Z";
        assert_eq!(live.trim_start(), format!("{verb} [  19.0s] {said}"));
        assert_eq!(line.unwrap(), live);
        let doing = verb.to_lowercase();
        let ending = format!(
            "1 running (1 waiting); longest: layer-000, {doing} 11.0s, no answer of S3 to HeadObject since 10:00:05Z"
        );
        assert!(beat.ends_with(&ending), "{beat}");
        // What comes beside it changes nothing, and only its own answer ends it.
        tell(found(Fact::LockFreed));
        tell(found(Fact::Answered(request("GetObject"))));
        assert!(tell(Happening::ActivityEntered { job: 0, activity }).2.ends_with(said));
        let (line, beat, live) = tell(found(Fact::Answered(request("HeadObject"))));
        assert!(line.is_none() && !beat.contains("answer") && live.ends_with("layer-000 us-east-1"), "{beat} {live}");
    }
}

#[test]
fn what_is_being_sent_is_not_said_to_have_no_answer() {
    let mut state = run_with(1, 0);
    state.apply(&Happening::FactFound { job: 0, fact: Fact::Unanswered(request("PutObject")) }, at(5.0));
    let mut line = |bytes| {
        state.apply(&Happening::BytesSent { job: 0, bytes, of: 60_100_000 }, at(6.0));
        live(&state, at(20.0), 24, 80)[1].text.to_string()
    };
    assert_eq!(line(34_200_000), "layer-000 us-east-1: 34.2 MB of 60.1 MB");
    assert!(line(60_100_000).contains("no answer of S3 to PutObject"));
}

#[test]
fn few_jobs_have_no_line_that_counts_the_rest() {
    insta::assert_snapshot!(screen(&run_with(2, 0), 24, 80), @"
    Publishing [  13.9s] [===========>               ]  87/200: 2 running
      Checking [  12.9s] layer-000 us-east-1
    Publishing [  12.8s] layer-001 us-east-1
    ");
    assert_eq!(live(&run_with(9, 0), at(14.0), 24, 80).len(), 10);
}

#[test]
fn small_and_narrow_terminals_show_less() {
    insta::assert_snapshot!(screen(&run_with(16, 1), 12, 50), @"
    Publishing 87/200: 1 failed, 16 running
      Checking [  12.9s] layer-000 us-east-1
    Publishing [  12.8s] layer-001 us-east-1
     Recording [  12.8s] layer-002 us-east-1
      Checking [  12.7s] layer-003 us-east-1
               ... and 12 more running
    ");
    insta::assert_snapshot!(screen(&run_with(16, 1), 4, 36), @"
    Publishing 87/200: 1 failed, 16 r…
      Checking [  12.9s] layer-000 us…
    ");
    insta::assert_snapshot!(screen(&run_with(16, 1), 1, 200), @"  Publishing [  13.9s] [===========>               ]  87/200: 1 failed, 16 running");
}

#[test]
fn wide_names_are_cut_by_the_columns_they_take() {
    let mut state = run_with(0, 0);
    start(&mut state, 0, "レイヤー・リクエスト・パイソン・三十二", 1.0);
    start(&mut state, 1, "emoji-👩‍💻-\u{1b}[2J\u{1b}]0;owned\u{7}", 2.0);
    insta::assert_snapshot!(screen(&state, 24, 50), @r"
    Publishing [======>         ]  87/200: 2 running
      Checking [  12.9s] レイヤー・リクエスト・パイ…
    Publishing [  11.9s] emoji-👩‍💻-\u{1b}[2J\u{1b}…
    ");
}

#[test]
fn an_interrupted_run_says_so_and_a_finished_one_draws_nothing() {
    let mut state = run_with(3, 0);
    let event = Happening::Interrupted { running: 3 };
    state.apply(&event, at(14.0));
    assert!(screen(&state, 24, 80).starts_with("    Stopping [  13.9s] [==="));
    let line = line_of(&event, &state, at(14.0), false).unwrap().render(Style::default(), None);
    assert_eq!(line, "    Stopping [  14.0s] jobs that are publishing will finish; interrupt again to stop at once");
    state.apply(&Happening::RunFinished { tally: state.tally.clone(), findings: None }, at(15.0));
    assert_eq!(screen(&state, 24, 80), "");
    assert_eq!(screen(&State::default(), 24, 80), "");
}

#[test]
fn a_heartbeat_names_what_takes_longest_and_its_target_where_there_are_several() {
    let mut state = run_with(16, 1);
    let line = |state: &State| heartbeat(state, at(31.0)).render(Style::default(), None);
    assert_eq!(
        line(&state),
        "     Running [  31.0s] ( 87/200) 1 failed, 16 running; longest: layer-000, checking 29.5s"
    );
    let elsewhere = Happening::JobStarted { job: 99, layer: "layer-000".to_owned(), target: "tokyo".to_owned() };
    state.apply(&elsewhere, at(31.0));
    assert!(line(&state).ends_with("longest: layer-000 us-east-1, checking 29.5s"));
}

#[test]
fn of_a_layer_that_status_looked_at_a_line_says_what_is_not_in_order() {
    let line = |codes: &[StatusCode]| {
        let findings = codes.iter().map(|code| StatusFinding::new(*code, "it is so")).collect();
        let status = Some(Box::new(LayerStatus { findings, ..LayerStatus::default() }));
        let line = finished(&JobReport { status, ..job("numpy", "x", Outcome::Checked) });
        (line.render(Style::default(), None).to_string(), line.tone)
    };
    assert_eq!(line(&[]), ("     Checked [   3.4s] numpy x: in order".to_owned(), Tone::Good));
    let odd = line(&[StatusCode::BackupMissing, StatusCode::LockStale]);
    assert_eq!(odd, ("     Checked [   3.4s] numpy x: backup-missing, lock-stale".to_owned(), Tone::Attention));
    assert!(finished(&job("numpy", "x", Outcome::Checked)).text.ends_with("numpy x"), "by `check`");
}

#[test]
fn what_is_unchanged_is_counted_in_silence_and_told_with_v() {
    let mut state = run_with(0, 0);
    let mut tell = |report: JobReport, mode: Mode, verbose: bool| {
        state.mode = mode;
        let event = Happening::JobFinished { job: 0, report: Box::new(report), tally: Tally::of(1) };
        state.apply(&event, at(1.0));
        line_of(&event, &state, at(1.0), verbose).map(|line| line.render(Style::default(), None))
    };
    let unchanged = || job("a", "x", Outcome::Unchanged);
    assert_eq!(tell(unchanged(), Mode::Publish, false), None);
    assert_eq!(tell(unchanged(), Mode::Publish, true).unwrap(), "   Unchanged [   3.4s] a x version 3");
    assert_eq!(tell(job("a", "x", Outcome::Cancelled), Mode::Publish, false), None);
    assert_eq!(tell(job("a", "x", Outcome::Planned), Mode::Plan, false), None);
    assert_eq!(tell(job("a", "x", Outcome::Staged), Mode::Stage, false).unwrap(), "      Staged [   3.4s] a x 0.8 MB");
    // What is wrong is told once for all, when the run is over.
    let failure = || failed("a", "x", ErrorCode::Network, "no route\nto host \u{1b}[31m");
    assert_eq!(tell(failure(), Mode::Publish, false).unwrap(), "      Failed [   0.9s] a x: network");
    assert_eq!(tell(failure(), Mode::Publish, false), None);
    assert_eq!(tell(failure(), Mode::Publish, true).unwrap(), "      Failed [   0.9s] a x: network");
    let other = JobReport { target: "y".to_owned(), ..failure() };
    assert_eq!(tell(other, Mode::Publish, false).unwrap(), "      Failed [   0.9s] a y: network");
}

/// Anything that could be sent, in any order.
fn any_event() -> impl Strategy<Value = Happening> {
    let id = 0..6_usize;
    let name = "[a-z日\u{1b}\n-]{0,12}";
    let activities =
        [Activity::Packing, Activity::Checking, Activity::Locking, Activity::Publishing, Activity::Recording];
    prop_oneof![
        1 => (0..5_usize).prop_map(|jobs| Happening::RunStarted { mode: Mode::Publish, jobs }),
        6 => (id.clone(), name).prop_map(|(job, layer)| Happening::JobStarted { job, target: layer.clone(), layer }),
        6 => (id.clone(), proptest::sample::select(activities.to_vec())).prop_map(|(job, activity)| Happening::ActivityEntered { job, activity }),
        2 => (id.clone(), name).prop_map(|(job, path)| Happening::FactFound { job, fact: Fact::ManifestRead { path, md5: String::new(), includes: None } }),
        2 => (id.clone(), name).prop_map(|(job, message)| Happening::Warned {
            job,
            warning: Warning { code: "w".to_owned(), message },
        }),
        6 => (id, name, proptest::sample::select(Outcome::ALL), any_tally()).prop_map(|(id, layer, outcome, tally)| {
            Happening::JobFinished { job: id, report: Box::new(job(&layer, "x", outcome)), tally }
        }),
        1 => (0..6_usize).prop_map(|running| Happening::Interrupted { running }),
        1 => any_tally().prop_map(|tally| Happening::RunFinished { tally, findings: None }),
    ]
}

fn any_tally() -> impl Strategy<Value = Tally> {
    let counts = proptest::collection::vec((proptest::sample::select(Outcome::ALL), 0..9_usize), 0..5);
    (0..9_usize, counts).prop_map(|(jobs, counts)| tally(jobs, &counts))
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_a_display(
        events in proptest::collection::vec((any_event(), 0..5_000_u64), 0..60),
        rows in 0..40_usize,
        columns in 0..120_usize,
    ) {
        let mut state = State::default();
        // Time may even run backwards.
        for (event, milliseconds) in events {
            let now = Duration::from_millis(milliseconds);
            state.apply(&event, now);
            let mut shown = live(&state, now, rows, columns);
            shown.extend(line_of(&event, &state, now, true));
            shown.push(heartbeat(&state, now));
            for line in shown {
                let text = line.render(Style::default(), Some(columns));
                prop_assert!(wording::width(&text) <= columns);
                prop_assert!(!text.contains(|c: char| c.is_control()));
            }
        }
    }
}
