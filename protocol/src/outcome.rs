//! How the publishing of a job ends. The words for it are the driver's.

use alloc::sync::Arc;

use crate::body::{Holder, Version};
use crate::digest::Sha256;
use crate::lock_state::{Holding, NotOurs};

/// The end of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// What came of it.
    pub outcome: Outcome,
    /// What became of the lock.
    pub lock: LockEnd,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// This version was published and has its backup.
    Published(Version, Confirmed),
    /// This version had the content already, and got its backup.
    Adopted(Version),
    /// Nothing changed since this version.
    Kept(Version),
    /// A stop was asked for before anything was sent.
    Stopped,
    /// A living run holds the lock.
    Locked(Holding),
    /// Something is at the lock's key that is never overwritten.
    NotOurs(NotOurs),
    /// The lock was lost to this holder, or is gone. Nothing of this job was published, and nothing can be any more.
    Lost(Option<Arc<Holder>>),
    /// Nothing was published, and the lock can neither be read nor written.
    LockUnreachable,
    /// Nothing was published: a step failed.
    Failed(Failure),
    /// It is not known whether something was published.
    Unconfirmed,
    /// This version was published or found, but has no backup.
    BackupFailed(Version),
    /// This version was published, but its content is another than the one that was checked.
    ContentMismatch(Version, Sha256),
}

/// How it was found out that a version was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confirmed {
    /// By the answer.
    Answer,
    /// By looking, after the answer was lost.
    Look,
}

/// Which step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The look for the latest version under the lock.
    Look,
    /// The decision under the lock.
    Decide,
    /// Lambda refused the publish.
    Refused,
    /// Lambda refused the publish for the quota, again and again.
    Throttled,
    /// The publish never left this machine in time.
    NotSent,
    /// An answer came to a question that was not asked: a mistake of the driver.
    OutOfTurn,
}

/// What became of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockEnd {
    /// It was never held.
    NotHeld,
    /// It is free.
    Freed,
    /// It was another's or gone by then, and was left alone.
    NotOurs,
    /// It is left to the next run as it is, on purpose: there is something to be found out or finished.
    Left,
    /// It could not be freed, and runs out by itself.
    NotFreed,
}
