//! What Lambda's answers say, in words of ours. An endpoint that is not Lambda answers fields that are missing or do not
//! belong together: nothing of such an answer is believed.

use aws_sdk_lambda::operation::RequestId as _;
use aws_sdk_lambda::operation::get_layer_version::GetLayerVersionOutput;
use aws_sdk_lambda::operation::publish_layer_version::PublishLayerVersionOutput;
use aws_sdk_lambda::types::{self, LayerVersionsListItem};

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::call::Call;
use crate::layer::{LayerName, LayerSettings, LayerVersion, Referenced, S3Location, Sha256, VersionArn};
use crate::outcome::{ErrorCode, JobError};

fn settings(
    runtimes: Option<Vec<types::Runtime>>,
    architectures: Option<Vec<types::Architecture>>,
    description: Option<String>,
    license: Option<String>,
) -> LayerSettings {
    let (runtimes, architectures) = (runtimes.unwrap_or_default(), architectures.unwrap_or_default());
    LayerSettings {
        compatible_runtimes: runtimes.iter().filter_map(|runtime| runtime.as_str().parse().ok()).collect(),
        compatible_architectures: architectures.iter().filter_map(|named| named.as_str().parse().ok()).collect(),
        description: description.filter(|text| !text.is_empty()),
        license: license.filter(|text| !text.is_empty()),
    }
}

/// The words as the SDK's own; nothing is sent where there are none.
pub(super) fn list<'w, T: From<&'w str>, W: AsRef<str>>(words: &'w [W]) -> Option<Vec<T>> {
    (!words.is_empty()).then(|| words.iter().map(|word| T::from(word.as_ref())).collect())
}

/// SHA-256 and size of a version's zip.
fn content(content: Option<&types::LayerVersionContentOutput>) -> (Option<Sha256>, Option<u64>) {
    let sha256 = content.and_then(types::LayerVersionContentOutput::code_sha256).and_then(Sha256::from_base64);
    // An answer without a size is read as one of 0.
    let size = content.and_then(|content| u64::try_from(content.code_size()).ok()).filter(|size| *size > 0);
    (sha256, size)
}

/// Where Lambda reads the zip of a version that it has no copy of.
fn reference(content: Option<&types::LayerVersionContentOutput>) -> Option<Referenced> {
    let object = content?.resolved_s3_object()?;
    let at = S3Location { bucket: object.s3_bucket()?.to_owned(), key: object.s3_key()?.to_owned() };
    Some(Referenced { at, version_id: object.s3_object_version().map(str::to_owned) })
}

/// `2026-11-22T10:00:00.000+0000`, as Lambda writes it.
fn created(date: Option<&str>) -> Option<Timestamp> {
    strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", date?).and_then(|time| time.to_timestamp()).ok()
}

/// The version that was asked for, and no other one.
pub(super) fn version(
    answer: GetLayerVersionOutput,
    name: &LayerName,
    number: u64,
    call: &Call,
) -> Result<LayerVersion, JobError> {
    let arn = version_arn(answer.layer_version_arn(), answer.version(), call)?;
    if arn.number != number || arn.layer.name != *name {
        return Err(odd_answer(call, "another version than was asked for"));
    }
    let (sha256, size) = content(answer.content.as_ref());
    let reference = reference(answer.content.as_ref());
    let settings =
        settings(answer.compatible_runtimes, answer.compatible_architectures, answer.description, answer.license_info);
    let created = created(answer.created_date.as_deref());
    Ok(LayerVersion { arn, settings, sha256, size, created, reference })
}

/// The version that was answered, and the request id for the log.
pub(super) fn published(
    answer: PublishLayerVersionOutput,
    call: &Call,
) -> Result<(LayerVersion, Option<String>), JobError> {
    let arn = version_arn(answer.layer_version_arn(), answer.version(), call)?;
    let request_id = answer.request_id().map(str::to_owned);
    let (sha256, size) = content(answer.content.as_ref());
    let reference = reference(answer.content.as_ref());
    let settings =
        settings(answer.compatible_runtimes, answer.compatible_architectures, answer.description, answer.license_info);
    let created = created(answer.created_date.as_deref());
    Ok((LayerVersion { arn, settings, sha256, size, created, reference }, request_id))
}

pub(super) fn listed_version(item: LayerVersionsListItem, call: &Call) -> Result<LayerVersion, JobError> {
    let arn = version_arn(item.layer_version_arn(), item.version, call)?;
    let settings =
        settings(item.compatible_runtimes, item.compatible_architectures, item.description, item.license_info);
    let created = created(item.created_date.as_deref());
    Ok(LayerVersion { arn, settings, sha256: None, size: None, created, reference: None })
}

/// The ARN of an answer, if it is one and belongs to the number beside it: an endpoint that is not Lambda says neither.
fn version_arn(arn: Option<&str>, number: i64, call: &Call) -> Result<VersionArn, JobError> {
    let arn = arn.and_then(|arn| arn.parse::<VersionArn>().ok());
    let belongs = |arn: &VersionArn| i64::try_from(arn.number) == Ok(number);
    arn.filter(belongs).ok_or_else(|| odd_answer(call, "no version and ARN that belong together"))
}

pub(super) fn odd_answer(call: &Call, what: &str) -> JobError {
    JobError::new(ErrorCode::Internal, format!("the answer to `{}` on {} has {what}", call.action, call.resource))
        .hint("is this endpoint really Lambda? check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_LAMBDA")
}
