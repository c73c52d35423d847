//! Uploading a large archive in parts.
//!
//! Parts go through several connections at once, and one that breaks is sent again alone. Joined, an object has no
//! SHA-256 of all its bytes: S3's SHA-256 of an upload in parts is one of the parts' digests ("composite"; S3 User Guide,
//! "Checking object integrity"), which says nothing that Lambda's `CodeSha256` could be held against. A copy of an object
//! is one piece again, however it was uploaded. So S3 copies it onto itself, and answers with the SHA-256 of what it has.
//! In between, the object is what the Python library uploads: the right bytes with the right `manifest_md5`, without a
//! SHA-256.
//!
//! The parts are those that were digested together with the whole, and S3 has compared each before they are joined: a zip
//! that something else writes to meanwhile never takes the place of what is staged.
//!
//! An upload that is not finished costs storage until it is aborted: that is done whatever becomes of the job. What may be
//! left all the same stands in docs/operations.md. One of these: where the answer is lost that names an upload, it is begun
//! once more. The first is empty, which costs nothing, and finding it needs a permission that nothing else needs.

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, MetadataDirective};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sha2::Digest as _;

use super::body;
use super::bounds;
use super::call::Call;
use super::failure::Failure;
use super::intact::{ensure_same, intact};
use super::last::sent;
use super::progress::{Progress, Share};
use super::s3::{S3, Staged, tag, unreadable, version_id};
use super::upload::{CONTENT_TYPE, Upload, patience};
use crate::archive::{ReadAt as _, Stretch};
use crate::layer::{S3Location, Sha256};
use crate::outcome::{ErrorCode, JobError};

/// How often it is tried to abort an upload. Whoever is told that it failed waits for it.
const ABORT_ATTEMPTS: u32 = 3;

/// Uploads a staged archive in parts.
///
/// # Errors
/// Whatever the service refuses, a local file that cannot be read, and an object that is replaced meanwhile.
pub(super) async fn stage(s3: &S3, at: &S3Location, upload: &Upload<'_>) -> Result<Staged, JobError> {
    let mut begun = Begun::create(s3, at, upload).await?;
    let joined = match begun.send(upload).await {
        Ok(parts) => begun.join(&parts, upload.zip.size()).await,
        Err(error) => Err(error),
    };
    match joined {
        Ok(etag) => make_whole(s3, at, upload, etag).await,
        Err(error) => Err(begun.given_up(error).await),
    }
}

/// An upload that was begun and is aborted when it is dropped, unless it is over.
struct Begun {
    s3: S3,
    at: S3Location,
    id: String,
    over: bool,
}

/// A part that S3 has.
struct Part {
    number: i32,
    etag: String,
    sha256: Sha256,
}

impl Begun {
    async fn create(s3: &S3, at: &S3Location, upload: &Upload<'_>) -> Result<Self, JobError> {
        let call = s3.call("s3:PutObject", at);
        let request = s3
            .client()
            .create_multipart_upload()
            .bucket(&at.bucket)
            .key(&at.key)
            .content_type(CONTENT_TYPE)
            .set_metadata(Some(upload.metadata()))
            .checksum_algorithm(ChecksumAlgorithm::Sha256);
        let created = sent(request.send()).await.map_err(|failure| failure.into_error(&call))?;
        let id = created.upload_id.ok_or_else(|| unreadable(&call))?;
        Ok(Self { s3: s3.clone(), at: at.clone(), id, over: false })
    }

    /// Sends all parts, several at once.
    async fn send(&self, upload: &Upload<'_>) -> Result<Vec<Part>, JobError> {
        let progress = Progress::of(upload.zip.size(), upload.parts.len(), &upload.tell);
        let sending = upload.parts.iter().cloned().zip(1..).enumerate().map(|(index, (stretch, number))| {
            let share = progress.part(index);
            async move {
                let _turn = self.s3.under_way().turn().await;
                self.send_part(upload, number, &stretch, share).await
            }
        });
        // Each waits for its turn; what is under way at once is bounded for all uploads of the run together.
        let mut parts: Vec<Part> = stream::iter(sending).buffer_unordered(usize::MAX).try_collect().await?;
        parts.sort_by_key(|part| part.number);
        Ok(parts)
    }

    async fn send_part(
        &self,
        upload: &Upload<'_>,
        number: i32,
        stretch: &Stretch,
        share: Share,
    ) -> Result<Part, JobError> {
        let call = self.s3.call("s3:PutObject", &self.at);
        let Stretch { bytes, sha256 } = stretch;
        let deadline = bounds::deadline(self.s3.request_timeout(), bytes.end - bytes.start);
        let send = || {
            let request = self
                .s3
                .client()
                .upload_part()
                .bucket(&self.at.bucket)
                .key(&self.at.key)
                .upload_id(&self.id)
                .part_number(number)
                .checksum_sha256(sha256.to_base64())
                .body(body::stream(upload.zip, bytes.clone(), share.clone()))
                .customize()
                .config_override(patience(deadline));
            sent(request.send())
        };
        let came = intact(upload, stretch, &call, send).await?;
        // Servers that only look like S3 may not have compared it.
        if came.checksum_sha256().is_none() {
            ensure_same(upload, stretch, &call).await?;
        }
        Ok(Part { number, etag: tag(came.e_tag(), &call)?, sha256: *sha256 })
    }

    /// Makes the parts an object, of so many bytes, and returns its entity tag.
    async fn join(&mut self, parts: &[Part], size: u64) -> Result<String, JobError> {
        let call = self.s3.call("s3:PutObject", &self.at);
        let listed = parts.iter().map(|part| {
            let listed = CompletedPart::builder().part_number(part.number).e_tag(&part.etag);
            listed.checksum_sha256(part.sha256.to_base64()).build()
        });
        let listed = CompletedMultipartUpload::builder().set_parts(Some(listed.collect())).build();
        let deadline = bounds::deadline(self.s3.request_timeout(), size);
        let request = self
            .s3
            .client()
            .complete_multipart_upload()
            .bucket(&self.at.bucket)
            .key(&self.at.key)
            .upload_id(&self.id)
            .multipart_upload(listed)
            .customize()
            .config_override(patience(deadline));
        match sent(request.send()).await {
            Ok(joined) => {
                let etag = tag(joined.e_tag(), &call)?;
                self.over = true;
                Ok(etag)
            }
            // Perhaps it was done and the answer was lost: sent again, there is no such upload any more. Otherwise the same
            // was joined by an earlier one, and this one is still to be aborted.
            Err(failure) => match self.joined(&composite(parts)).await {
                Some(etag) => {
                    self.over = is_gone(&failure);
                    Ok(etag)
                }
                None => Err(failure.into_error(&call)),
            },
        }
    }

    /// The entity tag of the object, if it was joined of the parts that have this checksum.
    async fn joined(&self, composite: &str) -> Option<String> {
        let request = self.s3.client().head_object().bucket(&self.at.bucket).key(&self.at.key);
        let found = request.checksum_mode(ChecksumMode::Enabled).send().await.ok()?;
        if found.checksum_sha256() == Some(composite) { found.e_tag } else { None }
    }

    /// Aborts the upload, which failed so.
    async fn given_up(mut self, why: JobError) -> JobError {
        let aborted = abort(&self.s3, &self.at, &self.id).await;
        self.over = true;
        match aborted {
            Ok(()) => why,
            Err(error) => {
                let more = error.causes.first().map(|cause| format!(" ({cause})")).unwrap_or_default();
                why.cause(format!("the parts that were sent stay in S3 until the upload is aborted: {error}{more}"))
            }
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let (s3, at, id) = (self.s3.clone(), self.at.clone(), self.id.clone());
        self.s3.under_way().clean_up(async move {
            if let Err(error) = abort(&s3, &at, &id).await {
                tracing::debug!(%error, upload = id, "an upload in parts was not aborted");
            }
        });
    }
}

/// Frees what was sent of an upload. One that is gone is aborted, or was joined.
async fn abort(s3: &S3, at: &S3Location, id: &str) -> Result<(), JobError> {
    let call = s3.call("s3:AbortMultipartUpload", at);
    let patience = patience(s3.request_timeout());
    let request = s3
        .client()
        .abort_multipart_upload()
        .bucket(&at.bucket)
        .key(&at.key)
        .upload_id(id)
        .customize()
        .config_override(patience.retry_config(RetryConfig::standard().with_max_attempts(ABORT_ATTEMPTS)));
    match sent(request.send()).await {
        Ok(_) => Ok(()),
        Err(failure) if is_gone(&failure) => Ok(()),
        Err(failure) => Err(failure.into_error(&call)),
    }
}

/// There is no such upload: it was joined or aborted.
fn is_gone(failure: &Failure) -> bool {
    failure.answer.code.as_deref() == Some("NoSuchUpload")
}

/// Lets S3 copy the object onto itself, so that it is one piece with the SHA-256 of all of it.
async fn make_whole(s3: &S3, at: &S3Location, upload: &Upload<'_>, etag: String) -> Result<Staged, JobError> {
    let call = s3.call("s3:PutObject", at);
    let owner = call.bucket.as_ref().and_then(|(_, owner)| owner.as_ref()).map(ToString::to_string);
    let request = s3
        .client()
        .copy_object()
        .bucket(&at.bucket)
        .key(&at.key)
        .copy_source(at.as_copy_source())
        .set_expected_source_bucket_owner(owner)
        .copy_source_if_match(etag)
        // S3 refuses to copy an object onto itself where nothing is replaced.
        .metadata_directive(MetadataDirective::Replace)
        .content_type(CONTENT_TYPE)
        .set_metadata(Some(upload.metadata()))
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .customize()
        .config_override(patience(bounds::deadline(s3.request_timeout(), upload.zip.size())));
    match sent(request.send()).await {
        Ok(copied) => {
            let whole = copied.copy_object_result();
            let etag = tag(whole.and_then(|whole| whole.e_tag()), &call)?;
            // Servers that only look like S3 may keep none: then who publishes reads the zip once.
            let sha256 = whole.and_then(|whole| whole.checksum_sha256()).and_then(Sha256::from_base64);
            if sha256.is_some_and(|sha256| sha256 != upload.sha256) {
                return Err(damaged(&call));
            }
            let version_id = version_id(copied.version_id());
            Ok(Staged { etag: Some(etag), version_id, ..upload.staged(sha256) })
        }
        Err(failure) => {
            // Perhaps it was done and the answer was lost: sent again, there is another object than was to be copied.
            let staged = s3.head(at).await.ok().flatten();
            let whole = staged.filter(|staged| staged.sha256 == Some(upload.sha256));
            let whole = whole.filter(|staged| staged.is_built_from(upload.manifest_md5, upload.includes));
            whole.ok_or_else(|| not_whole(failure, &call))
        }
    }
}

fn not_whole(failure: Failure, call: &Call) -> JobError {
    match failure.answer.status {
        Some(404 | 412) => JobError::new(
            ErrorCode::ContentMismatch,
            format!("{} was replaced while it was being staged", call.resource),
        )
        .hint("another run stages the same layer; run the command again when it is done"),
        _ => failure.into_error(call),
    }
}

fn damaged(call: &Call) -> JobError {
    JobError::new(ErrorCode::ContentMismatch, format!("{} has other bytes than were sent", call.resource))
        .hint("stage it again; if it fails again, look at what lies between this machine and S3")
}

/// S3's checksum of an object that was joined of these parts: of the parts' digests, with their number behind it.
fn composite(parts: &[Part]) -> String {
    let mut hash = sha2::Sha256::new();
    parts.iter().for_each(|part| hash.update(part.sha256.to_bytes()));
    format!("{}-{}", Sha256::from_bytes(hash.finalize().into()).to_base64(), parts.len())
}
