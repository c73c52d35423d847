//! Distils what the SDK reports into an error of ours: a stable code, what failed on what, why, and a hint.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::interceptors::context;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;

use super::refusal;
use crate::outcome::ErrorCode;

/// What a failed call was about, as far as its answer tells.
#[derive(Clone, Debug, Default)]
pub struct ServiceAnswer {
    /// The service's own code, such as `TooManyRequestsException`.
    pub code: Option<String>,
    /// The service's own words.
    pub message: Option<String>,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Request id, if there was an answer.
    pub request_id: Option<String>,
    /// What `Retry-After` asks for.
    pub retry_after: Option<Duration>,
    /// Region of the bucket, which S3 names when it is asked in the wrong one.
    pub bucket_region: Option<String>,
}

/// How a call failed, before its words are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The service said no: it did nothing.
    Refused,
    /// The service said "too fast": it did nothing.
    Throttled,
    /// No answer, half an answer, or a failure inside the service: it may or may not have done the work.
    Ambiguous,
    /// The request never left: no connection, no credentials, nothing built.
    NotSent,
}

/// Everything known of a failed call.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How it failed.
    pub kind: FailureKind,
    /// What was answered.
    pub answer: ServiceAnswer,
    /// Its code, by what was answered.
    pub code: ErrorCode,
    /// The underlying error, where the service did not answer.
    pub detail: String,
}

const THROTTLES: [&str; 7] = [
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestLimitExceeded",
    "SlowDown",
    "RequestThrottled",
];
const CREDENTIALS: [&str; 14] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidToken",
    "TokenRefreshRequired",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
];

impl Failure {
    /// Reads an error of the SDK.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let detail = chain(error);
        let bare = |kind, code| Self::bare(kind, code, detail.clone());
        match error {
            SdkError::ConstructionFailure(_) => bare(FailureKind::NotSent, ErrorCode::Internal),
            SdkError::TimeoutError(_) => bare(FailureKind::Ambiguous, ErrorCode::Timeout),
            SdkError::DispatchFailure(_) if find::<CredentialsError>(error).is_some() => {
                bare(FailureKind::NotSent, ErrorCode::Credentials)
            }
            SdkError::DispatchFailure(_) if is_unconnected(error) => bare(FailureKind::NotSent, ErrorCode::Network),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                bare(FailureKind::Ambiguous, ErrorCode::Timeout)
            }
            SdkError::DispatchFailure(_) => bare(FailureKind::Ambiguous, ErrorCode::Network),
            SdkError::ResponseError(response) => Self::unreadable(Some(response.raw()), detail),
            SdkError::ServiceError(service) => Self::answered(service.raw(), service.err(), detail),
            _ => bare(FailureKind::Ambiguous, ErrorCode::Internal),
        }
    }

    /// Reads what one attempt of a call met; `None` for what is not an answer.
    pub fn of_attempt<E>(error: &OrchestratorError<context::Error>, raw: Option<&HttpResponse>) -> Option<Self>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        if let (Some(refused), Some(raw)) = (error.as_operation_error(), raw) {
            return refused.downcast_ref::<E>().map(|refused| Self::answered(raw, refused, chain(refused)));
        }
        let bare = |code| Some(Self::bare(FailureKind::Ambiguous, code, chain(error)));
        match error.as_connector_error() {
            Some(broken) if broken.is_timeout() => bare(ErrorCode::Timeout),
            Some(_) => bare(ErrorCode::Network),
            None if error.is_timeout_error() => bare(ErrorCode::Timeout),
            None if error.is_response_error() => Some(Self::unreadable(raw, chain(error))),
            None => None,
        }
    }

    /// There is no answer.
    fn bare(kind: FailureKind, code: ErrorCode, detail: String) -> Self {
        Self { kind, answer: ServiceAnswer::default(), code, detail }
    }

    /// The answer says nothing; why it could not be read does.
    fn unreadable(raw: Option<&HttpResponse>, detail: String) -> Self {
        let answer = raw.map_or_else(ServiceAnswer::default, |raw| answer(raw, None, Some(&detail)));
        Self { kind: FailureKind::Ambiguous, answer, code: ErrorCode::Network, detail }
    }

    fn answered(raw: &HttpResponse, refused: &impl ProvideErrorMetadata, detail: String) -> Self {
        let answer = answer(raw, refused.code(), refused.message());
        let (kind, code) = classify(&answer);
        Self { kind, answer, code, detail }
    }

    /// Whether the next try may succeed although nothing was changed: no answer, or no connection.
    pub fn may_pass(&self) -> bool {
        self.kind == FailureKind::Ambiguous || self.kind == FailureKind::NotSent && self.code == ErrorCode::Network
    }

    /// Whether the time that was signed was refused. The refusal tells the right one.
    pub fn is_of_a_wrong_clock(&self) -> bool {
        let words = self.answer.message.as_deref().unwrap_or_default();
        match self.answer.code.as_deref() {
            Some("RequestTimeTooSkewed" | "RequestExpired") => true,
            Some("InvalidSignatureException") => words.contains("expired") || words.contains("not yet current"),
            _ => false,
        }
    }
}

fn answer(raw: &HttpResponse, code: Option<&str>, message: Option<&str>) -> ServiceAnswer {
    let header = |name: &str| raw.headers().get(name).map(str::to_owned);
    ServiceAnswer {
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
        status: Some(raw.status().as_u16()),
        request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
        retry_after: header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs),
        bucket_region: header("x-amz-bucket-region").or_else(|| refusal::bucket_region(message?)),
    }
}

/// The kind and code of an answer: by its own code first, then by its status, since answers to HEAD have no code.
fn classify(answer: &ServiceAnswer) -> (FailureKind, ErrorCode) {
    let code = answer.code.as_deref().unwrap_or_default();
    let message = answer.message.as_deref().unwrap_or_default();
    let status = answer.status.unwrap_or_default();
    if THROTTLES.contains(&code) || status == 429 {
        return (FailureKind::Throttled, ErrorCode::Throttled);
    }
    let by_code = match code {
        "NoSuchBucket" => Some(ErrorCode::BucketMissing),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            Some(ErrorCode::WrongRegion)
        }
        "CodeStorageExceededException" => Some(ErrorCode::CodeStorageExceeded),
        "RequestTooLargeException" | "RequestEntityTooLargeException" => Some(ErrorCode::ArchiveTooLarge),
        "InvalidParameterValueException" => Some(refusal::by_words(message)),
        "ValidationException" if refusal::is_of_settings(message) => Some(ErrorCode::SettingsRefused),
        "AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" | "AccountProblem" => {
            Some(ErrorCode::AccessDenied)
        }
        code if CREDENTIALS.contains(&code) => Some(ErrorCode::Credentials),
        _ => None,
    };
    let wrong_region = answer.bucket_region.is_some() && matches!(status, 301 | 307 | 400);
    match (by_code, status) {
        (Some(code), _) => (FailureKind::Refused, code),
        (None, _) if wrong_region => (FailureKind::Refused, ErrorCode::WrongRegion),
        (None, 301 | 307) => (FailureKind::Refused, ErrorCode::WrongRegion),
        (None, 401 | 403) => (FailureKind::Refused, ErrorCode::AccessDenied),
        // A success that cannot be read.
        (None, 200..=299) => (FailureKind::Ambiguous, ErrorCode::Network),
        (None, 408) => (FailureKind::Ambiguous, ErrorCode::Timeout),
        (None, 400..=499) => (FailureKind::Refused, ErrorCode::Internal),
        _ => (FailureKind::Ambiguous, ErrorCode::Internal),
    }
}

/// A cause of this type, at whatever depth.
pub fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The connection was never made: nothing of the request left this machine.
fn is_unconnected(error: &(dyn Error + 'static)) -> bool {
    find::<hyper_util::client::legacy::Error>(error).is_some_and(hyper_util::client::legacy::Error::is_connect)
}

/// The whole chain of causes in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        // Some causes print the whole request.
        if !text.ends_with(&words) && !words.contains("SdkBody") {
            let _ = write!(text, ": {words}");
        }
        next = cause.source();
    }
    refusal::shortened(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(code: &str, message: &str, status: u16) -> (FailureKind, ErrorCode) {
        let code = Some(code.to_owned()).filter(|code| !code.is_empty());
        classify(&ServiceAnswer {
            code,
            message: Some(message.to_owned()),
            status: Some(status),
            ..ServiceAnswer::default()
        })
    }

    #[test]
    fn answers_are_told_apart() {
        use {ErrorCode as C, FailureKind as K};
        for (code, message, status, expected) in [
            ("TooManyRequestsException", "Rate exceeded", 429, (K::Throttled, C::Throttled)),
            ("ThrottlingException", "Rate exceeded", 400, (K::Throttled, C::Throttled)),
            ("SlowDown", "", 503, (K::Throttled, C::Throttled)),
            ("AccessDeniedException", "", 403, (K::Refused, C::AccessDenied)),
            ("", "", 403, (K::Refused, C::AccessDenied)),
            ("NoSuchBucket", "", 404, (K::Refused, C::BucketMissing)),
            ("", "", 301, (K::Refused, C::WrongRegion)),
            ("ExpiredToken", "", 400, (K::Refused, C::Credentials)),
            ("UnrecognizedClientException", "", 403, (K::Refused, C::Credentials)),
            ("CodeStorageExceededException", "", 400, (K::Refused, C::CodeStorageExceeded)),
            ("ServiceException", "", 500, (K::Ambiguous, C::Internal)),
            ("", "", 502, (K::Ambiguous, C::Internal)),
            ("", "", 200, (K::Ambiguous, C::Network)),
            ("InvalidParameterValueException", "S3 Error Code: NoSuchKey. S3", 400, (K::Refused, C::ArchiveMissing)),
            ("InvalidParameterValueException", "S3 Error Code: PermanentRedirect.", 400, (K::Refused, C::WrongRegion)),
            ("InvalidParameterValueException", "Could not unzip uploaded file.", 400, (K::Refused, C::ArchiveInvalid)),
            ("InvalidParameterValueException", "Unzipped size must be smaller", 400, (K::Refused, C::ArchiveTooLarge)),
            (
                "InvalidParameterValueException",
                "Uploaded file must be a non-empty zip",
                400,
                (K::Refused, C::ArchiveInvalid),
            ),
            ("RequestEntityTooLargeException", "", 413, (K::Refused, C::ArchiveTooLarge)),
            (
                "ValidationException",
                "Value '[a]' at 'compatibleRuntimes' failed",
                400,
                (K::Refused, C::SettingsRefused),
            ),
            ("ValidationException", "Value 'a' at 'layerName' failed", 400, (K::Refused, C::Internal)),
            ("InvalidParameterValueException", "other", 400, (K::Refused, C::Internal)),
        ] {
            assert_eq!(classified(code, message, status), expected, "{code} {message} {status}");
        }
    }
}
