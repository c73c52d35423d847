//! Why a function is left alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a function is left alone. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum RefusalCode {
    /// A stack of CloudFormation owns it.
    Owned,
    /// The new version is not for its runtime.
    Runtime,
    /// The new version is not for its architecture.
    Architecture,
    /// It would have more layers than Lambda accepts.
    TooManyLayers,
    /// Its code and its layers would be more than Lambda accepts, unzipped.
    TooLarge,
    /// It would have two versions of one layer.
    LayerTwice,
    /// It does not have the alias.
    AliasMissing,
    /// The alias leads to two versions.
    AliasSplits,
    /// It is not what the rollout made of it any more.
    ChangedSince,
    /// It is not there any more.
    Gone,
}

/// Why a function is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The stable kind.
    pub code: RefusalCode,
    /// Why; a fragment without a final stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal of this kind.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
