//! Signature Version 4 for Lambda and STS; S3's is verified by its protocol layer, which takes no other service.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::http::request::Parts;
use jiff::fmt::strtime;
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

/// Verifies a request signed in its headers, whatever its age: signed again with the same time and headers, it must get
/// the same signature.
pub(super) fn verify(parts: &Parts, body: &[u8], secret: &str) -> Result<(), Wrong> {
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).ok_or(Wrong::Unsigned)?;
    let scope = claimed_scope(parts).ok_or(Wrong::Unsigned)?;
    let signed_headers = field(header, "SignedHeaders=").ok_or(Wrong::Unsigned)?;
    let claimed = field(header, "Signature=").ok_or(Wrong::Unsigned)?;
    let signature = signed_again(parts, body, signed_headers, (&scope, secret)).ok_or(Wrong::Mismatch)?;
    if signature.as_bytes().ct_eq(claimed.as_bytes()).into() { Ok(()) } else { Err(Wrong::Mismatch) }
}

/// The signature that this request gets by this secret; `None` where it has no time, or nothing of these could have
/// been signed.
fn signed_again(parts: &Parts, body: &[u8], signed_headers: &str, by: (&Scope, &str)) -> Option<String> {
    let (scope, secret) = by;
    let date = parts.headers.get("x-amz-date")?.to_str().ok().filter(|date| date.starts_with(&scope.date))?;
    // Host and time are always signed, and what is not there was not; the signer panics without a host.
    let names: Vec<&str> = signed_headers.split(';').collect();
    let are_there = names.iter().all(|name| parts.headers.contains_key(*name));
    if !are_there || !names.contains(&"host") || !names.contains(&"x-amz-date") {
        return None;
    }
    let signed = parts.headers.iter().filter(|(name, _)| names.contains(&name.as_str()));
    let headers: Option<Vec<(&str, &str)>> =
        signed.map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let mut settings = SigningSettings::default();
    // Whatever the client signed was signed.
    settings.excluded_headers = None;
    let identity = Credentials::new(&scope.access_key, secret, None, None, "sandbox").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(text::system_time(parse_date(date)?))
        .settings(settings)
        .build()
        .ok()?
        .into();
    let request = SignableRequest::new(
        parts.method.as_str(),
        parts.uri.to_string(),
        headers?.into_iter(),
        SignableBody::Bytes(body),
    );
    Some(sign(request.ok()?, &params).ok()?.into_parts().1)
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

    /// The first example of AWS's test suite for Signature Version 4, `get-vanilla`.
    #[test]
    fn the_signature_is_the_one_of_awss_test_suite() {
        let signed = |signature: &str, names: &str| {
            let header = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={names}, \
                 Signature={signature}"
            );
            let request = hyper::Request::builder().uri("/").header("host", "example.amazonaws.com");
            let request = request.header("x-amz-date", "20150830T123600Z").header("authorization", header);
            request.body(()).expect("a request").into_parts().0
        };
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let right = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let names = "host;x-amz-date";
        assert_eq!(verify(&signed(right, names), b"", secret), Ok(()));
        assert_eq!(verify(&signed(right, names), b"body", secret), Err(Wrong::Mismatch));
        assert_eq!(verify(&signed(right, names), b"", "another"), Err(Wrong::Mismatch));
        assert_eq!(verify(&signed(&right.replace('5', "6"), names), b"", secret), Err(Wrong::Mismatch));
        for unsigned in ["host", "x-amz-date", "", "host;x-amz-date;x-amz-target"] {
            assert_eq!(verify(&signed(right, unsigned), b"", secret), Err(Wrong::Mismatch), "{unsigned}");
        }
        let mut without_host = signed(right, names);
        without_host.headers.remove("host");
        assert_eq!(verify(&without_host, b"", secret), Err(Wrong::Mismatch));
    }
}
