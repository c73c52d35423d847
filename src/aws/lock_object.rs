//! The lock of one layer as an object in S3. What it says is the protocol's matter; here it is read and written.

use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use layership_protocol::{BODY_LIMIT, Condition, Content, Found, Time};

use super::call::Call;
use super::failure::{Failure, FailureKind};
use super::last::sent;
use super::s3::{S3, tag};
use crate::layer::S3Location;
use crate::outcome::{ErrorCode, JobError};

/// A lock is a few hundred bytes: a write that takes longer than this is found out about by reading.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of writing a lock.
#[derive(Clone, Debug)]
pub enum LockWrite {
    /// It was written, under this entity tag.
    Written(String),
    /// It may or may not have been written: reading will tell. Without an error somebody else was quicker.
    Unknown(Option<JobError>),
    /// It was not written, for a reason that has nothing to do with others.
    Denied(JobError),
}

impl S3 {
    /// Writes the lock, if the condition holds, with one request and no repetition of any kind: an answer that was
    /// lost says nothing, and a second request would meet what the first one wrote.
    pub async fn write_lock(&self, at: &S3Location, body: Bytes, condition: &Condition) -> LockWrite {
        let call = self.call("s3:PutObject", at);
        let patience = PATIENCE.min(self.request_timeout());
        let timeouts = TimeoutConfig::builder().operation_timeout(patience).operation_attempt_timeout(patience).build();
        let once = aws_sdk_s3::config::Builder::new().retry_config(RetryConfig::disabled()).timeout_config(timeouts);
        let request = self.client().put_object().bucket(&at.bucket).key(&at.key).content_type("application/json");
        let request = match condition {
            Condition::Absent => request.if_none_match("*"),
            Condition::Match(etag) => request.if_match(&**etag),
        };
        match request.body(ByteStream::from(body)).customize().config_override(once).send().await {
            Ok(written) => match tag(written.e_tag(), &call) {
                Ok(etag) => LockWrite::Written(etag),
                Err(error) => LockWrite::Unknown(Some(error)),
            },
            Err(error) => refused(Failure::of(&error), &call),
        }
    }

    /// Reads the lock, if there is one.
    ///
    /// # Errors
    /// Whatever the service refuses, and a body that is cut off.
    pub async fn read_lock(&self, at: &S3Location) -> Result<Option<Found>, JobError> {
        let call = self.call("s3:GetObject", at);
        let found = match sent(self.client().get_object().bucket(&at.bucket).key(&at.key).send()).await {
            Ok(found) => found,
            Err(failure) => {
                return match failure.answer.code.as_deref() {
                    Some("NoSuchKey") => Ok(None),
                    _ => Err(failure.into_error(&call)),
                };
            }
        };
        let etag = tag(found.e_tag(), &call)?;
        let modified = found.last_modified().map(|time| time.secs().saturating_mul(1_000));
        let modified =
            modified.and_then(|millis| u64::try_from(millis).ok()).map_or_else(|| self.now(), Time::from_millis);
        // One byte more than a lock has at most shows that it is not a lock.
        let bytes = self.read(found, BODY_LIMIT as u64 + 1, &call).await?;
        Ok(Some(Found { content: Content::parse(&bytes), etag: etag.into(), modified }))
    }

    /// S3's clock, and never later than it really is; before its first answer, this machine's own.
    pub fn now(&self) -> Time {
        let millis = self.clock().now().map_or_else(|| jiff::Timestamp::now().as_millisecond(), |time| time.earliest);
        Time::from_millis(u64::try_from(millis).unwrap_or_default())
    }
}

fn refused(failure: Failure, call: &Call) -> LockWrite {
    let missing = failure.answer.status == Some(404) && failure.answer.code.as_deref() != Some("NoSuchBucket");
    match (failure.kind, failure.answer.status) {
        // 412: another one is there. 409: another conditional write was under way. 404: the one to replace is gone.
        (_, Some(409 | 412)) => LockWrite::Unknown(None),
        _ if missing => LockWrite::Unknown(None),
        (FailureKind::Refused, _) => LockWrite::Denied(failure.into_error(call)),
        (FailureKind::NotSent, _) if failure.code != ErrorCode::Network => LockWrite::Denied(failure.into_error(call)),
        _ => LockWrite::Unknown(Some(failure.into_error(call))),
    }
}
