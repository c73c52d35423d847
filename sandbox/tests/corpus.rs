//! Requests from which `cargo fuzz` starts: each gets an answer, signed or not, and the sandbox goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/signed.rs"]
mod signed;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Answer, start};
use lambda_layers_sandbox::{ACCESS_KEY, Options};
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

#[track_caller]
fn assert_sound(name: &str, answer: &Answer) {
    assert!(answer.status < 500 && answer.body.len() < ANSWER, "{name}: {answer:?}");
}
