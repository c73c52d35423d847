//! One request after the other: who asks for what, is it within the quota, does a fault strike, do the work, answer.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use s3s::Body;
use s3s::service::S3Service;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::{self, Call, Service};
use super::faults::{self, Fault, Faults, Replacement};
use super::lambda::{Layers, Refusal, staged_object};
use super::log::{InFlight, Log};
use super::options::Delays;
use super::pace::Quota;
use super::secret::Secret;
use super::store::Store;
use super::{control, guard, respond, s3, signature, sts, text};

/// Lambda's limit for a publish request (its own refusal names it); 50 MB of archive in base64.
const LARGEST_PUBLISH: usize = 70_167_211;

/// No other request to Lambda or STS comes near.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// What serving needs, shared by all connections.
pub(super) struct Shared {
    pub account: String,
    pub secret: Secret,
    pub delays: Delays,
    pub quota: Option<Quota>,
    pub faults: Faults,
    pub log: Log,
    pub store: Arc<Store>,
    pub s3: S3Service,
    pub layers: Layers,
    pub stopping: CancellationToken,
    pub tracker: TaskTracker,
}

/// The connection is closed without an answer.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is closed without an answer")
    }
}

impl std::error::Error for Cut {}

/// Serves one request. The work runs in a task of its own: like AWS, the sandbox finishes what it began, whether or
/// not the client waits for the answer.
pub(super) async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (sender, receiver) = oneshot::channel();
    let tracker = shared.tracker.clone();
    tracker.spawn(async move { handle(&shared, request, sender).await });
    receiver.await.map_err(|_| Cut)
}

type Sender = oneshot::Sender<Response<Body>>;

/// A request while it is served.
struct Exchange<'a> {
    shared: &'a Shared,
    parts: Parts,
    body: Payload,
    call: Call,
    request_id: String,
}

/// S3's bodies are streamed; the others' are small or have to be read whole.
enum Payload {
    Stream(Incoming),
    Whole(Bytes),
}

async fn handle(shared: &Shared, request: Request<Incoming>, mut sender: Sender) {
    let (parts, body) = request.into_parts();
    if let Some(refused) = guard::refusal(&parts) {
        return drop(sender.send(refused));
    }
    if parts.uri.path().starts_with(control::ROOT) {
        let _ = sender.send(control::serve(shared, &parts, body).await);
        return;
    }
    let (service, scope) = call::identify(&parts);
    let body = match service {
        Service::S3 => Payload::Stream(body),
        Service::Lambda | Service::Sts => match read_whole(&parts, service, body).await {
            Ok(bytes) => Payload::Whole(bytes),
            Err(refused) => return drop(sender.send(*refused)),
        },
    };
    let bytes = if let Payload::Whole(bytes) = &body { &bytes[..] } else { &[] };
    let call = Call::of(&parts, service, scope.as_ref(), bytes, &shared.account);
    let request_id = text::unique_uuid();
    let in_flight = shared.log.begin(&call, shared.store.clock().now_millis());
    let exchange = Exchange { shared, parts, body, call, request_id };
    let answer = answer(exchange, &in_flight, &mut sender).await;
    if let Ok(response) = answer {
        in_flight.answered(response.status().as_u16());
        drop(in_flight);
        // The client may have left.
        let _ = sender.send(shared.store.clock().dated(response));
    }
}

/// The body, or the refusal of one that is too large.
async fn read_whole(parts: &Parts, service: Service, body: Incoming) -> Result<Bytes, Box<Response<Body>>> {
    let is_publish = service == Service::Lambda && parts.uri.path().ends_with("/versions");
    let limit = if is_publish { LARGEST_PUBLISH } else { LARGEST_REQUEST };
    let collected = Limited::new(body, limit).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|_| {
        let operation = if is_publish { " for the PublishLayerVersion operation" } else { "" };
        let message = format!("Request must be smaller than {limit} bytes{operation}");
        let refusal = Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message);
        Box::new(respond::refusal(&refusal, &text::unique_uuid()))
    })
}

async fn answer(exchange: Exchange<'_>, in_flight: &InFlight<'_>, sender: &mut Sender) -> Result<Response<Body>, Cut> {
    let Exchange { shared, call, request_id, .. } = &exchange;
    let over_quota = |quota: &Quota| call.service == Service::Lambda && !quota.admits(&call.place, Instant::now());
    if shared.quota.as_ref().is_some_and(over_quota) {
        in_flight.fault("quota");
        return Ok(respond::refusal(&Refusal::rate_exceeded(), request_id));
    }
    pause(delay_of(shared.delays, call)).await;
    if let Some(refused) = unverified(&exchange) {
        return Ok(refused);
    }
    let Some(fault) = shared.faults.strike(call) else {
        return Ok(work(exchange, 0).await);
    };
    in_flight.fault(fault.name());
    struck(exchange, fault, in_flight, sender).await
}

/// Lambda and STS are verified here, S3 by its protocol layer.
fn unverified(exchange: &Exchange<'_>) -> Option<Response<Body>> {
    let Payload::Whole(body) = &exchange.body else { return None };
    let refused = signature::verify(&exchange.parts, body, &exchange.shared.secret).err()?;
    let id = &exchange.request_id;
    Some(match exchange.call.service {
        Service::Sts => {
            let code = sts::unverified_code(refused);
            respond::xml(StatusCode::FORBIDDEN, sts::error(code, refused.message(), id), id)
        }
        _ => {
            let body = serde_json::json!({"message": refused.message()});
            respond::refused(StatusCode::FORBIDDEN, refused.code(), &body, id)
        }
    })
}

async fn struck(
    exchange: Exchange<'_>,
    fault: Fault,
    in_flight: &InFlight<'_>,
    sender: &mut Sender,
) -> Result<Response<Body>, Cut> {
    let (shared, id) = (exchange.shared, exchange.request_id.clone());
    let call = exchange.call.clone();
    match fault {
        Fault::Throttle { code, retry_after } => {
            drain(exchange.body).await;
            Ok(faults::throttled(&call, code.as_deref(), retry_after, &id))
        }
        Fault::Error { status, code, message } => {
            drain(exchange.body).await;
            Ok(faults::error(&call, status, code.as_deref(), message.as_deref(), &id))
        }
        Fault::AccessDenied => {
            drain(exchange.body).await;
            Ok(faults::access_denied(&call, &id))
        }
        Fault::Garbage => {
            drain(exchange.body).await;
            Ok(faults::garbage())
        }
        Fault::GarbageAfter => {
            work(exchange, 0).await;
            Ok(faults::garbage())
        }
        Fault::CutBefore => Err(Cut),
        Fault::CutAfter => {
            work(exchange, 0).await;
            Err(Cut)
        }
        Fault::Hang { seconds } => hang(shared, seconds, sender).await,
        Fault::HangAfter { seconds } => {
            let held_back = work(exchange, 0).await;
            in_flight.answered(held_back.status().as_u16());
            hang(shared, seconds, sender).await
        }
        Fault::Latency { ms } => {
            pause(Duration::from_millis(ms)).await;
            Ok(work(exchange, 0).await)
        }
        Fault::StaleList { versions } => Ok(work(exchange, versions).await),
        Fault::ReplaceObject(replacement) => {
            replace(&exchange, &replacement).await;
            Ok(work(exchange, 0).await)
        }
    }
}

async fn work(exchange: Exchange<'_>, hidden: usize) -> Response<Body> {
    let Exchange { shared, parts, body, call, request_id, .. } = exchange;
    match (call.service, body) {
        (Service::S3, body) => {
            let body = match body {
                Payload::Stream(body) => Body::from(body),
                Payload::Whole(bytes) => Body::from(bytes),
            };
            match shared.s3.call(Request::from_parts(parts, body)).await {
                Ok(response) => s3::finish(response, &request_id),
                Err(_) => s3::finish(faults::error(&call, 500, None, None, &request_id), &request_id),
            }
        }
        (Service::Sts, Payload::Whole(body)) => {
            let (status, answer) = sts::answer(shared, &body, &call.place, &request_id);
            respond::xml(status, answer, &request_id)
        }
        (Service::Lambda, Payload::Whole(body)) => {
            let unknown = || Err(Refusal::not_found("The resource you requested does not exist."));
            let answer = match &call.layer {
                Some(layer) => shared.layers.serve(layer, &call.place, &body, hidden).await,
                None => unknown(),
            };
            match answer {
                Ok((status, value)) => respond::answered(status, value.as_ref(), &request_id),
                Err(refusal) => respond::refusal(&refusal, &request_id),
            }
        }
        (_, Payload::Stream(_)) => faults::error(&call, 500, None, None, &request_id),
    }
}

/// No answer until the client leaves, the time is up, or the sandbox stops.
async fn hang(shared: &Shared, seconds: Option<f64>, sender: &mut Sender) -> Result<Response<Body>, Cut> {
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let time_is_up = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = sender.closed() => {}
        () = time_is_up => {}
        () = shared.stopping.cancelled() => {}
    }
    Err(Cut)
}

/// Uploads the object that the call names anew: another upload between preflight and publish.
async fn replace(exchange: &Exchange<'_>, replacement: &Replacement) {
    let staged = match &exchange.body {
        Payload::Whole(body) => staged_object(body),
        Payload::Stream(_) => exchange.call.bucket_and_key().map(|(bucket, key)| (bucket.to_owned(), key.to_owned())),
    };
    let (bucket, key) = staged.unzip();
    let (Some(bucket), Some(key)) = (replacement.bucket.clone().or(bucket), replacement.key.clone().or(key)) else {
        tracing::warn!(operation = exchange.call.operation, "replace-object: the call names no object");
        return;
    };
    let store = &exchange.shared.store;
    let replaced = match replacement.bytes() {
        Ok(bytes) => s3::replace_object(store, &bucket, &key, bytes, replacement.metadata.clone()).await,
        Err(error) => return tracing::warn!(%error, "replace-object: no new bytes"),
    };
    if let Err(error) = replaced {
        tracing::warn!(%error, "replace-object failed");
    }
}

/// Reads what is left of a refused body, up to a megabyte: a client that is still sending when the connection closes
/// would see a reset instead of the answer.
async fn drain(body: Payload) {
    let Payload::Stream(body) = body else { return };
    let mut body = pin!(Limited::new(body, 1024 * 1024));
    while let Some(Ok(_)) = body.frame().await {}
}

fn delay_of(delays: Delays, call: &Call) -> Duration {
    match call.service {
        Service::S3 => delays.s3,
        Service::Lambda if call.operation == "PublishLayerVersion" => delays.publish,
        Service::Lambda => delays.lambda,
        Service::Sts => Duration::ZERO,
    }
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
