//! Every operation of a run × every fault, once and for good. Each cell is a layer of its own, so that all cells of one
//! run wait at the same time.

use serde_json::{Value, json};

use crate::bench::{Bench, adds_up, all_at_once, job, outcome};
use crate::cells::{Cell, FAULTS, Often::*, Step, Step::*, cells, fault};
use crate::sdk::Sdk;

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
    for rule in &bench.rules() {
        let cell = cells.iter().find(|cell| rule["match"].as_str().is_some_and(|text| text.contains(&cell.name)));
        let name = cell.map(ToString::to_string).unwrap_or_default();
        assert_ne!(rule["struck"], 0, "{name}: {rule}");
    }
}

#[test]
fn every_step_of_publishing_survives_every_fault() {
    publishing_survives(&[Staged, Latest, Backup, Zip, LockRead, NextBackup, Lock, Publish, Confirm, Record]);
}

/// Apart from the rest: among few layers no lock is renewed before it is marked and freed, so that the second and third
/// write of a lock are these.
#[test]
fn marking_and_freeing_the_lock_survive_every_fault() {
    publishing_survives(&[Mark, Release]);
}

#[track_caller]
fn publishing_survives(steps: &[Step]) {
    let mut cells = cells(steps);
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
    let report = bench.time_flies(|| bench.all_struck(), || bench.run(&disturbed(&["publish"]))).expect(1).report();
    all_struck(&bench, &cells);
    adds_up(&report);
    let misfits: Vec<_> = cells.iter().filter_map(|cell| cell.misfit(&report)).collect();
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    assert_eq!(outcome(job(&report, &calm)), ("published", ""), "what fails elsewhere is no concern of a layer");
    assert_eq!(job(&report, &calm)["warnings"], json!([]), "a role that may not list layers is fine");

    let healed = bench.heal(&["publish"]).report();
    let state = bench.state();
    cells.push(Cell { name: calm, step: Publish, fault: "latency", often: Once });
    cells.iter().for_each(|cell| {
        println!("{cell}");
        // Where the run failed when all was done, its lock stays, and nobody has a reason to look at it.
        let (disturbed, after) = (outcome(job(&report, &cell.name)).0, outcome(job(&healed, &cell.name)).0);
        if cell.step == Release || (disturbed, after) == ("failed", "unchanged") {
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

/// One run with these rules: what its jobs' outcomes and codes are, and that one undisturbed run sets all right.
#[track_caller]
fn disturbed_run(rules: &Value, layers: usize) -> Vec<(String, String)> {
    let names: Vec<_> = (0..layers).map(|number| format!("layer-{number:02}")).collect();
    let bench = Bench::of(&names);
    bench.run(&["publish", "--stage"]).expect(0);
    names.iter().for_each(|name| bench.revise(name, 2));
    bench.run(&["stage"]).expect(0);
    bench.faults(rules);
    let run = || bench.run(&["publish", "--request-timeout-seconds", "3"]);
    let report = bench.time_flies(|| bench.all_struck(), run).report();
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
