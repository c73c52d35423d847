//! The transition function: what is being done and what was seen, in; the next step, out.
//!
//! | # | while | what was seen | next |
//! |---|---|---|---|
//! | **taking** | | | |
//! | T1 | taking | nothing at the key | write `holding` if nothing is there |
//! | T2 | taking | a free lock | write `holding` in its place, with its memory |
//! | T3 | taking | a living holder, waited for less than `lock_wait` | read again a little later |
//! | T4 | taking | a living holder, waited for longer | end: locked |
//! | T5 | taking | a dead holder that sent nothing, or of which nothing can appear any more | write `holding` in its place: take over |
//! | T6 | taking | a dead holder whose publish may still take effect | look for it now and then: there, take over; else read again |
//! | T7 | taking | no lock, or one of a newer format | end: never overwritten |
//! | T8 | taking | written, or a lock of ours after the answer was lost | held |
//! | T9 | taking | the write was not answered well | read |
//! | T10 | taking | cannot be read or written for `patience`, or denied | end |
//! | **looking again** | | | |
//! | L1 | held | the lock remembers nothing above what preflight saw, no backup of the next version, nobody held it meanwhile | no look: the decision stands |
//! | L2 | held | otherwise | look: the version that the lock or backup names, after a dead holder those behind the one it saw and those behind the one preflight saw, and the list |
//! | L3 | looking | versions | the highest counts: decide again |
//! | L4 | looking | failed | end; a lock that was taken over from a dead holder is left as it is |
//! | **deciding** | | | |
//! | D1 | deciding | publish | wait for the turn |
//! | D2 | deciding | adopt | write the backup |
//! | D3 | deciding | keep | follow up |
//! | D4 | deciding | failed | end |
//! | **sending** | | | |
//! | S1 | waiting | turn | write `sending`: the mark |
//! | S2 | marking | written, by the answer or by reading, with *its* times | send once, signed so that it is refused after `accepted_until` |
//! | S3 | marking | ours, but not a mark that was not sent under | write it again |
//! | S4 | marking | another's, or gone | end: lost, nothing was sent |
//! | S5 | sending | too late, or never sent | mark again at once, `retries` times |
//! | S6 | sending | throttled | wait for the turn, mark again |
//! | S7 | sending | back-dated signature refused before `accepted_until` | mark again, signed as of now |
//! | S8 | sending | refused | end |
//! | S9 | sending | a version with the content | write the backup |
//! | S10 | sending | a version with other content | end: mismatch |
//! | S11 | sending | anything else | confirm |
//! | **confirming** | | | |
//! | C1 | confirming | a version with the content | write the backup |
//! | C2 | confirming | none, by a look that began before `settled_at` | look again |
//! | C3 | confirming | none, by a look that began after it, sent less than `sends` times | wait for the turn, mark again |
//! | C4 | confirming | the same, sent `sends` times; or looks fail for `patience` after it | end: unconfirmed |
//! | **recording** | | | |
//! | R1 | recording | stored | follow up |
//! | R2 | recording | another object, older than the version | replace it, and no other |
//! | R3 | recording | another object that is younger, or failed | end: no backup |
//! | R4 | following up | done | end |
//! | **ending** | | | |
//! | E1 | ending | unconfirmed, without backup, or a dead holder's work not looked at | leave the lock as it is |
//! | E2 | ending | anything else, the lock is held | write `free` with what was published last |
//! | E3 | freeing | written, by the answer or by reading; another's or gone | over |
//! | **keeping** | | | |
//! | K1 | anything but lock writes | a renewal is due | write the same phase and times again; what is answered meanwhile waits for it |
//! | K2 | renewing | another's, or gone, before anything was sent | end: lost |
//! | K3 | renewing | another's, or gone, after something was sent | go on to confirm and record, never mark, never free |
//! | K4 | renewing | ours, but not written; not answered; unreadable | go on, and renew again soon |

mod keep;
mod look;
mod publish;
mod record;
mod take;

use core::mem;

use crate::body::{Body, Last, Phase, Version};
use crate::outcome::{End, Failure, LockEnd, Outcome};
use crate::seen::{Decision, Seen};
use crate::step::{Job, Step};
use crate::time::{Moment, Nonce, Time};
use keep::{Hold, Op};
use publish::{Confirming, Sent};
use record::Recording;
use take::{Taking, first_reading};

/// One job on its way: what it does, holds and knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    pub(crate) doing: Doing,
    pub(crate) hold: Hold,
    /// A renewal that is under way beside what is being done.
    pub(crate) renewal: Option<Op>,
    /// What was answered meanwhile: one run's lock writes never overlap.
    pub(crate) deferred: Option<Seen>,
    pub(crate) known: Known,
    pub(crate) sent: Sent,
}

/// What the job knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    /// The latest version: by preflight, later by the look under the lock.
    pub seen: Version,
    /// What was decided with it.
    pub decision: Decision,
    /// Somebody else held the lock meanwhile.
    pub contended: bool,
    /// The backup of the version after `seen` was there.
    pub backup: bool,
    /// What the lock remembers.
    pub last: Option<Last>,
    /// The lock was taken over from a dead holder that knew of this version, and nobody has looked yet.
    pub dead: Option<Version>,
    /// `seen` is by a look under the lock.
    pub looked: bool,
}

/// What is being done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    Taking(Taking),
    Looking,
    Deciding,
    Waiting,
    Marking(Op),
    Sending,
    Confirming(Confirming),
    Recording(Recording),
    FollowingUp(Outcome),
    Freeing(Op, Outcome),
    Ended,
}

/// The fixed facts and the moment of one transition.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub job: &'a Job,
    pub now: Time,
    pub nonce: Nonce,
}

impl Machine {
    /// Begins with what preflight saw (0: no version) and decided: publish, adopt, or keep, where something is to be done
    /// under the lock all the same. The step is always `ReadLock`.
    pub fn begin(seen: Version, decision: Decision, now: Time) -> (Self, Step) {
        let known = Known { seen, decision, contended: false, backup: false, last: None, dead: None, looked: false };
        let machine = Self {
            doing: Doing::Taking(Taking::begin()),
            hold: Hold::No,
            renewal: None,
            deferred: None,
            known,
            sent: Sent::default(),
        };
        (machine, Step::ReadLock { at: now, why: first_reading(seen) })
    }

    /// What to do now that this was seen. `None`: another step is under way, whose answer is needed first.
    ///
    /// At most two steps are under way at once: the one that is being done, and a renewal of the lock.
    pub fn next(&mut self, job: &Job, seen: Seen, moment: Moment) -> Option<Step> {
        let at = At { job, now: moment.now, nonce: moment.nonce };
        match seen {
            Seen::RenewalDue => self.renew(at),
            Seen::LockRead(_) | Seen::LockWritten(_) if self.renewal.is_some() => self.renewal_answered(seen, at),
            seen if self.renewal.is_some() => {
                self.deferred = Some(seen);
                None
            }
            seen => Some(self.answered(seen, at)),
        }
    }

    /// When the lock is to be renewed: at this moment `Seen::RenewalDue` is to be told. `None` while there is nothing to
    /// renew, or a write of the lock is under way.
    pub fn renewal_due(&self) -> Option<Time> {
        match (&self.hold, &self.renewal, &self.doing) {
            (_, _, Doing::Taking(_) | Doing::Marking(_) | Doing::Freeing(..) | Doing::Ended) | (_, Some(_), _) => None,
            (Hold::Ours { renew_at, .. }, None, _) => Some(*renew_at),
            _ => None,
        }
    }

    pub(crate) fn answered(&mut self, seen: Seen, at: At<'_>) -> Step {
        match (mem::replace(&mut self.doing, Doing::Ended), seen) {
            (Doing::Taking(taking), Seen::LockRead(read)) => self.take(taking, read, at),
            (Doing::Taking(taking), Seen::LockWritten(written)) => self.take_answered(taking, written, at),
            (Doing::Taking(taking), Seen::Looked(sight)) => self.dead_looked_for(taking, sight.matching, at),
            (Doing::Taking(taking), Seen::LookFailed) => self.dead_looked_for(taking, None, at),
            (Doing::Looking, Seen::Looked(sight)) => self.looked(sight),
            (Doing::Looking, Seen::LookFailed) => self.finish(Outcome::Failed(Failure::Look), at),
            (Doing::Deciding, Seen::Decided(decision)) => self.decided(decision),
            (Doing::Deciding, Seen::DecideFailed) => self.finish(Outcome::Failed(Failure::Decide), at),
            (Doing::Waiting, Seen::Turn) => self.mark(at),
            (Doing::Marking(op), Seen::LockRead(read)) => self.mark_read(op, read.lock, at),
            (Doing::Marking(op), Seen::LockWritten(written)) => self.mark_answered(op, written, at),
            (Doing::Sending, Seen::Sent(answer)) => self.sent(answer, at),
            (Doing::Confirming(confirming), Seen::Looked(sight)) => self.confirm(confirming, sight.matching, at),
            (Doing::Confirming(confirming), Seen::LookFailed) => self.confirm_failed(confirming, at),
            (Doing::Recording(recording), Seen::Backup(answer)) => self.recorded(recording, answer, at),
            (Doing::FollowingUp(outcome), Seen::FollowedUp) => self.finish(outcome, at),
            (Doing::Freeing(op, outcome), Seen::LockRead(read)) => self.free_read(op, outcome, read.lock, at),
            (Doing::Freeing(op, outcome), Seen::LockWritten(written)) => self.free_answered(op, outcome, written, at),
            (Doing::Taking(taking), Seen::Stopped) => self.end(Outcome::Stopped, taking.lock_end()),
            (Doing::Waiting, Seen::Stopped) => self.finish(Outcome::Stopped, at),
            _ => self.end(Outcome::Failed(Failure::OutOfTurn), LockEnd::Left),
        }
    }

    pub(crate) fn end(&mut self, outcome: Outcome, lock: LockEnd) -> Step {
        self.doing = Doing::Ended;
        Step::End(End { outcome, lock })
    }

    /// The lock as this job writes it.
    pub(crate) fn body(&self, phase: Phase, last: Option<Last>, at: At<'_>) -> Body {
        let seen = self.known.seen.max(self.known.dead.unwrap_or_default());
        let holder = at.job.holder.clone();
        Body { phase, holder, time: at.now, seen, last, nonce: at.nonce }
    }
}
