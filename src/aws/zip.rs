//! A staged archive as a zip that can be read at any offset.

use bytes::Bytes;

use super::bounds::broken;
use super::last::sent;
use super::s3::{S3, Staged, read_error};
use crate::layer::S3Location;
use crate::outcome::JobError;

/// A staged archive, read by ranged GETs of the very object that preflight saw.
#[derive(Clone, Debug)]
pub struct StagedZip {
    s3: S3,
    at: S3Location,
    staged: Staged,
}

impl StagedZip {
    /// The archive that was staged there when it was last looked at.
    pub fn new(s3: S3, at: S3Location, staged: Staged) -> Self {
        Self { s3, at, staged }
    }
}

impl StagedZip {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.staged.size
    }

    /// The `len` bytes at `offset`; the range lies within the size.
    ///
    /// # Errors
    /// Whatever the service refuses; an object that was replaced since its HEAD.
    pub async fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, JobError> {
        let call = self.s3.call("s3:GetObject", &self.at);
        let last = offset + len.saturating_sub(1);
        let request = self
            .s3
            .client()
            .get_object()
            .bucket(&self.at.bucket)
            .key(&self.at.key)
            .set_version_id(self.staged.version_id.clone())
            .set_if_match(self.staged.etag.clone())
            .range(format!("bytes={offset}-{last}"));
        let found = sent(request.send()).await.map_err(|failure| read_error(failure, &call))?;
        // A server that ignores `Range` would send the whole archive.
        if found.content_length() != i64::try_from(len).ok() {
            return Err(broken(&call, &"the answer is not the range that was asked for"));
        }
        self.s3.read(found, len, &call).await
    }
}
