//! The listing of all versions and delete markers.

use std::ops::Bound;
use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::{self, Answer, Buckets};
use super::errors;
use super::list::{Names, algorithm_of, common_prefix, limit_of, owner_of, type_of};
use crate::store;
use crate::text;

pub(super) fn versions(
    this: &Buckets,
    request: S3Request<ListObjectVersionsInput>,
) -> Answer<ListObjectVersionsOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    check_markers(&input)?;
    let limit = limit_of(input.max_keys)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let owner = owner_of(this, &input.bucket);
    let names = Names::of(input.encoding_type.as_ref(), owner.as_deref())?;
    let lines = this.store.read(|state| {
        let bucket = caller.bucket(state, &input.bucket)?;
        Ok::<_, s3s::S3Error>(lines_of(bucket, &input, &prefix, limit))
    })?;
    let truncated = lines.len() > limit;
    let shown = &lines[..lines.len().min(limit)];
    let last = shown.last().filter(|_| truncated);
    let output = ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(names.write(&prefix)),
        delimiter: input.delimiter.as_deref().map(|delimiter| names.write(delimiter)),
        max_keys: i32::try_from(limit).ok(),
        is_truncated: Some(truncated),
        next_key_marker: last.map(|line| names.write(line.name())),
        next_version_id_marker: last.and_then(|line| Some(line.version()?.version.id.clone())),
        key_marker: Some(names.write(&input.key_marker.unwrap_or_default())),
        version_id_marker: input.version_id_marker,
        versions: Some(shown.iter().filter_map(|line| names.version(line.version()?)).collect()),
        delete_markers: Some(shown.iter().filter_map(|line| names.marker(line.version()?)).collect()),
        common_prefixes: Some(shown.iter().filter_map(|line| names.prefix(line)).collect()),
        encoding_type: input.encoding_type,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

fn check_markers(input: &ListObjectVersionsInput) -> S3Result<()> {
    let Some(id) = &input.version_id_marker else { return Ok(()) };
    let message = if id.is_empty() {
        "A version-id marker cannot be empty."
    } else if input.key_marker.as_ref().is_none_or(String::is_empty) {
        "A version-id marker cannot be specified without a key marker."
    } else if !access::is_version_id(id) {
        "Invalid version id specified"
    } else {
        return Ok(());
    };
    Err(errors::refusal(S3ErrorCode::InvalidArgument, message))
}

/// One line of the listing.
enum Line {
    Version(VersionLine),
    /// All versions under a common prefix.
    Prefix(String),
}

struct VersionLine {
    key: String,
    version: Arc<store::ObjectVersion>,
    latest: bool,
}

impl Line {
    fn name(&self) -> &str {
        match self {
            Self::Version(line) => &line.key,
            Self::Prefix(prefix) => prefix,
        }
    }

    fn version(&self) -> Option<&VersionLine> {
        match self {
            Self::Version(line) => Some(line),
            Self::Prefix(_) => None,
        }
    }
}

/// One line more than the limit, where there is one. Newest first within a key.
fn lines_of(bucket: &store::Bucket, input: &ListObjectVersionsInput, prefix: &str, limit: usize) -> Vec<Line> {
    let marker = input.key_marker.as_deref().unwrap_or_default();
    let range = bucket.objects.range::<str, _>((Bound::Included(marker.max(prefix)), Bound::Unbounded));
    let mut lines: Vec<Line> = Vec::new();
    for (key, versions) in range.take_while(|(key, _)| key.starts_with(prefix)) {
        match common_prefix(key, prefix, input.delimiter.as_deref()) {
            Some(common) if lines.last().is_some_and(|line| line.name() == common) => {}
            // The page before ended with this prefix.
            Some(common) if common <= marker && marker.starts_with(common) => {}
            Some(common) => lines.push(Line::Prefix(common.to_owned())),
            None => {
                let newest_first = versions.iter().rev().enumerate().skip(done(key, versions, input));
                let of_key = newest_first.take(limit + 1 - lines.len()).map(|(at, version)| {
                    Line::Version(VersionLine { key: key.clone(), version: version.clone(), latest: at == 0 })
                });
                lines.extend(of_key);
            }
        }
        if lines.len() > limit {
            lines.truncate(limit + 1);
            break;
        }
    }
    lines
}

/// How many versions of a key the pages before had. Without a version id the marker's key is done; with one, what is behind
/// that version is still to come.
fn done(key: &str, versions: &store::Versions, input: &ListObjectVersionsInput) -> usize {
    if input.key_marker.as_deref() != Some(key) {
        return 0;
    }
    match &input.version_id_marker {
        None => versions.len(),
        Some(id) => versions.iter().rev().position(|version| version.id == *id).map_or(0, |at| at + 1),
    }
}

impl Names {
    fn version(&self, line: &VersionLine) -> Option<ObjectVersion> {
        let content = line.version.content.as_ref()?;
        Some(ObjectVersion {
            key: Some(self.write(&line.key)),
            version_id: Some(line.version.id.clone()),
            is_latest: Some(line.latest),
            e_tag: Some(ETag::Strong(content.etag.clone())),
            size: i64::try_from(content.size).ok(),
            last_modified: Some(Timestamp::from(text::system_time(line.version.modified))),
            storage_class: Some(ObjectVersionStorageClass::from(content.class().to_owned())),
            checksum_algorithm: algorithm_of(content),
            checksum_type: type_of(content),
            owner: self.owner.clone(),
            ..Default::default()
        })
    }

    fn prefix(&self, line: &Line) -> Option<CommonPrefix> {
        let Line::Prefix(prefix) = line else { return None };
        Some(CommonPrefix { prefix: Some(self.write(prefix)) })
    }

    fn marker(&self, line: &VersionLine) -> Option<DeleteMarkerEntry> {
        line.version.content.is_none().then(|| DeleteMarkerEntry {
            key: Some(self.write(&line.key)),
            version_id: Some(line.version.id.clone()),
            is_latest: Some(line.latest),
            last_modified: Some(Timestamp::from(text::system_time(line.version.modified))),
            owner: self.owner.clone(),
        })
    }
}
