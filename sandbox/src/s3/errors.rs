//! S3's refusals, in S3's words.

use std::io;

use hyper::header::{ETAG, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use s3s::{S3Error, S3ErrorCode, StdError};

use crate::text;

/// A refusal with S3's message.
pub(super) fn refusal(code: S3ErrorCode, message: impl Into<String>) -> S3Error {
    S3Error::with_message(code, message.into())
}

/// How the headers begin that carry what S3 tells beside the message: the protocol layer has no other way. They end as
/// elements of the answer ([`super::finish`]).
pub(super) const DETAIL: &str = "x-sandbox-detail-";

/// The elements that S3 answers beside the message. A header's name has no capitals.
pub(super) const DETAILS: [&str; 11] = [
    "ActualPartCount",
    "PartNumberRequested",
    "AdditionalMessage",
    "BucketName",
    "Condition",
    "Header",
    "Key",
    "RangeRequested",
    "ActualObjectSize",
    "UploadId",
    "VersionId",
];

/// The error, with what S3 tells beside the message.
fn detailed<const N: usize>(mut error: S3Error, details: [(&str, &str); N]) -> S3Error {
    let mut headers = error.headers().cloned().unwrap_or_default();
    for (name, value) in details {
        let name = HeaderName::try_from(format!("{DETAIL}{}", name.to_ascii_lowercase()));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(text::percent_encode(value, false))) {
            headers.insert(name, value);
        }
    }
    error.set_headers(headers);
    error
}

pub(super) fn no_such_bucket(name: &str) -> S3Error {
    let error = refusal(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist");
    detailed(error, [("BucketName", name)])
}

pub(super) fn no_such_policy(bucket: &str) -> S3Error {
    let error = refusal(S3ErrorCode::NoSuchBucketPolicy, "The bucket policy does not exist");
    detailed(error, [("BucketName", bucket)])
}

/// What is in a Glacier class has to be brought back before it can be read.
pub(super) fn frozen() -> S3Error {
    refusal(S3ErrorCode::InvalidObjectState, "The operation is not valid for the object's storage class")
}

pub(super) fn no_such_key(key: &str) -> S3Error {
    detailed(refusal(S3ErrorCode::NoSuchKey, "The specified key does not exist."), [("Key", key)])
}

pub(super) fn no_such_version(key: &str, id: &str) -> S3Error {
    let error = refusal(S3ErrorCode::NoSuchVersion, "The specified version does not exist.");
    detailed(error, [("Key", key), ("VersionId", id)])
}

pub(super) fn no_such_upload(id: &str) -> S3Error {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                   aborted or completed.";
    detailed(refusal(S3ErrorCode::NoSuchUpload, message), [("UploadId", id)])
}

pub(super) fn precondition_failed(condition: &str) -> S3Error {
    let message = "At least one of the pre-conditions you specified did not hold";
    detailed(refusal(S3ErrorCode::PreconditionFailed, message), [("Condition", condition)])
}

/// Another write to the key came between.
pub(super) fn conflict(condition: &str, key: &str) -> S3Error {
    let message = "The conditional request cannot succeed due to a conflicting operation against this resource.";
    let mut error = refusal(S3ErrorCode::Custom("ConditionalRequestConflict".into()), message);
    error.set_status_code(StatusCode::CONFLICT);
    detailed(error, [("Condition", condition), ("Key", key)])
}

pub(super) fn header_not_implemented(header: &str, why: &str) -> S3Error {
    detailed(not_implemented(), [("Header", header), ("AdditionalMessage", why)])
}

pub(super) fn invalid_part_number(requested: i32, parts: usize) -> S3Error {
    let code = S3ErrorCode::Custom("InvalidPartNumber".into());
    let mut error = refusal(code, "The requested partnumber is not satisfiable");
    error.set_status_code(StatusCode::RANGE_NOT_SATISFIABLE);
    let details = [("PartNumberRequested", &*requested.to_string()), ("ActualPartCount", &*parts.to_string())];
    detailed(error, details)
}

pub(super) fn invalid_range(requested: &str, size: u64) -> S3Error {
    let error = refusal(S3ErrorCode::InvalidRange, "The requested range is not satisfiable");
    detailed(error, [("RangeRequested", requested), ("ActualObjectSize", &size.to_string())])
}

pub(super) fn not_implemented() -> S3Error {
    let message = "A header you provided implies functionality that is not implemented";
    refusal(S3ErrorCode::NotImplemented, message)
}

/// 304 with the ETag the client already has.
pub(super) fn not_modified(etag: &str) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_status_code(StatusCode::NOT_MODIFIED);
    error.set_headers(header_map([(ETAG, format!("\"{etag}\""))]));
    error
}

/// The bucket lives elsewhere: 301, naming its Region, as S3 answers a request signed for another one.
pub(super) fn permanent_redirect(region: &str) -> S3Error {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please \
                   send all future requests to this endpoint.";
    let mut error = refusal(S3ErrorCode::PermanentRedirect, message);
    error.set_status_code(StatusCode::MOVED_PERMANENTLY);
    error.set_headers(header_map([(HeaderName::from_static("x-amz-bucket-region"), region.to_owned())]));
    error
}

/// The key's current version is a delete marker.
pub(super) fn deleted(key: &str, version_id: Option<&str>) -> S3Error {
    let mut error = refusal(S3ErrorCode::NoSuchKey, "The specified key does not exist.");
    error.set_headers(marker_headers(version_id));
    detailed(error, [("Key", key)])
}

/// A delete marker was asked for by its version id.
pub(super) fn marker_addressed(version_id: &str) -> S3Error {
    let message = "The specified method is not allowed against this resource.";
    let mut error = refusal(S3ErrorCode::MethodNotAllowed, message);
    let mut headers = marker_headers(Some(version_id));
    headers.insert(hyper::header::ALLOW, HeaderValue::from_static("DELETE"));
    error.set_headers(headers);
    error
}

fn marker_headers(version_id: Option<&str>) -> HeaderMap {
    let marker = (HeaderName::from_static("x-amz-delete-marker"), "true".to_owned());
    let version = version_id.map(|id| (HeaderName::from_static("x-amz-version-id"), id.to_owned()));
    header_map([marker].into_iter().chain(version))
}

fn header_map(pairs: impl IntoIterator<Item = (HeaderName, String)>) -> HeaderMap {
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
    pairs.collect()
}

/// What the protocol layer found wrong while reading a body. It says so in words only: its errors are private.
pub(super) fn body_error(error: &StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
        let mut error = refusal(code, "The provided 'x-amz-content-sha256' header does not match what was computed.");
        error.set_status_code(StatusCode::BAD_REQUEST);
        return error;
    }
    if text.contains("SignatureMismatch") {
        return refusal(S3ErrorCode::SignatureDoesNotMatch, message_for("SignatureDoesNotMatch"));
    }
    refusal(S3ErrorCode::IncompleteBody, message_for("IncompleteBody"))
}

/// A full disk and its like.
pub(super) fn internal(error: io::Error) -> S3Error {
    let mut refused = refusal(S3ErrorCode::InternalError, message_for("InternalError"));
    refused.set_source(Box::new(error));
    refused
}

/// Messages for the codes that the protocol layer answers bare.
pub(super) fn message_for(code: &str) -> &'static str {
    match code {
        "AccessDenied" => "Access Denied",
        "IncompleteBody" => "You did not provide the number of bytes specified by the Content-Length HTTP header",
        "InternalError" => "We encountered an internal error. Please try again.",
        "InvalidBucketName" => "The specified bucket is not valid.",
        "KeyTooLongError" => "Your key is too long",
        "MalformedXML" => "The XML you provided was not well-formed or did not validate against our published schema",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "NotImplemented" => "A header you provided implies functionality that is not implemented",
        "SignatureDoesNotMatch" => {
            "The request signature we calculated does not match the signature you provided. Check your key and \
             signing method."
        }
        _ => "The request was refused.",
    }
}
