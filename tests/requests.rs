//! What a run costs: exactly these requests, in this order, and never more at once than asked for. No timing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "faults/bench.rs"]
mod bench;
mod common;

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use bench::{Bench, outcome};
use common::{run, write};
use md5::Digest as _;
use serde_json::{Value, json};

const LAYERS: usize = 20;

fn names() -> Vec<String> {
    (0..LAYERS).map(|number| format!("layer-{number:02}")).collect()
}

/// The requests so far by operation; forgotten afterwards.
fn counted(bench: &Bench) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in bench.requests() {
        *counts.entry(request["operation"].as_str().expect("an operation").to_owned()).or_default() += 1;
    }
    bench.forget_requests();
    counts
}

#[track_caller]
fn assert_counts(bench: &Bench, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(operation, count)| ((*operation).to_owned(), *count));
    assert_eq!(counted(bench), expected.collect::<BTreeMap<_, _>>());
}

/// The operations on one layer, in the order in which they arrived.
fn order(bench: &Bench, layer: &str) -> Vec<String> {
    let of_layer = |request: &&Value| request.to_string().contains(layer);
    let operation = |request: &Value| request["operation"].as_str().expect("an operation").to_owned();
    bench.requests().iter().filter(of_layer).map(operation).collect()
}

#[test]
fn a_first_publish_a_second_one_and_one_change_cost_exactly_this() {
    let bench = Bench::of(&names());
    bench.run(&["stage"]).expect(0);
    assert_counts(
        &bench,
        &[("GetCallerIdentity", 1), ("HeadObject", LAYERS), ("PutObject", LAYERS), ("HeadBucket", LAYERS)],
    );

    // What is staged in the second of the publish costs a look at the backup later on: S3 tells no more than that.
    bench.advance(2);
    bench.run(&["publish"]).expect(0);
    let first = [
        ("GetCallerIdentity", 1),
        ("ListLayers", 1),
        // The staged archive, and whether the next version has a backup already.
        ("HeadObject", 2 * LAYERS),
        // The lock.
        ("GetObject", LAYERS),
        // The lock taken, marked and freed, and the backup.
        ("PutObject", 4 * LAYERS),
        ("PublishLayerVersion", LAYERS),
    ];
    assert_counts(&bench, &first);

    bench.run(&["publish"]).expect(0);
    let unchanged = [("GetCallerIdentity", 1), ("ListLayers", 1), ("HeadObject", LAYERS), ("GetObject", LAYERS)];
    assert_counts(&bench, &unchanged);

    bench.revise("layer-07", 2);
    bench.run(&["stage", "layer-07"]).expect(0);
    bench.forget_requests();
    bench.run(&["publish"]).expect(0);
    let changed = order(&bench, "layer-07");
    let (mut asked, mut looked, then) = (changed[..2].to_vec(), changed[2..4].to_vec(), &changed[4..]);
    for both in [&mut asked, &mut looked] {
        both.sort();
        assert_eq!(*both, ["GetObject", "HeadObject"], "both at once, in either order");
    }
    assert_eq!(then, ["PutObject", "PutObject", "PublishLayerVersion", "PutObject", "PutObject"]);
}

/// Uploads what is built as the Python library does: with its manifest's MD5, without a SHA-256 and without a note.
fn staged_by_the_library(bench: &Bench, name: &str) {
    let credentials = Credentials::new("sandbox", &bench.sandbox.secret, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&bench.sandbox.endpoint)
        .credentials_provider(credentials)
        .build();
    let read = |file: &str| std::fs::read(bench.project().join(name).join(file)).expect("a file");
    let md5 = md5::Md5::digest(read("requirements.txt")).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let request = aws_sdk_s3::Client::from_conf(config)
        .put_object()
        .bucket(bench::BUCKET)
        .key(format!("layers/{name}/layer/layer.zip"))
        .metadata("manifest_md5", md5)
        .body(read("layer.zip").into());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(request.send()).expect("an upload");
}

/// At most ten requests to S3, whatever happened before: its zip is read once, for its digest and its table of contents.
#[test]
fn a_layer_that_the_library_staged_costs_no_more_than_this() {
    let bench = Bench::of(&["one"]);
    staged_by_the_library(&bench, "one");
    bench.forget_requests();
    bench.run(&["plan"]).expect(0);
    // The end of the zip, which is all that a plan needs of it.
    assert_counts(&bench, &[("GetCallerIdentity", 1), ("ListLayerVersions", 1), ("HeadObject", 1), ("GetObject", 1)]);

    bench.run(&["publish"]).expect(0);
    let first = [
        ("GetCallerIdentity", 1),
        ("ListLayerVersions", 1),
        ("HeadObject", 2),
        // The zip, the lock.
        ("GetObject", 2),
        ("PutObject", 4),
        ("PublishLayerVersion", 1),
    ];
    assert_counts(&bench, &first);

    bench.revise("one", 2);
    staged_by_the_library(&bench, "one");
    bench.forget_requests();
    bench.run(&["publish"]).expect(0);
    let changed = [
        ("GetCallerIdentity", 1),
        ("ListLayerVersions", 1),
        ("HeadObject", 2),
        // The backup, the zip, the lock.
        ("GetObject", 3),
        ("PutObject", 4),
        ("PublishLayerVersion", 1),
    ];
    assert_counts(&bench, &changed);
    bench.state().assert_exactly("one", &[1, 2]);

    bench.run(&["publish"]).expect(0);
    let unchanged = [("GetCallerIdentity", 1), ("ListLayerVersions", 1), ("HeadObject", 1), ("GetObject", 1)];
    assert_counts(&bench, &unchanged);
}

#[test]
fn few_layers_and_a_role_that_may_not_list_ask_for_each_layer() {
    let few = Bench::of(&["one", "two"]);
    few.run(&["stage"]).expect(0);
    few.forget_requests();
    few.run(&["plan"]).expect(0);
    assert_eq!(counted(&few).get("ListLayers"), None);

    let bench = Bench::of(&names());
    bench.run(&["stage"]).expect(0);
    bench.faults(&json!({"operation": "ListLayers", "fault": "access-denied"}));
    bench.forget_requests();
    bench.run(&["publish"]).expect(0);
    let counts = counted(&bench);
    assert_eq!((counts["ListLayers"], counts["ListLayerVersions"]), (1, LAYERS));
}

#[test]
fn no_more_requests_are_in_flight_than_jobs_allow() {
    let bench = Bench::of(&names());
    bench.run(&["publish", "--stage"]).expect(0);
    bench.faults(&json!({"operation": "*", "fault": {"kind": "latency", "ms": 20}}));
    bench.forget_requests();
    bench.run(&["publish", "--concurrency", "3"]).expect(0);
    let most = bench.requests().iter().filter_map(|request| request["in_flight"].as_u64()).max();
    // Each job has two requests in flight, and the sweep one.
    assert!(most.is_some_and(|most| (2..=7).contains(&most)), "{most:?}");
}

/// So many built layers at a Lambda that admits so many requests a second, and so many at once.
fn limited(layers: usize, quota: [&str; 2]) -> (Bench, Vec<String>) {
    let folder = common::folder();
    let flags = ["--lambda-requests-per-second", quota[0], "--lambda-burst", quota[1]];
    let sandbox = common::Sandbox::start(&folder.path().join("sandbox"), &flags);
    let bench = Bench { folder, sandbox };
    let names: Vec<String> = (0..layers).map(|number| format!("layer-{number:02}")).collect();
    bench.layers(&names, "");
    names.iter().for_each(|name| bench.revise(name, 1));
    (bench, names)
}

/// Publishes, with other flags than [`Bench::run`] has.
fn publish(bench: &Bench, flags: &[&str]) -> common::Ended {
    let mut command = bench.sandbox.layership(bench.project());
    command.args(["publish", "--stage", "--format", "json"]);
    run(command, flags).expect(0)
}

#[test]
fn another_tool_that_uses_half_the_quota_makes_no_job_fail() {
    // The quota that is left: half of what the run believes it has, and less than even a busy machine asks for, with
    // nothing saved up.
    let (bench, names) = limited(60, ["10", "1"]);
    let report = publish(&bench, &["--lambda-requests-per-second", "20"]).report();
    assert_eq!(report["summary"]["published"], 60);
    let throttled = bench.requests().iter().filter(|request| request["status"] == 429).count();
    assert!(throttled > 0, "nothing was throttled: this test shows nothing");
    let state = bench.state();
    names.iter().for_each(|name| state.assert_exactly(name, &[1]));
}

#[test]
fn calls_that_find_nothing_count_as_well() {
    let (bench, names) = limited(50, ["20", "10"]);
    publish(&bench, &["--lambda-requests-per-second", "18"]);
    bench.forget_requests();
    // Whom a version is shared with is answered by "not found" where nobody is.
    bench.layers(&names, "share = [\"210987654321\"]");
    publish(&bench, &["--lambda-requests-per-second", "18", "--dry-run"]);
    let (asked, throttled) = bench.requests().iter().fold((0, 0), |(asked, throttled), request| {
        let is_policy = request["operation"] == "GetLayerVersionPolicy";
        (asked + usize::from(is_policy), throttled + usize::from(request["status"] == 429))
    });
    assert!(asked >= names.len(), "{asked}: this test shows nothing");
    assert_eq!(throttled, 0);
}

/// As many failures as any other call has patience for.
#[test]
fn a_short_outage_costs_no_call_for_each_layer() {
    let bench = Bench::of(&names());
    bench.run(&["publish", "--stage"]).expect(0);
    let unavailable = json!({"kind": "error", "status": 503, "code": "ServiceUnavailable"});
    bench.faults(&json!({"operation": "ListLayers", "times": 4, "fault": unavailable}));
    bench.forget_requests();
    bench.run(&["publish"]).expect(0);
    let counts = counted(&bench);
    assert_eq!((counts["ListLayers"], counts.get("ListLayerVersions")), (5, None));
}

#[test]
fn a_region_that_hangs_fails_its_own_jobs_and_no_others() {
    let bench = Bench::open();
    let mut text = "[targets]\nus-east-1 = {}\ntokyo = { region = \"ap-northeast-1\" }\n\
                    [defaults]\nbucket = \"acme-{region}\"\n"
        .to_owned();
    for name in names() {
        text.push_str(&format!(
            "[layers.{name}]\nmanifest = \"{name}/requirements.txt\"\narchive = \"{name}/layer.zip\"\n"
        ));
        bench.revise(&name, 1);
    }
    write(bench.project(), "layers.toml", text);
    bench.faults(&json!({"operation": "s3:*", "match": "acme-ap-northeast-1", "fault": "hang"}));
    let args = ["publish", "--stage", "--concurrency", "4", "--request-timeout-seconds", "1"];
    let report = bench.run(&args).expect(1).report();
    for found in report["jobs"].as_array().expect("jobs") {
        let expected = if found["target"] == "tokyo" { ("failed", "timeout") } else { ("published", "") };
        assert_eq!(outcome(found), expected, "{found:#}");
    }
    assert_eq!((&report["summary"]["published"], &report["summary"]["failed"]), (&json!(LAYERS), &json!(LAYERS)));
}
