//! The sandbox's own addresses: where its control is, and the signed addresses of archives.

use hyper::http::request::Parts;
use subtle::ConstantTimeEq as _;

use super::secret::Secret;
use super::signature::hmac;
use super::store::Place;
use super::text;

/// The path of the sandbox's own endpoints. No bucket name begins with an underscore.
pub(super) const ROOT: &str = "/_sandbox/";

/// The path and query of a layer version's archive. Whoever has it may download the archive.
pub(super) fn location(secret: &Secret, place: &Place, name: &str, version: u64) -> String {
    address(secret, &format!("layers/{}/{}/{name}/{version}.zip", place.account, place.region))
}

/// The same of a function's code, in a version of the function: a number or `$LATEST`.
pub(super) fn code_location(secret: &Secret, place: &Place, name: &str, version: &str) -> String {
    address(secret, &format!("functions/{}/{}/{name}/{version}.zip", place.account, place.region))
}

fn address(secret: &Secret, path: &str) -> String {
    format!("{ROOT}{path}?{SIGNATURE}={}", signed(secret, path))
}

const SIGNATURE: &str = "signature";

fn signed(secret: &Secret, path: &str) -> String {
    text::hex(&hmac(secret.as_str().as_bytes(), path.as_bytes()))
}

/// Whether the request brings the signature that its path was given out with.
pub(super) fn is_signed(parts: &Parts, path: &str, secret: &Secret) -> bool {
    let query = text::query_pairs(parts.uri.query());
    let claimed = query.iter().find(|(name, _)| name == SIGNATURE).map(|(_, value)| value.as_bytes());
    claimed.is_some_and(|claimed| signed(secret, path).as_bytes().ct_eq(claimed).into())
}
