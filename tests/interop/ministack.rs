//! Our own flow against ministack, an emulator that nobody here wrote.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::common::{folder, write, zips};
use crate::python::Python;
use crate::world::{BUCKET, FOLDER, PREFIX, World, ZIP, arn};

/// How long it may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A ministack in a process of its own, with nothing in it.
struct Ministack {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Ministack {
    fn start(python: &Python) -> Self {
        // It cannot choose a port itself, and another process may be quicker to take the one that was free.
        let started = (0..5).find_map(|_| {
            let mut ministack = Self::spawn(python, free_port());
            ministack.is_up().then_some(ministack)
        });
        started.expect("ministack starts at one of five ports")
    }

    fn spawn(python: &Python, port: u16) -> Self {
        let folder = folder();
        let log = File::create(folder.path().join("log")).expect("a log");
        let mut command = python.command(folder.path());
        command.args(["-m", "ministack"]).env("TMPDIR", folder.path()).env("LOG_LEVEL", "WARNING");
        command.env("GATEWAY_PORT", port.to_string()).env("BIND_HOST", "127.0.0.1").env("MINISTACK_HOST", "127.0.0.1");
        // What it would listen to besides, at fixed ports.
        command.env("SFTP_ENABLED", "0").env("IOT_MTLS_ENABLED", "0");
        command.env("MINISTACK_ACCOUNT_ID", "123456789012");
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let child = command.spawn().expect("python starts");
        Self { child, address: format!("127.0.0.1:{port}"), folder }
    }

    /// Waits until it answers; `false` if it ended instead.
    fn is_up(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !healthy(&self.address) {
            if self.child.try_wait().expect("a child").is_some() {
                eprintln!("ministack ended: {}", self.log());
                return false;
            }
            assert!(Instant::now() < deadline, "ministack does not answer within {PATIENCE:?}");
            thread::sleep(Duration::from_millis(50));
        }
        true
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("ministack said:\n{}", self.log());
        }
    }
}

/// A port that nobody listened to a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn healthy(address: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /_ministack/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Stage, publish, keep, refuse, change, adopt.
fn flow(world: &World) {
    let first = world.manifest();
    assert_eq!(world.refusal(&["publish"]), "archive-missing");
    assert_eq!(world.job(&["stage"])["outcome"], "staged");
    assert_eq!(world.job(&["stage"])["outcome"], "unchanged");
    let planned = world.layership(&["plan", "--exit-code"]).expect(3).report();
    assert_eq!(planned["summary"]["planned"], 1, "{planned:#}");
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["layer_version_arn"]), (&json!("published"), &json!(arn(1))), "{job:#}");
    world.assert_versions(&[&first]);
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["layer_version_arn"]), (&json!("unchanged"), &json!(arn(1))), "{job:#}");

    world.locked("web-updated");
    let second = world.manifest();
    assert_eq!(world.refusal(&["plan"]), "archive-inconsistent");
    assert_eq!(world.job(&["stage"])["outcome"], "staged");
    let planned = world.job(&["plan"]);
    assert_eq!(planned["reason"], "dependencies-changed");
    assert_eq!(planned["dependencies"]["changed"][1], json!({ "name": "urllib3", "from": "2.2.3", "to": "2.5.0" }));
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["layer_version_arn"]), (&json!("published"), &json!(arn(2))), "{job:#}");
    world.assert_versions(&[&first, &second]);

    world.aws(&["s3", "rm", &format!("s3://{BUCKET}/{PREFIX}/layer/000002/requirements.txt")]).expect(0);
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["layer_version_arn"]), (&json!("adopted"), &json!(arn(2))), "{job:#}");
    world.layership(&["plan", "--exit-code"]).expect(0);
    world.assert_versions(&[&first, &second]);
}

/// The ARN in a parameter, as the AWS CLI reads it; `None` where there is none.
fn parameter(world: &World) -> Option<String> {
    let ended =
        world.aws(&["ssm", "get-parameter", "--name", PARAMETER, "--query", "Parameter.Value", "--output", "text"]);
    (ended.code == 0).then(|| ended.stdout.trim().to_owned())
}

const PARAMETER: &str = "/layers/web/us-east-1";

/// A parameter is made, left alone, mended, and not taken from somebody else.
fn announced(world: &World, version: usize) {
    assert_eq!(parameter(world), None);
    world.layers_file(FOLDER, "parameter = \"/layers/{layer}/{target}\"");
    let job = world.job(&["plan"]);
    assert_eq!(job["parameter"]["to_write"], true, "{job:#}");
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["parameter"]["written"]), (&json!("unchanged"), &json!(true)), "{job:#}");
    assert_eq!(parameter(world), Some(arn(version)));
    assert_eq!(world.job(&["publish"])["parameter"]["written"], false);
    let put = ["ssm", "put-parameter", "--name", PARAMETER, "--overwrite", "--value"];
    world.aws(&[&put[..], &[&arn(version - 1)]].concat()).expect(0);
    assert_eq!(world.job(&["publish"])["parameter"]["written"], true);
    assert_eq!(parameter(world), Some(arn(version)));
    world.aws(&[&put[..], &["something else"]].concat()).expect(0);
    assert_eq!(world.refusal(&["publish"]), "parameter-failed");
    assert_eq!(parameter(world).as_deref(), Some("something else"));
    world.layers_file(FOLDER, "");
}

/// Grants, a function that uses a version, and what is deleted then.
fn shared_and_pruned(world: &World) {
    world.layers_file(FOLDER, "keep = 1\nshare = [\"210987654321\"]");
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["share"]["granted"]), (&json!("unchanged"), &json!(["210987654321"])), "{job:#}");
    let policy = ["lambda", "get-layer-version-policy", "--layer-name", "web", "--version-number", "3"];
    assert!(world.aws(&policy).expect(0).stdout.contains("210987654321"));
    assert_eq!(world.job(&["publish"])["share"]["granted"], json!([]));

    let code = zips::zip(&[("orders.py", "def handler(event, context): pass\n")]);
    let code = format!("fileb://{}", write(world.project(), "function.zip", code).display());
    let function = ["lambda", "create-function", "--function-name", "orders", "--runtime", "python3.12"];
    let made_of = ["--handler", "orders.handler", "--zip-file", &code, "--layers", &arn(1)];
    let role = ["--role", "arn:aws:iam::123456789012:role/orders"];
    world.aws(&[&function[..], &made_of, &role].concat()).expect(0);
    let status = world.layership(&["status", "--all-versions"]).expect(0).report();
    let status = &status["layers"][0]["targets"][0]["status"];
    assert_eq!((&status["share"]["there"], &status["latest"]["version"]), (&json!(["210987654321"]), &json!(3)));
    assert_eq!(status["versions"].as_array().map(Vec::len), Some(3), "{status:#}");

    let job = world.job(&["prune", "--yes"]);
    assert_eq!(job["prune"]["deleted"], json!([2]), "{job:#}");
    let kept = json!([
        { "version": 3, "because": "latest" },
        { "version": 1, "because": "used", "by": ["orders:$LATEST"] },
    ]);
    assert_eq!(job["prune"]["kept"], kept, "{job:#}");
    let versions = ["lambda", "list-layer-versions", "--layer-name", "web", "--query", "LayerVersions[].Version"];
    let left: serde_json::Value = serde_json::from_str(&world.aws(&versions).expect(0).stdout).expect("JSON");
    assert_eq!(left, json!([3, 1]));
    world.layers_file(FOLDER, "");
}

/// An archive that is uploaded in parts and copied onto itself is published with exactly its content. ministack keeps no
/// SHA-256 of a copy, so it is read once.
fn large(world: &World) {
    let archive = zips::large_zip(34 << 20);
    write(world.project(), ZIP, &archive);
    world.layers_file(ZIP, "");
    let staged = world.job(&["stage"]);
    assert_eq!((&staged["outcome"], &staged["archive"]["size"]), (&json!("staged"), &json!(archive.len())));
    let published = world.job(&["publish", "--force"]);
    assert_eq!((&published["outcome"], &published["reason"]), (&json!("published"), &json!("forced")), "{published:#}");
    assert_eq!(published["archive"]["sha256"], staged["archive"]["sha256"]);
}

#[test]
fn our_flow_works_at_ministack() {
    let Some(python) = Python::find() else { return };
    let ministack = Ministack::start(&python);
    let world = World::at(python, &ministack.endpoint());
    assert_eq!(world.refusal(&["publish"]), "bucket-missing");
    world.aws(&["s3", "mb", &format!("s3://{BUCKET}")]).expect(0);
    flow(&world);

    // What the library staged says nothing of its content: we read the zip's directory in ranges. Not in the versioned
    // bucket: ministack answers a ranged read of a version with the whole object.
    world.locked("web");
    world.library("stage");
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["layer_version_arn"]), (&json!("published"), &json!(arn(3))), "{job:#}");
    assert_eq!(world.library("publish")["refused"], "ValueError");
    announced(&world, 3);
    shared_and_pruned(&world);
    large(&world);
}

#[test]
fn our_flow_works_at_ministack_in_a_versioned_bucket() {
    let Some(python) = Python::find() else { return };
    let ministack = Ministack::start(&python);
    let world = World::at(python, &ministack.endpoint());
    world.aws(&["s3", "mb", &format!("s3://{BUCKET}")]).expect(0);
    let versioning = ["s3api", "put-bucket-versioning", "--bucket", BUCKET];
    world.aws(&[&versioning[..], &["--versioning-configuration", "Status=Enabled"]].concat()).expect(0);
    flow(&world);
}
