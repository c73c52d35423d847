//! Requests from which `cargo fuzz` starts: each gets an answer, signed or not, and the sandbox goes on. And journals: whoever
//! wrote them, they are served and looked at, or refused by a line's number.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/signed.rs"]
mod signed;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Answer, Started, start};
use lambda_layers_sandbox::{ACCESS_KEY, Options, Sandbox};
use signed::Unsigned;

/// More than any of these is answered, in bytes.
const ANSWER: usize = 1_000_000;

#[tokio::test]
async fn every_request_of_the_corpus_is_answered() {
    let started = start(|dir| Options { auto_create_buckets: true, ..Options::new(dir) }).await;
    let secret = started.sandbox.secret().to_owned();
    let mut statuses: BTreeMap<String, u16> = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/requests");
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&file).unwrap();
        let request = Unsigned::read(&bytes).unwrap_or_else(|| panic!("{name} is no request"));
        let answer = started.exchange(request.signed(ACCESS_KEY, &secret).expect("it can be signed")).await;
        assert_sound(&name, &answer);
        statuses.insert(name.clone(), answer.status);
        // By somebody who does not know the secret.
        let answer = started.exchange(request.signed(ACCESS_KEY, "another-secret").unwrap()).await;
        assert_sound(&name, &answer);
        assert!([400, 403].contains(&answer.status), "{name}: {answer:?}");
    }
    assert!(statuses.len() > 30, "only {} requests", statuses.len());
    for (name, status) in &statuses {
        assert_ne!(*status, 403, "{name} did not get past the door");
    }
    for known in ["put-object", "list-layers", "caller-identity", "put-parameter", "create-bucket"] {
        assert!(statuses[known] < 300 || statuses[known] == 409, "{known}: {}", statuses[known]);
    }
}

/// What is asked of a sandbox whose folder came from elsewhere, each for a service.
const LOOKS: [(&str, &str); 9] = [
    ("s3", "GET /artifacts?list-type=2"),
    ("s3", "GET /artifacts?versions"),
    ("s3", "GET /artifacts?uploads"),
    ("s3", "HEAD /artifacts/k"),
    ("s3", "GET /artifacts/k?uploadId=u"),
    ("lambda", "GET /2018-10-31/layers/numpy/versions"),
    ("lambda", "GET /2018-10-31/layers/numpy/versions/1"),
    ("lambda", "GET /2015-03-31/functions/orders"),
    ("lambda", "GET /2015-03-31/functions/orders/aliases"),
];

#[tokio::test]
async fn every_journal_of_the_corpus_is_served_or_refused() {
    let (mut served, mut refused) = (0, 0);
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/journal")).unwrap() {
        let file = file.unwrap().path();
        let (name, folder) = (file.display().to_string(), tempfile::tempdir().unwrap());
        if file.extension().is_some_and(|end| end == "json") {
            // Fault rules, which come in a file as well.
            let options = Options { faults: Some(file), ..Options::new(folder.path()) };
            Sandbox::start(options).await.expect(&name).stop().await;
            continue;
        }
        std::fs::write(folder.path().join("lock"), "").unwrap();
        std::fs::copy(&file, folder.path().join("journal.jsonl")).unwrap();
        match Sandbox::start(Options::new(folder.path())).await {
            Err(error) => {
                assert!(error.to_string().contains("journal.jsonl line "), "{name}: {error}");
                refused += 1;
            }
            Ok(sandbox) => {
                let started = Started { sandbox, folder };
                assert_looked_at(&name, &started).await;
                started.sandbox.stop().await;
                let folder = started.folder;
                Sandbox::start(Options::new(folder.path())).await.expect(&name).stop().await;
                served += 1;
            }
        }
    }
    assert!(served >= 3 && refused >= 2, "{served} served, {refused} refused");
}

async fn assert_looked_at(name: &str, started: &Started) {
    for (service, line) in LOOKS {
        let request = format!("{line} HTTP/1.1\r\nservice: {service}\r\n\r\n");
        let request = Unsigned::read(request.as_bytes()).unwrap();
        let answer = started.exchange(request.signed(ACCESS_KEY, started.sandbox.secret()).unwrap()).await;
        // What no header can have is the sandbox's own failure, and no reason to end.
        assert!(answer.status >= 200 && answer.body.len() < ANSWER, "{name}, {line}: {answer:?}");
    }
    let state = started.control("GET /_sandbox/state", &serde_json::Value::Null).await;
    assert_eq!(state.status, 200, "{name}: {state:?}");
}

#[track_caller]
fn assert_sound(name: &str, answer: &Answer) {
    assert!(answer.status < 500 && answer.body.len() < ANSWER, "{name}: {answer:?}");
}
