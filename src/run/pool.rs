//! The loop: so many jobs in flight, one report each, nothing new after a stop.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::{Id, JoinSet};

use super::job::{blank, run_job};
use super::lanes::Lanes;
use super::log::{Events, JobLog};
use super::manifests::Manifests;
use super::stop::Stop;
use super::{Options, Shared, SharedRun};
use crate::aws::Sessions;
use crate::event::{Event, JobId, Mode};
use crate::outcome::{ErrorCode, JobError, JobReport, Outcome, Tally};
use crate::plan::{Job, Plan};

/// Runs all jobs of a plan and returns their reports in the plan's order: one each, whatever happens.
pub async fn run(plan: &Plan, sessions: Sessions, options: Options, events: Events, stop: Stop) -> Vec<JobReport> {
    events.send(Event::RunStarted { mode: options.mode, jobs: plan.jobs.len() });
    let all: Vec<JobId> = (0..plan.jobs.len()).collect();
    let mut results = Results { reports: BTreeMap::new(), tally: Tally::of(plan.jobs.len()), events: events.clone() };
    let mut rest = all;
    if options.all_or_nothing && options.mode == Mode::Publish {
        rest = rehearse(plan, &sessions, &options, &stop, rest, &mut results).await;
    }
    let shared = Arc::new(Shared {
        manifests: Manifests::of(rest.iter().map(|job| &plan.jobs[*job])),
        options,
        sessions,
        events: events.clone(),
        stop,
    });
    let fail_fast = shared.options.fail_fast;
    pool(plan, &shared, rest, |job, report| {
        let failed = report.outcome == Outcome::Failed;
        results.add(job, report);
        !(failed && fail_fast)
    })
    .await;
    results.finish(plan)
}

/// `--all-or-nothing`: a plan of all jobs first. Returns the jobs that are still to be done: none, if one failed.
async fn rehearse(
    plan: &Plan,
    sessions: &Sessions,
    options: &Options,
    stop: &Stop,
    jobs: Vec<JobId>,
    results: &mut Results,
) -> Vec<JobId> {
    let shared = Arc::new(Shared {
        manifests: Manifests::of(&plan.jobs),
        options: Options { mode: Mode::Plan, ..options.clone() },
        sessions: sessions.clone(),
        events: results.events.clone(),
        stop: stop.clone(),
    });
    let mut planned = Vec::new();
    let mut failed = false;
    pool(plan, &shared, jobs, |job, report| {
        failed |= report.outcome == Outcome::Failed;
        match report.outcome {
            Outcome::Planned => {
                results.events.send(Event::JobSetAside { job });
                planned.push((job, report));
            }
            _ => results.add(job, report),
        }
        !(failed && options.fail_fast)
    })
    .await;
    if !failed {
        planned.sort_by_key(|(job, _)| *job);
        return planned.into_iter().map(|(job, _)| job).collect();
    }
    for (job, report) in planned {
        results.add(job, JobReport { outcome: Outcome::Cancelled, ..report });
    }
    Vec::new()
}

/// Runs these jobs, a bounded number at once; `ended` takes each report and says whether to go on starting jobs.
async fn pool(plan: &Plan, shared: &SharedRun, jobs: Vec<JobId>, mut ended: impl FnMut(JobId, JobReport) -> bool) {
    let mut lanes = Lanes::of(jobs, &plan.jobs);
    let mut running: JoinSet<JobReport> = JoinSet::new();
    let mut names: BTreeMap<Id, JobId> = BTreeMap::new();
    let mut go_on = true;
    let mut told = false;
    loop {
        while go_on && !shared.stop.asked() && running.len() < shared.options.concurrency {
            let Some(job) = lanes.start() else { break };
            let task = running.spawn(start(Arc::clone(&plan.jobs[job]), job, Arc::clone(shared)));
            names.insert(task.id(), job);
        }
        let finished = tokio::select! {
            finished = running.join_next_with_id() => finished,
            () = shared.stop.finishing(), if !told => {
                told = true;
                shared.events.send(Event::Interrupted { running: running.len() });
                continue;
            }
            () = shared.stop.at_once() => {
                running.abort_all();
                running.join_next_with_id().await
            }
        };
        let Some(finished) = finished else { break };
        let (id, result) = match finished {
            Ok((id, report)) => (id, Ok(report)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(job) = names.remove(&id) else { continue };
        lanes.end(&plan.jobs[job].target.name);
        let report = result.unwrap_or_else(|error| broken_off(&plan.jobs[job], error.is_cancelled()));
        go_on &= ended(job, report);
    }
}

async fn start(job: Arc<Job>, id: JobId, shared: SharedRun) -> JobReport {
    let (layer, target) = (job.layer.clone(), job.target.name.clone());
    shared.events.send(Event::JobStarted { job: id, layer, target });
    run_job(&job, &shared, &JobLog::new(id, shared.events.clone())).await
}

/// A job that was dropped in the middle: by a second signal, or by a defect of ours.
fn broken_off(job: &Job, dropped: bool) -> JobReport {
    let error = if dropped {
        JobError::new(ErrorCode::Unconfirmed, "stopped in the middle of its work")
            .hint("run the same command again: it finds out what was done and finishes it")
    } else {
        JobError::new(ErrorCode::Internal, "broke off because of a defect in layership")
            .hint("please report it; running the same command again finishes what was not done")
    };
    JobReport { outcome: Outcome::Failed, error: Some(error), ..blank(job) }
}

/// The reports so far.
struct Results {
    reports: BTreeMap<JobId, JobReport>,
    tally: Tally,
    events: Events,
}

impl Results {
    fn add(&mut self, job: JobId, report: JobReport) {
        self.tally.count(report.outcome);
        self.events.send(Event::JobFinished { job, report: Box::new(report.clone()), tally: self.tally.clone() });
        self.reports.insert(job, report);
    }

    /// Whatever was not started is cancelled.
    fn finish(mut self, plan: &Plan) -> Vec<JobReport> {
        for (id, job) in plan.jobs.iter().enumerate() {
            if !self.reports.contains_key(&id) {
                self.add(id, blank(job));
            }
        }
        self.events.send(Event::RunFinished { tally: self.tally.clone() });
        self.reports.into_values().collect()
    }
}
