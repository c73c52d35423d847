//! What came of a step: the driver's half of the vocabulary.

use alloc::boxed::Box;

use crate::body::Version;
use crate::digest::Sha256;
use crate::lock_state::{Etag, Found};
use crate::step::Intent;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Publish this.
    Publish(Intent),
    /// This version has the content already: write its backup.
    Adopt(Version, Intent),
    /// Nothing changed since this version.
    Keep(Version),
}

/// What the driver saw when it carried a step out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    /// Answers `ReadLock`.
    LockRead(LockRead),
    /// Answers `WriteLock`.
    LockWritten(LockWritten),
    /// Answers `Look`: everything that was asked was answered, or what was looked for was found.
    Looked(Sight),
    /// Answers `Look`: something could not be asked.
    LookFailed,
    /// Answers `Decide`.
    Decided(Decision),
    /// Answers `Decide`.
    DecideFailed,
    /// Answers `WaitTurn`.
    Turn,
    /// Answers a step that waits, `WaitTurn` or `ReadLock` with a time to come: a stop was asked for.
    Stopped,
    /// Answers `Send`.
    Sent(Answer),
    /// Answers `WriteBackup`.
    Backup(BackupAnswer),
    /// Answers `FollowUp`, whatever came of it.
    FollowedUp,
    /// Answers nothing: [`Machine::renewal_due`](crate::Machine::renewal_due) has come.
    RenewalDue,
}

/// What reading the lock showed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockRead {
    /// The lock.
    pub lock: There,
    /// Whether the backup is there that [`Reading::First`](crate::Reading::First) asked for; false for other readings. A backup that could not
    /// be asked for makes the whole reading `Failed`.
    pub backup: bool,
}

/// What is at the lock's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum There {
    /// There is no object.
    Nothing,
    /// This object.
    Object(Box<Found>),
    /// It could not be read.
    Failed,
}

/// What came of writing the lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockWritten {
    /// It was written, under this entity tag.
    Written(Etag),
    /// 409, 412, 404 for one that was there, 5xx, a lost or unreadable answer: reading will tell.
    Unknown,
    /// A refusal that has nothing to do with the condition (403, no such bucket): it was not written.
    Denied,
}

/// What a look showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// The highest version that was found, by number or in the list; 0 if there is none.
    pub highest: Version,
    /// The highest one above [`Ask::above`](crate::Ask::above) whose content is the one that was looked for.
    pub matching: Option<Version>,
}

/// What came of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// A version: number, ARN and content are there.
    Published(Version, Sha256),
    /// The clock was past `not_after` before the first byte: nothing was sent.
    TooLate,
    /// The connection was never made: nothing was sent.
    NeverSent,
    /// Refused because of the quota: it was not executed.
    Throttled,
    /// The signature was refused: too old, or older than the credentials. It was not executed.
    SignatureRefused,
    /// Refused for another reason (4xx): it was not executed.
    Refused,
    /// Anything else: timeout, cut connection, 5xx, an answer that cannot be read or lacks version, ARN or content.
    Ambiguous,
}

/// What came of writing a backup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BackupAnswer {
    /// It is there: written, or the same manifest was.
    Stored,
    /// Another object is there.
    Other {
        /// Its entity tag.
        etag: Etag,
        /// Whether it was written before its version was made: then it belongs to none.
        older: bool,
    },
    /// It could not be written.
    Failed,
}
