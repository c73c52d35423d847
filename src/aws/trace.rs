//! A line for every request, for `-vv`: what was asked, of whom, and what was answered. Never a header, never a body, and
//! nothing of a query, which can carry secrets. A request without an answer is told without being asked.

use aws_sdk_s3::config::endpoint::Params;
use aws_sdk_s3::config::interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use tokio::time::Instant;

use super::patience::Sent;

tokio::task_local! {
    /// Which attempt of ours a request is, where it is not the SDK that sends again.
    pub(super) static ATTEMPT: u32;
}

/// Logs each attempt of each request of a target.
#[derive(Clone, Debug)]
pub struct RequestLog {
    target: String,
}

impl RequestLog {
    /// For the requests of this target.
    pub fn of(target: &str) -> Self {
        Self { target: target.to_owned() }
    }
}

/// What was asked and when. After an attempt the request itself is gone.
#[derive(Debug)]
struct Asked {
    resource: String,
    at: Instant,
    /// Until the answer, where somebody watches.
    _sent: Option<Sent>,
}

impl Storable for Asked {
    type Storer = StoreReplace<Self>;
}

impl Intercept for RequestLog {
    fn name(&self) -> &'static str {
        "RequestLog"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let params = config.load::<EndpointResolverParams>().and_then(|params| params.get::<Params>());
        let resource = resource(context.request().uri(), params.and_then(Params::bucket));
        let _sent = config.load::<Metadata>().and_then(|call| Sent::now(call.service(), call.name()));
        config.interceptor_state().store_put(Asked { resource, at: Instant::now(), _sent });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(asked), Some(call)) = (config.load::<Asked>(), config.load::<Metadata>()) else { return Ok(()) };
        let by_the_sdk = config.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        let attempt = ATTEMPT.try_with(|attempt| *attempt).unwrap_or(by_the_sdk);
        let (target, took) = (&self.target, asked.at.elapsed().as_millis());
        let asked = named(call.service(), call.name(), &asked.resource);
        let answer = answer(context);
        tracing::debug!("{target}: {asked}: {answer}, {took} ms, attempt {attempt}");
        config.interceptor_state().unset::<Asked>();
        Ok(())
    }
}

/// Status and request id, or that there was no answer.
fn answer(context: &FinalizerInterceptorContextRef<'_>) -> String {
    let Some(response) = context.response() else {
        let timeout = matches!(context.output_or_error(), Some(Err(error)) if error.is_timeout_error());
        return if timeout { "no answer in time" } else { "no answer" }.to_owned();
    };
    let header = |name: &str| response.headers().get(name);
    let id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).unwrap_or("unknown");
    format!("{}, request {id}", response.status().as_u16())
}

/// `S3 GetObject acme/six.zip`; some requests are about nothing that has a path.
fn named(service: &str, operation: &str, resource: &str) -> String {
    [service, operation, resource].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a request is about: the path of its address, with the bucket where that stands in the host's name.
fn resource(uri: &str, bucket: Option<&str>) -> String {
    let place = uri.split_once("://").map_or(uri, |(_, place)| place);
    let path = place.find('/').map_or("", |start| &place[start + 1..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match bucket {
        Some(bucket) if !path.starts_with(bucket) => format!("{bucket}/{path}"),
        // The version of the API.
        None => path.strip_prefix("2018-10-31/").or(path.strip_prefix("2018-11-14/")).unwrap_or(path).to_owned(),
        Some(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_without_a_gap() {
        assert_eq!(
            named("STS", "GetCallerIdentity", resource("https://sts.amazonaws.com/", None).as_str()),
            "STS GetCallerIdentity"
        );
        assert_eq!(named("S3", "GetObject", "b/k"), "S3 GetObject b/k");
    }

    #[test]
    fn a_resource_has_nothing_of_a_host_or_a_query() {
        let at = |uri: &str, bucket| resource(uri, bucket);
        assert_eq!(at("http://user:pw@127.0.0.1:1/b/k%20/x?versionId=1&X-Amz-Signature=ab", Some("b")), "b/k%20/x");
        assert_eq!(at("https://b.s3.eu-west-1.amazonaws.com/k/x?x-id=GetObject", Some("b")), "b/k/x");
        assert_eq!(
            at("https://lambda.amazonaws.com/2018-10-31/layers/numpy/versions/3", None),
            "layers/numpy/versions/3"
        );
        assert_eq!(at("https://lambda.amazonaws.com/2018-10-31/layers?Marker=secret", None), "layers");
        assert_eq!(at("https://sts.amazonaws.com", None), "");
    }
}
