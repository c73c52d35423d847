//! Requests to the sandbox: as they are, and signed, since nobody gets far without the secret. And folders of it, which come
//! with a checkout.
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
    runtime.block_on(send(&sandbox.sandbox, bytes.to_vec(), Then::HangUp));
    if let Some(signed) = Unsigned::read(bytes).and_then(|request| request.signed(ACCESS_KEY, SECRET)) {
        runtime.block_on(send(&sandbox.sandbox, signed, Then::HangUp));
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

/// What is asked of a sandbox whose folder came from elsewhere, each for a service.
const LOOKS: [(&str, &str); 15] = [
    ("s3", "GET /"),
    ("s3", "GET /artifacts?list-type=2"),
    ("s3", "GET /artifacts?versions"),
    ("s3", "GET /artifacts?uploads"),
    ("s3", "GET /artifacts?policy"),
    ("s3", "HEAD /artifacts/k"),
    ("s3", "GET /artifacts/k?partNumber=2"),
    ("s3", "GET /artifacts/k?uploadId=u"),
    ("lambda", "GET /2018-10-31/layers"),
    ("lambda", "GET /2018-10-31/layers/numpy/versions"),
    ("lambda", "GET /2018-10-31/layers/numpy/versions/1"),
    ("lambda", "GET /2018-10-31/layers/numpy/versions/1/policy"),
    ("lambda", "GET /2015-03-31/functions"),
    ("lambda", "GET /2015-03-31/functions/orders"),
    ("lambda", "GET /2015-03-31/functions/orders/aliases"),
];

/// A sandbox's journal that somebody else wrote, or a list of fault rules: it is served and looked at, and served once more as
/// it was.
pub fn journal(bytes: &[u8]) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let folder = tempfile::tempdir_in(crate::folder()).expect("a folder");
    let [journal, rules] = ["journal.jsonl", "rules.json"].map(|name| folder.path().join(name));
    std::fs::write(folder.path().join("lock"), "").expect("written");
    // No journal begins like a list.
    let is_rules = bytes.starts_with(b"[");
    std::fs::write(if is_rules { &rules } else { &journal }, bytes).expect("written");
    let options = || Options {
        secret: Some(SECRET.to_owned()),
        faults: is_rules.then(|| rules.clone()),
        ..Options::new(folder.path())
    };
    let Ok(sandbox) = runtime.block_on(Sandbox::start(options())) else { return };
    if !is_rules {
        LOOKS.iter().for_each(|(service, line)| look(runtime, &sandbox, (service, line)));
    }
    runtime.block_on(sandbox.stop());
    let lines = || std::fs::read(&journal).expect("a journal").iter().filter(|byte| **byte == b'\n').count();
    let kept = lines();
    let again = runtime.block_on(Sandbox::start(options())).expect("what it wrote itself, it takes");
    runtime.block_on(again.stop());
    assert_eq!(lines(), kept);
}

fn look(runtime: &Runtime, sandbox: &Sandbox, (service, line): (&str, &str)) {
    let request = format!("{line} HTTP/1.1\r\nservice: {service}\r\n\r\n");
    let signed = Unsigned::read(request.as_bytes()).and_then(|request| request.signed(ACCESS_KEY, SECRET));
    let answer = runtime.block_on(send(sandbox, signed.expect("a request"), Then::Wait));
    assert!(answer.starts_with(b"HTTP/1.1 "), "no answer to {line}");
}

/// What a client does that has sent all.
#[derive(PartialEq)]
enum Then {
    /// It says that nothing more will come: whoever is at work on an answer may drop it.
    HangUp,
    /// It waits for the end of a connection that it asked to be closed.
    Wait,
}

async fn send(sandbox: &Sandbox, bytes: Vec<u8>, then: Then) -> Vec<u8> {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    sandbox.attend(server);
    let exchange = async {
        let (mut from, mut to) = tokio::io::split(&mut client);
        let write = async {
            let _ = to.write_all(&bytes).await;
            if then == Then::HangUp {
                let _ = to.shutdown().await;
            }
        };
        let mut answer = Vec::new();
        let (_, read) = tokio::join!(write, from.read_to_end(&mut answer));
        let _ = read;
        assert!(answer.len() < 1 << 24, "{} bytes for an answer", answer.len());
        answer
    };
    tokio::time::timeout(PATIENCE, exchange).await.expect("an answer, or an end")
}
