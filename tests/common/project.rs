//! A layers file with its manifests and archives in a folder of its own, and a sandbox of its own to run it against.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Ended, Sandbox, control, folder, get, requirements, run, write};

/// Operations that change something in S3 or Lambda.
const WRITES: [&str; 15] = [
    "AddLayerVersionPermission",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteLayerVersion",
    "DeleteParameter",
    "PublishLayerVersion",
    "PublishVersion",
    "PutObject",
    "PutParameter",
    "RemoveLayerVersionPermission",
    "UpdateAlias",
    "UpdateFunctionConfiguration",
    "UploadPart",
];

/// Far longer than anything that is waited for takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so, and fails where it never will be.
#[track_caller]
pub fn until<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = seen() {
            return seen;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        // Leaves the processor to what is waited for.
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A layers file and a sandbox.
pub struct Project {
    /// Holds `project` and `sandbox`.
    root: TempDir,
    /// The stand-in for AWS.
    pub sandbox: Sandbox,
}

impl Project {
    /// A project with this layers file.
    pub fn new(layers: &str) -> Self {
        Self::with_flags(layers, &[])
    }

    /// A project whose sandbox has further flags.
    pub fn with_flags(layers: &str, flags: &[&str]) -> Self {
        let root = folder();
        write(root.path(), "project/layers.toml", layers);
        let sandbox = Sandbox::start(&root.path().join("sandbox"), flags);
        Self { root, sandbox }
    }

    /// Layers `names`, each with a pinned manifest and an archive folder, published to one bucket.
    pub fn of(names: &[&str]) -> Self {
        let project = Self::new("");
        project.declare(names, "");
        project
    }

    /// Writes a layers file of these layers, with further lines for `[defaults]`, and what they are made of.
    pub fn declare(&self, names: &[&str], defaults: &str) {
        let mut text =
            format!("[defaults]\nbucket = \"artifacts\"\ncompatible-runtimes = [\"python3.12\"]\n{defaults}\n");
        for name in names {
            text.push_str(&layer(name));
            self.write(&format!("{name}/requirements.txt"), requirements(name, "1.0.0"));
            self.write(&format!("{name}/layer/python/{name}.py"), format!("NAME = \"{name}\"\n"));
        }
        self.write("layers.toml", text);
    }

    /// Edits the manifest of a layer that was declared here, and builds its archive again.
    pub fn build(&self, name: &str, manifest: impl AsRef<[u8]>) {
        let content = format!("BUILT_FROM = {:?}\n", String::from_utf8_lossy(manifest.as_ref()));
        self.write(&format!("{name}/requirements.txt"), manifest);
        self.write(&format!("{name}/layer/python/built.py"), content);
    }

    /// Where the layers file is.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        write(self.folder(), path, content)
    }

    /// Reads a file of the project.
    #[track_caller]
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A JSON file of the project.
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The binary, pointed at the sandbox.
    pub fn command(&self) -> Command {
        self.sandbox.layership(self.folder())
    }

    /// Runs a command line, split at its spaces, and asserts its exit code.
    #[track_caller]
    pub fn run(&self, args: &str, code: i32) -> Ended {
        run(self.command(), args.split_whitespace()).expect(code)
    }

    /// Injects faults; see the documentation of the sandbox's faults.
    pub fn inject(&self, rules: &str) {
        control(&self.sandbox, "POST", "/_sandbox/faults", rules);
    }

    /// Removes all faults.
    pub fn heal(&self) {
        control(&self.sandbox, "DELETE", "/_sandbox/faults", "");
    }

    /// Moves S3's clock on.
    pub fn advance(&self, seconds: u64) {
        control(&self.sandbox, "POST", "/_sandbox/clock", &format!(r#"{{"advance_seconds": {seconds}}}"#));
    }

    /// Every request so far, as `Operation resource`.
    pub fn requests(&self) -> Vec<String> {
        let log = control(&self.sandbox, "GET", "/_sandbox/requests", "");
        let log: Value = serde_json::from_str(&log).expect("JSON");
        let entries = log["requests"].as_array().expect("requests");
        let text = |entry: &Value, key: &str| entry[key].as_str().expect("a text").to_owned();
        entries.iter().map(|entry| format!("{} {}", text(entry, "operation"), text(entry, "resource"))).collect()
    }

    /// How many requests of this operation are under way, and how many of them the sandbox has done and not answered.
    pub fn unanswered(&self, operation: &str) -> (usize, usize) {
        let log = control(&self.sandbox, "GET", "/_sandbox/requests", "");
        let log: Value = serde_json::from_str(&log).expect("JSON");
        let entries = log["requests"].as_array().expect("requests");
        let under_way = entries.iter().filter(|entry| entry["operation"] == operation && entry["done"] == false);
        let done = under_way.clone().filter(|entry| entry["status"].is_number());
        (under_way.count(), done.count())
    }

    /// Every request so far that changes something, sorted: jobs run at the same time.
    pub fn writes(&self) -> Vec<String> {
        let is_write = |request: &String| WRITES.iter().any(|write| request.split(' ').next() == Some(write));
        let mut writes: Vec<String> = self.requests().into_iter().filter(is_write).collect();
        writes.sort();
        writes
    }

    /// What is in S3 and Lambda, as the sandbox itself tells.
    pub fn state(&self) -> Value {
        serde_json::from_str(&control(&self.sandbox, "GET", "/_sandbox/state", "")).expect("JSON")
    }

    /// The most requests that were in flight at the same time.
    pub fn most_in_flight(&self) -> u64 {
        let log = control(&self.sandbox, "GET", "/_sandbox/requests?summary", "");
        let log: Value = serde_json::from_str(&log).expect("JSON");
        log["max_in_flight"].as_u64().expect("a number")
    }

    /// The zip of a published version, as Lambda keeps it.
    pub fn layer_archive(&self, region: &str, name: &str, version: u64) -> Vec<u8> {
        get(&self.sandbox, &format!("/_sandbox/layers/123456789012/{region}/{name}/{version}.zip"))
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        control(&self.sandbox, "DELETE", "/_sandbox/requests", "");
    }

    /// What a run left behind: all of `writes` but the locks, which come and go.
    pub fn effects(&self) -> Vec<String> {
        self.writes().into_iter().filter(|write| !write.ends_with("/publish.lock")).collect()
    }

    /// Runs, and asserts that it changed nothing in S3 or Lambda.
    #[track_caller]
    pub fn run_writing_nothing(&self, args: &str, code: i32) -> Ended {
        self.forget_requests();
        let ended = self.run(args, code);
        assert_eq!(self.writes(), [""; 0], "{args} wrote something");
        ended
    }

    /// The same, also held against all that was there before: where no fault of the sandbox changes something meanwhile.
    #[track_caller]
    pub fn run_changing_nothing(&self, args: &str, code: i32) -> Ended {
        let before = self.full();
        let ended = self.run_writing_nothing(args, code);
        assert_eq!(self.full(), before, "{args} changed something");
        ended
    }

    /// What is in S3 and Lambda, without buckets that have nothing in them: the sandbox makes them where they are asked for.
    fn full(&self) -> Value {
        let mut state = self.state();
        let buckets = state["buckets"].as_object_mut().expect("buckets");
        buckets.retain(|_, bucket| bucket["objects"] != json!({}) || bucket["uploads"] != json!({}));
        state
    }
}

/// One layer with what every layer needs.
pub fn layer(name: &str) -> String {
    format!("[layers.{name}]\nmanifest = \"{name}/requirements.txt\"\narchive = \"{name}/layer\"\n")
}

/// The path of a file below the crate.
pub fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Of every request so far that has it in the sandbox's log: its operation, and what the log says under this key. Of
/// `bucket_owner`, every request to S3 is told, with nothing where it names none.
pub fn of_requests(project: &Project, key: &str) -> Vec<(String, String)> {
    let log = control(&project.sandbox, "GET", "/_sandbox/requests", "");
    let log: Value = serde_json::from_str(&log).expect("JSON");
    let entries = log["requests"].as_array().expect("requests").iter();
    let of = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let asked = entries.filter(|entry| key != "bucket_owner" || entry["service"] == "s3");
    asked.map(|entry| (of(entry, "operation"), of(entry, key))).collect()
}
