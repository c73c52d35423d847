//! The last touch to S3 answers: request ids, messages that the protocol layer leaves out, no body where none may be.

use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use quick_xml::escape::escape;
use s3s::Body;

use super::errors::{self, DETAIL, DETAILS};
use crate::text;

/// Adds the request id, and completes an error's XML.
pub(crate) fn finish(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    let status = response.status();
    let details = take_details(response.headers_mut());
    if status == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
    } else if status.as_u16() >= 300 {
        complete_error(&mut response, &details, request_id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(HeaderName::from_static("x-amz-request-id"), id.clone());
        headers.insert(HeaderName::from_static("x-amz-id-2"), id);
    }
    headers.insert(hyper::header::SERVER, HeaderValue::from_static("AmazonS3"));
    response
}

/// The elements of an error beside code and message; they travelled in headers.
fn take_details(headers: &mut HeaderMap) -> String {
    let taken = DETAILS.into_iter().filter_map(|name| {
        let value = headers.remove(format!("{DETAIL}{}", name.to_ascii_lowercase()))?;
        let value = text::percent_decode(value.to_str().ok()?);
        Some(format!("<{name}>{}</{name}>", escape(value)))
    });
    taken.collect()
}

fn complete_error(response: &mut Response<Body>, details: &str, request_id: &str) {
    let Some(bytes) = response.body().bytes() else { return };
    let Ok(xml) = std::str::from_utf8(&bytes) else { return };
    let Some(code) = between(xml, "<Code>", "</Code>") else { return };
    let message = match xml.contains("<Message>") {
        true => String::new(),
        false => format!("<Message>{}</Message>", errors::message_for(code)),
    };
    let tail = format!("{message}{details}<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>");
    let completed = xml.replacen("</Error>", &tail, 1);
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = Body::from(completed);
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}
