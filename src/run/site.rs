//! A job at its session: the places of the job, asked through the clients of its target.

use bytes::Bytes;

use crate::aws::{
    BackupRead, BackupWrite, LockDelete, LockRead, LockWrite, PublishError, Session, Staged, StagedZip, Upload,
};
use crate::layer::{AccountId, LayerVersion, Sha256};
use crate::manifest::Manifest;
use crate::outcome::JobError;
use crate::plan::Job;

/// One job where it is done.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What is done.
    pub job: &'a Job,
    session: &'a Session,
}

impl<'a> Site<'a> {
    /// Binds a job to the session of its target.
    pub fn new(job: &'a Job, session: &'a Session) -> Self {
        Self { job, session }
    }

    /// The account, where the credentials or the target tell.
    pub fn account(&self) -> Option<&'a AccountId> {
        self.session.account.as_ref().or(self.job.target.account.as_ref())
    }

    /// What is staged.
    pub async fn staged(&self) -> Result<Option<Staged>, JobError> {
        self.session.s3.head(&self.job.staged).await
    }

    /// Uploads the archive.
    pub async fn stage(&self, upload: &Upload<'_>) -> Result<Staged, JobError> {
        self.session.s3.stage(&self.job.staged, upload).await
    }

    /// The SHA-256 of what is staged, by reading all of it where S3 keeps none.
    pub async fn sha256(&self, staged: &Staged) -> Result<Sha256, JobError> {
        match staged.sha256 {
            Some(sha256) => Ok(sha256),
            None => self.session.s3.sha256(&self.job.staged, staged).await,
        }
    }

    /// What is staged, as a zip to read in.
    pub fn staged_zip(&self, staged: &Staged) -> StagedZip {
        StagedZip::new(self.session.s3.clone(), self.job.staged.clone(), staged.clone())
    }

    /// The latest version, perhaps from the sweep that all jobs of the target share.
    pub async fn latest(&self) -> Result<Option<LayerVersion>, JobError> {
        self.session.latest(&self.job.name).await
    }

    /// The latest version, as a list of its own says.
    pub async fn listed(&self) -> Result<Option<LayerVersion>, JobError> {
        self.session.lambda.latest(&self.job.name).await
    }

    /// One version, by its number.
    pub async fn version(&self, version: u64) -> Result<Option<LayerVersion>, JobError> {
        self.session.lambda.version(&self.job.name, version).await
    }

    /// Sends the publish. Beside the version stands the id of the request.
    pub async fn publish(&self, staged: &Staged) -> Result<(LayerVersion, Option<String>), PublishError> {
        let (job, pinned) = (self.job, staged.version_id.as_deref());
        self.session.lambda.publish(&job.name, &job.staged, pinned, &job.settings).await
    }

    /// The backup of a version, unless it is this manifest.
    pub async fn backup(&self, version: u64, manifest: &Manifest) -> Result<BackupRead, JobError> {
        self.session.s3.backup(&self.job.backup(version), manifest.md5).await
    }

    /// Whether a version has a backup.
    pub async fn has_backup(&self, version: u64) -> Result<bool, JobError> {
        self.session.s3.exists(&self.job.backup(version)).await
    }

    /// Writes the backup of a version.
    pub async fn write_backup(&self, version: u64, manifest: &Manifest) -> Result<BackupWrite, JobError> {
        self.session.s3.write_backup(&self.job.backup(version), manifest.bytes.clone()).await
    }

    /// The lock, if it is there.
    pub async fn read_lock(&self) -> Result<Option<LockRead>, JobError> {
        self.session.s3.read_lock(&self.job.lock()).await
    }

    /// Writes the lock: over the one with this entity tag, or where there is none.
    pub async fn write_lock(&self, body: Bytes, over: Option<&str>) -> Result<LockWrite, JobError> {
        match over {
            Some(etag) => self.session.s3.replace_lock(&self.job.lock(), body, etag).await,
            None => self.session.s3.create_lock(&self.job.lock(), body).await,
        }
    }

    /// Deletes the lock with this entity tag.
    pub async fn delete_lock(&self, etag: &str) -> Result<LockDelete, JobError> {
        self.session.s3.delete_lock(&self.job.lock(), etag).await
    }
}
