//! Making an object of an upload in parts.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::access::{self, Answer, Buckets};
use super::checksums::{self, Hasher, checksum_type, set_checksum};
use super::conditions::WriteConditions;
use super::errors;
use super::multipart::upload_of;
use super::read::encryption;
use super::write::new_version;
use crate::store::{self, Algorithm, Content, Event, State, Upload};
use crate::text;

/// S3's smallest part, except for the last: 5 MiB.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

pub(super) async fn complete(
    this: &Buckets,
    request: S3Request<CompleteMultipartUploadInput>,
) -> Answer<CompleteMultipartUploadOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let conditions = WriteConditions { if_match: input.if_match.clone(), if_none_match: input.if_none_match.clone() };
    conditions.supported()?;
    if let Some(output) = this.store.read(|state| completed_before(state, &input)) {
        return Ok(S3Response::new(output));
    }
    let upload = this.store.read(|state| upload_of(state, &input.upload_id, &input.bucket, &input.key).cloned())?;
    let parts = chosen_parts(&upload, input.multipart_upload.as_ref())?;
    let joined = join(this, &upload, &parts).await?;
    check_whole(&input, &joined.content)?;
    let mut output = told(&input, &joined.content);
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

/// What is answered of the object that the upload became.
fn told(input: &CompleteMultipartUploadInput, content: &Content) -> CompleteMultipartUploadOutput {
    let mut output = CompleteMultipartUploadOutput {
        e_tag: Some(ETag::Strong(content.etag.clone())),
        location: Some(format!("/{}/{}", input.bucket, text::percent_encode(&input.key, true))),
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    if let Some(checksum) = &content.checksum {
        set_checksum!(output, checksum);
        output.checksum_type = Some(checksum_type(checksum.composite));
    }
    output
}

/// The answer to a completion that is repeated with the same parts, as long as their object is there.
fn completed_before(state: &State, input: &CompleteMultipartUploadInput) -> Option<CompleteMultipartUploadOutput> {
    let completed = state.completed.get(&input.upload_id)?;
    if completed.bucket != input.bucket || completed.key != input.key {
        return None;
    }
    let bucket = state.buckets.get(&completed.bucket)?;
    let version = bucket.objects.get(&completed.key)?.get(&completed.version)?;
    let content = version.content.as_ref()?;
    let listed = input.multipart_upload.as_ref()?.parts.as_ref()?;
    let etags = listed.iter().map(|part| part.e_tag.as_ref().map(|etag| etag.value())).collect::<Option<Vec<_>>>()?;
    let same = checksums::multipart_etag(etags.into_iter()) == content.etag;
    same.then(|| CompleteMultipartUploadOutput {
        version_id: access::shown_id(bucket, version),
        ..told(input, content)
    })
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
