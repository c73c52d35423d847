use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::event::{Activity, Fact, Happening, Mode};
use crate::outcome::{
    ErrorCode, JobError, JobReport, LayerStatus, LockState, LockStatus, Outcome, StatusCode, StatusFinding,
};
use crate::report::progress_lines::{line_of, live};
use crate::report::rollout::Progress;
use crate::report::samples::{failed, job, report, tally, warning};
use crate::report::state::State;
use crate::report::status;
use crate::report::style::Style;
use crate::rollout::{FunctionOutcome, FunctionReport, Refusal, RefusalCode, RolloutMode, RolloutSummary};

fn everything() -> Vec<Happening> {
    let finished = |job: usize, report| Happening::JobFinished {
        job,
        report: Box::new(report),
        tally: tally(3, &[(Outcome::Published, 1)]),
    };
    let facts = every_fact().into_iter().map(|fact| Happening::FactFound { job: 1, fact });
    let started = |job: usize| Happening::JobStarted { job, layer: format!("l{job}"), target: "x".to_owned() };
    let url = "https://x/::error::\u{202e}##[error]".to_owned();
    let odd = Happening::LayersFileWarned { warning: warning("runtime-unknown", "layers.toml:3: it is not known") };
    let begun = [odd, Happening::RunStarted { mode: Mode::Publish, jobs: 3 }, started(0), started(1)];
    let rest = vec![
        Happening::ActivityEntered { job: 0, activity: Activity::Publishing },
        Happening::FactFound { job: 0, fact: Fact::BackupPage { url } },
        Happening::BytesSent { job: 1, bytes: 1, of: 2 },
        Happening::Warned { job: 0, warning: warning("w", "odd") },
        finished(0, job("l0", "x", Outcome::Published)),
        finished(1, failed("l1", "x", ErrorCode::Network, "no route")),
        Happening::JobSetAside { job: 2 },
        Happening::Interrupted { running: 1 },
        Happening::RunFinished { tally: tally(3, &[(Outcome::Failed, 1)]), findings: Some(2) },
    ];
    begun.into_iter().chain(facts).chain(rest).chain(of_a_rollout()).collect()
}

fn of_a_rollout() -> Vec<Happening> {
    let (x, orders) = (|| "x".to_owned(), || "orders".to_owned());
    let found = |fact| Happening::FunctionFactFound { target: x(), function: orders(), fact };
    let report = |outcome| FunctionReport {
        outcome,
        refusal: Some(Refusal::new(RefusalCode::Owned, "it belongs to stack `\u{202e}`")),
        ..FunctionReport::blank("x", "us-east-1", None, &"orders".parse().unwrap())
    };
    let finished = |outcome| Happening::FunctionFinished { report: Box::new(report(outcome)) };
    let record = Some(".layership/rollout-R1.json".to_owned());
    let error = Box::new(JobError::new(ErrorCode::Credentials, "no credentials"));
    let begun = [
        Happening::RolloutStarted { mode: RolloutMode::Apply },
        Happening::TargetFactFound { target: x(), fact: Fact::Throttled },
        Happening::TargetFailed { target: "tokyo".to_owned(), error },
        Happening::FunctionsFound { functions: 2, jobs: 1, record },
        finished(FunctionOutcome::Refused),
        Happening::FunctionStarted { target: x(), function: orders() },
    ];
    let summary = RolloutSummary::of(&[report(FunctionOutcome::Moved)]);
    let rest = [finished(FunctionOutcome::Moved), Happening::RolloutFinished { summary }];
    begun.into_iter().chain(every_fact().into_iter().map(found)).chain(rest).collect()
}

/// One of each.
fn every_fact() -> Vec<Fact> {
    let lines = include_str!("facts.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The words in a place of a schema, such as the kinds of events.
fn kinds<T: JsonSchema>(tag: &str) -> BTreeSet<String> {
    let schema = serde_json::to_value(schemars::schema_for!(T)).unwrap();
    let mut kinds = BTreeSet::new();
    let mut left = vec![schema["oneOf"].clone()];
    while let Some(value) = left.pop() {
        kinds.extend(value["properties"][tag]["const"].as_str().map(str::to_owned));
        left.extend(value.as_array().cloned().unwrap_or_default());
    }
    kinds
}

#[test]
fn there_is_a_sample_of_every_event_and_of_every_fact() {
    let told = |value: Value, tag: &str| value[tag].as_str().unwrap().to_owned();
    let facts = every_fact().into_iter().map(|fact| told(serde_json::to_value(fact).unwrap(), "fact"));
    assert_eq!(facts.collect::<BTreeSet<_>>(), kinds::<Fact>("fact"));
    let events = everything().into_iter().map(|what| told(serde_json::to_value(what).unwrap(), "event"));
    assert_eq!(events.collect::<BTreeSet<_>>(), kinds::<Happening>("event"));
}

/// The table of `status` is told when all is over, of what the events told of each job.
#[test]
fn what_status_shows_can_be_rebuilt_from_the_lines() {
    let finding = StatusFinding::new(StatusCode::LockStale, "a run left its lock");
    let lock = LockStatus {
        at: "s3://acme/publish.lock".to_owned(),
        state: LockState::Stale,
        phase: Some("sending".to_owned()),
        run: Some("01K0".to_owned()),
        host: Some("ci".to_owned()),
        age_seconds: 3_700,
    };
    let status = LayerStatus { lock: Some(lock), findings: vec![finding], ..LayerStatus::default() };
    let looked = JobReport { status: Some(Box::new(status)), ..job("l0", "x", Outcome::Checked) };
    let jobs = [looked, job("l1", "x", Outcome::Failed)];
    let again = jobs.clone().map(|report| {
        let what = Happening::JobFinished { job: 0, report: Box::new(report), tally: tally(2, &[]) };
        let line = EventLine::of(Event::now(what)).text();
        let read: EventLine = serde_json::from_str(&line).unwrap();
        let Happening::JobFinished { report, .. } = read.event.what else { panic!("{line}") };
        *report
    });
    let shown = |jobs: [JobReport; 2]| status::text(&report(Mode::Status, jobs.to_vec()), Path::new("layers.toml"));
    assert!(shown(jobs.clone()).contains("! l0 at x: a run left its lock"));
    assert_eq!(shown(jobs), shown(again));
}

#[test]
fn what_the_terminal_shows_can_be_rebuilt_from_the_lines() {
    let (mut first, mut again) = (State::default(), State::default());
    let (mut rollout, mut rollout_again, mut lines_of_rollout) = (Progress::default(), Progress::default(), 0);
    for (n, what) in everything().into_iter().enumerate() {
        let line = EventLine::of(Event::now(what.clone())).text();
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let read: EventLine = serde_json::from_str(&line).unwrap();
        let now = Duration::from_secs(n as u64);
        first.apply(&what, now);
        again.apply(&read.event.what, now);
        assert_eq!(first, again);
        let shown = |what: &Happening, state: &State| {
            let lines = live(state, now, 24, 80).into_iter().chain(line_of(what, state, now, true));
            lines.map(|line| line.render(Style::default(), None)).collect::<Vec<_>>()
        };
        assert_eq!(shown(&what, &first), shown(&read.event.what, &again));
        let line = rollout.line_of(&what, now, true);
        assert_eq!(line, rollout_again.line_of(&read.event.what, now, true));
        assert_eq!(rollout.heartbeat(now), rollout_again.heartbeat(now));
        lines_of_rollout += usize::from(line.is_some());
    }
    // That it was interrupted, what it kept, what it found while it looked, each fact, and how the function ended.
    assert_eq!(lines_of_rollout, 4 + every_fact().len());
}
