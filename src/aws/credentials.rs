//! Whose credentials a target uses. What a target declares is used, or the target fails:
//!
//! | `profile` | `role-arn` | credentials |
//! |---|---|---|
//! | – | – | the ambient ones: environment, `AWS_PROFILE`, web identity, container, instance |
//! | yes | – | those of the profile alone; keys in the environment do not count |
//! | – | yes | the role's, assumed with the ambient ones |
//! | yes | yes | the role's, assumed with the profile's |

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;

use super::ConnectOptions;
use super::call::Call;
use super::failure::{Failure, chain, find};
use crate::layer::AccountId;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Target;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Credentials may come from a process that asks a person for a code: so many request deadlines are their time.
const PATIENCE: u32 = 4;

/// The configuration of a target's clients, with credentials that were loaded once.
///
/// # Errors
/// No credentials, a profile that is not there, a role that may not be assumed.
pub(super) async fn configured(target: &Target, options: &ConnectOptions) -> Result<SdkConfig, JobError> {
    let config = declared(target, options).await;
    let provider = config.credentials_provider().ok_or_else(|| missing(target, "no provider is configured"))?;
    let loading = tokio::time::timeout(options.request_timeout * PATIENCE, provider.provide_credentials());
    let first = match loading.await {
        Ok(loaded) => loaded.map_err(|error| not_loaded(target, &error))?,
        Err(_) => return Err(late(target, options.request_timeout * PATIENCE)),
    };
    let loaded = LoadedOnce { first: Mutex::new(Some(first)), later: provider };
    Ok(config.to_builder().credentials_provider(SharedCredentialsProvider::new(loaded)).build())
}

async fn declared(target: &Target, options: &ConnectOptions) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(options.request_timeout))
        .operation_attempt_timeout(options.request_timeout)
        .operation_timeout(options.request_timeout * 4)
        .build();
    let region = Region::new(target.region.to_string());
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).region(region.clone()).timeout_config(timeouts.clone());
    if let Some(client) = &options.http_client {
        loader = loader.http_client(client.clone());
    }
    if let Some(endpoint) = &options.endpoint {
        let access_key = target.account.as_ref().map_or(endpoint.access_key.as_str(), AccountId::as_str);
        let credentials = Credentials::new(access_key, &endpoint.secret_key, None, None, "endpoint");
        return loader.endpoint_url(&endpoint.url).credentials_provider(credentials).load().await;
    }
    if let Some(profile) = &target.profile {
        loader = of_profile(loader, profile, &region, timeouts);
    }
    let base = loader.load().await;
    let Some(role) = &target.role_arn else { return base };
    let assumed = AssumeRoleProvider::builder(role.as_str())
        .session_name(&options.session_name)
        .region(region)
        .configure(&base)
        .build()
        .await;
    base.to_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build()
}

/// A profile's name alone would only choose where the ambient chain looks after the environment: its provider must be
/// the only one.
fn of_profile(loader: ConfigLoader, profile: &str, region: &Region, timeouts: TimeoutConfig) -> ConfigLoader {
    let config = ProviderConfig::without_region().with_region(Some(region.clone())).with_timeout_config(timeouts);
    let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
    loader.profile_name(profile).credentials_provider(provider)
}

/// The credentials that were loaded to see whether there are any, handed to the first client that asks: a process that
/// makes them, or a role, is not asked twice.
#[derive(Debug)]
struct LoadedOnce {
    first: Mutex<Option<Credentials>>,
    later: SharedCredentialsProvider,
}

impl LoadedOnce {
    async fn load(&self) -> provider::Result {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(first) => Ok(first),
            None => self.later.provide_credentials().await,
        }
    }
}

impl ProvideCredentials for LoadedOnce {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

fn not_loaded(target: &Target, error: &CredentialsError) -> JobError {
    // What STS said to an AssumeRole, of the target or of its profile.
    match find::<SdkError<AssumeRoleError, HttpResponse>>(error) {
        Some(refusal) => Failure::of(refusal).into_error(&Call::sts("sts:AssumeRole", role(target))),
        None => missing(target, &chain(error)),
    }
}

fn role(target: &Target) -> String {
    match (&target.role_arn, &target.profile) {
        (Some(role), _) => role.to_string(),
        (None, Some(profile)) => format!("the role of profile `{profile}`"),
        (None, None) => "the role of the AWS profile".to_owned(),
    }
}

fn missing(target: &Target, why: &str) -> JobError {
    let Some(profile) = &target.profile else {
        return JobError::new(ErrorCode::Credentials, format!("no AWS credentials for target `{}`", target.name))
            .cause(why)
            .hint(
                "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, log in with `aws sso login`, or try it with `--sandbox`",
            );
    };
    let message = format!("profile `{profile}` has no AWS credentials for target `{}`", target.name);
    JobError::new(ErrorCode::Credentials, message).cause(why).hint(format!(
        "define the profile in ~/.aws/config, or correct the target's `profile`; with single sign-on, log in with `aws sso login --profile {profile}`"
    ))
}

fn late(target: &Target, waited: Duration) -> JobError {
    let message = format!("the AWS credentials of target `{}` did not come within {} s", target.name, waited.as_secs());
    JobError::new(ErrorCode::Timeout, message).hint("`request-timeout-seconds` sets the deadline")
}
