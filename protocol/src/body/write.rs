//! A lock as JSON.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{Body, FORMAT, Last, Mark, Phase, clipped};
use crate::time::{Time, millis};

/// For how long version 0.1.0 must keep off a lock that is held, in seconds: it knows nothing of marks.
const KEEP_OFF: u64 = 360;

/// Fields that 0.1.0 knows (`run` to `lease_seconds`) keep their types: it would take anything else for a lock of 30 s.
#[derive(Serialize)]
struct Written<'a> {
    format: u64,
    phase: &'static str,
    run: &'a str,
    owner: &'a str,
    host: &'a str,
    process: u32,
    layer: &'a str,
    time: String,
    lease_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_milliseconds: Option<u64>,
    seen: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<WrittenLast>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sending: Option<WrittenMark<'a>>,
    nonce: String,
}

#[derive(Serialize)]
struct WrittenLast {
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_md5: Option<String>,
}

#[derive(Serialize)]
struct WrittenMark<'a> {
    layer_arn: &'a str,
    seen: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_md5: Option<String>,
    accepted_until: String,
    settled_at: String,
}

impl Body {
    /// The bytes to write.
    pub fn to_json(&self) -> Vec<u8> {
        let (phase, lease, mark) = match &self.phase {
            Phase::Free => ("free", None, None),
            Phase::Holding { lease } => ("holding", Some(*lease), None),
            Phase::Sending { lease, mark } => ("sending", Some(*lease), Some(mark)),
            // Never written by this version; whoever reads it back finds the same: a lock without times.
            Phase::Unclear { lease } => ("unclear", Some(*lease), None),
        };
        let written = Written {
            format: FORMAT,
            phase,
            run: clipped(&self.holder.run),
            owner: clipped(&self.holder.owner),
            host: clipped(&self.holder.host),
            process: self.holder.process,
            layer: clipped(&self.holder.layer),
            time: text(self.time),
            lease_seconds: lease.map_or(0, keep_off),
            lease_milliseconds: lease.map(millis),
            seen: self.seen,
            last: self.last.map(last),
            sending: mark.map(sending),
            nonce: format!("{:016x}", self.nonce.0),
        };
        // Strings and numbers always serialise.
        serde_json::to_vec_pretty(&written).unwrap_or_default()
    }
}

fn keep_off(lease: Duration) -> u64 {
    lease.as_secs().max(KEEP_OFF)
}

fn last(last: Last) -> WrittenLast {
    WrittenLast {
        version: last.version,
        sha256: last.sha256.map(|digest| digest.to_hex()),
        manifest_md5: last.manifest_md5.map(|digest| digest.to_hex()),
    }
}

fn sending(mark: &Mark) -> WrittenMark<'_> {
    WrittenMark {
        layer_arn: clipped(&mark.layer_arn),
        seen: mark.seen,
        sha256: mark.sha256.map(|digest| digest.to_hex()),
        manifest_md5: mark.manifest_md5.map(|digest| digest.to_hex()),
        accepted_until: text(mark.accepted_until),
        settled_at: text(mark.settled_at),
    }
}

/// RFC 3339; moments that it cannot write are written as its last one.
fn text(time: Time) -> String {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
}
