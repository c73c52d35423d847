//! The sandbox's own endpoints, under `/_sandbox/`: faults, the request log, the state, the clock, archives to
//! download. They are described in docs/sandbox.md.
//!
//! They ask for the sandbox's secret in a header of their own: every program of the machine can reach the port. Archives
//! are downloaded by address alone, as Lambda's clients do it; the address is signed.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use s3s::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::address::{ROOT, is_signed};
use super::faults::Origin;
use super::respond::{json, with_type};
use super::shared::Shared;
use super::store::Store;
use super::{download, state, text};

/// The header that carries the secret.
const SECRET: &str = "x-sandbox-secret";

/// The largest body: rules of faults, with new bytes of objects in them.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Answers a request to the sandbox itself.
pub(super) async fn serve(shared: &Shared, parts: &Parts, body: Incoming) -> Response<Body> {
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let knows_secret = parts.headers.get(SECRET).is_some_and(|claimed| shared.secret.is(claimed.as_bytes()));
    let is_download = parts.method == Method::GET && download::is_meant(path);
    if is_download && (knows_secret || is_signed(parts, path, &shared.secret)) {
        return download::serve(path, parts, &shared.store).await;
    }
    if !knows_secret {
        let why = format!("the sandbox's secret is missing or wrong: send AWS_SECRET_ACCESS_KEY in `{SECRET}`");
        return json(StatusCode::FORBIDDEN, &json!({ "error": why }));
    }
    if let (&Method::GET, Some(place)) = (&parts.method, path.strip_prefix("objects/")) {
        return object(&text::percent_decode(place), &shared.store);
    }
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => controlled(shared, parts, path, &body.to_bytes()).await,
        Err(_) => {
            let why = format!("the body is cut off, or larger than {LARGEST_BODY} bytes");
            json(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "error": why }))
        }
    }
}

async fn controlled(shared: &Shared, parts: &Parts, path: &str, body: &Bytes) -> Response<Body> {
    let Shared { faults, log, store, .. } = shared;
    match (&parts.method, path) {
        (&Method::GET, "health") => json(StatusCode::OK, &json!({"sandbox": env!("CARGO_PKG_VERSION")})),
        (&Method::GET, "faults") => json(StatusCode::OK, &faults.show()),
        (&Method::POST, "faults") => match faults.add(body, Origin::Request) {
            Ok(()) => json(StatusCode::OK, &faults.show()),
            Err(error) => json(StatusCode::BAD_REQUEST, &json!({"error": format!("not fault rules: {error}")})),
        },
        (&Method::DELETE, "faults") => {
            faults.clear();
            json(StatusCode::OK, &faults.show())
        }
        (&Method::GET, "requests") => {
            let summary = text::query_pairs(parts.uri.query()).iter().any(|(name, _)| name == "summary");
            json(StatusCode::OK, &log.report(!summary))
        }
        (&Method::DELETE, "requests") => {
            log.clear();
            json(StatusCode::OK, &log.report(false))
        }
        (&Method::GET, "state") => json(StatusCode::OK, &store.read(state::show)),
        (&Method::GET, "clock") => json(StatusCode::OK, &clock_now(store)),
        (&Method::POST, "clock") => match serde_json::from_slice::<Advance>(body) {
            Ok(Advance { advance_seconds }) => {
                let by = Duration::from_secs(advance_seconds.into());
                if shared.agenda.advance(store.clock(), by).await {
                    json(StatusCode::OK, &clock_now(store))
                } else {
                    json(StatusCode::BAD_REQUEST, &json!({"error": "the clock cannot be moved that far"}))
                }
            }
            Err(error) => json(StatusCode::BAD_REQUEST, &json!({"error": format!("not an advance: {error}")})),
        },
        _ => json(StatusCode::NOT_FOUND, &json!({"error": "not an endpoint of the sandbox"})),
    }
}

/// How far to move the clock on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

fn clock_now(store: &Store) -> Value {
    let clock = store.clock();
    json!({"time": text::log_date(clock.now_millis()), "ahead_seconds": clock.ahead().as_secs()})
}

/// The bytes of a current object.
fn object(place: &str, store: &Store) -> Response<Body> {
    let missing = || json(StatusCode::NOT_FOUND, &json!({"error": "no such object"}));
    let Some((bucket, key)) = place.split_once('/') else { return missing() };
    let blob = store.read(|state| {
        let current = state.buckets.get(bucket)?.objects.get(key)?.last()?;
        current.content.as_ref().map(|content| content.blob.clone())
    });
    let Some(Ok(file)) = blob.map(|blob| store.blobs().read(&blob)) else { return missing() };
    let stream = s3s::dto::StreamingBlob::wrap(ReaderStream::with_capacity(File::from_std(file), 256 * 1024));
    with_type(StatusCode::OK, "application/octet-stream", Body::from(stream))
}
