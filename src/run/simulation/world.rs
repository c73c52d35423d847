//! The sandbox of a simulation, what is published to it, and the oracle: the sandbox's own account of what is there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ChecksumAlgorithm, VersioningConfiguration};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use lambda_layers_sandbox::{Options as SandboxOptions, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;

use super::schedule::Schedule;
use super::wire::Wire;
use crate::aws;
use crate::config::{self, Problems, Source, Text};
use crate::event::Mode;
use crate::layer::{Md5, Sha256};
use crate::outcome::JobReport;
use crate::plan::{Ambient, Job, Plan, build};
use crate::run::{Approval, Events, Pruning, RunIdentity, RunOptions, Stop, run};

const BUCKET: &str = "simulation";
const SECRET: &str = "simulation-secret";
const LAYER: &str = "layer";
/// Revisions before the ones that the runs publish.
const OLDER: u32 = 100;

/// A sandbox and the projects of two revisions.
pub struct World {
    folder: TempDir,
    sandbox: Arc<Sandbox>,
    s3: aws_sdk_s3::Client,
    with_sha256: bool,
}

impl World {
    /// The world before a schedule begins: some versions are published, some deleted, revision 1 is staged.
    pub async fn open(schedule: &Schedule) -> Self {
        let folder = tempfile::Builder::new().prefix("layership-test-").tempdir().expect("a folder");
        let options =
            SandboxOptions { secret: Some(SECRET.to_owned()), ..SandboxOptions::new(folder.path().join("sandbox")) };
        let sandbox = Sandbox::start(options).await.expect("a sandbox");
        let sandbox = Arc::new(sandbox);
        let s3 = client(&sandbox);
        let world = Self { folder, sandbox, s3, with_sha256: schedule.with_sha256 };
        world.bucket(schedule.versioned).await;
        for older in 1..=schedule.before {
            world.stage(OLDER + older).await;
            let report = world.publish(OLDER + older, &world.wire(), "earlier").await;
            assert!(report.error.is_none(), "{:?}", report.error);
        }
        for version in (schedule.before - schedule.deleted + 1)..=schedule.before {
            world.delete_version(version).await;
        }
        world.stage(1).await;
        world.control("POST", "/_sandbox/faults", &Value::Array(schedule.faults.clone()).to_string()).await;
        world
    }

    /// A way to the sandbox for one run.
    pub fn wire(&self) -> Wire {
        Wire::to(&self.sandbox)
    }

    async fn bucket(&self, versioned: bool) {
        self.s3.create_bucket().bucket(BUCKET).send().await.expect("a bucket");
        if versioned {
            let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
            let set = self.s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on);
            set.send().await.expect("versioning");
        }
    }

    /// Uploads the archive of a revision, as others do.
    pub async fn stage(&self, revision: u32) {
        // Faults may strike this one too.
        for _ in 0..5 {
            let request = self.s3.put_object().bucket(BUCKET).key("layers/layer/layer/layer.zip");
            let request = request.metadata("manifest_md5", Md5::of(&manifest(revision)).to_string());
            let request = request.set_checksum_algorithm(self.with_sha256.then_some(ChecksumAlgorithm::Sha256));
            if request.body(ByteStream::from(archive(revision))).send().await.is_ok() {
                return;
            }
        }
        panic!("cannot stage");
    }

    async fn delete_version(&self, version: u32) {
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_lambda::config::Region::new("us-east-1"))
            .endpoint_url(self.sandbox.endpoint())
            .http_client(self.wire().http_client())
            .credentials_provider(Credentials::new("simulation", SECRET, None, None, "test"))
            .build();
        let request = aws_sdk_lambda::Client::from_conf(config).delete_layer_version().layer_name(LAYER);
        request.version_number(version.into()).send().await.expect("deleted");
    }

    /// One run of `layership publish` for this revision, as a process of its own would do it.
    pub async fn publish(&self, revision: u32, wire: &Wire, name: &str) -> JobReport {
        let plan = self.plan(revision);
        let wanted = |job: &Job| aws::Wanted { layers: [job.name.clone()].into(), ..aws::Wanted::default() };
        let wanted = plan.jobs.iter().map(|job| (job.target.name.clone(), wanted(job))).collect();
        let how = aws::ConnectOptions {
            request_timeout: Duration::from_secs(20),
            lambda_requests_per_second: 1000,
            session_name: name.to_owned(),
            endpoint: Some(aws::Endpoint {
                url: self.sandbox.endpoint(),
                access_key: "simulation".to_owned(),
                secret_key: SECRET.to_owned(),
            }),
            http_client: Some(wire.http_client()),
        };
        let sessions = aws::connect(&plan.targets(), wanted, &how);
        let options = RunOptions {
            mode: Mode::Publish,
            build: None,
            stage_first: false,
            force: false,
            align: false,
            revoke: false,
            checkout: futures::FutureExt::shared(futures::FutureExt::boxed(std::future::ready(None))),
            attest_dir: None,
            strict: false,
            fail_fast: false,
            all_or_nothing: false,
            all_versions: false,
            tells_dependencies: false,
            pruning: Pruning::default(),
            concurrency: 4,
            lock_wait: Duration::from_secs(60),
            publish_settle: Duration::from_secs(60),
            approval: Approval::Immediate,
            identity: RunIdentity { run: name.to_owned(), host: "simulated".to_owned() },
        };
        let (events, _received) = unbounded_channel();
        run(&plan, sessions, options, Events::new(events), Stop::default()).await.remove(0)
    }

    fn plan(&self, revision: u32) -> Plan {
        let folder = self.folder.path().join(revision.to_string());
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("requirements.txt"), manifest(revision)).expect("a manifest");
        let path = folder.join("layers.toml");
        let text = format!(
            "[layers.{LAYER}]\nmanifest = \"requirements.txt\"\nbucket = \"{BUCKET}\"\ncompatible-runtimes = [\"python3.12\"]\n"
        );
        std::fs::write(&path, text).expect("a layers file");
        planned(&path)
    }

    /// No faults any more.
    pub async fn heal(&self) {
        self.control("DELETE", "/_sandbox/faults", "").await;
    }

    /// What is there now.
    pub async fn state(&self) -> State {
        let all: Value = serde_json::from_slice(&self.control("GET", "/_sandbox/state", "").await).expect("JSON");
        let objects = &all["buckets"][BUCKET]["objects"];
        let lock = match objects["layers/layer/layer/publish.lock"].is_null() {
            true => Value::Null,
            false => {
                let body =
                    self.control("GET", "/_sandbox/objects/simulation/layers/layer/layer/publish.lock", "").await;
                serde_json::from_slice(&body).expect("a lock")
            }
        };
        let versions = all["layers"]["123456789012/us-east-1/layer"]["versions"].as_object().cloned();
        let contents = versions.unwrap_or_default().into_iter().map(|(number, version)| {
            (number.parse().expect("a number"), version["code_sha256"].as_str().unwrap_or_default().to_owned())
        });
        let backups = objects.as_object().into_iter().flatten().filter_map(|(key, object)| {
            let number = key.strip_prefix("layers/layer/layer/")?.strip_suffix("/requirements.txt")?.parse().ok()?;
            Some((number, object["sha256"].as_str()?.to_owned()))
        });
        State { contents: contents.collect(), backups: backups.collect(), lock }
    }

    /// A request to the sandbox itself.
    async fn control(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.sandbox.endpoint()))
            .header("x-sandbox-secret", SECRET)
            .body(SdkBody::from(body))
            .expect("a request");
        let answer = self.wire().send(request).await.expect("answered");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.into_body().collect().await.expect("a body").to_bytes().to_vec()
    }
}

fn client(sandbox: &Arc<Sandbox>) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(sandbox.endpoint())
        .http_client(Wire::to(sandbox).http_client())
        .credentials_provider(Credentials::new("simulation", SECRET, None, None, "test"))
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

fn planned(path: &Path) -> Plan {
    let text = Text::read(path).expect("a layers file");
    let Ok(source) = Source::parse(&text) else { panic!("no TOML") };
    let mut problems = Problems::of(&source);
    let file = config::read(&mut problems).expect("a layers file");
    let ambient = Ambient { region: Some("us-east-1".to_owned()), env: &|_| None };
    build(&[file], &ambient, &mut problems)
}

fn manifest(revision: u32) -> Vec<u8> {
    format!("layer==1.0.{revision}\n").into_bytes()
}

/// The zip of a revision: the same bytes whenever it is asked for.
fn archive(revision: u32) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file("python/layer.py", options).expect("an entry");
    zip.write_all(format!("REVISION = {revision}\n").as_bytes()).expect("content");
    zip.finish().expect("a zip").into_inner()
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    Sha256::from_bytes(sha2::Sha256::digest(bytes).into()).to_base64()
}

/// What is in Lambda and S3, by version number.
#[derive(Debug)]
pub struct State {
    pub contents: std::collections::BTreeMap<u64, String>,
    backups: std::collections::BTreeMap<u64, String>,
    lock: Value,
}

impl State {
    /// Never two versions of one change; never a backup that does not belong to its version.
    pub fn assert_safe(&self, schedule: &Schedule) {
        for revision in [1, 2] {
            let content = digest(&archive(revision));
            let versions: Vec<_> = self.contents.iter().filter(|(_, found)| **found == content).collect();
            assert!(versions.len() <= 1, "TWO VERSIONS of revision {revision}: {self:#?}\n{schedule:#?}");
            let backup = digest(&manifest(revision));
            for (number, content_there) in &self.contents {
                let of_this = self.backups.get(number) == Some(&backup);
                assert!(!of_this || *content_there == content, "WRONG BACKUP of {number}: {self:#?}\n{schedule:#?}");
            }
        }
    }

    /// The latest version is the last change with its backup, and nobody has anything left to do.
    pub fn assert_healed(&self, schedule: &Schedule, revision: u32, report: &JobReport) {
        let (latest, content) = self.contents.last_key_value().expect("a version");
        assert_eq!(*content, digest(&archive(revision)), "not published: {self:#?}\n{schedule:#?}\n{report:#?}");
        assert_eq!(self.backups.get(latest), Some(&digest(&manifest(revision))), "{self:#?}\n{schedule:#?}");
        assert_eq!(report.version, Some(*latest), "{self:#?}\n{schedule:#?}");
        // Free, or of a run that died when its work was done: then nobody had a reason to touch it.
        let free = self.lock["phase"] == json!("free");
        assert!(free || report.outcome == crate::outcome::Outcome::Unchanged, "{self:#?}\n{schedule:#?}\n{report:#?}");
    }
}
