//! Credentials that several targets use, and whose they are: found out once for all of them, so that a process that asks a
//! person for a code asks once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use tokio::time::timeout;

use super::clock::ServerClock;
use super::failure::{chain, find};
use crate::layer::{AccountId, Region};

/// How long credentials that were loaded serve whoever asks; the SDK keeps them longer, for each client.
const FRESH: Duration = Duration::from_secs(300);
/// Credentials that end sooner are loaded anew.
const RUNNING_OUT: Duration = Duration::from_secs(60);
/// Longest wait for what is asked in another Region: one that hangs holds up no other for longer.
const ALONE_AFTER: Duration = Duration::from_secs(5);

/// What makes the credentials of two targets the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Use {
    /// The profile that they come from; `None` for the ambient ones.
    pub profile: Option<String>,
    /// The role that is assumed with them.
    pub role: Option<String>,
    /// The account that stands for them where an endpoint is not AWS.
    pub account: Option<String>,
}

/// One answer, for all who wait for it.
type Place<T> = Arc<tokio::sync::Mutex<Option<T>>>;

#[derive(Debug)]
struct Places<K, T>(Mutex<HashMap<K, Place<T>>>);

impl<K: Eq + Hash, T> Places<K, T> {
    fn of(&self, key: K) -> Place<T> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }
}

impl<K, T> Default for Places<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// Whose credentials are, and a clock that heard it.
type Owner = (AccountId, ServerClock);

/// The credentials of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct CredentialsInUse {
    loaded: Arc<Places<Use, Known>>,
    owners: Arc<Places<(Use, Region), Owner>>,
}

impl CredentialsInUse {
    /// Shares what this provider loads with all who use the same. Nobody waits for longer than `patience` for one answer.
    pub fn shared(&self, what: &Use, own: SharedCredentialsProvider, patience: Duration) -> SharedLoad {
        // What STS answers in one Region may be had from another; a profile's process is the same for all.
        let alone_after = what.role.is_some().then_some(ALONE_AFTER);
        SharedLoad { place: self.loaded.of(what.clone()), own, patience, alone_after }
    }

    /// Whose the credentials are: asked once in each Region, since one that is not opted into refuses those that others
    /// take. What STS did not say is no answer for others.
    pub async fn owner<E>(
        &self,
        what: Use,
        region: &Region,
        ask: impl Future<Output = Result<(Option<AccountId>, ServerClock), E>>,
    ) -> Result<(Option<AccountId>, ServerClock), E> {
        let place = self.owners.of((what, region.clone()));
        let mut known = place.lock().await;
        if let Some((account, clock)) = &*known {
            return Ok((Some(account.clone()), clock.apart()));
        }
        let (account, clock) = ask.await?;
        *known = account.clone().map(|account| (account, clock.apart()));
        Ok((account, clock))
    }
}

/// Why there are no credentials.
#[derive(Clone, Debug)]
pub(super) enum NotLoaded {
    /// Their provider says so.
    Refused(Arc<CredentialsError>),
    /// It did not answer in time.
    Late,
}

impl NotLoaded {
    /// What STS said to an AssumeRole, of the target or of its profile.
    pub fn by_sts(&self) -> Option<&SdkError<AssumeRoleError, HttpResponse>> {
        match self {
            Self::Refused(error) => find(error.as_ref()),
            Self::Late => None,
        }
    }
}

#[derive(Debug)]
struct Known {
    at: Instant,
    what: Result<Credentials, NotLoaded>,
}

impl Known {
    fn is_fresh(&self) -> bool {
        let expires = self.what.as_ref().ok().and_then(Credentials::expiry);
        self.at.elapsed() < FRESH && expires.is_none_or(|expires| expires > SystemTime::now() + RUNNING_OUT)
    }
}

/// Credentials that others may have loaded already.
#[derive(Debug)]
pub(super) struct SharedLoad {
    place: Place<Known>,
    own: SharedCredentialsProvider,
    patience: Duration,
    alone_after: Option<Duration>,
}

impl SharedLoad {
    /// The credentials: what another target loaded, or is loading now, or else one's own.
    pub async fn load(&self) -> Result<Credentials, NotLoaded> {
        let waiting = self.place.lock();
        let mut known = match self.alone_after {
            None => waiting.await,
            Some(alone_after) => match timeout(alone_after, waiting).await {
                Ok(known) => known,
                Err(_) => return self.load_alone().await,
            },
        };
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh()) {
            return known.what.clone();
        }
        let what = self.load_alone().await;
        // What fails at STS in one Region says nothing of another.
        let is_for_all = match &what {
            Ok(_) => true,
            Err(error) => self.alone_after.is_none() && error.by_sts().is_none(),
        };
        if is_for_all {
            *known = Some(Known { at: Instant::now(), what: what.clone() });
        }
        what
    }

    async fn load_alone(&self) -> Result<Credentials, NotLoaded> {
        match timeout(self.patience, self.own.provide_credentials()).await {
            Ok(loaded) => loaded.map_err(|error| NotLoaded::Refused(Arc::new(error))),
            Err(_) => Err(NotLoaded::Late),
        }
    }

    async fn provide(&self) -> provider::Result {
        self.load().await.map_err(|error| match error {
            NotLoaded::Refused(error) => CredentialsError::provider_error(chain(error.as_ref())),
            NotLoaded::Late => CredentialsError::provider_timed_out(self.patience),
        })
    }
}

impl ProvideCredentials for SharedLoad {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}
