//! Which codes a layer can accept with `allow`, and why the others cannot: whoever adds a code says which it is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::{folder, layership, run};
use crate::printed;

/// Codes of what can be allowed: findings, of which a person may know better.
const ALLOWED: &[&str] = &[
    "archive-architecture",
    "archive-ballast",
    "archive-differs",
    "archive-duplicate",
    "archive-entry",
    "archive-layout",
    "archive-link",
    "archive-mode",
    "archive-not-compared",
    "archive-path",
    "archive-python",
    "archive-stale",
    "archive-unpublished",
    "attest-incomplete",
    "build-undeclared",
    "include-not-kept",
    "include-not-noted",
    "include-unreadable",
    "manifest-not-locked",
    "manifest-unreadable",
    "package-missing",
    "package-not-locked",
    "runtime-unknown",
    "secret-in-manifest",
];

/// Why the others cannot.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "Lambda or S3 refuses it all the same",
        &[
            "archive-invalid",
            "archive-too-large",
            "bucket-missing",
            "bucket-policy",
            "bucket-unversioned",
            "code-storage-exceeded",
            "function-refused",
            "settings-refused",
            "storage-class",
            "wrong-region",
        ],
    ),
    ("there is nothing to go on with", &["archive-missing", "manifest-missing", "build-failed", "write-failed"]),
    ("`unpinned` says what is done with it", &["manifest-unpinned"]),
    (
        "what it was built for is another manifest, which would be published under the wrong one: staging mends it",
        &["archive-inconsistent"],
    ),
    (
        "a call to AWS failed, or what it was to do is not known to be done",
        &[
            "access-denied",
            "attest-failed",
            "backup-failed",
            "credentials",
            "function-busy",
            "function-changed",
            "internal",
            "lock-not-released",
            "network",
            "parameter-failed",
            "share-failed",
            "throttled",
            "timeout",
            "unconfirmed",
            "update-failed",
        ],
    ),
    (
        "somebody else is at work, or something else lies there",
        &["content-mismatch", "locked", "parameter-newer", "plan-stale", "wrong-account"],
    ),
    (
        "it is told of what belongs to no single layer",
        &["include-outside", "region-unknown", "setting-unknown", "targets-differ"],
    ),
    ("another key says who may use a layer, and where it is kept", &["extra-grant", "storage-unchecked"]),
    (
        "`status` finds it, and refuses nothing",
        &[
            "archive-gone",
            "attestation-missing",
            "backup-missing",
            "backups-missing",
            "content-differs",
            "lock-foreign",
            "lock-stale",
            "manifest-differs",
            "not-published",
            "parameter-differs",
            "share-extra",
            "share-missing",
            "storage-differs",
        ],
    ),
];

#[test]
fn each_code_can_be_allowed_or_has_its_reason() {
    let page = run(layership(folder().path()), ["explain"]).expect(0).stdout;
    let known: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let others: Vec<&str> = OTHERS.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    let all: BTreeSet<&str> = ALLOWED.iter().copied().chain(others.iter().copied()).collect();
    assert_eq!(all.len(), ALLOWED.len() + others.len(), "each code once");
    assert_eq!(all, known);
    let schema: Value = serde_json::from_str(&printed("layers")).unwrap();
    let taken: BTreeSet<&str> = schema["definitions"]["Check"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["const"].as_str())
        .collect();
    assert_eq!(ALLOWED.iter().copied().collect::<BTreeSet<_>>(), taken, "what `allow` takes");
    let too_large = run(layership(folder().path()), ["explain", "archive-too-large"]).expect(0).stdout;
    assert!(too_large.contains("No `allow` accepts it"), "{too_large}");
}
