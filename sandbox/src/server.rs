//! One request after the other: who asks for what, is it within the quota, does a fault strike, do the work, answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response};
use s3s::Body;
use s3s::service::S3Service;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::agenda::Agenda;
use super::body::Payload;
use super::call::{self, Call, Service};
use super::faults::Faults;
use super::identity::Caller;
use super::lambda::{Hidden, Layers, Refusal};
use super::log::Log;
use super::options::Delays;
use super::pace::Quota;
use super::reply::{Cut, Reply};
use super::secret::Secret;
use super::store::Store;
use super::{control, faults, guard, refusal, respond, s3, signature, struck, sts, text};

/// The Region of a request that does not name one.
const DEFAULT_REGION: &str = "us-east-1";

/// What serving needs, shared by all connections.
pub(super) struct Shared {
    pub account: String,
    pub secret: Secret,
    /// The roles that can be assumed; all, if none is named.
    pub roles: Vec<String>,
    pub delays: Delays,
    pub quota: Option<Quota>,
    pub faults: Faults,
    pub log: Log,
    pub agenda: Agenda,
    pub store: Arc<Store>,
    pub s3: S3Service,
    pub layers: Layers,
    pub stopping: CancellationToken,
    pub tracker: TaskTracker,
}

impl Shared {
    /// The time by the sandbox's clock, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.store.clock().now_millis()
    }
}

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
    if parts.uri.path().starts_with(control::ROOT) {
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
    exchange.answer(reply).await;
}

/// A request while it is served.
pub(super) struct Exchange {
    pub shared: Arc<Shared>,
    pub parts: Parts,
    pub body: Payload,
    pub call: Call,
    pub request_id: String,
}

impl Exchange {
    async fn answer(self, mut reply: Reply) {
        let (shared, call) = (&self.shared, &self.call);
        let over_quota = |quota: &Quota| call.service == Service::Lambda && !quota.admits(&call.place, Instant::now());
        if shared.quota.as_ref().is_some_and(over_quota) {
            reply.note("quota");
            return reply.send(respond::refusal(&Refusal::rate_exceeded(), &self.request_id)).await;
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
            Some(fault) => struck::answer(self, fault, reply).await,
            None => self.arrive(reply, Hidden::default()).await,
        }
    }

    /// The request is here: it is let in and carried out, or refused.
    pub async fn arrive(self, reply: Reply, hidden: Hidden) {
        let answer = match self.refusal() {
            Some(refused) => refused,
            None => self.work(hidden).await,
        };
        reply.send(answer).await;
    }

    /// The answer of a request that is not let in.
    pub fn refusal(&self) -> Option<Response<Body>> {
        let Self { shared, parts, body, call, request_id } = self;
        let body = if call.service == Service::S3 { None } else { body.whole() };
        let refused = refusal::of(parts, call, body, &shared.secret, shared.now()).err()?;
        Some(refused.response(request_id))
    }

    /// Carries the request out.
    pub async fn work(self, hidden: Hidden) -> Response<Body> {
        let Self { shared, parts, body, call, request_id } = self;
        let whole = body.whole().unwrap_or_default();
        match call.service {
            Service::S3 => match shared.s3.call(Request::from_parts(parts, body.into_body())).await {
                Ok(response) => s3::finish(response, &request_id),
                Err(_) => s3::finish(faults::error(&call, 500, None, None, &request_id), &request_id),
            },
            Service::Sts => {
                let (status, answer) = sts::answer(&shared, &call, whole, &request_id);
                respond::xml(status, answer, &request_id)
            }
            Service::Lambda => {
                let answer = match &call.layer {
                    Some(layer) => shared.layers.serve(layer, &call.place, whole, hidden).await,
                    None => Err(Refusal::not_found("The resource you requested does not exist.")),
                };
                match answer {
                    Ok((status, value)) => respond::answered(status, value.as_ref(), &request_id),
                    Err(refusal) => respond::refusal(&refusal, &request_id),
                }
            }
        }
    }
}

fn delay_of(delays: Delays, call: &Call) -> Duration {
    match call.service {
        Service::S3 => delays.s3,
        Service::Lambda if call.operation == "PublishLayerVersion" => delays.publish,
        Service::Lambda => delays.lambda,
        Service::Sts => Duration::ZERO,
    }
}

/// Waits by the machine's clock: for what a person or a client is to wait for.
pub(super) async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
