//! S3 as this tool uses it: what is staged there, and what it says of itself.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{ChecksumMode, ChecksumType};
use bytes::Bytes;
use jiff::Timestamp;

use super::bounds;
use super::bucket_facts::Buckets;
use super::call::Call;
use super::clock::ServerClock;
use super::failure::Failure;
use super::included;
use super::last::sent;
use super::owners::Owners;
use super::under_way::UploadsUnderWay;
use crate::archive::{Note, TreeDigest};
use crate::layer::{Md5, Region, S3Location, Sha256};
use crate::outcome::{ErrorCode, JobError};

/// User metadata of a staged archive: MD5 of the manifest it was built from, exactly as `aws_lambda_artifact_builder`
/// names it.
pub(super) const MANIFEST_MD5: &str = "manifest_md5";
/// The same with a hyphen, because some proxies and servers lose header names with underscores.
pub(super) const MANIFEST_MD5_HYPHEN: &str = "manifest-md5";
/// That all checks passed, written by `stage` so that publishing need not read the zip's directory again. The Python
/// library looks at `manifest_md5` alone.
pub(super) const CHECKED: &str = "layership-inspection";
/// The digest of the folder that the zip was made of, so that an unchanged folder is not packed again.
pub(super) const TREE: &str = "layership-tree";

/// The objects of one target's buckets.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
    region: Region,
    owners: Owners,
    clock: ServerClock,
    request_timeout: Duration,
    under_way: UploadsUnderWay,
    buckets: Buckets,
}

/// A staged archive, as far as a HEAD tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The MD5 of the manifest it was built from, if it says.
    pub manifest_md5: Option<String>,
    /// A digest of the files that this manifest included then, if `stage` noted it.
    pub includes: Option<String>,
    /// SHA-256 of the whole object, where S3 keeps one.
    pub sha256: Option<Sha256>,
    /// Size in bytes.
    pub size: u64,
    /// That its zip passed all checks, if `stage` noted it.
    pub note: Option<Note>,
    /// The digest of the folder that it was made of, if `stage` noted it.
    pub tree: Option<TreeDigest>,
    /// Entity tag, to read the very same object again.
    pub etag: Option<String>,
    /// Version id, where the bucket is versioned.
    pub version_id: Option<String>,
    /// When it was written, by S3's clock, which tells whole seconds; `None` if it is new.
    pub modified: Option<Timestamp>,
    /// Its storage class, where it is another one than S3's standard.
    pub class: Option<String>,
}

impl Staged {
    /// Whether it says that it was built from this manifest, and for the files that the manifest includes, if any.
    pub fn is_built_from(&self, manifest: Md5, includes: Option<Md5>) -> bool {
        let is = |noted: &Option<String>, now: Md5| noted.as_ref().is_some_and(|noted| *noted == now.to_string());
        is(&self.manifest_md5, manifest) && includes.is_none_or(|includes| is(&self.includes, includes))
    }
}

impl S3 {
    /// Wraps a client whose requests name the owners of buckets.
    pub(super) fn new(client: Client, region: &Region, owners: Owners, clock: ServerClock, timeout: Duration) -> Self {
        let under_way = UploadsUnderWay::default();
        let buckets = Buckets::default();
        Self { client, region: region.clone(), owners, clock, request_timeout: timeout, under_way, buckets }
    }

    /// The same, with what the uploads of all targets share.
    pub(super) fn sharing(self, under_way: UploadsUnderWay) -> Self {
        Self { under_way, ..self }
    }

    pub(super) fn under_way(&self) -> &UploadsUnderWay {
        &self.under_way
    }

    /// Reads the body of an answer, but no more than so many bytes of it.
    pub(super) async fn read(&self, found: GetObjectOutput, most: u64, call: &Call) -> Result<Bytes, JobError> {
        let told = found.content_length().and_then(|length| u64::try_from(length).ok());
        let within = bounds::deadline(self.request_timeout, told.map_or(most, |told| told.min(most)));
        bounds::at_most(found.body, most, within, call).await
    }

    /// A call about an object, in the words of its messages.
    pub(super) fn call(&self, action: &'static str, at: &S3Location) -> Call {
        Call::s3(action, at, &self.region, self.owners.of(&at.bucket).cloned())
    }

    /// A call about the bucket of an object.
    pub(super) fn of_bucket(&self, action: &'static str, at: &S3Location) -> Call {
        let call = self.call(action, at);
        Call { resource: format!("bucket `{}`", at.bucket), ..call }
    }

    /// What is known of buckets.
    pub(super) fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    pub(super) fn region(&self) -> &Region {
        &self.region
    }

    /// S3's clock, fed by every answer.
    pub fn clock(&self) -> &ServerClock {
        &self.clock
    }

    pub(super) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn exists(&self, at: &S3Location) -> Result<bool, JobError> {
        let call = self.call("s3:GetObject", at);
        let request = self.client.head_object().bucket(&at.bucket).key(&at.key);
        match sent(request.send()).await {
            Ok(found) => tag(found.e_tag(), &call).map(|_| true),
            Err(failure) => match failure.answer.status {
                Some(404) => Ok(false),
                _ => Err(failure.into_error(&call)),
            },
        }
    }

    /// What is staged; `None` if nothing is.
    ///
    /// # Errors
    /// Whatever the service refuses; a bucket that does not exist is told from a missing object.
    pub async fn head(&self, at: &S3Location) -> Result<Option<Staged>, JobError> {
        let call = self.call("s3:GetObject", at);
        let request = self.client.head_object().bucket(&at.bucket).key(&at.key).checksum_mode(ChecksumMode::Enabled);
        match sent(request.send()).await {
            Ok(found) => tag(found.e_tag(), &call).map(|_| Some(staged(&found))),
            Err(failure) => {
                match failure.answer.status {
                    Some(404) => self.ensure_bucket(at).await.map(|()| None),
                    // A HEAD has no body to say so: a 403 can be a bucket that is not there for us at all.
                    _ => Err(failure.into_error(&call)),
                }
            }
        }
    }

    /// What lies at a key of a bucket that is there; `None` if nothing does.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn find(&self, at: &S3Location) -> Result<Option<Staged>, JobError> {
        let call = self.call("s3:GetObject", at);
        let request = self.client.head_object().bucket(&at.bucket).key(&at.key).checksum_mode(ChecksumMode::Enabled);
        match sent(request.send()).await {
            Ok(found) => tag(found.e_tag(), &call).map(|_| Some(staged(&found))),
            Err(failure) if failure.answer.status == Some(404) => Ok(None),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// A HEAD's 404 has no body, so it does not say whether the object or the bucket is missing.
    async fn ensure_bucket(&self, at: &S3Location) -> Result<(), JobError> {
        match sent(self.client.head_bucket().bucket(&at.bucket).send()).await {
            Ok(_) => Ok(()),
            Err(mut failure) => {
                match failure.answer.status {
                    Some(404) => {
                        failure.code = ErrorCode::BucketMissing;
                        Err(failure.into_error(&self.call("s3:ListBucket", at)))
                    }
                    Some(301 | 400) => Err(failure.into_error(&self.call("s3:ListBucket", at))),
                    // No permission to look at the bucket itself: the object is missing, that is all we know.
                    _ => Ok(()),
                }
            }
        }
    }
}

fn staged(found: &HeadObjectOutput) -> Staged {
    let metadata = found.metadata();
    let value = |name: &str| metadata.and_then(|metadata| metadata.get(name)).cloned();
    let whole = found.checksum_type().is_none_or(|kind| *kind == ChecksumType::FullObject);
    // A composite checksum of a multipart upload ends in `-N`, which is not base64 of 32 bytes either.
    let sha256 = found.checksum_sha256().filter(|_| whole).and_then(Sha256::from_base64);
    Staged {
        manifest_md5: value(MANIFEST_MD5).or_else(|| value(MANIFEST_MD5_HYPHEN)),
        includes: included::noted(metadata, included::INCLUDES),
        sha256,
        size: found.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        note: value(CHECKED).zip(sha256).and_then(|(note, sha256)| Note::from_text(&note, sha256)),
        tree: value(TREE).zip(sha256).and_then(|(note, sha256)| TreeDigest::from_note(&note, sha256)),
        etag: found.e_tag().map(str::to_owned),
        version_id: version_id(found.version_id()),
        modified: found.last_modified().and_then(|time| Timestamp::from_second(time.secs()).ok()),
        class: found.storage_class().map(|class| class.as_str().to_owned()),
    }
}

/// The entity tag of an answer. Every object has one: an answer without it is not S3's, but of a proxy, a login page or
/// half an answer, and must not be taken for an object or for a write that was done.
pub(super) fn tag(found: Option<&str>, call: &Call) -> Result<String, JobError> {
    found.map(str::to_owned).ok_or_else(|| unreadable(call))
}

pub(super) fn unreadable(call: &Call) -> JobError {
    JobError::new(ErrorCode::Network, format!("no usable answer from S3 to `{}` on {}", call.action, call.resource))
        .cause("the answer has no entity tag: it did not come from S3")
        .hint("check the network, proxies and AWS_ENDPOINT_URL, then try again")
}

/// Objects of a bucket whose versioning was suspended, or written before it was on, have the version `null`, which
/// pins nothing.
pub(super) fn version_id(id: Option<&str>) -> Option<String> {
    id.filter(|id| !id.is_empty() && *id != "null").map(str::to_owned)
}

/// The staged archive was replaced or deleted since its HEAD.
pub(super) fn read_error(failure: Failure, call: &Call) -> JobError {
    match failure.answer.status {
        Some(404 | 412) => JobError::new(
            ErrorCode::ContentMismatch,
            format!("{} was replaced while it was being checked", call.resource),
        )
        .hint("another run stages the same layer; run the command again when it is done"),
        _ => failure.into_error(call),
    }
}
