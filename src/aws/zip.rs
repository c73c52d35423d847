//! A staged archive as a zip that can be read at any offset.

use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use bytes::Bytes;
use sha2::Digest as _;

use super::bounds::{self, broken};
use super::last::sent;
use super::s3::{S3, Staged, read_error, tag};
use crate::archive::{Note, TAIL};
use crate::layer::{S3Location, Sha256};
use crate::outcome::JobError;

/// A staged archive, read by GETs of the very object that preflight saw. What is known of it is asked for once: its
/// digest, and its end, which holds the table of contents of nearly all layers.
#[derive(Clone, Debug)]
pub struct StagedZip {
    s3: S3,
    at: S3Location,
    staged: Staged,
    end: Option<Bytes>,
}

impl StagedZip {
    /// The archive that was staged there when it was last looked at.
    pub fn new(s3: S3, at: S3Location, staged: Staged) -> Self {
        Self { s3, at, staged, end: None }
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.staged.size
    }

    /// That it passed all checks, if `stage` noted it.
    pub fn note(&self) -> Option<Note> {
        self.staged.note
    }

    /// Its SHA-256, where S3 keeps one or it was read before.
    pub fn known_sha256(&self) -> Option<Sha256> {
        self.staged.sha256
    }

    /// Its SHA-256, for which all of it is read once, streamed, where S3 keeps none. Its end is kept on the way.
    ///
    /// # Errors
    /// Whatever the service refuses; an object that was replaced since its HEAD.
    pub async fn sha256(&mut self) -> Result<Sha256, JobError> {
        if let Some(sha256) = self.staged.sha256 {
            return Ok(sha256);
        }
        let call = self.s3.call("s3:GetObject", &self.at);
        let found = sent(self.get().send()).await.map_err(|failure| read_error(failure, &call))?;
        tag(found.e_tag(), &call)?;
        let (mut digest, mut read, mut end) = (sha2::Sha256::new(), 0, Vec::new());
        let take = |piece: &[u8]| {
            digest.update(piece);
            let before = usize::try_from(self.end_begins().saturating_sub(read)).unwrap_or(usize::MAX);
            read += piece.len() as u64;
            let goes_on = read <= self.staged.size;
            end.extend_from_slice(piece.get(before..).filter(|_| goes_on).unwrap_or_default());
            goes_on
        };
        bounds::each(found.body, bounds::deadline(self.s3.request_timeout(), self.staged.size), &call, take).await?;
        if read != self.staged.size {
            return Err(broken(&call, &format!("it does not have the {} bytes that S3 announced", self.staged.size)));
        }
        let sha256 = Sha256::from_bytes(digest.finalize().into());
        (self.staged.sha256, self.end) = (Some(sha256), Some(end.into()));
        Ok(sha256)
    }

    /// Where its end begins: the last [`TAIL`] bytes of it, or all of a small one.
    pub fn end_begins(&self) -> u64 {
        self.staged.size.saturating_sub(TAIL)
    }

    /// Its end.
    ///
    /// # Errors
    /// As for [`Self::read_at`].
    pub async fn end(&mut self) -> Result<Bytes, JobError> {
        if let Some(end) = &self.end {
            return Ok(end.clone());
        }
        let start = self.end_begins();
        let end = if self.size() > 0 { self.read_at(start, self.size() - start).await? } else { Bytes::new() };
        Ok(self.end.insert(end).clone())
    }

    /// The `len` bytes at `offset`; the range lies within the size.
    ///
    /// # Errors
    /// Whatever the service refuses; an object that was replaced since its HEAD.
    pub async fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, JobError> {
        let call = self.s3.call("s3:GetObject", &self.at);
        let last = offset + len.saturating_sub(1);
        let request = self.get().range(format!("bytes={offset}-{last}"));
        let found = sent(request.send()).await.map_err(|failure| read_error(failure, &call))?;
        // A server that ignores `Range` would send the whole archive.
        if found.content_length() != i64::try_from(len).ok() {
            return Err(broken(&call, &"the answer is not the range that was asked for"));
        }
        self.s3.read(found, len, &call).await
    }

    /// A GET of the very object that was seen.
    fn get(&self) -> GetObjectFluentBuilder {
        let request = self.s3.client().get_object().bucket(&self.at.bucket).key(&self.at.key);
        request.set_version_id(self.staged.version_id.clone()).set_if_match(self.staged.etag.clone())
    }
}
