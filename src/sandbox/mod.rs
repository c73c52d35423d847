//! The sandbox: S3, Lambda's layers and STS on the loopback interface, kept on disk.
//!
//! It speaks the real protocols over HTTP/1.1, so that the unmodified SDKs and the AWS CLI use it when their endpoint
//! points to it:
//!
//! ```text
//! AWS_ENDPOINT_URL=http://127.0.0.1:PORT AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox AWS_REGION=us-east-1
//! ```
//!
//! It is strict where emulators are lax: signatures are verified, limits kept, pages cut at 50, what is missing
//! refused in the service's own words. Layers are kept per account and Region, buckets have a home Region.
//! An access key of twelve digits is the account of that number; any other key is the default account.
//!
//! It survives being killed at any point ([`store`]), injects faults ([`faults`]), keeps a log of requests
//! (`/_sandbox/requests`, [`log`]), and can answer as slowly and as grudgingly as AWS does ([`Options`]).

mod call;
mod control;
mod faults;
mod lambda;
mod log;
mod pace;
mod respond;
mod s3;
mod server;
mod signature;
mod store;
mod sts;
mod text;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use call::{Call, Service};
use faults::Faults;
use lambda::partition as partition_of;
use pace::Quota;
use server::Shared;
use store::Store;

/// An access key of the default account. Any other that is not twelve digits is as good.
pub const ACCESS_KEY: &str = "sandbox";

/// The secret of every access key.
pub const SECRET_KEY: &str = "sandbox";

/// The account of access keys that do not name one.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// How long stopping waits for requests in flight.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to run a sandbox. All but `dir` has a default.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept.
    pub dir: PathBuf,
    /// 0: any free port.
    pub port: u16,
    /// The account of access keys that do not name one.
    pub account: String,
    /// A bucket that a request names and that does not exist is made, with versioning, in the request's Region. AWS
    /// does no such thing; it lets a first run need no preparation.
    pub auto_create_buckets: bool,
    /// A JSON file of fault rules; see `/_sandbox/faults`.
    pub faults: Option<PathBuf>,
    /// Lambda's quota: so many control-plane calls a second per account and Region, with a burst of as many. AWS: 15.
    pub lambda_requests_per_second: Option<u32>,
    /// Added before each answer.
    pub delays: Delays,
}

impl Options {
    /// The defaults: any port, no faults, no quota, no delays.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            port: 0,
            account: DEFAULT_ACCOUNT.to_owned(),
            auto_create_buckets: false,
            faults: None,
            lambda_requests_per_second: None,
            delays: Delays::default(),
        }
    }
}

/// Delays as a network and a busy service have them, for benchmarks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delays {
    /// Every S3 call.
    pub s3: Duration,
    /// Every Lambda call but PublishLayerVersion.
    pub lambda: Duration,
    /// PublishLayerVersion.
    pub publish: Duration,
}

impl Delays {
    fn of(self, call: &Call) -> Duration {
        match call.service {
            Service::S3 => self.s3,
            Service::Lambda if call.operation == "PublishLayerVersion" => self.publish,
            Service::Lambda => self.lambda,
            Service::Sts => Duration::ZERO,
        }
    }
}

/// A running sandbox. It stops when it is dropped, or orderly with [`Sandbox::stop`].
#[derive(Debug)]
pub struct Sandbox {
    endpoint: String,
    stopping: CancellationToken,
    tracker: TaskTracker,
}

impl Sandbox {
    /// Opens the folder and starts serving it. Fails if the port is taken, or another sandbox serves the folder.
    pub async fn start(options: Options) -> io::Result<Self> {
        let faults = options.faults.as_deref().map_or_else(|| Ok(Faults::default()), Faults::load)?;
        let store = Arc::new(Store::open(&options.dir)?);
        let listener = listen(options.port).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let buckets = s3::Buckets {
            store: store.clone(),
            account: options.account.clone(),
            auto_create: options.auto_create_buckets,
        };
        let (stopping, tracker) = (CancellationToken::new(), TaskTracker::new());
        let shared = Shared {
            account: options.account,
            delays: options.delays,
            quota: options.lambda_requests_per_second.map(Quota::new),
            faults,
            log: log::Log::default(),
            s3: s3::service(buckets),
            layers: lambda::Layers { store: store.clone(), endpoint: endpoint.clone() },
            store,
            stopping: stopping.clone(),
            tracker: tracker.clone(),
        };
        tracker.spawn(accept(listener, Arc::new(shared)));
        Ok(Self { endpoint, stopping, tracker })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// Stops orderly: requests in flight are finished, within reason, and the folder is free afterwards.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tracker.close();
        let _ = tokio::time::timeout(PATIENCE * 2, self.tracker.wait()).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => drop(shared.tracker.spawn(connection(stream, shared.clone()))),
            // Out of file descriptors: others will close.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let stopping = shared.stopping.clone();
    let service = service_fn(move |request| server::serve(shared.clone(), request));
    let mut connection = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(PATIENCE, connection).await;
}

/// The account of an access key.
fn account_of(access_key: &str, default: &str) -> String {
    let is_account = access_key.len() == 12 && access_key.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { access_key.to_owned() } else { default.to_owned() }
}

/// The one user that every account has.
fn user_arn(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:user/sandbox")
}
