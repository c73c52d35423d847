//! Every operation of a run × every fault, once and for good. Each cell is a layer of its own, so that all cells of one
//! run wait at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Bench, adds_up, all_at_once, job, outcome, parsed};
use crate::common::control;
use crate::sdk::Sdk;

/// A request of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
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
enum Often {
    Once,
    Always,
}

use Often::*;

const FAULTS: [&str; 13] = [
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

fn fault(name: &str, step: Step) -> Value {
    let code = if step.is_lambda() { "ThrottlingException" } else { "RequestLimitExceeded" };
    match name {
        "throttle-other" => json!({"kind": "throttle", "code": code}),
        "throttle-retry-after" => json!({"kind": "throttle", "retry-after": 1}),
        "unavailable" => json!({"kind": "error", "status": 503, "code": "ServiceUnavailable"}),
        "latency" => json!({"kind": "latency", "ms": 300}),
        kind => json!({ "kind": kind }),
    }
}

struct Cell {
    name: String,
    step: Step,
    fault: &'static str,
    often: Often,
}

impl Cell {
    /// The rules that strike this cell's layer, on its way from version `to_be - 1` to `to_be`.
    fn rules(&self, to_be: u32) -> Vec<Value> {
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

    /// Outcome and possible codes of the disturbed run.
    fn expected(&self) -> (&'static str, &'static [&'static str]) {
        const DONE: (&str, &[&str]) = ("published", &[]);
        const DENIED: (&str, &[&str]) = ("failed", &["access-denied"]);
        const UNREADABLE: (&str, &[&str]) = ("failed", &["network"]);
        // The SDK sends again until the deadline of the whole call: the deadline may be what is seen.
        // The lock is tried for a minute; then the last failure is what is told.
        const UNLOCKED: (&str, &[&str]) = ("failed", &["timeout", "network", "throttled", "internal"]);
        const GONE: (&str, &[&str]) = ("failed", &["timeout", "network", "throttled", "internal"]);
        let throttled = self.fault.starts_with("throttle");
        let work_is_done = self.fault.ends_with("-after") && self.fault != "throttle-retry-after";
        match (self.step, self.fault, self.often) {
            // The lock is what is freed: whatever fails, the work is done.
            (_, "latency", _) | (Release, ..) => DONE,
            (LockRead | NextBackup | Lock | Mark, "access-denied", _) => DENIED,
            // Whether it was done is found out by reading, and it is done again.
            (LockRead | NextBackup | Lock | Mark, _, Once) => DONE,
            (LockRead | NextBackup | Lock | Mark, ..) => UNLOCKED,
            (Confirm, _, Once) => DONE,
            (Publish | Confirm | Latest, ..) if throttled => DONE,
            (Confirm, ..) => ("failed", &["unconfirmed"]),
            (Record, "access-denied", _) => ("failed", &["backup-failed"]),
            (_, "access-denied", _) => DENIED,
            (Publish, ..) if work_is_done => DONE,
            (Publish, _, Once) => DONE,
            (Publish, ..) => ("failed", &["unconfirmed"]),
            (Latest, "hang" | "hang-after", Always) => ("failed", &["timeout"]),
            (Latest, "error" | "unavailable", Always) => ("failed", &["internal"]),
            (Latest, _, Always) => UNREADABLE,
            (Latest, _, Once) => DONE,
            // Written again or found to be written.
            (Record, _, Once) => DONE,
            (Record, _, Always) => ("failed", &["backup-failed"]),
            (_, "garbage" | "garbage-after", _) => UNREADABLE,
            (_, _, Once) => DONE,
            (_, _, Always) => GONE,
        }
    }

    /// What is not as it should be in the report of the disturbed run.
    fn misfit(&self, report: &Value) -> Option<String> {
        let job = job(report, &self.name);
        let (found, code) = outcome(job);
        let (expected, codes) = self.expected();
        let as_expected = found == expected && (codes.is_empty() && code.is_empty() || codes.contains(&code));
        if !as_expected {
            return Some(format!("{self}: expected {expected} {codes:?}, found {found} {code}: {}", job["error"]));
        }
        // A missing permission names the action and the resource.
        let said = format!("{} {}", job["error"]["message"], job["error"]["causes"]);
        let named = said.contains(self.step.action()) && said.contains(&self.name);
        let denied = self.fault == "access-denied" && expected == "failed";
        (denied && !named).then(|| format!("{self}: neither action nor resource is named: {said}"))
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} × {} {:?} ({})", self.step, self.fault, self.often, self.name)
    }
}

/// All cells of these steps. The slowest come first, so that they wait while the others run.
fn cells(steps: &[Step]) -> Vec<Cell> {
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

/// All cells at once, so that they wait together.
const DISTURBED: [&str; 4] = ["--concurrency", "256", "--request-timeout-seconds", "3"];

fn disturbed<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(DISTURBED).collect()
}

/// Sets the rules of all cells; ListLayers is refused, so that each layer asks for its own versions.
fn strike(bench: &Bench, cells: &[Cell], to_be: u32) {
    let mut rules: Vec<_> = cells.iter().flat_map(|cell| cell.rules(to_be)).collect();
    rules.push(json!({"operation": "ListLayers", "fault": "access-denied"}));
    bench.faults(&Value::Array(rules));
}

/// Every fault that was asked for did strike: a cell whose request is never made would prove nothing.
#[track_caller]
fn all_struck(bench: &Bench, cells: &[Cell]) {
    let rules = parsed(&control(&bench.sandbox, "GET", "/_sandbox/faults", ""));
    for rule in rules.as_array().expect("rules") {
        let cell = cells.iter().find(|cell| rule["match"].as_str().is_some_and(|text| text.contains(&cell.name)));
        let name = cell.map(ToString::to_string).unwrap_or_default();
        assert_ne!(rule["struck"], 0, "{name}: {rule}");
    }
}

#[test]
fn every_step_of_publishing_survives_every_fault() {
    let steps = [Staged, Latest, Backup, Zip, LockRead, NextBackup, Lock, Mark, Publish, Confirm, Record, Release];
    let mut cells = cells(&steps);
    let calm = "calm-layer".to_owned();
    let names: Vec<_> = cells.iter().map(|cell| cell.name.clone()).chain([calm.clone()]).collect();
    let bench = Bench::of(&names);
    bench.run(&["publish", "--stage"]).expect(0);
    names.iter().for_each(|name| bench.revise(name, 2));
    bench.run(&["stage"]).expect(0);
    // The zip itself is read only where nobody noted what is in it.
    let sdk = Sdk::at(&bench);
    cells.iter().filter(|cell| cell.step == Zip).for_each(|cell| sdk.stage(&cell.name, 2, true));

    strike(&bench, &cells, 2);
    let report = time_flies(&bench, || bench.run(&disturbed(&["publish"]))).expect(1).report();
    all_struck(&bench, &cells);
    adds_up(&report);
    let misfits: Vec<_> = cells.iter().filter_map(|cell| cell.misfit(&report)).collect();
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    assert_eq!(outcome(job(&report, &calm)), ("published", ""), "what fails elsewhere is no concern of a layer");
    assert_eq!(job(&report, &calm)["warnings"], json!([]), "a role that may not list layers is fine");

    bench.heal(&["publish"]);
    let state = bench.state();
    cells.push(Cell { name: calm, step: Publish, fault: "latency", often: Once });
    cells.iter().for_each(|cell| {
        println!("{cell}");
        // All but the lock is as it should be, and nobody has a reason to look at it.
        if cell.step == Release {
            state.assert_recorded(&cell.name, &[1, 2]);
        } else {
            state.assert_exactly(&cell.name, &[1, 2]);
        }
    });
}

#[test]
fn every_step_of_staging_survives_every_fault() {
    let cells = cells(&[Staged, Stage]);
    let names: Vec<_> = cells.iter().map(|cell| cell.name.clone()).collect();
    let bench = Bench::of(&names);
    strike(&bench, &cells, 1);
    let report = bench.run(&disturbed(&["publish", "--stage"])).expect(1).report();
    all_struck(&bench, &cells);
    adds_up(&report);
    let misfits: Vec<_> = cells.iter().filter_map(|cell| cell.misfit(&report)).collect();
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    bench.heal(&["publish", "--stage"]);
    let state = bench.state();
    cells.iter().for_each(|cell| {
        println!("{cell}");
        state.assert_exactly(&cell.name, &[1]);
    });
}

/// Does something while S3's clock goes ten times as fast as ours: what takes minutes is waited for in seconds.
fn time_flies<T>(bench: &Bench, during: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(200));
                bench.advance(2);
            }
        });
        let result = during();
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// One run with these rules: what its jobs' outcomes and codes are, and that one undisturbed run sets all right.
#[track_caller]
fn disturbed_run(rules: &Value, layers: usize) -> Vec<(String, String)> {
    let names: Vec<_> = (0..layers).map(|number| format!("layer-{number:02}")).collect();
    let bench = Bench::of(&names);
    bench.run(&["publish", "--stage"]).expect(0);
    names.iter().for_each(|name| bench.revise(name, 2));
    bench.run(&["stage"]).expect(0);
    bench.faults(rules);
    let report = time_flies(&bench, || bench.run(&["publish", "--request-timeout-seconds", "3"])).report();
    adds_up(&report);
    bench.heal(&["publish"]);
    let state = bench.state();
    names.iter().for_each(|name| state.assert_exactly(name, &[1, 2]));
    let outcomes = names.iter().map(|name| outcome(job(&report, name)));
    outcomes.map(|(outcome, code)| (outcome.to_owned(), code.to_owned())).collect()
}

#[test]
fn a_sweep_that_fails_or_lags_costs_calls_and_no_versions() {
    let kinds = FAULTS.iter().copied().chain(["stale-list"]);
    let cases: Vec<_> = kinds.flat_map(|kind| [Once, Always].map(|often| (kind, often))).collect();
    all_at_once(&cases, 8, |(kind, often)| {
        let times = match (often, kind.starts_with("throttle")) {
            (Once, _) => json!(1),
            (Always, true) => json!(4),
            (Always, false) => Value::Null,
        };
        let rule = json!({"operation": "ListLayers", "times": times, "fault": fault(kind, Latest)});
        for found in disturbed_run(&rule, 10) {
            assert_eq!(found, ("published".to_owned(), String::new()), "ListLayers × {kind} {often:?}");
        }
    });
}

#[test]
fn who_we_are_need_not_be_known_but_an_endpoint_that_is_not_there_is_told_once() {
    let cases: Vec<_> = FAULTS.iter().flat_map(|kind| [Once, Always].map(|often| (*kind, often))).collect();
    all_at_once(&cases, 8, |(kind, often)| {
        let times = if *often == Once { json!(1) } else { Value::Null };
        let rule = json!({"operation": "GetCallerIdentity", "times": times, "fault": fault(kind, Latest)});
        let unreachable = *often == Always && (kind.starts_with("hang") || kind.starts_with("cut"));
        for (outcome, code) in disturbed_run(&rule, 1) {
            match unreachable {
                true if kind.starts_with("hang") => assert_eq!((&*outcome, &*code), ("failed", "timeout"), "{kind}"),
                true => assert_eq!((&*outcome, &*code), ("failed", "network"), "{kind}"),
                false => assert_eq!((&*outcome, &*code), ("published", ""), "{kind} {often:?}"),
            }
        }
    });
}
