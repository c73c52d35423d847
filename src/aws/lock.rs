//! A lock as an object in S3: conditional writes make it exclusive, S3's own clock judges its age.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use bytes::Bytes;

use super::failure::{Call, Failure};
use super::s3::{S3, tag, unreadable};
use crate::layer::S3Location;
use crate::outcome::JobError;

/// No lock of ours is larger.
const LOCK_LIMIT: usize = 64 * 1024;

/// What became of writing a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockWrite {
    /// It is ours, under this entity tag.
    Ours(String),
    /// Somebody else's is there, or was quicker.
    Lost,
}

/// What became of deleting a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockDelete {
    /// It is not there any more.
    Gone,
    /// One with another entity tag is there; it was left alone.
    Another,
}

/// A lock that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRead {
    /// What it says.
    pub body: Bytes,
    /// Entity tag, to replace this very lock.
    pub etag: String,
    /// How long ago it was written, by S3's clock, which counts whole seconds.
    pub age: Duration,
}

impl S3 {
    /// Writes a lock where there is none.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn create_lock(&self, at: &S3Location, body: Bytes) -> Result<LockWrite, JobError> {
        self.put_lock(at, body, None).await
    }

    /// Replaces the lock with this entity tag: to renew our own, or to take over a dead one.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn replace_lock(&self, at: &S3Location, body: Bytes, etag: &str) -> Result<LockWrite, JobError> {
        self.put_lock(at, body, Some(etag)).await
    }

    async fn put_lock(&self, at: &S3Location, body: Bytes, etag: Option<&str>) -> Result<LockWrite, JobError> {
        let call = Call::new("s3:PutObject", at.to_string());
        let request = self
            .client()
            .put_object()
            .bucket(&at.bucket)
            .key(&at.key)
            .content_type("application/json")
            .set_if_none_match(etag.is_none().then(|| "*".to_owned()))
            .set_if_match(etag.map(str::to_owned))
            .body(ByteStream::from(body.clone()));
        match request.send().await {
            Ok(written) if written.e_tag().is_none() => match self.read_lock(at).await? {
                Some(found) if found.body == body => Ok(LockWrite::Ours(found.etag)),
                _ => Err(unreadable(&call)),
            },
            Ok(written) => tag(written.e_tag(), &call).map(LockWrite::Ours),
            Err(error) => {
                let failure = Failure::of(&error);
                match failure.answer.status {
                    // 409: another conditional write of the same key was under way; 404: the one to replace is gone.
                    Some(409 | 412) => Ok(LockWrite::Lost),
                    Some(404) if etag.is_some() && failure.answer.code.as_deref() != Some("NoSuchBucket") => {
                        Ok(LockWrite::Lost)
                    }
                    _ => Err(failure.into_error(&call)),
                }
            }
        }
    }

    /// Reads the lock that is there, if any.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn read_lock(&self, at: &S3Location) -> Result<Option<LockRead>, JobError> {
        let call = Call::new("s3:GetObject", at.to_string());
        let clock = ServerClock::default();
        let request = self.client().get_object().bucket(&at.bucket).key(&at.key);
        let found = match request.customize().interceptor(clock.clone()).send().await {
            Ok(found) => found,
            Err(error) => {
                let failure = Failure::of(&error);
                return match failure.answer.code.as_deref() {
                    Some("NoSuchKey") => Ok(None),
                    _ => Err(failure.into_error(&call)),
                };
            }
        };
        let (etag, written) = (tag(found.e_tag(), &call)?, found.last_modified().copied());
        let mut bytes = Vec::new();
        let mut body = found.body;
        while let Some(Ok(chunk)) = body.next().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LOCK_LIMIT {
                break;
            }
        }
        Ok(Some(LockRead { body: bytes.into(), etag, age: age(written, clock.now()) }))
    }

    /// Deletes the lock with this entity tag; another one is left alone.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn delete_lock(&self, at: &S3Location, etag: &str) -> Result<LockDelete, JobError> {
        let call = Call::new("s3:DeleteObject", at.to_string());
        let request = self.client().delete_object().bucket(&at.bucket).key(&at.key).if_match(etag);
        match request.send().await {
            Ok(answer) if answer.request_id().is_some() => Ok(LockDelete::Gone),
            // S3 names every request: this may be anybody's answer.
            Ok(_) => match self.read_lock(at).await? {
                None => Ok(LockDelete::Gone),
                Some(found) if found.etag == etag => Err(unreadable(&call)),
                Some(_) => Ok(LockDelete::Another),
            },
            Err(error) => {
                let failure = Failure::of(&error);
                match failure.answer.status {
                    Some(404) => Ok(LockDelete::Gone),
                    Some(409 | 412) => Ok(LockDelete::Another),
                    _ => Err(failure.into_error(&call)),
                }
            }
        }
    }
}

/// Without both times nothing can be said of the age: the lock counts as fresh.
fn age(written: Option<DateTime>, now: Option<DateTime>) -> Duration {
    match (written, now) {
        (Some(written), Some(now)) => {
            Duration::from_secs(u64::try_from(now.secs() - written.secs()).unwrap_or_default())
        }
        _ => Duration::ZERO,
    }
}

/// Catches the `Date` of an answer: S3's clock, which the SDK does not hand out.
#[derive(Clone, Debug, Default)]
struct ServerClock(Arc<Mutex<Option<DateTime>>>);

impl ServerClock {
    fn now(&self) -> Option<DateTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for ServerClock {
    fn name(&self) -> &'static str {
        "ServerClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
