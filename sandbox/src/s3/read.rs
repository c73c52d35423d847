//! Reading objects.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use s3s::dto::{ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput};
use s3s::dto::{ServerSideEncryption, StorageClass, StreamingBlob, Timestamp, TimestampFormat};
use s3s::{Body, S3Request, S3Response, S3Result};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::access::{self, Answer, Buckets, Caller};
use super::checksums::{checksum_type, set_checksum};
use super::conditions::ReadConditions;
use super::errors;
use crate::store::{CLASS, Content, ObjectVersion, SMALL};
use crate::text;

/// How much of a large body is read at once.
const CHUNK: usize = 256 * 1024;

/// Fills the fields that GET and HEAD share; the two answers are different types.
macro_rules! describe {
    ($output:expr, $found:expr, $content:expr, $input:expr) => {{
        let headers = &$content.headers;
        $output.accept_ranges = Some("bytes".to_owned());
        $output.e_tag = Some(ETag::Strong($content.etag.clone()));
        $output.last_modified = Some(Timestamp::from(text::system_time($found.version.modified)));
        $output.content_type = headers.get("content-type").cloned();
        $output.content_encoding = headers.get("content-encoding").cloned();
        $output.content_language = headers.get("content-language").cloned();
        $output.content_disposition = headers.get("content-disposition").cloned();
        $output.cache_control = headers.get("cache-control").cloned();
        $output.expires =
            headers.get("expires").and_then(|date| Timestamp::parse(TimestampFormat::HttpDate, date).ok());
        $output.metadata = Some($content.metadata.clone().into_iter().collect());
        $output.storage_class = headers.get(CLASS).cloned().map(StorageClass::from);
        $output.version_id = $found.shown.clone();
        $output.server_side_encryption = Some(encryption());
        $output.parts_count = $input.part_number.and_then(|_| i32::try_from($content.parts.len()).ok());
        if let Some(checksum) = $content.checksum.as_ref().filter(|_| $input.checksum_mode.is_some()) {
            set_checksum!($output, checksum);
            $output.checksum_type = Some(checksum_type(checksum.composite));
        }
    }};
}

/// S3 encrypts every object, and says so.
pub(super) fn encryption() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}

struct Found {
    version: Arc<ObjectVersion>,
    shown: Option<String>,
}

fn look_up(this: &Buckets, caller: &Caller, bucket: &str, key: &str, id: Option<&str>) -> S3Result<Found> {
    this.store.read(|state| {
        let bucket = caller.bucket(state, bucket)?;
        let version = access::find(bucket, key, id)?;
        Ok(Found { shown: access::shown_id(bucket, &version), version })
    })
}

pub(super) fn head(this: &Buckets, request: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let found = look_up(this, &caller, &input.bucket, &input.key, input.version_id.as_deref())?;
    let content = content_of(&found, &input.key)?;
    let conditions = ReadConditions {
        if_match: input.if_match.clone(),
        if_none_match: input.if_none_match.clone(),
        if_modified_since: input.if_modified_since.clone(),
        if_unmodified_since: input.if_unmodified_since.clone(),
    };
    conditions.check(&found.version, content)?;
    let (range, content_range) = range_of(content, input.range.as_ref(), input.part_number)?;
    let mut output = HeadObjectOutput {
        content_length: i64::try_from(range.end - range.start).ok(),
        content_range,
        ..Default::default()
    };
    describe!(output, found, content, input);
    Ok(S3Response::new(output))
}

pub(super) async fn get(this: &Buckets, request: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    // A version that is deleted between look-up and opening its file is looked up again.
    for _ in 0..3 {
        let found = look_up(this, &caller, &input.bucket, &input.key, input.version_id.as_deref())?;
        match answer(this, &input, &found).await? {
            Some(output) => return Ok(S3Response::new(output)),
            None => continue,
        }
    }
    Err(errors::internal(io::Error::from(io::ErrorKind::NotFound)))
}

/// The answer, or nothing where the data file is gone by now.
async fn answer(this: &Buckets, input: &GetObjectInput, found: &Found) -> S3Result<Option<GetObjectOutput>> {
    let content = content_of(found, &input.key)?;
    if content.is_frozen() {
        return Err(errors::frozen());
    }
    let conditions = ReadConditions {
        if_match: input.if_match.clone(),
        if_none_match: input.if_none_match.clone(),
        if_modified_since: input.if_modified_since.clone(),
        if_unmodified_since: input.if_unmodified_since.clone(),
    };
    conditions.check(&found.version, content)?;
    let (range, content_range) = range_of(content, input.range.as_ref(), input.part_number)?;
    let length = range.end - range.start;
    let body = match body_of(this, content, range).await {
        Ok(body) => body,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(errors::internal(error)),
    };
    let mut output = GetObjectOutput {
        content_length: i64::try_from(length).ok(),
        content_range,
        body: Some(body),
        ..Default::default()
    };
    describe!(output, found, content, input);
    if output.content_range.is_some() {
        // A checksum is of the whole object.
        (output.checksum_crc32, output.checksum_crc32c, output.checksum_crc64nvme) = (None, None, None);
        (output.checksum_sha1, output.checksum_sha256) = (None, None);
        output.checksum_type = None;
    }
    Ok(Some(output))
}

fn content_of<'a>(found: &'a Found, key: &str) -> S3Result<&'a Content> {
    found.version.content.as_ref().ok_or_else(|| errors::no_such_key(key))
}

/// The bytes to send, and the header that says so where they are not all.
fn range_of(
    content: &Content,
    range: Option<&s3s::dto::Range>,
    part: Option<i32>,
) -> S3Result<(Range<u64>, Option<String>)> {
    let whole = 0..content.size;
    let chosen = match (range, part) {
        (None, None) => return Ok((whole, None)),
        (Some(range), _) => {
            range.check(content.size).map_err(|_| errors::invalid_range(&range.to_header_string(), content.size))?
        }
        (None, Some(part)) => part_range(content, part)?,
    };
    if chosen.is_empty() {
        return Ok((whole, None));
    }
    let shown = format!("bytes {}-{}/{}", chosen.start, chosen.end - 1, content.size);
    Ok((chosen, Some(shown)))
}

fn part_range(content: &Content, part: i32) -> S3Result<Range<u64>> {
    let number = usize::try_from(part).unwrap_or(0);
    let sizes = if content.parts.is_empty() { std::slice::from_ref(&content.size) } else { &content.parts[..] };
    if number == 0 || number > sizes.len() {
        return Err(errors::invalid_part_number(part, sizes.len()));
    }
    let start: u64 = sizes[..number - 1].iter().sum();
    Ok(start..start + sizes[number - 1])
}

pub(super) async fn body_of(this: &Buckets, content: &Content, range: Range<u64>) -> io::Result<StreamingBlob> {
    let mut file = this.store.blobs().read(&content.blob)?;
    if content.size <= SMALL {
        let mut bytes = Vec::new();
        file.take(SMALL).read_to_end(&mut bytes)?;
        let bytes = Bytes::from(bytes);
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        return Ok(StreamingBlob::from(Body::from(bytes.slice(at(range.start)..at(range.end)))));
    }
    file.seek(SeekFrom::Start(range.start))?;
    let part = File::from_std(file).take(range.end - range.start);
    Ok(StreamingBlob::wrap(ReaderStream::with_capacity(part, CHUNK)))
}
