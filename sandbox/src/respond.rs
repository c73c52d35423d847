//! Responses of the JSON and XML services.

use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use quick_xml::escape::escape;
use s3s::Body;
use serde::Serialize;
use serde_json::Value;

use super::lambda::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    with_type(status, "application/json", Body::from(bytes))
}

/// Lambda's answer.
pub(super) fn answered(status: StatusCode, value: Option<&Value>, request_id: &str) -> Response<Body> {
    let response = match value {
        Some(value) => json(status, value),
        None => with_type(status, "application/json", Body::empty()),
    };
    with_header(response, REQUEST_ID, request_id)
}

/// An answer in JSON 1.1, which has its errors' codes in the body.
pub(super) fn json_1_1(status: StatusCode, value: &Value, request_id: &str) -> Response<Body> {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    with_header(with_type(status, "application/x-amz-json-1.1", Body::from(bytes)), REQUEST_ID, request_id)
}

/// Lambda's refusal: the code is in a header, the message in the body.
pub(super) fn refused(status: StatusCode, code: &str, body: &Value, request_id: &str) -> Response<Body> {
    with_header(answered(status, Some(body), request_id), ERROR_TYPE, code)
}

/// The same, of the layer API's own refusals.
pub(super) fn refusal(refusal: &Refusal, request_id: &str) -> Response<Body> {
    let response = refused(refusal.status, refusal.code, &refusal.body(), request_id);
    match refusal.retry_after {
        Some(seconds) => with_header(response, RETRY_AFTER, &seconds.to_string()),
        None => response,
    }
}

/// An XML answer.
pub(super) fn xml(status: StatusCode, body: String, request_id: &str) -> Response<Body> {
    let response = with_header(with_type(status, "text/xml", Body::from(body)), REQUEST_ID, request_id);
    with_header(response, HeaderName::from_static("x-amz-request-id"), request_id)
}

/// S3's refusal, with what it tells beside the message.
pub(super) fn s3_error(
    status: StatusCode,
    code: &str,
    message: &str,
    details: &[(&str, String)],
    request_id: &str,
) -> Response<Body> {
    let details: String =
        details.iter().map(|(name, value)| format!("<{name}>{}</{name}>", escape(value.as_str()))).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{details}\
         <RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>",
        escape(code),
        escape(message)
    );
    xml(status, body, request_id)
}

/// Any answer with a content type.
pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn with_header(mut response: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
