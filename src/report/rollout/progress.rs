//! What a rollout shows while it goes on: made of the very events that `--events` writes.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::steps;
use super::wave::{Functions, Key};
use crate::batches::Batches;
use crate::event::{Event, Fact, Happening, Unanswered};
use crate::report::beats::Beats;
use crate::report::choose::{Choice, Display};
use crate::report::estimate::roughly;
use crate::report::fact_words::{no_answer, sentence};
use crate::report::state::is_wait;
use crate::report::status_line::StatusLine;
use crate::report::style::Tone;
use crate::report::wording::plural;
use crate::report::{Shown, emit};
use crate::rollout::{FunctionOutcome, FunctionReport, RolloutMode};
use crate::shown;

/// So many times it is said that something waits, without `-v`.
const WAITS_TOLD: usize = 3;

/// Shows a rollout on standard error until the channel closes.
pub async fn show(events: UnboundedReceiver<Event>, choice: Choice) {
    let (start, mut events, mut progress) = (Instant::now(), Batches::of(events), Progress::default());
    let mut beats = Beats::from_now();
    loop {
        // That a signal was understood is told in any case.
        let (line, is_told) = tokio::select! {
            event = events.next() => match event {
                Some(Event { what, .. }) => {
                    let line = progress.line_of(&what, start.elapsed(), choice.verbose > 0);
                    (line, matches!(what, Happening::Interrupted { .. }))
                }
                None => break,
            },
            () = beats.due() => (progress.heartbeat(start.elapsed()), false),
        };
        let line = line.filter(|_| is_told || choice.display != Display::Silent);
        line.iter().for_each(|line| emit::stderr(&shown!("{}\n", line.render(choice.style, None))));
    }
}

/// A rollout at one moment. Times are durations since the display began, so that nothing here reads a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    began: Duration,
    phase: Phase,
    functions: Functions,
    failed: usize,
    /// Requests that have no answer for long, with their target, while functions are looked for.
    unanswered: Vec<(String, Unanswered)>,
    waits: usize,
    /// After a failure nothing new is begun.
    stops_at_failure: bool,
}

/// How far a rollout has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Looking,
    Changing,
    /// A signal asked it to stop.
    Stopping,
    Over,
}

impl Progress {
    /// Takes in what happened, and gives the line that it leaves behind, if any.
    pub fn line_of(&mut self, event: &Happening, now: Duration, verbose: bool) -> Option<StatusLine> {
        match event {
            Happening::RolloutStarted { mode } => {
                *self = Self { began: now, stops_at_failure: *mode == RolloutMode::Apply, ..Self::default() };
                None
            }
            Happening::TargetFactFound { target, fact } => self.looked(target, fact, now, verbose),
            Happening::FunctionsFound { jobs, record, .. } => {
                (self.phase, self.functions.all) = (Phase::Changing, *jobs);
                let kept = |path: &String| shown!("{}: what was there before", path);
                record.as_ref().map(|path| StatusLine::new("Kept", Tone::Good, None, kept(path)))
            }
            Happening::FunctionStarted { target, function } => {
                self.functions.start((target.clone(), function.clone()), now);
                None
            }
            Happening::FunctionFactFound { target, function, fact } => {
                let key = (target.clone(), function.clone());
                self.found(&key, fact, now, verbose)
            }
            // Of what was not begun the report tells.
            Happening::FunctionFinished { report, .. } => {
                let was_running = self.functions.end(&(report.target.clone(), report.function.clone()), now);
                self.failed += usize::from(was_running && report.outcome == FunctionOutcome::Failed);
                was_running.then(|| self.finished(report))
            }
            Happening::Interrupted { running } => {
                self.phase = Phase::Stopping;
                let text = match running {
                    0 => "nothing is running".into(),
                    _ => shown!("after {} under way", plural(*running, "function")),
                };
                Some(StatusLine::new("Stopping", Tone::Attention, None, text))
            }
            Happening::RolloutFinished { .. } => {
                self.phase = Phase::Over;
                None
            }
            _ => None,
        }
    }

    /// Something was found out while functions are looked for.
    fn looked(&mut self, target: &str, fact: &Fact, now: Duration, verbose: bool) -> Option<StatusLine> {
        match fact {
            Fact::Unanswered(request) => self.unanswered.push((target.to_owned(), request.clone())),
            Fact::Answered(request) => self.unanswered.retain(|(_, other)| other != request),
            _ => {}
        }
        let text = shown!("{}: {}", target, sentence(fact));
        self.is_told(fact, verbose).then(|| StatusLine::new("Looking", Tone::Busy, Some(self.elapsed(now)), text))
    }

    fn found(&mut self, key: &Key, fact: &Fact, now: Duration, verbose: bool) -> Option<StatusLine> {
        let started = self.functions.found(key, fact, now)?;
        let seconds = now.saturating_sub(started).as_secs_f64();
        let text = shown!("{} {}: {}", key.1, key.0, sentence(fact));
        self.is_told(fact, verbose).then(|| StatusLine::new("Changing", Tone::Busy, Some(seconds), text))
    }

    /// Whether a fact leaves a line: the first waits do.
    fn is_told(&mut self, fact: &Fact, verbose: bool) -> bool {
        self.waits += usize::from(is_wait(fact));
        verbose || is_wait(fact) && self.waits <= WAITS_TOLD
    }

    /// How the rollout goes on. How many functions there are nobody knows before all are listed: then there is only how long it
    /// has taken.
    pub fn heartbeat(&self, now: Duration) -> Option<StatusLine> {
        let (verb, tone, text) = match self.phase {
            Phase::Over => return None,
            Phase::Looking => {
                let request =
                    self.unanswered.first().map(|(target, request)| shown!("; {}: {}", target, no_answer(request)));
                ("Looking", Tone::Busy, shown!("for functions that use other versions{}", request.unwrap_or_default()))
            }
            Phase::Changing if self.functions.all == 0 => return None,
            Phase::Changing => ("Running", Tone::Busy, self.activity(now)),
            Phase::Stopping => ("Stopping", Tone::Attention, self.activity(now)),
        };
        let counter = (self.functions.all > 0).then(|| self.counter());
        Some(StatusLine { counter, ..StatusLine::new(verb, tone, Some(self.elapsed(now)), text) })
    }

    /// `16 running, 1 failed, ~15s left; longest: orders us-east-1, changing 3.0s`
    fn activity(&self, now: Duration) -> Shown {
        let begins_no_more = self.failed > 0 && self.stops_at_failure || self.phase == Phase::Stopping;
        let failed = match self.failed {
            0 => String::new(),
            failed if self.stops_at_failure => format!(", {failed} failed, so that no other is begun"),
            failed => format!(", {failed} failed"),
        };
        let left = self.functions.left(now).filter(|_| !begins_no_more);
        let left = left.map(|left| format!(", {} left", roughly(left))).unwrap_or_default();
        let longest = self.functions.longest(now).map(|longest| shown!("; longest: {}", longest));
        shown!("{} running{}{}{}", self.functions.running(), failed, left, longest.unwrap_or_default())
    }

    fn elapsed(&self, now: Duration) -> f64 {
        now.saturating_sub(self.began).as_secs_f64()
    }

    /// `( 87/129)`: functions that ended, of all that something is done with.
    fn counter(&self) -> String {
        let all = self.functions.all.to_string();
        format!("({:>width$}/{all})", self.functions.ended, width = all.len())
    }

    /// What is said of a function when it ends, with how many have ended of how many.
    fn finished(&self, one: &FunctionReport) -> StatusLine {
        let (verb, tone) = match one.outcome {
            FunctionOutcome::Moved => ("Moved", Tone::Good),
            FunctionOutcome::Restored => ("Restored", Tone::Good),
            FunctionOutcome::Planned | FunctionOutcome::Unchanged => ("Unchanged", Tone::Faint),
            FunctionOutcome::Refused => ("Left alone", Tone::Attention),
            FunctionOutcome::Failed => ("Failed", Tone::Bad),
            FunctionOutcome::Cancelled => ("Cancelled", Tone::Attention),
        };
        let text = shown!("{} {} {}", one.function, one.target, steps(one));
        StatusLine { counter: Some(self.counter()), ..StatusLine::new(verb, tone, Some(one.seconds), text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::RolloutSummary;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn started(n: usize) -> Happening {
        Happening::FunctionStarted { target: "x".to_owned(), function: format!("f{n}") }
    }

    fn found(n: usize, fact: Fact) -> Happening {
        Happening::FunctionFactFound { target: "x".to_owned(), function: format!("f{n}"), fact }
    }

    fn finished(n: usize, outcome: FunctionOutcome) -> Happening {
        let blank = FunctionReport::blank("x", "us-east-1", None, &format!("f{n}").parse().unwrap());
        Happening::FunctionFinished { report: Box::new(FunctionReport { outcome, ..blank }) }
    }

    /// A rollout of so many functions, after a look of three seconds.
    fn began(functions: usize) -> Progress {
        let mut progress = Progress::default();
        progress.line_of(&Happening::RolloutStarted { mode: RolloutMode::Apply }, at(1.0), false);
        progress.line_of(&Happening::FunctionsFound { functions, jobs: functions, record: None }, at(4.0), false);
        progress
    }

    fn beat(progress: &Progress, now: f64) -> String {
        let line = progress.heartbeat(at(now)).map(|line| line.render(crate::report::style::Style::default(), None));
        line.map(|line| line.to_string()).unwrap_or_default()
    }

    /// A canary of two that take ten seconds each, then ten at once: the estimate is that of the ten.
    #[test]
    fn a_heartbeat_promises_what_the_pace_of_as_many_at_once_tells() {
        let mut progress = began(202);
        (0..2).for_each(|n| drop(progress.line_of(&started(n), at(4.0), false)));
        assert_eq!(beat(&progress, 10.0), "     Running [   9.0s] (  0/202) 2 running; longest: f0 x, changing 6.0s");
        (0..2).for_each(|n| drop(progress.line_of(&finished(n, FunctionOutcome::Moved), at(14.0), false)));
        for wave in 0..3 {
            let now = 14.0 + 2.0 * f64::from(wave);
            let of_wave = |n: usize| 2 + 10 * usize::try_from(wave).unwrap() + n;
            (0..10).for_each(|n| drop(progress.line_of(&started(of_wave(n)), at(now), false)));
            if wave < 2 {
                let ended = |n| finished(of_wave(n), FunctionOutcome::Moved);
                (0..10).for_each(|n| drop(progress.line_of(&ended(n), at(now + 2.0), false)));
            }
        }
        // 180 of which twenty took four seconds.
        assert_eq!(
            beat(&progress, 18.0),
            "     Running [  17.0s] ( 22/202) 10 running, ~40s left; longest: f22 x, changing 0.0s"
        );
    }

    #[test]
    fn what_a_function_waits_for_is_said_and_then_there_is_no_estimate() {
        let mut progress = began(3);
        progress.line_of(&started(0), at(4.0), false);
        progress.line_of(&found(0, Fact::ChangeAwaited), at(5.0), false);
        let waits = "waiting until its change is in force 10.0s";
        assert!(beat(&progress, 15.0).ends_with(&format!("1 running; longest: f0 x, {waits}")));
        let line = progress.line_of(&found(0, Fact::Throttled), at(16.0), false).unwrap();
        let said = "f0 x: Lambda throttles, the request waits for its next turn";
        assert_eq!(line.text.as_str(), said);
        assert!(beat(&progress, 17.0).ends_with("waiting for Lambda's quota, which other tools use too 1.0s"));
        progress.line_of(&found(0, Fact::TurnGiven { requests_per_second: 1.0 }), at(18.0), false);
        assert!(beat(&progress, 18.0).ends_with("f0 x, changing 14.0s"));
    }

    #[test]
    fn after_a_failure_nothing_is_promised() {
        let mut progress = began(100);
        (0..16).for_each(|n| drop(progress.line_of(&started(n), at(4.0), false)));
        (0..8).for_each(|n| drop(progress.line_of(&finished(n, FunctionOutcome::Moved), at(8.0), false)));
        assert!(beat(&progress, 8.0).contains("8 running, ~45s left"), "{}", beat(&progress, 8.0));
        progress.line_of(&finished(8, FunctionOutcome::Failed), at(8.0), false);
        let said = "7 running, 1 failed, so that no other is begun; longest: f10 x, changing 4.0s";
        assert!(beat(&progress, 8.0).ends_with(said), "{}", beat(&progress, 8.0));
    }

    /// Nobody knows how many functions there are: what is known is how long it has taken, and what has no answer.
    #[test]
    fn while_functions_are_looked_for_there_is_only_the_time_that_it_took() {
        let mut progress = Progress::default();
        progress.line_of(&Happening::RolloutStarted { mode: RolloutMode::Plan }, at(1.0), false);
        assert_eq!(beat(&progress, 16.0), "     Looking [  15.0s] for functions that use other versions");
        let request = Unanswered {
            service: "Lambda".to_owned(),
            operation: "ListFunctions".to_owned(),
            since: "2026-11-22T10:00:00Z".parse().unwrap(),
        };
        let fact = |fact| Happening::TargetFactFound { target: "x".to_owned(), fact };
        let line = progress.line_of(&fact(Fact::Unanswered(request.clone())), at(17.0), false).unwrap();
        assert_eq!(line.text.as_str(), "x: no answer of Lambda to ListFunctions since 10:00:00Z");
        assert!(beat(&progress, 18.0).ends_with("; x: no answer of Lambda to ListFunctions since 10:00:00Z"));
        progress.line_of(&fact(Fact::Answered(request)), at(19.0), false);
        assert_eq!(beat(&progress, 20.0), "     Looking [  19.0s] for functions that use other versions");
        let summary = RolloutSummary::of(&[]);
        progress.line_of(&Happening::RolloutFinished { summary }, at(21.0), false);
        assert_eq!(beat(&progress, 22.0), "");
    }
}
