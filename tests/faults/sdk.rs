//! AWS's own SDK, for what layership does not do: buckets as they are made by hand, archives as others upload them.

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ChecksumAlgorithm, VersioningConfiguration};

use crate::bench::{BUCKET, Bench, archive, manifest, md5};

/// AWS's own SDK at a bench's sandbox.
pub struct Sdk {
    runtime: tokio::runtime::Runtime,
    s3: aws_sdk_s3::Client,
    lambda: aws_sdk_lambda::Client,
}

impl Sdk {
    pub fn at(bench: &Bench) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let credentials = Credentials::new("sandbox", &bench.sandbox.secret, None, None, "test");
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&bench.sandbox.endpoint)
            .credentials_provider(credentials.clone())
            // As the Python library uploads: without a checksum of SHA-256.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build();
        let lambda = aws_sdk_lambda::Config::builder()
            .behavior_version(aws_sdk_lambda::config::BehaviorVersion::latest())
            .region(aws_sdk_lambda::config::Region::new("us-east-1"))
            .endpoint_url(&bench.sandbox.endpoint)
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .build();
        Self { runtime, s3: aws_sdk_s3::Client::from_conf(s3), lambda: aws_sdk_lambda::Client::from_conf(lambda) }
    }

    pub fn bucket(&self, versioned: bool) {
        self.runtime.block_on(async {
            self.s3.create_bucket().bucket(BUCKET).send().await.expect("a bucket");
            if versioned {
                let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
                let set = self.s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on);
                set.send().await.expect("versioning");
            }
        });
    }

    /// Uploads the archive of a layer as others do: with or without a SHA-256 for S3 to keep, and without a note of what
    /// is in the zip.
    pub fn stage(&self, name: &str, revision: u32, with_sha256: bool) {
        let request = self
            .s3
            .put_object()
            .bucket(BUCKET)
            .key(format!("layers/{name}/layer/layer.zip"))
            .content_type("application/zip")
            .metadata("manifest_md5", md5(&manifest(name, revision)))
            .set_checksum_algorithm(with_sha256.then_some(ChecksumAlgorithm::Sha256))
            .body(ByteStream::from(archive(name, revision)));
        self.runtime.block_on(request.send()).expect("uploaded");
    }

    pub fn put(&self, key: &str, body: &[u8]) {
        let request = self.s3.put_object().bucket(BUCKET).key(key).body(ByteStream::from(body.to_vec()));
        self.runtime.block_on(request.send()).expect("written");
    }

    pub fn delete(&self, key: &str) {
        let request = self.s3.delete_object().bucket(BUCKET).key(key);
        self.runtime.block_on(request.send()).expect("deleted");
    }

    /// Publishes a version past everybody's lock, from bytes and not from S3, with the runtimes of every layer here.
    pub fn publish(&self, name: &str, zip: Vec<u8>) {
        let content = aws_sdk_lambda::types::LayerVersionContentInput::builder().zip_file(zip.into()).build();
        let runtime = aws_sdk_lambda::types::Runtime::from("python3.12");
        let request =
            self.lambda.publish_layer_version().layer_name(name).content(content).compatible_runtimes(runtime);
        self.runtime.block_on(request.send()).expect("published");
    }

    pub fn delete_version(&self, name: &str, version: i64) {
        let request = self.lambda.delete_layer_version().layer_name(name).version_number(version);
        self.runtime.block_on(request.send()).expect("deleted");
    }
}
