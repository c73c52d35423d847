//! Carries out one step of a publish after the other, and keeps what it needs between them.

use layership_protocol::{Answer, Rules, Seen, Send, Step, Version};

use super::super::follow_up::{Followed, follow_up};
use super::super::preflight::{Checked, Given, preflight};
use super::super::reference;
use super::decision;
use super::drive::Hands;
use super::grip::Grip;
use crate::aws::{NeverSent, Sent, Turn, Urgency};
use crate::event::{Activity, Fact};
use crate::layer::Referenced;
use crate::outcome::{ErrorCode, JobError};

/// What the steps of one publish share.
pub struct PublishHands<'a> {
    pub grip: Grip<'a>,
    /// What is published: as preflight checked it, or as it was checked again under the lock.
    pub checked: Checked,
    /// Why something that follows the version was not done.
    pub not_followed: Option<JobError>,
    /// Why what is to be published could not be put where it stays. The publish is given up then, as by a stop.
    pub not_kept: Option<JobError>,
    /// What Lambda is to read in its place, where the layer stays in the bucket.
    kept: Option<Referenced>,
    turn: Option<Turn>,
    /// A publish that was throttled goes before those that were not sent yet.
    urgency: Urgency,
}

impl Hands for PublishHands<'_> {
    async fn carry_out(&mut self, step: Step, rules: &Rules) -> Seen {
        let step = match self.grip.carry_out(step, rules).await {
            Ok(seen) => return seen,
            Err(step) => step,
        };
        match step {
            Step::Decide { latest } => self.decide(latest).await,
            Step::WaitTurn => self.wait_for_turn().await,
            Step::Send(send) => Seen::Sent(self.send(&send).await),
            Step::WriteBackup { version, replacing } => Seen::Backup(self.record(version, replacing).await),
            Step::FollowUp { version } => {
                self.follow_up(version).await;
                Seen::FollowedUp
            }
            Step::ReadLock { .. } | Step::WriteLock { .. } | Step::Look { .. } | Step::End(_) => Seen::FollowedUp,
        }
    }
}

impl<'a> PublishHands<'a> {
    pub fn new(grip: Grip<'a>, checked: Checked) -> Self {
        Self { grip, checked, not_followed: None, not_kept: None, kept: None, turn: None, urgency: Urgency::Needed }
    }

    /// Under the lock the state is another one than preflight saw: everything is looked at and decided again.
    async fn decide(&mut self, latest: Version) -> Seen {
        self.grip.trail.enter(Activity::Checking);
        if self.checked.latest.as_ref().map_or(0, |seen| seen.arn.number) < latest {
            self.grip.trail.found(Fact::Overtaken { version: latest });
        }
        let manifest = std::sync::Arc::clone(&self.checked.manifest);
        let drift = self.grip.shared.drift(self.grip.site.job).await;
        let known = Given { latest: Some(latest), drift, ..Given::default() };
        let checked = preflight(self.grip.site, manifest, known, &self.grip.shared.options, self.grip.trail).await;
        match checked.and_then(|checked| decision(&checked).map(|decision| (checked, decision))) {
            Ok((checked, decision)) => {
                self.checked = checked;
                Seen::Decided(decision)
            }
            Err(error) => {
                self.grip.trouble = Some(error);
                Seen::DecideFailed
            }
        }
    }

    /// The version is there and recorded: what follows fails for itself.
    async fn follow_up(&mut self, version: Version) {
        let latest = self.checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
        let followed = if version > latest { Followed::New(version) } else { Followed::There(version) };
        let (manifest, options) = (&self.checked.manifest, &self.grip.shared.options);
        self.not_followed = follow_up(self.grip.site, followed, manifest, options, self.grip.trail).await.err();
    }

    /// What takes its time is done before the turn: from then on the time in which a publish is accepted is running.
    async fn wait_for_turn(&mut self) -> Seen {
        let Checked { staged, sha256, .. } = &self.checked;
        match reference::keep(self.grip.site, staged, *sha256, self.grip.trail).await {
            Ok(kept) => self.kept = kept,
            Err(error) => {
                self.not_kept = Some(error);
                return Seen::Stopped;
            }
        }
        self.grip.trail.enter(Activity::Queueing);
        tokio::select! {
            turn = self.grip.site.turn(self.urgency) => {
                self.grip.trail.found(Fact::TurnGiven { requests_per_second: turn.requests_per_second() });
                self.turn = Some(turn);
                Seen::Turn
            }
            () = self.grip.shared.stop.finishing() => Seen::Stopped,
        }
    }

    async fn send(&mut self, send: &Send) -> Answer {
        self.grip.trail.enter(Activity::Publishing);
        if send.attempt > 1
            && let Err(error) = self.still_staged().await
        {
            self.grip.trouble = Some(error);
            return Answer::Refused;
        }
        // One that was begun anew because it never left has used its turn up.
        let turn = match self.turn.take() {
            Some(turn) => turn,
            None => self.grip.site.turn(self.urgency).await,
        };
        let sent = self.grip.site.publish(&self.checked.staged, self.kept.as_ref(), turn, send.not_after).await;
        self.sent(sent, send)
    }

    /// Minutes have passed since the archive was checked. Where no version of it is pinned, another one may be staged by
    /// now, and the first request may have published that one: then it is not published once more.
    async fn still_staged(&self) -> Result<(), JobError> {
        let checked = &self.checked.staged;
        if checked.version_id.is_some() || self.kept.is_some() {
            return Ok(());
        }
        match self.grip.site.staged().await? {
            Some(now) if now.etag == checked.etag => Ok(()),
            _ => Err(JobError::new(
                ErrorCode::ContentMismatch,
                format!("{} was replaced after it was checked, and is not published again", self.grip.site.job.staged),
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
            Answer::Ambiguous => self.grip.trail.found(Fact::AnswerLost {
                why: error.to_string(),
                request_id: error.request_id.clone(),
                until: self.grip.site.shown(send.settled_at),
            }),
            Answer::Throttled => {
                self.urgency = Urgency::Again;
                self.grip.trail.found(Fact::Throttled);
            }
            _ => {}
        }
        self.grip.trouble = Some(error);
        answer
    }

    fn published(&mut self, version: &crate::layer::LayerVersion, request_id: Option<String>) -> Answer {
        let arn = version.arn.clone();
        let Some(sha256) = version.sha256 else { return Answer::Ambiguous };
        self.grip.trail.found(Fact::VersionPublished { arn: arn.clone(), request_id });
        self.grip.trail.found(Fact::VersionToUse { arn });
        if self.checked.sha256 == Some(sha256) {
            self.grip.trail.found(Fact::ContentVerified);
        }
        Answer::Published(version.arn.number, layership_protocol::Sha256(sha256.to_bytes()))
    }
}
