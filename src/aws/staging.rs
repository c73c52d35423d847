//! Uploading a staged archive: a small one with one request, a large one in parts.

use super::body;
use super::bounds;
use super::last::sent;
use super::multipart;
use super::progress::Progress;
use super::s3::{S3, Staged, tag, version_id};
use super::upload::{CONTENT_TYPE, Upload, patience};
use crate::archive::ReadAt as _;
use crate::layer::S3Location;
use crate::outcome::JobError;

/// A zip of more bytes is uploaded in parts. A part that breaks is sent again alone, and parts use several connections;
/// but then S3 has to copy the whole once, so for less it does not pay.
const LARGE: u64 = 32 * 1024 * 1024;

impl S3 {
    /// Uploads a staged archive, streamed, with its SHA-256 and the MD5 of its manifest.
    ///
    /// # Errors
    /// Whatever the service refuses, and a local file that cannot be read.
    pub async fn stage(&self, at: &S3Location, upload: &Upload<'_>) -> Result<Staged, JobError> {
        if upload.zip.size() > LARGE { multipart::stage(self, at, upload).await } else { self.put(at, upload).await }
    }

    async fn put(&self, at: &S3Location, upload: &Upload<'_>) -> Result<Staged, JobError> {
        let call = self.call("s3:PutObject", at);
        let size = upload.zip.size();
        let request = self
            .client()
            .put_object()
            .bucket(&at.bucket)
            .key(&at.key)
            .content_type(CONTENT_TYPE)
            .set_metadata(Some(upload.metadata()))
            .checksum_sha256(upload.sha256.to_base64())
            .body(body::stream(upload.zip, 0..size, Progress::of(size, 1, &upload.tell).part(0)))
            .customize()
            .config_override(patience(bounds::deadline(self.request_timeout(), size)));
        match sent(request.send()).await {
            Ok(answer) => {
                let (etag, version_id) = (tag(answer.e_tag(), &call)?, version_id(answer.version_id()));
                Ok(Staged { etag: Some(etag), version_id, ..upload.staged(Some(upload.sha256)) })
            }
            Err(failure) => Err(failure.into_error(&call)),
        }
    }
}
