//! Waves: a few functions first, and the rest only if those succeeded. After a failure nothing new is begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::mover::{FunctionJob, Mover};
use super::survey::Surveyed;
use crate::event::{Happening, JobId};
use crate::rollout::{FunctionOutcome, FunctionReport};
use crate::run::pool::{Bounds, pool};
use crate::run::{Events, Stop};

/// How many functions at once, and how many first.
#[derive(Clone, Debug)]
pub struct Wave {
    /// Functions in flight at once.
    pub concurrency: usize,
    /// So many first, where that is asked for.
    pub canary: Option<usize>,
    /// After a failure nothing new is begun.
    pub stops_at_failure: bool,
}

/// Does what is to be done with each function, and returns the reports of all of them in the same order.
pub async fn carry_out(functions: Vec<Surveyed>, wave: &Wave, stop: &Stop, events: &Events) -> Vec<FunctionReport> {
    let jobs: Vec<Arc<FunctionJob>> = functions.iter().filter_map(|one| one.job.clone()).collect();
    functions.iter().filter(|one| one.job.is_none()).for_each(|one| tell(&one.report, events));
    let mut done = moved(&jobs, wave, stop, events).await.into_iter();
    let report = |one: Surveyed| match one.job {
        Some(_) => done.next().unwrap_or(one.report),
        None => one.report,
    };
    functions.into_iter().map(report).collect()
}

/// Nothing more is done with a function.
pub fn tell(report: &FunctionReport, events: &Events) {
    events.send(Happening::FunctionFinished { report: Box::new(report.clone()) });
}

async fn moved(jobs: &[Arc<FunctionJob>], wave: &Wave, stop: &Stop, events: &Events) -> Vec<FunctionReport> {
    let bounds = Bounds { concurrency: wave.concurrency, stop: stop.clone(), events: events.clone() };
    let mover = Arc::new(Mover { stop: stop.clone(), events: events.clone() });
    let first = wave.canary.unwrap_or(jobs.len()).min(jobs.len());
    let mut reports: BTreeMap<JobId, FunctionReport> = BTreeMap::new();
    let mut go_on = true;
    for chosen in [0..first, first..jobs.len()] {
        if !go_on || chosen.is_empty() {
            continue;
        }
        let ended = |job: JobId, report: FunctionReport| {
            go_on &= report.outcome != FunctionOutcome::Failed || !wave.stops_at_failure;
            tell(&report, events);
            reports.insert(job, report);
            go_on
        };
        pool(Arc::clone(&mover), jobs, chosen.collect(), &bounds, ended).await;
    }
    let cancelled = |job: &Arc<FunctionJob>| {
        let report = FunctionReport { outcome: FunctionOutcome::Cancelled, ..job.report.clone() };
        tell(&report, events);
        report
    };
    jobs.iter().enumerate().map(|(id, job)| reports.remove(&id).unwrap_or_else(|| cancelled(job))).collect()
}
