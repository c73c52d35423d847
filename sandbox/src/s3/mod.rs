//! S3: the protocol layer is the s3s crate's (signatures, aws-chunked bodies, XML, routing); what the operations do,
//! and S3's words when they refuse, is here.

mod access;
mod buckets;
mod checksums;
mod complete;
mod conditions;
mod copy;
mod delete;
mod errors;
mod finish;
mod list;
mod list_uploads;
mod list_versions;
mod made;
mod multipart;
mod part_copy;
mod policy;
mod read;
mod write;

use std::sync::Arc;

use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Result};

pub(super) use access::Buckets;
pub(super) use finish::finish;
pub(super) use write::replace_object;

use super::secret::Secret;
use super::session;
use access::Answer;

/// The S3 service over a store.
pub(super) fn service(buckets: Buckets, secret: Secret) -> S3Service {
    let mut builder = S3ServiceBuilder::new(buckets);
    builder.set_auth(OneSecret(secret));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config()))));
    builder.build()
}

/// The age of signatures is judged by the sandbox's own clock, before a request comes here. Forms are not served.
fn config() -> S3Config {
    let mut config = S3Config::default();
    config.presigned_url_max_skew_time_secs = u32::MAX;
    config.xml_max_body_size = 4 * 1024 * 1024;
    (config.form_max_field_size, config.form_max_fields_size, config.form_max_parts) = (1024, 16 * 1024, 16);
    config.post_object_max_file_size = 0;
    config
}

/// Every access key has the sandbox's one secret, but temporary ones each have their own.
struct OneSecret(Secret);

#[async_trait::async_trait]
impl S3Auth for OneSecret {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        Ok(match session::account_of(access_key) {
            Some(_) => SecretKey::from(session::secret_of(&self.0, access_key)),
            None => SecretKey::from(self.0.as_str()),
        })
    }
}

/// Each operation is told in the file of its kind.
#[async_trait::async_trait]
impl S3 for Buckets {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        buckets::create(self, request)
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        buckets::head(self, request)
    }

    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        buckets::list(self, request)
    }

    async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        buckets::delete(self, request)
    }

    async fn get_bucket_location(&self, request: S3Request<GetBucketLocationInput>) -> Answer<GetBucketLocationOutput> {
        buckets::location(self, request)
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> Answer<GetBucketVersioningOutput> {
        buckets::versioning(self, request)
    }

    async fn put_bucket_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        buckets::set_versioning(self, request)
    }

    async fn get_bucket_policy(&self, request: S3Request<GetBucketPolicyInput>) -> Answer<GetBucketPolicyOutput> {
        policy::get(self, request)
    }

    async fn put_bucket_policy(&self, request: S3Request<PutBucketPolicyInput>) -> Answer<PutBucketPolicyOutput> {
        policy::put(self, request)
    }

    async fn delete_bucket_policy(
        &self,
        request: S3Request<DeleteBucketPolicyInput>,
    ) -> Answer<DeleteBucketPolicyOutput> {
        policy::delete(self, request)
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        write::put(self, request).await
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        copy::copy(self, request).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        read::get(self, request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        read::head(self, request)
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        delete::one(self, request)
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        delete::many(self, request)
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        list::objects(self, request)
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        list::objects_v2(self, request)
    }

    async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> Answer<ListObjectVersionsOutput> {
        list_versions::versions(self, request)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        multipart::create(self, request)
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        multipart::upload_part(self, request).await
    }

    async fn upload_part_copy(&self, request: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        part_copy::copy(self, request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        complete::complete(self, request).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        multipart::abort(self, request)
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        multipart::list_parts(self, request)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        list_uploads::uploads(self, request)
    }
}
