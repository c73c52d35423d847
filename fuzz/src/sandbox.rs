//! Requests to the sandbox: as they are, and signed, since nobody gets far without the secret.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use lambda_layers_sandbox::{ACCESS_KEY, Options, Sandbox};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

const SECRET: &str = "a-secret-for-fuzzing";

/// After so many requests a new sandbox is started: what was put into one stays there.
const LIFE: usize = 2_000;

/// Longer than any answer to a request takes that is not to be waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, `METHOD TARGET`, headers, a blank line, a body: once as it is, and once signed for the service that its first
/// header names (`service: s3`).
pub fn requests(bytes: &[u8]) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let sandbox = sandbox(runtime);
    runtime.block_on(send(&sandbox.sandbox, bytes.to_vec()));
    if let Some(signed) = Request::read(bytes).and_then(|request| request.signed()) {
        runtime.block_on(send(&sandbox.sandbox, signed));
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
    })
}

struct Started {
    sandbox: Sandbox,
    _folder: TempDir,
}

fn sandbox(runtime: &Runtime) -> &'static Started {
    static STARTED: std::sync::Mutex<Option<&'static Started>> = std::sync::Mutex::new(None);
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    let mut started = STARTED.lock().expect("nobody panicked");
    if REQUESTS.fetch_add(1, Ordering::Relaxed) % LIFE == 0
        && let Some(old) = started.take()
    {
        let _ = std::fs::remove_dir_all(old._folder.path());
    }
    started.get_or_insert_with(|| {
        let folder = tempfile::tempdir_in(crate::folder()).expect("a folder");
        let options = Options {
            secret: Some(SECRET.to_owned()),
            auto_create_buckets: true,
            ..Options::new(folder.path().join("sandbox"))
        };
        let sandbox = runtime.block_on(Sandbox::start(options)).expect("started");
        Box::leak(Box::new(Started { sandbox, _folder: folder }))
    })
}

async fn send(sandbox: &Sandbox, bytes: Vec<u8>) {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    sandbox.attend(server);
    let exchange = async {
        let (mut from, mut to) = tokio::io::split(&mut client);
        let write = async {
            let _ = to.write_all(&bytes).await;
            let _ = to.shutdown().await;
        };
        let mut answer = Vec::new();
        let (_, read) = tokio::join!(write, from.read_to_end(&mut answer));
        let _ = read;
        assert!(answer.len() < 1 << 24, "{} bytes for an answer", answer.len());
    };
    tokio::time::timeout(PATIENCE, exchange).await.expect("an answer, or an end");
}

/// What is signed of a request.
struct Request<'a> {
    line: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
    service: &'a str,
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let mut lines = std::str::from_utf8(&bytes[..end]).ok()?.split("\r\n");
        let line = lines.next()?.strip_suffix(" HTTP/1.1")?;
        let mut headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let named = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("service"))?;
        let (_, service) = headers.remove(named);
        headers.retain(|(name, _)| !["host", "content-length"].contains(&name.to_ascii_lowercase().as_str()));
        Some(Self { line, headers, body: &bytes[end + 4..], service })
    }

    /// The same with the headers of a signature; `None` where nobody could sign it.
    fn signed(&self) -> Option<Vec<u8>> {
        let (method, target) = self.line.split_once(' ')?;
        let host = "127.0.0.1:1";
        let identity = Credentials::new(ACCESS_KEY, SECRET, None, None, "fuzz").into();
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.payload_checksum_kind = aws_sigv4::http_request::PayloadChecksumKind::XAmzSha256;
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(self.service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .ok()?
            .into();
        let all = self.headers.iter().copied().chain([("host", host)]);
        let url = format!("http://{host}{target}");
        // What is no address the signer does not take.
        url.parse::<http::Uri>().ok()?;
        let request = SignableRequest::new(method, url, all, SignableBody::Bytes(self.body)).ok()?;
        let (signed, _) = sign(request, &params).ok()?.into_parts();
        let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        bytes.push_str(&format!("content-length: {}\r\n", self.body.len()));
        for (name, value) in &self.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        for (name, value) in signed.headers() {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        Some([bytes.as_bytes(), self.body].concat())
    }
}
