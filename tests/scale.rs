//! A release of two hundred layers: every ARN right, every backup at its key with its bytes, and nothing the second
//! time. And manifests that are larger than any: what memory they take.
//!
//! What was published is read back through AWS's own SDK, which is among the dependencies anyway: it knows the protocol
//! and nothing of this tool. The tool itself would agree with its own mistakes, and the sandbox's files on disk would
//! tie this test to their form.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod common;

use std::collections::{BTreeMap, BTreeSet};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::Digest as _;

use common::many_layers;
use common::process::Running;
use common::project::Project;

const LAYERS: usize = 200;
const BUCKET: &str = "many-artifacts";

/// The SDK, pointed at the sandbox.
fn sdk(project: &Project) -> SdkConfig {
    let credentials = Credentials::new("sandbox", &project.sandbox.secret, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(&project.sandbox.endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Every object of the bucket: its key, its bytes and its user metadata.
async fn objects(config: &SdkConfig) -> BTreeMap<String, (Vec<u8>, BTreeMap<String, String>)> {
    let client = aws_sdk_s3::Client::new(config);
    let mut pages = client.list_objects_v2().bucket(BUCKET).into_paginator().send();
    let mut objects = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for listed in page.unwrap().contents() {
            let key = listed.key().unwrap();
            let object = client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
            let metadata = object.metadata().cloned().unwrap_or_default().into_iter().collect();
            let bytes = object.body.collect().await.unwrap().to_vec();
            objects.insert(key.to_owned(), (bytes, metadata));
        }
    }
    objects
}

/// Every version of a layer: number, ARN and SHA-256 of its content in base64.
async fn versions(client: &aws_sdk_lambda::Client, layer: &str) -> Vec<(i64, String, String)> {
    let listed = client.list_layer_versions().layer_name(layer).send().await.unwrap();
    assert_eq!(listed.next_marker(), None);
    let mut versions = Vec::new();
    for version in listed.layer_versions() {
        let found =
            client.get_layer_version().layer_name(layer).version_number(version.version()).send().await.unwrap();
        let sha256 = found.content().and_then(|content| content.code_sha256()).unwrap().to_owned();
        versions.push((found.version(), found.layer_version_arn().unwrap().to_owned(), sha256));
    }
    versions
}

#[test]
fn two_hundred_layers() {
    let project = Project::new("");
    // As fast as the sandbox can: the pace is tested elsewhere.
    many_layers(&project.folder(), LAYERS, "[settings]\nlambda-requests-per-second = 10000\n");
    let first = project.run("publish --stage --format json", 0).report();
    let names: Vec<String> = (0..LAYERS).map(|number| format!("layer-{number:03}")).collect();

    let jobs = first["jobs"].as_array().unwrap();
    assert_eq!(first["summary"]["published"], LAYERS);
    assert_eq!(jobs.iter().map(|job| job["layer"].as_str().unwrap()).collect::<Vec<_>>(), names);
    for (job, name) in jobs.iter().zip(&names) {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:1");
        assert_eq!(job["layer_version_arn"], arn);
        assert_eq!(job["manifest"]["backup"], format!("s3://{BUCKET}/layers/{name}/layer/000001/requirements.txt"));
    }
    read_back(&project, &names);

    let second = project.run_writing_nothing("publish --stage --format json", 0).report();
    assert_eq!(second["summary"]["unchanged"], LAYERS);
    let arns = |report: &serde_json::Value| -> BTreeSet<String> {
        report["jobs"].as_array().unwrap().iter().map(|job| job["layer_version_arn"].to_string()).collect()
    };
    assert_eq!(arns(&first), arns(&second), "an unchanged layer keeps its ARN");
    assert_eq!(arns(&first).len(), LAYERS);
}

/// What lies in S3 and Lambda, by the SDK.
fn read_back(project: &Project, names: &[String]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = sdk(project);
        let mut objects = objects(&config).await;
        let lambda = aws_sdk_lambda::Client::new(&config);
        for name in names {
            let manifest = project.read(&format!("{name}/requirements.txt"));
            let (backup, _) =
                objects.remove(&format!("layers/{name}/layer/000001/requirements.txt")).expect("a backup");
            assert_eq!(backup, manifest, "the backup of {name}");

            let (lock, _) = objects.remove(&format!("layers/{name}/layer/publish.lock")).expect("a lock");
            let lock: serde_json::Value = serde_json::from_slice(&lock).expect("JSON");
            assert_eq!((&lock["phase"], &lock["last"]["version"]), (&"free".into(), &1.into()), "{name}: {lock:#}");

            let (zip, metadata) = objects.remove(&format!("layers/{name}/layer/layer.zip")).expect("a staged archive");
            let md5: [u8; 16] = md5::Md5::digest(&manifest).into();
            let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(metadata.get("manifest_md5"), Some(&md5), "what {name} was built from");
            let entries = common::zips::unzip(&zip);
            let number: usize = name.trim_start_matches("layer-").parse().unwrap();
            assert_eq!(entries[&format!("python/{name}.py")].content, format!("NUMBER = {number}\n"));

            let arn = format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:1");
            let sha256 = BASE64.encode(sha2::Sha256::digest(&zip));
            assert_eq!(versions(&lambda, name).await, [(1, arn, sha256)]);
        }
        assert_eq!(objects.keys().collect::<Vec<_>>(), [""; 0], "nothing else is left in the bucket");
    });
}

/// Bytes of a manifest, and what telling a difference of two of them may take beside the program itself: both of them, and
/// what they name. It is a quarter of a manifest of 47 MB, with which a release build stays below 300 MB in all. What an
/// allocator keeps back differs from run to run, so the bound leaves some room. Without optimization a larger manifest would
/// take minutes.
const LARGE: usize = 47_000_000 / 4;
const MEMORY: u64 = 300_000_000 / 4;
/// A quarter of as many as a manifest can have, nearly.
const PACKAGES: usize = 190_000 / 4;

/// A manifest of that size, in which all packages have this version: most is to be told where all of them change.
fn large(file: &str, version: usize) -> String {
    let room = LARGE / PACKAGES;
    let entry = |n: usize| match file {
        "requirements.txt" => {
            let head = format!("package-{n}=={version}.{n} \\\n    --hash=sha256:{n:064x}");
            format!("{head} \\\n    --hash=sha256:{:0width$}\n", 1, width = room - head.len() - 22)
        }
        _ => {
            let head =
                format!(r#""node_modules/package-{n}":{{"version":"{version}.{n}.0","integrity":"sha512-{n:088}""#);
            format!(r#"{head},"resolved":"https://host/{:0width$}"}}"#, n, width = room - head.len() - 30)
        }
    };
    let entries: Vec<String> = (0..PACKAGES).map(entry).collect();
    match file {
        "requirements.txt" => entries.concat(),
        _ => format!(r#"{{"lockfileVersion":3,"packages":{{{}}}}}"#, entries.join(",")),
    }
}

/// Publishes one state of the manifest and plans the other: the peak of the plan's memory, and how many packages changed.
fn difference(project: &Project, file: &str, [old, new]: [String; 2]) -> (u64, Option<usize>) {
    project.write(file, old);
    project.run("publish --stage", 0);
    project.write(file, new);
    let mut plan = project.command();
    plan.args(["plan", "--stage", "--report", "json=report.json"]);
    let (ended, peak) = Running::start(plan).end_measured();
    ended.expect(0);
    let changed = project.json("report.json")["jobs"][0]["dependencies"]["changed"].as_array().map(Vec::len);
    (peak, changed)
}

fn with_manifest(file: &str) -> Project {
    let layers = format!(
        "[layers.a]\nbucket = \"{BUCKET}\"\nmanifest = \"{file}\"\narchive = \"layer\"\nallow = [\"archive-stale\"]\n"
    );
    let project = Project::new(&layers);
    project.write("layer/python/a.py", "A = 1\n");
    project
}

#[test]
fn manifests_larger_than_any_make_a_difference_within_bounded_memory() {
    let small = ["a==1\n", "a==2\n"].map(str::to_owned);
    let (program, changed) = difference(&with_manifest("requirements.txt"), "requirements.txt", small);
    assert_eq!(changed, Some(1));
    for file in ["requirements.txt", "package-lock.json"] {
        let manifests = [1, 2].map(|version| large(file, version));
        assert!(manifests[0].len().abs_diff(LARGE) < LARGE / 50, "{} bytes", manifests[0].len());
        let (peak, changed) = difference(&with_manifest(file), file, manifests);
        assert_eq!(changed, Some(PACKAGES), "{file}");
        let beside = peak.saturating_sub(program);
        assert!(
            beside < MEMORY,
            "{file}: {} MB beside the {} MB of the program",
            beside / 1_000_000,
            program / 1_000_000
        );
        // Both manifests: it is this process that was measured.
        assert!(beside > LARGE as u64, "{file}: {} MB", beside / 1_000_000);
    }
}
