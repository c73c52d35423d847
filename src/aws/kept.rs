//! Archives that stay in the bucket, where Lambda reads them: put there once for each content, never overwritten.

use aws_sdk_s3::types::{ChecksumAlgorithm, MetadataDirective};
use tokio::time::sleep;

use super::bounds;
use super::call::Call;
use super::failure::Failure;
use super::lambda::backoff;
use super::last::sent;
use super::s3::{S3, Staged, read_error, tag, version_id};
use super::upload::{CONTENT_TYPE, patience};
use super::zip::StagedZip;
use crate::layer::{CONTENT, Referenced, S3Location, Sha256, content_of};
use crate::outcome::{ErrorCode, JobError};

/// How often a copy is begun while another write of its key is under way.
const ATTEMPTS: u32 = 4;

/// An archive in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The object, and S3's id of its version.
    pub object: Referenced,
    /// Whether it was put there now.
    pub is_new: bool,
}

/// What is to be kept: the very object that was checked.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    /// Where it was staged.
    pub from: &'a S3Location,
    /// What was seen there.
    pub staged: &'a Staged,
    /// Its SHA-256.
    pub sha256: Sha256,
}

impl S3 {
    /// Lets S3 copy a staged archive to where it stays, unless it is there.
    ///
    /// # Errors
    /// Whatever the service refuses; a bucket without versions; other bytes at that place; a staged archive that was
    /// replaced.
    pub async fn keep(&self, keep: Keep<'_>, at: &S3Location) -> Result<Kept, JobError> {
        let call = self.call("s3:PutObject", at);
        for attempt in 1..=ATTEMPTS {
            let failure = match self.copy_once(keep, at, &call).await? {
                Ok(kept) => return Ok(kept),
                Err(failure) => failure,
            };
            match failure.answer.status {
                // It is there, or what was to be copied is another object by now.
                Some(404 | 412) => match self.find(at).await? {
                    Some(found) => return self.verified(found, at, keep.sha256).await,
                    None => return Err(read_error(failure, &self.call("s3:GetObject", keep.from))),
                },
                Some(409) if attempt < ATTEMPTS => sleep(backoff(attempt)).await,
                _ => return Err(failure.into_error(&call)),
            }
        }
        Err(JobError::new(ErrorCode::Internal, format!("{at} is written by something else all the time")))
    }

    async fn copy_once(&self, keep: Keep<'_>, at: &S3Location, call: &Call) -> Result<Result<Kept, Failure>, JobError> {
        let Keep { from, staged, sha256 } = keep;
        let owner = call.bucket.as_ref().and_then(|(_, owner)| owner.as_ref()).map(ToString::to_string);
        let request = self
            .client()
            .copy_object()
            .bucket(&at.bucket)
            .key(&at.key)
            .if_none_match("*")
            .copy_source(from.version_as_copy_source(staged.version_id.as_deref()))
            .set_expected_source_bucket_owner(owner)
            .set_copy_source_if_match(staged.etag.clone())
            // What the staged archive says of its manifest is not true of every version that has this content.
            .metadata_directive(MetadataDirective::Replace)
            .content_type(CONTENT_TYPE)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .customize()
            .config_override(patience(bounds::deadline(self.request_timeout(), staged.size)));
        let copied = match sent(request.send()).await {
            Ok(copied) => copied,
            Err(failure) => return Ok(Err(failure)),
        };
        let object = copied.copy_object_result();
        tag(object.and_then(|object| object.e_tag()), call)?;
        let told = object.and_then(|object| object.checksum_sha256()).and_then(Sha256::from_base64);
        if told.is_some_and(|told| told != sha256) {
            return Err(other_bytes(at));
        }
        kept(at, version_id(copied.version_id()), true).map(Ok)
    }

    /// What lies there is what its name says: by the SHA-256 that S3 keeps, or by reading all of it.
    async fn verified(&self, found: Staged, at: &S3Location, sha256: Sha256) -> Result<Kept, JobError> {
        let version_id = found.version_id.clone();
        let has = StagedZip::new(self.clone(), at.clone(), found).sha256().await?;
        if has == sha256 { kept(at, version_id, false) } else { Err(other_bytes(at)) }
    }

    /// The archives that stay below the prefix of a layer's backups, with the digests in their names.
    ///
    /// # Errors
    /// Whatever the service refuses, and more objects than are read.
    pub async fn kept_below(&self, prefix: &S3Location) -> Result<Vec<(S3Location, Sha256)>, JobError> {
        let mut kept = Vec::new();
        let (folder, own) = (prefix.sibling(format!("{}/{CONTENT}", prefix.key)), format!("{}/", prefix.key));
        let listed = self.each_below(&folder, |object, _| {
            let Some(key) = object.key() else { return };
            let sha256 = key.strip_prefix(&own).and_then(content_of);
            kept.extend(sha256.map(|sha256| (prefix.sibling(key.to_owned()), sha256)));
        });
        match listed.await? {
            true => Ok(kept),
            false => Err(self.too_many(prefix)),
        }
    }

    /// Whether an object that Lambda reads is there, in the version that it reads.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn has(&self, object: &Referenced) -> Result<bool, JobError> {
        let call = self.call("s3:GetObjectVersion", &object.at);
        let request = self.client().head_object().bucket(&object.at.bucket).key(&object.at.key);
        match sent(request.set_version_id(object.version_id.clone()).send()).await {
            Ok(found) => tag(found.e_tag(), &call).map(|_| true),
            // 405: what was asked for is the mark of a deletion.
            Err(failure) if matches!(failure.answer.status, Some(404 | 405)) => Ok(false),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }
}

/// Lambda names the version that it reads: without one there is none to name.
fn kept(at: &S3Location, version_id: Option<String>, is_new: bool) -> Result<Kept, JobError> {
    match version_id {
        Some(id) => Ok(Kept { object: Referenced { at: at.clone(), version_id: Some(id) }, is_new }),
        None => Err(unversioned(&at.bucket)),
    }
}

/// A bucket whose objects have no versions.
pub fn unversioned(bucket: &str) -> JobError {
    let message = format!("bucket `{bucket}` keeps no versions, and `storage = \"reference\"` needs them");
    JobError::new(ErrorCode::BucketUnversioned, message).hint(format!(
        "turn versioning on (`aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration \
         Status=Enabled`) and stage again, or set `storage = \"copy\"`"
    ))
}

fn other_bytes(at: &S3Location) -> JobError {
    JobError::new(
        ErrorCode::ContentMismatch,
        format!("{at} has other bytes than its name says, and is not overwritten"),
    )
    .hint("find out who wrote it; once it is moved away, run the same command again")
}
