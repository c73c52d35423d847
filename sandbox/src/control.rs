//! The sandbox's own endpoints, under `/_sandbox/`: faults, the request log, the state, the clock, archives to
//! download. They are described in docs/sandbox.md.
//!
//! They are unsigned: the sandbox listens on the loopback interface only.

use std::time::Duration;

use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use s3s::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::faults::Faults;
use super::log::Log;
use super::respond::{json, with_type};
use super::store::{Place, Store};
use super::{clock, state, text};

/// The path of the sandbox's own endpoints. No bucket name begins with an underscore.
pub(super) const ROOT: &str = "/_sandbox/";

/// Answers a request to the sandbox itself.
pub(super) async fn serve(parts: &Parts, body: &[u8], faults: &Faults, log: &Log, store: &Store) -> Response<Body> {
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    match (&parts.method, path) {
        (&Method::GET, "health") => json(StatusCode::OK, &json!({"sandbox": env!("CARGO_PKG_VERSION")})),
        (&Method::GET, "faults") => json(StatusCode::OK, &faults.show()),
        (&Method::POST, "faults") => match faults.add(body) {
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
        (&Method::GET, "clock") => json(StatusCode::OK, &clock_now()),
        (&Method::POST, "clock") => match serde_json::from_slice::<Advance>(body) {
            Ok(Advance { advance_seconds }) => {
                clock::advance(Duration::from_secs(advance_seconds.into()));
                json(StatusCode::OK, &clock_now())
            }
            Err(error) => json(StatusCode::BAD_REQUEST, &json!({"error": format!("not an advance: {error}")})),
        },
        (&Method::GET, path) if path.starts_with("layers/") => archive(path, store).await,
        _ => json(StatusCode::NOT_FOUND, &json!({"error": "not an endpoint of the sandbox"})),
    }
}

/// How far to move the clock on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

fn clock_now() -> Value {
    json!({"time": text::log_date(clock::now_millis()), "ahead_seconds": clock::ahead().as_secs()})
}

/// A layer version's archive, where `Content.Location` points to.
async fn archive(path: &str, store: &Store) -> Response<Body> {
    let missing = || json(StatusCode::NOT_FOUND, &json!({"error": "no such layer version"}));
    let parts: Vec<&str> = path.split('/').collect();
    let ["layers", account, region, name, file] = parts[..] else { return missing() };
    let Some(number) = file.strip_suffix(".zip").and_then(|number| number.parse::<u64>().ok()) else {
        return missing();
    };
    let place = Place { account: account.to_owned(), region: region.to_owned() };
    let version = store.read(|state| state.layer(&place, name)?.versions.get(&number).cloned());
    let Some(version) = version else { return missing() };
    let Ok(file) = File::open(store.blobs().path(&version.blob)).await else { return missing() };
    let stream = s3s::dto::StreamingBlob::wrap(ReaderStream::with_capacity(file, 256 * 1024));
    with_type(StatusCode::OK, "application/zip", Body::from(stream))
}
