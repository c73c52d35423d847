//! A job at its session: the places of the job, asked through the clients of its target.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use layership_protocol::{Condition, Found, Time};
use tokio::time::sleep;

use super::aside::aside;
use crate::attest::PROVENANCE;
use crate::aws::{
    BackupRead, BackupWrite, Keep, Kept, LockWrite, NewBackup, NewVersion, Newest, Parameter, PolicyRead, Sent,
    Session, Staged, StagedZip, Turn, Upload, Urgency, Written,
};
use crate::layer::{
    AccountId, Grant, Grantee, LayerArn, LayerVersion, Md5, ParameterName, Referenced, S3Location, Sha256, Storage,
    VersionArn,
};
use crate::manifest::{Environments, Manifest};
use crate::outcome::JobError;
use crate::plan::Job;

/// How long to wait at most before S3's clock is looked at again.
const CLOCK_LOOK: Duration = Duration::from_secs(1);

/// One job where it is done.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The job.
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

    /// What is staged, as a zip to read in.
    pub fn staged_zip(&self, staged: &Staged) -> StagedZip {
        StagedZip::new(self.session.s3.clone(), self.job.staged.clone(), staged.clone())
    }

    /// The ARN of the layer, where the account is known.
    pub fn layer_arn(&self) -> Option<LayerArn> {
        let account = self.account()?.clone();
        Some(LayerArn::new(self.job.target.region.clone(), account, self.job.name.clone()))
    }

    /// S3's clock, and never later than it really is.
    pub fn now(&self) -> Time {
        self.session.s3.now()
    }

    /// Waits until a moment by S3's clock. Answers that come meanwhile can show that it is later than it seemed.
    pub async fn until(&self, at: Time) {
        loop {
            let left = at.since(self.now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(CLOCK_LOOK)).await;
        }
    }

    /// The same for a moment that may never come.
    pub async fn until_due(&self, at: Option<Time>) {
        match at {
            Some(at) => self.until(at).await,
            None => std::future::pending().await,
        }
    }

    /// A moment by S3's clock, for people.
    pub fn shown(&self, at: Time) -> Option<Timestamp> {
        let millis = i64::try_from(at.as_millis()).ok()?;
        Timestamp::from_second(millis / 1_000).ok()
    }

    /// The latest version, perhaps from the sweep that all jobs of the target share.
    pub async fn latest(&self) -> Result<Option<LayerVersion>, JobError> {
        self.session.latest(&self.job.name).await
    }

    /// The latest version, as a list of its own says.
    pub async fn listed(&self) -> Result<Option<LayerVersion>, JobError> {
        self.session.lambda.latest(&self.job.name).await
    }

    /// All versions, the newest first.
    pub async fn versions(&self) -> Result<Vec<LayerVersion>, JobError> {
        self.session.lambda.versions(&self.job.name).await
    }

    /// The versions that have a backup of this manifest, and when it was written, as a listing tells them.
    pub async fn backed_up(&self) -> Result<BTreeMap<u64, Option<Timestamp>>, JobError> {
        self.session.s3.backed_up(&self.job.backups, &self.job.manifest_name).await
    }

    /// One version, by its number.
    pub async fn version(&self, version: u64) -> Result<Option<LayerVersion>, JobError> {
        self.session.lambda.version(&self.job.name, version).await
    }

    /// Waits for the turn to call Lambda.
    pub async fn turn(&self, urgency: Urgency) -> Turn {
        self.session.lambda.turn(urgency).await
    }

    /// Sends the publish of what is staged, or of what is kept in the bucket for it, once: so that it can be accepted until
    /// a moment by S3's clock and never after.
    pub async fn publish(&self, staged: &Staged, kept: Option<&Referenced>, turn: Turn, accepted_until: Time) -> Sent {
        let job = self.job;
        let (zip, zip_version) = match kept {
            Some(kept) => (&kept.at, &kept.version_id),
            None => (&job.staged, &staged.version_id),
        };
        let storage = if kept.is_some() { Storage::Reference } else { Storage::Copy };
        let zip_version = zip_version.as_deref();
        let version = NewVersion { name: &job.name, zip, zip_version, storage, settings: &job.settings };
        let accepted_until = i64::try_from(accepted_until.as_millis()).unwrap_or_default();
        self.session.lambda.publish_until(turn, version, accepted_until, self.session.s3.clock()).await
    }

    /// Whether the layer's bucket keeps versions.
    pub async fn keeps_versions(&self) -> Result<bool, JobError> {
        self.session.s3.keeps_versions(&self.job.backups).await
    }

    /// Whether the policy of its bucket lets Lambda read an object.
    pub async fn lambda_may_read(&self, at: &S3Location) -> Result<PolicyRead, JobError> {
        self.session.s3.lambda_may_read(at).await
    }

    /// What lies at a key of the layer's bucket.
    pub async fn find(&self, at: &S3Location) -> Result<Option<Staged>, JobError> {
        self.session.s3.find(at).await
    }

    /// Puts what is staged where Lambda reads it for as long as there is a version of it.
    pub async fn keep(&self, staged: &Staged, sha256: Sha256) -> Result<Kept, JobError> {
        let keep = Keep { from: &self.job.staged, staged, sha256 };
        self.session.s3.keep(keep, &self.job.content(sha256)).await
    }

    /// The archives that are kept in the bucket for versions of the layer.
    pub async fn kept(&self) -> Result<Vec<(S3Location, Sha256)>, JobError> {
        self.session.s3.kept_below(&self.job.backups).await
    }

    /// Whether an object that Lambda reads is there.
    pub async fn has(&self, object: &Referenced) -> Result<bool, JobError> {
        self.session.s3.has(object).await
    }

    /// Deletes an object, if it is there.
    pub async fn delete(&self, at: &S3Location) -> Result<(), JobError> {
        self.session.s3.delete(at).await
    }

    /// The backup of a version, unless it is this manifest, and no file that the manifest includes counts.
    pub async fn backup(&self, version: u64, manifest: &Manifest) -> Result<BackupRead, JobError> {
        // What a backup notes beside its bytes comes only with them.
        let unless = counted_includes(self.job, manifest).is_none().then_some(manifest.md5);
        self.session.s3.backup(&self.job.backup(version), unless).await
    }

    /// SHA-256 of the zip of a version, as its backup notes it.
    pub async fn noted_sha256(&self, version: u64) -> Result<Option<Sha256>, JobError> {
        self.session.s3.noted_sha256(&self.job.backup(version)).await
    }

    /// The backup of a version, whatever manifest it is of.
    pub async fn any_backup(&self, version: u64) -> Result<BackupRead, JobError> {
        self.session.s3.backup(&self.job.backup(version), None).await
    }

    /// The newest backup, as a listing tells it.
    pub async fn newest_backup(&self) -> Result<Newest, JobError> {
        self.session.s3.newest_backup(&self.job.backups, &self.job.manifest_name).await
    }

    /// Whether a version has a backup.
    pub async fn has_backup(&self, version: u64) -> Result<bool, JobError> {
        self.session.s3.exists(&self.job.backup(version)).await
    }

    /// Writes the backup of a version: where there is none, or in place of the object with this entity tag.
    pub async fn write_backup(
        &self,
        version: u64,
        manifest: &Manifest,
        sha256: Option<Sha256>,
        replacing: Option<&str>,
    ) -> Result<BackupWrite, JobError> {
        let asked = asked(self.job, manifest).await?;
        let (manifest, includes) = (manifest.bytes.clone(), manifest.includes().digest());
        let backup = NewBackup { manifest, sha256, includes, asked, replacing };
        self.session.s3.write_backup(&self.job.backup(version), &backup).await
    }

    /// Who may use a version, by its policy.
    pub async fn grants(&self, version: u64) -> Result<BTreeSet<Grant>, JobError> {
        self.session.lambda.grants(&self.job.name, version).await
    }

    /// Lets somebody use a version; `false` where a statement of that id is there already.
    pub async fn grant(&self, version: u64, to: &Grantee) -> Result<bool, JobError> {
        self.session.lambda.grant(&self.job.name, version, to).await
    }

    /// Takes a grant away, if it is there.
    pub async fn revoke(&self, version: u64, grant: &Grant) -> Result<(), JobError> {
        self.session.lambda.revoke(&self.job.name, version, grant).await
    }

    /// Whether an object is there.
    pub async fn exists(&self, at: &S3Location) -> Result<bool, JobError> {
        self.session.s3.exists(at).await
    }

    /// Writes a document, unless there is one.
    pub async fn add(&self, at: &S3Location, document: &Bytes) -> Result<bool, JobError> {
        self.session.s3.add(at, document).await
    }

    /// Reads a document.
    pub async fn document(&self, at: &S3Location) -> Result<Option<Bytes>, JobError> {
        self.session.s3.document(at).await
    }

    /// The versions that are attested, as a listing tells them.
    pub async fn attested(&self) -> Result<BTreeSet<u64>, JobError> {
        let name = format!("{}{PROVENANCE}", self.job.manifest_name);
        let found = self.session.s3.backed_up(&self.job.backups, &name).await?;
        Ok(found.into_keys().collect())
    }

    /// A parameter as it was at some time of this run, read together with others.
    pub async fn parameter_at_a_glance(&self, name: &ParameterName) -> Result<Option<Parameter>, JobError> {
        self.session.parameters.glance(name).await
    }

    /// A parameter as it is now.
    pub async fn parameter(&self, name: &ParameterName) -> Result<Option<Parameter>, JobError> {
        self.session.parameters.read(name).await
    }

    /// Writes an ARN into a parameter: a new one, or with `overwrite` the one that is there.
    pub async fn write_parameter(
        &self,
        name: &ParameterName,
        arn: &VersionArn,
        overwrite: bool,
    ) -> Result<Written, JobError> {
        self.session.parameters.write(name, &arn.to_string(), overwrite).await
    }

    /// Functions of the account and Region that use a version.
    pub async fn used_by(&self, version: &VersionArn) -> Result<&'a [String], JobError> {
        Ok(self.session.uses().await?.of(version))
    }

    /// Deletes a version, if it is there.
    pub async fn delete_version(&self, version: u64) -> Result<(), JobError> {
        self.session.lambda.delete(&self.job.name, version).await
    }

    /// What is kept of a version: copies of manifests, whatever they were called then, and documents.
    pub async fn kept_of(&self, version: u64) -> Result<Vec<S3Location>, JobError> {
        self.session.s3.directly_below(&self.job.folder(version)).await
    }

    /// Deletes an object, if it is there.
    pub async fn delete_object(&self, at: &S3Location) -> Result<(), JobError> {
        self.session.s3.delete(at).await
    }

    /// The lock, if it is there.
    pub async fn read_lock(&self) -> Result<Option<Found>, JobError> {
        self.session.s3.read_lock(&self.job.lock()).await
    }

    /// Writes the lock once, if the condition holds.
    pub async fn write_lock(&self, body: Bytes, condition: &Condition) -> LockWrite {
        self.session.s3.write_lock(&self.job.lock(), body, condition).await
    }
}

/// A digest of the files that a manifest includes, where they count for the layer.
pub fn counted_includes(job: &Job, manifest: &Manifest) -> Option<Md5> {
    job.compares_dependencies().then(|| manifest.includes().digest()).flatten()
}

/// A digest of what the files ask for that a manifest includes, where the layer is installed; `None` where it includes none,
/// or one cannot be read.
pub(super) async fn asked(job: &Job, manifest: &Manifest) -> Result<Option<Md5>, JobError> {
    if manifest.includes().digest().is_none() {
        return Ok(None);
    }
    let (manifest, settings) = (manifest.clone(), job.settings.clone());
    aside(manifest.size(), move |halt| manifest.includes().asked(&Environments::of(&settings), halt)).await
}
