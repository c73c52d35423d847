//! Looking and deciding again under the lock: rules L1 to L4 and D1 to D4 of the table.

use alloc::vec::Vec;

use super::record::Recording;
use super::take::behind;
use super::{At, Doing, Machine};
use crate::body::Version;
use crate::outcome::Outcome;
use crate::seen::{Decision, Sight};
use crate::step::{Ask, Looking, Step};

impl Machine {
    /// The lock is held now.
    pub(crate) fn look_again(&mut self, at: At<'_>) -> Step {
        let versions = self.named(at);
        if versions.is_empty() && !self.known.contended {
            return self.decided(self.known.decision);
        }
        self.doing = Doing::Looking;
        Step::Look { at: at.now, ask: Ask { versions, above: self.known.seen, sha256: None }, why: Looking::UnderLock }
    }

    /// The versions to ask for by number, since a list may lag.
    fn named(&self, at: At<'_>) -> Vec<Version> {
        let known = &self.known;
        let mut versions = Vec::new();
        versions.extend(known.last.map(|last| last.version));
        versions.extend(known.backup.then(|| known.seen.saturating_add(1)));
        if let Some(dead) = known.dead {
            versions.push(dead);
            versions.extend(behind(dead, at));
            versions.extend(behind(known.seen, at));
        }
        versions.retain(|version| *version > known.seen);
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    pub(crate) fn looked(&mut self, sight: Sight) -> Step {
        self.known.seen = self.known.seen.max(sight.highest);
        self.known.looked = true;
        self.known.dead = None;
        self.doing = Doing::Deciding;
        Step::Decide { latest: self.known.seen }
    }

    pub(crate) fn decided(&mut self, decision: Decision) -> Step {
        self.known.decision = decision;
        match decision {
            Decision::Publish(_) => {
                self.doing = Doing::Waiting;
                Step::WaitTurn
            }
            Decision::Adopt(version, _) => self.record(Recording::of(version, Outcome::Adopted(version))),
            Decision::Keep(version) => self.follow_up(version, Outcome::Kept(version)),
        }
    }
}
