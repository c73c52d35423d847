//! Keeping the lock, and writing it while it is held: rules K1 to K4 of the table, and what all lock writes share.
//!
//! A write that is not answered well is never taken for done or not done: the lock is read, and its body decides.

use alloc::sync::Arc;

use super::{At, Doing, Machine};
use crate::body::{Content, Holder, Phase};
use crate::lock_state::Etag;
use crate::outcome::{LockEnd, Outcome};
use crate::seen::{LockWritten, Seen, There};
use crate::step::{Condition, Reading, Step, Writing};
use crate::time::Time;

/// Whether the lock is this job's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hold {
    /// It is not, not yet.
    No,
    /// It is this job's.
    Ours {
        etag: Etag,
        /// What it says.
        phase: Phase,
        renew_at: Time,
    },
    /// It was, and is another's, or gone. It is never made anew.
    Lost(Option<Arc<Holder>>),
}

/// A write of the held lock that is under way, or whose outcome is being read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Op {
    /// What is being written.
    phase: Phase,
    /// When it was begun, tries before it included.
    since: Time,
    /// When this try was begun.
    begun: Time,
    tries: u32,
}

/// What reading the lock says of a write.
pub(crate) enum Resolved {
    Ours(Etag, Phase),
    Lost(Option<Arc<Holder>>),
    Unreadable,
}

impl Op {
    pub fn begin(phase: Phase, at: At<'_>) -> Self {
        Self { phase, since: at.now, begun: at.now, tries: 1 }
    }

    /// The same once more, with another phase or new times.
    pub fn again(self, phase: Phase, at: At<'_>) -> Self {
        Self { phase, begun: at.now, tries: self.tries.saturating_add(1), ..self }
    }

    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// At once after the first try; later not more often than other things are looked at.
    pub fn read(&self, at: At<'_>) -> Step {
        let at = if self.tries == 1 { at.now } else { at.now + at.job.rules.poll };
        Step::ReadLock { at, why: Reading::Again }
    }

    pub fn gives_up(&self, at: At<'_>) -> bool {
        at.now.since(self.since) >= at.job.rules.patience
    }
}

impl Machine {
    /// The step that writes the held lock.
    pub(crate) fn write(&self, phase: &Phase, why: Writing, at: At<'_>) -> Option<Step> {
        let Hold::Ours { etag, .. } = &self.hold else { return None };
        let body = self.body(phase.clone(), self.known.last, at);
        Some(Step::WriteLock { body, condition: Condition::Match(etag.clone()), why })
    }

    /// The lock says this now.
    pub(crate) fn holds(&mut self, etag: Etag, phase: Phase, renew_at: Time) {
        self.hold = Hold::Ours { etag, phase, renew_at };
    }

    pub(crate) fn written(&mut self, op: Op, etag: Etag, at: At<'_>) {
        self.holds(etag, op.phase, op.begun + at.job.rules.renewal);
    }

    pub(crate) fn renew(&mut self, at: At<'_>) -> Option<Step> {
        self.renewal_due()?;
        let Hold::Ours { phase, .. } = &self.hold else { return None };
        let op = Op::begin(phase.clone(), at);
        let step = self.write(op.phase(), Writing::Renew, at);
        self.renewal = Some(op);
        step
    }

    pub(crate) fn renewal_answered(&mut self, seen: Seen, at: At<'_>) -> Option<Step> {
        let op = self.renewal.take()?;
        let soon = at.now + at.job.rules.poll;
        match seen {
            Seen::LockWritten(LockWritten::Written(etag)) => self.written(op, etag, at),
            Seen::LockWritten(LockWritten::Unknown) => {
                let step = op.read(at);
                self.renewal = Some(op);
                return Some(step);
            }
            Seen::LockRead(read) => match resolve(read.lock, at) {
                Resolved::Ours(etag, phase) => self.holds(etag, phase, soon),
                Resolved::Lost(to) => self.hold = Hold::Lost(to),
                Resolved::Unreadable => self.renew_at(soon),
            },
            // Denied.
            _ => self.renew_at(soon),
        }
        self.renewed(at)
    }

    fn renew_at(&mut self, time: Time) {
        if let Hold::Ours { renew_at, .. } = &mut self.hold {
            *renew_at = time;
        }
    }

    /// Goes on with what was answered meanwhile.
    fn renewed(&mut self, at: At<'_>) -> Option<Step> {
        if let (Hold::Lost(to), false) = (&self.hold, self.has_sent()) {
            let outcome = Outcome::Lost(to.clone());
            return Some(self.end(outcome, LockEnd::NotOurs));
        }
        let seen = self.deferred.take()?;
        Some(self.answered(seen, at))
    }

    /// Whether something was sent whose outcome is to be found out or recorded whoever holds the lock.
    fn has_sent(&self) -> bool {
        matches!(self.doing, Doing::Sending | Doing::Confirming(_) | Doing::Recording(_) | Doing::FollowingUp(_))
    }
}

/// What is there now: ours, or lost.
pub(crate) fn resolve(there: There, at: At<'_>) -> Resolved {
    let object = match there {
        There::Failed => return Resolved::Unreadable,
        There::Nothing => return Resolved::Lost(None),
        There::Object(object) => object,
    };
    match object.content {
        Content::Lock(body) if body.holder.is(&at.job.holder) => Resolved::Ours(object.etag, body.phase),
        Content::Lock(body) => Resolved::Lost(Some(body.holder)),
        Content::NotALock | Content::NewerFormat(_) => Resolved::Lost(None),
    }
}
