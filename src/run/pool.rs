//! The pool: so many jobs in flight, one report each, nothing new after a stop. It knows neither what is done with a
//! job nor what a report says.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{Id, JoinSet};

use super::Events;
use super::lanes::Lanes;
use super::stop::Stop;
use crate::event::{Happening, JobId};

/// What is done with each job of some kind.
pub trait Operation: Send + Sync + 'static {
    /// What the operation is done with.
    type Job: Send + Sync + 'static;
    /// What comes of each job.
    type Report: Send + 'static;

    /// The lane of a job: jobs of one lane do not hold up those of another.
    fn lane(job: &Self::Job) -> &str;

    /// Does it with one job. It always ends in a report, soon after a second request to stop.
    fn perform(&self, id: JobId, job: Arc<Self::Job>, slot: &mut Slot) -> impl Future<Output = Self::Report> + Send;

    /// The report of a job that panicked.
    fn broken(&self, job: &Self::Job) -> Self::Report;
}

/// A job's place among those in flight. It is free again when it is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    async fn of(slots: &Arc<Semaphore>) -> Self {
        // The semaphore is never closed, so this never fails.
        Self { slots: Arc::clone(slots), permit: Arc::clone(slots).acquire_owned().await.ok() }
    }

    /// Lets another job have it for as long as this one only waits.
    pub async fn lend(&mut self, wait: impl Future<Output = ()>) {
        self.permit = None;
        wait.await;
        self.permit = Arc::clone(&self.slots).acquire_owned().await.ok();
    }
}

/// What bounds a pool.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Jobs in flight at once.
    pub concurrency: usize,
    /// Asks the pool to end early.
    pub stop: Stop,
    /// Where it tells that it was asked to stop.
    pub events: Events,
}

/// Does these jobs, a bounded number at once; `ended` takes each report and says whether to go on starting jobs.
pub async fn pool<O: Operation>(
    operation: Arc<O>,
    jobs: &[Arc<O::Job>],
    chosen: Vec<JobId>,
    bounds: &Bounds,
    mut ended: impl FnMut(JobId, O::Report) -> bool,
) {
    let mut lanes = Lanes::of(chosen, |job| O::lane(&jobs[job]));
    let slots = Arc::new(Semaphore::new(bounds.concurrency));
    let mut running: JoinSet<(O::Report, Slot)> = JoinSet::new();
    let mut names: BTreeMap<Id, JobId> = BTreeMap::new();
    let mut go_on = true;
    let mut interrupted = false;
    loop {
        let more = go_on && !bounds.stop.asked() && !lanes.is_empty();
        if running.is_empty() && !more {
            break;
        }
        let finished = tokio::select! {
            // A job that has ended makes its report known before another one begins.
            biased;
            Some(finished) = running.join_next_with_id() => finished,
            () = bounds.stop.finishing(), if !interrupted => {
                interrupted = true;
                bounds.events.send(Happening::Interrupted { running: running.len() });
                continue;
            }
            mut slot = Slot::of(&slots), if more => {
                let Some(id) = lanes.start() else { continue };
                let (operation, job) = (Arc::clone(&operation), Arc::clone(&jobs[id]));
                let task = running.spawn(async move { (operation.perform(id, job, &mut slot).await, slot) });
                names.insert(task.id(), id);
                continue;
            }
        };
        // The slot is free again when the report is known.
        let (task, ended_in) = match finished {
            Ok((task, ended_in)) => (task, Some(ended_in)),
            Err(error) => (error.id(), None),
        };
        let Some(id) = names.remove(&task) else { continue };
        lanes.end(O::lane(&jobs[id]));
        let (report, _slot) = ended_in.unzip();
        go_on &= ended(id, report.unwrap_or_else(|| operation.broken(&jobs[id])));
    }
}
