//! Lambda's refusals, in Lambda's form and words.

use std::io;

use hyper::StatusCode;
use serde_json::{Value, json};

/// A refusal of the layer API.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal with this status, code and message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    /// What Lambda says of a layer version that is not there.
    pub fn no_such_version() -> Self {
        Self::not_found("The resource you requested does not exist.")
    }

    /// Lambda passes on what S3 told it.
    pub fn by_s3(code: &str, message: &str) -> Self {
        Self::invalid_parameter(format!(
            "Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
        ))
    }

    pub fn service(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", message)
    }

    /// Over the quota of control-plane calls.
    pub fn rate_exceeded() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate exceeded")
    }

    /// The body. Which exceptions spell `Message` and which `message` is as in Lambda's API model.
    pub fn body(&self) -> Value {
        let kind = if self.status.is_server_error() { "Service" } else { "User" };
        match self.code {
            "ResourceNotFoundException" | "ServiceException" => json!({"Type": kind, "Message": self.message}),
            "AccessDeniedException" => json!({"Message": self.message}),
            "TooManyRequestsException" => {
                json!({"Type": kind, "message": self.message, "Reason": "CallerRateLimitExceeded"})
            }
            "ValidationException" | "ThrottlingException" => json!({"message": self.message}),
            _ => json!({"Type": kind, "message": self.message}),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::service(error.to_string())
    }
}
