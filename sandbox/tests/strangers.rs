//! Other users of the machine, and web pages that its browsers show: they reach the port and get nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{Started, start};
use lambda_layers_sandbox::Options;
use serde_json::json;

/// Every endpoint of the control, and what it is asked.
const CONTROL: [(&str, &str); 11] = [
    ("GET /_sandbox/health", ""),
    ("GET /_sandbox/faults", ""),
    ("POST /_sandbox/faults", r#"{"fault": "hang"}"#),
    ("DELETE /_sandbox/faults", ""),
    ("GET /_sandbox/requests", ""),
    ("DELETE /_sandbox/requests", ""),
    ("GET /_sandbox/state", ""),
    ("GET /_sandbox/objects/bucket/key", ""),
    ("GET /_sandbox/clock", ""),
    ("POST /_sandbox/clock", r#"{"advance_seconds": 1}"#),
    ("GET /_sandbox/layers/123456789012/us-east-1/numpy/1.zip", ""),
];

async fn status(started: &Started, line: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    started.send(line, headers, body.as_bytes()).await.status
}

#[tokio::test]
async fn control_asks_for_the_secret() {
    let started = start(|dir| Options::new(dir)).await;
    for (line, body) in CONTROL {
        assert_eq!(status(&started, line, &[("Host", "127.0.0.1")], body).await, 403, "{line}");
        let wrong = [("Host", "127.0.0.1"), ("X-Sandbox-Secret", "sandbox")];
        assert_eq!(status(&started, line, &wrong, body).await, 403, "{line}");
    }
    let clock = started.control("GET /_sandbox/clock", &json!(null)).await.json();
    assert_eq!(clock["ahead_seconds"], 0, "somebody moved the clock");
    assert_eq!(started.control("GET /_sandbox/faults", &json!(null)).await.json(), json!([]));
}

#[tokio::test]
async fn hosts_elsewhere_and_web_pages_are_refused_whatever_they_know() {
    let started = start(|dir| Options::new(dir)).await;
    let secret = started.sandbox.secret();
    for line in
        ["GET /_sandbox/state", "GET /bucket/key", "POST /", "GET /2018-10-31/layers", "OPTIONS /_sandbox/faults"]
    {
        let rebound = [("Host", "evil.example"), ("X-Sandbox-Secret", secret)];
        assert_eq!(status(&started, line, &rebound, "").await, 403, "{line}");
        let page = [("Host", "127.0.0.1"), ("Origin", "http://evil.example"), ("X-Sandbox-Secret", secret)];
        assert_eq!(status(&started, line, &page, "").await, 403, "{line}");
    }
    assert_eq!(started.control("GET /_sandbox/requests", &json!(null)).await.json()["total"], 0);
}

#[tokio::test]
async fn no_request_makes_it_read_a_file_of_the_machine() {
    let started = start(|dir| Options::new(dir)).await;
    let rule = json!({"fault": {"kind": "replace-object", "path": "/etc/hostname"}});
    let answer = started.control("POST /_sandbox/faults", &rule).await;
    assert!(answer.status == 400 && answer.text().contains("`path`"), "{answer:?}");
}

#[tokio::test]
async fn the_secret_of_every_start_is_another_one_or_the_chosen_one() {
    let (one, other) = (start(|dir| Options::new(dir)).await, start(|dir| Options::new(dir)).await);
    assert_ne!(one.sandbox.secret(), other.sandbox.secret());
    assert!(!format!("{:?}", one.sandbox).contains(one.sandbox.secret()));
    let chosen = start(|dir| Options { secret: Some("a-secret-of-mine".to_owned()), ..Options::new(dir) }).await;
    assert_eq!(chosen.sandbox.secret(), "a-secret-of-mine");
}

#[tokio::test]
async fn bodies_have_bounds() {
    let started = start(|dir| Options::new(dir)).await;
    let large = vec![b' '; 17 * 1024 * 1024];
    let headers = [("Host", "127.0.0.1"), ("X-Sandbox-Secret", started.sandbox.secret())];
    assert_eq!(started.send("POST /_sandbox/faults", &headers, &large).await.status, 413);
    let large = vec![b' '; 2 * 1024 * 1024];
    for line in ["POST /", "POST /2018-10-31/layers/numpy/versions/1/policy"] {
        assert_eq!(started.send(line, &[("Host", "127.0.0.1")], &large).await.status, 413, "{line}");
    }
}

#[tokio::test]
async fn the_clock_moves_forward_only() {
    let started = start(|dir| Options::new(dir)).await;
    for bad in [json!({"advance_seconds": -1}), json!({"advance_seconds": 4_000_000_000_u64}), json!({})] {
        assert_eq!(started.control("POST /_sandbox/clock", &bad).await.status, 400, "{bad}");
    }
    assert_eq!(
        started.control("POST /_sandbox/clock", &json!({"advance_seconds": 5})).await.json()["ahead_seconds"],
        5
    );
}
