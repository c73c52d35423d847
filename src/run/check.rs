//! `check`: everything is on this machine, so a few threads take one job after the other, and hand over nothing but reports.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_blocking;

use super::archive_checks::{findings_now, settle_all};
use super::pool::{Bounds, Operation as _};
use super::trail::Trail;
use super::{Shared, manifests};
use crate::batches::Batches;
use crate::event::{Activity, Happening, JobId};
use crate::halt::Halt;
use crate::outcome::{JobError, JobReport, Outcome};
use crate::plan::Job;

/// Checks these jobs; `ended` takes each report and says whether to go on starting jobs. After a stop nothing is waited
/// for: what has not ended by then has no report.
pub(super) async fn check(
    shared: Arc<Shared>,
    jobs: Vec<(JobId, Arc<Job>)>,
    bounds: &Bounds,
    mut ended: impl FnMut(JobId, JobReport) -> bool,
) {
    let (sender, reports) = unbounded_channel();
    let (mut reports, mut taken) = (Batches::of(reports), 0);
    let halt = Halt::default();
    let _halted_when_dropped = halt.on_drop();
    let threads = available_parallelism().map_or(1, usize::from).min(bounds.concurrency).min(jobs.len());
    let queue = Arc::new(Queue { jobs, next: AtomicUsize::new(0), halt: halt.clone() });
    for _ in 0..threads {
        let (queue, shared, sender) = (Arc::clone(&queue), Arc::clone(&shared), sender.clone());
        spawn_blocking(move || queue.work_off(&shared, &sender));
    }
    drop(sender);
    loop {
        let report = tokio::select! {
            biased;
            () = bounds.stop.finishing() => break,
            report = reports.next() => report,
        };
        let Some((id, report)) = report else { return };
        taken += 1;
        if !ended(id, report) {
            queue.close();
        }
    }
    bounds.events.send(Happening::Interrupted { running: queue.started().saturating_sub(taken) });
    halt.raise();
    while let Some((id, report)) = reports.ready() {
        ended(id, report);
    }
}

/// Jobs that are taken one after the other, by whoever has nothing to do.
struct Queue {
    jobs: Vec<(JobId, Arc<Job>)>,
    next: AtomicUsize,
    halt: Halt,
}

impl Queue {
    fn work_off(&self, shared: &Shared, reports: &UnboundedSender<(JobId, JobReport)>) {
        while let Some((id, job)) = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let report = catch_unwind(AssertUnwindSafe(|| check_one(*id, job, shared, &self.halt)));
            let report = report.unwrap_or_else(|_| Some(shared.broken(job)));
            let Some(report) = report.filter(|_| !self.halt.is_raised()) else { return };
            if reports.send((*id, report)).is_err() {
                return;
            }
        }
    }

    /// Lets nobody take another job.
    fn close(&self) {
        self.next.store(self.jobs.len(), Ordering::Relaxed);
    }

    fn started(&self) -> usize {
        self.next.load(Ordering::Relaxed).min(self.jobs.len())
    }
}

/// The report of a job; `None` where nobody waits for it any more.
fn check_one(id: JobId, job: &Job, shared: &Shared, halt: &Halt) -> Option<JobReport> {
    let mut trail = Trail::begin(id, job, shared.events.clone());
    let looked = look(job, shared, halt, &mut trail);
    shared.manifests.release_now(job);
    shared.archives.release_now(job);
    match looked {
        Looked::Stopped => None,
        Looked::Ended(ended) => Some(trail.close(ended.map(|()| Outcome::Checked))),
    }
}

enum Looked {
    Stopped,
    Ended(Result<(), JobError>),
}

fn look(job: &Job, shared: &Shared, halt: &Halt, trail: &mut Trail) -> Looked {
    trail.enter(Activity::Checking);
    let manifest = shared.manifests.get_now(job, halt);
    // What was read of it until then may be a part.
    if halt.is_raised() {
        return Looked::Stopped;
    }
    let manifest = match manifests::check(job, manifest, &shared.options, trail) {
        Ok(manifest) => manifest,
        Err(error) => return Looked::Ended(Err(error)),
    };
    let Some(place) = &job.archive else { return Looked::Ended(Ok(())) };
    let archive = shared.archives.get_now(job, halt);
    Looked::Ended(archive.and_then(|archive| {
        let findings = findings_now(&archive.inspection, job, &manifest, halt);
        settle_all(findings, &place.shown, job, shared.options.strict, trail)?;
        archive.check_opens(halt)
    }))
}
