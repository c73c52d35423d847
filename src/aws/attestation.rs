//! Documents that lie beside a backup: made once, never replaced.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use tokio::time::sleep;

use super::lambda::backoff;
use super::last::sent;
use super::s3::{S3, unreadable};
use crate::layer::S3Location;
use crate::outcome::{ErrorCode, JobError};

/// No document is larger; one that is was not written by this tool.
const LARGEST: u64 = 256 * 1024 * 1024;
/// How often one is sent while another write of its key is under way, or an answer tells nothing.
const ATTEMPTS: u32 = 4;

impl S3 {
    /// Writes a document, unless there is one; `false` if there was.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn add(&self, at: &S3Location, document: &Bytes) -> Result<bool, JobError> {
        let call = self.call("s3:PutObject", at);
        for attempt in 1..=ATTEMPTS {
            let request = self.client().put_object().bucket(&at.bucket).key(&at.key).if_none_match("*");
            let request = request.content_type("application/json").body(ByteStream::from(document.clone()));
            match sent(request.send()).await {
                // Not S3's answer: whether it was written is read off the next one.
                Ok(written) if written.e_tag().is_none() => sleep(backoff(attempt)).await,
                Ok(_) => return Ok(true),
                Err(failure) => match failure.answer.status {
                    Some(412) => return Ok(false),
                    Some(409) => sleep(backoff(attempt)).await,
                    _ => return Err(failure.into_error(&call)),
                },
            }
        }
        Err(unreadable(&call))
    }

    /// Reads a document; `None` if there is none.
    ///
    /// # Errors
    /// Whatever the service refuses; one that is too large to be one of ours.
    pub async fn document(&self, at: &S3Location) -> Result<Option<Bytes>, JobError> {
        let call = self.call("s3:GetObject", at);
        let found = match sent(self.client().get_object().bucket(&at.bucket).key(&at.key).send()).await {
            Ok(found) => found,
            Err(failure) if failure.answer.code.as_deref() == Some("NoSuchKey") => return Ok(None),
            Err(failure) => return Err(failure.into_error(&call)),
        };
        let bytes = self.read(found, LARGEST + 1, &call).await?;
        if bytes.len() as u64 > LARGEST {
            let message = format!("{at} has more than {} MB: layership did not write it", LARGEST / 1_000_000);
            return Err(JobError::new(ErrorCode::Internal, message));
        }
        Ok(Some(bytes))
    }
}
