//! A line for every request, for `-vv`: what was asked and what was answered, never a header or a body.

use aws_sdk_s3::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

/// Logs each attempt of each request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLog;

impl Intercept for RequestLog {
    fn name(&self) -> &'static str {
        "RequestLog"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(request) = context.request() else { return Ok(()) };
        let status = context.response().map(|response| response.status().as_u16());
        tracing::debug!(status, method = request.method(), uri = request.uri(), "request");
        Ok(())
    }
}
