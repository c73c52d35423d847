//! The answers of injected faults, in each service's form.

use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use s3s::Body;

use crate::account::partition;
use crate::call::{Call, Service};
use crate::lambda::{function_arn, layer_arn};
use crate::respond::{json_1_1, refused, s3_error, xml};
use crate::{ssm, sts};

/// Too many requests.
pub(crate) fn throttled(call: &Call, code: Option<&str>, retry_after: Option<u64>, request_id: &str) -> Response<Body> {
    let (status, usual, message) = match call.service {
        Service::S3 => (StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."),
        Service::Lambda => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate exceeded"),
        Service::Sts => (StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
        Service::Ssm => (StatusCode::BAD_REQUEST, "ThrottlingException", "Rate exceeded"),
    };
    let mut response = refusal(call.service, status, code.unwrap_or(usual), message, request_id);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An error with any status, code and message.
pub(crate) fn error(
    call: &Call,
    status: u16,
    code: Option<&str>,
    message: Option<&str>,
    request_id: &str,
) -> Response<Body> {
    let usual = match call.service {
        Service::S3 => "InternalError",
        Service::Lambda => "ServiceException",
        Service::Sts => "InternalFailure",
        Service::Ssm => "InternalServerError",
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = message.unwrap_or("An injected fault. Please try again.");
    refusal(call.service, status, code.unwrap_or(usual), message, request_id)
}

/// 409, as S3 answers where another write to the key is under way, and Lambda where another change is.
pub(crate) fn conflict(call: &Call, request_id: &str) -> Response<Body> {
    let (code, message) = match call.service {
        Service::S3 => (
            "ConditionalRequestConflict",
            "The conditional request cannot succeed due to a conflicting operation against this resource.",
        ),
        _ => ("ResourceConflictException", "The operation cannot be performed at this time. An update is in progress."),
    };
    refusal(call.service, StatusCode::CONFLICT, code, message, request_id)
}

/// 403, in IAM's words.
pub(crate) fn access_denied(call: &Call, request_id: &str) -> Response<Body> {
    let partition = partition(&call.place.region);
    let user = &call.caller.arn;
    let action = format!("{}:{}", call.service.name(), action(call.operation));
    let resource = match call.service {
        Service::S3 => format!("arn:{partition}:s3:::{}", call.resource),
        Service::Lambda if call.resource.is_empty() => "*".to_owned(),
        Service::Lambda if call.function.is_some() => function_arn(&call.place, &call.resource),
        Service::Lambda => layer_arn(&call.place, &call.resource),
        Service::Ssm => ssm::arn(&call.place, call.resource.split(',').next().unwrap_or_default()),
        Service::Sts if call.resource.is_empty() => "*".to_owned(),
        Service::Sts => call.resource.clone(),
    };
    let resource = if call.service == Service::S3 { format!("\"{resource}\"") } else { resource };
    // STS does not say which policy lets nobody in.
    let why = match call.service {
        Service::Sts => String::new(),
        _ => format!(" because no identity-based policy allows the {action} action"),
    };
    let message = format!("User: {user} is not authorized to perform: {action} on resource: {resource}{why}");
    let (status, code) = match call.service {
        Service::Lambda => (StatusCode::FORBIDDEN, "AccessDeniedException"),
        Service::Ssm => (StatusCode::BAD_REQUEST, "AccessDeniedException"),
        Service::S3 | Service::Sts => (StatusCode::FORBIDDEN, "AccessDenied"),
    };
    refusal(call.service, status, code, &message, request_id)
}

/// 403 of a publish whose credentials may not read the archive, in Lambda's words.
pub(crate) fn source_denied(call: &Call, source: Option<(String, String)>, request_id: &str) -> Response<Body> {
    let named = source.map_or_else(|| call.resource.clone(), |(bucket, key)| format!("{bucket}/{key}"));
    let message = format!(
        "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for \
         {named}. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"
    );
    refusal(call.service, StatusCode::FORBIDDEN, "AccessDeniedException", &message, request_id)
}

/// The IAM action that an operation needs, where it has another name.
fn action(operation: &'static str) -> &'static str {
    match operation {
        "HeadObject" => "GetObject",
        "CopyObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => "PutObject",
        "DeleteObjects" => "DeleteObject",
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "ListBuckets" => "ListAllMyBuckets",
        "ListParts" => "ListMultipartUploadParts",
        "GetLayerVersionByArn" => "GetLayerVersion",
        other => other,
    }
}

/// A 200 whose body is neither JSON nor XML.
pub(crate) fn garbage() -> Response<Body> {
    Response::new(Body::from("<<{{ neither JSON nor XML \u{0}".to_owned()))
}

fn refusal(service: Service, status: StatusCode, code: &str, message: &str, request_id: &str) -> Response<Body> {
    match service {
        Service::Lambda => refused(status, code, &serde_json::json!({"Type": "User", "message": message}), request_id),
        Service::Sts => xml(status, sts::error(code, message, request_id), request_id),
        Service::S3 => s3_error(status, code, message, &[], request_id),
        Service::Ssm => json_1_1(status, &ssm::refused(code, message), request_id),
    }
}
