//! All jobs of a plan: each ends in exactly one report, whatever happens.

use std::sync::Arc;

use super::adrift::Adrift;
use super::build::Builds;
use super::check::check;
use super::job::run_job;
use super::local_archives::Archives;
use super::manifests::Manifests;
use super::pool::{Bounds, Operation, Slot, pool};
use super::trail::blank;
use super::{Events, RunOptions, Shared, Stop};
use crate::aws::Sessions;
use crate::event::{Happening, JobId, Mode};
use crate::outcome::{ErrorCode, JobError, JobReport, Outcome, Tally, count_findings};
use crate::plan::{Job, Plan};

/// Runs all jobs of a plan and returns their reports in the plan's order.
pub async fn run(plan: &Plan, sessions: Sessions, options: RunOptions, events: Events, stop: Stop) -> Vec<JobReport> {
    events.send(Happening::RunStarted { mode: options.mode, jobs: plan.jobs.len() });
    let rehearsed = options.all_or_nothing && options.mode == Mode::Publish;
    let builds = Arc::new(Builds::of(&plan.jobs, options.concurrency, options.build));
    let bounds = Bounds { concurrency: options.concurrency, stop, events };
    let batch = Batch { plan, sessions, bounds, builds };
    let mut results = Results::of(plan, batch.bounds.events.clone());
    let all = (0..plan.jobs.len()).collect();
    let rest = if rehearsed { batch.rehearse(all, &options, &mut results).await } else { all };
    let (fail_fast, mode) = (options.fail_fast, options.mode);
    let ended = |job: JobId, report: JobReport| {
        let failed = report.outcome == Outcome::Failed && !plan.jobs[job].target.best_effort;
        results.add(job, report);
        !(failed && fail_fast)
    };
    batch.perform(rest, options, ended).await;
    batch.clean_up().await;
    results.finish(plan, mode)
}

struct Batch<'a> {
    plan: &'a Plan,
    sessions: Sessions,
    bounds: Bounds,
    builds: Arc<Builds>,
}

/// Whether the same archive is staged at all targets first.
fn stages(options: &RunOptions) -> bool {
    options.stage_first || options.build.is_some()
}

impl Batch<'_> {
    async fn perform(&self, jobs: Vec<JobId>, options: RunOptions, ended: impl FnMut(JobId, JobReport) -> bool) {
        let operation = Arc::new(Shared {
            manifests: Manifests::of(jobs.iter().map(|job| &self.plan.jobs[*job])),
            archives: Archives::of(jobs.iter().map(|job| &self.plan.jobs[*job])),
            builds: Arc::clone(&self.builds),
            adrift: Adrift::of(if options.align { &self.plan.jobs } else { &[] }, stages(&options)),
            options,
            sessions: self.sessions.clone(),
            events: self.bounds.events.clone(),
            stop: self.bounds.stop.clone(),
        });
        if operation.options.mode == Mode::Check {
            let jobs = jobs.into_iter().map(|id| (id, Arc::clone(&self.plan.jobs[id]))).collect();
            return check(operation, jobs, &self.bounds, ended).await;
        }
        pool(operation, &self.plan.jobs, jobs, &self.bounds, ended).await;
    }

    /// Uploads that a stop broke off are aborted, unless a second one asks for the end at once.
    async fn clean_up(&self) {
        tokio::select! {
            () = self.sessions.cleaned_up() => {}
            () = self.bounds.stop.at_once() => {}
        }
    }

    /// `--all-or-nothing`: a plan of all jobs first. Returns the jobs that are still to be done: none, if one failed.
    async fn rehearse(&self, jobs: Vec<JobId>, options: &RunOptions, results: &mut Results) -> Vec<JobId> {
        let mut planned = Vec::new();
        let mut failed = false;
        let ended = |job: JobId, report: JobReport| {
            failed |= report.outcome == Outcome::Failed && !self.plan.jobs[job].target.best_effort;
            if report.outcome == Outcome::Planned || report.outcome == Outcome::Unchanged && report.is_to_follow_up() {
                self.bounds.events.send(Happening::JobSetAside { job });
                planned.push((job, report));
            } else {
                results.add(job, report);
            }
            !(failed && options.fail_fast)
        };
        self.perform(jobs, RunOptions { mode: Mode::Plan, ..options.clone() }, ended).await;
        if !failed {
            planned.sort_by_key(|(job, _)| *job);
            return planned.into_iter().map(|(job, _)| job).collect();
        }
        for (job, report) in planned {
            results.add(job, JobReport { outcome: Outcome::Cancelled, ..report });
        }
        Vec::new()
    }
}

impl Operation for Shared {
    type Job = Job;
    type Report = JobReport;

    fn lane(job: &Job) -> &str {
        &job.target.name
    }

    async fn perform(&self, id: JobId, job: Arc<Job>, slot: &mut Slot) -> JobReport {
        run_job(id, &job, self, slot).await
    }

    fn broken(&self, job: &Job) -> JobReport {
        let error = JobError::new(ErrorCode::Internal, "stopped because of a defect in layership")
            .hint("please report it; running the same command again finishes what was not done");
        JobReport { outcome: Outcome::Failed, error: Some(error), ..blank(job) }
    }
}

/// The reports so far.
struct Results {
    /// Of the jobs that have ended, in their order.
    reports: Vec<Option<JobReport>>,
    tally: Tally,
    events: Events,
}

impl Results {
    fn of(plan: &Plan, events: Events) -> Self {
        Self { reports: vec![None; plan.jobs.len()], tally: Tally::of(plan.jobs.len()), events }
    }

    fn add(&mut self, job: JobId, report: JobReport) {
        self.tally.count(report.outcome);
        self.events.send(Happening::JobFinished { job, report: Box::new(report.clone()), tally: self.tally.clone() });
        self.reports[job] = Some(report);
    }

    /// Whatever was not started is cancelled.
    fn finish(mut self, plan: &Plan, mode: Mode) -> Vec<JobReport> {
        for (id, job) in plan.jobs.iter().enumerate() {
            if self.reports[id].is_none() {
                self.add(id, blank(job));
            }
        }
        // Where they are: of ten thousand, a copy would be what needs most memory of all.
        let reports: Vec<JobReport> = self.reports.into_iter().map_while(|report| report).collect();
        let findings = (mode == Mode::Status).then(|| count_findings(&reports));
        self.events.send(Happening::RunFinished { tally: self.tally, findings });
        reports
    }
}
