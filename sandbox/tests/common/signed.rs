//! A request as a file, and the same request signed: nobody who does not know the secret gets far.
//!
//! The file is the request as it goes over the wire, without a signature; its header `service` says for which service it
//! is to be signed.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

/// Headers that are written by who sends the request.
const OWN: [&str; 3] = ["host", "content-length", "connection"];

/// What is to be signed of a request.
pub struct Unsigned<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
    service: &'a str,
}

impl<'a> Unsigned<'a> {
    /// Reads the file; `None` if it is not one of a request that says its service.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let mut lines = std::str::from_utf8(&bytes[..end]).ok()?.split("\r\n");
        let (method, target) = lines.next()?.strip_suffix(" HTTP/1.1")?.split_once(' ')?;
        let mut headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let named = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("service"))?;
        let (_, service) = headers.remove(named);
        headers.retain(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str()));
        Some(Self { method, target, headers, body: &bytes[end + 4..], service })
    }

    /// The bytes to send, signed by this secret; `None` where AWS's own signer does not take it.
    pub fn signed(&self, access_key: &str, secret: &str) -> Option<Vec<u8>> {
        let host = "127.0.0.1";
        let identity = Credentials::new(access_key, secret, None, None, "corpus").into();
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let params = v4::SigningParams::builder().identity(&identity).region("us-east-1").name(self.service);
        let params = params.time(SystemTime::now()).settings(settings).build().ok()?.into();
        let url = format!("http://{host}{}", self.target);
        // The signer panics on what is no address.
        url.parse::<hyper::Uri>().ok().filter(|uri| uri.host() == Some(host))?;
        let all = self.headers.iter().copied().chain([("host", host)]);
        let request = SignableRequest::new(self.method, url, all, SignableBody::Bytes(self.body)).ok()?;
        let (signature, _) = sign(request, &params).ok()?.into_parts();
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", self.method, self.target);
        head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        for (name, value) in self.headers.iter().copied().chain(signature.headers()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Some([head.as_bytes(), self.body].concat())
    }
}
