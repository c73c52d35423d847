//! What a request to STS asks for: its body is a form.

use super::text;

/// The action of a form-encoded request.
pub(super) fn action(body: &[u8]) -> &'static str {
    match parameter(body, "Action").as_deref() {
        Some("GetCallerIdentity") => "GetCallerIdentity",
        Some("AssumeRole") => "AssumeRole",
        _ => "Unknown",
    }
}

/// The role that a request wants to assume.
pub(super) fn role(body: &[u8]) -> Option<String> {
    parameter(body, "RoleArn")
}

/// A field of it.
pub(super) fn parameter(body: &[u8], name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    text::query_pairs(Some(&body)).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}
