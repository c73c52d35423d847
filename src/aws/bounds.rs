//! No answer is taken for longer than it can be. What a service answers besides objects is a few kilobytes; an endpoint
//! that sends gigabytes, or one byte a minute, is not the service, and must not cost the memory or the time of the run.

use std::fmt;
use std::time::Duration;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use bytes::Bytes;
use http_body_util::Limited;

use super::call::Call;
use crate::outcome::{ErrorCode, JobError};

/// Most bytes of an answer that is not an object. The longest that S3 has is a page of 1,000 objects: a key has 1,024 bytes
/// at most, and each of them may be written with six (`&quot;`), which with all else makes less than 7 MiB. A page of fifty
/// layers with all their texts has less than a tenth of that.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;
/// Bytes a second below which a transfer is given up.
const SLOWEST: u64 = 128 * 1024;

/// Cuts off answers that are too long. Objects are read piece by piece, by [`at_most`] or [`each`].
#[derive(Clone, Copy, Debug)]
pub struct Bounded;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let is_object = config.load::<Metadata>().is_some_and(|call| call.name() == "GetObject");
        if !(is_object && response.status().is_success()) {
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER));
        }
        Ok(())
    }
}

/// How long the transfer of so many bytes may take.
pub fn deadline(request: Duration, bytes: u64) -> Duration {
    request * 2 + Duration::from_secs(bytes / SLOWEST)
}

/// Reads a body, but no more than so many bytes of it.
///
/// # Errors
/// One that is cut off, or does not come in time.
pub async fn at_most(body: ByteStream, most: u64, within: Duration, call: &Call) -> Result<Bytes, JobError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    let take = |piece: &[u8]| {
        bytes.extend_from_slice(&piece[..piece.len().min(most - bytes.len())]);
        bytes.len() < most
    };
    each(body, within, call, take).await?;
    Ok(bytes.into())
}

/// Reads a body piece by piece, as long as `take` goes on.
///
/// # Errors
/// One that is cut off, or does not come in time.
pub async fn each(
    mut body: ByteStream,
    within: Duration,
    call: &Call,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<(), JobError> {
    let reading = async {
        while let Some(piece) = body.next().await {
            if !take(&piece.map_err(|error| broken(call, &error))?) {
                break;
            }
        }
        Ok(())
    };
    tokio::time::timeout(within, reading).await.unwrap_or_else(|_| Err(late(call, within)))
}

fn late(call: &Call, within: Duration) -> JobError {
    JobError::new(ErrorCode::Timeout, format!("reading {} took longer than {:.0?}", call.resource, within))
        .hint("try again; `request-timeout-seconds` sets the deadline")
}

/// The connection broke in the middle of an object.
pub fn broken(call: &Call, error: &dyn fmt::Display) -> JobError {
    JobError::new(ErrorCode::Network, format!("reading {} was cut off", call.resource))
        .cause(error.to_string())
        .hint("try again")
}
