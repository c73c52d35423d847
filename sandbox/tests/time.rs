//! The sandbox's clock, and what goes by it: the age of signatures, work that is done late, requests that arrive late,
//! lists that lag.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/sdk.rs"]
mod sdk;

use common::{Started, start};
use lambda_layers_sandbox::Options;
use sdk::{Sdk, told};
use serde_json::{Value, json};

async fn started() -> Started {
    start(|dir| Options::new(dir)).await
}

impl Started {
    async fn advance(&self, seconds: u64) {
        let moved = self.control("POST /_sandbox/clock", &json!({ "advance_seconds": seconds })).await;
        assert_eq!(moved.status, 200, "{moved:?}");
    }

    async fn fault(&self, operation: &str, fault: Value) {
        let rule = json!({ "operation": operation, "times": 1, "fault": fault });
        let added = self.control("POST /_sandbox/faults", &rule).await;
        assert_eq!(added.status, 200, "{added:?}");
    }

    /// The log's entries of an operation.
    async fn log(&self, operation: &str) -> Vec<Value> {
        let log = self.control("GET /_sandbox/requests", &Value::Null).await.json();
        let entries = log["requests"].as_array().expect("requests").clone();
        entries.into_iter().filter(|entry| entry["operation"] == operation).collect()
    }
}

#[tokio::test]
async fn lambda_takes_signatures_of_five_minutes() {
    let started = started().await;
    for (off, words) in [(-302, "Signature expired: "), (302, "Signature not yet current: ")] {
        let (code, message) = Sdk::off(&started, off).publish("numpy").await.expect_err("refused");
        assert_eq!(code, "InvalidSignatureException", "{message}");
        assert!(message.starts_with(words) && message.ends_with("5 min.)"), "{message}");
    }
    for off in [-290, 290] {
        Sdk::off(&started, off).publish("numpy").await.expect("in time");
    }
}

#[tokio::test]
async fn s3_and_sts_take_signatures_of_a_quarter_of_an_hour() {
    let started = started().await;
    for off in [-902, 902] {
        let sdk = Sdk::off(&started, off);
        let refused = sdk.s3.list_buckets().send().await.map_err(told).expect_err("refused");
        let words = "The difference between the request time and the current time is too large.";
        assert_eq!(refused, ("RequestTimeTooSkewed".to_owned(), words.to_owned()));
        let (code, message) = sdk.sts.get_caller_identity().send().await.map_err(told).expect_err("refused");
        assert!(code == "SignatureDoesNotMatch" && message.ends_with("15 min.)"), "{code} {message}");
    }
    for off in [-890, 890] {
        let sdk = Sdk::off(&started, off);
        sdk.s3.list_buckets().send().await.expect("in time");
        sdk.sts.get_caller_identity().send().await.expect("in time");
    }
}

#[tokio::test]
async fn it_is_the_sandboxs_clock_that_counts() {
    let started = started().await;
    started.advance(400).await;
    assert!(Sdk::at(&started).publish("numpy").await.is_err());
    Sdk::off(&started, 400).publish("numpy").await.expect("in time");
    Sdk::at(&started).s3.list_buckets().send().await.expect("in time");
    started.advance(600).await;
    assert!(Sdk::at(&started).s3.list_buckets().send().await.is_err());
}

#[tokio::test]
async fn work_may_be_done_long_after_its_answer_was_lost() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    started.fault("PublishLayerVersion", json!({"kind": "late", "seconds": 25})).await;
    let (code, _) = sdk.publish("numpy").await.expect_err("cut");
    assert_eq!(code, "no answer");
    started.advance(24).await;
    assert_eq!(sdk.versions("numpy").await, [] as [i64; 0]);
    let entry = &started.log("PublishLayerVersion").await[0];
    assert!(entry["done"] == false && entry["status"].is_null() && entry["fault"] == "late", "{entry}");
    started.advance(1).await;
    assert_eq!(sdk.versions("numpy").await, [1]);
    let entry = &started.log("PublishLayerVersion").await[0];
    assert!(entry["done"] == true && entry["status"] == 201, "{entry}");
}

#[tokio::test]
async fn the_lost_answer_may_be_an_error() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    started.fault("PublishLayerVersion", json!({"kind": "late", "seconds": 8, "status": 504, "code": "Timeout"})).await;
    assert_eq!(sdk.publish("numpy").await.expect_err("an error").0, "Timeout");
    started.fault("PutObject", json!({"kind": "late", "seconds": 3})).await;
    sdk.s3.create_bucket().bucket("bucket").send().await.expect("made");
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"late");
    sdk.s3.put_object().bucket("bucket").key("key").body(body).send().await.expect_err("cut");
    sdk.s3.get_object().bucket("bucket").key("key").send().await.expect_err("not yet");
    started.advance(100).await;
    let found = sdk.s3.get_object().bucket("bucket").key("key").send().await.expect("there");
    assert_eq!(found.body.collect().await.expect("read").into_bytes(), "late");
    assert_eq!(sdk.versions("numpy").await, [1]);
}

#[tokio::test]
async fn late_work_has_the_time_at_which_it_was_done() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    for seconds in [50, 20] {
        started.fault("PublishLayerVersion", json!({"kind": "late", "seconds": seconds})).await;
        sdk.publish("numpy").await.expect_err("cut");
    }
    started.advance(250).await;
    let made = |version| sdk.lambda.get_layer_version().layer_name("numpy").version_number(version).send();
    let [first, second] = [made(1).await, made(2).await].map(|made| made.expect("there").created_date.expect("a date"));
    assert!(first < second, "{first} {second}");
    let seconds = |date: &str| date[17..19].parse::<i64>().expect("seconds");
    assert_eq!((seconds(&second) - seconds(&first)).rem_euclid(60) / 5, 6, "{first} {second}");
}

#[tokio::test]
async fn a_request_that_is_held_in_the_network_is_judged_when_it_arrives() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    for seconds in [200, 330] {
        started.fault("PublishLayerVersion", json!({"kind": "delayed", "seconds": seconds, "cut": true})).await;
        assert_eq!(sdk.publish("numpy").await.expect_err("cut").0, "no answer");
    }
    started.advance(199).await;
    assert_eq!(sdk.versions("numpy").await, [] as [i64; 0]);
    started.advance(1).await;
    assert_eq!(sdk.versions("numpy").await, [1]);
    started.advance(200).await;
    let statuses: Vec<Value> =
        started.log("PublishLayerVersion").await.iter().map(|entry| entry["status"].clone()).collect();
    assert_eq!(statuses, [json!(201), json!(403)]);
}

#[tokio::test]
async fn a_client_may_wait_for_the_request_that_is_held() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    started.fault("PublishLayerVersion", json!({"kind": "delayed", "seconds": 60})).await;
    let waiting = tokio::spawn(async move { sdk.publish("numpy").await });
    while started.log("PublishLayerVersion").await.is_empty() {
        tokio::task::yield_now().await;
    }
    started.advance(60).await;
    assert_eq!(waiting.await.expect("ended"), Ok(1));
}

#[tokio::test]
async fn a_rule_moves_the_clock_on_when_a_request_arrives_or_is_answered() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    sdk.s3.create_bucket().bucket("bucket").send().await.expect("made");
    started.fault("ListBuckets", json!({"kind": "advance", "seconds": 40, "when": "answered"})).await;
    started.fault("PublishLayerVersion", json!({"kind": "advance", "seconds": 290})).await;
    let before = std::time::SystemTime::now();
    // Unsigned, so refused: rules come first.
    let answer = started.send("GET /", &[("Host", "127.0.0.1")], b"").await;
    let date = answer.head.lines().find_map(|line| line.strip_prefix("date: ")).expect("a date");
    let date = httpdate::parse_http_date(date).expect("an HTTP date");
    assert!(date < before + std::time::Duration::from_secs(39), "the answer tells of the time that passed behind it");
    let clock = started.control("GET /_sandbox/clock", &Value::Null).await;
    assert_eq!(clock.json()["ahead_seconds"], 40);
    // 330 seconds after it was signed.
    let (code, message) = sdk.publish("numpy").await.expect_err("too late");
    assert!(code == "InvalidSignatureException" && message.starts_with("Signature expired"), "{message}");
}

#[tokio::test]
async fn lists_may_lag_while_a_version_can_be_asked_for() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    let rule = json!([{"operation": "ListLayerVersions", "fault": {"kind": "lagging-list", "seconds": 40}},
        {"operation": "ListLayers", "fault": {"kind": "lagging-list", "seconds": 40}}]);
    started.control("POST /_sandbox/faults", &rule).await;
    sdk.publish("numpy").await.expect("published");
    let latest = async || {
        let listed = sdk.lambda.list_layers().send().await.expect("a list");
        listed.layers().first().and_then(|layer| layer.latest_matching_version()).map(|version| version.version)
    };
    started.advance(39).await;
    sdk.publish("numpy").await.expect("published");
    assert_eq!((sdk.versions("numpy").await, latest().await), (vec![], None));
    sdk.lambda.get_layer_version().layer_name("numpy").version_number(2).send().await.expect("there");
    started.advance(2).await;
    assert_eq!((sdk.versions("numpy").await, latest().await), (vec![1], Some(1)));
    started.advance(40).await;
    assert_eq!((sdk.versions("numpy").await, latest().await), (vec![2, 1], Some(2)));
}

#[tokio::test]
async fn back_dated_signatures_may_be_refused() {
    let started = started().await;
    let rule = json!({"operation": "PublishLayerVersion", "fault": {"kind": "back-dated", "seconds": 60}});
    started.control("POST /_sandbox/faults", &rule).await;
    let (code, message) = Sdk::off(&started, -240).publish("numpy").await.expect_err("refused");
    assert!(code == "InvalidSignatureException" && message.starts_with("Signature expired"), "{message}");
    Sdk::off(&started, -30).publish("numpy").await.expect("young enough");
}

#[tokio::test]
async fn a_write_may_be_done_and_refused_all_the_same() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    sdk.s3.create_bucket().bucket("bucket").send().await.expect("made");
    let put = |key: &str| sdk.s3.put_object().bucket("bucket").key(key).if_none_match("*").send();
    let refused = json!({"kind": "error-after", "status": 412, "code": "PreconditionFailed"});
    started.fault("PutObject", refused).await;
    assert_eq!(put("lock").await.map_err(told).expect_err("refused").0, "PreconditionFailed");
    sdk.s3.head_object().bucket("bucket").key("lock").send().await.expect("written");
    started.fault("PutObject", json!("conflict")).await;
    assert_eq!(put("other").await.map_err(told).expect_err("refused").0, "ConditionalRequestConflict");
    sdk.s3.head_object().bucket("bucket").key("other").send().await.expect_err("not written");
}

#[tokio::test]
async fn the_clock_may_move_on_with_the_answer_of_a_request_that_was_held_up() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    started.fault("PublishLayerVersion", json!({"kind": "advance", "seconds": 65, "when": "answered"})).await;
    started.fault("PublishLayerVersion", json!({"kind": "delayed", "seconds": 0.05})).await;
    sdk.publish("numpy").await.expect("published");
    // Whoever comes next is answered too.
    assert_eq!(sdk.versions("numpy").await, [1]);
}

#[tokio::test]
async fn late_work_is_done_so_long_after_the_request_however_long_the_client_slept() {
    let started = started().await;
    let sdk = Sdk::at(&started);
    started.fault("PublishLayerVersion", json!({"kind": "advance", "seconds": 130, "when": "answered"})).await;
    started.fault("PublishLayerVersion", json!({"kind": "late", "seconds": 3})).await;
    sdk.publish("numpy").await.expect_err("cut");
    assert_eq!(sdk.versions("numpy").await, [1], "the client slept for longer than the work took");
}
