//! Fault injection: rehearse what a release does when AWS fails.
//!
//! Rules are given as a JSON list, in a file read at the start ([`Options::faults`](super::Options)) or over HTTP, with
//! the sandbox's secret: `POST /_sandbox/faults` adds a rule or a list of rules, `GET` shows them with how often each matched and struck,
//! `DELETE` removes them all. For example, the next publish of `numpy` is done and its answer lost:
//!
//! ```json
//! [{ "operation": "PublishLayerVersion", "match": "numpy", "times": 1, "fault": "cut-after" }]
//! ```
//!
//! Every key and every kind is described in docs/sandbox.md.

mod answers;
mod rule;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use serde_json::Value;

pub(super) use answers::{access_denied, conflict, error, garbage, source_denied, throttled};
pub(super) use rule::{Fault, Replacement, Rule, Seconds, When};

use super::call::Call;

/// Where rules come from: who can start the sandbox may read any file, who can send it a request may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Request,
}

/// What befalls a call.
#[derive(Debug, Default)]
pub(super) struct Struck {
    /// How far the clock moves on before the call is looked at, and after it was answered.
    pub before: Duration,
    pub after: Duration,
    pub fault: Option<Fault>,
}

impl Struck {
    /// For the log.
    pub fn name(&self) -> Option<&'static str> {
        let moved = !(self.before + self.after).is_zero();
        self.fault.as_ref().map(Fault::name).or_else(|| moved.then_some("advance"))
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    /// Reads a file of rules.
    pub fn load(path: &Path) -> io::Result<Self> {
        let invalid = |error: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: not fault rules: {error}", path.display()))
        };
        let bytes = fs::read(path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: fault rules cannot be read: {error}", path.display()))
        })?;
        let faults = Self::default();
        faults.add(&bytes, Origin::File).map_err(invalid)?;
        Ok(faults)
    }

    /// Adds a rule or a list of rules; all of them, or none and what is wrong.
    pub fn add(&self, json: &[u8], origin: Origin) -> Result<(), String> {
        let value: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let list = if value.is_array() { value } else { Value::Array(vec![value]) };
        let rules: Vec<Rule> = serde_json::from_value(list).map_err(|error| error.to_string())?;
        if origin == Origin::Request && rules.iter().any(Rule::reads_a_file) {
            return Err("`path` is read only from a file of rules; send the bytes as `body`".to_owned());
        }
        self.rules().extend(rules);
        Ok(())
    }

    /// The rules with their counts.
    pub fn show(&self) -> Value {
        serde_json::to_value(&*self.rules()).unwrap_or_default()
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// What befalls this call. Rules that move the clock on let the rules behind them strike too.
    pub fn strike(&self, call: &Call, now: i64) -> Struck {
        let mut struck = Struck::default();
        for fault in self.rules().iter_mut().filter_map(|rule| rule.strike(call, now)) {
            match fault {
                Fault::Advance { seconds: Seconds(by), when: When::Arrives } => struck.before += by,
                Fault::Advance { seconds: Seconds(by), when: When::Answered } => struck.after += by,
                fault => {
                    struck.fault = Some(fault);
                    break;
                }
            }
        }
        struck
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Service;

    fn call(operation: &'static str, resource: &str) -> Call {
        Call::sample(Service::Lambda, operation, resource)
    }

    fn faults(json: &str) -> Faults {
        let faults = Faults::default();
        faults.add(json.as_bytes(), Origin::Request).expect("rules");
        faults
    }

    fn strikes(faults: &Faults, operation: &'static str, resource: &str) -> bool {
        faults.strike(&call(operation, resource), 0).fault.is_some()
    }

    #[test]
    fn a_rule_skips_then_strikes_then_is_used_up() {
        let faults = faults(r#"{"operation": "GetLayerVersion", "skip": 1, "times": 2, "fault": "hang"}"#);
        let struck: Vec<bool> = (0..5).map(|_| strikes(&faults, "GetLayerVersion", "a")).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert!(!strikes(&faults, "ListLayers", ""));
        assert_eq!((&faults.show()[0]["matched"], &faults.show()[0]["struck"]), (&5.into(), &2.into()));
    }

    #[test]
    fn resources_match_in_part_or_by_glob() {
        let by_part = faults(r#"[{"match": "num", "fault": "throttle"}]"#);
        assert!(strikes(&by_part, "ListLayers", "numpy") && !strikes(&by_part, "ListLayers", "pandas"));
        let by_glob = faults(r#"[{"operation": "lambda:*", "match": "*-py3*", "fault": "throttle"}]"#);
        assert!(strikes(&by_glob, "ListLayers", "numpy-py313") && !strikes(&by_glob, "ListLayers", "numpy"));
        let other = faults(r#"[{"operation": "s3:*", "fault": "throttle"}]"#);
        assert!(!strikes(&other, "ListLayers", "numpy"));
    }

    #[test]
    fn the_first_rule_that_strikes_decides() {
        let rules = r#"[{"times": 1, "fault": "cut-before"}, {"fault": {"kind": "latency", "ms": 5}}]"#;
        let faults = faults(rules);
        let kinds: Vec<&str> = (0..2).filter_map(|_| faults.strike(&call("ListLayers", ""), 0).name()).collect();
        assert_eq!(kinds, ["cut-before", "latency"]);
    }

    #[test]
    fn rules_that_move_the_clock_on_add_up_and_let_others_strike() {
        let faults = faults(
            r#"[{"times": 1, "fault": {"kind": "advance", "seconds": 40}},
                {"fault": {"kind": "advance", "seconds": 2.5, "when": "answered"}}, {"fault": "cut-after"}]"#,
        );
        let first = faults.strike(&call("ListLayers", ""), 0);
        assert_eq!((first.before, first.after), (Duration::from_secs(40), Duration::from_millis(2500)));
        assert_eq!(first.name(), Some("cut-after"));
        assert_eq!(faults.strike(&call("ListLayers", ""), 0).before, Duration::ZERO);
    }

    #[test]
    fn a_back_dated_signature_is_older_than_allowed_or_than_its_credentials() {
        let now = 1_000_000;
        let struck = |rules: &str, signed: i64, issued: Option<i64>| {
            let mut call = call("PublishLayerVersion", "");
            (call.signed, call.caller.issued) = (Some(signed), issued);
            faults(rules).strike(&call, now).fault.is_some()
        };
        let by_age = r#"{"fault": {"kind": "back-dated", "seconds": 60}}"#;
        assert!(struck(by_age, now - 61_000, None) && !struck(by_age, now - 60_000, None));
        assert!(!struck(by_age, now + 600_000, None), "it is not old");
        let by_credentials = r#"{"fault": "back-dated"}"#;
        assert!(struck(by_credentials, now - 61_000, Some(now - 60_000)));
        assert!(!struck(by_credentials, now - 60_000, Some(now - 59_500)));
        assert!(!struck(by_credentials, now - 61_000, None), "credentials of a user are not young");
    }

    #[test]
    fn mistakes_in_rules_are_refused_whole() {
        let faults = Faults::default();
        for json in [
            "nonsense",
            r#"{"fault": "explode"}"#,
            r#"{"fault": {"kind": "latency"}}"#,
            r#"{"fault": {"kind": "throttle", "retry_after": 1}}"#,
            r#"{"fault": {"kind": "late", "seconds": -1}}"#,
            r#"{"fault": {"kind": "advance", "seconds": 1e300}}"#,
            r#"{"fault": {"kind": "advance", "seconds": 1, "when": "later"}}"#,
            r#"{"fault": "hang", "time": 1}"#,
            r#"[{"fault": "hang"}, {}]"#,
        ] {
            assert!(faults.add(json.as_bytes(), Origin::Request).is_err(), "{json}");
        }
        assert_eq!(faults.show(), serde_json::json!([]));
    }

    #[test]
    fn a_path_is_taken_from_a_file_only() {
        let rule = br#"{"fault": {"kind": "replace-object", "path": "/etc/passwd"}}"#;
        let faults = Faults::default();
        assert!(faults.add(rule, Origin::Request).is_err_and(|error| error.contains("`path`")));
        assert_eq!(faults.add(rule, Origin::File), Ok(()));
    }
}
