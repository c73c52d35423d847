//! Who asks, from where, for which bucket; and the versions of an object.

use std::io;
use std::sync::Arc;

use hyper::HeaderMap;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::errors;
use super::made;
use crate::identity::account_of;
use crate::store::{Bucket, BucketInfo, Event, NULL_VERSION, ObjectVersion, State, Store, Versioning};
use crate::text;

/// The Region of a request that does not name one.
const DEFAULT_REGION: &str = "us-east-1";

/// What an operation answers.
pub(super) type Answer<T> = S3Result<S3Response<T>>;

/// What the operations need.
#[derive(Debug, Clone)]
pub(crate) struct Buckets {
    pub store: Arc<Store>,
    pub account: String,
    /// A bucket that a request names and that does not exist is made, versioned, in the request's Region.
    pub auto_create: bool,
}

/// Who makes a request.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub account: String,
    /// None where the signature has no scope: version 2, as old presigned links have it.
    pub region: Option<String>,
    expected_owner: Option<String>,
}

impl Caller {
    /// From the signature's access key and scope.
    pub fn of<T>(buckets: &Buckets, request: &S3Request<T>) -> Self {
        let key = request.credentials.as_ref().map(|credentials| credentials.access_key.as_str());
        let account = account_of(key.unwrap_or_default(), &buckets.account);
        let region = request.region.as_ref().map(|region| region.as_str().to_owned());
        let expected_owner = header(&request.headers, "x-amz-expected-bucket-owner");
        Self { account, region, expected_owner }
    }

    /// The Region to make a bucket in.
    pub fn region_or_default(&self) -> &str {
        self.region.as_deref().unwrap_or(DEFAULT_REGION)
    }

    /// The bucket, if it is there, in the Region the request was signed for, and of the owner it expects.
    pub fn bucket<'a>(&self, state: &'a State, name: &str) -> S3Result<&'a Bucket> {
        let bucket = state.buckets.get(name).ok_or_else(|| errors::no_such_bucket(name))?;
        if self.region.as_ref().is_some_and(|region| *region != bucket.info.region) {
            return Err(errors::permanent_redirect(&bucket.info.region));
        }
        check_owner(bucket, self.expected_owner.as_deref())?;
        Ok(bucket)
    }
}

/// Refuses a bucket of another owner than the request expects.
pub(super) fn check_owner(bucket: &Bucket, expected: Option<&str>) -> S3Result<()> {
    if expected.is_some_and(|owner| owner != bucket.info.owner) {
        return Err(errors::refusal(S3ErrorCode::AccessDenied, "Access Denied"));
    }
    Ok(())
}

impl Buckets {
    /// The caller, once the bucket it names can be reached: to be asked before a body is read.
    pub(super) fn enter<T>(&self, request: &S3Request<T>, bucket: &str) -> S3Result<Caller> {
        let caller = Caller::of(self, request);
        let missing = self.store.read(|state| !state.buckets.contains_key(bucket));
        if missing && self.auto_create {
            self.make_bucket(bucket, &caller, Versioning::Enabled)?;
        }
        self.store.read(|state| caller.bucket(state, bucket).map(drop))?;
        Ok(caller)
    }

    /// Makes the bucket; one that is there by now is left alone.
    pub(super) fn make_bucket(&self, name: &str, caller: &Caller, versioning: Versioning) -> S3Result<()> {
        let info = BucketInfo {
            region: caller.region_or_default().to_owned(),
            owner: caller.account.clone(),
            created: self.store.clock().now_millis(),
            versioning,
            // One that is made by itself is as a rehearsal needs it.
            policy: (versioning == Versioning::Enabled).then(|| made::for_lambda(name, caller.region_or_default())),
        };
        let created = Event::BucketCreated { bucket: name.to_owned(), info };
        self.commit(|state| Ok(((!state.buckets.contains_key(name)).then_some(created), ())))
    }

    /// The store's commit, with S3's words for a disk that fails.
    pub(super) fn commit<T>(&self, decide: impl FnOnce(&State) -> S3Result<(Option<Event>, T)>) -> S3Result<T> {
        let wrapped = |state: &State| decide(state).map_err(Failure);
        self.store.commit(wrapped).map_err(|Failure(error)| error)
    }
}

/// Lets the store's errors become S3's.
struct Failure(S3Error);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(errors::internal(error))
    }
}

/// A header as text.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The current version of a key, delete markers included.
pub(super) fn current<'a>(bucket: &'a Bucket, key: &str) -> Option<&'a Arc<ObjectVersion>> {
    bucket.objects.get(key)?.last()
}

/// The version asked for, or the current one; refused as S3 does where it is not there or a delete marker.
pub(super) fn find(bucket: &Bucket, key: &str, version_id: Option<&str>) -> S3Result<Arc<ObjectVersion>> {
    let Some(id) = version_id else {
        let version = current(bucket, key).ok_or_else(|| errors::no_such_key(key))?;
        return if version.content.is_some() {
            Ok(version.clone())
        } else {
            Err(errors::deleted(key, shown_id(bucket, version).as_deref()))
        };
    };
    if !is_version_id(id) {
        return Err(errors::refusal(S3ErrorCode::InvalidArgument, "Invalid version id specified"));
    }
    let version = bucket.objects.get(key).and_then(|versions| versions.get(id));
    let version = version.ok_or_else(|| errors::no_such_version(key, id))?;
    if version.content.is_none() {
        return Err(errors::marker_addressed(id));
    }
    Ok(version.clone())
}

/// Whether it can be the id of a version at all.
pub(super) fn is_version_id(id: &str) -> bool {
    id == NULL_VERSION || id.len() == text::unique_id().len()
}

/// The version id as answers show it: not at all in a bucket that never was versioned.
pub(super) fn shown_id(bucket: &Bucket, version: &ObjectVersion) -> Option<String> {
    (bucket.info.versioning != Versioning::Never).then(|| version.id.clone())
}

/// The id that a version written now gets.
pub(super) fn new_id(bucket: &Bucket) -> String {
    match bucket.info.versioning {
        Versioning::Enabled => text::unique_id(),
        Versioning::Never | Versioning::Suspended => NULL_VERSION.to_owned(),
    }
}
