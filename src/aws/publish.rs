//! One `PublishLayerVersion`, sent so that AWS itself refuses it after a moment that was written down before.
//!
//! The call has no idempotency token, so what matters of a publish is until when it can take effect. Lambda refuses a
//! request whose signature is older than five minutes ("Signature expired", `InvalidSignatureException`; recorded in
//! aws/aws-sdk-js#2598). The time that is signed is ours to choose: signed as of `accepted_until` less those five
//! minutes, it cannot be accepted after `accepted_until`, however long it lay in a network, a proxy or a machine that
//! slept. Between the signing and the first byte stands a last look at S3's clock; the SDK sends nothing twice.

use std::error::Error;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::{BoxError, SdkError};
use aws_sdk_lambda::operation::publish_layer_version::PublishLayerVersionError;
use aws_sdk_lambda::operation::publish_layer_version::builders::PublishLayerVersionFluentBuilder;
use aws_sdk_lambda::types::{LayerVersionContentInput, S3ObjectStorageMode};
use aws_smithy_async::time::StaticTimeSource;

use super::answer::{list, published};
use super::call::Call;
use super::clock::ServerClock;
use super::failure::{Failure, FailureKind, find};
use super::lambda::Lambda;
use super::pace::{Turn, Urgency};
use crate::layer::{LayerName, LayerSettings, LayerVersion, S3Location, Storage};
use crate::outcome::{ErrorCode, JobError};

/// Age at which Lambda refuses a signature.
pub const SIGNATURE_LIFETIME: Duration = Duration::from_secs(300);

/// What a version is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewVersion<'a> {
    /// Name of the layer.
    pub name: &'a LayerName,
    /// Its zip.
    pub zip: &'a S3Location,
    /// Which version of the zip, where the bucket is versioned.
    pub zip_version: Option<&'a str>,
    /// Where Lambda keeps it.
    pub storage: Storage,
    /// What it is published with.
    pub settings: &'a LayerSettings,
}

/// What became of one request.
#[derive(Clone, Debug)]
pub enum Sent {
    /// It was answered: this is the version, and the request id for the log.
    Published(Box<LayerVersion>, Option<String>),
    /// Too fast; nothing was done.
    Throttled(JobError),
    /// The service said no; nothing was done.
    Refused(JobError),
    /// The signature or its age was refused; nothing was done. For credentials that are younger than the time that was
    /// signed, and for an endpoint with another clock, signing as of now may help.
    SignatureRefused(JobError),
    /// It never left this machine: the time was over, there was no connection, or there were no credentials.
    NeverSent(NeverSent),
    /// It may or may not have been done.
    Ambiguous(JobError),
}

/// Why a request never left.
#[derive(Clone, Debug)]
pub enum NeverSent {
    /// By S3's clock, `accepted_until` may be over.
    TooLate,
    /// No connection was made.
    Unconnected(JobError),
    /// It could not be built or signed.
    Unsigned(JobError),
}

impl Lambda {
    /// Waits for a turn in the account's quota, and until then holds nothing. The request may follow a little later:
    /// between the two there is time to write down what is about to be sent. A turn that is dropped costs nothing.
    pub async fn turn(&self, urgency: Urgency) -> Turn {
        self.pace().turn(urgency).await
    }

    /// Sends `PublishLayerVersion` once, so that it can be accepted until `accepted_until` at the latest, in
    /// milliseconds since 1970 by S3's clock, of which whole seconds count. No later than [`SIGNATURE_LIFETIME`] from
    /// now: a signature of the future is refused.
    pub async fn publish_until(
        &self,
        turn: Turn,
        version: NewVersion<'_>,
        accepted_until: i64,
        clock: &ServerClock,
    ) -> Sent {
        let call = self.call("lambda:PublishLayerVersion", version.name.as_str());
        let timeouts = TimeoutConfig::builder()
            .operation_timeout(self.publish_timeout())
            .operation_attempt_timeout(self.publish_timeout())
            .build();
        let config = Builder::new()
            .timeout_config(timeouts)
            .time_source(StaticTimeSource::new(UNIX_EPOCH + signed_at(accepted_until)))
            // It would take the chosen time for a wrong clock, and "correct" this and all later signatures.
            .disable_clock_skew_correction(true)
            .retry_config(RetryConfig::disabled())
            .interceptor(LastLook { accepted_until, clock: clock.clone() });
        match self.publish_request(&version).customize().config_override(config).send().await {
            Ok(answer) => {
                turn.succeeded();
                published(answer, &call)
                    .map_or_else(Sent::Ambiguous, |(version, request)| Sent::Published(Box::new(version), request))
            }
            Err(error) => failed(&error, &call, turn),
        }
    }

    fn publish_request(&self, version: &NewVersion<'_>) -> PublishLayerVersionFluentBuilder {
        let NewVersion { name, zip, zip_version, storage, settings } = *version;
        // A copy is what an endpoint makes that knows no other way: then it is not told of one.
        let mode = (storage == Storage::Reference).then_some(S3ObjectStorageMode::Reference);
        let content = LayerVersionContentInput::builder()
            .s3_bucket(&zip.bucket)
            .s3_key(&zip.key)
            .set_s3_object_version(zip_version.map(str::to_owned))
            .set_s3_object_storage_mode(mode)
            .build();
        self.client()
            .publish_layer_version()
            .layer_name(name.as_str())
            .content(content)
            .set_compatible_runtimes(list(&settings.compatible_runtimes))
            .set_compatible_architectures(list(&settings.compatible_architectures))
            .set_description(settings.description.clone())
            .set_license_info(settings.license.clone())
    }
}

/// Signatures carry whole seconds: cut, never rounded up.
fn signed_at(accepted_until: i64) -> Duration {
    let accepted_until = Duration::from_secs(u64::try_from(accepted_until / 1_000).unwrap_or_default());
    accepted_until.saturating_sub(SIGNATURE_LIFETIME)
}

fn failed(error: &SdkError<PublishLayerVersionError, HttpResponse>, call: &Call, turn: Turn) -> Sent {
    if find::<TooLate>(error).is_some() {
        return Sent::NeverSent(NeverSent::TooLate);
    }
    let failure = Failure::of(error);
    let (kind, code, retry_after) = (failure.kind, failure.code, failure.answer.retry_after);
    let error = failure.into_error(call);
    match kind {
        FailureKind::NotSent if code == ErrorCode::Network => return Sent::NeverSent(NeverSent::Unconnected(error)),
        FailureKind::NotSent => return Sent::NeverSent(NeverSent::Unsigned(error)),
        FailureKind::Throttled => turn.throttled(retry_after),
        FailureKind::Refused | FailureKind::Ambiguous => turn.succeeded(),
    }
    match kind {
        FailureKind::Throttled => Sent::Throttled(error),
        FailureKind::Refused if code == ErrorCode::Credentials => Sent::SignatureRefused(error),
        FailureKind::Refused => Sent::Refused(error),
        FailureKind::Ambiguous | FailureKind::NotSent => Sent::Ambiguous(error),
    }
}

/// The last look at the clock, after the signing and before the first byte.
#[derive(Debug)]
struct LastLook {
    accepted_until: i64,
    clock: ServerClock,
}

impl Intercept for LastLook {
    fn name(&self) -> &'static str {
        "LastLook"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let in_time = self.clock.now().is_some_and(|now| now.latest < self.accepted_until);
        if in_time { Ok(()) } else { Err(TooLate.into()) }
    }
}

/// This process slept, or waited, for too long.
#[derive(Debug)]
struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time in which this request may be sent is over")
    }
}

impl Error for TooLate {}

#[cfg(test)]
mod tests;
