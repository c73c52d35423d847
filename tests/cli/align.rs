//! `publish --align`: what is behind other targets is published, and no number is made equal.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::common::project::Project;
use crate::share::count;

/// One layer at two targets, published to both.
fn project() -> Project {
    let project = Project::of(&[]);
    project.declare(&["alpha"], "");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let targets = "[targets]\neu-west-1 = {}\nus-east-1 = {}\n";
    project.write("layers.toml", format!("{targets}{}", layers.replace("\"artifacts\"", "\"artifacts-{region}\"")));
    project.run("publish --stage", 0);
    project
}

/// Other content with the same manifest.
fn rebuild(project: &Project) {
    project.write("alpha/layer/python/alpha.py", "NAME = \"built again\"\n");
    project.run("stage", 0);
}

/// The outcome and version at each target.
fn ends(report: &Value) -> Vec<(String, u64)> {
    let jobs = report["jobs"].as_array().unwrap();
    jobs.iter().map(|job| (job["outcome"].as_str().unwrap().to_owned(), job["version"].as_u64().unwrap())).collect()
}

fn expected<const N: usize>(all: [(&str, u64); N]) -> Vec<(String, u64)> {
    all.map(|(outcome, version)| (outcome.to_owned(), version)).to_vec()
}

#[test]
fn a_target_that_is_behind_is_published_and_numbers_stay_as_they_are() {
    let project = project();
    rebuild(&project);
    project.run("publish --force --target us-east-1", 0);
    project.run("publish --force --target us-east-1", 0);
    project.run("status --exit-code", 3);
    // Nothing that counts by itself has changed.
    project.run_writing_nothing("publish", 0);
    assert_shown!(project.run_writing_nothing("plan --align --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 2 targets from layers.toml, account 123456789012

      ~ alpha  eu-west-1  after 1  behind: the staged archive differs from version 1, other targets from it

    Plan: 1 changed, 1 unchanged
    ");
    let report = project.run("publish --align --format json", 0).report();
    assert_eq!(ends(&report), expected([("published", 2), ("unchanged", 3)]));
    assert_eq!(report["jobs"][0]["reason"], "behind");
    project.run("status --exit-code", 0);
    // The numbers differ, and nothing is behind.
    project.run_writing_nothing("publish --align", 0);
}

#[test]
fn where_all_targets_have_the_same_nothing_is_behind() {
    let project = project();
    rebuild(&project);
    project.run_writing_nothing("publish --align", 0);
    // Nor is anybody asked what only `--align` has to know.
    project.run_writing_nothing("publish", 0);
    assert_eq!(count(&project, "GetLayerVersion"), 0);
}

/// What is published at each target, and whether a warning says that it is not the same.
fn contents(project: &Project, report: &Value) -> [bool; 2] {
    let sha256 = |region: &str, number: usize| {
        let version = report["jobs"][number]["version"].as_u64().unwrap();
        Sha256::digest(project.layer_archive(region, "alpha", version))
    };
    let warned = report["jobs"].as_array().unwrap().iter().any(|job| job["warnings"][0]["code"] == "targets-differ");
    [sha256("eu-west-1", 0) == sha256("us-east-1", 1), warned]
}

#[test]
fn what_is_not_staged_everywhere_makes_no_third_content_and_is_told() {
    let project = project();
    // Only one target has got the new archive.
    project.write("alpha/layer/python/alpha.py", "NAME = \"two\"\n");
    project.run("publish --stage --force --target us-east-1", 0);
    project.forget_requests();
    let ended = project.run_writing_nothing("publish --align --format json", 0);
    assert_eq!(contents(&project, &ended.report()), [false, true]);
    let told = "warning: arn:aws:lambda:eu-west-1:123456789012:layer:alpha:1 has another content";
    assert!(ended.stderr.contains(told) && ended.stdout.contains("\"targets-differ\""), "{ended:?}");
    // The other has another one, which nobody has published.
    project.write("alpha/layer/python/alpha.py", "NAME = \"three\"\n");
    project.run("stage --target eu-west-1", 0);
    project.forget_requests();
    let report = project.run_writing_nothing("publish --align --format json", 0).report();
    assert_eq!(contents(&project, &report), [false, true]);
    // One archive for all of them, whatever they had before.
    let report = project.run("publish --align --stage --format json", 0).report();
    assert_eq!(ends(&report), expected([("published", 2), ("published", 3)]));
    assert_eq!(contents(&project, &report), [true, false]);
    project.run("status --exit-code", 0);
}

#[test]
fn a_target_that_has_nothing_but_the_archive_of_another_gets_it() {
    let project = project();
    rebuild(&project);
    project.run("publish --force --target us-east-1", 0);
    // There something else is staged by now.
    project.write("alpha/layer/python/alpha.py", "NAME = \"three\"\n");
    project.run("stage --target us-east-1", 0);
    let report = project.run("publish --align --format json", 0).report();
    assert_eq!(ends(&report), expected([("published", 2), ("unchanged", 2)]));
    assert_eq!(contents(&project, &report), [true, false]);
}

#[test]
fn a_target_that_does_not_answer_is_waited_for_once() {
    let project = Project::of(&[]);
    project.declare(&["alpha", "beta", "gamma"], "");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let targets = "[targets]\neu-west-1 = { best-effort = true }\nus-east-1 = {}\n";
    project.write("layers.toml", format!("{targets}{}", layers.replace("\"artifacts\"", "\"artifacts-{region}\"")));
    project.run("publish --stage", 0);
    project.forget_requests();
    project.inject(r#"{"operation": "GetLayerVersion", "match": "eu-west-1", "fault": "hang"}"#);
    project.run("publish --align --concurrency 1 --request-timeout-seconds 1", 0);
    let asked = project.requests().into_iter().filter(|request| request.starts_with("GetLayerVersion "));
    assert_eq!(asked.count(), 6, "{:#?}", project.requests());
}

#[test]
fn a_target_that_cannot_be_asked_fails_alone() {
    let project = project();
    rebuild(&project);
    project.run("publish --force --target us-east-1", 0);
    project.inject(r#"{"operation": "HeadObject", "match": "artifacts-us-east-1", "fault": "access-denied"}"#);
    let report = project.run("publish --align --format json", 1).report();
    assert_eq!((&report["jobs"][0]["outcome"], &report["jobs"][1]["outcome"]), (&"published".into(), &"failed".into()));
}

#[test]
fn a_saved_plan_aligns_as_it_was_looked_at() {
    let project = project();
    rebuild(&project);
    project.run("publish --force --target us-east-1", 0);
    project.run("plan --align --out plan.json", 0);
    assert_eq!(project.json("plan.json")["options"]["align"], true);
    let report = project.run("publish --plan plan.json --format json", 0).report();
    assert_eq!(ends(&report), expected([("published", 2), ("unchanged", 2)]));
    project.run("publish --plan plan.json", 0);
    project.run("status --exit-code", 0);
}

/// A part of the jobs has not all targets of a layer: what is compared between them would be missed.
#[test]
fn status_is_not_split() {
    let ended = Project::of(&["a"]).run("status --partition 1/2", 2);
    assert!(ended.stderr.contains("`status` cannot be split with `--partition`"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: to look at fewer at once, name layers"), "{}", ended.stderr);
}
