//! Carries out the steps under the lock: looks again where somebody was quicker, and deletes.

use layership_protocol::{Decision, Rules, Seen, Step, Version};

use super::super::exactly_once::{Grip, Hands};
use super::look::{Fates, look};
use crate::event::{Activity, Fact};
use crate::layer::VersionArn;
use crate::outcome::{JobError, Outcome};

/// What the steps of one job share.
pub struct PruneHands<'a> {
    pub grip: Grip<'a>,
    fates: Fates,
    deleted: usize,
    /// Why not all of it was deleted.
    failed: Option<JobError>,
    stopped: bool,
}

impl Hands for PruneHands<'_> {
    async fn carry_out(&mut self, step: Step, rules: &Rules) -> Seen {
        match self.grip.carry_out(step, rules).await {
            Ok(seen) => seen,
            Err(Step::Decide { latest }) => self.decide(latest).await,
            // Nothing else comes where nothing is published.
            Err(_) => {
                self.failed = self.delete().await.err();
                Seen::FollowedUp
            }
        }
    }
}

impl<'a> PruneHands<'a> {
    pub fn new(grip: Grip<'a>, fates: Fates) -> Self {
        Self { grip, fates, deleted: 0, failed: None, stopped: false }
    }

    /// Another run published meanwhile, or may have.
    async fn decide(&mut self, latest: Version) -> Seen {
        if self.fates.latest().is_some_and(|seen| seen < latest) {
            self.grip.trail.found(Fact::Overtaken { version: latest });
        }
        let found = self.grip.found.get(&latest);
        match look(self.grip.site, found, &self.grip.shared.options, self.grip.trail).await {
            Ok(fates) => {
                self.fates = fates;
                Seen::Decided(Decision::Keep(latest))
            }
            Err(error) => {
                self.grip.trouble = Some(error);
                Seen::DecideFailed
            }
        }
    }

    /// Deletes the oldest first, so that what a stop leaves is what is newer.
    async fn delete(&mut self) -> Result<(), JobError> {
        self.grip.trail.enter(Activity::Pruning);
        for version in self.fates.deleted() {
            if self.grip.shared.stop.asked() {
                self.stopped = true;
                return Ok(());
            }
            self.delete_one(version).await?;
        }
        self.delete_archives().await
    }

    /// What the versions needed that are gone by now. In a versioned bucket that leaves a mark, and it can be had back.
    async fn delete_archives(&mut self) -> Result<(), JobError> {
        for at in std::mem::take(&mut self.fates.archives) {
            if self.grip.shared.stop.asked() {
                self.stopped = true;
                return Ok(());
            }
            let deleted = self.grip.site.delete(&at).await;
            deleted.map_err(|error| error.context(format!("{at}, which no version needs, could not be deleted")))?;
            self.deleted += 1;
            self.grip.trail.found(Fact::ArchiveDeleted { at: at.to_string() });
        }
        Ok(())
    }

    /// What is kept of it goes first: a version without a backup is found by the next run, a backup without its version by
    /// none.
    async fn delete_one(&mut self, version: VersionArn) -> Result<(), JobError> {
        let failed = |what: &str, error: JobError| error.context(format!("{what} could not be deleted"));
        if self.grip.shared.options.pruning.backups {
            let deleted = self.delete_backups(version.number).await;
            deleted.map_err(|error| failed(&format!("the backup of {version}"), error))?;
        }
        let deleted = self.grip.site.delete_version(version.number).await;
        deleted.map_err(|error| failed(&version.to_string(), error))?;
        self.deleted += 1;
        self.grip.trail.found(Fact::VersionDeleted { arn: version });
        Ok(())
    }

    async fn delete_backups(&mut self, version: u64) -> Result<(), JobError> {
        for at in self.grip.site.kept_of(version).await? {
            self.grip.site.delete_object(&at).await?;
            self.grip.trail.found(Fact::BackupDeleted { at: at.to_string() });
        }
        Ok(())
    }

    /// How the job ended, once the lock is free.
    pub fn ended(self) -> Result<Outcome, JobError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.stopped => Ok(Outcome::Cancelled),
            None if self.deleted == 0 => Ok(Outcome::Unchanged),
            None => Ok(Outcome::Pruned),
        }
    }
}
