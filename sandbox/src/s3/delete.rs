//! Deleting objects: for good by version id, otherwise with a delete marker where the bucket is versioned.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::{self, Answer, Buckets, Caller};
use super::{conditions, errors};
use crate::clock::Clock;
use crate::store::{self, Event, NULL_VERSION, ObjectVersion, Versioning};

/// What a deletion asks for.
struct Wanted {
    key: String,
    version_id: Option<String>,
    if_match: Option<ETagCondition>,
}

/// What it did.
struct Done {
    /// A marker was made, or a marker was removed.
    marker: bool,
    version_id: Option<String>,
}

pub(super) fn one(this: &Buckets, request: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    let wanted = Wanted { key: input.key, version_id: input.version_id, if_match: input.if_match };
    let done = delete(this, &caller, &input.bucket, &wanted)?;
    let output = DeleteObjectOutput {
        delete_marker: done.marker.then_some(true),
        version_id: done.version_id,
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub(super) fn many(this: &Buckets, request: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
    let caller = this.enter(&request, &request.input.bucket)?;
    let input = request.input;
    // S3's limit for one request.
    if input.delete.objects.len() > 1000 {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(errors::refusal(S3ErrorCode::MalformedXML, message));
    }
    let mut output = DeleteObjectsOutput::default();
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        let if_match = object.e_tag.map(ETagCondition::ETag);
        let wanted = Wanted { key: object.key, version_id: object.version_id, if_match };
        match delete(this, &caller, &input.bucket, &wanted) {
            Ok(done) => deleted.push(deleted_object(wanted, done)),
            Err(error) => failed.push(s3s::dto::Error {
                code: Some(error.code().as_str().to_owned()),
                message: error.message().map(str::to_owned),
                key: Some(wanted.key),
                version_id: wanted.version_id,
            }),
        }
    }
    output.deleted = (input.delete.quiet != Some(true)).then_some(deleted);
    output.errors = Some(failed);
    Ok(S3Response::new(output))
}

fn deleted_object(wanted: Wanted, done: Done) -> DeletedObject {
    DeletedObject {
        delete_marker: done.marker.then_some(true),
        delete_marker_version_id: done.version_id.filter(|_| done.marker),
        key: Some(wanted.key),
        version_id: wanted.version_id,
    }
}

fn delete(this: &Buckets, caller: &Caller, bucket_name: &str, wanted: &Wanted) -> S3Result<Done> {
    this.commit(|state| {
        let bucket = caller.bucket(state, bucket_name)?;
        check(bucket, wanted)?;
        let decided = match &wanted.version_id {
            Some(id) => remove_version(bucket, bucket_name, &wanted.key, id),
            None => remove_current(bucket, bucket_name, &wanted.key, this.store.clock()),
        };
        Ok(decided)
    })
}

fn check(bucket: &store::Bucket, wanted: &Wanted) -> S3Result<()> {
    let Some(condition) = &wanted.if_match else { return Ok(()) };
    let version = match &wanted.version_id {
        Some(id) => bucket.objects.get(&wanted.key).and_then(|versions| versions.get(id)),
        None => access::current(bucket, &wanted.key),
    };
    let content = version.and_then(|version| version.content.as_ref());
    match content {
        None => Err(errors::no_such_key(&wanted.key)),
        Some(content) if conditions::matches(condition, content) => Ok(()),
        Some(_) => Err(errors::precondition_failed("If-Match")),
    }
}

/// Removes one version for good; one that is not there is removed already.
fn remove_version(bucket: &store::Bucket, name: &str, key: &str, id: &str) -> (Option<Event>, Done) {
    let found = bucket.objects.get(key).and_then(|versions| versions.get(id));
    let marker = found.is_some_and(|version| version.content.is_none());
    let event = found.map(|_| removed(name, key, id));
    (event, Done { marker, version_id: Some(id.to_owned()) })
}

fn remove_current(bucket: &store::Bucket, name: &str, key: &str, clock: &Clock) -> (Option<Event>, Done) {
    if bucket.info.versioning == Versioning::Never {
        let event = bucket.objects.contains_key(key).then(|| removed(name, key, NULL_VERSION));
        return (event, Done { marker: false, version_id: None });
    }
    let version = ObjectVersion { id: access::new_id(bucket), modified: clock.now_millis(), content: None };
    let done = Done { marker: true, version_id: Some(version.id.clone()) };
    (Some(Event::ObjectAdded { bucket: name.to_owned(), key: key.to_owned(), version }), done)
}

fn removed(bucket: &str, key: &str, id: &str) -> Event {
    Event::ObjectsRemoved { bucket: bucket.to_owned(), versions: vec![(key.to_owned(), id.to_owned())] }
}
