//! What is to be done: the protocol's half of the vocabulary between it and whoever drives it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::body::{Body, Holder, Version};
use crate::digest::{Md5, Sha256};
use crate::lock_state::{Etag, Holding};
use crate::outcome::End;
use crate::rules::Rules;
use crate::time::Time;

/// What is to be done next. Each is answered by exactly one [`Seen`](crate::Seen), except `End`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Read the lock, not before `at`. Answer: `LockRead`, or `Stopped` if a stop was asked for before `at`.
    ReadLock {
        /// The earliest moment to read it.
        at: Time,
        /// What it is read for.
        why: Reading,
    },
    /// Write the lock, under a condition. Never repeat it: whether it was done is found out by reading. Answer:
    /// `LockWritten`.
    WriteLock {
        /// What it is to say.
        body: Body,
        /// It is written only if this holds.
        condition: Condition,
        /// What it is written for.
        why: Writing,
    },
    /// Look for versions in Lambda, not before `at`. Answer: `Looked` or `LookFailed`.
    Look {
        /// The earliest moment to look.
        at: Time,
        /// The versions to look for.
        ask: Ask,
        /// What they are looked for.
        why: Looking,
    },
    /// Look at the staged archive again and decide again, with this latest version (0: there is none). Answer:
    /// `Decided` or `DecideFailed`.
    Decide {
        /// The latest version.
        latest: Version,
    },
    /// Wait until it is this job's turn to call Lambda. Answer: `Turn`, or `Stopped` if a stop was asked for.
    WaitTurn,
    /// Send `PublishLayerVersion` once, with no repetition of any kind. Answer: `Sent`.
    Send(Send),
    /// Write the backup. Answer: `Backup`.
    WriteBackup {
        /// The version that the backup belongs to.
        version: Version,
        /// The object to replace, and no other one (`If-Match`); `None`: write only if nothing is there
        /// (`If-None-Match: *`).
        replacing: Option<Etag>,
    },
    /// Do what follows a version: share, parameter, deleting older ones. Answer: `FollowedUp`.
    FollowUp {
        /// The version that was published, adopted or kept.
        version: Version,
    },
    /// It is over. Whatever is still under way is to be dropped.
    End(End),
}

/// What the lock is read for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// To take it. Beside it: is the backup of this version there? (See [`LockRead::backup`](crate::LockRead::backup).)
    First {
        /// The one after the latest that preflight saw.
        backup: Version,
    },
    /// To see whether its holder gave it up or died.
    Waiting(Wait),
    /// To find out what became of a write, or because reading failed.
    Again,
}

/// The holder that a job waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wait {
    /// The holder, its phase, and until when at most, if it does not write again.
    pub holding: Holding,
    /// Whether its lease still runs.
    pub living: bool,
}

/// The condition of a write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Nothing is there: `If-None-Match: *`.
    Absent,
    /// This is there: `If-Match`.
    Match(Etag),
}

/// What the lock is written for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Writing {
    /// To take it.
    Take,
    /// To take it over from a holder that died.
    TakeOver(Holding),
    /// To renew its lease.
    Renew,
    /// To say that a publish will be sent.
    Mark,
    /// To give it up.
    Free,
}

/// Which question a look for versions is to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Looking {
    /// Has the dead holder's publish taken effect?
    TakeOver,
    /// What is the latest version by now?
    UnderLock,
    /// Has this job's own publish taken effect?
    Confirm,
}

/// Which versions to look for. All of them can be asked for at once, beside the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// To be asked for one by one (GetLayerVersion), in ascending order: a list may lag, a version is there or not.
    pub versions: Vec<Version>,
    /// Only what is above this is of interest.
    pub above: Version,
    /// The content that is looked for. The list does not tell it: the listed versions above `above`, the highest
    /// `neighbours` of them at most, are then asked for one by one too.
    pub sha256: Option<Sha256>,
}

/// One `PublishLayerVersion` request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Send {
    /// What is published.
    pub intent: Intent,
    /// The moment as of which the request is signed; never read a clock for that a second time.
    pub signed_as_of: Time,
    /// After signing, before the first byte leaves, look at the clock: after this moment the answer is `TooLate` and
    /// nothing may leave.
    pub not_after: Time,
    /// What it may have done shows until then: so long a version is looked for if there is no answer.
    pub settled_at: Time,
    /// Whether it is signed as of an earlier moment than now.
    pub back_dated: bool,
    /// Which send it is: 1 for the first.
    pub attempt: u32,
}

/// What a version is to contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Intent {
    /// SHA-256 of the staged zip.
    pub sha256: Sha256,
    /// MD5 of the manifest.
    pub manifest_md5: Md5,
}

/// The fixed facts of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Who publishes, as the lock names it.
    pub holder: Arc<Holder>,
    /// The layer's ARN, or its name where the account is not known; for people who read the lock.
    pub layer_arn: Arc<str>,
    /// The durations and counts of the protocol.
    pub rules: Rules,
}
