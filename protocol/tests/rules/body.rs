//! The lock as JSON: written exactly, read tolerantly, whoever wrote it.

use std::sync::Arc;

use layership_protocol::{BODY_LIMIT, Body, Content, Holder, Last, Nonce, Phase, Time};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::play::*;

fn parse(value: &Value) -> Content {
    Content::parse(value.to_string().as_bytes())
}

fn lock(value: &Value) -> Body {
    match parse(value) {
        Content::Lock(body) => body,
        other => panic!("not a lock: {other:?}"),
    }
}

fn written(body: &Body) -> Value {
    serde_json::from_slice(&body.to_json()).unwrap()
}

fn mark() -> Value {
    written(&body("us", sending(START), published(4)))
}

#[test]
fn a_lock_is_written_so() {
    let expected = r#"{
  "format": 1,
  "phase": "sending",
  "run": "run of us",
  "owner": "us",
  "host": "host",
  "process": 1,
  "layer": "layer",
  "time": "2026-09-21T14:13:20Z",
  "lease_seconds": 360,
  "lease_milliseconds": 30000,
  "seen": 4,
  "last": {
    "version": 4,
    "sha256": "0707070707070707070707070707070707070707070707070707070707070707",
    "manifest_md5": "08080808080808080808080808080808"
  },
  "sending": {
    "layer_arn": "arn",
    "seen": 4,
    "sha256": "0909090909090909090909090909090909090909090909090909090909090909",
    "accepted_until": "2026-09-21T14:14:20Z",
    "settled_at": "2026-09-21T14:15:20Z"
  },
  "nonce": "0000000000000063"
}"#;
    assert_eq!(String::from_utf8(body("us", sending(START), published(4)).to_json()).unwrap(), expected);
}

#[test]
fn what_was_written_is_read() {
    for phase in [Phase::Free, holding(), sending(START), Phase::Unclear { lease: seconds(30) }] {
        for last in [None, last(7), published(u64::from(u32::MAX))] {
            let body = Body { nonce: Nonce(u64::MAX), ..body("us", phase.clone(), last) };
            assert_eq!(Content::parse(&body.to_json()), Content::Lock(body));
        }
    }
}

/// Version 0.1.0's own type, by which it judges any lock that it finds.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body010 {
    run: String,
    owner: String,
    host: String,
    process: u32,
    layer: String,
    time: String,
    lease_seconds: u64,
}

#[test]
fn version_0_1_0_keeps_off_a_lock_that_is_held_and_takes_a_free_one() {
    for (phase, lease_seconds) in [(Phase::Free, 0), (holding(), 360), (sending(START), 360)] {
        let old: Body010 = serde_json::from_slice(&body("us", phase, published(4)).to_json()).unwrap();
        assert_eq!(old.lease_seconds, lease_seconds);
        assert_eq!((old.run, old.owner, old.host), ("run of us".into(), "us".into(), "host".into()));
        assert_eq!((old.process, old.layer, old.time), (1, "layer".into(), "2026-09-21T14:13:20Z".into()));
    }
}

#[test]
fn a_lock_of_version_0_1_0_is_one_without_times() {
    let old =
        json!({ "run": "r", "owner": "o", "host": "h", "process": 1, "layer": "l", "time": "t", "lease_seconds": 30 });
    assert_eq!(lock(&old).phase, Phase::Unclear { lease: seconds(30) });
    assert_eq!(lock(&old).holder.run, "r");
}

#[test]
fn a_held_lock_without_its_times_is_unclear() {
    let without = |mut value: Value, key: &str| {
        value.as_object_mut().unwrap().remove(key);
        lock(&value).phase
    };
    assert_eq!(without(mark(), "sending"), Phase::Unclear { lease: seconds(30) });
    assert_eq!(without(mark(), "lease_milliseconds"), Phase::Unclear { lease: seconds(0) });
    for bad in [json!(null), json!(5), json!("tomorrow"), json!(-1), json!({}), json!("-000005-01-01T00:00:00Z")] {
        let mut value = mark();
        value["sending"]["accepted_until"] = bad;
        assert_eq!(lock(&value).phase, Phase::Unclear { lease: seconds(30) });
    }
}

#[test]
fn what_cannot_be_read_counts_as_absent() {
    for bad in
        [json!(null), json!(-1), json!(1.5), json!(1e300), json!([]), json!("x"), json!({ "a": [1] }), json!(u64::MAX)]
    {
        let mut value = mark();
        for key in ["run", "owner", "host", "process", "layer", "time", "lease_seconds", "seen", "last", "nonce"] {
            value[key] = bad.clone();
        }
        for key in ["layer_arn", "seen", "sha256", "manifest_md5", "settled_at"] {
            value["sending"][key] = bad.clone();
        }
        let body = lock(&value);
        let Phase::Sending { mark, .. } = body.phase else { panic!("{body:?}") };
        assert_eq!((mark.seen, mark.sha256, mark.settled_at), (0, None, mark.accepted_until), "{bad}");
        assert_eq!((body.seen, body.last, body.time), (0, None, Time::default()), "{bad}");
    }
}

#[test]
fn digests_are_read_only_if_they_are_whole() {
    for bad in ["", "07", &"0g".repeat(32), &"é".repeat(32), &"07".repeat(33), &"+7".repeat(32)] {
        let mut value = mark();
        value["last"]["sha256"] = json!(bad);
        assert_eq!(lock(&value).last, Some(Last { sha256: None, ..published(4).unwrap() }), "{bad}");
    }
    let mut value = mark();
    value["last"]["version"] = json!(0);
    assert_eq!(lock(&value).last, None);
}

#[test]
fn what_is_no_lock_is_told_apart() {
    for bad in [
        "",
        "null",
        "[]",
        "{}",
        "7",
        "{\"format\":1",
        "\u{0}",
        "{\"run\":\"r\",\"owner\":\"o\"}",
        "{\"lease_seconds\":30}",
    ] {
        assert_eq!(Content::parse(bad.as_bytes()), Content::NotALock, "{bad}");
    }
    for (key, bad) in [
        ("phase", json!("other")),
        ("phase", json!(1)),
        ("format", json!(0)),
        ("format", json!("1")),
        ("format", json!(1.5)),
    ] {
        let mut value = mark();
        value[key] = bad;
        assert_eq!(parse(&value), Content::NotALock, "{value}");
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(Content::parse(deep.as_bytes()), Content::NotALock);
    let mut value = mark();
    value["padding"] = json!("x".repeat(BODY_LIMIT));
    assert_eq!(parse(&value), Content::NotALock);
}

#[test]
fn a_newer_format_is_told_with_its_number() {
    for format in [2, u64::MAX] {
        assert_eq!(parse(&json!({ "format": format, "phase": 7 })), Content::NewerFormat(format));
    }
}

#[test]
fn names_that_are_too_long_are_cut_off_and_still_ours() {
    let long = Holder { owner: "é".repeat(3000), run: "r".repeat(200_000), ..holder("us") };
    let ours = Body { holder: Arc::new(long.clone()), ..body("us", holding(), None) };
    let bytes = ours.to_json();
    assert!(bytes.len() < BODY_LIMIT);
    let Content::Lock(read) = Content::parse(&bytes) else { panic!() };
    assert!(read.holder.is(&long));
    assert_eq!(read.holder.owner, "é".repeat(512));
}

#[test]
fn times_beyond_all_calendars_are_written_and_read() {
    let far = Body { time: Time::from_millis(u64::MAX), ..body("us", Phase::Free, None) };
    assert!(lock(&written(&far)).time > START);
}
