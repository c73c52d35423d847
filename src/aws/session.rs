//! One session per target: credentials found, account known and guarded, clients made. Before any job.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::future::{BoxFuture, FutureExt, Shared};
use tokio::sync::OnceCell;

use super::bounds::Bounded;
use super::catalogue::{Catalogue, LookedUp};
use super::clock::{AnsweredBy, ServerClock};
use super::identity::{Identifying, Identity, apart, identifying, rivals};
use super::in_use::CredentialsInUse;
use super::lambda::Lambda;
use super::last::LastAttempt;
use super::old_versions::Uses;
use super::owners::Owners;
use super::pace::Pace;
use super::parameters::Parameters;
use super::patience::ForMany;
use super::s3::S3;
use super::trace::RequestLog;
use super::under_way::UploadsUnderWay;
use crate::layer::{AccountId, LayerName, LayerVersion, ParameterName, Region};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Target;

/// S3 and Parameter Store are not paced; a throttle is retried this often.
const ATTEMPTS: u32 = 10;

/// Another endpoint than AWS, with its credentials.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Access key id for targets that declare no account; a declared account is its own access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
}

/// How to reach AWS.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Deadline of one request.
    pub request_timeout: Duration,
    /// Lambda requests a second, per account and Region.
    pub lambda_requests_per_second: u32,
    /// What sessions of assumed roles are called, so that an account's log tells which run it was: letters, digits and
    /// `_+=,.@-`, 64 characters at most (API model of STS).
    pub session_name: String,
    /// Instead of the ambient configuration.
    pub endpoint: Option<Endpoint>,
    /// How requests travel, if not over TCP: virtual time cannot wait for a socket.
    pub http_client: Option<SharedHttpClient>,
}

/// What the jobs of a target will ask for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Layers whose latest versions they need.
    pub layers: HashSet<LayerName>,
    /// Accounts that buckets belong to, where it is not the target's own.
    pub owners: HashMap<String, AccountId>,
    /// Parameters that hold their ARNs.
    pub parameters: BTreeSet<ParameterName>,
}

/// A target that can be worked at.
#[derive(Clone, Debug)]
pub struct Session {
    /// Account of the credentials; `None` where STS did not say and nothing asks for it.
    pub account: Option<AccountId>,
    /// S3 in the target's Region.
    pub s3: S3,
    /// Lambda in the target's Region.
    pub lambda: Lambda,
    /// Parameter Store in the target's Region.
    pub parameters: Parameters,
    catalogue: Arc<Catalogue>,
    functions: Arc<Functions>,
}

/// What the functions of an account and Region use, once somebody asked.
type Functions = OnceCell<Result<Uses, JobError>>;

impl Session {
    /// The latest version of a layer; `None` if it has none.
    ///
    /// # Errors
    /// Whatever Lambda refuses.
    pub async fn latest(&self, name: &LayerName) -> Result<Option<LayerVersion>, JobError> {
        match self.catalogue.look_up(name).await {
            LookedUp::Latest(version) => Ok(Some(*version)),
            LookedUp::Absent => Ok(None),
            LookedUp::Unknown => self.lambda.latest(name).await,
        }
    }

    /// Which functions use which versions of layers: asked once for all jobs of the account and Region.
    ///
    /// # Errors
    /// Whatever Lambda refuses.
    pub async fn uses(&self) -> Result<&Uses, JobError> {
        self.functions.get_or_init(|| self.lambda.uses()).await.as_ref().map_err(JobError::clone)
    }
}

type Connecting = Shared<BoxFuture<'static, Result<Arc<Session>, JobError>>>;

/// The sessions of a run, by target name. All connect at once, and a job waits for its own target only: a Region that
/// hangs delays nobody else.
#[derive(Clone, Debug)]
pub struct Sessions {
    connecting: HashMap<String, (Connecting, ForMany)>,
    uploads: UploadsUnderWay,
}

impl Sessions {
    /// The session of a target, or the error that all jobs of this target get.
    ///
    /// # Errors
    /// No credentials, credentials of another account, an endpoint that cannot be reached.
    pub async fn get(&self, target: &Target) -> Result<Arc<Session>, JobError> {
        match self.connecting.get(&target.name) {
            Some((connecting, asking)) => asking.awaited(connecting.clone()).await,
            None => Err(JobError::new(ErrorCode::Internal, format!("target `{}` was never connected", target.name))),
        }
    }

    /// Waits until the uploads that were given up are aborted.
    pub async fn cleaned_up(&self) {
        self.uploads.cleaned_up().await;
    }
}

/// What targets of the same account and Region share.
#[derive(Clone, Debug)]
struct SharedPlace {
    pace: Arc<Pace>,
    catalogue: Arc<Catalogue>,
    functions: Arc<Functions>,
}

/// By account and Region; and what all of them share.
#[derive(Debug, Default)]
struct SharedPlaces {
    places: Mutex<HashMap<(String, Region), SharedPlace>>,
    uploads: UploadsUnderWay,
}

/// Begins to connect to all targets; `wanted` tells by target what its jobs will ask for.
pub fn connect(targets: &[Arc<Target>], wanted: HashMap<String, Wanted>, options: &ConnectOptions) -> Sessions {
    let in_use = CredentialsInUse::default();
    let asking: HashMap<String, ForMany> =
        targets.iter().map(|target| (target.name.clone(), ForMany::default())).collect();
    let identify = |target: &Arc<Target>| identifying(target, options, (&in_use, &asking[&target.name]));
    let identities: HashMap<String, Identifying> =
        targets.iter().map(|target| (target.name.clone(), identify(target))).collect();
    let uploads = UploadsUnderWay::default();
    let places = Arc::new(SharedPlaces { uploads: uploads.clone(), ..SharedPlaces::default() });
    let connecting = targets.iter().map(|target| {
        let own = identities[&target.name].clone();
        let rivals = rivals(target, targets, |name| wanted.get(name).map(|wanted| &wanted.layers), &identities);
        let wanted = wanted.get(&target.name).cloned().unwrap_or_default();
        let (name, target, options, places) =
            (target.name.clone(), Arc::clone(target), options.clone(), Arc::clone(&places));
        let session = tokio::spawn(async move {
            let own = own.await?;
            apart(&target, &own, rivals).await?;
            Ok(Arc::new(open(&target, &options, &places, &own, wanted)))
        });
        let session = async move {
            session.await.unwrap_or_else(|error| {
                Err(JobError::new(ErrorCode::Internal, "connecting failed unexpectedly").cause(error.to_string()))
            })
        };
        let asking = asking[&name].clone();
        (name, (session.boxed().shared(), asking))
    });
    Sessions { connecting: connecting.collect(), uploads }
}

fn open(target: &Target, options: &ConnectOptions, places: &SharedPlaces, own: &Identity, wanted: Wanted) -> Session {
    let Identity { config, account, clock } = own;
    // Without an account the target's own name keeps its quota apart.
    let key = (account.as_ref().map_or_else(|| target.name.clone(), ToString::to_string), target.region.clone());
    let mut by_key = places.places.lock().unwrap_or_else(PoisonError::into_inner);
    let SharedPlace { pace, catalogue, functions } = by_key.entry(key).or_insert_with(|| SharedPlace {
        pace: Arc::new(Pace::new(options.lambda_requests_per_second)),
        catalogue: Arc::default(),
        functions: Arc::default(),
    });
    let lambda = lambda(config, clock, Arc::clone(pace), target, options);
    catalogue.want(&lambda, wanted.layers);
    let owners = Owners { account: account.clone(), declared: Arc::new(wanted.owners) };
    let s3 = s3(config, owners, clock.clone(), target, options).sharing(places.uploads.clone());
    let parameters = parameters(config, clock, &wanted.parameters, target);
    let (catalogue, functions) = (Arc::clone(catalogue), Arc::clone(functions));
    Session { account: account.clone(), s3, lambda, parameters, catalogue, functions }
}

// All clients sign by S3's clock, so the SDK has nothing to correct; it would correct once more.

fn s3(config: &SdkConfig, owners: Owners, clock: ServerClock, target: &Target, options: &ConnectOptions) -> S3 {
    // The default quota for retries is shared by all calls of a client: 200 jobs that meet one throttled second would
    // use it up and fail.
    let retries = RetryPartition::custom("layership").token_bucket(TokenBucket::unlimited()).build();
    let config = aws_sdk_s3::config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .retry_partition(retries)
        .time_source(clock.clone())
        .disable_clock_skew_correction(true)
        .interceptor(clock.listener(AnsweredBy::S3))
        .interceptor(owners.clone())
        .interceptor(Bounded)
        .interceptor(LastAttempt)
        .interceptor(RequestLog::of(&target.name))
        .build();
    S3::new(aws_sdk_s3::Client::from_conf(config), &target.region, owners, clock, options.request_timeout)
}

fn parameters(
    config: &SdkConfig,
    clock: &ServerClock,
    wanted: &BTreeSet<ParameterName>,
    target: &Target,
) -> Parameters {
    // As for S3: the retries of one job are not to be at the cost of another.
    let retries = RetryPartition::custom("layership").token_bucket(TokenBucket::unlimited()).build();
    let config = aws_sdk_ssm::config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .retry_partition(retries)
        .time_source(clock.clone())
        .disable_clock_skew_correction(true)
        .interceptor(clock.listener(AnsweredBy::Elsewhere))
        .interceptor(Bounded)
        .interceptor(LastAttempt)
        .interceptor(RequestLog::of(&target.name))
        .build();
    Parameters::new(aws_sdk_ssm::Client::from_conf(config), &target.region, wanted)
}

fn lambda(
    config: &SdkConfig,
    clock: &ServerClock,
    pace: Arc<Pace>,
    target: &Target,
    options: &ConnectOptions,
) -> Lambda {
    // Retries of the SDK would not be paced, and would publish twice.
    let config = aws_sdk_lambda::config::Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .time_source(clock.clone())
        .disable_clock_skew_correction(true)
        .interceptor(clock.listener(AnsweredBy::Elsewhere))
        .interceptor(Bounded)
        .interceptor(RequestLog::of(&target.name))
        .build();
    Lambda::new(aws_sdk_lambda::Client::from_conf(config), pace, &target.region, options.request_timeout)
}
