//! What the last attempt of a call met. The SDK sends again until the deadline of the whole call; where that comes in the
//! middle of a pause, all it tells is "not in time", although every attempt was answered: with a 503, a throttle, a
//! connection that was cut. That answer is what a person can act on, so it is what the call is said to have failed with.

use std::cell::RefCell;
use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::interceptors::context;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::failure::Failure;
use crate::outcome::ErrorCode;

type AttemptError = OrchestratorError<context::Error>;

/// What is remembered while a call is under way.
struct Heard {
    /// Reads the error of an attempt, whose type only the call knows.
    read: fn(&AttemptError, Option<&HttpResponse>) -> Option<Failure>,
    last: RefCell<Option<Failure>>,
}

tokio::task_local! {
    static HEARD: Heard;
}

/// Sends a call, and where it ran out of time, fails with what its last attempt met.
///
/// # Errors
/// Whatever the call fails with.
pub fn sent<'a, T, E, F>(sending: F) -> BoxFuture<'a, Result<T, Failure>>
where
    T: 'a,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
{
    // A call of the SDK is kilobytes large: it goes to the heap before it is wrapped.
    let sending = Box::pin(sending);
    let listening = async move {
        match sending.await {
            Ok(answer) => Ok(answer),
            Err(SdkError::TimeoutError(late)) => {
                let last = HEARD.with(|heard| heard.last.take());
                Err(last.unwrap_or_else(|| Failure::of(&SdkError::<E, _>::TimeoutError(late))))
            }
            Err(error) => Err(Failure::of(&error)),
        }
    };
    HEARD.scope(Heard { read: Failure::of_attempt::<E>, last: RefCell::new(None) }, listening).boxed()
}

/// Listens to every attempt of a client's calls.
#[derive(Clone, Copy, Debug)]
pub struct LastAttempt;

impl Intercept for LastAttempt {
    fn name(&self) -> &'static str {
        "LastAttempt"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Err(error)) = context.output_or_error() {
            // Some calls are sent without anybody who asks for this.
            let _ = HEARD.try_with(|heard| {
                // One that ran out of time itself says nothing: what was met before it still counts.
                let met = (heard.read)(error, context.response());
                if met.as_ref().is_some_and(|met| met.code != ErrorCode::Timeout) {
                    heard.last.replace(met);
                }
            });
        }
        Ok(())
    }
}
