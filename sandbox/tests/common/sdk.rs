//! AWS's own SDK at a sandbox, signing as of any time, without retries and without corrections of its own.

use std::io::{Cursor, Write as _};
use std::time::{Duration, SystemTime};

use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LayerVersionContentInput;
use aws_sdk_s3::config::{Credentials, Region};
use aws_smithy_async::time::TimeSource;

use super::Started;

/// How far the client's clock is off, in seconds.
#[derive(Debug, Clone, Copy)]
struct Off(i64);

impl TimeSource for Off {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.0.unsigned_abs());
        if self.0 < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }
}

/// Clients of all three services.
pub struct Sdk {
    pub s3: aws_sdk_s3::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub sts: aws_sdk_sts::Client,
}

/// The client's configuration, which each service's crate has a type of its own for.
macro_rules! client {
    ($service:ident, $started:expr, $credentials:expr, $off:expr) => {{
        let config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url($started.sandbox.endpoint())
            .credentials_provider($credentials)
            .time_source(Off($off))
            .disable_clock_skew_correction(true)
            .retry_config($service::config::retry::RetryConfig::disabled());
        $service::Client::from_conf(config.build())
    }};
}

impl Sdk {
    /// Clients whose clock is right.
    pub fn at(started: &Started) -> Self {
        Self::off(started, 0)
    }

    /// Clients whose clock is off by so many seconds.
    pub fn off(started: &Started, seconds: i64) -> Self {
        Self::of(started, Credentials::new("sandbox", started.sandbox.secret(), None, None, "test"), seconds)
    }

    /// Clients with these credentials.
    pub fn of(started: &Started, credentials: Credentials, off: i64) -> Self {
        Self {
            s3: client!(aws_sdk_s3, started, credentials.clone(), off),
            lambda: client!(aws_sdk_lambda, started, credentials.clone(), off),
            sts: client!(aws_sdk_sts, started, credentials, off),
        }
    }

    /// Publishes a version; its number, or code and message.
    pub async fn publish(&self, name: &str) -> Result<i64, (String, String)> {
        let content = LayerVersionContentInput::builder().zip_file(Blob::new(zip())).build();
        let sent = self.lambda.publish_layer_version().layer_name(name).content(content).send().await;
        sent.map(|published| published.version).map_err(told)
    }

    /// The versions that the list shows, newest first.
    pub async fn versions(&self, name: &str) -> Vec<i64> {
        let sent = self.lambda.list_layer_versions().layer_name(name).send().await.expect("a list");
        sent.layer_versions().iter().map(|version| version.version).collect()
    }
}

/// Code and message of an error; where nothing was answered, what became of the connection.
pub fn told<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: SdkError<E, aws_sdk_lambda::config::http::HttpResponse>,
) -> (String, String) {
    let code = error.code().unwrap_or("no answer").to_owned();
    let message = error.message().map(str::to_owned);
    (code, message.unwrap_or_else(|| DisplayErrorContext(&error).to_string()))
}

/// A layer's archive.
pub fn zip() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("python/module.py", zip::write::SimpleFileOptions::default()).expect("an entry");
    zip.write_all(b"x = 1\n").expect("its content");
    zip.finish().expect("a zip").into_inner()
}
