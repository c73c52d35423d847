//! Who a target's credentials belong to, and whether that is whom the layers file means.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_config::SdkConfig;
use futures::future::{BoxFuture, FutureExt, Shared};

use super::ConnectOptions;
use super::bounds::Bounded;
use super::call::Call;
use super::clock::{AnsweredBy, ServerClock};
use super::credentials::{configured, used};
use super::failure::Failure;
use super::in_use::CredentialsInUse;
use super::patience::ForMany;
use super::trace::RequestLog;
use crate::layer::{AccountId, LayerName};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Target;

/// A target's credentials, and whose they are.
#[derive(Debug)]
pub(super) struct Identity {
    /// For the target's clients.
    pub config: SdkConfig,
    /// `None` where STS did not say and nothing asks for it.
    pub account: Option<AccountId>,
    /// The clock that the clients share.
    pub clock: ServerClock,
}

/// An identity that is being found out, for all who need it.
pub(super) type Identifying = Shared<BoxFuture<'static, Result<Arc<Identity>, JobError>>>;

/// Begins to find out who a target's credentials belong to.
pub(super) fn identifying(
    target: &Arc<Target>,
    options: &ConnectOptions,
    (in_use, asking): (&CredentialsInUse, &ForMany),
) -> Identifying {
    let (target, options, in_use) = (Arc::clone(target), options.clone(), in_use.clone());
    let found = async move { identify(&target, &options, &in_use).await.map(Arc::new) };
    let found = tokio::spawn(asking.clone().asked(found));
    let found = async move {
        found.await.unwrap_or_else(|error| {
            Err(JobError::new(ErrorCode::Internal, "looking up the account of the credentials failed unexpectedly")
                .cause(error.to_string()))
        })
    };
    found.boxed().shared()
}

async fn identify(target: &Target, options: &ConnectOptions, in_use: &CredentialsInUse) -> Result<Identity, JobError> {
    let config = configured(target, options, in_use).await?;
    let asking = async {
        let clock = ServerClock::default();
        let account = account(&config, target, &clock).await;
        account.map(|account| (account, clock))
    };
    let (account, clock) = in_use.owner(used(target, options), &target.region, asking).await?;
    guard(target, account.as_ref())?;
    Ok(Identity { config, account, clock })
}

/// Whose credentials these are. The call needs no permission; an endpoint without STS only matters where the target
/// declares an account.
async fn account(config: &SdkConfig, target: &Target, clock: &ServerClock) -> Result<Option<AccountId>, JobError> {
    let config = aws_sdk_sts::config::Builder::from(config)
        .interceptor(clock.listener(AnsweredBy::Elsewhere))
        .interceptor(Bounded)
        .interceptor(RequestLog::of(&target.name))
        .build();
    let client = aws_sdk_sts::Client::from_conf(config);
    match client.get_caller_identity().send().await {
        Ok(identity) => Ok(identity.account.and_then(|account| account.parse().ok())),
        Err(error) => {
            let failure = Failure::of(&error);
            let refused = failure.code == ErrorCode::Credentials;
            // An endpoint that cannot be reached will not be reached by the jobs either: say it once, at once.
            let unreachable = failure.may_pass() && failure.answer.status.is_none();
            if refused || unreachable || target.account.is_some() {
                return Err(
                    failure.into_error(&Call::sts("sts:GetCallerIdentity", format!("target `{}`", target.name)))
                );
            }
            Ok(None)
        }
    }
}

fn guard(target: &Target, found: Option<&AccountId>) -> Result<(), JobError> {
    match (&target.account, found) {
        (Some(declared), Some(found)) if declared == found => Ok(()),
        (Some(declared), found) => Err(JobError::new(
            ErrorCode::WrongAccount,
            format!(
                "target `{}` declares account {declared}, but the credentials belong to {}",
                target.name,
                found.map_or("an unknown one", AccountId::as_str)
            ),
        )
        .hint("check AWS_PROFILE, or the target's `profile` and `role-arn`")),
        (None, _) => Ok(()),
    }
}

/// Another target that would publish a layer of the same name, should it be the same account and Region after all.
#[derive(Clone)]
pub(super) struct Rival {
    target: String,
    layer: LayerName,
    identity: Identifying,
}

/// The rivals of a target. Where both declare their accounts, the plan has compared them already.
pub(super) fn rivals<'a>(
    of: &Target,
    targets: &[Arc<Target>],
    wanted: impl Fn(&str) -> Option<&'a HashSet<LayerName>>,
    identities: &HashMap<String, Identifying>,
) -> Vec<Rival> {
    let Some(own) = wanted(&of.name) else { return Vec::new() };
    let beside = targets.iter().filter(|other| {
        other.name != of.name && other.region == of.region && (of.account.is_none() || other.account.is_none())
    });
    let rival = |other: &Arc<Target>| {
        let layer = wanted(&other.name)?.iter().filter(|layer| own.contains(*layer)).min()?.clone();
        let identity = identities.get(&other.name)?.clone();
        Some(Rival { target: other.name.clone(), layer, identity })
    };
    beside.filter_map(rival).collect()
}

/// Makes sure that no rival is the same account, before anything is written: two names of one place would publish each
/// version twice, each under its own backups.
///
/// # Errors
/// `wrong-account`, for both.
pub(super) async fn apart(target: &Target, own: &Identity, rivals: Vec<Rival>) -> Result<(), JobError> {
    let Some(account) = &own.account else { return Ok(()) };
    for rival in rivals {
        let other = rival.identity.await;
        if other.is_ok_and(|other| other.account.as_ref() == Some(account)) {
            let mut names = [&target.name, &rival.target];
            names.sort();
            return Err(JobError::new(
                ErrorCode::WrongAccount,
                format!(
                    "targets `{}` and `{}` are both account {account} in {}, and both would publish layer `{}`",
                    names[0], names[1], target.region, rival.layer
                ),
            )
            .hint("remove one of the targets, or correct its `profile` or `role-arn`; `account` guards each of them"));
        }
    }
    Ok(())
}
