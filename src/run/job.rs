//! The steps of one job, from its first check to its report.

use std::sync::Arc;
use std::time::Instant;

use super::log::JobLog;
use super::preflight::{check_layout, check_manifest, preflight};
use super::publish::carry_out;
use super::stage::{local_archive, stage};
use super::{Options, Shared};
use crate::aws::Session;
use crate::event::{Mode, Stage};
use crate::manifest::Manifest;
use crate::outcome::{ArchiveReport, Decision, JobError, JobReport, ManifestReport, Outcome};
use crate::plan::Job;

/// A report of a job of which nothing is known yet.
pub fn blank(job: &Job) -> JobReport {
    JobReport {
        layer: job.layer.clone(),
        target: job.target.name.clone(),
        region: job.target.region.clone(),
        account: job.target.account.clone(),
        layer_name: job.name.clone(),
        decision: None,
        reason: None,
        outcome: Outcome::Cancelled,
        previous_version: None,
        version: None,
        layer_arn: None,
        layer_version_arn: None,
        manifest: ManifestReport { path: job.manifest.shown.clone(), ..ManifestReport::default() },
        archive: ArchiveReport { staged: job.staged.to_string(), ..ArchiveReport::default() },
        dependencies: crate::manifest::Difference::default(),
        settings: Vec::new(),
        warnings: Vec::new(),
        seconds: 0.0,
        error: None,
    }
}

/// Runs one job. It always ends in a report.
pub async fn run_job(job: &Job, shared: &Shared, log: &JobLog) -> JobReport {
    let started = Instant::now();
    let mut report = blank(job);
    match steps(job, shared, log, &mut report).await {
        Ok(outcome) => report.outcome = outcome,
        Err(error) => {
            report.outcome = Outcome::Failed;
            report.error = Some(error);
        }
    }
    shared.manifests.release(&job.manifest.path).await;
    report.seconds = started.elapsed().as_secs_f64();
    report
}

async fn steps(job: &Job, shared: &Shared, log: &JobLog, report: &mut JobReport) -> Result<Outcome, JobError> {
    log.enter(Stage::Checking);
    let manifest = check_manifest(job, shared.manifests.get(&job.manifest.path).await, log, report)?;
    if shared.options.mode == Mode::Check {
        return check_offline(job, &shared.options, log, report).await;
    }
    // Until something is written a stop may drop the work; from then on it is finished and recorded.
    let prepared = tokio::select! {
        prepared = prepare(job, shared, manifest, log, report) => Some(prepared?),
        () = shared.stop.finishing() => None,
    };
    match prepared {
        None => Ok(Outcome::Cancelled),
        Some(Prepared::Done(outcome)) => Ok(outcome),
        Some(Prepared::ToDo(session, checked)) => carry_out(job, &session, &checked, log, report).await,
    }
}

enum Prepared {
    Done(Outcome),
    ToDo(Arc<Session>, Box<super::preflight::Checked>),
}

async fn prepare(
    job: &Job,
    shared: &Shared,
    manifest: Arc<Manifest>,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Prepared, JobError> {
    let options = &shared.options;
    let session = shared.sessions.get(&job.target).await?;
    report.account = session.account.clone().or(job.target.account.clone());
    let mut ready = None;
    if options.stage_first || options.mode == Mode::Stage {
        let staged = stage(job, &session, &manifest, options, log, report).await?;
        if options.mode == Mode::Stage {
            return Ok(Prepared::Done(if staged.uploaded { Outcome::Staged } else { Outcome::Unchanged }));
        }
        ready = Some(staged);
        log.enter(Stage::Checking);
    }
    let checked = preflight(job, &session, manifest, ready, options, log, report).await?;
    if options.mode == Mode::Plan && checked.decided.decision != Decision::Keep {
        return Ok(Prepared::Done(Outcome::Planned));
    }
    Ok(Prepared::ToDo(session, Box::new(checked)))
}

/// What can be said of a job without the network.
async fn check_offline(
    job: &Job,
    options: &Options,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Outcome, JobError> {
    if let Some(archive) = &job.archive {
        let local = local_archive(job, log).await?;
        check_layout(&local.inspection, job, &archive.shown, options.strict, log, report)?;
    }
    Ok(Outcome::Checked)
}
