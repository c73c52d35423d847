//! A rule: which calls, how many, and what befalls them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::age;
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
    ErrorAfter {
        #[serde(default = "internal_error")]
        status: u16,
        code: Option<String>,
        message: Option<String>,
    },
    Conflict,
    AccessDenied,
    SourceDenied,
    BackDated {
        seconds: Option<Seconds>,
    },
    CutBefore,
    CutAfter,
    Late {
        seconds: Seconds,
        status: Option<u16>,
        code: Option<String>,
        message: Option<String>,
    },
    Delayed {
        seconds: Seconds,
        #[serde(default)]
        cut: bool,
    },
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
    Advance {
        seconds: Seconds,
        #[serde(default)]
        when: When,
    },
    StaleList {
        #[serde(default = "one")]
        versions: usize,
    },
    LaggingList {
        seconds: Seconds,
    },
    ReplaceObject(Replacement),
    FailingChange {
        #[serde(default = "invalid_configuration")]
        code: String,
        #[serde(default = "injected")]
        reason: String,
    },
    ChangeFunction {
        layers: Option<Vec<String>>,
    },
}

/// When a rule moves the clock on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum When {
    /// Before the request is looked at: it was under way for so long.
    #[default]
    Arrives,
    /// After the answer was dated, before it is sent: the client slept before it went on.
    Answered,
}

/// A time by the sandbox's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub(crate) struct Seconds(pub Duration);

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        // A year is longer than anything that is rehearsed.
        let duration = Duration::try_from_secs_f64(seconds).ok().filter(|duration| duration.as_secs() <= 366 * 86_400);
        duration.map(Self).ok_or_else(|| format!("{seconds} seconds are not between 0 and a year"))
    }
}

impl From<Seconds> for f64 {
    fn from(seconds: Seconds) -> Self {
        seconds.0.as_secs_f64()
    }
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

fn invalid_configuration() -> String {
    "InvalidConfiguration".to_owned()
}

fn injected() -> String {
    "An injected fault.".to_owned()
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
    /// A back-dated signature is one that is older than so long, or than the temporary credentials that made it.
    fn concerns(&self, call: &Call, now: i64) -> bool {
        let Self::BackDated { seconds } = self else { return true };
        let Some(signed) = call.signed else { return false };
        match seconds {
            Some(Seconds(oldest)) => age::judge(signed, now.max(signed), *oldest).is_err(),
            // Signatures have whole seconds.
            None => call.caller.issued.is_some_and(|issued| signed < issued / 1000 * 1000),
        }
    }

    /// As rules spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttle { .. } => "throttle",
            Self::Error { .. } => "error",
            Self::ErrorAfter { .. } => "error-after",
            Self::Conflict => "conflict",
            Self::AccessDenied => "access-denied",
            Self::SourceDenied => "source-denied",
            Self::BackDated { .. } => "back-dated",
            Self::CutBefore => "cut-before",
            Self::CutAfter => "cut-after",
            Self::Late { .. } => "late",
            Self::Delayed { .. } => "delayed",
            Self::Hang { .. } => "hang",
            Self::HangAfter { .. } => "hang-after",
            Self::Garbage => "garbage",
            Self::GarbageAfter => "garbage-after",
            Self::Latency { .. } => "latency",
            Self::Advance { .. } => "advance",
            Self::StaleList { .. } => "stale-list",
            Self::LaggingList { .. } => "lagging-list",
            Self::ReplaceObject(_) => "replace-object",
            Self::FailingChange { .. } => "failing-change",
            Self::ChangeFunction { .. } => "change-function",
        }
    }
}

impl Rule {
    /// Whether its fault reads a file of this machine.
    pub fn reads_a_file(&self) -> bool {
        matches!(&self.fault, Fault::ReplaceObject(Replacement { path: Some(_), .. }))
    }

    /// Counts the call if it matches; the fault, if it strikes. `now` is in milliseconds since 1970.
    pub fn strike(&mut self, call: &Call, now: i64) -> Option<Fault> {
        if !self.matches(call) || !self.fault.concerns(call, now) {
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
