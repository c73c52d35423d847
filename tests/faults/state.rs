//! What is in S3 and Lambda, against what undisturbed runs leave there.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{BUCKET, archive, manifest, md5, sha256};

/// SHA-256 in hexadecimal.
fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is in S3 and Lambda, as the sandbox says.
pub struct State {
    pub(super) all: Value,
    /// What each lock says, by its key.
    pub(super) locks: BTreeMap<String, Value>,
}

impl State {
    /// The keys below a layer's prefix, relative to it.
    pub fn keys(&self, name: &str) -> Vec<String> {
        let prefix = format!("layers/{name}/layer/");
        let objects = self.all["buckets"][BUCKET]["objects"].as_object().cloned().unwrap_or_default();
        objects.keys().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect()
    }

    /// An object below a layer's prefix; null if it is not there.
    pub fn object(&self, name: &str, key: &str) -> &Value {
        &self.all["buckets"][BUCKET]["objects"][format!("layers/{name}/layer/{key}")]
    }

    /// SHA-256 of the content of each version, from the first.
    pub fn contents(&self, name: &str) -> Vec<String> {
        let layer = &self.all["layers"][format!("123456789012/us-east-1/{name}")];
        let last = layer["last"].as_u64().unwrap_or_default();
        (1..=last)
            .filter_map(|number| layer["versions"][number.to_string()]["code_sha256"].as_str().map(str::to_owned))
            .collect()
    }

    /// Asserts that a layer is exactly as undisturbed runs of these revisions leave it: one version for each, with its
    /// content; one backup for each, with its bytes, at its key; the last one staged; a free lock, and nothing else.
    #[track_caller]
    pub fn assert_exactly(&self, name: &str, revisions: &[u32]) {
        self.assert_recorded(name, revisions);
        let lock = self.lock(name);
        let wanted = sha256_hex(&archive(name, *revisions.last().expect("a revision")));
        assert_eq!((&lock["phase"], &lock["last"]["sha256"]), (&json!("free"), &json!(wanted)), "{name}: {lock:#}");
    }

    /// What the lock of a layer says; null if there is none.
    pub fn lock(&self, name: &str) -> &Value {
        self.locks.get(&format!("layers/{name}/layer/publish.lock")).unwrap_or(&Value::Null)
    }

    /// The same, but the lock may be that of a run that died.
    #[track_caller]
    pub fn assert_recorded(&self, name: &str, revisions: &[u32]) {
        let contents: Vec<_> = revisions.iter().map(|revision| sha256(&archive(name, *revision))).collect();
        assert_eq!(self.contents(name), contents, "{name}: versions");
        let mut expected = Vec::new();
        for (number, revision) in (1..).zip(revisions) {
            let key = format!("{number:06}/requirements.txt");
            let backup = self.object(name, &key);
            assert_eq!(backup["sha256"], sha256(&manifest(name, *revision)), "{name}: backup {number}");
            assert_eq!(backup["content_type"], "text/plain", "{name}: backup {number}");
            expected.push(key);
        }
        expected.push("layer.zip".to_owned());
        let found: Vec<_> = self.keys(name).into_iter().filter(|key| key != "publish.lock").collect();
        assert_eq!(found, expected, "{name}: objects");
        let last = revisions.last().expect("a revision");
        let staged = self.object(name, "layer.zip");
        assert_eq!(staged["sha256"], sha256(&archive(name, *last)), "{name}: staged archive");
        assert_eq!(staged["metadata"]["manifest_md5"], md5(&manifest(name, *last)), "{name}: staged archive");
    }
}
