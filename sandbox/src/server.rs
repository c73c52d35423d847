//! One request after the other: who asks for what, is it within the quota, does a fault strike, do the work, answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{Request, Response};
use s3s::Body;
use tokio::sync::oneshot;

use super::body::Payload;
use super::call::{self, Call, Service};
use super::exchange::{Exchange, pause};
use super::identity::Caller;
use super::lambda::Refusal;
use super::options::Delays;
use super::pace::Quota;
use super::reply::{Cut, Reply};
use super::shared::Shared;
use super::{address, control, guard, respond, signature, struck, text};

/// The Region of a request that does not name one.
const DEFAULT_REGION: &str = "us-east-1";

/// Serves one request. The work runs in a task of its own: like AWS, the sandbox finishes what it began, whether or
/// not the client waits for the answer.
pub(super) async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (sender, receiver) = oneshot::channel();
    let tracker = shared.tracker.clone();
    tracker.spawn(handle(shared, request, sender));
    receiver.await.map_err(|_| Cut)
}

async fn handle(shared: Arc<Shared>, request: Request<Incoming>, sender: oneshot::Sender<Response<Body>>) {
    let (parts, body) = request.into_parts();
    if let Some(refused) = guard::refusal(&parts) {
        return drop(sender.send(refused));
    }
    if parts.uri.path().starts_with(address::ROOT) {
        return drop(sender.send(control::serve(&shared, &parts, body).await));
    }
    let (service, scope) = call::identify(&parts);
    let body = match Payload::of(&parts, service, body).await {
        Ok(body) => body,
        Err(refused) => return drop(sender.send(*refused)),
    };
    let token = signature::session_token(&parts);
    let caller = Caller::of(scope.as_ref(), token.as_deref(), &shared.account, &shared.secret);
    let region = scope.as_ref().map_or(DEFAULT_REGION, |scope| scope.region.as_str());
    let call = Call::of(&parts, service, region, caller, body.whole().unwrap_or_default());
    let reply = Reply::new(sender, shared.log.begin(&call, shared.now()), &shared);
    let exchange = Exchange { parts, body, call, request_id: text::unique_uuid(), shared };
    answer(exchange, reply).await;
}

async fn answer(exchange: Exchange, mut reply: Reply) {
    let (shared, call) = (&exchange.shared, &exchange.call);
    let over_quota = |quota: &Quota| call.service == Service::Lambda && !quota.admits(&call.place, Instant::now());
    if shared.quota.as_ref().is_some_and(over_quota) {
        reply.note("quota");
        return reply.send(respond::refusal(&Refusal::rate_exceeded(), &exchange.request_id)).await;
    }
    pause(delay_of(shared.delays, call)).await;
    // Before the signature's age is judged: a rule may say that the request was under way for a while.
    let befallen = shared.faults.strike(call, shared.now());
    if let Some(name) = befallen.name() {
        reply.note(name);
    }
    shared.agenda.advance(shared.store.clock(), befallen.before).await;
    reply.advances(befallen.after);
    match befallen.fault {
        Some(fault) => struck::answer(exchange, fault, reply).await,
        None => reply.send(exchange.arrive().await).await,
    }
}

fn delay_of(delays: Delays, call: &Call) -> Duration {
    match call.service {
        Service::S3 => delays.s3,
        Service::Lambda if call.operation == "PublishLayerVersion" => delays.publish,
        Service::Lambda => delays.lambda,
        Service::Sts | Service::Ssm => Duration::ZERO,
    }
}
