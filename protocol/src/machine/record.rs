//! Writing the backup, following up, freeing the lock: rules R1 to R4 and E1 to E3 of the table.

use super::keep::{Hold, Op, Resolved, resolve};
use super::{At, Doing, Machine};
use crate::body::{Last, Phase, Version};
use crate::outcome::{LockEnd, Outcome};
use crate::seen::{BackupAnswer, LockWritten, There};
use crate::step::{Step, Writing};

/// How often another object is replaced, if it changes meanwhile.
const REPLACEMENTS: u32 = 3;

/// The backup of a version is being written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Recording {
    version: Version,
    /// What came of the job once it is stored.
    outcome: Outcome,
    replaced: u32,
}

impl Recording {
    pub const fn of(version: Version, outcome: Outcome) -> Self {
        Self { version, outcome, replaced: 0 }
    }
}

impl Machine {
    pub(crate) fn record(&mut self, recording: Recording) -> Step {
        let version = recording.version;
        self.doing = Doing::Recording(recording);
        Step::WriteBackup { version, replacing: None }
    }

    pub(crate) fn recorded(&mut self, mut recording: Recording, answer: BackupAnswer, at: At<'_>) -> Step {
        let version = recording.version;
        match answer {
            BackupAnswer::Stored => self.follow_up(version, recording.outcome),
            BackupAnswer::Other { etag, older: true } if recording.replaced < REPLACEMENTS => {
                recording.replaced += 1;
                self.doing = Doing::Recording(recording);
                Step::WriteBackup { version, replacing: Some(etag) }
            }
            BackupAnswer::Other { .. } | BackupAnswer::Failed => self.finish(Outcome::BackupFailed(version), at),
        }
    }

    pub(crate) fn follow_up(&mut self, version: Version, outcome: Outcome) -> Step {
        self.doing = Doing::FollowingUp(outcome);
        Step::FollowUp { version }
    }

    /// Ends the job: frees the lock, or leaves it where the next run has to find something out.
    pub(crate) fn finish(&mut self, outcome: Outcome, at: At<'_>) -> Step {
        match self.hold {
            Hold::No => return self.end(outcome, LockEnd::NotHeld),
            Hold::Lost(_) => return self.end(outcome, LockEnd::NotOurs),
            Hold::Ours { .. } if self.leaves_work(&outcome) => return self.end(outcome, LockEnd::Left),
            Hold::Ours { .. } => {}
        }
        self.known.last = self.remembered(&outcome);
        self.free(Op::begin(Phase::Free, at), outcome, at)
    }

    fn leaves_work(&self, outcome: &Outcome) -> bool {
        self.known.dead.is_some() || matches!(outcome, Outcome::Unconfirmed | Outcome::BackupFailed(_))
    }

    /// What the free lock remembers: the version of this job; else the highest that it knows for certain.
    fn remembered(&self, outcome: &Outcome) -> Option<Last> {
        let known = &self.known;
        match *outcome {
            Outcome::Published(version, _) | Outcome::Adopted(version) => {
                let content = self.content();
                let (sha256, manifest_md5) = (content.map(|it| it.sha256), content.map(|it| it.manifest_md5));
                Some(Last { version, sha256, manifest_md5 })
            }
            Outcome::ContentMismatch(version, sha256) => {
                Some(Last { version, sha256: Some(sha256), manifest_md5: None })
            }
            _ if known.looked && known.seen > known.last.map_or(0, |last| last.version) => {
                Some(Last { version: known.seen, sha256: None, manifest_md5: None })
            }
            _ => known.last,
        }
    }

    fn free(&mut self, op: Op, outcome: Outcome, at: At<'_>) -> Step {
        match self.write(&Phase::Free, Writing::Free, at) {
            Some(step) => {
                self.doing = Doing::Freeing(op, outcome);
                step
            }
            None => self.end(outcome, LockEnd::NotOurs),
        }
    }

    pub(crate) fn free_answered(&mut self, op: Op, outcome: Outcome, written: LockWritten, at: At<'_>) -> Step {
        match written {
            LockWritten::Written(_) => self.end(outcome, LockEnd::Freed),
            LockWritten::Denied => self.end(outcome, LockEnd::NotFreed),
            LockWritten::Unknown => {
                let step = op.read(at);
                self.doing = Doing::Freeing(op, outcome);
                step
            }
        }
    }

    pub(crate) fn free_read(&mut self, op: Op, outcome: Outcome, there: There, at: At<'_>) -> Step {
        match resolve(there, at) {
            Resolved::Lost(_) => self.end(outcome, LockEnd::NotOurs),
            Resolved::Ours(_, Phase::Free) => self.end(outcome, LockEnd::Freed),
            _ if op.gives_up(at) => self.end(outcome, LockEnd::NotFreed),
            Resolved::Unreadable => {
                let step = op.read(at);
                self.doing = Doing::Freeing(op, outcome);
                step
            }
            Resolved::Ours(etag, phase) => {
                self.holds(etag, phase, at.now);
                self.free(op.again(Phase::Free, at), outcome, at)
            }
        }
    }
}
