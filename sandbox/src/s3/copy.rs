//! Copying objects: a second name for the same bytes, in one piece whatever they were uploaded in.

use std::io;
use std::sync::Arc;

use futures::StreamExt;
use hyper::HeaderMap;
use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::access::{self, Answer, Buckets};
use super::checksums::{Hasher, checksum_type, set_checksum};
use super::conditions::{ReadConditions, Unmet, WriteConditions};
use super::errors;
use super::read::encryption;
use super::write::{Addition, add, check_class, kept_headers, metadata_of, set_class};
use crate::store::{Algorithm, Content, ObjectVersion};
use crate::text;

const NOTHING_CHANGED: &str = "This copy request is illegal because it is trying to copy an object to itself without \
                               changing the object's metadata, storage class, website redirect location or encryption \
                               attributes.";

pub(super) async fn copy(this: &Buckets, mut request: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let conditions = write_conditions(&request.headers)?;
    check_class(&request.headers)?;
    conditions.supported()?;
    let expected_owner = access::header(&request.headers, "x-amz-source-expected-bucket-owner");
    let source = source_of(this, &source(&request.input), expected_owner.as_deref())?;
    let metadata = metadata_of(request.input.metadata.take())?;
    let input = request.input;
    let replace = input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
    if !replace && is_onto_itself(&input) && input.storage_class.is_none() {
        return Err(errors::refusal(S3ErrorCode::InvalidRequest, NOTHING_CHANGED));
    }
    let Some(mut content) = source.content.clone() else { return Err(errors::no_such_key(&input.key)) };
    if content.is_frozen() {
        return Err(errors::frozen());
    }
    let draft = this.store.blobs().link(&content.blob).map_err(|error| match error.kind() {
        // Deleted since it was looked up.
        io::ErrorKind::NotFound => errors::no_such_key(&input.key),
        _ => errors::internal(error),
    })?;
    content.blob = draft.id().clone();
    let asked = input.checksum_algorithm.as_ref().map(|asked| Algorithm::parse(asked.as_str())).transpose()?;
    make_whole(this, &mut content, asked).await?;
    if replace {
        content.headers = kept_headers(&request.headers);
        content.metadata = metadata;
    }
    set_class(&mut content.headers, &request.headers);
    let mut result = CopyObjectResult { e_tag: Some(ETag::Strong(content.etag.clone())), ..Default::default() };
    if let Some(checksum) = &content.checksum {
        set_checksum!(result, checksum);
        result.checksum_type = Some(checksum_type(checksum.composite));
    }
    let added = add(this, &caller, Addition { bucket: &input.bucket, key: &input.key, content, conditions })?;
    draft.keep();
    result.last_modified = Some(Timestamp::from(text::system_time(added.modified)));
    let copy_source_version_id = (source.id != crate::store::NULL_VERSION).then(|| source.id.clone());
    let output = CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id,
        version_id: added.shown,
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

fn is_onto_itself(input: &CopyObjectInput) -> bool {
    let CopySource::Bucket { bucket, key, version_id: None } = &input.copy_source else { return false };
    **bucket == *input.bucket && **key == *input.key
}

/// A copy is one piece, however its source was uploaded: entity tag and checksum are of all its bytes. The checksum is
/// what was asked for, or of the source's kind.
async fn make_whole(this: &Buckets, content: &mut Content, asked: Option<Algorithm>) -> S3Result<()> {
    let kept = content.checksum.as_ref().map(|checksum| checksum.algorithm);
    let algorithm = asked.or(kept).unwrap_or(Algorithm::Crc64Nvme);
    if content.parts.is_empty() && kept == Some(algorithm) {
        return Ok(());
    }
    let mut hasher = Hasher::new(algorithm);
    let file = this.store.blobs().read(&content.blob).map_err(errors::internal)?;
    let mut bytes = ReaderStream::with_capacity(File::from_std(file), 256 * 1024);
    while let Some(bytes) = bytes.next().await {
        hasher.update(&bytes.map_err(errors::internal)?);
    }
    let digests = hasher.finish();
    content.etag = text::hex(&digests.md5);
    content.checksum = Some(digests.checksum);
    content.parts.clear();
    Ok(())
}

/// The protocol layer does not know these two on a copy yet.
fn write_conditions(headers: &HeaderMap) -> S3Result<WriteConditions> {
    let condition = |name: &str| {
        let value = headers.get(name).map(|value| ETagCondition::parse_http_header(value.as_bytes()));
        value.transpose().map_err(|_| errors::refusal(S3ErrorCode::InvalidArgument, format!("invalid header: {name}")))
    };
    Ok(WriteConditions { if_match: condition("if-match")?, if_none_match: condition("if-none-match")? })
}

/// Which object is copied, and under which conditions.
pub(super) struct Source<'a> {
    pub at: &'a CopySource,
    pub if_match: Option<&'a CopySourceIfMatch>,
    pub if_none_match: Option<&'a CopySourceIfNoneMatch>,
    pub if_modified_since: Option<&'a CopySourceIfModifiedSince>,
    pub if_unmodified_since: Option<&'a CopySourceIfUnmodifiedSince>,
}

fn source(input: &CopyObjectInput) -> Source<'_> {
    Source {
        at: &input.copy_source,
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_modified_since: input.copy_source_if_modified_since.as_ref(),
        if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
    }
}

pub(super) fn source_of(
    this: &Buckets,
    source: &Source<'_>,
    expected_owner: Option<&str>,
) -> S3Result<Arc<ObjectVersion>> {
    let CopySource::Bucket { bucket, key, version_id } = source.at else {
        return Err(errors::not_implemented());
    };
    let conditions = ReadConditions {
        if_match: source.if_match.cloned(),
        if_none_match: source.if_none_match.cloned(),
        if_modified_since: source.if_modified_since.cloned(),
        if_unmodified_since: source.if_unmodified_since.cloned(),
    };
    let source = this.store.read(|state| {
        // A source may live in another Region.
        let bucket = state.buckets.get(bucket.as_ref()).ok_or_else(|| errors::no_such_bucket(bucket))?;
        access::check_owner(bucket, expected_owner)?;
        access::find(bucket, key, version_id.as_deref())
    })?;
    if let Some(content) = &source.content {
        // On a copy, "not modified" is a failed condition too.
        if let Some(Unmet::Failed(condition) | Unmet::NotModified(condition)) = conditions.unmet(&source, content) {
            return Err(errors::precondition_failed(&format!("x-amz-copy-source-{condition}")));
        }
    }
    Ok(source)
}
