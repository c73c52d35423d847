//! Carries out one step after the other, and keeps what it needs between them.

use layership_protocol::{Answer, Ask, LockWritten, Looking, Reading, Rules, Seen, Send, Step, Version, Wait, Writing};

use super::super::Shared;
use super::super::follow_up::{Followed, follow_up};
use super::super::pool::Slot;
use super::super::preflight::{Checked, Given, preflight};
use super::super::site::Site;
use super::super::trail::Trail;
use super::look::Versions;
use super::{decision, lock_steps, look};
use crate::aws::{LockWrite, NeverSent, Sent, Turn, Urgency};
use crate::event::{Activity, Fact};
use crate::outcome::{ErrorCode, JobError};

/// What the steps of one job share.
pub struct Hands<'a> {
    pub site: Site<'a>,
    shared: &'a Shared,
    slot: &'a mut Slot,
    pub trail: &'a mut Trail,
    /// What is published: as preflight checked it, or as it was checked again under the lock.
    pub checked: Checked,
    /// Versions that were found by looking.
    pub found: Versions,
    /// Why the last step that failed did.
    pub trouble: Option<JobError>,
    /// Why something that follows the version was not done.
    pub not_followed: Option<JobError>,
    turn: Option<Turn>,
    /// A publish that was throttled goes before those that were not sent yet.
    urgency: Urgency,
}

impl<'a> Hands<'a> {
    pub fn new(site: Site<'a>, checked: Checked, shared: &'a Shared, slot: &'a mut Slot, trail: &'a mut Trail) -> Self {
        Self {
            site,
            shared,
            slot,
            trail,
            checked,
            found: Versions::new(),
            trouble: None,
            not_followed: None,
            turn: None,
            urgency: Urgency::Needed,
        }
    }

    /// Carries out a step, and tells what came of it.
    pub async fn carry_out(&mut self, step: Step, rules: &Rules) -> Seen {
        match step {
            Step::ReadLock { at, why: Reading::Waiting(wait) } => self.wait_for_lock(at, &wait).await,
            Step::ReadLock { at, why } => {
                if matches!(why, Reading::First { .. }) {
                    self.trail.enter(Activity::Locking);
                }
                self.site.until(at).await;
                self.read_lock(&why).await
            }
            Step::WriteLock { body, condition, why } => {
                let written = self.site.write_lock(body.to_json().into(), &condition).await;
                Seen::LockWritten(self.lock_written(&written, &why))
            }
            Step::Look { at, ask, why } => {
                self.site.until(at).await;
                self.look(&ask, why, rules.neighbours).await
            }
            Step::Decide { latest } => self.decide(latest).await,
            Step::WaitTurn => self.wait_for_turn().await,
            Step::Send(send) => Seen::Sent(self.send(&send).await),
            Step::WriteBackup { version, replacing } => Seen::Backup(self.record(version, replacing).await),
            Step::FollowUp { version } => {
                self.follow_up(version).await;
                Seen::FollowedUp
            }
            Step::End(_) => Seen::FollowedUp,
        }
    }

    async fn read_lock(&mut self, why: &Reading) -> Seen {
        let (seen, error) = lock_steps::read(self.site, why).await;
        self.trouble = error.or(self.trouble.take());
        seen
    }

    /// Another run holds the lock. Whoever waits for it holds no slot of the concurrency.
    async fn wait_for_lock(&mut self, at: layership_protocol::Time, wait: &Wait) -> Seen {
        self.trail.enter(Activity::Locking);
        self.trail.found_news(Fact::LockAwaited {
            holder: wait.holding.holder.run.clone(),
            host: wait.holding.holder.host.clone(),
            phase: wait.holding.phase.into(),
            living: wait.living,
            until: self.site.shown(wait.holding.until),
        });
        let site = self.site;
        let until = self.slot.lend(site.until(at));
        tokio::select! {
            () = until => self.read_lock(&Reading::Waiting(wait.clone())).await,
            () = self.shared.stop.finishing() => Seen::Stopped,
        }
    }

    fn lock_written(&mut self, written: &LockWrite, why: &Writing) -> LockWritten {
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

    /// Under the lock the state is another one than preflight saw: everything is looked at and decided again.
    async fn decide(&mut self, latest: Version) -> Seen {
        self.trail.enter(Activity::Checking);
        if self.checked.latest.as_ref().map_or(0, |seen| seen.arn.number) < latest {
            self.trail.found(Fact::Overtaken { version: latest });
        }
        let manifest = std::sync::Arc::clone(&self.checked.manifest);
        let known = Given { latest: Some(latest), ..Given::default() };
        let checked = preflight(self.site, manifest, known, &self.shared.options, self.trail).await;
        match checked.and_then(|checked| decision(&checked).map(|decision| (checked, decision))) {
            Ok((checked, decision)) => {
                self.checked = checked;
                Seen::Decided(decision)
            }
            Err(error) => {
                self.trouble = Some(error);
                Seen::DecideFailed
            }
        }
    }

    /// The version is there and recorded: what follows fails for itself.
    async fn follow_up(&mut self, version: Version) {
        let latest = self.checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
        let followed = if version > latest { Followed::New(version) } else { Followed::There(version) };
        let (manifest, options) = (&self.checked.manifest, &self.shared.options);
        self.not_followed = follow_up(self.site, followed, manifest, options, self.trail).await.err();
    }

    async fn wait_for_turn(&mut self) -> Seen {
        self.trail.enter(Activity::Queueing);
        tokio::select! {
            turn = self.site.turn(self.urgency) => {
                self.turn = Some(turn);
                Seen::Turn
            }
            () = self.shared.stop.finishing() => Seen::Stopped,
        }
    }

    async fn send(&mut self, send: &Send) -> Answer {
        self.trail.enter(Activity::Publishing);
        if send.attempt > 1
            && let Err(error) = self.still_staged().await
        {
            self.trouble = Some(error);
            return Answer::Refused;
        }
        // One that was begun anew because it never left has used its turn up.
        let turn = match self.turn.take() {
            Some(turn) => turn,
            None => self.site.turn(self.urgency).await,
        };
        let sent = self.site.publish(&self.checked.staged, turn, send.not_after).await;
        self.sent(sent, send)
    }

    /// Minutes have passed since the archive was checked. Where no version of it is pinned, another one may be staged by
    /// now, and the first request may have published that one: then it is not published once more.
    async fn still_staged(&self) -> Result<(), JobError> {
        let checked = &self.checked.staged;
        if checked.version_id.is_some() {
            return Ok(());
        }
        match self.site.staged().await? {
            Some(now) if now.etag == checked.etag => Ok(()),
            _ => Err(JobError::new(
                ErrorCode::ContentMismatch,
                format!("{} was replaced after it was checked, and is not published again", self.site.job.staged),
            )
            .hint("run the same command again when nobody else stages this layer, and turn on versioning for the bucket to rule it out")),
        }
    }

    fn sent(&mut self, sent: Sent, send: &Send) -> Answer {
        let (answer, error) = match sent {
            Sent::Published(version, request_id) => return self.published(&version, request_id),
            Sent::Throttled(error) => (Answer::Throttled, error),
            Sent::Refused(error) => (Answer::Refused, error),
            Sent::SignatureRefused(error) => (Answer::SignatureRefused, error),
            Sent::NeverSent(NeverSent::TooLate) => return Answer::TooLate,
            Sent::NeverSent(NeverSent::Unconnected(error) | NeverSent::Unsigned(error)) => (Answer::NeverSent, error),
            Sent::Ambiguous(error) => (Answer::Ambiguous, error),
        };
        match answer {
            Answer::Ambiguous => self.trail.found(Fact::AnswerLost {
                why: error.to_string(),
                request_id: error.request_id.clone(),
                until: self.site.shown(send.not_after),
            }),
            Answer::Throttled => {
                self.urgency = Urgency::Again;
                self.trail.found(Fact::Throttled);
            }
            _ => {}
        }
        self.trouble = Some(error);
        answer
    }

    fn published(&mut self, version: &crate::layer::LayerVersion, request_id: Option<String>) -> Answer {
        let arn = version.arn.clone();
        let Some(sha256) = version.sha256 else { return Answer::Ambiguous };
        self.trail.found(Fact::VersionPublished { arn: arn.clone(), request_id });
        self.trail.found(Fact::VersionToUse { arn });
        if self.checked.sha256 == Some(sha256) {
            self.trail.found(Fact::ContentVerified);
        }
        Answer::Published(version.arn.number, layership_protocol::Sha256(sha256.to_bytes()))
    }
}
