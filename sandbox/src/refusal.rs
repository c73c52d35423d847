//! Who is not let in, and each service's words for it: signatures, their age, session tokens.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use s3s::Body;
use serde_json::json;

use super::age::{self, Outside};
use super::call::{Call, Service};
use super::secret::Secret;
use super::session::{self, Refused};
use super::signature::{self, Wrong};
use super::{respond, ssm, sts, text};

/// Why a request is not let in.
#[derive(Debug, Clone, Copy)]
enum Unverified {
    Signature(Wrong),
    Age(Outside),
    Token(Refused),
    /// A presigned address whose time is over.
    Presigned,
}

/// Lets a request in, or answers why not. `body` is there where this module verifies the signature: S3's is verified by
/// its protocol layer, once the request is let in.
pub(super) fn of(parts: &Parts, call: &Call, body: Option<&[u8]>, secret: &Secret, now: i64) -> Result<(), Refusal> {
    let refused = |why: Unverified| Refusal { service: call.service, why };
    let access_key = call.caller.access_key.as_str();
    let own_secret = match session::account_of(access_key) {
        Some(_) => {
            let token = signature::session_token(parts);
            session::open(secret, access_key, token.as_deref(), now).map_err(|why| refused(Unverified::Token(why)))?;
            session::secret_of(secret, access_key)
        }
        None => secret.as_str().to_owned(),
    };
    if let Some(body) = body {
        signature::verify(parts, body, &own_secret).map_err(|wrong| refused(Unverified::Signature(wrong)))?;
    }
    match (call.signed, presigned_seconds(parts)) {
        (Some(signed), Some(seconds)) if call.service == Service::S3 => {
            let end = signed.saturating_add(seconds.saturating_mul(1000));
            if now > end { Err(refused(Unverified::Presigned)) } else { Ok(()) }
        }
        (Some(signed), _) => {
            age::judge(signed, now, age::allowed(call.service)).map_err(|outside| refused(Unverified::Age(outside)))
        }
        // Unsigned, or in an old way that has no time: S3's protocol layer decides.
        (None, _) => Ok(()),
    }
}

/// How long a presigned address is good.
fn presigned_seconds(parts: &Parts) -> Option<i64> {
    let query = text::query_pairs(parts.uri.query());
    query.iter().find(|(name, _)| name == "X-Amz-Expires").and_then(|(_, value)| value.parse().ok())
}

/// A request that is not let in.
#[derive(Debug)]
pub(super) struct Refusal {
    service: Service,
    why: Unverified,
}

impl Refusal {
    /// A signature that is older than the endpoint takes it, in the words of one that is too old.
    pub fn too_old(call: &Call, outside: Outside) -> Self {
        Self { service: call.service, why: Unverified::Age(outside) }
    }

    /// A Region that the account has not opted into does not know its credentials, and says so in these words.
    pub fn not_opted_in(call: &Call) -> Self {
        Self { service: call.service, why: Unverified::Token(Refused::Invalid) }
    }

    /// The service's answer.
    pub fn response(&self, request_id: &str) -> Response<Body> {
        match self.service {
            Service::S3 => {
                let (status, code, message, details) = self.in_s3();
                respond::s3_error(status, code, message, &details, request_id)
            }
            Service::Sts => {
                let (code, message) = self.in_sts();
                respond::xml(StatusCode::FORBIDDEN, sts::error(code, &message, request_id), request_id)
            }
            Service::Ssm => {
                let (code, message) = self.in_lambda();
                respond::json_1_1(StatusCode::BAD_REQUEST, &ssm::refused(code, &message), request_id)
            }
            Service::Lambda => {
                let (code, message) = self.in_lambda();
                respond::refused(StatusCode::FORBIDDEN, code, &json!({ "message": message }), request_id)
            }
        }
    }

    fn in_lambda(&self) -> (&'static str, String) {
        match self.why {
            Unverified::Signature(Wrong::Unsigned) => {
                ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned())
            }
            Unverified::Age(outside) => ("InvalidSignatureException", outside.message()),
            Unverified::Token(Refused::Invalid) => {
                ("UnrecognizedClientException", "The security token included in the request is invalid.".to_owned())
            }
            Unverified::Token(Refused::Expired) | Unverified::Presigned => {
                ("ExpiredTokenException", "The security token included in the request is expired".to_owned())
            }
            Unverified::Signature(Wrong::Mismatch) => ("InvalidSignatureException", MISMATCH.to_owned()),
        }
    }

    fn in_sts(&self) -> (&'static str, String) {
        let code = match self.why {
            Unverified::Signature(Wrong::Unsigned) => "MissingAuthenticationToken",
            Unverified::Signature(Wrong::Mismatch) | Unverified::Age(_) => "SignatureDoesNotMatch",
            Unverified::Token(Refused::Invalid) => "InvalidClientTokenId",
            Unverified::Token(Refused::Expired) | Unverified::Presigned => "ExpiredToken",
        };
        (code, self.in_lambda().1)
    }

    fn in_s3(&self) -> (StatusCode, &'static str, &'static str, Vec<(&'static str, String)>) {
        match self.why {
            Unverified::Age(outside) => {
                let details = vec![
                    ("RequestTime", age::compact(outside.signed)),
                    ("ServerTime", text::log_date(outside.now / 1000 * 1000)),
                    ("MaxAllowedSkewMilliseconds", outside.allowed.as_millis().to_string()),
                ];
                let message = "The difference between the request time and the current time is too large.";
                (StatusCode::FORBIDDEN, "RequestTimeTooSkewed", message, details)
            }
            Unverified::Token(Refused::Expired) => {
                (StatusCode::BAD_REQUEST, "ExpiredToken", "The provided token has expired.", Vec::new())
            }
            Unverified::Token(Refused::Invalid) => {
                let message = "The provided token is malformed or otherwise invalid.";
                (StatusCode::BAD_REQUEST, "InvalidToken", message, Vec::new())
            }
            Unverified::Presigned => (StatusCode::FORBIDDEN, "AccessDenied", "Request has expired", Vec::new()),
            Unverified::Signature(_) => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", MISMATCH, Vec::new()),
        }
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
