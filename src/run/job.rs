//! One job, from its first check to its report.

use std::sync::Arc;

use super::build::{Built, build};
use super::changed::is_changed;
use super::exactly_once::carry_out;
use super::follow_up::{Followed, follow_up};
use super::pool::Slot;
use super::preflight::{Checked, Given, preflight};
use super::prune::prune;
use super::site::Site;
use super::stage::stage;
use super::trail::Trail;
use super::{Shared, manifests, status};
use crate::aws::{Session, watched};
use crate::event::{Activity, Fact, JobId, Mode};
use crate::manifest::Manifest;
use crate::outcome::{Decision, ErrorCode, JobError, JobReport, Outcome};
use crate::plan::Job;

/// Runs one job. It always ends in a report.
pub async fn run_job(id: JobId, job: &Job, shared: &Shared, slot: &mut Slot) -> JobReport {
    let mut trail = Trail::begin(id, job, shared.events.clone());
    let watch = trail.watch();
    let ended = tokio::select! {
        // Where a second request to stop comes right behind the first one, what may be dropped is cancelled all the same.
        biased;
        ended = watched(watch, steps(job, shared, slot, &mut trail)) => ended,
        () = shared.stop.at_once() => Err(broken_off()),
    };
    shared.manifests.release(job).await;
    shared.archives.release(job).await;
    trail.close(ended)
}

fn broken_off() -> JobError {
    JobError::new(ErrorCode::Unconfirmed, "stopped in the middle of its work")
        .hint("run the same command again: it finds out what was done and finishes it")
}

async fn steps(job: &Job, shared: &Shared, slot: &mut Slot, trail: &mut Trail) -> Result<Outcome, JobError> {
    if shared.options.mode == Mode::Status {
        return status(job, shared, trail).await;
    }
    if shared.options.mode == Mode::Prune {
        return prune_old(job, shared, slot, trail).await;
    }
    let manifest = tokio::select! {
        looked = look(job, shared, trail) => looked?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    let mut is_built = false;
    if let Some(scope) = shared.options.build {
        match build(job, scope, shared, &manifest, trail).await? {
            Built::Stopped => return Ok(Outcome::Cancelled),
            built if shared.options.mode == Mode::Build => return Ok(built.outcome(scope)),
            built => is_built = built == Built::Well,
        }
        trail.enter(Activity::Checking);
    }
    // Until the lock is taken a stop may drop the work; from then on it is finished and recorded. Both are boxed: with all
    // that a request to AWS consists of inside of it, this would nest deeper than the compiler goes.
    let prepared = tokio::select! {
        prepared = Box::pin(prepare(job, shared, manifest, is_built, trail)) => prepared?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    match prepared {
        Prepared::Done(outcome) => Ok(outcome),
        Prepared::ToDo(to_do) => {
            let ToDo { session, checked } = *to_do;
            Box::pin(carry_out(Site::new(job, &session), checked, shared, slot, trail)).await
        }
    }
}

/// Everything is read, so a stop may drop the work at any time. A manifest that cannot be read is no reason not to look.
async fn status(job: &Job, shared: &Shared, trail: &mut Trail) -> Result<Outcome, JobError> {
    let looked = async {
        let manifest = shared.manifests.get(job).await.ok();
        if let Some(manifest) = &manifest {
            manifests::tell(job, manifest, &shared.options, trail);
        }
        let session = shared.sessions.get(&job.target).await?;
        let site = Site::new(job, &session);
        if let Some(account) = site.account() {
            trail.found(Fact::AccountKnown { account: account.clone() });
        }
        status::look(site, manifest.as_deref(), &shared.options, trail).await
    };
    let status = tokio::select! {
        status = looked => status?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    trail.looked(status);
    Ok(Outcome::Checked)
}

/// What the manifest says does not matter.
async fn prune_old(job: &Job, shared: &Shared, slot: &mut Slot, trail: &mut Trail) -> Result<Outcome, JobError> {
    let session = tokio::select! {
        session = shared.sessions.get(&job.target) => session?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    let site = Site::new(job, &session);
    if let Some(account) = site.account() {
        trail.found(Fact::AccountKnown { account: account.clone() });
    }
    prune(site, shared, slot, trail).await
}

/// What the manifest itself tells.
async fn look(job: &Job, shared: &Shared, trail: &mut Trail) -> Result<Arc<Manifest>, JobError> {
    trail.enter(Activity::Checking);
    manifests::check(job, shared.manifests.get(job).await, &shared.options, trail)
}

enum Prepared {
    Done(Outcome),
    ToDo(Box<ToDo>),
}

/// A job that has something to publish or adopt.
struct ToDo {
    session: Arc<Session>,
    checked: Checked,
}

async fn prepare(
    job: &Job,
    shared: &Shared,
    manifest: Arc<Manifest>,
    is_built: bool,
    trail: &mut Trail,
) -> Result<Prepared, JobError> {
    let options = &shared.options;
    let session = shared.sessions.get(&job.target).await?;
    let site = Site::new(job, &session);
    if let Some(account) = site.account() {
        trail.found(Fact::AccountKnown { account: account.clone() });
    }
    options.approval.hold_account(site)?;
    if options.mode == Mode::Changed {
        let is_changed = is_changed(site, &manifest, trail).await?;
        return Ok(Prepared::Done(if is_changed { Outcome::Changed } else { Outcome::Unchanged }));
    }
    let mut just_staged = None;
    if options.stage_first || is_built || options.mode == Mode::Stage {
        let ready = stage(site, &manifest, &shared.archives, options, trail).await?;
        if options.mode == Mode::Stage {
            return Ok(Prepared::Done(if ready.uploaded { Outcome::Staged } else { Outcome::Unchanged }));
        }
        just_staged = Some(ready);
        trail.enter(Activity::Checking);
    }
    let known = Given {
        staged: just_staged.as_ref().map(|ready| &ready.staged),
        inspection: just_staged.as_ref().map(|ready| &ready.archive.inspection),
        latest: None,
        drift: shared.drift(job).await,
    };
    let checked = preflight(site, manifest, known, options, trail).await?;
    let latest = checked.latest.as_ref();
    let (outcome, followed) = match (checked.decided.decision, latest) {
        (Decision::Keep, Some(latest)) => {
            trail.kept(job, latest);
            (Outcome::Unchanged, Followed::There(latest.arn.number))
        }
        _ if options.mode != Mode::Plan => return Ok(Prepared::ToDo(Box::new(ToDo { session, checked }))),
        (Decision::Adopt, Some(latest)) => (Outcome::Planned, Followed::There(latest.arn.number)),
        _ => (Outcome::Planned, Followed::ToCome),
    };
    follow_up(site, followed, &checked.manifest, options, trail).await?;
    Ok(Prepared::Done(outcome))
}
