//! What a rollout shows while it goes on: made of the very events that `--events` writes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::steps;
use crate::batches::Batches;
use crate::event::{Event, Happening};
use crate::report::choose::{Choice, Display};
use crate::report::emit;
use crate::report::fact_words::sentence;
use crate::report::state::is_wait;
use crate::report::status_line::StatusLine;
use crate::report::style::Tone;
use crate::report::wording::plural;
use crate::rollout::{FunctionOutcome, FunctionReport};
use crate::shown;

/// So many times it is said that a function waits, without `-v`.
const WAITS_TOLD: usize = 3;

/// Shows a rollout on standard error until the channel closes.
pub async fn show(events: UnboundedReceiver<Event>, choice: Choice) {
    let (start, mut events, mut progress) = (Instant::now(), Batches::of(events), Progress::default());
    while let Some(event) = events.next().await {
        let line = progress.line_of(&event.what, start.elapsed(), choice.verbose > 0);
        // That a signal was understood is told in any case.
        let is_told = choice.display != Display::Silent || matches!(event.what, Happening::Interrupted { .. });
        line.filter(|_| is_told).iter().for_each(|line| emit::stderr(&shown!("{}\n", line.render(choice.style, None))));
    }
}

/// A rollout at one moment. Times are durations since the display began, so that nothing here reads a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Functions that something is done with, and those of them that ended.
    jobs: usize,
    ended: usize,
    /// By target and name, when they were taken up.
    running: BTreeMap<(String, String), Duration>,
    waits: usize,
}

impl Progress {
    /// Takes in what happened, and gives the line that it leaves behind, if any.
    pub fn line_of(&mut self, event: &Happening, now: Duration, verbose: bool) -> Option<StatusLine> {
        match event {
            Happening::FunctionsFound { jobs, record, .. } => {
                self.jobs = *jobs;
                let kept = |path: &String| shown!("{}: what was there before", path);
                record.as_ref().map(|path| StatusLine::new("Kept", Tone::Good, None, kept(path)))
            }
            Happening::FunctionStarted { target, function } => {
                self.running.insert((target.clone(), function.clone()), now);
                None
            }
            Happening::FunctionFactFound { target, function, fact } => {
                let started = self.running.get(&(target.clone(), function.clone()))?;
                self.waits += usize::from(is_wait(fact));
                let is_told = verbose || is_wait(fact) && self.waits <= WAITS_TOLD;
                let seconds = now.saturating_sub(*started).as_secs_f64();
                let text = shown!("{} {}: {}", function, target, sentence(fact));
                is_told.then(|| StatusLine::new("Changing", Tone::Busy, Some(seconds), text))
            }
            // Of what was not begun the report tells.
            Happening::FunctionFinished { report, .. } => {
                self.running.remove(&(report.target.clone(), report.function.clone()))?;
                self.ended += 1;
                Some(self.finished(report))
            }
            Happening::Interrupted { running } => {
                let text = match running {
                    0 => "nothing is running".into(),
                    _ => shown!("after {} under way", plural(*running, "function")),
                };
                Some(StatusLine::new("Stopping", Tone::Attention, None, text))
            }
            _ => None,
        }
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
        let width = self.jobs.to_string().len();
        let counter = Some(format!("({:>width$}/{})", self.ended, self.jobs));
        StatusLine { counter, ..StatusLine::new(verb, tone, Some(one.seconds), text) }
    }
}
