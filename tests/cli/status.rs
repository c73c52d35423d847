//! `status`: what is published where, and what of it is not in order. It never writes.

use std::collections::BTreeSet;

use aws_sdk_lambda::types::LayerVersionContentInput;
use serde_json::{Value, json};

use crate::ci::Step;
use crate::common::process::Running;
use crate::common::project::{Project, until};
use crate::common::requirements;
use crate::hostile::{delete, put};
use crate::share::{OTHER, call, count, grant_by_hand, shared};

/// Two layers at two targets.
fn project() -> Project {
    let project = Project::of(&[]);
    project.declare(&["alpha", "beta"], "");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let targets = "[targets]\neu-west-1 = {}\nus-east-1 = {}\n";
    project.write("layers.toml", format!("{targets}{}", layers.replace("\"artifacts\"", "\"artifacts-{region}\"")));
    project
}

/// The codes of all findings, and whose they are.
fn findings(status: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let codes = |of: &Value| {
        let findings = of["findings"].as_array().cloned().unwrap_or_default();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for layer in status["layers"].as_array().unwrap() {
        let key = layer["layer"].as_str().unwrap();
        all.extend(codes(layer).iter().map(|code| format!("{key}: {code}")));
        for at in layer["targets"].as_array().unwrap() {
            let target = at["target"].as_str().unwrap();
            all.extend(codes(&at["status"]).iter().map(|code| format!("{key} {target}: {code}")));
        }
    }
    all
}

#[track_caller]
fn status(project: &Project, args: &str, code: i32) -> Value {
    project.run_writing_nothing(&format!("status --format json {args}"), code).report()
}

fn expected<const N: usize>(all: [&str; N]) -> BTreeSet<String> {
    all.map(str::to_owned).into()
}

#[test]
fn nothing_is_changed_whatever_there_is() {
    let project = project();
    // The sandbox makes a bucket when it is first asked for.
    project.run("status", 0);
    for prepare in ["stage", "publish", "publish --force alpha"] {
        let before = project.state();
        project.run_writing_nothing("status --all-versions", 0);
        assert_eq!(project.state(), before, "before `{prepare}`");
        project.run(prepare, 0);
    }
}

#[test]
fn what_is_published_is_told_with_its_lock_and_backup() {
    let project = project();
    project.run("publish --stage alpha", 0);
    project.run("publish --stage beta --target us-east-1", 0);
    assert_shown!(project.run_writing_nothing("status", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     VERSION  AGE       SIZE   BACKUP  LOCK  ARN
    alpha  eu-west-1  1        just now  170 B  same    free  arn:aws:lambda:eu-west-1:123456789012:layer:alpha:1
    alpha  us-east-1  1        just now  170 B  same    free  arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    beta   eu-west-1  -        -         -      -       -     -
    beta   us-east-1  1        just now  167 B  same    free  arn:aws:lambda:us-east-1:123456789012:layer:beta:1

      ! beta at eu-west-1: Lambda has no version of layer `beta`
    Status of 2 layers, 4 jobs in layers.toml: 1 finding
    ");
    assert_eq!(findings(&status(&project, "--exit-code", 3)), expected(["beta eu-west-1: not-published"]));
    project.run("publish --stage", 0);
    assert_eq!(findings(&status(&project, "--exit-code", 0)), expected([]));
}

/// What was found is nowhere told to be in order; and read back, a report is told as it was told at first.
#[test]
fn what_is_not_in_order_is_in_every_report_and_in_what_is_made_of_one() {
    const FORMATS: [&str; 7] = ["markdown", "junit", "csv", "html", "env", "tfvars", "index"];
    let project = project();
    project.run("publish --stage", 0);
    project.write("alpha/requirements.txt", requirements("alpha", "2.0.0"));
    let step = Step::new();
    let flags = FORMATS.map(|format| format!("--report {format}=first.{format}")).join(" ");
    let ended = step.run(&project, &format!("status --exit-code --report json=status.json {flags}"), 3);
    let read = |path: String| String::from_utf8(project.read(&path)).unwrap();
    let junit = read("first.junit".to_owned());
    assert!(junit.contains("failures=\"2\"") && junit.contains("type=\"manifest-differs\""), "{junit}");
    for text in [step.read("summary"), read("first.markdown".to_owned()), read("first.html".to_owned())] {
        assert!(text.contains("4 jobs: 2 in order, 2 not in order") && text.contains("manifest-differs"), "{text}");
    }
    assert_eq!(read("first.csv".to_owned()).matches("manifest-differs").count(), 2);
    assert_eq!(ended.stderr.matches("::warning title=layership,file=layers.toml,line=").count(), 2, "{}", ended.stderr);

    let again = FORMATS.map(|format| format!("{format}=again.{format}")).join(" ");
    project.run(&format!("report convert status.json json=again.json {again}"), 0);
    for format in FORMATS {
        assert_eq!(read(format!("again.{format}")), read(format!("first.{format}")), "{format}");
    }
    assert_eq!(project.json("again.json"), project.json("status.json"));
    project.run("report merge status.json --report markdown=merged.md", 0);
    assert!(read("merged.md".to_owned()).contains("manifest-differs"));
}

/// Whoever serves an index need not publish to write it.
#[test]
fn the_index_of_a_status_is_that_of_the_publish_that_came_before() {
    let project = project();
    project.run("publish --stage --report index=published.json", 0);
    project.run_writing_nothing("status --report index=found.json --report json=status.json", 0);
    assert_eq!(project.json("found.json"), project.json("published.json"));
    let entry = |path: &str| project.json(path)["layers"]["alpha"]["us-east-1"].clone();
    let published = entry("published.json");
    assert!(published["archive"]["sha256"].is_string() && published["archive"]["size"].is_u64(), "{published:#}");
    assert_eq!(published["dependencies"], json!([{"name": "alpha", "version": "1.0.0"}]));
    // Of a version from another state of the manifest it has what is known of that version, and of nothing else.
    project.write("alpha/requirements.txt", requirements("alpha", "2.0.0"));
    project.write("alpha/layer/python/alpha.py", "NAME = \"another build\"\n");
    project.run("stage alpha", 0);
    project.run_writing_nothing("status --report index=found.json --report json=status.json", 0);
    let mut expected = published;
    (expected["manifest"]["md5"], expected["dependencies"]) = (Value::Null, Value::Null);
    assert_eq!(entry("found.json"), expected);
    project.run("report convert status.json index=again.json", 0);
    assert_eq!(project.json("again.json"), project.json("found.json"));
    // Nor where there is none to look at.
    std::fs::remove_file(project.folder().join("alpha/requirements.txt")).unwrap();
    project.run_writing_nothing("status --report index=found.json", 0);
    assert_eq!(entry("found.json"), expected);
}

#[test]
fn the_events_tell_what_was_found_and_what_is_odd_in_the_layers_file() {
    let project = Project::of(&["alpha"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let odd = layers.replace("[layers.alpha]\n", "[layers.alpha]\ncompatible-runtimes = [\"python9.9\"]\n");
    assert_ne!(odd, layers);
    project.write("layers.toml", odd);
    let ended = project.run("status --events events.jsonl", 0);
    let text = String::from_utf8(project.read("events.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_kind = |kind: &str| lines.iter().find(|line| line["event"] == kind).unwrap_or_else(|| panic!("{text}"));
    let warning = &of_kind("layers-file-warned")["warning"];
    let said = format!("warning: {} [{}]\n", warning["message"].as_str().unwrap(), warning["code"].as_str().unwrap());
    assert!(ended.stderr.contains(&said), "{said} is not in {}", ended.stderr);
    assert_eq!(of_kind("job-finished")["report"]["status"]["findings"][0]["code"], "not-published");
    assert_eq!(of_kind("run-finished")["findings"], 1);
}

#[test]
fn a_published_layer_costs_one_call_of_lambda_beside_its_latest_version() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    project.run_writing_nothing("status", 0);
    let lambda = |project: &Project| {
        let requests = project.requests();
        let mut calls: Vec<_> = requests.into_iter().filter(|request| request.contains("Layer")).collect();
        calls.sort();
        calls
    };
    assert_eq!(lambda(&project), ["GetLayerVersion alpha", "ListLayerVersions alpha"]);
    project.run_writing_nothing("status --all-versions", 0);
    assert_eq!(
        lambda(&project),
        ["GetLayerVersion alpha", "GetLayerVersionPolicy alpha", "ListLayerVersions alpha", "ListLayerVersions alpha"]
    );
}

#[test]
fn what_is_not_in_order_is_found() {
    let project = project();
    project.run("publish --stage", 0);
    project.run("publish --force beta", 0);
    // Two versions without backups, one of them the latest.
    project.run("publish --force alpha --target us-east-1", 0);
    for version in [1, 2] {
        delete(&project, "artifacts-us-east-1", &format!("layers/alpha/layer/{version:06}/requirements.txt"));
    }
    project.write("beta/requirements.txt", requirements("beta", "2.0.0"));
    assert_eq!(
        findings(&status(&project, "--all-versions --exit-code", 3)),
        expected([
            "alpha us-east-1: backup-missing",
            "alpha us-east-1: backups-missing",
            "beta eu-west-1: manifest-differs",
            "beta us-east-1: manifest-differs",
        ])
    );
    std::fs::remove_file(project.folder().join("beta/requirements.txt")).unwrap();
    let without_manifest = status(&project, "beta", 0);
    assert_eq!(without_manifest["layers"][0]["targets"][0]["status"]["latest"]["backup"], "there");
}

#[test]
fn content_that_differs_between_targets_is_found_and_numbers_are_not() {
    let project = project();
    project.run("publish --stage", 0);
    project.run("publish --force alpha --target us-east-1", 0);
    let numbers = status(&project, "alpha --exit-code", 0);
    assert_eq!(numbers["layers"][0]["versions_differ"], true);
    project.write("alpha/layer/python/alpha.py", "NAME = \"another build\"\n");
    project.run("publish --stage --force alpha --target us-east-1", 0);
    let content = status(&project, "alpha --exit-code", 3);
    assert_eq!(findings(&content), expected(["alpha: content-differs"]));
    assert_eq!(content["layers"][0]["content_differs"], true);
    // It is between targets, and counted where all is counted.
    let step = Step::new();
    step.run(&project, "status alpha --events events.jsonl", 0);
    let text = String::from_utf8(project.read("events.jsonl")).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["findings"]), (&json!("run-finished"), &json!(1)), "{last}");
    let outputs = step.outputs();
    assert_eq!((outputs["findings"].as_str(), outputs["any-finding"].as_str()), ("1", "true"));
    project.run("publish --events events.jsonl", 0);
    assert!(!String::from_utf8(project.read("events.jsonl")).unwrap().contains("findings"));
}

#[test]
fn a_lock_that_a_dead_run_left_is_found_with_its_holder_and_phase() {
    let project = Project::of(&["alpha"]);
    project.run("stage", 0);
    project.inject(r#"{"operation": "PublishLayerVersion", "times": 1, "fault": "hang"}"#);
    let mut command = project.command();
    command.arg("publish");
    let running = Running::start(command);
    until("a publish", || (project.unanswered("PublishLayerVersion").0 == 1).then_some(()));
    let lock = |status: &Value| status["layers"][0]["targets"][0]["status"]["lock"].clone();
    let held = lock(&status(&project, "", 0));
    assert_eq!((&held["state"], &held["phase"]), (&"held".into(), &"sending".into()), "{held:#}");
    running.signal("KILL");
    running.end();
    project.heal();
    project.advance(122);
    let found = status(&project, "--exit-code", 3);
    let stale = lock(&found);
    assert_eq!((&stale["state"], &stale["phase"]), (&"stale".into(), &"sending".into()), "{stale:#}");
    assert_eq!(stale["run"], held["run"]);
    assert!(findings(&found).contains("alpha us-east-1: lock-stale"), "{found:#}");
}

#[test]
fn something_else_at_the_locks_key_is_found() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    put(&project, vec![("layers/alpha/layer/publish.lock".to_owned(), b"[]".to_vec())]);
    assert_eq!(findings(&status(&project, "--exit-code", 3)), expected(["alpha us-east-1: lock-foreign"]));
}

#[test]
fn a_target_that_may_not_be_asked_fails_alone() {
    let project = project();
    project.run("publish --stage", 0);
    project.inject(r#"{"operation": "GetObject", "match": "artifacts-eu-west-1", "fault": "access-denied"}"#);
    let report = status(&project, "", 1);
    let target = |number: usize| report["layers"][0]["targets"][number].clone();
    assert_eq!(target(0)["error"]["code"], "access-denied");
    assert_eq!(target(1)["status"]["latest"]["version"], 1);
    assert_eq!(report["summary"]["failed"], 2);
}

/// Publishes what is staged for `alpha`, as another tool would.
fn publish_by_hand(project: &Project) {
    let published = call(project, "sandbox", async |lambda| {
        let zip = LayerVersionContentInput::builder().s3_bucket("artifacts").s3_key("layers/alpha/layer/layer.zip");
        lambda.publish_layer_version().layer_name("alpha").content(zip.build()).send().await
    });
    published.expect("a version");
}

#[test]
fn a_backup_that_is_older_than_its_version_belongs_to_none() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    // Left by another layer, say, under the number that comes next.
    put(&project, vec![("layers/alpha/layer/000002/requirements.txt".to_owned(), b"other==1.0.0\n".to_vec())]);
    project.advance(10);
    publish_by_hand(&project);
    let missing = expected(["alpha us-east-1: backup-missing"]);
    assert_eq!(findings(&status(&project, "--exit-code", 3)), missing);
    // Nor where there is no manifest to compare it with.
    std::fs::remove_file(project.folder().join("alpha/requirements.txt")).unwrap();
    assert_eq!(findings(&status(&project, "--exit-code", 3)), missing);
    project.write("alpha/requirements.txt", requirements("alpha", "1.0.0"));
    publish_by_hand(&project);
    let found = findings(&status(&project, "--all-versions --exit-code", 3));
    assert_eq!(found, expected(["alpha us-east-1: backup-missing", "alpha us-east-1: backups-missing"]));
}

#[test]
fn who_the_latest_version_is_shared_with_is_held_against_who_should() {
    let project = shared(&["alpha", "beta"], "\"210987654321\"");
    project.run("publish --stage", 0);
    let share = |status: &Value| status["layers"][0]["targets"][0]["status"]["share"].clone();
    let there = status(&project, "--exit-code", 0);
    assert_eq!(share(&there), json!({"there": ["210987654321"], "missing": [], "extra": []}));
    // One call for each layer.
    assert_eq!(count(&project, "GetLayerVersionPolicy"), 2);
    grant_by_hand(&project, "alpha", "by-hand", OTHER);
    project.declare(&["alpha"], "share = [\"o-abc123def4\"]");
    let found = status(&project, "--exit-code", 3);
    assert_eq!(share(&found), json!({"there": [], "missing": ["o-abc123def4"], "extra": [OTHER, "210987654321"]}));
    assert_eq!(findings(&found), expected(["alpha us-east-1: share-extra", "alpha us-east-1: share-missing"]));
    let text = project.run_writing_nothing("status", 0).stdout;
    assert!(text.contains("! alpha at us-east-1: version 1 is not shared with o-abc123def4"), "{text}");
    assert!(text.contains("version 1 is shared, beyond what `share` says, with 333333333333, 210987654321"), "{text}");
    // A layer that says nothing is not asked about, unless all is asked for.
    project.declare(&["alpha"], "");
    assert_eq!(share(&status(&project, "--exit-code", 0)), Value::Null);
    assert_eq!(count(&project, "GetLayerVersionPolicy"), 0);
    let all = status(&project, "--all-versions --exit-code", 0);
    assert_eq!(share(&all), json!({"there": [OTHER, "210987654321"], "missing": [], "extra": []}));
}

/// The cells of a table's row, by the names of their columns.
fn row(text: &str, number: usize) -> Vec<(String, String)> {
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    let mut lines = text.lines();
    let head = cells(lines.next().expect("a head"));
    head.into_iter().zip(cells(lines.nth(number).expect("a row"))).collect()
}

#[test]
fn what_follows_a_version_is_shown_where_a_layer_asks_for_it() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    let columns = |text: &str| row(text, 0).into_iter().map(|(column, _)| column).collect::<Vec<_>>();
    let plain = project.run_writing_nothing("status", 0).stdout;
    assert_eq!(columns(&plain), ["LAYER", "TARGET", "VERSION", "AGE", "SIZE", "BACKUP", "LOCK", "ARN"], "{plain}");
    let all = project.run_writing_nothing("status --all-versions", 0).stdout;
    assert!(
        all.contains("VERSIONS") && !all.contains("SHARED"),
        "it is shared with nobody, and nobody is missing: {all}"
    );
    project.declare(&["alpha"], "share = [\"210987654321\"]\nparameter = \"/layers/{layer}\"");
    let cell = |text: &str, name: &str| row(text, 0).into_iter().find(|(column, _)| column == name).unwrap().1;
    let text = project.run_writing_nothing("status", 0).stdout;
    assert_eq!((cell(&text, "SHARED"), cell(&text, "PARAMETER")), ("0, 1 missing".into(), "missing".into()), "{text}");
    project.run("publish", 0);
    let text = project.run_writing_nothing("status --all-versions", 0).stdout;
    assert_eq!((cell(&text, "SHARED"), cell(&text, "PARAMETER")), ("1".into(), "same".into()), "{text}");
    assert_eq!(cell(&text, "VERSIONS"), "1");
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer:alpha:1";
    let parameter = json!({"name": "/layers/alpha", "state": "same", "layer_version_arn": arn});
    assert_eq!(status(&project, "", 0)["layers"][0]["targets"][0]["status"]["parameter"], parameter);
    project.run("publish --force", 0);
    project.declare(&["alpha"], "parameter = \"/layers/{layer}\"");
    project.inject(r#"{"operation": "PutParameter", "fault": "access-denied"}"#);
    project.run("publish --force", 1);
    project.heal();
    let text = project.run_writing_nothing("status", 0).stdout;
    assert_eq!(cell(&text, "PARAMETER"), "differs", "{text}");
}
