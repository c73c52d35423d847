//! Parameter Store (JSON 1.1): parameters are put, read one by one or ten at once, and deleted. Limits and refusals are
//! those of AWS; what it keeps of each parameter is its last hundred versions.

mod names;
mod put;
mod read;

use std::io;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::partition;
use super::store::{Place, Store};

/// How the header begins that names the operation.
const TARGET: &str = "AmazonSSM.";
/// Where the operation stands in a request.
const TARGET_HEADER: &str = "x-amz-target";

/// Whether a request is one to this service, as far as its headers tell.
pub(super) fn is_meant(parts: &Parts) -> bool {
    target(parts).is_some()
}

fn target(parts: &Parts) -> Option<&str> {
    parts.headers.get(TARGET_HEADER)?.to_str().ok()?.strip_prefix(TARGET)
}

/// The operation that a request names.
pub(super) fn operation(parts: &Parts) -> &'static str {
    match target(parts) {
        Some("PutParameter") => "PutParameter",
        Some("GetParameter") => "GetParameter",
        Some("GetParameters") => "GetParameters",
        Some("DeleteParameter") => "DeleteParameter",
        _ => "Unknown",
    }
}

/// The names of the parameters that a request is about, with a comma between.
pub(super) fn resource(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let names = body["Names"].as_array().into_iter().flatten().chain([&body["Name"]]);
    names.filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

/// The ARN of a parameter.
pub(super) fn arn(place: &Place, name: &str) -> String {
    let Place { account, region } = place;
    format!("arn:{}:ssm:{region}:{account}:parameter/{}", partition(region), name.trim_start_matches('/'))
}

/// Parameter Store over a store.
#[derive(Debug)]
pub(super) struct Ssm {
    pub store: Arc<Store>,
}

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// A parameter that is not there. AWS says nothing more of it.
    fn not_found() -> Self {
        Self::new("ParameterNotFound", "")
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, code: "InternalServerError", message: error.to_string() }
    }
}

type Answer = Result<Value, Refusal>;

impl Ssm {
    /// Carries a request out.
    pub fn answer(&self, operation: &str, place: &Place, body: &[u8]) -> Answer {
        match operation {
            "PutParameter" => put::put(&self.store, place, parsed(body)?),
            "GetParameter" => read::one(&self.store, place, &parsed(body)?),
            "GetParameters" => read::several(&self.store, place, &parsed(body)?),
            "DeleteParameter" => put::delete(&self.store, place, &parsed(body)?),
            _ => Err(Refusal::new("UnknownOperationException", "")),
        }
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new("SerializationException", error.to_string()))
}

/// The body of a refusal.
pub(super) fn refused(code: &str, message: &str) -> Value {
    match (code, message) {
        (_, "") => json!({ "__type": code }),
        // The one that is spelt so.
        ("AccessDeniedException", _) => json!({ "__type": code, "Message": message }),
        _ => json!({ "__type": code, "message": message }),
    }
}
