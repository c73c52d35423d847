//! Operations on buckets.

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response};

use super::access::{self, Answer, Buckets, Caller};
use super::errors;
use crate::store::{Event, Versioning};
use crate::text;

/// The Region that location constraints do not name.
const FIRST_REGION: &str = "us-east-1";

pub(super) fn create(this: &Buckets, request: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
    let caller = Caller::of(this, &request);
    let bucket = request.input.bucket;
    let constraint = request.input.create_bucket_configuration.and_then(|config| config.location_constraint);
    let region = constraint.as_ref().map_or(FIRST_REGION, BucketLocationConstraint::as_str);
    if region != caller.region_or_default() {
        let shown = if constraint.is_none() { "unspecified" } else { region };
        let message = format!(
            "The {shown} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        return Err(errors::refusal(S3ErrorCode::IllegalLocationConstraintException, message));
    }
    let owner = this.store.read(|state| state.buckets.get(&bucket).map(|bucket| bucket.info.owner.clone()));
    match owner {
        None => this.make_bucket(&bucket, &caller, Versioning::Never)?,
        Some(owner) if owner != caller.account => {
            let message = "The requested bucket name is not available. The bucket namespace is shared by all users of \
                           the system. Please select a different name and try again.";
            return Err(errors::refusal(S3ErrorCode::BucketAlreadyExists, message));
        }
        // The first Region alone answers this with success.
        Some(_) if caller.region_or_default() == FIRST_REGION => {}
        Some(_) => {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(errors::refusal(S3ErrorCode::BucketAlreadyOwnedByYou, message));
        }
    }
    Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{bucket}")) }))
}

pub(super) fn head(this: &Buckets, request: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
    let bucket = &request.input.bucket;
    let caller = this.enter(&request, bucket)?;
    let region = this.store.read(|state| caller.bucket(state, bucket).map(|bucket| bucket.info.region.clone()))?;
    Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(region), ..Default::default() }))
}

pub(super) fn list(this: &Buckets, request: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
    let caller = Caller::of(this, &request);
    let prefix = request.input.prefix.clone().unwrap_or_default();
    let buckets = this.store.read(|state| {
        let own = state
            .buckets
            .iter()
            .filter(|(name, bucket)| bucket.info.owner == caller.account && name.starts_with(&prefix));
        own.map(|(name, bucket)| s3s::dto::Bucket {
            name: Some(name.clone()),
            bucket_region: Some(bucket.info.region.clone()),
            creation_date: Some(Timestamp::from(text::system_time(bucket.info.created))),
        })
        .collect()
    });
    let owner = Owner { display_name: None, id: Some(caller.account) };
    let output = ListBucketsOutput { buckets: Some(buckets), owner: Some(owner), ..Default::default() };
    Ok(S3Response::new(output))
}

pub(super) fn delete(this: &Buckets, request: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
    let caller = Caller::of(this, &request);
    let name = request.input.bucket;
    this.commit(|state| {
        if !caller.bucket(state, &name)?.objects.is_empty() {
            let message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
            return Err(errors::refusal(S3ErrorCode::BucketNotEmpty, message));
        }
        Ok((Some(Event::BucketDeleted { bucket: name.clone() }), ()))
    })?;
    Ok(S3Response::new(DeleteBucketOutput::default()))
}

pub(super) fn location(this: &Buckets, request: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
    // Answered from any Region: this is how clients find out.
    let expected_owner = access::header(&request.headers, "x-amz-expected-bucket-owner");
    let region = this.store.read(|state| {
        let name = &request.input.bucket;
        let bucket = state.buckets.get(name).ok_or_else(|| errors::no_such_bucket(name))?;
        access::check_owner(bucket, expected_owner.as_deref())?;
        Ok::<_, s3s::S3Error>(bucket.info.region.clone())
    })?;
    let constraint = (region != FIRST_REGION).then(|| BucketLocationConstraint::from(region));
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint: constraint }))
}

pub(super) fn versioning(
    this: &Buckets,
    request: S3Request<GetBucketVersioningInput>,
) -> Answer<GetBucketVersioningOutput> {
    let name = request.input.bucket.clone();
    let caller = this.enter(&request, &name)?;
    let versioning = this.store.read(|state| caller.bucket(state, &name).map(|bucket| bucket.info.versioning))?;
    let status = match versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some(BucketVersioningStatus::ENABLED),
        Versioning::Suspended => Some(BucketVersioningStatus::SUSPENDED),
    };
    let status = status.map(BucketVersioningStatus::from_static);
    Ok(S3Response::new(GetBucketVersioningOutput { status, ..Default::default() }))
}

pub(super) fn set_versioning(
    this: &Buckets,
    request: S3Request<PutBucketVersioningInput>,
) -> Answer<PutBucketVersioningOutput> {
    let bucket = request.input.bucket.clone();
    let caller = this.enter(&request, &bucket)?;
    let status = request.input.versioning_configuration.status;
    let versioning = match status.as_ref().map(BucketVersioningStatus::as_str) {
        Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
        Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
        _ => {
            let message = "The Versioning element must be specified";
            return Err(errors::refusal(S3ErrorCode::IllegalVersioningConfigurationException, message));
        }
    };
    this.commit(|state| {
        caller.bucket(state, &bucket)?;
        Ok((Some(Event::VersioningSet { bucket: bucket.clone(), versioning }), ()))
    })?;
    Ok(S3Response::new(PutBucketVersioningOutput::default()))
}
