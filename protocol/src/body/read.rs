//! A lock from bytes that anybody may have written: what cannot be read counts as absent, and nothing is too long.

use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Body, FORMAT, Holder, Last, Mark, Phase, Version, clipped};
use crate::digest::{Md5, Sha256};
use crate::time::{Nonce, Time};

/// No lock of ours is larger, in bytes. Whoever reads one need not read further than one byte beyond.
pub const BODY_LIMIT: usize = 64 * 1024;

type Object = Map<String, Value>;

/// What lies at a lock's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A lock of ours.
    Lock(Body),
    /// Something else. It is never overwritten.
    NotALock,
    /// A lock of a format that this version does not know. It is never overwritten.
    NewerFormat(u64),
}

impl Content {
    /// Reads what lies at a lock's key.
    pub fn parse(bytes: &[u8]) -> Self {
        if bytes.len() > BODY_LIMIT {
            return Self::NotALock;
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else { return Self::NotALock };
        match object.get("format") {
            // Version 0.1.0 wrote no format.
            None if is_text(&object, "run")
                && is_text(&object, "owner")
                && number(&object, "lease_seconds").is_some() =>
            {
                Self::Lock(body(&object, unclear(&object)))
            }
            None => Self::NotALock,
            Some(format) => match format.as_u64() {
                Some(newer) if newer > FORMAT => Self::NewerFormat(newer),
                Some(FORMAT) => phase(&object).map_or(Self::NotALock, |phase| Self::Lock(body(&object, phase))),
                _ => Self::NotALock,
            },
        }
    }
}

/// `None` if it is not a lock.
fn phase(object: &Object) -> Option<Phase> {
    let lease = number(object, "lease_milliseconds").map(Duration::from_millis);
    let mark = object.get("sending").and_then(Value::as_object).and_then(mark);
    match (object.get("phase")?.as_str()?, lease, mark) {
        ("free", _, _) => Some(Phase::Free),
        ("holding", Some(lease), _) => Some(Phase::Holding { lease }),
        ("sending", Some(lease), Some(mark)) => Some(Phase::Sending { lease, mark }),
        ("holding" | "sending" | "unclear", lease, _) => Some(Phase::Unclear { lease: lease.unwrap_or_default() }),
        _ => None,
    }
}

/// Version 0.1.0 wrote only a lease, and none when it left a lock behind.
fn unclear(object: &Object) -> Phase {
    Phase::Unclear { lease: Duration::from_secs(number(object, "lease_seconds").unwrap_or_default()) }
}

/// A mark without the moment from which it means nothing is not a mark.
fn mark(object: &Object) -> Option<Mark> {
    let accepted_until = time(object, "accepted_until")?;
    Some(Mark {
        layer_arn: text(object, "layer_arn").into(),
        seen: version(object, "seen"),
        sha256: sha256(object),
        manifest_md5: md5(object),
        accepted_until,
        settled_at: time(object, "settled_at").unwrap_or(accepted_until),
    })
}

fn body(object: &Object, phase: Phase) -> Body {
    Body {
        phase,
        holder: Arc::new(Holder {
            run: text(object, "run"),
            owner: text(object, "owner"),
            host: text(object, "host"),
            process: number(object, "process").and_then(|id| u32::try_from(id).ok()).unwrap_or_default(),
            layer: text(object, "layer"),
        }),
        time: time(object, "time").unwrap_or_default(),
        seen: version(object, "seen"),
        last: object.get("last").and_then(Value::as_object).and_then(last),
        nonce: Nonce(nonce(object)),
    }
}

fn last(object: &Object) -> Option<Last> {
    let version = version(object, "version");
    (version > 0).then(|| Last { version, sha256: sha256(object), manifest_md5: md5(object) })
}

fn nonce(object: &Object) -> u64 {
    object.get("nonce").and_then(Value::as_str).and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or_default()
}

fn sha256(object: &Object) -> Option<Sha256> {
    object.get("sha256")?.as_str().and_then(Sha256::from_hex)
}

fn md5(object: &Object) -> Option<Md5> {
    object.get("manifest_md5")?.as_str().and_then(Md5::from_hex)
}

/// Lambda's version numbers are 64 bits with a sign.
fn version(object: &Object, key: &str) -> Version {
    number(object, key).filter(|version| i64::try_from(*version).is_ok()).unwrap_or_default()
}

fn number(object: &Object, key: &str) -> Option<u64> {
    object.get(key)?.as_u64()
}

fn is_text(object: &Object, key: &str) -> bool {
    object.get(key).is_some_and(Value::is_string)
}

fn text(object: &Object, key: &str) -> String {
    clipped(object.get(key).and_then(Value::as_str).unwrap_or_default()).into()
}

fn time(object: &Object, key: &str) -> Option<Time> {
    let time: Timestamp = object.get(key)?.as_str()?.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok().map(Time::from_millis)
}
