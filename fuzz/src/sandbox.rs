//! Requests to the sandbox: as they are, and signed, since nobody gets far without the secret.
//!
//! It may panic, which tells the fuzzer that something is wrong: see the crate.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lambda_layers_sandbox::{ACCESS_KEY, Options, Sandbox};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

use crate::signed::Unsigned;

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
    if let Some(signed) = Unsigned::read(bytes).and_then(|request| request.signed(ACCESS_KEY, SECRET)) {
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
