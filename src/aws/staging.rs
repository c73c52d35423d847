//! Uploading a staged archive: a small one with one request, a large one in parts.

use super::body;
use super::bounds;
use super::intact::intact;
use super::last::sent;
use super::multipart;
use super::progress::Progress;
use super::s3::{S3, Staged, tag, version_id};
use super::upload::{CONTENT_TYPE, Upload, patience};
use crate::archive::{ReadAt as _, Stretch};
use crate::layer::S3Location;
use crate::outcome::JobError;

/// A zip of more bytes is uploaded in parts. A part that breaks is sent again alone, and parts use several connections;
/// but then S3 has to copy the whole once, so for less it does not pay.
const LARGE: u64 = 32 * 1024 * 1024;

/// Bytes of each part but the last. S3 wants 5 MiB at least, and 10,000 parts at most: more than any layer has.
const PART: u64 = 8 * 1024 * 1024;

/// How many bytes a part of a zip of this size has, if it is uploaded in parts.
pub fn part_size(size: u64) -> Option<u64> {
    (size > LARGE).then_some(PART)
}

impl S3 {
    /// Uploads a staged archive, streamed, with its SHA-256 and the MD5 of its manifest.
    ///
    /// # Errors
    /// Whatever the service refuses, and a local file that cannot be read.
    pub async fn stage(&self, at: &S3Location, upload: &Upload<'_>) -> Result<Staged, JobError> {
        if upload.parts.is_empty() { self.put(at, upload).await } else { multipart::stage(self, at, upload).await }
    }

    async fn put(&self, at: &S3Location, upload: &Upload<'_>) -> Result<Staged, JobError> {
        let call = self.call("s3:PutObject", at);
        let size = upload.zip.size();
        let all = Stretch { bytes: 0..size, sha256: upload.sha256 };
        let share = Progress::of(size, 1, &upload.tell).part(0);
        let send = || {
            let request = self
                .client()
                .put_object()
                .bucket(&at.bucket)
                .key(&at.key)
                .content_type(CONTENT_TYPE)
                .set_metadata(Some(upload.metadata()))
                .checksum_sha256(all.sha256.to_base64())
                .body(body::stream(upload.zip, all.bytes.clone(), share.clone()))
                .customize()
                .config_override(patience(bounds::deadline(self.request_timeout(), size)));
            sent(request.send())
        };
        let answer = intact(upload, &all, &call, send).await?;
        let (etag, version_id) = (tag(answer.e_tag(), &call)?, version_id(answer.version_id()));
        Ok(Staged { etag: Some(etag), version_id, ..upload.staged(Some(upload.sha256)) })
    }
}
