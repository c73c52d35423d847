//! Whose credentials a target uses. What a target declares is used, or the target fails:
//!
//! | `profile` | `role-arn` | credentials |
//! |---|---|---|
//! | – | – | the ambient ones: environment, `AWS_PROFILE`, web identity, container, instance |
//! | yes | – | those of the profile alone; keys in the environment do not count |
//! | – | yes | the role's, assumed with the ambient ones |
//! | yes | yes | the role's, assumed with the profile's |

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::ConnectOptions;
use super::call::Call;
use super::failure::{Failure, chain};
use super::in_use::{CredentialsInUse, NotLoaded, Use};
use crate::layer::AccountId;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Target;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Credentials may come from a process that asks a person for a code: so many request deadlines are their time.
const PATIENCE: u32 = 4;

/// The configuration of a target's clients, with credentials that are there; what several targets use is loaded once.
///
/// # Errors
/// No credentials, a profile that is not there, a role that may not be assumed.
pub(super) async fn configured(
    target: &Target,
    options: &ConnectOptions,
    in_use: &CredentialsInUse,
) -> Result<SdkConfig, JobError> {
    let base = base(target, options).await;
    let whole = used(target, options);
    let base = loaded(base, &Use { role: None, ..whole.clone() }, target, options, in_use).await?;
    let Some(role) = &whole.role else { return Ok(base) };
    let assumed = AssumeRoleProvider::builder(role)
        .session_name(&options.session_name)
        .region(Region::new(target.region.to_string()))
        .configure(&base)
        .build()
        .await;
    let assumed = base.to_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build();
    loaded(assumed, &whole, target, options, in_use).await
}

/// What makes this target's credentials those of another one.
pub(super) fn used(target: &Target, options: &ConnectOptions) -> Use {
    match options.endpoint {
        Some(_) => Use { account: target.account.as_ref().map(ToString::to_string), ..Use::default() },
        None => Use {
            profile: target.profile.clone(),
            role: target.role_arn.as_ref().map(ToString::to_string),
            account: None,
        },
    }
}

/// The configuration with its credentials loaded, by this target or by another one that uses the same.
async fn loaded(
    config: SdkConfig,
    what: &Use,
    target: &Target,
    options: &ConnectOptions,
    in_use: &CredentialsInUse,
) -> Result<SdkConfig, JobError> {
    let patience = options.request_timeout * PATIENCE;
    let provider = config.credentials_provider().ok_or_else(|| missing(target, "no provider is configured"))?;
    let shared = in_use.shared(what, provider, patience);
    shared.load().await.map_err(|error| match (&error, error.by_sts()) {
        (_, Some(refusal)) => Failure::of(refusal).into_error(&Call::sts("sts:AssumeRole", role(target))),
        (NotLoaded::Refused(error), None) => missing(target, &chain(error.as_ref())),
        (NotLoaded::Late, None) => late(target, patience),
    })?;
    Ok(config.to_builder().credentials_provider(SharedCredentialsProvider::new(shared)).build())
}

/// The configuration with the credentials that a role is assumed with, or that are used as they are.
async fn base(target: &Target, options: &ConnectOptions) -> SdkConfig {
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
    loader.load().await
}

/// A profile's name alone would only choose where the ambient chain looks after the environment: its provider must be
/// the only one.
fn of_profile(loader: ConfigLoader, profile: &str, region: &Region, timeouts: TimeoutConfig) -> ConfigLoader {
    let config = ProviderConfig::without_region().with_region(Some(region.clone())).with_timeout_config(timeouts);
    let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
    loader.profile_name(profile).credentials_provider(provider)
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
