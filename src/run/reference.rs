//! Layers that stay in the bucket (`storage = "reference"`): whether Lambda will be able to read them there, and the
//! putting them there. All of it only where something is to be published.

use super::site::Site;
use super::trail::Trail;
use crate::aws::{Kept, PolicyRead, Staged, unversioned};
use crate::event::Fact;
use crate::layer::{Referenced, S3Location, Sha256, Storage};
use crate::outcome::{ErrorCode, JobError};

/// Storage classes that nobody can read from at once.
const FROZEN: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];
/// Those that Lambda cannot read from: "all S3 storage classes except Glacier storage classes" will do (Lambda Developer
/// Guide, "Self-managed S3 code storage").
const NOT_FOR_LAMBDA: [&str; 3] = ["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"];
/// What could not be checked for lack of a permission.
const UNCHECKED: &str = "storage-unchecked";

/// Refuses what Lambda could not read in its place, as far as that can be told.
///
/// # Errors
/// A bucket without versions, a policy that does not let Lambda read, a storage class that nobody can read from at once.
pub async fn check(site: Site<'_>, staged: &Staged, sha256: Option<Sha256>, trail: &mut Trail) -> Result<(), JobError> {
    let job = site.job;
    if job.storage == Storage::Copy {
        return Ok(());
    }
    refuse_class(&job.staged, staged, &FROZEN)?;
    let versions = told(site.keeps_versions().await, trail)?;
    if versions == Some(false) {
        return Err(unversioned(&job.backups.bucket));
    }
    // The key of an archive that was not read yet is not known, but where it will be.
    let at = job.content(sha256.unwrap_or_else(|| Sha256::of(b"")));
    if let Some(PolicyRead::MayNot(why)) = told(site.lambda_may_read(&at).await, trail)? {
        return Err(unreadable(&at, why));
    }
    if sha256.is_some() {
        let there = site.find(&at).await?;
        there.iter().try_for_each(|there| refuse_class(&at, there, &NOT_FOR_LAMBDA))?;
        let version_id = there.and_then(|there| there.version_id);
        trail.found(Fact::ArchiveKept { at: at.to_string(), version_id, written: false });
    }
    Ok(())
}

/// Puts what is to be published where it stays. Called under the lock, before anything is sent: who prunes needs the lock
/// too, so nobody deletes it before there is a version of it.
///
/// # Errors
/// Whatever S3 refuses; other bytes in its place.
pub async fn keep(
    site: Site<'_>,
    staged: &Staged,
    sha256: Option<Sha256>,
    trail: &mut Trail,
) -> Result<Option<Referenced>, JobError> {
    if site.job.storage == Storage::Copy {
        return Ok(None);
    }
    let sha256 = sha256.ok_or_else(|| JobError::new(ErrorCode::Internal, "a publish lacks its content"))?;
    let Kept { object, is_new } = site.keep(staged, sha256).await?;
    let version_id = object.version_id.clone();
    trail.found(Fact::ArchiveKept { at: object.at.to_string(), version_id, written: is_new });
    Ok(Some(object))
}

/// What was told; a missing permission to ask is told, and stops nothing.
fn told<T>(answer: Result<T, JobError>, trail: &mut Trail) -> Result<Option<T>, JobError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(denied) if denied.code == ErrorCode::AccessDenied => {
            trail.warn(UNCHECKED, format!("whether Lambda can read the layer in its place is not known: {denied}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn refuse_class(at: &S3Location, object: &Staged, refused: &[&str]) -> Result<(), JobError> {
    let refused = object.class.as_deref().filter(|class| refused.contains(class));
    refused.map_or(Ok(()), |class| {
        let message = format!("{at} is in storage class {class}, which Lambda cannot read from");
        Err(JobError::new(ErrorCode::StorageClass, message).hint(
            "copy it to another class, and leave what lies below the layer's prefix out of lifecycle rules that move \
             objects there",
        ))
    })
}

fn unreadable(at: &S3Location, why: String) -> JobError {
    let S3Location { bucket, key } = at;
    let below = key.rsplit_once('/').map_or("", |(below, _)| below);
    let message = format!("Lambda may not read s3://{bucket}/{below}/, and `storage = \"reference\"` needs that");
    JobError::new(ErrorCode::BucketPolicy, message).cause(why).hint(format!(
        "let the service `lambda.amazonaws.com` do `s3:GetObject` and `s3:GetObjectVersion` there, in the policy of bucket \
         `{bucket}`, or set `storage = \"copy\"`"
    ))
}
