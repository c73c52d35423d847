//! Archives that Lambda keeps: read by ranged GETs of the address that it tells, never whole. The address lets whoever has
//! it read the archive, for some minutes: it is in no message, no log and no report.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use bytes::Bytes;

use super::bounds::{self, broken};
use super::call::Call;
use crate::outcome::{ErrorCode, JobError};

/// What sends the requests; made when the first one is sent.
#[derive(Clone, Debug, Default)]
pub struct Downloads(Arc<OnceLock<Option<SharedHttpConnector>>>);

impl Downloads {
    fn connector(&self, patience: Duration) -> Option<SharedHttpConnector> {
        let settings = || HttpConnectorSettings::builder().connect_timeout(patience).read_timeout(patience).build();
        self.0.get_or_init(|| default_connector(&settings(), default_async_sleep())).clone()
    }
}

/// An archive that can be read.
#[derive(Clone)]
pub struct Archive {
    /// Its size in bytes, as Lambda told.
    pub size: u64,
    address: String,
    call: Call,
    connector: SharedHttpConnector,
    patience: Duration,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Archive({} bytes, {})", self.size, self.call.resource)
    }
}

impl Archive {
    /// The archive of this call's answer; `None` where it has no address that can be asked.
    pub(super) fn of(
        address: Option<&str>,
        size: Option<u64>,
        call: &Call,
        downloads: &Downloads,
        patience: Duration,
    ) -> Option<Self> {
        let (address, size) = (address.filter(|address| may_be_asked(address))?.to_owned(), size?);
        let connector = downloads.connector(patience)?;
        Some(Self { size, address, call: call.clone(), connector, patience })
    }

    /// The `len` bytes at `offset`; the range lies within the size.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, JobError> {
        let failed = |why: &dyn fmt::Display| broken(&self.call, why);
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(self.address.as_str()).map_err(|_| failed(&"its address is none"))?;
        request.headers_mut().insert("range", format!("bytes={offset}-{}", offset + len.saturating_sub(1)));
        let within = bounds::deadline(self.patience, len);
        let answer = tokio::time::timeout(within, self.connector.call(request)).await;
        let late = || JobError::new(ErrorCode::Timeout, format!("reading {} took too long", self.call.resource));
        // The connector's own words may have the address in them.
        let answer = answer.map_err(|_| late())?.map_err(|_| failed(&"no answer"))?;
        // Who ignores the range sends all of it.
        let status = answer.status().as_u16();
        if !(status == 206 || status == 200 && (offset, len) == (0, self.size)) {
            return Err(failed(&format!("HTTP {status}")));
        }
        let bytes = bounds::at_most(ByteStream::new(answer.into_body()), len, within, &self.call).await?;
        if bytes.len() as u64 == len { Ok(bytes) } else { Err(failed(&"it ends too early")) }
    }
}

/// Over TLS, or of this very machine, where a stand-in for Lambda may be.
fn may_be_asked(address: &str) -> bool {
    let Some(plain) = address.strip_prefix("http://") else { return address.starts_with("https://") };
    let authority = plain.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    !authority.contains('@') && host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_in_the_clear_but_of_this_machine() {
        for asked in
            ["https://bucket.s3.amazonaws.com/a?X-Amz-Signature=1", "http://127.0.0.1:1/a", "http://[::1]:80/a"]
        {
            assert!(may_be_asked(asked), "{asked}");
        }
        for refused in [
            "http://example.com/a",
            "http://127.0.0.1@example.com/a",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "http://localhost.example.com",
            "",
        ] {
            assert!(!may_be_asked(refused), "{refused}");
        }
    }
}
