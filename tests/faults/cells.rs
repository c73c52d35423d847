//! The cells of the table of faults: which request of a run which fault strikes, how often, and what is to come of it.

use serde_json::{Value, json};

use crate::bench::{job, outcome};

/// A request of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// HeadObject of the staged archive, in preflight or before staging.
    Staged,
    /// ListLayerVersions
    Latest,
    /// GetObject of the latest version's backup.
    Backup,
    /// GetObject of a range of the zip.
    Zip,
    /// GetObject of the lock.
    LockRead,
    /// HeadObject of the next version's backup, beside it.
    NextBackup,
    /// PutObject of the lock: to take it.
    Lock,
    /// PutObject of the lock: to mark that a publish will be sent.
    Mark,
    /// PublishLayerVersion
    Publish,
    /// GetLayerVersion, after the answer to the publish was lost.
    Confirm,
    /// PutObject of the backup.
    Record,
    /// PutObject of the lock: to free it.
    Release,
    /// PutObject of the archive.
    Stage,
}

use Step::*;

impl Step {
    fn operation(self) -> &'static str {
        match self {
            Staged | NextBackup => "HeadObject",
            Latest => "ListLayerVersions",
            Backup | Zip | LockRead => "GetObject",
            Lock | Mark | Release | Record | Stage => "PutObject",
            Publish => "PublishLayerVersion",
            Confirm => "GetLayerVersion",
        }
    }

    /// What the request is about: a key below the layer's prefix, for S3.
    fn key(self, to_be: u32) -> Option<String> {
        Some(match self {
            Staged | Zip | Stage => "layer.zip".to_owned(),
            Backup => format!("{:06}/requirements.txt", to_be - 1),
            NextBackup | Record => format!("{to_be:06}/requirements.txt"),
            LockRead | Lock | Mark | Release => "publish.lock".to_owned(),
            Latest | Publish | Confirm => return None,
        })
    }

    /// The IAM action that is missing when it is refused.
    fn action(self) -> &'static str {
        match self {
            Staged | NextBackup | Backup | Zip | LockRead => "s3:GetObject",
            Lock | Mark | Release | Record | Stage => "s3:PutObject",
            Latest => "lambda:ListLayerVersions",
            Publish => "lambda:PublishLayerVersion",
            Confirm => "lambda:GetLayerVersion",
        }
    }

    /// So many requests of the same kind come before it.
    fn skip(self) -> u32 {
        match self {
            Mark => 1,
            Release => 2,
            _ => 0,
        }
    }

    fn is_lambda(self) -> bool {
        self.key(2).is_none()
    }
}

/// How often a fault strikes: the first request only, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    Once,
    Always,
}

use Often::*;

pub const FAULTS: [&str; 13] = [
    "throttle",
    "throttle-other",
    "throttle-retry-after",
    "error",
    "unavailable",
    "access-denied",
    "cut-before",
    "cut-after",
    "hang",
    "hang-after",
    "garbage",
    "garbage-after",
    "latency",
];

pub fn fault(name: &str, step: Step) -> Value {
    let code = if step.is_lambda() { "ThrottlingException" } else { "RequestLimitExceeded" };
    match name {
        "throttle-other" => json!({"kind": "throttle", "code": code}),
        "throttle-retry-after" => json!({"kind": "throttle", "retry-after": 1}),
        "unavailable" => json!({"kind": "error", "status": 503, "code": "ServiceUnavailable"}),
        "latency" => json!({"kind": "latency", "ms": 300}),
        kind => json!({ "kind": kind }),
    }
}

pub struct Cell {
    pub name: String,
    pub step: Step,
    pub fault: &'static str,
    pub often: Often,
}

impl Cell {
    /// The rules that strike this cell's layer, on its way from version `to_be - 1` to `to_be`.
    pub fn rules(&self, to_be: u32) -> Vec<Value> {
        let pattern = match self.step.key(to_be) {
            Some(key) => format!("*/{}/layer/{key}", self.name),
            None => self.name.clone(),
        };
        let throttles_of_lambda = self.fault.starts_with("throttle") && self.step.is_lambda();
        let times = match self.often {
            Once => json!(1),
            // Throttled for good is only over after ten minutes, and slows all layers down: several in a row will do.
            Always if throttles_of_lambda => json!(4),
            Always => Value::Null,
        };
        let fault = fault(self.fault, self.step);
        let mut rules = vec![
            json!({"operation": self.step.operation(), "match": pattern, "skip": self.step.skip(), "times": times,
                "fault": fault}),
        ];
        if self.step == Confirm {
            rules.push(
                json!({"operation": "PublishLayerVersion", "match": self.name, "times": 1, "fault": "cut-after"}),
            );
        }
        rules
    }

    /// Outcome and code of the disturbed run.
    fn expected(&self) -> (&'static str, &'static str) {
        const DONE: (&str, &str) = ("published", "");
        const DENIED: (&str, &str) = ("failed", "access-denied");
        let throttled = self.fault.starts_with("throttle");
        let work_is_done = self.fault.ends_with("-after") && self.fault != "throttle-retry-after";
        match (self.step, self.fault, self.often) {
            // The lock is what is freed: whatever fails, the work is done.
            (_, "latency", _) | (Release, ..) => DONE,
            (Lock | Mark, "access-denied", _) | (LockRead | NextBackup, "access-denied", Always) => DENIED,
            // Whether it was done is found out by reading, and it is done again.
            (LockRead | NextBackup | Lock | Mark, _, Once) => DONE,
            (Lock | Mark, ..) if work_is_done => DONE,
            (Confirm, _, Once) => DONE,
            (Publish | Confirm | Latest, ..) if throttled => DONE,
            (Confirm, ..) => ("failed", "unconfirmed"),
            (Record, "access-denied", _) => ("failed", "backup-failed"),
            (_, "access-denied", _) => DENIED,
            (Publish, ..) if work_is_done => DONE,
            (Publish, _, Once) => DONE,
            (Publish, ..) => ("failed", "unconfirmed"),
            (Latest, _, Once) => DONE,
            // Written again or found to be written.
            (Record, _, Once) => DONE,
            (Record, _, Always) => ("failed", "backup-failed"),
            // What can be read, but is not S3's answer, is not asked for again.
            (_, "garbage" | "garbage-after", _) => ("failed", "network"),
            (_, _, Once) => DONE,
            (_, _, Always) => ("failed", self.lasting()),
        }
    }

    /// The code of a fault that lasts: what was answered last, whichever deadline ends the waiting.
    fn lasting(&self) -> &'static str {
        let has_no_body = self.step.operation() == "HeadObject";
        match self.fault {
            "hang" | "hang-after" => "timeout",
            "cut-before" | "cut-after" | "garbage" | "garbage-after" => "network",
            // That it is a throttle stands in the body.
            "throttle" | "throttle-other" | "throttle-retry-after" if !has_no_body => "throttled",
            _ => "internal",
        }
    }

    /// What is not as it should be in the report of the disturbed run.
    pub fn misfit(&self, report: &Value) -> Option<String> {
        let job = job(report, &self.name);
        let (found, expected) = (outcome(job), self.expected());
        if found != expected {
            return Some(format!("{self}: expected {expected:?}, found {found:?}: {}", job["error"]));
        }
        let hint = job["error"]["hint"].as_str().unwrap_or_default();
        if expected == ("failed", "internal") && !hint.contains(" failed, the request was not at fault") {
            return Some(format!("{self}: it is not told whose failure it is: {}", job["error"]));
        }
        // A missing permission names the action and the resource.
        let said = format!("{} {}", job["error"]["message"], job["error"]["causes"]);
        let named = said.contains(self.step.action()) && said.contains(&self.name);
        let denied = self.fault == "access-denied" && expected.0 == "failed";
        (denied && !named).then(|| format!("{self}: neither action nor resource is named: {said}"))
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} × {} {:?} ({})", self.step, self.fault, self.often, self.name)
    }
}

/// All cells of these steps. The slowest come first, so that they wait while the others run.
pub fn cells(steps: &[Step]) -> Vec<Cell> {
    let each = steps
        .iter()
        .flat_map(|step| FAULTS.iter().flat_map(move |fault| [Once, Always].map(|often| (*step, *fault, often))));
    let mut all: Vec<_> = each.collect();
    all.sort_by_key(|(step, fault, often)| {
        (*often == Once, !matches!(step, Publish | Confirm), !fault.starts_with("hang"))
    });
    let name = |number: usize| format!("cell-{number:03}");
    let cell = |(number, (step, fault, often))| Cell { name: name(number), step, fault, often };
    all.into_iter().enumerate().map(cell).collect()
}
