//! The backup of a version, written from the very bytes that were checked.

use layership_protocol::{BackupAnswer, Etag, Version};

use super::hands::PublishHands;
use crate::aws::{Backup, BackupRead, BackupWrite};
use crate::event::{Activity, Fact};
use crate::manifest::same_text;
use crate::outcome::{ErrorCode, JobError};

impl PublishHands<'_> {
    /// Writes the backup: where there is none, or in place of the object with this entity tag.
    pub async fn record(&mut self, version: Version, replacing: Option<Etag>) -> BackupAnswer {
        self.grip.trail.enter(Activity::Recording);
        match self.try_record(version, replacing.as_deref()).await {
            Ok(answer) => answer,
            Err(error) => {
                self.grip.trouble = Some(error);
                BackupAnswer::Failed
            }
        }
    }

    async fn try_record(&mut self, version: Version, replacing: Option<&str>) -> Result<BackupAnswer, JobError> {
        let at = self.grip.site.job.backup(version).to_string();
        let (manifest, sha256) = (&self.checked.manifest, self.checked.sha256);
        let written = self.grip.site.write_backup(version, manifest, sha256, replacing).await?;
        if let BackupWrite::Written { request_id } = written {
            self.grip.trail.found(Fact::BackupThere { at, written: true, request_id });
            return Ok(BackupAnswer::Stored);
        }
        match self.grip.site.backup(version, manifest).await? {
            BackupRead::Other(other) if !same_text(&other.bytes, &manifest.bytes) => {
                self.in_its_place(version, &at, &other).await
            }
            BackupRead::Missing => Err(another(&at, "it appears and disappears: something else writes and deletes it")),
            BackupRead::Same | BackupRead::Other(_) => {
                self.grip.trail.found(Fact::BackupThere { at, written: false, request_id: None });
                Ok(BackupAnswer::Stored)
            }
        }
    }

    /// Another manifest lies where the backup belongs. Written before the version was made, it belongs to none.
    async fn in_its_place(&mut self, version: Version, at: &str, other: &Backup) -> Result<BackupAnswer, JobError> {
        let made = self.grip.site.version(version).await?;
        let older = made.is_some_and(|version| other.is_older_than(&version));
        self.grip.trouble = Some(another(at, "another manifest is there, and it was left alone"));
        Ok(BackupAnswer::Other { etag: other.etag.as_str().into(), older })
    }
}

fn another(at: &str, why: &str) -> JobError {
    JobError::new(ErrorCode::BackupFailed, format!("cannot store the manifest at {at}")).cause(why)
}
