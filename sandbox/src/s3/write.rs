//! Writing objects: the body goes to a data file, and the journal's line makes it an object.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use hyper::HeaderMap;
use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result, TrailingHeaders};

use super::access::{self, Answer, Buckets, Caller};
use super::checksums::{Declared, Digests, Hasher, checksum_type, set_checksum};
use super::conditions::WriteConditions;
use super::errors;
use super::read::encryption;
use crate::clock::Clock;
use crate::store::{Algorithm, BlobWriter, Bucket, CLASS, Content, Draft, Event, ObjectVersion, STANDARD, Store};
use crate::text;

/// Headers that S3 keeps with an object and gives back.
const KEPT_HEADERS: [&str; 7] =
    ["content-type", "content-encoding", "content-language", "content-disposition", "cache-control", "expires", CLASS];

/// S3's storage classes (API model).
const CLASSES: [&str; 12] = [
    STANDARD,
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
];

/// S3's content type for an object that came without one.
const DEFAULT_TYPE: &str = "binary/octet-stream";

/// S3's limit for one object written with one request: 5 GiB.
const LARGEST_PUT: u64 = 5 * 1024 * 1024 * 1024;

/// S3's limit for the names and values of user metadata: 2 KB.
const LARGEST_METADATA: usize = 2 * 1024;

/// A body that has arrived whole and is what the client said it is.
pub(super) struct Received {
    pub draft: Draft,
    pub size: u64,
    pub digests: Digests,
}

/// Reads a body into a data file.
pub(super) async fn receive(
    store: &Store,
    body: Option<StreamingBlob>,
    mut declared: Declared,
    trailers: Option<TrailingHeaders>,
) -> S3Result<Received> {
    let mut hasher = Hasher::new(declared.algorithm.unwrap_or(Algorithm::Crc64Nvme));
    let mut writer = store.blobs().writer();
    let size = copy_body(body, &mut writer, &mut hasher).await?;
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        declared.add_trailer(&trailers)?;
    }
    let digests = hasher.finish();
    declared.verify(&digests)?;
    let draft = writer.finish().await.map_err(errors::internal)?;
    Ok(Received { draft, size, digests })
}

async fn copy_body(body: Option<StreamingBlob>, writer: &mut BlobWriter, hasher: &mut Hasher) -> S3Result<u64> {
    let Some(mut body) = body else { return Ok(0) };
    let mut size = 0;
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|error| errors::body_error(&error))?;
        size += bytes.len() as u64;
        if size > LARGEST_PUT {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return Err(errors::refusal(S3ErrorCode::EntityTooLarge, message));
        }
        hasher.update(&bytes);
        writer.write(&bytes).await.map_err(errors::internal)?;
    }
    Ok(size)
}

/// How much of a refused body is read: more than a part of an upload usually has.
const DISCARDED: usize = 64 * 1024 * 1024;

/// Reads what is left of a refused body, within bounds: a client that is still sending when the connection closes may see
/// a reset instead of the refusal.
pub(super) async fn discard(body: Option<StreamingBlob>) {
    let Some(mut body) = body else { return };
    let mut left = DISCARDED;
    while let Some(Ok(bytes)) = body.next().await {
        left = left.saturating_sub(bytes.len());
        if left == 0 {
            return;
        }
    }
}

pub(super) async fn put(this: &Buckets, mut request: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
    let body = request.input.body.take();
    let entered = this.enter(&request, &request.input.bucket).and_then(|caller| {
        let metadata = metadata_of(request.input.metadata.take())?;
        let (if_match, if_none_match) = (request.input.if_match.take(), request.input.if_none_match.take());
        let conditions = WriteConditions { if_match, if_none_match };
        conditions.supported()?;
        check_class(&request.headers)?;
        Ok((caller, metadata, conditions, Declared::from_headers(&request.headers)?))
    });
    let (caller, metadata, conditions, declared) = match entered {
        Ok(entered) => entered,
        Err(refused) => {
            discard(body).await;
            return Err(refused);
        }
    };
    let received = receive(&this.store, body, declared, request.trailing_headers.take()).await?;
    let input = request.input;
    let content = Content {
        blob: received.draft.id().clone(),
        size: received.size,
        etag: text::hex(&received.digests.md5),
        sha256: received.digests.sha256,
        checksum: Some(received.digests.checksum.clone()),
        headers: kept_headers(&request.headers),
        metadata,
        parts: Vec::new(),
    };
    let mut output = PutObjectOutput { e_tag: Some(ETag::Strong(content.etag.clone())), ..Default::default() };
    set_checksum!(output, received.digests.checksum);
    output.checksum_type = Some(checksum_type(false));
    output.server_side_encryption = Some(encryption());
    let addition = Addition { bucket: &input.bucket, key: &input.key, content, conditions };
    output.version_id = add(this, &caller, addition)?.shown;
    received.draft.keep();
    Ok(S3Response::new(output))
}

/// What became of a write.
pub(super) struct Added {
    pub shown: Option<String>,
    pub modified: i64,
}

/// Content that is to become a key's current version.
pub(super) struct Addition<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub content: Content,
    pub conditions: WriteConditions,
}

/// Makes the content the key's current version, if the conditions hold at that moment.
pub(super) fn add(this: &Buckets, caller: &Caller, addition: Addition<'_>) -> S3Result<Added> {
    this.commit(|state| {
        let Addition { bucket: bucket_name, key, content, conditions } = addition;
        let bucket = caller.bucket(state, bucket_name)?;
        conditions.check(access::current(bucket, key).map(Arc::as_ref), key)?;
        let (version, added) = new_version(bucket, content, this.store.clock());
        let (bucket, key) = (bucket_name.to_owned(), key.to_owned());
        Ok((Some(Event::ObjectAdded { bucket, key, version }), added))
    })
}

/// The version that the content becomes in this bucket, now.
pub(super) fn new_version(bucket: &Bucket, content: Content, clock: &Clock) -> (ObjectVersion, Added) {
    let version = ObjectVersion { id: access::new_id(bucket), modified: clock.now_millis(), content: Some(content) };
    let added = Added { shown: access::shown_id(bucket, &version), modified: version.modified };
    (version, added)
}

/// Refuses a storage class that there is not.
pub(super) fn check_class(headers: &HeaderMap) -> S3Result<()> {
    match access::header(headers, CLASS) {
        Some(class) if !CLASSES.contains(&class.as_str()) => {
            let message = "The storage class you specified is not valid";
            Err(errors::refusal(S3ErrorCode::InvalidStorageClass, message))
        }
        _ => Ok(()),
    }
}

/// The storage class that an object is to have is said with each write; of a copy too.
pub(super) fn set_class(kept: &mut BTreeMap<String, String>, headers: &HeaderMap) {
    kept.remove(CLASS);
    kept.extend(
        access::header(headers, CLASS).filter(|class| class != STANDARD).map(|class| (CLASS.to_owned(), class)),
    );
}

/// The headers to keep with an object. `aws-chunked` is how the body travelled, not what it is.
pub(super) fn kept_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::from([("content-type".to_owned(), DEFAULT_TYPE.to_owned())]);
    for name in KEPT_HEADERS {
        let Some(mut value) = access::header(headers, name).filter(|value| !value.is_empty()) else { continue };
        if name == "content-encoding" {
            let codings = value.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked");
            value = codings.collect::<Vec<_>>().join(",");
        }
        if !value.is_empty() {
            kept.insert(name.to_owned(), value);
        }
    }
    set_class(&mut kept, headers);
    kept
}

/// User metadata within S3's limit.
pub(super) fn metadata_of(metadata: Option<Metadata>) -> S3Result<BTreeMap<String, String>> {
    let metadata: BTreeMap<_, _> = metadata.unwrap_or_default().into_iter().collect();
    let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > LARGEST_METADATA {
        let message = "Your metadata headers exceed the maximum allowed metadata size";
        return Err(errors::refusal(S3ErrorCode::MetadataTooLarge, message));
    }
    Ok(metadata)
}

/// Another upload of the key, as the `replace-object` fault makes it. Without new metadata the old one stays.
pub(crate) async fn replace_object(
    store: &Store,
    bucket: &str,
    key: &str,
    body: Bytes,
    metadata: Option<BTreeMap<String, String>>,
) -> S3Result<()> {
    let body = StreamingBlob::from(s3s::Body::from(body));
    let received = receive(store, Some(body), Declared::default(), None).await?;
    let before = store.read(|state| state.buckets.get(bucket).and_then(|bucket| access::current(bucket, key).cloned()));
    let before = before.and_then(|version| version.content.clone());
    let (headers, kept) = before.map(|content| (content.headers, content.metadata)).unwrap_or_default();
    let content = Content {
        blob: received.draft.id().clone(),
        size: received.size,
        etag: text::hex(&received.digests.md5),
        sha256: received.digests.sha256,
        checksum: Some(received.digests.checksum),
        headers,
        metadata: metadata.unwrap_or(kept),
        parts: Vec::new(),
    };
    let added = store.commit(|state| {
        let Some(found) = state.buckets.get(bucket) else { return Ok((None, false)) };
        let (version, _) = new_version(found, content, store.clock());
        let event = Event::ObjectAdded { bucket: bucket.to_owned(), key: key.to_owned(), version };
        Ok::<_, io::Error>((Some(event), true))
    });
    if added.map_err(errors::internal)? {
        received.draft.keep();
    }
    Ok(())
}
