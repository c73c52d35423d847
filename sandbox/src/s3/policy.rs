//! Policies of buckets: kept as they are put, and looked at where Lambda reads an object in its place.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response};
use serde_json::Value;

use super::access::{Answer, Buckets};
use super::errors;
use crate::store::Event;

/// S3's limit for a policy: 20 KB.
const LARGEST: usize = 20 * 1024;

pub(super) fn get(this: &Buckets, request: S3Request<GetBucketPolicyInput>) -> Answer<GetBucketPolicyOutput> {
    let bucket = &request.input.bucket;
    let caller = this.enter(&request, bucket)?;
    let policy = this.store.read(|state| caller.bucket(state, bucket).map(|bucket| bucket.info.policy.clone()))?;
    if policy.is_none() {
        return Err(errors::no_such_policy(bucket));
    }
    Ok(S3Response::new(GetBucketPolicyOutput { policy }))
}

pub(super) fn put(this: &Buckets, request: S3Request<PutBucketPolicyInput>) -> Answer<PutBucketPolicyOutput> {
    let bucket = request.input.bucket.clone();
    let caller = this.enter(&request, &bucket)?;
    let policy = request.input.policy;
    let read = serde_json::from_str::<Value>(&policy).ok().filter(|_| policy.len() <= LARGEST);
    if read.is_none_or(|policy| policy.get("Statement").is_none()) {
        let message = "Policies must be valid JSON and the first byte must be '{'";
        return Err(errors::refusal(S3ErrorCode::MalformedPolicy, message));
    }
    this.commit(|state| {
        caller.bucket(state, &bucket)?;
        Ok((Some(Event::BucketPolicySet { bucket: bucket.clone(), policy: Some(policy) }), ()))
    })?;
    Ok(S3Response::new(PutBucketPolicyOutput::default()))
}

pub(super) fn delete(this: &Buckets, request: S3Request<DeleteBucketPolicyInput>) -> Answer<DeleteBucketPolicyOutput> {
    let bucket = request.input.bucket.clone();
    let caller = this.enter(&request, &bucket)?;
    this.commit(|state| {
        caller.bucket(state, &bucket)?;
        Ok((Some(Event::BucketPolicySet { bucket: bucket.clone(), policy: None }), ()))
    })?;
    Ok(S3Response::new(DeleteBucketPolicyOutput::default()))
}
