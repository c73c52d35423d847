//! The steps of one job, from its first check to its report.

use std::sync::Arc;
use std::time::Instant;

use super::archive::check_layout;
use super::lock::{Held, acquire, clear_left_behind};
use super::log::JobLog;
use super::preflight::{Checked, Known, check_manifest, preflight};
use super::publish::{carry_out, leaves_work, note_version};
use super::stage::{local_archive, stage};
use super::{Options, Shared};
use crate::aws::{Session, Staged};
use crate::event::{Mode, Stage};
use crate::layer::LayerVersion;
use crate::manifest::Manifest;
use crate::outcome::{ArchiveReport, Decision, JobError, JobReport, ManifestReport, Outcome};
use crate::plan::Job;

/// A report of a job of which nothing is known yet.
pub fn blank(job: &Job) -> JobReport {
    JobReport {
        layer: job.layer.clone(),
        target: job.target.name.clone(),
        region: job.target.region.to_string(),
        account: job.target.account.as_ref().map(ToString::to_string),
        layer_name: job.name.to_string(),
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
    // Until the lock is taken a stop may drop the work; from then on it is finished and recorded.
    let prepared = tokio::select! {
        prepared = prepare(job, shared, manifest, log, report) => prepared?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    match prepared {
        Prepared::Done(outcome) => Ok(outcome),
        Prepared::ToDo(ready) => finish(job, shared, *ready, log, report).await,
    }
}

enum Prepared {
    Done(Outcome),
    ToDo(Box<ToDo>),
}

/// A job that has something to publish or adopt.
struct ToDo {
    session: Arc<Session>,
    just_staged: Option<Staged>,
    checked: Checked,
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
    report.account = session.account.as_ref().or(job.target.account.as_ref()).map(ToString::to_string);
    let mut just_staged = None;
    if options.stage_first || options.mode == Mode::Stage {
        let ready = stage(job, &session, &manifest, options, log, report).await?;
        if options.mode == Mode::Stage {
            return Ok(Prepared::Done(if ready.uploaded { Outcome::Staged } else { Outcome::Unchanged }));
        }
        just_staged = Some(ready.staged);
        log.enter(Stage::Checking);
    }
    let known = Known { staged: just_staged.as_ref(), version: None };
    let checked = preflight(job, &session, manifest, known, options, log, report).await?;
    if let (Decision::Keep, Some(latest)) = (checked.decided.decision, &checked.latest) {
        keep(job, latest, report);
        if options.mode == Mode::Publish {
            clear_left_behind(job, &session.s3, log).await;
        }
        return Ok(Prepared::Done(Outcome::Unchanged));
    }
    if options.mode == Mode::Plan {
        return Ok(Prepared::Done(Outcome::Planned));
    }
    Ok(Prepared::ToDo(Box::new(ToDo { session, just_staged, checked })))
}

fn keep(job: &Job, latest: &LayerVersion, report: &mut JobReport) {
    note_version(&latest.arn, report);
    report.manifest.backup = Some(job.backup(latest.arn.number).to_string());
}

/// Takes the lock, looks again, and does what is to be done.
async fn finish(
    job: &Job,
    shared: &Shared,
    to_do: ToDo,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Outcome, JobError> {
    let options = &shared.options;
    let session = Arc::clone(&to_do.session);
    log.enter(Stage::Locking);
    let held = acquire(job, &session.s3, &options.identity, options.lock_wait, &shared.stop, log).await?;
    let Some(held) = held else { return Ok(Outcome::Cancelled) };
    let done = held.during(under_lock(job, to_do, &held, options, log, report)).await;
    match &done {
        Err(error) if leaves_work(error) => held.abandon(log).await,
        _ => held.release(log).await,
    }
    done
}

/// Another run may have been quicker, or the list of versions may have lagged behind: under the lock the state is
/// looked at once more, and the decision is taken again if it is another one.
async fn under_lock(
    job: &Job,
    to_do: ToDo,
    held: &Held<'_>,
    options: &Options,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Outcome, JobError> {
    let ToDo { session, just_staged, mut checked } = to_do;
    while let Some(newer) = newer(job, &session, &checked, held.contended).await? {
        log.step(format!("version {newer} is there by now: deciding again"), None);
        log.enter(Stage::Checking);
        let manifest = Arc::clone(&checked.manifest);
        let known = Known { staged: just_staged.as_ref(), version: Some(newer) };
        checked = preflight(job, &session, manifest, known, options, log, report).await?;
        if let (Decision::Keep, Some(latest)) = (checked.decided.decision, &checked.latest) {
            keep(job, latest, report);
            return Ok(Outcome::Unchanged);
        }
    }
    carry_out(job, &session, &checked, held, log, report).await
}

/// The version after the latest that preflight saw, if it is there by now.
///
/// Where nobody else held the lock meanwhile, whoever published it also wrote its backup before releasing the lock, so
/// S3 tells; after another holder, who may have died in between, Lambda is asked for the version itself. A backup alone
/// proves nothing: its version may have been deleted.
async fn newer(job: &Job, session: &Session, checked: &Checked, contended: bool) -> Result<Option<u64>, JobError> {
    let known = checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
    if !contended && !session.s3.exists(&job.backup(known + 1)).await? {
        return Ok(None);
    }
    if session.lambda.version(&job.name, known + 1).await?.is_some() {
        return Ok(Some(known + 1));
    }
    // Numbers of deleted versions are never given again: the next version may lie behind a gap.
    let listed = session.lambda.latest(&job.name).await?;
    Ok(listed.map(|latest| latest.arn.number).filter(|listed| *listed > known))
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
