//! What every job does with its lock, whatever it does under it: read it, wait for it, write it, and look for versions.

use layership_protocol::{Ask, LockWritten, Looking, Reading, Rules, Seen, Step, Time, Wait, Writing};

use super::super::Shared;
use super::super::pool::Slot;
use super::super::site::Site;
use super::super::trail::Trail;
use super::look::Versions;
use super::{lock_steps, look};
use crate::aws::LockWrite;
use crate::event::{Activity, Fact};
use crate::outcome::JobError;

/// A job with its hand on the lock.
pub struct Grip<'a> {
    pub site: Site<'a>,
    pub shared: &'a Shared,
    slot: &'a mut Slot,
    pub trail: &'a mut Trail,
    /// Versions that were found by looking.
    pub found: Versions,
    /// Why the last step that failed did.
    pub trouble: Option<JobError>,
    /// Since when a living holder is waited for.
    living_since: Option<Time>,
}

impl<'a> Grip<'a> {
    pub fn new(site: Site<'a>, shared: &'a Shared, slot: &'a mut Slot, trail: &'a mut Trail) -> Self {
        Self { site, shared, slot, trail, found: Versions::new(), trouble: None, living_since: None }
    }

    /// Carries out a step that all jobs have, and tells what came of it; any other step is given back.
    pub async fn carry_out(&mut self, step: Step, rules: &Rules) -> Result<Seen, Step> {
        match step {
            Step::ReadLock { at, why: Reading::Waiting(wait) } => Ok(self.wait(at, &wait, rules).await),
            Step::ReadLock { at, why } => {
                if matches!(why, Reading::First { .. }) {
                    self.trail.enter(Activity::Locking);
                }
                self.site.until(at).await;
                Ok(self.read(&why).await)
            }
            Step::WriteLock { body, condition, why } => {
                let written = self.site.write_lock(body.to_json().into(), &condition).await;
                Ok(Seen::LockWritten(self.written(&written, &why)))
            }
            Step::Look { at, ask, why } => {
                self.site.until(at).await;
                Ok(self.look(&ask, why, rules.neighbours).await)
            }
            other => Err(other),
        }
    }

    async fn read(&mut self, why: &Reading) -> Seen {
        let (seen, error) = lock_steps::read(self.site, why).await;
        self.trouble = error.or(self.trouble.take());
        seen
    }

    /// Another run holds the lock. Whoever waits for it holds no slot of the concurrency.
    async fn wait(&mut self, at: Time, wait: &Wait, rules: &Rules) -> Seen {
        self.trail.enter(Activity::Locking);
        let until = self.waits_until(wait, rules);
        self.trail.found_news(Fact::LockAwaited {
            holder: wait.holding.holder.run.clone(),
            host: wait.holding.holder.host.clone(),
            phase: wait.holding.phase.into(),
            living: wait.living,
            until: self.site.shown(until),
        });
        let site = self.site;
        let until = self.slot.lend(site.until(at));
        tokio::select! {
            () = until => self.read(&Reading::Waiting(wait.clone())).await,
            () = self.shared.stop.finishing() => Seen::Stopped,
        }
    }

    /// When the lock can be taken over, if it is not written again; or when a living holder is not waited for any more.
    fn waits_until(&mut self, wait: &Wait, rules: &Rules) -> Time {
        if wait.living {
            let since = *self.living_since.get_or_insert(self.site.now());
            wait.holding.until.min(since + rules.lock_wait)
        } else {
            self.living_since = None;
            wait.holding.until
        }
    }

    fn written(&mut self, written: &LockWrite, why: &Writing) -> LockWritten {
        match (written, why) {
            (LockWrite::Written(_), Writing::Take) => self.taken(None),
            (LockWrite::Written(_), Writing::TakeOver(from)) => self.taken(Some(from.holder.run.clone())),
            (LockWrite::Unknown(Some(error)) | LockWrite::Denied(error), _) => self.trouble = Some(error.clone()),
            _ => {}
        }
        lock_steps::answered(written)
    }

    fn taken(&mut self, from: Option<String>) {
        self.trail.found(Fact::LockTaken { at: self.site.job.lock().to_string(), from });
    }

    async fn look(&mut self, ask: &Ask, why: Looking, neighbours: u64) -> Seen {
        if why == Looking::Confirm {
            self.trail.enter(Activity::Confirming);
        }
        let (versions, error) = look::look(self.site, ask, neighbours).await;
        let sight = look::sight(&versions, ask);
        self.found.extend(versions);
        if let (Looking::Confirm, Some(found)) = (why, sight.matching.and_then(|version| self.found.get(&version))) {
            self.trail.found(Fact::VersionFound { arn: found.arn.clone() });
            self.trail.found(Fact::VersionToUse { arn: found.arn.clone() });
        }
        match error {
            Some(error) if sight.matching.is_none() => {
                self.trouble = Some(error);
                Seen::LookFailed
            }
            _ => Seen::Looked(sight),
        }
    }
}
