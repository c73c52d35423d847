//! Signature Version 4 for Lambda and STS; S3's is verified by its protocol layer, which takes no other service.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use hyper::http::request::Parts;
use jiff::fmt::strtime;
use s3s::crypto::{Checksum as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::text;

/// Who signed, and for which service where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub access_key: String,
    pub date: String,
    pub region: String,
    pub service: String,
}

/// The scope that a request claims, signed in its headers or in its query; not verified yet.
pub(super) fn claimed_scope(parts: &Parts) -> Option<Scope> {
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    if let Some(header) = header {
        return parse_scope(field(header, "Credential=")?);
    }
    let query = text::query_pairs(parts.uri.query());
    parse_scope(&query.iter().find(|(name, _)| name == "X-Amz-Credential")?.1)
}

fn parse_scope(credential: &str) -> Option<Scope> {
    // From the right: an access key may contain slashes.
    let mut parts = credential.rsplitn(5, '/');
    let (_terminator, service, region) = (parts.next()?, parts.next()?, parts.next()?);
    let (date, access_key) = (parts.next()?, parts.next()?);
    let owned = str::to_owned;
    Some(Scope { access_key: owned(access_key), date: owned(date), region: owned(region), service: owned(service) })
}

fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let rest = &header[header.find(name)? + name.len()..];
    Some(rest.split([',', ' ']).next().unwrap_or(rest))
}

/// When a request was signed, in milliseconds since 1970, as it claims.
pub(super) fn signed_at(parts: &Parts) -> Option<i64> {
    let header = parts.headers.get("x-amz-date").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = || text::query_pairs(parts.uri.query()).into_iter().find(|(name, _)| name == "X-Amz-Date");
    parse_date(&header.or_else(|| query().map(|(_, value)| value))?)
}

fn parse_date(date: &str) -> Option<i64> {
    let time = strtime::parse("%Y%m%dT%H%M%SZ", date).and_then(|time| time.to_datetime());
    let zoned = time.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC)).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// The session token that a request carries, in its headers or in its query.
pub(super) fn session_token(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("x-amz-security-token").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = || text::query_pairs(parts.uri.query()).into_iter().find(|(name, _)| name == "X-Amz-Security-Token");
    header.or_else(|| query().map(|(_, value)| value))
}

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Unsigned,
    Mismatch,
}

/// Verifies a request signed in its headers, whatever its age.
pub(super) fn verify(parts: &Parts, body: &[u8], secret: &str) -> Result<(), Wrong> {
    let text_of = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let header = text_of("authorization").ok_or(Wrong::Unsigned)?;
    let scope = claimed_scope(parts).ok_or(Wrong::Unsigned)?;
    let signed_headers = field(header, "SignedHeaders=").ok_or(Wrong::Unsigned)?;
    let claimed = field(header, "Signature=").ok_or(Wrong::Unsigned)?;
    let date = text_of("x-amz-date").filter(|date| date.starts_with(&scope.date)).ok_or(Wrong::Mismatch)?;
    let request = canonical_request(parts, signed_headers, body);
    let Scope { region, service, date: day, .. } = &scope;
    let hashed = text::hex(&Sha256::checksum(request.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{region}/{service}/aws4_request\n{hashed}");
    let signature = text::hex(&hmac(&signing_key(&scope, secret), to_sign.as_bytes()));
    if signature.as_bytes().ct_eq(claimed.as_bytes()).into() { Ok(()) } else { Err(Wrong::Mismatch) }
}

/// Unlike S3, these services sign the path encoded once more than it was sent.
fn canonical_request(parts: &Parts, signed_headers: &str, body: &[u8]) -> String {
    let path = text::percent_encode(parts.uri.path(), true);
    let headers: String = signed_headers.split(';').map(|name| canonical_header(&parts.headers, name)).collect();
    let hash = text::hex(&Sha256::checksum(body));
    let query = canonical_query(parts.uri.query());
    format!("{}\n{path}\n{query}\n{headers}\n{signed_headers}\n{hash}", parts.method)
}

fn canonical_header(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    format!("{name}:{}\n", values.collect::<Vec<_>>().join(","))
}

fn canonical_query(query: Option<&str>) -> String {
    let encode = |text: &str| text::percent_encode(text, false);
    let mut pairs: Vec<(String, String)> =
        text::query_pairs(query).iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn signing_key(scope: &Scope, secret: &str) -> [u8; 32] {
    let steps = [&scope.date, &scope.region, &scope.service].map(String::as_bytes);
    let start = format!("AWS4{secret}");
    let mut key = hmac(start.as_bytes(), steps[0]);
    for step in [steps[1], steps[2], b"aws4_request"] {
        key = hmac(&key, step);
    }
    key
}

/// HMAC-SHA-256, by a key of any length.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_rfc_4231s() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(text::hex(&hmac(b"Jefe", b"what do ya want for nothing?")), expected);
    }

    #[test]
    fn scopes_come_from_the_header_or_the_query() {
        let header =
            "AWS4-HMAC-SHA256 Credential=AK/20261122/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=ab";
        let request = hyper::Request::builder().header("authorization", header).body(()).expect("a request");
        let scope = claimed_scope(&request.into_parts().0).expect("a scope");
        assert_eq!(
            (scope.access_key.as_str(), scope.region.as_str(), scope.service.as_str()),
            ("AK", "eu-west-1", "lambda")
        );
        let query = "/b/k?X-Amz-Credential=AK%2F20261122%2Fus-east-1%2Fs3%2Faws4_request";
        let request = hyper::Request::builder().uri(query).body(()).expect("a request");
        assert_eq!(claimed_scope(&request.into_parts().0).map(|scope| scope.service), Some("s3".to_owned()));
        let request = hyper::Request::builder().body(()).expect("a request").into_parts().0;
        assert_eq!(verify(&request, b"", "secret"), Err(Wrong::Unsigned));
    }

    #[test]
    fn queries_are_sorted_and_encoded_again() {
        assert_eq!(canonical_query(Some("find=LayerVersion&Arn=arn:aws")), "Arn=arn%3Aaws&find=LayerVersion");
        assert_eq!(canonical_query(None), "");
    }
}
