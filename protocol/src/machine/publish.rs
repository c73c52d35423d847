//! Marking, sending once, finding out: rules S1 to S11 and C1 to C4 of the table.

use core::time::Duration;

use super::keep::{Hold, Op, Resolved, resolve};
use super::record::Recording;
use super::take::behind;
use super::{At, Doing, Machine};
use crate::body::{Mark, Phase, Version};
use crate::digest::Sha256;
use crate::outcome::{Confirmed, Failure, LockEnd, Outcome};
use crate::seen::{Answer, Decision, LockWritten, There};
use crate::step::{Ask, Intent, Looking, Send, Step, Writing};
use crate::time::{Time, pause};

/// What was sent, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    /// Requests that left this machine and were not refused.
    sends: u32,
    /// Sends that did not begin.
    retries: u32,
    throttled_since: Option<Time>,
    /// Back-dated signatures are refused here.
    as_of_now: bool,
    /// The mark of the last send: `accepted_until` and `settled_at`.
    mark: Option<(Time, Time)>,
}

/// Looking for what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Confirming {
    looks: u32,
    /// When the look that is under way begins.
    begins: Time,
}

impl Machine {
    pub(crate) fn mark(&mut self, at: At<'_>) -> Step {
        let phase = self.marked(at);
        match self.write(&phase, Writing::Mark, at) {
            Some(step) => {
                self.doing = Doing::Marking(Op::begin(phase, at));
                step
            }
            None => self.lost(),
        }
    }

    /// What the lock says before a send that begins now.
    fn marked(&self, at: At<'_>) -> Phase {
        let rules = &at.job.rules;
        let accepted_until = at.now + if self.sent.as_of_now { rules.signature_age } else { rules.window };
        let intent = self.intent();
        let mark = Mark {
            layer_arn: at.job.layer_arn.clone(),
            seen: self.known.seen,
            sha256: intent.map(|intent| intent.sha256),
            manifest_md5: intent.map(|intent| intent.manifest_md5),
            accepted_until,
            settled_at: accepted_until + rules.settle,
        };
        Phase::Sending { lease: rules.lease, mark }
    }

    pub(crate) fn mark_answered(&mut self, op: Op, written: LockWritten, at: At<'_>) -> Step {
        match written {
            LockWritten::Denied => self.end(Outcome::LockUnreachable, LockEnd::NotFreed),
            LockWritten::Written(etag) => {
                self.written(op, etag, at);
                self.send(at)
            }
            LockWritten::Unknown => {
                let step = op.read(at);
                self.doing = Doing::Marking(op);
                step
            }
        }
    }

    pub(crate) fn mark_read(&mut self, op: Op, there: There, at: At<'_>) -> Step {
        let renew_at = at.now + at.job.rules.poll;
        match resolve(there, at) {
            Resolved::Lost(to) => {
                self.hold = Hold::Lost(to);
                self.lost()
            }
            _ if op.gives_up(at) => self.end(Outcome::LockUnreachable, LockEnd::NotFreed),
            Resolved::Unreadable => {
                let step = op.read(at);
                self.doing = Doing::Marking(op);
                step
            }
            Resolved::Ours(etag, phase) => {
                let unused = self.is_unused(&phase);
                self.holds(etag, phase, renew_at);
                if unused { self.send(at) } else { self.mark_again(op, at) }
            }
        }
    }

    fn mark_again(&mut self, op: Op, at: At<'_>) -> Step {
        let phase = self.marked(at);
        match self.write(&phase, Writing::Mark, at) {
            Some(step) => {
                self.doing = Doing::Marking(op.again(phase, at));
                step
            }
            None => self.lost(),
        }
    }

    /// Whether it is a mark under which nothing was sent yet. Each mark allows one send.
    fn is_unused(&self, phase: &Phase) -> bool {
        matches!(phase, Phase::Sending { mark, .. } if self.sent.mark.is_none_or(|(used, _)| mark.accepted_until != used))
    }

    fn send(&mut self, at: At<'_>) -> Step {
        let (Some(intent), Hold::Ours { phase: Phase::Sending { mark, .. }, .. }) = (self.intent(), &self.hold) else {
            return self.end(Outcome::Failed(Failure::OutOfTurn), LockEnd::Left);
        };
        self.sent.mark = Some((mark.accepted_until, mark.settled_at));
        self.doing = Doing::Sending;
        Step::Send(Send {
            intent,
            signed_as_of: mark.accepted_until - at.job.rules.signature_age,
            not_after: mark.accepted_until,
            settled_at: mark.settled_at,
            back_dated: !self.sent.as_of_now,
            attempt: self.sent.sends + 1,
        })
    }

    pub(crate) fn sent(&mut self, answer: Answer, at: At<'_>) -> Step {
        match answer {
            Answer::Published(version, sha256) => self.published(version, sha256, at),
            Answer::TooLate | Answer::NeverSent => self.retry(Failure::NotSent, at),
            Answer::Throttled => self.throttled(at),
            Answer::SignatureRefused => self.signature_refused(at),
            Answer::Refused => self.finish(Outcome::Failed(Failure::Refused), at),
            Answer::Ambiguous => {
                self.sent.sends += 1;
                self.confirm_at(0, at.now, at)
            }
        }
    }

    fn published(&mut self, version: Version, sha256: Sha256, at: At<'_>) -> Step {
        if self.intent().is_some_and(|intent| intent.sha256 == sha256) {
            return self.record(Recording::of(version, Outcome::Published(version, Confirmed::Answer)));
        }
        self.finish(Outcome::ContentMismatch(version, sha256), at)
    }

    /// Nothing was sent: at once again, under another mark.
    fn retry(&mut self, failure: Failure, at: At<'_>) -> Step {
        if self.sent.retries >= at.job.rules.retries {
            return self.finish(Outcome::Failed(failure), at);
        }
        self.sent.retries += 1;
        self.mark(at)
    }

    fn throttled(&mut self, at: At<'_>) -> Step {
        let since = *self.sent.throttled_since.get_or_insert(at.now);
        if at.now.since(since) >= at.job.rules.throttle_patience {
            return self.finish(Outcome::Failed(Failure::Throttled), at);
        }
        self.wait_turn()
    }

    /// In time and refused: here signatures cannot be back-dated. Too late: it was only that.
    fn signature_refused(&mut self, at: At<'_>) -> Step {
        let late = self.sent.mark.is_some_and(|(accepted_until, _)| at.now > accepted_until);
        if !late && self.sent.as_of_now {
            return self.finish(Outcome::Failed(Failure::Refused), at);
        }
        self.sent.as_of_now |= !late;
        self.retry(Failure::Refused, at)
    }

    fn wait_turn(&mut self) -> Step {
        if matches!(self.hold, Hold::Lost(_)) {
            return self.lost();
        }
        self.doing = Doing::Waiting;
        Step::WaitTurn
    }

    fn confirm_at(&mut self, looks: u32, begins: Time, at: At<'_>) -> Step {
        self.doing = Doing::Confirming(Confirming { looks, begins });
        let above = self.known.seen;
        let sha256 = self.intent().map(|intent| intent.sha256);
        Step::Look { at: begins, ask: Ask { versions: behind(above, at), above, sha256 }, why: Looking::Confirm }
    }

    pub(crate) fn confirm(&mut self, confirming: Confirming, matching: Option<Version>, at: At<'_>) -> Step {
        if let Some(version) = matching {
            return self.record(Recording::of(version, Outcome::Published(version, Confirmed::Look)));
        }
        if confirming.begins <= self.settled_at() {
            return self.confirm_again(confirming, at);
        }
        if self.sent.sends < at.job.rules.sends {
            return self.wait_turn();
        }
        self.finish(Outcome::Unconfirmed, at)
    }

    pub(crate) fn confirm_failed(&mut self, confirming: Confirming, at: At<'_>) -> Step {
        if confirming.begins > self.settled_at() + at.job.rules.patience {
            return self.finish(Outcome::Unconfirmed, at);
        }
        self.confirm_again(confirming, at)
    }

    /// More and more seldom, but once right after all is settled.
    fn confirm_again(&mut self, confirming: Confirming, at: At<'_>) -> Step {
        let later = at.now + pause(at.job.rules.poll, confirming.looks);
        let settled = self.settled_at() + Duration::from_millis(1);
        let begins = if confirming.begins < settled { later.min(settled.max(at.now)) } else { later };
        self.confirm_at(confirming.looks.saturating_add(1), begins, at)
    }

    fn settled_at(&self) -> Time {
        self.sent.mark.map_or(Time::default(), |(_, settled_at)| settled_at)
    }

    fn intent(&self) -> Option<Intent> {
        match self.known.decision {
            Decision::Publish(intent) | Decision::Adopt(_, intent) => Some(intent),
            Decision::Keep(_) => None,
        }
    }

    /// Nothing of this job was published, and nothing can be any more.
    fn lost(&mut self) -> Step {
        let to = match &self.hold {
            Hold::Lost(to) => to.clone(),
            _ => None,
        };
        self.end(Outcome::Lost(to), LockEnd::NotOurs)
    }

    /// What this job publishes or adopts, for the lock's memory.
    pub(crate) fn content(&self) -> Option<Intent> {
        self.intent()
    }
}
