//! Large archives: sent in parts, several at once, and one piece with its SHA-256 in S3 when it is done.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Digest as _;
use serde_json::{Value, json};

use crate::common::process::Running;
use crate::common::project::{Project, until};
use crate::common::zips::{large_zip, zip};

const MEBI: usize = 1024 * 1024;
/// Five parts.
const SIZE: usize = 36 * MEBI;
const KEY: &str = "layers/torch/layer/layer.zip";

/// A project of one layer with a large archive.
fn project() -> (Project, Vec<u8>) {
    let project = Project::of(&["torch"]);
    let archive = grow(&project);
    (project, archive)
}

/// Gives its layer a large archive.
fn grow(project: &Project) -> Vec<u8> {
    std::fs::remove_dir_all(project.folder().join("torch/layer")).unwrap();
    let archive = large_zip(SIZE);
    project.write("torch/layer", &archive);
    archive
}

/// How often each operation was asked for that has to do with the staged archive.
fn asked(project: &Project) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in project.requests() {
        let (operation, resource) = request.split_once(' ').unwrap();
        if resource.ends_with(KEY) {
            *counts.entry(operation.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[track_caller]
fn assert_asked(project: &Project, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(operation, count)| ((*operation).to_owned(), *count));
    assert_eq!(asked(project), expected.collect::<BTreeMap<_, _>>());
}

fn bucket(project: &Project) -> Value {
    project.state()["buckets"]["artifacts"].clone()
}

#[track_caller]
fn assert_staged(project: &Project, archive: &[u8]) {
    let bucket = bucket(project);
    let staged = &bucket["objects"][KEY];
    assert_eq!(staged["sha256"], STANDARD.encode(sha2::Sha256::digest(archive)), "{bucket:#}");
    let md5 = |bytes: &[u8]| md5::Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(staged["etag"], md5(archive), "it is in one piece");
    assert_eq!(staged["metadata"]["manifest_md5"], md5(&project.read("torch/requirements.txt")));
    assert_eq!(staged["content_type"], "application/zip");
    assert_nothing_is_left(project);
}

/// No upload is left over that costs storage.
#[track_caller]
fn assert_nothing_is_left(project: &Project) {
    assert_eq!(bucket(project)["uploads"], json!({}));
}

const IN_PARTS: [(&str, usize); 5] = [
    ("CompleteMultipartUpload", 1),
    ("CopyObject", 1),
    ("CreateMultipartUpload", 1),
    ("HeadObject", 1),
    ("UploadPart", 5),
];

/// The usual requests, with others in place of some and besides.
fn in_parts_but(others: &[(&'static str, usize)]) -> Vec<(&'static str, usize)> {
    IN_PARTS.into_iter().chain(others.iter().copied()).collect::<BTreeMap<_, _>>().into_iter().collect()
}

#[test]
fn it_goes_up_in_parts_and_is_whole_in_s3() {
    let (project, archive) = project();
    let report = project.run("stage --format json", 0).report();
    assert_asked(&project, &IN_PARTS);
    assert_staged(&project, &archive);
    let staged = project.state()["buckets"]["artifacts"]["objects"][KEY].clone();
    assert_eq!(report["jobs"][0]["archive"]["size"], staged["size"]);

    // Nothing has to be read of it any more, neither for the check nor for the publish.
    project.forget_requests();
    let published = project.run("publish --stage --format json", 0).report();
    assert_eq!(published["jobs"][0]["outcome"], "published");
    assert_asked(&project, &[("HeadObject", 1)]);
    assert_eq!(project.layer_archive("us-east-1", "torch", 1), archive);
}

/// Neither the joining nor the copy loses what the archive says of itself; and where that alone is another, it goes up again.
#[test]
fn what_it_was_built_for_is_noted_on_what_came_in_parts() {
    let (project, archive) = project();
    project.write("torch/requirements.txt", "-r base.txt\n");
    let stage = |base: &str| {
        project.write("torch/base.txt", base);
        project.forget_requests();
        project.inject(r#"[{"operation": "CopyObject", "times": 1, "fault": "cut-after"}]"#);
        let report = project.run("stage --format json", 0).report();
        assert_staged(&project, &archive);
        let noted = bucket(&project)["objects"][KEY]["metadata"]["layership-includes"].clone();
        let digest = report["jobs"][0]["manifest"]["includes"].as_str().unwrap();
        assert_eq!(noted, json!(format!("v1 md5={digest}")));
        asked(&project).contains_key("UploadPart")
    };
    assert!(stage("torch==2.0.0\n"));
    assert!(!stage("torch==2.0.0  # the same\n"));
    assert!(stage("torch==2.1.0\n"));
    project.heal();
    project.run("publish", 0);
}

#[test]
fn a_broken_part_is_sent_again_and_nothing_else() {
    let (project, archive) = project();
    project.inject(r#"[{"operation": "UploadPart", "skip": 2, "times": 2, "fault": "cut-before"}]"#);
    project.run("stage", 0);
    assert_asked(&project, &in_parts_but(&[("UploadPart", 7)]));
    assert_staged(&project, &archive);
}

#[test]
fn what_arrives_damaged_is_sent_again_and_nothing_else() {
    let damaged = |operation: &str, times: usize| {
        let fault = json!({"kind": "error", "status": 400, "code": "BadDigest"});
        json!([{"operation": operation, "times": times, "fault": fault}]).to_string()
    };
    let (project, archive) = project();
    project.inject(&damaged("UploadPart", 2));
    project.run("stage", 0);
    assert_asked(&project, &in_parts_but(&[("UploadPart", 7)]));
    assert_staged(&project, &archive);

    let small = Project::of(&["torch"]);
    small.inject(&damaged("PutObject", 2));
    small.run("stage", 0);
    assert_asked(&small, &[("HeadObject", 1), ("PutObject", 3)]);

    small.build("torch", "torch==2.0.0\n");
    small.inject(&damaged("PutObject", 3));
    let error = small.run("stage --format json", 1).report()["jobs"][0]["error"].clone();
    let message = format!("what was sent to s3://artifacts/{KEY} arrived damaged, 3 times");
    assert_eq!((&error["code"], &error["message"]), (&json!("content-mismatch"), &json!(message)));
    assert!(error["hint"].as_str().unwrap().contains("between this machine and S3"), "{error}");
}

/// Something else writes to the zip after it was digested, before anything of it is sent.
#[test]
fn a_zip_that_changes_while_it_is_sent_replaces_nothing() {
    type Change = fn(&File);
    let changes: [(Change, &str); 2] = [
        (
            |file| file.write_all_at(b"TORN", 20 << 20).unwrap(),
            "bytes 16777216 to 25165824 are not those that were digested",
        ),
        (|file| file.set_len(20 << 20).unwrap(), "it has become shorter"),
    ];
    for (change, why) in changes {
        let project = Project::of(&["torch"]);
        project.run("stage", 0);
        let staged = bucket(&project)["objects"].clone();
        grow(&project);
        project.inject(r#"[{"operation": "CreateMultipartUpload", "fault": {"kind": "error", "status": 503}}]"#);
        let mut command = project.command();
        command.args(["stage", "--format", "json"]);
        let running = Running::start(command);
        until("an upload to be begun", || asked(&project).contains_key("CreateMultipartUpload").then_some(()));
        change(&File::options().write(true).open(project.folder().join("torch/layer")).unwrap());
        project.heal();
        let error = running.end().expect(1).report()["jobs"][0]["error"].clone();
        let message = format!("the archive `torch/layer` changed while it was sent to s3://artifacts/{KEY}");
        assert_eq!((&error["code"], &error["message"]), (&json!("content-mismatch"), &json!(message)), "{error}");
        assert_eq!(error["causes"], json!([why]));
        assert!(error["hint"].as_str().unwrap().contains("nothing was replaced"), "{error}");
        assert_eq!(bucket(&project)["objects"], staged);
        assert_nothing_is_left(&project);
    }
}

#[test]
fn answers_that_are_lost_do_no_harm() {
    let lost = |operation| format!(r#"{{"operation": "{operation}", "times": 1, "fault": "cut-after"}}"#);
    let gone = r#"{"operation": "CompleteMultipartUpload", "fault": {"kind": "error", "status": 404, "code": "NoSuchUpload"}}"#;
    let cases = [
        // Repeated, a completion is answered like the first.
        (lost("CompleteMultipartUpload"), "CompleteMultipartUpload", 1),
        // Where it is refused, and for a copy onto itself, layership looks what there is.
        (format!("{}, {gone}", lost("CompleteMultipartUpload")), "CompleteMultipartUpload", 2),
        (lost("CopyObject"), "CopyObject", 2),
    ];
    for (faults, operation, looks) in cases {
        let (project, archive) = project();
        project.inject(&format!("[{faults}]"));
        project.run("stage", 0);
        assert_asked(&project, &in_parts_but(&[(operation, 2), ("HeadObject", looks)]));
        assert_staged(&project, &archive);
    }
}

#[test]
fn an_upload_that_fails_is_aborted() {
    for operation in ["UploadPart", "CompleteMultipartUpload"] {
        let (project, _) = project();
        project.inject(&format!(r#"[{{"operation": "{operation}", "skip": 0, "fault": "access-denied"}}]"#));
        let failed = project.run("stage --format json", 1).report();
        assert_eq!(failed["jobs"][0]["error"]["code"], "access-denied");
        assert_eq!(asked(&project)["AbortMultipartUpload"], 1);
        assert_nothing_is_left(&project);
    }
}

/// What an earlier run joined lies there, and was not copied onto itself.
#[test]
fn an_upload_that_cannot_be_joined_is_aborted_though_the_same_was_joined_before() {
    let (project, archive) = project();
    project.inject(r#"[{"operation": "CopyObject", "times": 1, "fault": "access-denied"}]"#);
    project.run("stage", 1);
    assert_nothing_is_left(&project);
    project.inject(r#"[{"operation": "CompleteMultipartUpload", "fault": "access-denied"}]"#);
    project.run("stage", 0);
    assert_staged(&project, &archive);
}

#[test]
fn it_is_told_where_an_upload_cannot_be_aborted() {
    let (project, _) = project();
    project.inject(
        r#"[{"operation": "UploadPart", "fault": "access-denied"},
            {"operation": "AbortMultipartUpload", "fault": "access-denied"}]"#,
    );
    let failed = project.run("stage", 1);
    let told = "the parts that were sent stay in S3 until the upload is aborted: not authorized to perform \
                `s3:AbortMultipartUpload`";
    assert!(failed.stderr.contains(told), "{}", failed.stderr);
}

#[test]
fn ctrl_c_aborts_what_is_under_way() {
    let (project, _) = project();
    project.inject(r#"[{"operation": "UploadPart", "skip": 1, "fault": "hang"}]"#);
    let mut command = project.command();
    command.args(["stage", "--report", "json=report.json"]);
    let running = Running::start(command);
    until("the parts to be under way", || (asked(&project).get("UploadPart") == Some(&5)).then_some(()));
    running.signal("INT");
    running.end().expect(130);
    assert_eq!(project.json("report.json")["jobs"][0]["outcome"], "cancelled");
    assert_eq!(asked(&project)["AbortMultipartUpload"], 1);
    assert_nothing_is_left(&project);
}

#[test]
fn another_run_that_stages_meanwhile_is_told() {
    let (project, _) = project();
    let other = STANDARD.encode(zip(&[("python/torch.py", "other")]));
    project.inject(&format!(
        r#"[{{"operation": "CopyObject", "fault": {{"kind": "replace-object", "body": "{other}"}}}}]"#
    ));
    let failed = project.run("stage --format json", 1).report();
    let error = &failed["jobs"][0]["error"];
    assert_eq!(error["code"], "content-mismatch");
    let message = format!("s3://artifacts/{KEY} was replaced while it was being staged");
    assert_eq!(error["message"], message);
}

/// Ten large uploads at once: no more parts than one bound over all of them, and no more memory than that takes.
#[test]
fn many_large_uploads_at_once_are_bounded() {
    let names: Vec<String> = (0..10).map(|number| format!("torch-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let project = Project::of(&names);
    let archive = large_zip(SIZE);
    for name in &names {
        std::fs::remove_dir_all(project.folder().join(name).join("layer")).unwrap();
        project.write(&format!("{name}/layer"), &archive);
    }
    // S3 has the bytes of each part, and does not say so.
    project.inject(r#"[{"operation": "UploadPart", "fault": "hang-after"}]"#);
    let mut command = project.command();
    command.arg("stage");
    let running = Running::start(command);
    let parts = || project.unanswered("UploadPart");
    until("as many parts as there may be", || (parts().1 == 16).then_some(()));
    assert_eq!(parts().0, 16, "another one is under way");
    let peak = running.peak_memory();
    assert!(peak < 128 << 20, "{} MB", peak >> 20);
    running.signal("INT");
    running.end().expect(130);
    assert_nothing_is_left(&project);
}

/// Bytes that were sent, as `--events` tells them.
fn bytes_sent(project: &Project) -> Vec<(u64, u64)> {
    let ended = project.run("stage --events - -q", 0);
    let events = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let sent = events.filter(|event| event["event"] == "bytes-sent");
    sent.map(|event| (event["bytes"].as_u64().unwrap(), event["of"].as_u64().unwrap())).collect()
}

#[test]
fn progress_is_told_in_bytes() {
    let (project, archive) = project();
    let size = archive.len() as u64;
    let told = bytes_sent(&project);
    assert!(told.len() > 10 && told.len() <= 100, "{}", told.len());
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(size, size)));
    assert_eq!(bytes_sent(&Project::of(&["small"])), []);
}
