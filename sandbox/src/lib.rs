//! The sandbox: S3, Lambda's layers, STS and Parameter Store on the loopback interface, kept on disk.
//!
//! It speaks the real protocols over HTTP/1.1, so that the unmodified SDKs and the AWS CLI use it when their endpoint
//! points to it:
//!
//! ```text
//! AWS_ENDPOINT_URL=http://127.0.0.1:PORT AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=… AWS_REGION=us-east-1
//! ```
//!
//! It is strict where emulators are lax: signatures are verified, limits kept, pages cut at 50, what is missing
//! refused in the service's own words. Layers are kept per account and Region, buckets have a home Region.
//! An access key of twelve digits is the account of that number; any other key is the default account. The secret is a new
//! one for each start.
//!
//! It survives being killed at any point (`store`), injects faults (`faults`), keeps a log of requests
//! (`/_sandbox/requests`), and can answer as slowly and as grudgingly as AWS does ([`Options`]).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking"))]

mod account;
mod address;
mod age;
mod agenda;
mod body;
mod call;
mod clock;
mod control;
mod download;
mod exchange;
mod faults;
mod form;
mod guard;
mod identity;
mod lambda;
mod log;
mod options;
mod pace;
mod refusal;
mod reply;
mod respond;
mod s3;
mod secret;
mod server;
mod session;
mod shared;
mod signature;
mod ssm;
mod state;
mod store;
mod struck;
mod sts;
mod text;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use identity::{ACCESS_KEY, DEFAULT_ACCOUNT};
pub use options::{Delays, Options};

use faults::Faults;
use pace::Quota;
use secret::Secret;
use shared::Shared;
use store::Store;

/// How long stopping waits for requests in flight.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running sandbox. It stops when it is dropped, or orderly with [`Sandbox::stop`].
#[derive(Debug)]
pub struct Sandbox {
    endpoint: String,
    secret: Secret,
    stopping: CancellationToken,
    tracker: TaskTracker,
    shared: Arc<Shared>,
}

impl Sandbox {
    /// Opens the folder and starts serving it. Fails if the port is taken, or another sandbox serves the folder.
    pub async fn start(options: Options) -> io::Result<Self> {
        let faults = options.faults.as_deref().map_or_else(|| Ok(Faults::default()), Faults::load)?;
        let secret = Secret::new(options.secret.as_deref())?;
        let store = Arc::new(Store::open(&options.dir, options.trusted.as_deref())?);
        store.clock().set_offset(options.clock_offset_seconds);
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
            secret: secret.clone(),
            delays: options.delays,
            quota: options
                .lambda_requests_per_second
                .map(|rate| Quota::new(rate, options.lambda_burst.unwrap_or(rate))),
            closed_regions: options.closed_regions,
            faults,
            log: log::Log::default(),
            agenda: agenda::Agenda::default(),
            s3: s3::service(buckets, secret.clone()),
            layers: lambda::Layers { store: store.clone(), endpoint: endpoint.clone(), secret: secret.clone() },
            functions: lambda::Functions {
                store: store.clone(),
                endpoint: endpoint.clone(),
                secret: secret.clone(),
                takes: options.function_change,
            },
            ssm: ssm::Ssm { store: store.clone() },
            sts: sts::Sts { secret: secret.clone(), roles: options.roles, store: store.clone() },
            store,
            stopping: stopping.clone(),
            tracker: tracker.clone(),
        };
        let shared = Arc::new(shared);
        tracker.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { endpoint, secret, stopping, tracker, shared })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// What requests are signed with, under whatever access key; its control asks for it too.
    pub fn secret(&self) -> &str {
        self.secret.as_str()
    }

    /// Serves one more connection, which need not be TCP: tests in virtual time bring a pipe in memory.
    pub fn attend(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        self.tracker.spawn(connection(stream, Arc::clone(&self.shared)));
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

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

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
            Ok((stream, _)) => {
                // Small answers must not wait for more to send.
                let _ = stream.set_nodelay(true);
                shared.tracker.spawn(connection(stream, shared.clone()));
            }
            // Out of file descriptors: others will close.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send, shared: Arc<Shared>) {
    let stopping = shared.stopping.clone();
    let service = service_fn(move |request| server::serve(shared.clone(), request));
    let mut connection = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(PATIENCE, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stopped_sandbox_frees_its_folder_and_a_running_one_does_not() {
        let dir = tempfile::tempdir().expect("a folder");
        for _ in 0..3 {
            let sandbox = Sandbox::start(Options::new(dir.path())).await.expect("started");
            assert!(sandbox.endpoint().starts_with("http://127.0.0.1:"));
            assert!(Sandbox::start(Options::new(dir.path())).await.is_err());
            sandbox.stop().await;
        }
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let options = Options { port, ..Options::new(dir.path()) };
        let error = Sandbox::start(options).await.expect_err("refused");
        assert!(error.to_string().contains(&port.to_string()), "{error}");
    }
}
