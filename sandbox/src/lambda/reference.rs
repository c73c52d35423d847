//! Layers that Lambda reads in the bucket, in place of a copy: what the object and its bucket must be for that (Lambda
//! Developer Guide, "Self-managed S3 code storage").

use serde_json::Value;

use super::errors::Refusal;
use crate::account::partition;
use crate::store::{Bucket, Content, NULL_VERSION, ObjectVersion, Reference, State, Versioning};

/// What Lambda does with an object that it reads in its place.
const ACTIONS: [&str; 2] = ["s3:GetObject", "s3:GetObjectVersion"];

/// The object that a version is read from, if it can be.
pub(super) fn resolve(bucket: (&str, &Bucket), key: &str, version: &ObjectVersion) -> Result<Reference, Refusal> {
    let (name, bucket) = bucket;
    if bucket.info.versioning != Versioning::Enabled || version.id == NULL_VERSION {
        return Err(Refusal::invalid_parameter(format!(
            "S3ObjectStorageMode REFERENCE needs a bucket with versioning enabled: {name}"
        )));
    }
    let arn = format!("arn:{}:s3:::{name}/{key}", partition(&bucket.info.region));
    let policy = bucket.info.policy.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let allowed = |action: &&str| policy.as_ref().is_some_and(|policy| lets_in(policy, action, &arn));
    if !ACTIONS.iter().all(allowed) || is_cold(version.content.as_ref()) {
        return Err(Refusal::by_s3("AccessDenied", "Access Denied"));
    }
    Ok(Reference { bucket: name.to_owned(), key: key.to_owned(), version: version.id.clone() })
}

/// Whether what a version is read from is still there.
pub(crate) fn is_there(state: &State, reference: &Reference) -> bool {
    let versions = state.buckets.get(&reference.bucket).and_then(|bucket| bucket.objects.get(&reference.key));
    let found = versions.and_then(|versions| versions.get(&reference.version));
    found.is_some_and(|version| version.content.is_some())
}

/// In a class that Lambda does not read from.
fn is_cold(content: Option<&Content>) -> bool {
    content.is_none_or(|content| ["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"].contains(&content.class()))
}

/// Whether a policy lets Lambda in. Conditions are taken to hold, and of patterns only a star at the end is known.
fn lets_in(policy: &Value, action: &str, resource: &str) -> bool {
    let all = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let fits = |patterns: &Value, text: &str| {
        all(patterns).iter().filter_map(Value::as_str).any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == pattern,
        })
    };
    let applies = |statement: &Value| {
        let principal = &statement["Principal"];
        let is_lambda = principal == "*" || fits(&principal["Service"], "lambda.amazonaws.com");
        is_lambda && fits(&statement["Action"], action) && fits(&statement["Resource"], resource)
    };
    let statements = all(&policy["Statement"]);
    let with = |effect: &str| statements.iter().any(|one| one["Effect"] == effect && applies(one));
    with("Allow") && !with("Deny")
}
