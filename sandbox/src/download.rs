//! Archives to download, of layer versions and of functions: where `Content.Location` and `Code.Location` point to, with the
//! ranges that S3 serves.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};

use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderValue, RANGE};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use s3s::Body;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::lambda;
use super::respond::{json, with_type};
use super::store::{BlobId, Place, State, Store};
use super::text;

/// How much of an archive is read at once.
const CHUNK: usize = 256 * 1024;

/// Whether a path is one of an archive.
pub(super) fn is_meant(path: &str) -> bool {
    path.starts_with("layers/") || path.starts_with("functions/")
}

/// Answers with an archive, or with the range of it that is asked for.
pub(super) async fn serve(path: &str, parts: &Parts, store: &Store) -> Response<Body> {
    let missing = || json(StatusCode::NOT_FOUND, &json!({"error": "no such archive"}));
    let path = text::percent_decode(path);
    let named: Vec<&str> = path.split('/').collect();
    let [kind, account, region, name, file] = named[..] else { return missing() };
    let Some(version) = file.strip_suffix(".zip") else { return missing() };
    let place = Place { account: account.to_owned(), region: region.to_owned() };
    let blob = store.read(|state| match kind {
        "layers" => layer(state, &place, name, version),
        _ => code(state, &place, name, version),
    });
    let Some(Ok(file)) = blob.map(|blob| store.blobs().read(&blob)) else { return missing() };
    let asked = parts.headers.get(RANGE).and_then(|range| range.to_str().ok());
    answer(file, asked).unwrap_or_else(|_| missing())
}

/// What Lambda reads in its place is there only as long as the object is.
fn layer(state: &State, place: &Place, name: &str, version: &str) -> Option<BlobId> {
    let version = state.layer(place, name)?.versions.get(&version.parse().ok()?)?;
    let is_there = version.reference.as_ref().is_none_or(|object| lambda::is_there(state, object));
    is_there.then(|| version.blob.clone())
}

fn code(state: &State, place: &Place, name: &str, version: &str) -> Option<BlobId> {
    let function = state.function(place, name)?;
    let configuration = match version {
        "$LATEST" => &function.latest,
        number => function.versions.get(&number.parse().ok()?)?,
    };
    configuration.code.blob.clone()
}

fn answer(mut file: File, asked: Option<&str>) -> std::io::Result<Response<Body>> {
    let size = file.metadata()?.len();
    let range = asked.and_then(|asked| range(asked, size));
    let (from, length) = range.unwrap_or((0, size));
    file.seek(SeekFrom::Start(from))?;
    let bytes = ReaderStream::with_capacity(tokio::fs::File::from_std(file).take(length), CHUNK);
    let body = Body::from(s3s::dto::StreamingBlob::wrap(bytes));
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = with_type(status, "application/zip", body);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    if range.is_some() {
        let shown = format!("bytes {from}-{}/{size}", from + length - 1);
        let shown = HeaderValue::from_str(&shown).map_err(std::io::Error::other)?;
        response.headers_mut().insert(CONTENT_RANGE, shown);
    }
    Ok(response)
}

/// First byte and length of `bytes=A-B`, `bytes=A-` and `bytes=-N`; what is nothing of these is not asked for.
fn range(asked: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from, to) {
        ("", last) => (size.saturating_sub(last.parse().ok()?), size),
        (from, "") => (from.parse().ok()?, size),
        (from, to) => (from.parse().ok()?, to.parse::<u64>().ok()?.saturating_add(1).min(size)),
    };
    (from < to).then(|| (from, to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_http() {
        assert_eq!(range("bytes=0-0", 10), Some((0, 1)));
        assert_eq!(range("bytes=2-4", 10), Some((2, 3)));
        assert_eq!(range("bytes=8-99", 10), Some((8, 2)));
        assert_eq!(range("bytes=8-", 10), Some((8, 2)));
        assert_eq!(range("bytes=-3", 10), Some((7, 3)));
        assert_eq!(range("bytes=-30", 10), Some((0, 10)));
        for odd in ["bytes=10-", "bytes=4-2", "bytes=-", "bytes", "lines=0-1", "bytes=0-18446744073709551615x"] {
            assert_eq!(range(odd, 10), None, "{odd}");
        }
    }
}
