//! What somebody else changed meanwhile: a staged zip replaced between its check and its publish, a backup that is there
//! already, versions that were deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::bench::{BUCKET, Bench, LEASE, SETTLED, archive, is, job, manifest, outcome, sha256};
use crate::sdk::Sdk;

/// A bench with its bucket, and one layer staged at revision 1.
fn staged(versioned: bool, with_sha256: bool) -> (Bench, Sdk) {
    let bench = Bench::with(&["--strict-buckets"]);
    bench.layers(&["layer"], "");
    bench.revise("layer", 1);
    let sdk = Sdk::at(&bench);
    sdk.bucket(versioned);
    sdk.stage("layer", 1, with_sha256);
    (bench, sdk)
}

/// Just before Lambda reads the zip, somebody stages another one.
fn replaced_before_publish(bench: &Bench) {
    let body = STANDARD.encode(archive("layer", 7));
    let fault = json!({"kind": "replace-object", "body": body});
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": fault}));
}

fn publish(bench: &Bench, args: &[&str]) -> Value {
    let args: Vec<_> = ["publish"].iter().chain(args).copied().collect();
    let report = bench.run(&args).report();
    crate::bench::adds_up(&report);
    job(&report, "layer").clone()
}

#[test]
fn in_a_versioned_bucket_the_zip_that_was_checked_is_published() {
    for with_sha256 in [true, false] {
        let (bench, _sdk) = staged(true, with_sha256);
        replaced_before_publish(&bench);
        assert_eq!(outcome(&publish(&bench, &[])), ("published", ""), "with SHA-256: {with_sha256}");
        let state = bench.state();
        assert_eq!(state.contents("layer"), [sha256(&archive("layer", 1))]);
        assert_eq!(state.object("layer", "000001/requirements.txt")["sha256"], sha256(&manifest("layer", 1)));
        assert_eq!(state.lock("layer")["phase"], "free");
    }
}

#[test]
fn in_a_bucket_without_versions_a_replaced_zip_is_found_and_not_recorded() {
    for with_sha256 in [true, false] {
        let (bench, sdk) = staged(false, with_sha256);
        replaced_before_publish(&bench);
        let failed = publish(&bench, &[]);
        assert_eq!(outcome(&failed), ("failed", "content-mismatch"), "with SHA-256: {with_sha256}: {failed:#}");
        assert_eq!(failed["version"], 1, "the report names the version that has other content");
        assert!(failed["error"]["hint"].as_str().is_some_and(|hint| hint.contains("versioning")), "{failed:#}");
        let state = bench.state();
        assert_eq!(state.contents("layer"), [sha256(&archive("layer", 7))]);
        assert!(state.object("layer", "000001/requirements.txt").is_null(), "a backup of what was not published");

        // Staged again, it is published, and both versions stay what they are.
        sdk.stage("layer", 1, with_sha256);
        bench.advance(LEASE + 2);
        assert_eq!(outcome(&publish(&bench, &[])), ("published", ""));
        let state = bench.state();
        assert_eq!(state.contents("layer"), [sha256(&archive("layer", 7)), sha256(&archive("layer", 1))]);
        assert!(state.object("layer", "000001/requirements.txt").is_null());
        assert_eq!(state.object("layer", "000002/requirements.txt")["sha256"], sha256(&manifest("layer", 1)));
        assert_eq!(state.lock("layer")["phase"], "free");
    }
}

/// The staged zip is uploaded anew at a request, with the metadata that it has.
fn uploaded_at(operation: &str, part: &str, skip: u32, revision: u32) -> Value {
    let fault = json!({"kind": "replace-object", "body": STANDARD.encode(archive("layer", revision)), "bucket": BUCKET,
        "key": "layers/layer/layer/layer.zip"});
    json!({"operation": operation, "match": part, "skip": skip, "times": 1, "fault": fault})
}

/// Each with what is done to the zip between its check and its publish, and with the revision that Lambda then reads.
fn replacements() -> [(&'static str, Value, u32); 2] {
    [
        // Under the lock, and once more right before Lambda reads it.
        (
            "twice",
            json!([uploaded_at("PutObject", "publish.lock", 0, 7), uploaded_at("PublishLayerVersion", "", 0, 8)]),
            8,
        ),
        // Whoever looks at the archive afterwards finds the entity tag of the one that was checked.
        (
            "put back",
            json!([uploaded_at("PublishLayerVersion", "", 0, 7), uploaded_at("PutObject", "publish.lock", 2, 1)]),
            7,
        ),
    ]
}

#[test]
fn a_zip_that_is_replaced_twice_or_put_back_gets_no_backup_that_is_not_its_own() {
    for (what, rules, read) in replacements() {
        for (versioned, with_sha256) in [(true, true), (true, false), (false, true), (false, false)] {
            let (bench, _sdk) = staged(versioned, with_sha256);
            bench.faults(&rules);
            let ended = publish(&bench, &[]);
            let state = bench.state();
            let backup = state.object("layer", "000001/requirements.txt");
            let case = format!("{what}, versioned: {versioned}, with SHA-256: {with_sha256}: {ended:#}");
            if versioned {
                assert_eq!(outcome(&ended), ("published", ""), "{case}");
                assert_eq!(state.contents("layer"), [sha256(&archive("layer", 1))], "{case}");
                assert_eq!(backup["sha256"], sha256(&manifest("layer", 1)), "{case}");
            } else {
                assert_eq!(outcome(&ended), ("failed", "content-mismatch"), "{case}");
                assert_eq!(state.contents("layer"), [sha256(&archive("layer", read))], "{case}");
                assert!(backup.is_null(), "{case}");
            }
        }
    }
}

#[test]
fn a_replaced_zip_is_not_taken_for_ours_when_the_answer_is_lost_too() {
    for with_sha256 in [true, false] {
        let (bench, _sdk) = staged(false, with_sha256);
        let body = STANDARD.encode(archive("layer", 7));
        let replace = json!({"kind": "replace-object", "body": body, "bucket": BUCKET,
            "key": "layers/layer/layer/layer.zip"});
        bench.faults(&json!([
            // Under the lock: the zip was checked, and is not published yet.
            {"operation": "HeadObject", "match": "000001", "times": 1, "fault": replace},
            {"operation": "PublishLayerVersion", "times": 1, "fault": "cut-after"},
        ]));
        let running = bench.spawn(&["publish"]);
        bench.until("it looks for its version", |requests| {
            requests.iter().any(|request| is(request, "GetLayerVersion", "layer") && request["done"] == true)
        });
        bench.advance(SETTLED);
        // Its own version is not there, and the archive that would be published again is another one.
        let failed = job(&running.end().expect(1).report(), "layer").clone();
        assert_eq!(outcome(&failed), ("failed", "content-mismatch"), "with SHA-256: {with_sha256}: {failed:#}");
        assert_eq!(bench.count("PublishLayerVersion", "layer"), 1);
        assert!(bench.state().object("layer", "000001/requirements.txt").is_null(), "{failed:#}");
    }
}

#[test]
fn a_lost_answer_is_found_whether_or_not_s3_keeps_a_sha256() {
    for (versioned, with_sha256) in [(true, true), (true, false), (false, true), (false, false)] {
        for fault in ["cut-after", "garbage-after"] {
            let (bench, _sdk) = staged(versioned, with_sha256);
            bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": fault}));
            assert_eq!(outcome(&publish(&bench, &[])), ("published", ""));
            bench.state().assert_exactly("layer", &[1]);
        }
    }
}

#[test]
fn a_strangers_version_is_not_taken_for_ours_when_the_answer_is_lost() {
    for with_sha256 in [true, false] {
        let (bench, sdk) = staged(true, with_sha256);
        bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": "hang"}));
        let running = bench.spawn(&["publish", "--request-timeout-seconds", "2"]);
        bench.until_hanging("hang");
        sdk.publish("layer", archive("stranger", 1));
        bench.until("it looks for its version", |requests| {
            requests.iter().any(|request| is(request, "GetLayerVersion", "layer") && request["done"] == true)
        });
        bench.advance(SETTLED);
        let report = running.end().expect(0).report();
        let job = job(&report, "layer");
        assert_eq!((outcome(job), &job["version"]), (("published", ""), &json!(2)), "{job:#}");
        let state = bench.state();
        assert_eq!(state.contents("layer"), [sha256(&archive("stranger", 1)), sha256(&archive("layer", 1))]);
        assert_eq!(state.keys("layer"), ["000002/requirements.txt", "layer.zip", "publish.lock"]);
    }
}

#[test]
fn a_backup_that_is_older_than_its_version_is_replaced() {
    // Left by another layer, another account or an endpoint that was reset.
    for versioned in [true, false] {
        let (bench, sdk) = staged(versioned, true);
        sdk.put("layers/layer/layer/000001/requirements.txt", b"someone-else==1.0\n");
        // Last-Modified tells whole seconds.
        bench.advance(2);
        assert_eq!(outcome(&publish(&bench, &[])), ("published", ""), "versioned: {versioned}");
        bench.state().assert_exactly("layer", &[1]);
        assert_eq!(outcome(&publish(&bench, &[])), ("unchanged", ""));
    }
}

#[test]
fn old_backups_under_all_the_numbers_to_come_cost_no_version_and_no_error() {
    let (bench, sdk) = staged(false, true);
    for number in 1..=4 {
        sdk.put(&format!("layers/layer/layer/{number:06}/requirements.txt"), b"another-layer==1.0\n");
    }
    bench.advance(2);
    for revision in 1..=3 {
        bench.revise("layer", revision);
        bench.run(&["stage"]).expect(0);
        assert_eq!(outcome(&publish(&bench, &[])), ("published", ""), "revision {revision}");
        assert_eq!(outcome(&publish(&bench, &[])), ("unchanged", ""), "revision {revision}");
    }
    let state = bench.state();
    assert_eq!(state.contents("layer"), [1, 2, 3].map(|revision| sha256(&archive("layer", revision))));
    for number in 1..=3 {
        let backup = state.object("layer", &format!("{number:06}/requirements.txt"));
        assert_eq!(backup["sha256"], sha256(&manifest("layer", number)), "{number}");
    }
}

#[test]
fn a_backup_that_is_older_than_its_version_makes_no_change_of_what_a_dead_run_published() {
    let (bench, sdk) = staged(true, true);
    sdk.put("layers/layer/layer/000001/requirements.txt", b"someone-else==1.0\n");
    bench.advance(2);
    // It dies before it replaces that backup.
    bench.faults(&json!({"operation": "PutObject", "match": "000001", "times": 1, "fault": "hang"}));
    let running = bench.spawn(&["publish"]);
    bench.until_hanging("hang");
    running.kill();
    bench.calm();
    assert_eq!(outcome(&publish(&bench, &[])), ("adopted", ""));
    bench.state().assert_exactly("layer", &[1]);
}

#[test]
fn a_backup_that_is_younger_than_its_version_is_never_overwritten() {
    let (bench, sdk) = staged(true, true);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": {"kind": "latency", "ms": 1500}}));
    bench.faults(
        &json!({"operation": "PutObject", "match": "000001", "times": 1, "fault": {"kind": "latency", "ms": 4000}}),
    );
    let running = bench.spawn(&["publish"]);
    bench.until("it writes its backup", |requests| requests.iter().any(|request| is(request, "PutObject", "000001")));
    bench.advance(2);
    sdk.put("layers/layer/layer/000001/requirements.txt", b"someone-else==1.0\n");
    let failed = job(&running.end().expect(1).report(), "layer").clone();
    assert_eq!(outcome(&failed), ("failed", "backup-failed"), "{failed:#}");
    let said = format!("{} {}", failed["error"]["message"], failed["error"]["causes"]);
    assert!(said.contains("another manifest"), "{said}");
    assert!(said.contains("layers/layer/layer/000001/requirements.txt"), "{said}");
    assert_eq!(failed["layer_version_arn"], "arn:aws:lambda:us-east-1:123456789012:layer:layer:1");
    let state = bench.state();
    assert_eq!(state.contents("layer"), [sha256(&archive("layer", 1))]);
    let backup = state.object("layer", "000001/requirements.txt");
    assert_eq!(backup["sha256"], sha256(b"someone-else==1.0\n"));
    // The manifest that is there is another one, but the content is what is staged: a person has to say which is right.
    bench.calm();
    assert_eq!(outcome(&publish(&bench, &[])), ("failed", "archive-stale"));
    assert_eq!(bench.state().contents("layer").len(), 1);
    bench.layers(&["layer"], "allow = [\"archive-stale\"]");
    assert_eq!(outcome(&publish(&bench, &[])), ("published", ""));
    assert_eq!(bench.state().contents("layer").len(), 2);
    assert_eq!(outcome(&publish(&bench, &[])), ("unchanged", ""));
}

#[test]
fn the_same_backup_already_there_is_fine() {
    let (bench, sdk) = staged(true, true);
    sdk.put("layers/layer/layer/000001/requirements.txt", &manifest("layer", 1));
    assert_eq!(outcome(&publish(&bench, &[])), ("published", ""));
    let state = bench.state();
    assert_eq!(state.object("layer", "000001/requirements.txt")["versions"], 1);
    assert_eq!(state.lock("layer")["phase"], "free");
}

/// Versions 1 to 3 with their backups, of which some are deleted in Lambda by hand; then revision 4 is staged.
fn with_deleted(versions: &[i64]) -> (Bench, Sdk) {
    let (bench, sdk) = staged(true, true);
    for revision in 1..=3 {
        bench.revise("layer", revision);
        bench.run(&["publish", "--stage"]).expect(0);
    }
    versions.iter().for_each(|version| sdk.delete_version("layer", *version));
    bench.revise("layer", 4);
    bench.run(&["stage"]).expect(0);
    (bench, sdk)
}

#[test]
fn numbers_of_deleted_versions_are_skipped() {
    for deleted in [&[3][..], &[2, 3], &[1, 2, 3], &[2]] {
        let (bench, _sdk) = with_deleted(deleted);
        let job = publish(&bench, &[]);
        assert_eq!((outcome(&job), &job["version"]), (("published", ""), &json!(4)), "deleted: {deleted:?}");
        let state = bench.state();
        assert_eq!(state.contents("layer").last(), Some(&sha256(&archive("layer", 4))));
        assert_eq!(state.contents("layer").len(), 4 - deleted.len(), "deleted: {deleted:?}");
        assert_eq!(state.object("layer", "000004/requirements.txt")["sha256"], sha256(&manifest("layer", 4)));
        assert_eq!(state.lock("layer")["phase"], "free");
        assert_eq!(outcome(&publish(&bench, &[])), ("unchanged", ""));
    }
}

#[test]
fn a_lost_answer_is_found_behind_the_numbers_of_deleted_versions() {
    for deleted in [&[3][..], &[1, 2, 3]] {
        let (bench, _sdk) = with_deleted(deleted);
        bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": "cut-after"}));
        assert_eq!(outcome(&publish(&bench, &[])), ("published", ""), "deleted: {deleted:?}");
        let state = bench.state();
        assert_eq!(state.contents("layer").len(), 4 - deleted.len(), "deleted: {deleted:?}: published twice");
        assert_eq!(state.object("layer", "000004/requirements.txt")["sha256"], sha256(&manifest("layer", 4)));
    }
}

#[test]
fn what_a_dead_run_published_is_found_behind_the_numbers_of_deleted_versions() {
    let (bench, _sdk) = with_deleted(&[3]);
    bench.faults(&json!({"operation": "PublishLayerVersion", "times": 1, "fault": "hang-after"}));
    let running = bench.spawn(&["publish"]);
    bench.until_hanging("hang-after");
    running.kill();
    bench.calm();
    // The list does not show it yet.
    bench.faults(&json!({"operation": "ListLayerVersions", "times": 1, "fault": "stale-list"}));
    assert_eq!(outcome(&publish(&bench, &[])), ("adopted", ""));
    assert_eq!(bench.state().contents("layer").len(), 3, "published twice");
}
