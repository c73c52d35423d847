//! Taking the lock: rules T1 to T10 of the table.

use alloc::vec::Vec;

use super::keep::Hold;
use super::{At, Doing, Machine};
use crate::body::{Body, Last, Phase, Version};
use crate::lock_state::{Dead, Etag, Holding, LockState};
use crate::outcome::{LockEnd, Outcome};
use crate::seen::{LockRead, LockWritten, There};
use crate::step::{Ask, Condition, Looking, Reading, Step, Wait, Writing};
use crate::time::{Time, pause};

/// On the way to the lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Taking {
    /// The last try to write it. If a lock of ours is found, it is this one: an earlier one can no longer be written,
    /// since its condition does not hold any more.
    claim: Option<Claim>,
    /// Since when a living holder is waited for.
    living_since: Option<Time>,
    /// Since when neither reading nor writing works.
    trouble_since: Option<Time>,
    /// A dead holder whose publish was looked for, and how that went on.
    watch: Watch,
    /// Nothing was read yet, and the backup not asked for.
    first: bool,
}

/// A try to write the lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Claim {
    last: Option<Last>,
    /// The highest version that the dead holder knew of.
    dead: Option<Version>,
    at: Time,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Watch {
    /// The lock that stands while its holder's publish is looked for.
    dead: Option<(Dead, Condition)>,
    looks: u32,
    next: Time,
}

impl Taking {
    pub fn begin() -> Self {
        Self { claim: None, living_since: None, trouble_since: None, watch: Watch::default(), first: true }
    }

    /// A try whose outcome is not known may have been written: then it runs out by itself.
    pub const fn lock_end(&self) -> LockEnd {
        if self.claim.is_some() && self.trouble_since.is_some() { LockEnd::NotFreed } else { LockEnd::NotHeld }
    }
}

/// What the lock said before it is taken.
enum Before {
    /// Nobody held it, and this was published last.
    Free(Option<Last>),
    /// Its holder died.
    Dead(Dead),
}

impl Machine {
    pub(crate) fn take(&mut self, mut taking: Taking, read: LockRead, at: At<'_>) -> Step {
        if read.lock != There::Failed && core::mem::take(&mut taking.first) {
            self.known.backup = read.backup;
        }
        let found = match read.lock {
            There::Failed => return self.take_again(taking, at),
            There::Nothing => {
                self.known.contended |= taking.claim.is_some();
                return self.claim(taking, Condition::Absent, Before::Free(None), at);
            }
            There::Object(found) => found,
        };
        let claimed = taking.claim.as_ref().map(|_| &*at.job.holder);
        let state = found.state(claimed, &at.job.rules, at.now);
        // What was tried before did not succeed: somebody else was quicker.
        self.known.contended |= taking.claim.is_some() && !matches!(state, LockState::Ours(_));
        let condition = Condition::Match(found.etag.clone());
        match state {
            LockState::Ours(phase) => self.held(taking, found.etag, phase, at),
            LockState::Refused(why) => self.end(Outcome::NotOurs(why), LockEnd::NotHeld),
            LockState::Free { last } => self.claim(taking, condition, Before::Free(last), at),
            LockState::Living(holding) => self.wait(taking, holding, at),
            LockState::Dead(dead) if dead.settled(at.now) => self.take_over(taking, dead, condition, at),
            LockState::Dead(dead) => self.watch(taking, dead, condition, at),
        }
    }

    fn claim(&mut self, taking: Taking, condition: Condition, before: Before, at: At<'_>) -> Step {
        let (last, dead) = match before {
            Before::Free(last) => (last, None),
            Before::Dead(dead) => (dead.last, Some(dead)),
        };
        let claim = Claim { last, dead: dead.as_ref().map(|dead| dead.seen), at: at.now };
        let seen = self.known.seen.max(claim.dead.unwrap_or_default());
        let body = Body { seen, ..self.body(Phase::Holding { lease: at.job.rules.lease }, last, at) };
        self.doing = Doing::Taking(Taking { claim: Some(claim), ..taking });
        let why = dead.map_or(Writing::Take, |dead| Writing::TakeOver(dead.holding));
        Step::WriteLock { body, condition, why }
    }

    fn take_over(&mut self, taking: Taking, dead: Dead, condition: Condition, at: At<'_>) -> Step {
        self.known.contended = true;
        self.claim(taking, condition, Before::Dead(dead), at)
    }

    fn wait(&mut self, mut taking: Taking, holding: Holding, at: At<'_>) -> Step {
        self.known.contended = true;
        let since = *taking.living_since.get_or_insert(at.now);
        if at.now.since(since) >= at.job.rules.lock_wait {
            return self.end(Outcome::Locked(holding), LockEnd::NotHeld);
        }
        taking.trouble_since = None;
        taking.watch = Watch::default();
        self.doing = Doing::Taking(taking);
        Step::ReadLock { at: at.now + at.job.rules.poll, why: Reading::Waiting(Wait { holding, living: true }) }
    }

    /// Its publish may still take effect: once it has, there is nothing to wait for. Where its content is not known,
    /// it cannot be recognised.
    fn watch(&mut self, mut taking: Taking, dead: Dead, condition: Condition, at: At<'_>) -> Step {
        self.known.contended = true;
        taking.living_since = None;
        taking.trouble_since = None;
        if dead.sha256.is_none() || at.now < taking.watch.next {
            return self.watch_later(taking, dead, at);
        }
        let ask = Ask { versions: behind(dead.seen, at), above: dead.seen, sha256: dead.sha256 };
        taking.watch.dead = Some((dead, condition));
        self.doing = Doing::Taking(taking);
        Step::Look { at: at.now, ask, why: Looking::TakeOver }
    }

    pub(crate) fn dead_looked_for(&mut self, mut taking: Taking, matching: Option<Version>, at: At<'_>) -> Step {
        let Some((dead, condition)) = taking.watch.dead.take() else { return self.take_again(taking, at) };
        if let Some(version) = matching {
            let dead = Dead { seen: dead.seen.max(version), ..dead };
            return self.take_over(taking, dead, condition, at);
        }
        taking.watch.next = at.now + pause(at.job.rules.poll, taking.watch.looks);
        taking.watch.looks += 1;
        self.watch_later(taking, dead, at)
    }

    fn watch_later(&mut self, taking: Taking, dead: Dead, at: At<'_>) -> Step {
        self.doing = Doing::Taking(taking);
        let wait = Wait { holding: dead.holding, living: false };
        Step::ReadLock { at: at.now + at.job.rules.poll, why: Reading::Waiting(wait) }
    }

    /// Nothing can be said of the lock now.
    fn take_again(&mut self, mut taking: Taking, at: At<'_>) -> Step {
        let since = *taking.trouble_since.get_or_insert(at.now);
        if at.now.since(since) >= at.job.rules.patience {
            return self.end(Outcome::LockUnreachable, taking.lock_end());
        }
        let why = if taking.first { first_reading(self.known.seen) } else { Reading::Again };
        self.doing = Doing::Taking(taking);
        Step::ReadLock { at: at.now + at.job.rules.poll, why }
    }

    pub(crate) fn take_answered(&mut self, mut taking: Taking, written: LockWritten, at: At<'_>) -> Step {
        match written {
            LockWritten::Denied => self.end(Outcome::LockUnreachable, LockEnd::NotHeld),
            LockWritten::Written(etag) => self.held(taking, etag, Phase::Holding { lease: at.job.rules.lease }, at),
            LockWritten::Unknown if taking.trouble_since.is_some() => self.take_again(taking, at),
            LockWritten::Unknown => {
                taking.trouble_since = Some(at.now);
                self.doing = Doing::Taking(taking);
                Step::ReadLock { at: at.now, why: Reading::Again }
            }
        }
    }

    fn held(&mut self, taking: Taking, etag: Etag, phase: Phase, at: At<'_>) -> Step {
        let begun = taking.claim.as_ref().map_or(at.now, |claim| claim.at);
        self.hold = Hold::Ours { etag, phase, renew_at: begun + at.job.rules.renewal };
        if let Some(claim) = taking.claim {
            self.known.last = claim.last;
            self.known.dead = claim.dead;
        }
        self.look_again(at)
    }
}

/// The backup that is asked for is that of the version after the latest that preflight saw.
pub(crate) fn first_reading(seen: Version) -> Reading {
    Reading::First { backup: seen.saturating_add(1) }
}

/// The versions behind this one.
pub(crate) fn behind(version: Version, at: At<'_>) -> Vec<Version> {
    (1..=at.job.rules.neighbours).map(|step| version.saturating_add(step)).collect()
}
