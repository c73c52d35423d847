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
use std::{fs, io};

use serde_json::Value;

pub(super) use answers::{access_denied, error, garbage, throttled};
pub(super) use rule::{Fault, Replacement, Rule};

use super::call::Call;

/// Where rules come from: who can start the sandbox may read any file, who can send it a request may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Request,
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

    /// The fault that strikes this call, if any.
    pub fn strike(&self, call: &Call) -> Option<Fault> {
        self.rules().iter_mut().find_map(|rule| rule.strike(call))
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Service;
    use crate::store::Place;

    fn call(operation: &'static str, resource: &str) -> Call {
        let place = Place { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
        Call { service: Service::Lambda, operation, resource: resource.to_owned(), place, layer: None }
    }

    fn faults(json: &str) -> Faults {
        let faults = Faults::default();
        faults.add(json.as_bytes(), Origin::Request).expect("rules");
        faults
    }

    fn strikes(faults: &Faults, operation: &'static str, resource: &str) -> bool {
        faults.strike(&call(operation, resource)).is_some()
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
        let kinds: Vec<&str> =
            (0..2).filter_map(|_| faults.strike(&call("ListLayers", ""))).map(|one| one.name()).collect();
        assert_eq!(kinds, ["cut-before", "latency"]);
    }

    #[test]
    fn mistakes_in_rules_are_refused_whole() {
        let faults = Faults::default();
        for json in [
            "nonsense",
            r#"{"fault": "explode"}"#,
            r#"{"fault": {"kind": "latency"}}"#,
            r#"{"fault": {"kind": "throttle", "retry_after": 1}}"#,
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
