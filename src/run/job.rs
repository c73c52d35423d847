//! One job, from its first check to its report.

use std::sync::Arc;

use super::lock::{Held, acquire, clear_left_behind};
use super::preflight::{Checked, Known, preflight};
use super::publish::{carry_out, leaves_work};
use super::site::Site;
use super::stage::{check_local, stage};
use super::trail::Trail;
use super::{Options, Shared, manifests};
use crate::aws::{Session, Staged};
use crate::event::{Activity, Fact, JobId, Mode};
use crate::layer::LayerVersion;
use crate::manifest::Manifest;
use crate::outcome::{Decision, ErrorCode, JobError, JobReport, Outcome};
use crate::plan::Job;

/// Runs one job. It always ends in a report.
pub async fn run_job(id: JobId, job: &Job, shared: &Shared) -> JobReport {
    let mut trail = Trail::begin(id, job, shared.events.clone());
    let ended = tokio::select! {
        ended = steps(job, shared, &mut trail) => ended,
        () = shared.stop.at_once() => Err(broken_off()),
    };
    shared.manifests.release(&job.manifest.path).await;
    trail.close(ended)
}

fn broken_off() -> JobError {
    JobError::new(ErrorCode::Unconfirmed, "stopped in the middle of its work")
        .hint("run the same command again: it finds out what was done and finishes it")
}

async fn steps(job: &Job, shared: &Shared, trail: &mut Trail) -> Result<Outcome, JobError> {
    trail.enter(Activity::Checking);
    let manifest = manifests::check(job, shared.manifests.get(&job.manifest.path).await, trail)?;
    if shared.options.mode == Mode::Check {
        return check_local(job, &shared.options, trail).await.map(|()| Outcome::Checked);
    }
    // Until the lock is taken a stop may drop the work; from then on it is finished and recorded.
    let prepared = tokio::select! {
        prepared = prepare(job, shared, manifest, trail) => prepared?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    match prepared {
        Prepared::Done(outcome) => Ok(outcome),
        Prepared::ToDo(to_do) => finish(job, shared, *to_do, trail).await,
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

async fn prepare(job: &Job, shared: &Shared, manifest: Arc<Manifest>, trail: &mut Trail) -> Result<Prepared, JobError> {
    let options = &shared.options;
    let session = shared.sessions.get(&job.target).await?;
    let site = Site::new(job, &session);
    if let Some(account) = site.account() {
        trail.found(Fact::AccountKnown { account: account.clone() });
    }
    let mut just_staged = None;
    if options.stage_first || options.mode == Mode::Stage {
        let ready = stage(site, &manifest, options, trail).await?;
        if options.mode == Mode::Stage {
            return Ok(Prepared::Done(if ready.uploaded { Outcome::Staged } else { Outcome::Unchanged }));
        }
        just_staged = Some(ready.staged);
        trail.enter(Activity::Checking);
    }
    let known = Known { staged: just_staged.as_ref(), version: None };
    let checked = preflight(site, manifest, known, options, trail).await?;
    if let (Decision::Keep, Some(latest)) = (checked.decided.decision, &checked.latest) {
        keep(site, latest, trail);
        if options.mode == Mode::Publish {
            clear_left_behind(site, trail).await;
        }
        return Ok(Prepared::Done(Outcome::Unchanged));
    }
    if options.mode == Mode::Plan {
        return Ok(Prepared::Done(Outcome::Planned));
    }
    Ok(Prepared::ToDo(Box::new(ToDo { session, just_staged, checked })))
}

fn keep(site: Site<'_>, latest: &LayerVersion, trail: &mut Trail) {
    trail.found(Fact::VersionToUse { arn: latest.arn.clone() });
    let at = site.job.backup(latest.arn.number).to_string();
    trail.found(Fact::BackupThere { at, written: false, request_id: None });
}

/// Takes the lock, looks again, and does what is to be done.
async fn finish(job: &Job, shared: &Shared, to_do: ToDo, trail: &mut Trail) -> Result<Outcome, JobError> {
    let options = &shared.options;
    let session = Arc::clone(&to_do.session);
    let site = Site::new(job, &session);
    trail.enter(Activity::Locking);
    let held = acquire(site, &options.identity, options.lock_wait, &shared.stop, trail).await?;
    let Some(held) = held else { return Ok(Outcome::Cancelled) };
    let done = held.during(under_lock(site, to_do, &held, options, trail)).await;
    match &done {
        Err(error) if leaves_work(error) => held.abandon(trail).await,
        _ => held.release(trail).await,
    }
    done
}

/// Another run may have been quicker, or the list of versions may have lagged behind: under the lock the state is
/// looked at once more, and the decision is taken again if it is another one.
async fn under_lock(
    site: Site<'_>,
    to_do: ToDo,
    held: &Held<'_>,
    options: &Options,
    trail: &mut Trail,
) -> Result<Outcome, JobError> {
    let ToDo { just_staged, mut checked, .. } = to_do;
    while let Some(version) = newer(site, &checked, held.contended).await? {
        trail.found(Fact::Overtaken { version });
        trail.enter(Activity::Checking);
        let manifest = Arc::clone(&checked.manifest);
        let known = Known { staged: just_staged.as_ref(), version: Some(version) };
        checked = preflight(site, manifest, known, options, trail).await?;
        if let (Decision::Keep, Some(latest)) = (checked.decided.decision, &checked.latest) {
            keep(site, latest, trail);
            return Ok(Outcome::Unchanged);
        }
    }
    carry_out(site, &checked, held, trail).await
}

/// The version after the latest that preflight saw, if it is there by now.
///
/// Where nobody else held the lock meanwhile, whoever published it also wrote its backup before releasing the lock, so
/// S3 tells; after another holder, who may have died in between, Lambda is asked for the version itself. A backup alone
/// proves nothing: its version may have been deleted.
async fn newer(site: Site<'_>, checked: &Checked, contended: bool) -> Result<Option<u64>, JobError> {
    let known = checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
    if !contended && !site.has_backup(known + 1).await? {
        return Ok(None);
    }
    if site.version(known + 1).await?.is_some() {
        return Ok(Some(known + 1));
    }
    // Numbers of deleted versions are never given again: the next version may lie behind a gap.
    let listed = site.listed().await?;
    Ok(listed.map(|latest| latest.arn.number).filter(|listed| *listed > known))
}
