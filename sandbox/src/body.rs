//! Bodies of requests, never larger than they may be. S3's are streamed; the others' are small or have to be read whole.

use std::pin::pin;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use s3s::Body;

use super::call::Service;
use super::lambda::Refusal;
use super::{respond, text};

/// Lambda's limit for a publish request (its own refusal names it); 50 MB of archive in base64.
const LARGEST_PUBLISH: usize = 70_167_211;

/// No other request to Lambda or STS comes near.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// The body of a request.
pub(super) enum Payload {
    Stream(Incoming),
    Whole(Bytes),
}

impl Payload {
    /// The body as the service takes it, or the refusal of one that is too large.
    pub async fn of(parts: &Parts, service: Service, body: Incoming) -> Result<Self, Box<Response<Body>>> {
        if service == Service::S3 {
            return Ok(Self::Stream(body));
        }
        let path = parts.uri.path();
        let is_publish = service == Service::Lambda && path.ends_with("/versions");
        let brings_code = service == Service::Lambda && path.trim_end_matches('/').ends_with("/functions");
        let limit = if is_publish || brings_code { LARGEST_PUBLISH } else { LARGEST_REQUEST };
        let collected = Limited::new(body, limit).collect().await;
        collected.map(|body| Self::Whole(body.to_bytes())).map_err(|_| {
            let operation = if is_publish { " for the PublishLayerVersion operation" } else { "" };
            let message = format!("Request must be smaller than {limit} bytes{operation}");
            let refusal = Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message);
            Box::new(respond::refusal(&refusal, &text::unique_uuid()))
        })
    }

    /// The bytes, where they are here.
    pub fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Stream(_) => None,
        }
    }

    /// Reads what is still to come; `None` where it is larger than any request that is kept, or cut off.
    pub async fn kept(self) -> Option<Self> {
        match self {
            Self::Whole(bytes) => Some(Self::Whole(bytes)),
            Self::Stream(body) => {
                let collected = Limited::new(body, LARGEST_PUBLISH).collect().await;
                collected.ok().map(|body| Self::Whole(body.to_bytes()))
            }
        }
    }

    /// For S3's protocol layer.
    pub fn into_body(self) -> Body {
        match self {
            Self::Stream(body) => Body::from(body),
            Self::Whole(bytes) => Body::from(bytes),
        }
    }

    /// Reads what is left of a refused body, as far as any request is read: a client that is still sending when the
    /// connection closes may see a reset instead of the answer, and sends it again.
    pub async fn drain(self) {
        let Self::Stream(body) = self else { return };
        let mut body = pin!(Limited::new(body, LARGEST_PUBLISH));
        while let Some(Ok(_)) = body.frame().await {}
    }
}
