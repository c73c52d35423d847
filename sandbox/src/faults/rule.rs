//! A rule: which calls, how many, and what befalls them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::call::Call;

/// One rule, with how often it matched and struck.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default = "every_operation")]
    operation: String,
    #[serde(default, rename = "match")]
    pattern: Option<String>,
    #[serde(default)]
    skip: u64,
    #[serde(default)]
    times: Option<u64>,
    #[serde(deserialize_with = "fault")]
    fault: Fault,
    #[serde(default, skip_deserializing)]
    matched: u64,
    #[serde(default, skip_deserializing)]
    struck: u64,
}

/// What befalls a call; the table of kinds is in the documentation of [`super`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub(crate) enum Fault {
    Throttle {
        code: Option<String>,
        retry_after: Option<u64>,
    },
    Error {
        #[serde(default = "internal_error")]
        status: u16,
        code: Option<String>,
        message: Option<String>,
    },
    AccessDenied,
    CutBefore,
    CutAfter,
    Hang {
        seconds: Option<f64>,
    },
    HangAfter {
        seconds: Option<f64>,
    },
    Garbage,
    GarbageAfter,
    Latency {
        ms: u64,
    },
    StaleList {
        #[serde(default = "one")]
        versions: usize,
    },
    ReplaceObject(Replacement),
}

/// Another upload of an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Replacement {
    body: Option<String>,
    path: Option<PathBuf>,
    /// By default the object that the call names.
    pub bucket: Option<String>,
    pub key: Option<String>,
    /// By default the user metadata that the object has.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Replacement {
    /// The new bytes.
    pub fn bytes(&self) -> io::Result<Bytes> {
        match (&self.body, &self.path) {
            (Some(body), _) => {
                let bytes = STANDARD.decode(body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                Ok(Bytes::from(bytes))
            }
            (None, Some(path)) => Ok(Bytes::from(std::fs::read(path)?)),
            (None, None) => Ok(Bytes::new()),
        }
    }
}

fn every_operation() -> String {
    "*".to_owned()
}

fn internal_error() -> u16 {
    500
}

fn one() -> usize {
    1
}

/// A kind alone stands for the object with that kind.
fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
    let value = match Value::deserialize(deserializer)? {
        Value::String(kind) => json!({ "kind": kind }),
        other => other,
    };
    serde_json::from_value(value).map_err(serde::de::Error::custom)
}

impl Fault {
    /// As rules spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttle { .. } => "throttle",
            Self::Error { .. } => "error",
            Self::AccessDenied => "access-denied",
            Self::CutBefore => "cut-before",
            Self::CutAfter => "cut-after",
            Self::Hang { .. } => "hang",
            Self::HangAfter { .. } => "hang-after",
            Self::Garbage => "garbage",
            Self::GarbageAfter => "garbage-after",
            Self::Latency { .. } => "latency",
            Self::StaleList { .. } => "stale-list",
            Self::ReplaceObject(_) => "replace-object",
        }
    }
}

impl Rule {
    /// Whether its fault reads a file of this machine.
    pub fn reads_a_file(&self) -> bool {
        matches!(&self.fault, Fault::ReplaceObject(Replacement { path: Some(_), .. }))
    }

    /// Counts the call if it matches; the fault, if it strikes.
    pub fn strike(&mut self, call: &Call) -> Option<Fault> {
        if !self.matches(call) {
            return None;
        }
        self.matched += 1;
        let used_up = self.times.is_some_and(|times| self.struck >= times);
        if self.matched <= self.skip || used_up {
            return None;
        }
        self.struck += 1;
        Some(self.fault.clone())
    }

    fn matches(&self, call: &Call) -> bool {
        let operation = match self.operation.as_str() {
            "*" => true,
            name => name.strip_suffix(":*").map_or(name == call.operation, |service| service == call.service.name()),
        };
        operation && self.pattern.as_ref().is_none_or(|pattern| matches_text(pattern, &call.resource))
    }
}

/// Part of the text, or with a `*`, a glob over all of it.
fn matches_text(pattern: &str, text: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = &pieces[..] else { return text.contains(pattern) };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(matches_text("layers/*/layer.zip", "layers/numpy/layer/layer.zip"));
        assert!(matches_text("*.lock", "b/uv.lock") && !matches_text("*.lock", "b/uv.lock.txt"));
        assert!(matches_text("a*a", "aa") && !matches_text("a*a", "a"));
        assert!(matches_text("lock", "b/publish.lock"));
    }
}
