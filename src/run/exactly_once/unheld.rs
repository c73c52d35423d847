//! What it means for a job that its lock could not be taken, kept or freed, in words.

use layership_protocol::{Holding, LockEnd, NotOurs, Outcome as Came};

use super::grip::Grip;
use crate::event::{Fact, LockPhase};
use crate::outcome::{ErrorCode, JobError};

/// Tells what became of the lock.
pub fn lock_told(end: LockEnd, grip: &mut Grip<'_>) {
    match end {
        LockEnd::Freed => grip.trail.found(Fact::LockFreed),
        LockEnd::Left => grip.trail.found(Fact::LockLeft),
        LockEnd::NotOurs => grip.trail.found(Fact::LockLost),
        LockEnd::NotHeld => {}
        LockEnd::NotFreed => {
            let why = grip.trouble.as_ref().map_or_else(String::new, |error| format!(": {error}"));
            let message = format!("the lock {} could not be released, others wait for it{why}", grip.site.job.lock());
            grip.trail.warn("lock-not-released", message);
        }
    }
}

/// Why a job ended that was not done; `done` says in the past tense what did not happen then: `published`.
pub fn unheld(came: Came, grip: &mut Grip<'_>, done: &str) -> JobError {
    let (job, trouble) = (grip.site.job, grip.trouble.take());
    let layer = &job.name;
    match came {
        Came::Locked(holding) => locked(grip, &holding),
        Came::NotOurs(why) => not_ours(grip, why),
        Came::Lost(to) => {
            let to = to.map_or_else(|| "it is gone".to_owned(), |to| format!("run {} on {} has it", to.run, to.host));
            JobError::new(ErrorCode::Locked, format!("lost the lock of layer `{layer}`, nothing was {done}"))
                .cause(format!("{}: {to}", job.lock()))
                .hint("this process slept, or could not renew the lock in time: run the same command again")
        }
        Came::LockUnreachable => {
            wrapped(trouble).context(format!("the lock of layer `{layer}` can neither be read nor written"))
        }
        _ => wrapped(trouble),
    }
}

/// Why a step failed.
pub fn wrapped(trouble: Option<JobError>) -> JobError {
    trouble.unwrap_or_else(|| JobError::new(ErrorCode::Internal, "a step failed and did not say why"))
}

fn locked(grip: &Grip<'_>, holding: &Holding) -> JobError {
    let (site, holder) = (grip.site, &holding.holder);
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

fn not_ours(grip: &Grip<'_>, why: NotOurs) -> JobError {
    let (at, layer) = (grip.site.job.lock(), &grip.site.job.name);
    let message = format!("layer `{layer}` cannot be locked");
    match why {
        NotOurs::NotALock => JobError::new(ErrorCode::Locked, message)
            .cause(format!("{at} is not a lock, and it was left alone"))
            .hint("move that object away, or choose another `backup-prefix`"),
        NotOurs::NewerFormat(format) => JobError::new(ErrorCode::Locked, message)
            .cause(format!("{at} has the format {format} of a newer layership"))
            .hint("use that version here and everywhere"),
    }
}
