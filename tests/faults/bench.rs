//! A sandbox, a project of layers whose every byte the test knows, and an oracle that is not layership: the sandbox's own
//! account of what is in S3 and Lambda.
#![allow(dead_code, reason = "each test file uses its part")]

mod running;
mod state;

pub use running::Running;
pub use state::State;

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

    /// Does something while S3's clock goes ten times as fast as ours, from the moment on when this is so: what takes
    /// minutes is waited for in seconds.
    pub fn time_flies<T>(&self, begins: impl Fn() -> bool + Sync, during: impl FnOnce() -> T) -> T {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut flies = false;
                while !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(200));
                    flies = flies || begins();
                    if flies {
                        self.advance(2);
                    }
                }
            });
            let result = during();
            done.store(true, Ordering::Relaxed);
            result
        })
    }

    /// The fault rules, with how often each struck.
    pub fn rules(&self) -> Vec<Value> {
        let rules = parsed(&control(&self.sandbox, "GET", "/_sandbox/faults", ""));
        rules.as_array().expect("rules").clone()
    }

    /// Whether every fault that was asked for struck.
    pub fn all_struck(&self) -> bool {
        self.rules().iter().all(|rule| rule["struck"] != 0)
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

    /// Waits until the fault of this kind holds a request back: a `hang-after` behind its work, any other one before it.
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
    let at_work = kind != "hang-after" || !request["status"].is_null();
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

/// The project folder of another machine: the same files, another home.
pub fn elsewhere(mut command: Command, home: &Path) -> Command {
    command.env("HOME", home);
    command
}

/// Does all of these, some at once, and fails if one of them did. Each has a name for its failure.
pub fn all_at_once<C: Send + Sync>(cases: &[C], at_once: usize, one: impl Fn(&C) + Send + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(case);
                }
            });
        }
    });
}
