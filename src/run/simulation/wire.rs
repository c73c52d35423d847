//! A run's way to the sandbox: in memory, so that virtual time knows of everything that is under way. It can be frozen,
//! so that requests and answers lie in the network for as long as one likes, and cut, as for a process that was killed.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::{HOST, HeaderValue};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use lambda_layers_sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Bytes that lie in the network at once, one way.
const BUFFERED: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
struct Way {
    frozen_until: Option<Instant>,
    cut: bool,
}

/// The way of one run. Clones are the same way.
#[derive(Clone, Debug)]
pub struct Wire {
    sandbox: Arc<Sandbox>,
    way: watch::Sender<Way>,
}

impl Wire {
    /// A way to this sandbox.
    pub fn to(sandbox: &Arc<Sandbox>) -> Self {
        Self { sandbox: Arc::clone(sandbox), way: watch::Sender::new(Way { frozen_until: None, cut: false }) }
    }

    /// The same for clients of the SDK.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Whatever is under way now or comes meanwhile arrives after this time.
    pub fn freeze(&self, length: Duration) {
        self.way.send_modify(|way| way.frozen_until = Some(Instant::now() + length));
    }

    /// Nothing passes any more. What the sandbox has heard it does all the same.
    pub fn cut(&self) {
        self.way.send_modify(|way| way.cut = true);
    }

    fn connect(&self) -> DuplexStream {
        let (client, near) = duplex(BUFFERED);
        let (far, server) = duplex(BUFFERED);
        self.sandbox.attend(server);
        let ((from_client, to_client), (from_server, to_server)) = (split(near), split(far));
        tokio::spawn(pass(from_client, to_server, self.way.clone()));
        tokio::spawn(pass(from_server, to_client, self.way.clone()));
        client
    }

    /// Sends a request over a connection of its own.
    pub async fn send(&self, mut request: http::Request<SdkBody>) -> Result<http::Response<SdkBody>, hyper::Error> {
        let (mut sender, connection) = handshake(TokioIo::new(self.connect())).await?;
        tokio::spawn(connection);
        // What goes to a server itself, and not to a proxy, names the host in a header alone.
        let host = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
        if let (Some(host), Some(path)) = (host, request.uri().path_and_query().cloned()) {
            request.headers_mut().entry(HOST).or_insert(host);
            *request.uri_mut() = path.into();
        }
        Ok(sender.send_request(request).await?.map(SdkBody::from_body_1_x))
    }
}

async fn pass(mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, way: watch::Sender<Way>) {
    let mut changes = way.subscribe();
    let mut bytes = vec![0; BUFFERED];
    loop {
        let count = tokio::select! {
            count = from.read(&mut bytes) => count.unwrap_or(0),
            _ = changes.wait_for(|way| way.cut) => return,
        };
        loop {
            let Way { frozen_until, cut } = *changes.borrow_and_update();
            match frozen_until.filter(|until| *until > Instant::now()) {
                _ if cut => return,
                Some(until) => sleep_until(until).await,
                None => break,
            }
        }
        let passed = if count == 0 { to.shutdown().await } else { to.write_all(&bytes[..count]).await };
        if count == 0 || passed.is_err() {
            return;
        }
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            let unusable = |error| ConnectorError::user(Box::new(error));
            let request = request.try_into_http1x().map_err(unusable)?;
            let response = wire.send(request).await.map_err(|error| ConnectorError::io(Box::new(error)))?;
            HttpResponse::try_from(response).map_err(unusable)
        })
    }
}
