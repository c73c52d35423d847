//! What became of each function: what a report says of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::aim::Change;
use super::judge::Move;
use super::refusal::Refusal;
use crate::layer::FunctionName;
use crate::outcome::JobError;

/// What a rollout does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RolloutMode {
    /// Read-only: which functions would be moved.
    Plan,
    /// Functions are moved.
    Apply,
    /// What was there before a rollout is put back.
    Undo,
}

/// How many functions ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutSummary {
    /// All of them.
    pub functions: usize,
    /// That would be changed.
    pub planned: usize,
    /// That were changed.
    pub moved: usize,
    /// That have again what they had before.
    pub restored: usize,
    /// With which there was nothing left to do.
    pub unchanged: usize,
    /// That were left alone.
    pub refused: usize,
    /// That could not be changed.
    pub failed: usize,
    /// That were not begun.
    pub cancelled: usize,
}

impl RolloutSummary {
    /// Of functions that ended so.
    pub fn of(functions: &[FunctionReport]) -> Self {
        let count = |outcome| functions.iter().filter(|one| one.outcome == outcome).count();
        Self {
            functions: functions.len(),
            planned: count(FunctionOutcome::Planned),
            moved: count(FunctionOutcome::Moved),
            restored: count(FunctionOutcome::Restored),
            unchanged: count(FunctionOutcome::Unchanged),
            refused: count(FunctionOutcome::Refused),
            failed: count(FunctionOutcome::Failed),
            cancelled: count(FunctionOutcome::Cancelled),
        }
    }
}

/// How it ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FunctionOutcome {
    /// It would be changed.
    Planned,
    /// It was changed.
    Moved,
    /// It has again what it had before.
    Restored,
    /// Somebody was quicker: there was nothing left to do.
    Unchanged,
    /// It is left alone.
    Refused,
    /// It could not be changed.
    Failed,
    /// It was not begun, because the run was stopped or another function failed.
    Cancelled,
}

/// An alias that leads to another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AliasMoved {
    /// Its name.
    pub name: String,
    /// The version that it led to; null where that was not asked.
    pub from: Option<String>,
    /// The version that it leads to; null while that is not published.
    pub to: Option<String>,
}

/// What became of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionReport {
    /// Name of the target.
    pub target: String,
    /// The target's Region.
    pub region: String,
    /// The account.
    pub account: Option<String>,
    /// Name of the function.
    pub function: String,
    /// How it ended.
    pub outcome: FunctionOutcome,
    /// The layers that get other versions.
    pub changes: Vec<Change>,
    /// Whether a version of it is to be published.
    pub publish: bool,
    /// The version of it that was published.
    pub version: Option<String>,
    /// The alias that is to lead to it.
    pub alias: Option<AliasMoved>,
    /// Bytes of its code and all its layers, unzipped, once it is moved, where they had to be added up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unzipped: Option<u64>,
    /// Whether they could not be added up, so that nobody but Lambda knows whether they are too large.
    #[serde(default)]
    pub size_unknown: bool,
    /// Why it is left alone.
    pub refusal: Option<Refusal>,
    /// Why it could not be changed.
    pub error: Option<JobError>,
    /// How long it took.
    pub seconds: f64,
}

impl FunctionReport {
    /// Of a function that was not begun.
    pub fn blank(target: &str, region: &str, account: Option<String>, function: &FunctionName) -> Self {
        Self {
            target: target.to_owned(),
            region: region.to_owned(),
            account,
            function: function.to_string(),
            outcome: FunctionOutcome::Cancelled,
            changes: Vec::new(),
            publish: false,
            version: None,
            alias: None,
            unzipped: None,
            size_unknown: false,
            refusal: None,
            error: None,
            seconds: 0.0,
        }
    }

    /// With what is to be done with it.
    #[must_use]
    pub fn with(self, step: &Move) -> Self {
        let alias = step.alias.as_ref().map(|(name, alias)| AliasMoved {
            name: name.clone(),
            from: Some(alias.version.clone()),
            to: None,
        });
        Self { publish: step.publish, alias, ..self }
    }
}
