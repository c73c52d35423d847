//! Listings: keys under a prefix, common prefixes, pages.

use std::ops::Bound;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::{Answer, Buckets};
use super::checksums::checksum_type;
use super::errors;
use crate::store;
use crate::text;

/// S3's largest page.
const LARGEST_PAGE: usize = 1000;

/// What to list.
struct Query<'a> {
    prefix: &'a str,
    delimiter: Option<&'a str>,
    /// Only keys behind this one.
    after: &'a str,
    limit: usize,
}

/// One line of a listing: a key, or the keys under a common prefix.
enum Line {
    Key(String, Arc<store::ObjectVersion>),
    Prefix(String),
}

impl Line {
    fn name(&self) -> &str {
        match self {
            Self::Key(name, _) | Self::Prefix(name) => name,
        }
    }
}

struct Page {
    lines: Vec<Line>,
    truncated: bool,
}

fn page(bucket: &store::Bucket, query: &Query<'_>) -> Page {
    let mut lines: Vec<Line> = Vec::new();
    if query.limit == 0 {
        return Page { lines, truncated: false };
    }
    let from = query.after.max(query.prefix);
    let range = bucket.objects.range::<str, _>((Bound::Included(from), Bound::Unbounded));
    for (key, versions) in range.take_while(|(key, _)| key.starts_with(query.prefix)) {
        let Some(version) = versions.last().filter(|version| version.content.is_some()) else { continue };
        let line = match common_prefix(key, query.prefix, query.delimiter) {
            Some(prefix) if lines.last().is_some_and(|line| line.name() == prefix) => continue,
            // The page before ended with this prefix.
            Some(prefix) if prefix <= query.after && query.after.starts_with(prefix) => continue,
            Some(prefix) => Line::Prefix(prefix.to_owned()),
            None if key.as_str() <= query.after => continue,
            None => Line::Key(key.clone(), version.clone()),
        };
        if lines.len() == query.limit {
            return Page { lines, truncated: true };
        }
        lines.push(line);
    }
    Page { lines, truncated: false }
}

/// The part of a key, which begins with `prefix`, up to the first delimiter behind it.
pub(super) fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: Option<&str>) -> Option<&'k str> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let rest = &key[prefix.len()..];
    let end = rest.find(delimiter)? + delimiter.len();
    Some(&key[..prefix.len() + end])
}

/// How names are written: percent-encoded where the client asked for it.
pub(super) struct Names {
    encoded: bool,
    /// Told with each object, where it is.
    pub owner: Option<Owner>,
}

impl Names {
    pub fn of(encoding: Option<&EncodingType>, owner: Option<&str>) -> S3Result<Self> {
        if encoding.is_some_and(|encoding| encoding.as_str() != EncodingType::URL) {
            let message = "Invalid Encoding Method specified in Request";
            return Err(errors::refusal(S3ErrorCode::InvalidArgument, message));
        }
        let owner = owner.map(|id| Owner { display_name: None, id: Some(id.to_owned()) });
        Ok(Self { encoded: encoding.is_some(), owner })
    }

    pub fn write(&self, name: &str) -> String {
        if self.encoded { text::percent_encode(name, true) } else { name.to_owned() }
    }

    fn split(&self, lines: Vec<Line>) -> (Vec<Object>, Vec<CommonPrefix>) {
        let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
        for line in lines {
            match line {
                Line::Key(key, version) => objects.push(self.object(&key, &version)),
                Line::Prefix(prefix) => prefixes.push(CommonPrefix { prefix: Some(self.write(&prefix)) }),
            }
        }
        (objects, prefixes)
    }

    fn object(&self, key: &str, version: &store::ObjectVersion) -> Object {
        let content = version.content.as_ref();
        Object {
            key: Some(self.write(key)),
            e_tag: content.map(|content| ETag::Strong(content.etag.clone())),
            size: content.and_then(|content| i64::try_from(content.size).ok()),
            last_modified: Some(Timestamp::from(text::system_time(version.modified))),
            storage_class: content.map(|content| ObjectStorageClass::from(content.class().to_owned())),
            checksum_algorithm: content.and_then(algorithm_of),
            checksum_type: content.and_then(type_of),
            owner: self.owner.clone(),
            ..Default::default()
        }
    }
}

pub(super) fn algorithm_of(content: &store::Content) -> Option<Vec<ChecksumAlgorithm>> {
    let algorithm = content.checksum.as_ref()?.algorithm;
    Some(vec![ChecksumAlgorithm::from_static(algorithm.name())])
}

/// Who owns the objects of a bucket.
pub(super) fn owner_of(this: &Buckets, bucket: &str) -> Option<String> {
    this.store.read(|state| state.buckets.get(bucket).map(|bucket| bucket.info.owner.clone()))
}

pub(super) fn type_of(content: &store::Content) -> Option<ChecksumType> {
    content.checksum.as_ref().map(|checksum| checksum_type(checksum.composite))
}

pub(super) fn limit_of(max_keys: Option<i32>) -> S3Result<usize> {
    let refused = || {
        errors::refusal(S3ErrorCode::InvalidArgument, "Argument maxKeys must be an integer between 0 and 2147483647")
    };
    Ok(usize::try_from(max_keys.unwrap_or(1000)).map_err(|_| refused())?.min(LARGEST_PAGE))
}

pub(super) fn objects_v2(this: &Buckets, request: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let after = match &input.continuation_token {
        Some(token) => decode_token(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let limit = limit_of(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: &after, limit };
    let page = this.store.read(|state| Ok::<_, s3s::S3Error>(page(caller.bucket(state, &input.bucket)?, &query)))?;
    let owner = owner_of(this, &input.bucket);
    let names = Names::of(input.encoding_type.as_ref(), owner.filter(|_| input.fetch_owner == Some(true)).as_deref())?;
    let next = page.lines.last().filter(|_| page.truncated).map(|line| URL_SAFE_NO_PAD.encode(line.name()));
    let key_count = i32::try_from(page.lines.len()).ok();
    let (objects, prefixes) = names.split(page.lines);
    let output = ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(names.write(&prefix)),
        delimiter: input.delimiter.as_deref().map(|delimiter| names.write(delimiter)),
        max_keys: i32::try_from(limit).ok(),
        key_count,
        is_truncated: Some(page.truncated),
        continuation_token: input.continuation_token,
        next_continuation_token: next,
        start_after: input.start_after.as_deref().map(|after| names.write(after)),
        contents: Some(objects),
        common_prefixes: Some(prefixes),
        encoding_type: input.encoding_type,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

fn decode_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|name| !name.is_empty());
    let message = "The continuation token provided is incorrect";
    name.ok_or_else(|| errors::refusal(S3ErrorCode::InvalidArgument, message))
}

pub(super) fn objects(this: &Buckets, request: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let limit = limit_of(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let after = input.marker.clone().unwrap_or_default();
    let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: &after, limit };
    let page = this.store.read(|state| Ok::<_, s3s::S3Error>(page(caller.bucket(state, &input.bucket)?, &query)))?;
    let owner = owner_of(this, &input.bucket);
    let names = Names::of(input.encoding_type.as_ref(), owner.as_deref())?;
    let next = page.lines.last().filter(|_| page.truncated).map(|line| names.write(line.name()));
    let (objects, prefixes) = names.split(page.lines);
    let output = ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(names.write(&prefix)),
        marker: Some(names.write(&after)),
        delimiter: input.delimiter.as_deref().map(|delimiter| names.write(delimiter)),
        max_keys: i32::try_from(limit).ok(),
        is_truncated: Some(page.truncated),
        next_marker: next,
        contents: Some(objects),
        common_prefixes: Some(prefixes),
        encoding_type: input.encoding_type,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}
