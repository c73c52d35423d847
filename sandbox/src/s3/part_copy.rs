//! A part that is a copy of an object, or of some of its bytes.

use std::io;
use std::ops::Range;

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::{self, Answer, Buckets};
use super::checksums::{Declared, set_checksum};
use super::copy::{Source, source_of};
use super::errors;
use super::multipart::{PartAt, add_part, check_number, upload_of};
use super::read::{body_of, encryption};
use super::write::receive;
use crate::store::{self, Content};
use crate::text;

pub(super) async fn copy(this: &Buckets, request: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
    this.enter(&request, &request.input.bucket)?;
    let expected_owner = access::header(&request.headers, "x-amz-source-expected-bucket-owner");
    let input = request.input;
    let algorithm = this
        .store
        .read(|state| upload_of(state, &input.upload_id, &input.bucket, &input.key).map(|upload| upload.algorithm))?;
    check_number(input.part_number)?;
    let source = source_of(this, &source(&input), expected_owner.as_deref())?;
    let Some(content) = &source.content else { return Err(errors::no_such_key(&input.key)) };
    if content.is_frozen() {
        return Err(errors::frozen());
    }
    let range = range_of(input.copy_source_range.as_deref(), content)?;
    let body = body_of(this, content, range).await.map_err(|error| match error.kind() {
        // Deleted since it was looked up.
        io::ErrorKind::NotFound => errors::no_such_key(&input.key),
        _ => errors::internal(error),
    })?;
    let received = receive(&this.store, Some(body), Declared::kept_as(algorithm), None).await?;
    let at = PartAt { bucket: &input.bucket, key: &input.key, upload: &input.upload_id, number: input.part_number };
    let part = add_part(this, at, received)?;
    let output = UploadPartCopyOutput {
        copy_part_result: Some(copied(&part)),
        copy_source_version_id: (source.id != store::NULL_VERSION).then(|| source.id.clone()),
        server_side_encryption: Some(encryption()),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

fn source(input: &UploadPartCopyInput) -> Source<'_> {
    Source {
        at: &input.copy_source,
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_modified_since: input.copy_source_if_modified_since.as_ref(),
        if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
    }
}

fn copied(part: &store::Part) -> CopyPartResult {
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(part.etag.clone())),
        last_modified: Some(Timestamp::from(text::system_time(part.modified))),
        ..Default::default()
    };
    set_checksum!(result, part.checksum);
    result
}

/// `bytes=FIRST-LAST`, both there: S3 takes no other range here.
fn range_of(range: Option<&str>, content: &Content) -> S3Result<Range<u64>> {
    let Some(range) = range else { return Ok(0..content.size) };
    let ends = range.strip_prefix("bytes=").and_then(|ends| ends.split_once('-'));
    let ends = ends.and_then(|(first, last)| Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?)));
    let Some((first, last)) = ends.filter(|(first, last)| first <= last) else {
        let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are \
                       the zero-based offsets of the first and last bytes to copy";
        return Err(errors::refusal(S3ErrorCode::InvalidArgument, message));
    };
    if last >= content.size {
        let message = format!("Range specified is not valid for source object of size: {}", content.size);
        return Err(errors::refusal(S3ErrorCode::InvalidArgument, message));
    }
    Ok(first..last + 1)
}
