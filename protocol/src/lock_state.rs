//! The state of a lock at a moment: whose it is, for how long, and what its holder may have left behind.
//!
//! | lock | lease over? | settled? | state |
//! |---|---|---|---|
//! | `free` | – | – | free |
//! | not a lock, or of a newer format | – | – | refused: never overwritten |
//! | this job's own | – | – | ours |
//! | another's | no | – | living, until its lease ends |
//! | another's, `holding` | yes | – | dead, and nothing was sent: its holder cannot write `sending` any more |
//! | another's, `sending` | yes | no | dead, and its publish may still take effect |
//! | another's, `sending` | yes | yes | dead, and nothing of it can appear any more |
//! | one without times | yes | 360 s after Last-Modified | the same as `sending` |
//!
//! All times count from Last-Modified, which is S3's own, and none for longer than `longest` after it.

use alloc::sync::Arc;
use core::time::Duration;

use crate::body::{Body, Content, Holder, Last, Phase, Version};
use crate::digest::Sha256;
use crate::rules::Rules;
use crate::time::Time;

/// An object at a lock's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    /// What it says.
    pub content: Content,
    /// Its entity tag.
    pub etag: Etag,
    /// Its Last-Modified; where the answer has none, the moment of the answer.
    pub modified: Time,
}

/// An object's entity tag, as S3 writes it.
pub type Etag = Arc<str>;

/// The state of a lock at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockState {
    /// Nobody holds it.
    Free {
        /// What it remembers.
        last: Option<Last>,
    },
    /// This job holds it: an answer was lost.
    Ours(Phase),
    /// Something that is never overwritten.
    Refused(NotOurs),
    /// Another's, and its lease runs.
    Living(Holding),
    /// Another's, and its lease ran out.
    Dead(Dead),
}

/// Why an object at a lock's key is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotOurs {
    /// It is not a lock.
    NotALock,
    /// It is a lock of a format that this version does not know.
    NewerFormat(u64),
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holding {
    /// The job that holds it.
    pub holder: Arc<Holder>,
    /// What the holder is doing.
    pub phase: PhaseName,
    /// From when on it can be taken over, if it is not written again.
    pub until: Time,
}

/// The phase of a lock that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhaseName {
    /// Nothing was sent.
    Holding,
    /// A publish may have been sent.
    Sending,
    /// The lock does not say: it is of version 0.1.0, or lacks its times. Treated as `Sending`.
    Unclear,
}

/// A lock whose holder died.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dead {
    /// Who, and from when on it can be taken over.
    pub holding: Holding,
    /// What the lock remembers.
    pub last: Option<Last>,
    /// The highest version that the holder knew of.
    pub seen: Version,
    /// What the version that may have been sent contains, where the lock says so.
    pub sha256: Option<Sha256>,
}

impl Found {
    /// Its state now. `claimed`: who this job is, if it tried to write it.
    pub fn state(&self, claimed: Option<&Holder>, rules: &Rules, now: Time) -> LockState {
        let body = match &self.content {
            Content::NotALock => return LockState::Refused(NotOurs::NotALock),
            Content::NewerFormat(format) => return LockState::Refused(NotOurs::NewerFormat(*format)),
            Content::Lock(body) => body,
        };
        let Some((phase, lease)) = held(&body.phase) else { return LockState::Free { last: body.last } };
        if claimed.is_some_and(|job| body.holder.is(job)) {
            return LockState::Ours(body.phase.clone());
        }
        let lease_over = self.modified + lease.min(rules.longest);
        let until = lease_over.max(self.settled_at(&body.phase, rules));
        let holding = Holding { holder: Arc::clone(&body.holder), phase, until };
        // S3 cuts Last-Modified to whole seconds, which may make a lease look older than it is: the rules do not rest
        // on it, since who lost a lock cannot write it.
        if now <= lease_over {
            return LockState::Living(holding);
        }
        LockState::Dead(dead(body, holding))
    }

    /// When nothing that was sent under it can appear any more. The larger settle time counts, the lock's or one's own;
    /// a lock without times counts as sending for as long as anything can.
    fn settled_at(&self, phase: &Phase, rules: &Rules) -> Time {
        match phase {
            Phase::Free | Phase::Holding { .. } => self.modified,
            Phase::Unclear { .. } => self.modified + rules.longest,
            Phase::Sending { mark, .. } => {
                let accepted_until = mark.accepted_until.min(self.modified + rules.signature_age);
                let settled_at = mark.settled_at.min(self.modified + rules.longest);
                settled_at.max(accepted_until + rules.settle)
            }
        }
    }
}

impl Dead {
    /// Whether nothing that its holder sent can appear any more.
    pub fn settled(&self, now: Time) -> bool {
        self.holding.phase == PhaseName::Holding || now > self.holding.until
    }
}

fn held(phase: &Phase) -> Option<(PhaseName, Duration)> {
    match phase {
        Phase::Free => None,
        Phase::Holding { lease } => Some((PhaseName::Holding, *lease)),
        Phase::Sending { lease, .. } => Some((PhaseName::Sending, *lease)),
        Phase::Unclear { lease } => Some((PhaseName::Unclear, *lease)),
    }
}

fn dead(body: &Body, holding: Holding) -> Dead {
    let mark = match &body.phase {
        Phase::Sending { mark, .. } => Some(mark),
        _ => None,
    };
    Dead {
        holding,
        last: body.last,
        seen: mark.map_or(body.seen, |mark| mark.seen.max(body.seen)),
        sha256: mark.and_then(|mark| mark.sha256),
    }
}
