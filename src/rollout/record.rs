//! What was there before a rollout: a file that is written before anything is touched, and that `--undo` reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::layer::{AccountId, FunctionName, Region};

/// Version of the file's shape.
const RECORD_VERSION: u32 = 1;

/// What was there before a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this shape: 1.
    pub rollout_record: u32,
    /// Name and version of the tool that wrote it.
    pub tool: String,
    /// Id of the run.
    pub run: String,
    /// When it was written, in UTC (RFC 3339).
    pub written_at: String,
    /// Every function that was to be changed.
    pub functions: Vec<FunctionRecord>,
}

/// What one function was before, and what was to be made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionRecord {
    /// Name of the target.
    pub target: String,
    /// The target's Region.
    pub region: Region,
    /// The account, where it is known.
    pub account: Option<AccountId>,
    /// Name of the function.
    pub function: FunctionName,
    /// ARNs of the layer versions that it used, in their order.
    pub before: Vec<String>,
    /// ARNs of those that it was to use.
    pub after: Vec<String>,
    /// The alias that was to be moved.
    pub alias: Option<AliasRecord>,
}

/// Where an alias led.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasRecord {
    /// Its name.
    pub name: String,
    /// The version that it led to.
    pub before: String,
}

/// A record cannot be used. The words follow the name of the file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is something else.
    #[error("is not what a rollout kept: {0}")]
    NotARecord(String),
    /// Another version of layership made it.
    #[error("has format {0}, and this layership knows format {RECORD_VERSION}")]
    OtherFormat(u64),
}

impl Record {
    /// A record of this run.
    pub fn new(run: &str, written_at: String, functions: Vec<FunctionRecord>) -> Self {
        let tool = concat!("layership ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { rollout_record: RECORD_VERSION, tool, run: run.to_owned(), written_at, functions }
    }

    /// As it stands in the file.
    ///
    /// # Errors
    /// Where it cannot be written as JSON: then nothing may be touched.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads a record.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn parse(text: &[u8]) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            rollout_record: Option<u64>,
        }
        let not_one = |error: serde_json::Error| RecordError::NotARecord(error.to_string());
        match serde_json::from_slice::<Version>(text).map_err(not_one)?.rollout_record {
            Some(version) if version == u64::from(RECORD_VERSION) => serde_json::from_slice(text).map_err(not_one),
            Some(other) => Err(RecordError::OtherFormat(other)),
            None => Err(RecordError::NotARecord("it has no `rollout_record` with a version".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let function = FunctionRecord {
            target: "us-east-1".to_owned(),
            region: "us-east-1".parse().unwrap(),
            account: Some("123456789012".parse().unwrap()),
            function: "orders".parse().unwrap(),
            before: vec!["a:1".to_owned()],
            after: vec!["a:2".to_owned()],
            alias: Some(AliasRecord { name: "live".to_owned(), before: "3".to_owned() }),
        };
        Record::new("run", "2026-11-22T10:00:00Z".to_owned(), vec![function])
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(Record::parse(record().to_json().unwrap().as_bytes()), Ok(record()));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let error = |text: &str| Record::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error("{}"), "is not what a rollout kept: it has no `rollout_record` with a version");
        let newer = record().to_json().unwrap().replace("\"rollout_record\": 1", "\"rollout_record\": 2");
        assert_eq!(error(&newer), "has format 2, and this layership knows format 1");
        let hostile = record().to_json().unwrap().replace("\"orders\"", "\"a/../b\"");
        assert!(error(&hostile).starts_with("is not what a rollout kept: "), "{}", error(&hostile));
        assert!(error("nonsense").starts_with("is not what a rollout kept: "));
    }
}
