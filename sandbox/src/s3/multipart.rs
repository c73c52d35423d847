//! Uploads in parts: what boto3's `upload_file` and `aws s3 cp` do for files over 8 MB.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::access::{self, Answer, Buckets};
use super::checksums::{self, Declared, Hasher, checksum_type, set_checksum};
use super::conditions::WriteConditions;
use super::errors;
use super::read::encryption;
use super::write::{discard, kept_headers, metadata_of, new_version, receive};
use crate::store::{self, Algorithm, Content, Event, State, Upload};
use crate::text;

/// S3's smallest part, except for the last: 5 MiB.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// S3's highest part number.
const LAST_PART: i32 = 10_000;

pub(super) fn create(
    this: &Buckets,
    mut request: S3Request<CreateMultipartUploadInput>,
) -> Answer<CreateMultipartUploadOutput> {
    this.enter(&request, &request.input.bucket)?;
    let metadata = metadata_of(request.input.metadata.take())?;
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

fn upload_of<'a>(state: &'a State, id: &str, bucket: &str, key: &str) -> S3Result<&'a Upload> {
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
    let part = store::Part {
        blob: received.draft.id().clone(),
        size: received.size,
        etag: text::hex(&received.digests.md5),
        checksum: received.digests.checksum,
        modified: this.store.clock().now_millis(),
    };
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(part.etag.clone())),
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    set_checksum!(output, part.checksum);
    this.commit(|state| {
        upload_of(state, &input.upload_id, &input.bucket, &input.key)?;
        let event = Event::PartAdded { upload: input.upload_id.clone(), number: input.part_number, part };
        Ok((Some(event), ()))
    })?;
    received.draft.keep();
    Ok(S3Response::new(output))
}

fn part_checks(this: &Buckets, request: &S3Request<UploadPartInput>) -> S3Result<Declared> {
    let input = &request.input;
    this.enter(request, &input.bucket)?;
    let (algorithm, required) = this.store.read(|state| {
        let upload = upload_of(state, &input.upload_id, &input.bucket, &input.key)?;
        Ok::<_, s3s::S3Error>((upload.algorithm, upload.declared))
    })?;
    if !(1..=LAST_PART).contains(&input.part_number) {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return Err(errors::refusal(S3ErrorCode::InvalidArgument, message));
    }
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

pub(super) async fn complete(
    this: &Buckets,
    request: S3Request<CompleteMultipartUploadInput>,
) -> Answer<CompleteMultipartUploadOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let conditions = WriteConditions { if_match: input.if_match.clone(), if_none_match: input.if_none_match.clone() };
    conditions.supported()?;
    let upload = this.store.read(|state| upload_of(state, &input.upload_id, &input.bucket, &input.key).cloned())?;
    let parts = chosen_parts(&upload, input.multipart_upload.as_ref())?;
    let joined = join(this, &upload, &parts).await?;
    check_whole(&input, &joined.content)?;
    let checksum = joined.content.checksum.clone();
    let mut output = CompleteMultipartUploadOutput {
        e_tag: Some(ETag::Strong(joined.content.etag.clone())),
        location: Some(format!("/{}/{}", input.bucket, text::percent_encode(&input.key, true))),
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    if let Some(checksum) = &checksum {
        set_checksum!(output, checksum);
        output.checksum_type = Some(checksum_type(checksum.composite));
    }
    let added = this.commit(|state| {
        upload_of(state, &input.upload_id, &input.bucket, &input.key)?;
        let bucket = caller.bucket(state, &input.bucket)?;
        let current = access::current(bucket, &input.key).map(Arc::as_ref);
        conditions.check_since(upload.started, current, &input.key)?;
        let (version, added) = new_version(bucket, joined.content, this.store.clock());
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        Ok((Some(Event::UploadCompleted { upload: input.upload_id.clone(), bucket, key, version }), added))
    })?;
    joined.draft.keep();
    output.version_id = added.shown;
    Ok(S3Response::new(output))
}

/// The parts that the client lists, each there and as it says.
fn chosen_parts<'a>(upload: &'a Upload, listed: Option<&CompletedMultipartUpload>) -> S3Result<Vec<&'a store::Part>> {
    let listed = listed.and_then(|listed| listed.parts.as_deref()).unwrap_or_default();
    if listed.is_empty() {
        let message = "You must specify at least one part";
        return Err(errors::refusal(S3ErrorCode::MalformedXML, message));
    }
    if listed.windows(2).any(|pair| pair[0].part_number >= pair[1].part_number) {
        let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(errors::refusal(S3ErrorCode::InvalidPartOrder, message));
    }
    let parts = listed.iter().map(|listed| chosen_part(upload, listed)).collect::<S3Result<Vec<_>>>()?;
    let too_small = parts.split_last().is_some_and(|(_, others)| others.iter().any(|part| part.size < SMALLEST_PART));
    if too_small {
        let message = "Your proposed upload is smaller than the minimum allowed size";
        return Err(errors::refusal(S3ErrorCode::EntityTooSmall, message));
    }
    Ok(parts)
}

fn chosen_part<'a>(upload: &'a Upload, listed: &CompletedPart) -> S3Result<&'a store::Part> {
    let part = listed.part_number.and_then(|number| upload.parts.get(&number));
    let part = part.filter(|part| listed.e_tag.as_ref().is_none_or(|etag| etag.value() == part.etag));
    let values = [
        &listed.checksum_crc32,
        &listed.checksum_crc32c,
        &listed.checksum_crc64nvme,
        &listed.checksum_sha1,
        &listed.checksum_sha256,
    ];
    let value = values.into_iter().flatten().next();
    let part = part.filter(|part| value.is_none_or(|value| *value == part.checksum.value));
    part.ok_or_else(|| {
        let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, \
                       or the specified entity tag may not match the part's entity tag.";
        errors::refusal(S3ErrorCode::InvalidPart, message)
    })
}

struct Joined {
    draft: store::Draft,
    content: Content,
}

/// Writes the parts into one data file.
async fn join(this: &Buckets, upload: &Upload, parts: &[&store::Part]) -> S3Result<Joined> {
    let mut hasher = Hasher::new(upload.algorithm);
    let mut writer = this.store.blobs().writer();
    for part in parts {
        let file = this.store.blobs().read(&part.blob).map_err(errors::internal)?;
        let mut bytes = ReaderStream::with_capacity(File::from_std(file), 256 * 1024);
        while let Some(bytes) = bytes.next().await {
            let bytes: Bytes = bytes.map_err(errors::internal)?;
            hasher.update(&bytes);
            writer.write(&bytes).await.map_err(errors::internal)?;
        }
    }
    let draft = writer.finish().await.map_err(errors::internal)?;
    let digests = hasher.finish();
    let checksum = match upload.composite {
        true => upload.algorithm.composite(parts.iter().map(|part| &part.checksum)),
        false => digests.checksum,
    };
    let content = Content {
        blob: draft.id().clone(),
        size: parts.iter().map(|part| part.size).sum(),
        etag: checksums::multipart_etag(parts.iter().map(|part| part.etag.as_str())),
        sha256: digests.sha256,
        checksum: Some(checksum),
        headers: upload.headers.clone(),
        metadata: upload.metadata.clone(),
        parts: parts.iter().map(|part| part.size).collect(),
    };
    Ok(Joined { draft, content })
}

/// Compares with what the client says of the whole object.
fn check_whole(input: &CompleteMultipartUploadInput, content: &Content) -> S3Result<()> {
    let Some(checksum) = &content.checksum else { return Ok(()) };
    let declared = match checksum.algorithm {
        Algorithm::Crc32 => &input.checksum_crc32,
        Algorithm::Crc32c => &input.checksum_crc32c,
        Algorithm::Crc64Nvme => &input.checksum_crc64nvme,
        Algorithm::Sha1 => &input.checksum_sha1,
        Algorithm::Sha256 => &input.checksum_sha256,
    };
    let without_count = |value: &str| value.split('-').next().map(str::to_owned);
    let differs = declared.as_ref().is_some_and(|value| without_count(value) != without_count(&checksum.value));
    if differs { Err(checksums::mismatch(checksum.algorithm)) } else { Ok(()) }
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
