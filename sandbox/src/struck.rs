//! What a fault does to a request.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use s3s::Body;

use super::age::Outside;
use super::body::Payload;
use super::call::Call;
use super::exchange::{Exchange, pause};
use super::faults::{self, Fault, Replacement, Seconds};
use super::lambda::{Hidden, Twist, change_by_somebody, staged_object};
use super::refusal::Refusal;
use super::reply::Reply;
use super::s3;
use super::shared::Shared;
use super::store::Failure;

/// Answers, or does not, as the fault wants it.
pub(super) async fn answer(exchange: Exchange, fault: Fault, reply: Reply) {
    match fault {
        Fault::Delayed { seconds: Seconds(after), cut } => return delayed(exchange, after, cut, reply).await,
        Fault::Late { seconds: Seconds(after), status, code, message } => {
            let answer = status.map(|status| {
                faults::error(&exchange.call, status, code.as_deref(), message.as_deref(), &exchange.request_id)
            });
            return late(exchange, after, answer, reply).await;
        }
        _ => {}
    }
    // A fault befalls a request that would have been let in.
    if let Some(refused) = exchange.refusal() {
        return reply.send(refused).await;
    }
    if let Some(answer) = instead(&exchange, &fault) {
        exchange.body.drain().await;
        return reply.send(answer).await;
    }
    worked(exchange, fault, reply).await;
}

/// The answer of a fault that keeps the work from being done.
fn instead(exchange: &Exchange, fault: &Fault) -> Option<Response<Body>> {
    let (call, id) = (&exchange.call, &exchange.request_id);
    Some(match fault {
        Fault::Throttle { code, retry_after } => faults::throttled(call, code.as_deref(), *retry_after, id),
        Fault::Error { status, code, message } => faults::error(call, *status, code.as_deref(), message.as_deref(), id),
        Fault::Conflict => faults::conflict(call, id),
        Fault::AccessDenied => faults::access_denied(call, id),
        Fault::SourceDenied => faults::source_denied(call, exchange.body.whole().and_then(staged_object), id),
        Fault::BackDated { seconds } => back_dated(call, exchange.shared.now(), *seconds).response(id),
        Fault::Garbage => faults::garbage(),
        _ => return None,
    })
}

/// A signature that is older than the endpoint, or than its credentials, allow.
fn back_dated(call: &Call, now: i64, seconds: Option<Seconds>) -> Refusal {
    let since_issued = || now.saturating_sub(call.caller.issued.unwrap_or(now)).unsigned_abs();
    let allowed = seconds.map_or_else(|| Duration::from_secs(since_issued() / 1000), |Seconds(allowed)| allowed);
    Refusal::too_old(call, Outside { signed: call.signed.unwrap_or(now), now, allowed })
}

/// The other faults: what is done, and what the client hears of it.
async fn worked(exchange: Exchange, fault: Fault, reply: Reply) {
    match fault {
        Fault::CutBefore => reply.cut().await,
        Fault::Hang { seconds } => hang(seconds, &exchange.shared, reply).await,
        Fault::CutAfter => {
            exchange.work(Twist::default()).await;
            reply.cut().await;
        }
        Fault::GarbageAfter => {
            exchange.work(Twist::default()).await;
            reply.send(faults::garbage()).await;
        }
        Fault::ErrorAfter { status, code, message } => {
            let (call, id) = (exchange.call.clone(), exchange.request_id.clone());
            exchange.work(Twist::default()).await;
            reply.send(faults::error(&call, status, code.as_deref(), message.as_deref(), &id)).await;
        }
        Fault::HangAfter { seconds } => {
            let shared = Arc::clone(&exchange.shared);
            let held_back = exchange.work(Twist::default()).await;
            reply.worked(held_back.status().as_u16());
            hang(seconds, &shared, reply).await;
        }
        Fault::StaleList { versions } => {
            let twist = Twist { hidden: Hidden::newest(versions), ..Twist::default() };
            reply.send(exchange.work(twist).await).await;
        }
        Fault::LaggingList { seconds: Seconds(lag) } => {
            let hidden = Hidden::younger_than(exchange.shared.now(), lag);
            reply.send(exchange.work(Twist { hidden, ..Twist::default() }).await).await;
        }
        Fault::FailingChange { code, reason } => {
            let twist = Twist { failing: Some(Failure { code, reason }), ..Twist::default() };
            reply.send(exchange.work(twist).await).await;
        }
        fault => {
            match fault {
                Fault::ChangeFunction { layers } => {
                    let Exchange { shared, call, .. } = &exchange;
                    if let Err(error) = change_by_somebody(&shared.functions, &call.place, &call.resource, layers) {
                        tracing::warn!(%error, "change-function failed");
                    }
                }
                Fault::Latency { ms } => pause(Duration::from_millis(ms)).await,
                Fault::ReplaceObject(replacement) => replace(&exchange, &replacement).await,
                _ => {}
            }
            reply.send(exchange.work(Twist::default()).await).await;
        }
    }
}

/// The request is let in, its answer lost or wrong, and its work done later.
async fn late(exchange: Exchange, after: Duration, answer: Option<Response<Body>>, mut reply: Reply) {
    if let Some(refused) = exchange.refusal() {
        return reply.send(refused).await;
    }
    let Some(exchange) = kept(exchange).await else { return reply.cut().await };
    let shared = Arc::clone(&exchange.shared);
    // From now on, whatever time passes for the client meanwhile.
    let entry = shared.agenda.enter(shared.store.clock(), after);
    let working = async {
        tokio::select! {
            () = entry.turn(shared.store.clock()) => {}
            () = shared.stopping.cancelled() => return None,
        }
        let done = exchange.work(Twist::default()).await;
        drop(entry);
        Some(done.status().as_u16())
    };
    let answering = async {
        let answer = reply.date(answer).await;
        reply.hand_over(answer);
    };
    // The clock moves on with the answer, and waits for the work where that falls due meanwhile.
    let (done, ()) = tokio::join!(working, answering);
    done.into_iter().for_each(|status| reply.worked(status));
}

/// The request is held in the network: let in or refused when it arrives, with the client still waiting or long gone.
async fn delayed(exchange: Exchange, after: Duration, cut: bool, mut reply: Reply) {
    let Some(exchange) = kept(exchange).await else { return reply.cut().await };
    let shared = Arc::clone(&exchange.shared);
    let entry = shared.agenda.enter(shared.store.clock(), after);
    if cut {
        reply.hand_over(None);
    }
    tokio::select! {
        () = entry.turn(shared.store.clock()) => {}
        () = shared.stopping.cancelled() => return,
    }
    let answer = exchange.arrive().await;
    // Done by now: the clock may move on with the answer, and would wait for what is still to be done.
    drop(entry);
    reply.send(answer).await;
}

/// With all of its body, so that the client may leave.
async fn kept(exchange: Exchange) -> Option<Exchange> {
    let Exchange { shared, parts, body, call, request_id } = exchange;
    let body: Option<Payload> = body.kept().await;
    if body.is_none() {
        tracing::warn!(operation = call.operation, "the body was cut off, or is too large to be kept for later");
    }
    Some(Exchange { shared, parts, body: body?, call, request_id })
}

/// No answer until the client leaves, the time is up, or the sandbox stops.
async fn hang(seconds: Option<f64>, shared: &Shared, mut reply: Reply) {
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let time_is_up = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = reply.closed() => {}
        () = time_is_up => {}
        () = shared.stopping.cancelled() => {}
    }
    reply.cut().await;
}

/// Uploads the object that the call names anew: another upload between preflight and publish.
async fn replace(exchange: &Exchange, replacement: &Replacement) {
    let named = exchange.call.bucket_and_key().map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
    let staged = || exchange.body.whole().and_then(staged_object);
    let (bucket, key) = named.or_else(staged).unzip();
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
