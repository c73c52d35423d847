//! The listing of uploads in parts that are neither completed nor aborted.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::{Answer, Buckets};
use super::checksums::checksum_type;
use super::errors;
use super::list::{Names, common_prefix, limit_of, owner_of};
use crate::store::{State, Upload};
use crate::text;

/// An upload's key, when it was begun, and its id: the order in which S3 lists them.
type Begun<'a> = (&'a str, i64, &'a str);

/// One line of the listing.
enum Line<'a> {
    Upload(Begun<'a>, &'a Upload),
    /// All uploads under a common prefix.
    Prefix(&'a str),
}

impl Line<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Upload((key, ..), _) => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

pub(super) fn uploads(
    this: &Buckets,
    request: S3Request<ListMultipartUploadsInput>,
) -> Answer<ListMultipartUploadsOutput> {
    this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let owner = owner_of(this, &input.bucket);
    let names = Names::of(input.encoding_type.as_ref(), owner.as_deref())?;
    let limit = limit_of(input.max_uploads)?;
    this.store.read(|state| {
        let lines = lines_of(state, &input, limit)?;
        Ok(S3Response::new(page(&input, &names, &lines, limit)))
    })
}

fn page(
    input: &ListMultipartUploadsInput,
    names: &Names,
    lines: &[Line<'_>],
    limit: usize,
) -> ListMultipartUploadsOutput {
    let truncated = lines.len() > limit;
    let shown = &lines[..lines.len().min(limit)];
    let last = shown.last().filter(|_| truncated);
    let write = |text: &Option<String>| text.as_deref().map(|text| names.write(text));
    ListMultipartUploadsOutput {
        bucket: Some(input.bucket.clone()),
        prefix: write(&input.prefix),
        delimiter: write(&input.delimiter),
        key_marker: Some(write(&input.key_marker).unwrap_or_default()),
        upload_id_marker: Some(input.upload_id_marker.clone().unwrap_or_default()),
        max_uploads: i32::try_from(limit).ok(),
        is_truncated: Some(truncated),
        next_key_marker: last.map(|line| names.write(line.name())),
        next_upload_id_marker: last.and_then(|line| match line {
            Line::Upload((.., id), _) => Some((*id).to_owned()),
            Line::Prefix(_) => None,
        }),
        uploads: Some(shown.iter().filter_map(|line| names.upload(line)).collect()),
        common_prefixes: Some(shown.iter().filter_map(|line| names.uploads_below(line)).collect()),
        encoding_type: input.encoding_type.clone(),
        ..Default::default()
    }
}

/// One line more than the limit, where there is one.
fn lines_of<'a>(state: &'a State, input: &'a ListMultipartUploadsInput, limit: usize) -> S3Result<Vec<Line<'a>>> {
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let of_bucket = state.uploads.iter().filter(|(_, upload)| upload.bucket == input.bucket);
    let below = of_bucket.filter(|(_, upload)| upload.key.starts_with(prefix));
    let mut uploads: Vec<(Begun<'a>, &Upload)> =
        below.map(|(id, upload)| ((upload.key.as_str(), upload.started, id.as_str()), upload)).collect();
    uploads.sort_by_key(|(begun, _)| *begun);
    let behind = behind(state, input)?;
    let mut lines: Vec<Line<'a>> = Vec::new();
    for (begun, upload) in uploads {
        match common_prefix(begun.0, prefix, input.delimiter.as_deref()) {
            Some(common) if lines.last().is_some_and(|line| line.name() == common) => {}
            Some(common) if input.key_marker.as_deref().is_some_and(|marker| common <= marker) => {}
            Some(common) => lines.push(Line::Prefix(common)),
            None if behind(begun) => lines.push(Line::Upload(begun, upload)),
            None => {}
        }
        if lines.len() > limit {
            break;
        }
    }
    Ok(lines)
}

/// Which uploads the pages before did not have. A marker of an upload counts only beside one of a key.
fn behind<'a>(state: &'a State, input: &'a ListMultipartUploadsInput) -> S3Result<impl Fn(Begun<'_>) -> bool + 'a> {
    let key = input.key_marker.as_deref().filter(|key| !key.is_empty());
    let id = input.upload_id_marker.as_deref().filter(|id| !id.is_empty() && key.is_some());
    let marked = id.map(|id| state.uploads.get(id).map(|upload| (upload.started, id)).ok_or_else(invalid_marker));
    let marked = marked.transpose()?;
    Ok(move |(of, started, id): Begun<'_>| match (key, marked) {
        (None, _) => true,
        (Some(key), None) => of > key,
        (Some(key), Some(marked)) => of > key || of == key && (started, id) > marked,
    })
}

fn invalid_marker() -> s3s::S3Error {
    errors::refusal(S3ErrorCode::InvalidArgument, "Invalid uploadId marker")
}

impl Names {
    fn upload(&self, line: &Line<'_>) -> Option<MultipartUpload> {
        let Line::Upload((key, started, id), upload) = line else { return None };
        let owner = self.owner.clone();
        Some(MultipartUpload {
            key: Some(self.write(key)),
            upload_id: Some((*id).to_owned()),
            initiated: Some(Timestamp::from(text::system_time(*started))),
            initiator: owner.as_ref().map(|owner| Initiator { display_name: None, id: owner.id.clone() }),
            owner,
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            checksum_algorithm: upload.declared.then(|| ChecksumAlgorithm::from_static(upload.algorithm.name())),
            checksum_type: upload.declared.then(|| checksum_type(upload.composite)),
        })
    }

    fn uploads_below(&self, line: &Line<'_>) -> Option<CommonPrefix> {
        let Line::Prefix(prefix) = line else { return None };
        Some(CommonPrefix { prefix: Some(self.write(prefix)) })
    }
}
