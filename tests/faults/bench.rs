//! A sandbox, a project of layers whose every byte the test knows, and an oracle that is not layership: the sandbox's own
//! account of what is in S3 and Lambda.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::common::{Ended, Sandbox, control, folder, get, run, write};

/// The bucket of every project.
pub const BUCKET: &str = "acme-artifacts";
/// What S3's lease of a lock is, in seconds.
pub const LEASE: u64 = 30;
/// How long a lock that says `sending` is waited for after its last writing: its publish may be accepted for 60 s, and
/// may need as long again to be done.
pub const SETTLED: u64 = 120;
/// How long a condition may take to come true before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A project and the sandbox it publishes to.
pub struct Bench {
    pub folder: TempDir,
    pub sandbox: Sandbox,
}

impl Bench {
    /// An empty project and an empty sandbox.
    pub fn open() -> Self {
        Self::with(&[])
    }

    /// The same with further flags of the sandbox.
    pub fn with(flags: &[&str]) -> Self {
        let folder = folder();
        let sandbox = Sandbox::start(&folder.path().join("sandbox"), flags);
        Self { folder, sandbox }
    }

    /// A project with these layers at revision 1.
    pub fn of<S: AsRef<str>>(names: &[S]) -> Self {
        let bench = Self::open();
        bench.layers(names, "");
        names.iter().for_each(|name| bench.revise(name.as_ref(), 1));
        bench
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Writes the layers file: these layers, with further defaults.
    pub fn layers<S: AsRef<str>>(&self, names: &[S], defaults: &str) {
        let mut text =
            format!("[defaults]\nbucket = \"{BUCKET}\"\ncompatible-runtimes = [\"python3.12\"]\n{defaults}\n");
        for name in names {
            let name = name.as_ref();
            let _ = writeln!(
                text,
                "[layers.{name}]\nmanifest = \"{name}/requirements.txt\"\narchive = \"{name}/layer.zip\""
            );
        }
        write(self.project(), "layers.toml", text);
    }

    /// Locks and builds a layer anew.
    pub fn revise(&self, name: &str, revision: u32) {
        write(self.project(), &format!("{name}/requirements.txt"), manifest(name, revision));
        write(self.project(), &format!("{name}/layer.zip"), archive(name, revision));
    }

    /// The binary at the sandbox, with a Lambda quota that does not slow the tests down.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.layership(self.project());
        command.args(args).args(["--format", "json", "--lambda-requests-per-second", "10000"]);
        command
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Ended {
        run(self.command(args), [] as [&str; 0])
    }

    /// Runs in the background.
    pub fn spawn(&self, args: &[&str]) -> Running {
        Running::start(self.command(args))
    }

    /// Adds fault rules.
    pub fn faults(&self, rules: &Value) {
        control(&self.sandbox, "POST", "/_sandbox/faults", &rules.to_string());
    }

    /// Removes all fault rules.
    pub fn no_faults(&self) {
        control(&self.sandbox, "DELETE", "/_sandbox/faults", "");
    }

    /// Moves S3's clock on.
    pub fn advance(&self, seconds: u64) {
        let body = json!({"advance_seconds": seconds}).to_string();
        control(&self.sandbox, "POST", "/_sandbox/clock", &body);
    }

    /// The log of requests.
    pub fn requests(&self) -> Vec<Value> {
        let log = parsed(&control(&self.sandbox, "GET", "/_sandbox/requests", ""));
        log["requests"].as_array().expect("requests").clone()
    }

    /// How many requests of an operation on a resource that contains `part` were made.
    pub fn count(&self, operation: &str, part: &str) -> usize {
        self.requests().iter().filter(|request| is(request, operation, part)).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        control(&self.sandbox, "DELETE", "/_sandbox/requests", "");
    }

    /// Waits until a request that this describes is in the log.
    #[track_caller]
    pub fn until(&self, what: &str, mut found: impl FnMut(&[Value]) -> bool) {
        eventually(what, || found(&self.requests()));
    }

    /// Waits until the fault of this kind holds a request back: a `hang` before its work, a `hang-after` behind it.
    #[track_caller]
    pub fn until_hanging(&self, kind: &str) {
        self.until(kind, |requests| requests.iter().any(|request| is_hanging(request, kind)));
    }

    /// What is in S3 and Lambda.
    pub fn state(&self) -> State {
        let all = parsed(&control(&self.sandbox, "GET", "/_sandbox/state", ""));
        let objects = all["buckets"][BUCKET]["objects"].as_object().cloned().unwrap_or_default();
        let locks = objects.keys().filter(|key| key.ends_with("/publish.lock"));
        let read = |key: &String| {
            let body = get(&self.sandbox, &format!("/_sandbox/objects/{BUCKET}/{key}"));
            (key.clone(), serde_json::from_slice(&body).unwrap_or_default())
        };
        State { locks: locks.map(read).collect(), all }
    }

    /// After a disturbance: no faults, and whatever a dead run may have sent is done, or can be done no more.
    pub fn calm(&self) {
        self.no_faults();
        self.advance(SETTLED + 2);
    }

    /// One undisturbed run, in which no job fails.
    #[track_caller]
    pub fn heal(&self, args: &[&str]) -> Ended {
        self.calm();
        let ended = self.run(args).expect(0);
        adds_up(&ended.report());
        ended
    }
}

/// Whether a request of the log is of this operation, on a resource that contains `part`.
pub fn is(request: &Value, operation: &str, part: &str) -> bool {
    request["operation"] == operation && request["resource"].as_str().is_some_and(|resource| resource.contains(part))
}

/// Whether a request of the log is held back by a fault of this kind.
pub fn is_hanging(request: &Value, kind: &str) -> bool {
    let at_work = kind == "hang" || !request["status"].is_null();
    request["fault"] == kind && request["done"] == false && at_work
}

/// Waits for a condition.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON: {error}: {text}"))
}

/// The manifest of a layer at a revision.
pub fn manifest(name: &str, revision: u32) -> Vec<u8> {
    format!("{name}==1.0.{revision}\n").into_bytes()
}

/// The zip of a layer at a revision: the same bytes whenever it is asked for.
pub fn archive(name: &str, revision: u32) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file(format!("python/{}.py", name.replace('-', "_")), options).expect("an entry");
    zip.write_all(format!("REVISION = {revision}\n").as_bytes()).expect("content");
    zip.finish().expect("a zip").into_inner()
}

/// SHA-256 in hexadecimal.
fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 in base64.
pub fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// Lower-case hexadecimal MD5.
pub fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What is in S3 and Lambda, as the sandbox says.
pub struct State {
    all: Value,
    /// What each lock says, by its key.
    locks: BTreeMap<String, Value>,
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

/// The only job of a report, or the job of one layer.
pub fn job<'r>(report: &'r Value, layer: &str) -> &'r Value {
    let jobs = report["jobs"].as_array().expect("jobs");
    jobs.iter().find(|job| job["layer"] == layer).unwrap_or_else(|| panic!("no job for {layer}: {report:#}"))
}

/// Outcome of a job, and the code of its error, if it has one.
pub fn outcome(job: &Value) -> (&str, &str) {
    (job["outcome"].as_str().unwrap_or_default(), job["error"]["code"].as_str().unwrap_or_default())
}

/// Every job has one outcome, the summary counts them, and what a job's outcome promises is in its report.
#[track_caller]
pub fn adds_up(report: &Value) {
    let jobs = report["jobs"].as_array().expect("jobs");
    let summary = report["summary"].as_object().expect("a summary");
    assert_eq!(summary["jobs"], jobs.len(), "{summary:?}");
    let parts: u64 = summary.iter().filter(|(name, _)| *name != "jobs").filter_map(|(_, count)| count.as_u64()).sum();
    assert_eq!(parts, jobs.len() as u64, "{summary:?}");
    for job in jobs {
        let (outcome, code) = outcome(job);
        let counted = jobs.iter().filter(|other| other["outcome"] == outcome).count();
        assert_eq!(summary[outcome], counted, "{outcome}: {summary:?}");
        assert_eq!(outcome == "failed", !code.is_empty(), "{job:#}");
        if matches!(outcome, "published" | "adopted" | "unchanged") {
            let arn = format!("{}:{}", job["layer_arn"].as_str().expect("an ARN"), job["version"]);
            assert_eq!(job["layer_version_arn"], arn, "{job:#}");
            assert!(job["manifest"]["backup"].is_string(), "{job:#}");
        }
    }
}

/// A run in the background, killed when it is dropped.
pub struct Running(Option<Child>);

impl Running {
    pub fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        Self(Some(child))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it runs")
    }

    /// Sends a signal by its name.
    pub fn signal(&mut self, name: &str) {
        let id = self.child().id();
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status().expect("a shell");
        assert!(sent.success(), "no process {id} to signal");
    }

    /// Takes what it prints on standard error, to wait for a line of it.
    pub fn stderr(&mut self) -> std::process::ChildStderr {
        self.child().stderr.take().expect("piped, and not taken yet")
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child().try_wait().expect("a child").is_some()
    }

    /// Kills it as hard as a machine can, and waits until it is gone.
    pub fn kill(mut self) {
        // One that has just ended cannot be killed.
        let _ = self.child().kill();
        self.child().wait().expect("gone");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        self.0.take().expect("it runs").wait_with_output().expect("it ends").into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The project folder of another machine: the same files, another home.
pub fn elsewhere(mut command: Command, home: &Path) -> Command {
    command.env("HOME", home);
    command
}

/// Does all of these, some at once, and fails if one of them did. Each has a name for its failure.
pub fn all_at_once<C: Send + Sync>(cases: &[C], at_once: usize, one: impl Fn(&C) + Send + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    one(case);
                }
            });
        }
    });
}
