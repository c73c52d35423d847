//! Waves: a few functions first, and the rest only if those succeeded. After a failure nothing new is begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::mover::{FunctionJob, Mover};
use crate::event::JobId;
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

/// Does what is to be done with each function, and returns their reports in the same order.
pub async fn carry_out(
    jobs: &[Arc<FunctionJob>],
    wave: &Wave,
    stop: &Stop,
    events: Events,
    mut told: impl FnMut(&FunctionReport),
) -> Vec<FunctionReport> {
    let bounds = Bounds { concurrency: wave.concurrency, stop: stop.clone(), events };
    let mover = Arc::new(Mover { stop: stop.clone() });
    let first = wave.canary.unwrap_or(jobs.len()).min(jobs.len());
    let mut reports: BTreeMap<JobId, FunctionReport> = BTreeMap::new();
    let mut go_on = true;
    for chosen in [0..first, first..jobs.len()] {
        if !go_on || chosen.is_empty() {
            continue;
        }
        let ended = |job: JobId, report: FunctionReport| {
            go_on &= report.outcome != FunctionOutcome::Failed || !wave.stops_at_failure;
            told(&report);
            reports.insert(job, report);
            go_on
        };
        pool(Arc::clone(&mover), jobs, chosen.collect(), &bounds, ended).await;
    }
    let cancelled =
        |job: &Arc<FunctionJob>| FunctionReport { outcome: FunctionOutcome::Cancelled, ..job.report.clone() };
    jobs.iter().enumerate().map(|(id, job)| reports.remove(&id).unwrap_or_else(|| cancelled(job))).collect()
}
