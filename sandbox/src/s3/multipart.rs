//! Uploads in parts: what boto3's `upload_file` and `aws s3 cp` do for files over 8 MB.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::{Answer, Buckets};
use super::checksums::{Declared, checksum_type, set_checksum};
use super::errors;
use super::read::encryption;
use super::write::{Received, check_class, discard, kept_headers, metadata_of, receive};
use crate::store::{self, Algorithm, Event, State, Upload};
use crate::text;

/// S3's highest part number.
const LAST_PART: i32 = 10_000;

pub(super) fn create(
    this: &Buckets,
    mut request: S3Request<CreateMultipartUploadInput>,
) -> Answer<CreateMultipartUploadOutput> {
    this.enter(&request, &request.input.bucket)?;
    let metadata = metadata_of(request.input.metadata.take())?;
    check_class(&request.headers)?;
    let input = request.input;
    let named = input.checksum_algorithm.as_ref().map(|algorithm| Algorithm::parse(algorithm.as_str())).transpose()?;
    let algorithm = named.unwrap_or(Algorithm::Crc64Nvme);
    let details = Upload {
        bucket: input.bucket.clone(),
        key: input.key.clone(),
        started: this.store.clock().now_millis(),
        algorithm,
        declared: named.is_some(),
        composite: is_composite(algorithm, input.checksum_type.as_ref())?,
        headers: kept_headers(&request.headers),
        metadata,
        parts: Default::default(),
    };
    let upload = text::unique_id();
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.clone()),
        checksum_algorithm: named.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: named.map(|_| checksum_type(details.composite)),
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    this.commit(|_| Ok((Some(Event::UploadStarted { upload, details }), ())))?;
    Ok(S3Response::new(output))
}

/// S3's rule: hashes are composite, CRC64NVME is of the full object, the other CRCs are what was asked for.
fn is_composite(algorithm: Algorithm, asked: Option<&ChecksumType>) -> S3Result<bool> {
    let asked = asked.map(|asked| asked.as_str() == ChecksumType::COMPOSITE);
    let composite = asked.unwrap_or(algorithm != Algorithm::Crc64Nvme);
    let impossible = if composite { algorithm == Algorithm::Crc64Nvme } else { !algorithm.is_crc() };
    if impossible {
        let kind = if composite { "COMPOSITE" } else { "FULL_OBJECT" };
        let name = algorithm.name().to_lowercase();
        let message = format!("The {kind} checksum type cannot be used with the {name} checksum algorithm.");
        return Err(errors::refusal(S3ErrorCode::InvalidRequest, message));
    }
    Ok(composite)
}

pub(super) fn upload_of<'a>(state: &'a State, id: &str, bucket: &str, key: &str) -> S3Result<&'a Upload> {
    let upload = state.uploads.get(id).filter(|upload| upload.bucket == bucket && upload.key == key);
    upload.ok_or_else(|| errors::no_such_upload(id))
}

pub(super) async fn upload_part(this: &Buckets, mut request: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
    let body = request.input.body.take();
    let declared = match part_checks(this, &request) {
        Ok(declared) => declared,
        Err(refused) => {
            discard(body).await;
            return Err(refused);
        }
    };
    let received = receive(&this.store, body, declared, request.trailing_headers.take()).await?;
    let input = request.input;
    let at = PartAt { bucket: &input.bucket, key: &input.key, upload: &input.upload_id, number: input.part_number };
    let part = add_part(this, at, received)?;
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(part.etag)),
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    set_checksum!(output, part.checksum);
    Ok(S3Response::new(output))
}

/// Which part of which upload.
pub(super) struct PartAt<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub upload: &'a str,
    pub number: i32,
}

/// Adds what arrived as a part, if its upload is still there.
pub(super) fn add_part(this: &Buckets, at: PartAt<'_>, received: Received) -> S3Result<store::Part> {
    let part = store::Part {
        blob: received.draft.id().clone(),
        size: received.size,
        etag: text::hex(&received.digests.md5),
        checksum: received.digests.checksum,
        modified: this.store.clock().now_millis(),
    };
    let added = part.clone();
    this.commit(|state| {
        upload_of(state, at.upload, at.bucket, at.key)?;
        let event = Event::PartAdded { upload: at.upload.to_owned(), number: at.number, part: added };
        Ok((Some(event), ()))
    })?;
    received.draft.keep();
    Ok(part)
}

/// Refuses a part number that S3 does not know.
pub(super) fn check_number(number: i32) -> S3Result<()> {
    if (1..=LAST_PART).contains(&number) {
        return Ok(());
    }
    let message = "Part number must be an integer between 1 and 10000, inclusive";
    Err(errors::refusal(S3ErrorCode::InvalidArgument, message))
}

fn part_checks(this: &Buckets, request: &S3Request<UploadPartInput>) -> S3Result<Declared> {
    let input = &request.input;
    this.enter(request, &input.bucket)?;
    let (algorithm, required) = this.store.read(|state| {
        let upload = upload_of(state, &input.upload_id, &input.bucket, &input.key)?;
        Ok::<_, s3s::S3Error>((upload.algorithm, upload.declared))
    })?;
    check_number(input.part_number)?;
    let mut declared = Declared::from_headers(&request.headers)?;
    if required && declared.algorithm.is_some_and(|other| other != algorithm) {
        let message = format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            algorithm.name().to_lowercase(),
            declared.algorithm.map_or("null", Algorithm::name).to_lowercase()
        );
        return Err(errors::refusal(S3ErrorCode::InvalidRequest, message));
    }
    declared.algorithm = declared.algorithm.or(Some(algorithm));
    Ok(declared)
}

pub(super) fn abort(
    this: &Buckets,
    request: S3Request<AbortMultipartUploadInput>,
) -> Answer<AbortMultipartUploadOutput> {
    this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    this.commit(|state| {
        upload_of(state, &input.upload_id, &input.bucket, &input.key)?;
        Ok((Some(Event::UploadAborted { upload: input.upload_id.clone() }), ()))
    })?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) fn list_parts(this: &Buckets, request: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
    this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let upload = this.store.read(|state| upload_of(state, &input.upload_id, &input.bucket, &input.key).cloned())?;
    let marker = input.part_number_marker.unwrap_or(0);
    let limit = usize::try_from(input.max_parts.unwrap_or(1000)).unwrap_or(0).min(1000);
    let behind: Vec<_> = upload.parts.range(marker.saturating_add(1)..).take(limit + 1).collect();
    let truncated = behind.len() > limit;
    let shown = &behind[..behind.len().min(limit)];
    let output = ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        part_number_marker: Some(marker),
        max_parts: i32::try_from(limit).ok(),
        is_truncated: Some(truncated),
        next_part_number_marker: shown.last().map(|(number, _)| **number),
        parts: Some(shown.iter().map(|(number, part)| listed_part(**number, part)).collect()),
        checksum_algorithm: upload.declared.then(|| ChecksumAlgorithm::from_static(upload.algorithm.name())),
        checksum_type: upload.declared.then(|| checksum_type(upload.composite)),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

fn listed_part(number: i32, part: &store::Part) -> Part {
    let mut listed = Part {
        part_number: Some(number),
        size: i64::try_from(part.size).ok(),
        e_tag: Some(ETag::Strong(part.etag.clone())),
        last_modified: Some(Timestamp::from(text::system_time(part.modified))),
        ..Default::default()
    };
    set_checksum!(listed, part.checksum);
    listed
}
