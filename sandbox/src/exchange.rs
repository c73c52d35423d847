//! A request while it is served: let in or refused, and carried out.

use std::sync::Arc;
use std::time::Duration;

use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use s3s::Body;

use super::body::Payload;
use super::call::{Call, Service};
use super::lambda::{Refusal, Twist};
use super::shared::Shared;
use super::{faults, refusal, respond, s3, ssm};

/// A request while it is served.
pub(super) struct Exchange {
    pub shared: Arc<Shared>,
    pub parts: Parts,
    pub body: Payload,
    pub call: Call,
    pub request_id: String,
}

impl Exchange {
    /// The request is here: it is let in and carried out, or refused.
    pub async fn arrive(self) -> Response<Body> {
        match self.refusal() {
            Some(refused) => refused,
            None => self.work(Twist::default()).await,
        }
    }

    /// The answer of a request that is not let in.
    pub fn refusal(&self) -> Option<Response<Body>> {
        let Self { shared, parts, body, call, request_id } = self;
        let body = if call.service == Service::S3 { None } else { body.whole() };
        let is_closed = shared.closed_regions.contains(&call.place.region);
        let refused = refusal::of(parts, call, body, &shared.secret, shared.now()).err();
        let refused = refused.or_else(|| is_closed.then(|| refusal::Refusal::not_opted_in(call)))?;
        Some(refused.response(request_id))
    }

    /// Carries the request out, in the way that a fault wants it.
    pub async fn work(self, twist: Twist) -> Response<Body> {
        let Self { shared, parts, body, call, request_id } = self;
        let whole = body.whole().unwrap_or_default();
        match call.service {
            Service::S3 => match shared.s3.call(Request::from_parts(parts, body.into_body())).await {
                Ok(response) => s3::finish(response, &request_id),
                Err(_) => s3::finish(faults::error(&call, 500, None, None, &request_id), &request_id),
            },
            Service::Sts => {
                let (status, answer) = shared.sts.answer(&call, whole, &request_id);
                respond::xml(status, answer, &request_id)
            }
            Service::Ssm => match shared.ssm.answer(call.operation, &call.place, whole) {
                Ok(value) => respond::json_1_1(StatusCode::OK, &value, &request_id),
                Err(refused) => {
                    let body = ssm::refused(refused.code, &refused.message);
                    respond::json_1_1(refused.status, &body, &request_id)
                }
            },
            Service::Lambda => {
                let answer = match (&call.layer, &call.function) {
                    (Some(layer), _) => shared.layers.serve(layer, &call.place, whole, twist.hidden).await,
                    (None, Some(function)) => shared.functions.serve(function, &call.place, whole, twist.failing).await,
                    (None, None) => Err(Refusal::not_found("The resource you requested does not exist.")),
                };
                match answer {
                    Ok((status, value)) => respond::answered(status, value.as_ref(), &request_id),
                    Err(refusal) => respond::refusal(&refusal, &request_id),
                }
            }
        }
    }
}

/// Waits by the machine's clock: for what a person or a client is to wait for.
pub(super) async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
