//! What the end of the protocol means for a publish, in words.

use layership_protocol::{End, Outcome as Came};

use super::hands::PublishHands;
use super::unheld::{lock_told, unheld, wrapped};
use crate::event::Fact;
use crate::outcome::{ErrorCode, JobError, Outcome};

const AGAIN: &str = "run the same command again: it finds out what was done and finishes it";

/// The outcome of the job, or why it failed. What became of the lock is told on the way.
pub fn outcome(end: End, mut hands: PublishHands<'_>) -> Result<Outcome, JobError> {
    lock_told(end.lock, &mut hands.grip);
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
        Came::Stopped => hands.not_kept.take().map_or(Ok(Outcome::Cancelled), Err),
        Came::Unconfirmed => Err(unconfirmed(&mut hands)),
        Came::BackupFailed(version) => Err(backup_failed(&mut hands, version)),
        Came::ContentMismatch(version, found) => Err(mismatch(&hands, version, &found.to_hex())),
        came => Err(unheld(came, &mut hands.grip, "published")),
    }
}

/// Nobody knows whether there is a version now.
fn unconfirmed(hands: &mut PublishHands<'_>) -> JobError {
    let layer = &hands.grip.site.job.name;
    let mut error =
        wrapped(hands.grip.trouble.take()).context(format!("it is unknown whether layer `{layer}` was published"));
    error.code = ErrorCode::Unconfirmed;
    error.hint(AGAIN)
}

fn backup_failed(hands: &mut PublishHands<'_>, version: u64) -> JobError {
    let layer = &hands.grip.site.job.name;
    let which =
        hands.grip.site.layer_arn().map_or_else(|| "the version".to_owned(), |arn| arn.version(version).to_string());
    let message = format!("version {version} of layer `{layer}` is published, but its backup could not be written");
    let mut error = wrapped(hands.grip.trouble.take()).context(message);
    error.code = ErrorCode::BackupFailed;
    error.hint(format!("run the same command again: it adopts {which} and writes the backup"))
}

fn mismatch(hands: &PublishHands<'_>, version: u64, found: &str) -> JobError {
    let layer = &hands.grip.site.job.name;
    let message =
        format!("version {version} of layer `{layer}` has other content than the staged archive that was checked");
    let checked = hands.checked.sha256.map(|sha256| sha256.to_string()).unwrap_or_default();
    JobError::new(ErrorCode::ContentMismatch, message)
        .cause(format!("SHA-256 of the checked archive: {checked}; of the version: {found}"))
        .hint("the staged archive was replaced meanwhile, and no backup was written: run the same command again when nobody else stages this layer, and turn on versioning for the bucket to rule it out")
}

impl PublishHands<'_> {
    /// The version that was adopted is the one to use.
    fn use_latest(&mut self) {
        if let Some(latest) = &self.checked.latest {
            self.grip.trail.found(Fact::VersionToUse { arn: latest.arn.clone() });
        }
    }

    /// The outcome, unless something that follows the version was not done.
    fn followed(&mut self, outcome: Outcome) -> Result<Outcome, JobError> {
        self.not_followed.take().map_or(Ok(outcome), Err)
    }

    /// The version that another run published meanwhile is the one to use.
    fn keep(&mut self) {
        if let Some(latest) = &self.checked.latest {
            self.grip.trail.kept(self.grip.site.job, latest);
        }
    }
}
