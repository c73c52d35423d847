//! What the end of the protocol means for the job, in words.

use layership_protocol::{End, Holding, LockEnd, NotOurs, Outcome as Came};

use super::hands::Hands;
use crate::event::{Fact, LockPhase};
use crate::outcome::{ErrorCode, JobError, Outcome};

const AGAIN: &str = "run the same command again: it finds out what was done and finishes it";

/// The outcome of the job, or why it failed. What became of the lock is told on the way.
pub fn outcome(end: End, mut hands: Hands<'_>) -> Result<Outcome, JobError> {
    lock(end.lock, &mut hands);
    let layer = &hands.site.job.name;
    let trouble = hands.trouble.take();
    match end.outcome {
        Came::Published(..) => hands.followed(Outcome::Published),
        Came::Adopted(_) => {
            hands.use_latest();
            hands.followed(Outcome::Adopted)
        }
        Came::Kept(_) => {
            hands.keep();
            hands.followed(Outcome::Unchanged)
        }
        Came::Stopped => Ok(Outcome::Cancelled),
        Came::Locked(holding) => Err(locked(&hands, &holding)),
        Came::NotOurs(why) => Err(not_ours(&hands, why)),
        Came::Lost(to) => {
            let to = to.map_or_else(|| "it is gone".to_owned(), |to| format!("run {} on {} has it", to.run, to.host));
            Err(JobError::new(ErrorCode::Locked, format!("lost the lock of layer `{layer}`, nothing was published"))
                .cause(format!("{}: {to}", hands.site.job.lock()))
                .hint("this process slept, or could not renew the lock in time: run the same command again"))
        }
        Came::LockUnreachable => Err(wrapped(trouble, |error| {
            error.context(format!("the lock of layer `{layer}` can neither be read nor written"))
        })),
        Came::Failed(_) => Err(wrapped(trouble, |error| error)),
        Came::Unconfirmed => Err(wrapped(trouble, |error| unconfirmed(layer.as_str(), error))),
        Came::BackupFailed(version) => Err(wrapped(trouble, |error| backup_failed(&hands, version, error))),
        Came::ContentMismatch(version, found) => Err(mismatch(&hands, version, &found.to_hex())),
    }
}

fn lock(end: LockEnd, hands: &mut Hands<'_>) {
    match end {
        LockEnd::Freed => hands.trail.found(Fact::LockFreed),
        LockEnd::Left => hands.trail.found(Fact::LockLeft),
        LockEnd::NotOurs => hands.trail.found(Fact::LockLost),
        LockEnd::NotHeld => {}
        LockEnd::NotFreed => {
            let why = hands.trouble.as_ref().map_or_else(String::new, |error| format!(": {error}"));
            let message = format!("the lock {} could not be released, others wait for it{why}", hands.site.job.lock());
            hands.trail.warn("lock-not-released", message);
        }
    }
}

fn wrapped(trouble: Option<JobError>, wrap: impl FnOnce(JobError) -> JobError) -> JobError {
    wrap(trouble.unwrap_or_else(|| JobError::new(ErrorCode::Internal, "a step failed and did not say why")))
}

fn locked(hands: &Hands<'_>, holding: &Holding) -> JobError {
    let (site, holder) = (hands.site, &holding.holder);
    let message = format!(
        "layer `{}` is locked by run {} on {}, which {}",
        site.job.name,
        holder.run,
        holder.host,
        LockPhase::from(holding.phase).doing(),
    );
    let until = site.shown(holding.until).map_or_else(|| "soon".to_owned(), |until| format!("from {until} on"));
    JobError::new(ErrorCode::Locked, message)
        .cause(format!("{} can be taken over {until}, unless it is renewed", site.job.lock()))
        .hint("wait for that run; if it died, running the same command again takes its lock over")
}

fn not_ours(hands: &Hands<'_>, why: NotOurs) -> JobError {
    let (at, layer) = (hands.site.job.lock(), &hands.site.job.name);
    let message = format!("layer `{layer}` cannot be locked");
    match why {
        NotOurs::NotALock => JobError::new(ErrorCode::Locked, message)
            .cause(format!("{at} is not a lock, and it was left alone"))
            .hint("move that object away, or choose another `backup-prefix`"),
        NotOurs::NewerFormat(format) => JobError::new(ErrorCode::Locked, message)
            .cause(format!("{at} has the format {format} of a newer layership"))
            .hint("publish with that version, here and everywhere"),
    }
}

/// Nobody knows whether there is a version now.
fn unconfirmed(layer: &str, error: JobError) -> JobError {
    let mut error = error.context(format!("it is unknown whether layer `{layer}` was published"));
    error.code = ErrorCode::Unconfirmed;
    error.hint(AGAIN)
}

fn backup_failed(hands: &Hands<'_>, version: u64, error: JobError) -> JobError {
    let layer = &hands.site.job.name;
    let which = hands.site.layer_arn().map_or_else(|| "the version".to_owned(), |arn| arn.version(version).to_string());
    let message = format!("version {version} of layer `{layer}` is published, but its backup could not be written");
    let mut error = error.context(message);
    error.code = ErrorCode::BackupFailed;
    error.hint(format!("run the same command again: it adopts {which} and writes the backup"))
}

fn mismatch(hands: &Hands<'_>, version: u64, found: &str) -> JobError {
    let layer = &hands.site.job.name;
    let message =
        format!("version {version} of layer `{layer}` has other content than the staged archive that was checked");
    let checked = hands.checked.sha256.map(|sha256| sha256.to_string()).unwrap_or_default();
    JobError::new(ErrorCode::ContentMismatch, message)
        .cause(format!("SHA-256 of the checked archive: {checked}; of the version: {found}"))
        .hint("the staged archive was replaced meanwhile, and no backup was written: run the same command again when nobody else stages this layer, and turn on versioning for the bucket to rule it out")
}

impl Hands<'_> {
    /// The version that was adopted is the one to use.
    fn use_latest(&mut self) {
        if let Some(latest) = &self.checked.latest {
            self.trail.found(Fact::VersionToUse { arn: latest.arn.clone() });
        }
    }

    /// The outcome, unless something that follows the version was not done.
    fn followed(&mut self, outcome: Outcome) -> Result<Outcome, JobError> {
        self.not_followed.take().map_or(Ok(outcome), Err)
    }

    /// The version that another run published meanwhile is the one to use.
    fn keep(&mut self) {
        if let Some(latest) = &self.checked.latest {
            self.trail.kept(self.site.job, latest);
        }
    }
}
