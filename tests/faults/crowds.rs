//! Numbers with gaps, versions that were published by hand, and many ordinary runs at once over them.

use serde_json::json;

use crate::bench::{Bench, Running, adds_up, archive, job, manifest, outcome, sha256};
use crate::sdk::Sdk;

/// So many ordinary runs at once, all of which end well.
#[track_caller]
fn runs_at_once(bench: &Bench, count: usize) -> Vec<serde_json::Value> {
    let running: Vec<Running> = (0..count).map(|_| bench.spawn(&["publish"])).collect();
    let reports = running.into_iter().map(|running| running.end().expect(0).report());
    reports.inspect(adds_up).collect()
}

/// Which versions of a layer with three of them are deleted.
const GAPS: [&[i64]; 4] = [&[], &[3], &[2, 3], &[1, 2, 3]];

#[test]
fn ordinary_runs_at_once_over_numbers_with_gaps_publish_each_change_once() {
    let names: Vec<_> = (0..12).map(|number| format!("layer-{number:02}")).collect();
    let gaps = |layer: usize| GAPS[layer % GAPS.len()];
    for count in [2, 6, 10] {
        let bench = Bench::of(&names);
        for revision in 1..=3 {
            names.iter().for_each(|name| bench.revise(name, revision));
            bench.run(&["publish", "--stage"]).expect(0);
        }
        let sdk = Sdk::at(&bench);
        for (layer, name) in names.iter().enumerate() {
            gaps(layer).iter().for_each(|version| sdk.delete_version(name, *version));
            bench.revise(name, 4);
        }
        bench.run(&["stage"]).expect(0);
        let reports = runs_at_once(&bench, count);
        let state = bench.state();
        for (layer, name) in names.iter().enumerate() {
            let left = (1..=3).filter(|version| !gaps(layer).contains(version));
            let expected: Vec<_> = left.map(|version| version as u32).chain([4]).collect();
            let expected: Vec<_> = expected.iter().map(|revision| sha256(&archive(name, *revision))).collect();
            assert_eq!(state.contents(name), expected, "{count} runs, {name} without {:?}", gaps(layer));
            let backup = state.object(name, "000004/requirements.txt");
            assert_eq!(backup["sha256"], sha256(&manifest(name, 4)), "{count} runs, {name}");
            assert_eq!(state.lock(name)["phase"], "free", "{count} runs, {name}");
            let published = reports.iter().filter(|report| job(report, name)["outcome"] == "published").count();
            assert_eq!(published, 1, "{count} runs, {name}: runs that say they published it");
            assert!(reports.iter().all(|report| job(report, name)["version"] == 4), "{count} runs, {name}");
        }
    }
}

#[test]
fn after_a_version_of_other_content_by_hand_one_run_of_several_publishes() {
    for changed in [false, true] {
        for count in [1, 2, 6] {
            let bench = Bench::of(&["layer"]);
            bench.run(&["publish", "--stage"]).expect(0);
            // By hand, without a backup.
            Sdk::at(&bench).publish("layer", archive("stranger", 1));
            let revision = if changed { 2 } else { 1 };
            bench.revise("layer", revision);
            bench.run(&["stage"]).expect(0);
            let reports = runs_at_once(&bench, count);
            let published = reports.iter().filter(|report| job(report, "layer")["outcome"] == "published").count();
            assert_eq!(published, 1, "{count} runs, changed: {changed}");
            let state = bench.state();
            let contents = [archive("layer", 1), archive("stranger", 1), archive("layer", revision)];
            assert_eq!(state.contents("layer"), contents.map(|zip| sha256(&zip)), "{count} runs, changed: {changed}");
            assert!(
                state.object("layer", "000002/requirements.txt").is_null(),
                "a backup of what was published by hand"
            );
            assert_eq!(
                state.object("layer", "000003/requirements.txt")["sha256"],
                sha256(&manifest("layer", revision))
            );
            assert_eq!(outcome(job(&bench.run(&["publish"]).expect(0).report(), "layer")), ("unchanged", ""));
        }
    }
}

#[test]
fn a_version_of_the_staged_content_by_hand_is_adopted_by_one_run_of_several() {
    for count in [1, 2, 6] {
        let bench = Bench::of(&["layer"]);
        bench.run(&["publish", "--stage"]).expect(0);
        bench.revise("layer", 2);
        bench.run(&["stage"]).expect(0);
        Sdk::at(&bench).publish("layer", archive("layer", 2));
        bench.forget_requests();
        let reports = runs_at_once(&bench, count);
        assert_eq!(bench.count("PublishLayerVersion", ""), 0, "{count} runs");
        let adopted = reports.iter().filter(|report| job(report, "layer")["outcome"] == "adopted").count();
        assert!(adopted >= 1, "{count} runs");
        let report = reports.iter().find(|report| job(report, "layer")["version"] != json!(2));
        assert!(report.is_none(), "{count} runs: {report:#?}");
        bench.state().assert_exactly("layer", &[1, 2]);
    }
}
