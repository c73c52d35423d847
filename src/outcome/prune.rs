//! What became of a layer's old versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By `prune`: which versions of a layer are deleted, and which are kept, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PruneReport {
    /// What is to be deleted, the oldest first: in a dry run, or where deleting failed or was stopped.
    pub to_delete: Vec<u64>,
    /// What this run deleted, the oldest first.
    pub deleted: Vec<u64>,
    /// What stays, the newest first.
    pub kept: Vec<KeptVersion>,
    /// S3 URIs of archives that stayed in the bucket for versions, which no version will need: in a dry run, or where
    /// deleting failed or was stopped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives_to_delete: Vec<String>,
    /// S3 URIs of those that this run deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives_deleted: Vec<String>,
}

/// A version that is not deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptVersion {
    /// Its number.
    pub version: u64,
    /// The first reason that there is to keep it.
    pub because: KeptBecause,
    /// By whom: the functions that use it, as `NAME:VERSION`, where there are many only some of them; or who it is shared
    /// with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

/// Why a version is not deleted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
pub enum KeptBecause {
    /// It is the latest one.
    Latest,
    /// `protect` names it.
    Protected,
    /// It is among the newest, as many as `keep` says.
    Newest,
    /// It is younger than `keep-days`, or nobody says how old it is.
    Young,
    /// A function of its account and Region uses it, in some version.
    Used,
    /// Others may use it. `--shared` does not spare it.
    Shared,
    /// Somebody agreed to what was to be deleted, and this was not among it: it became old since.
    Unseen,
}

impl PruneReport {
    /// Notes that a version is gone.
    pub fn delete(&mut self, version: u64) {
        self.to_delete.retain(|other| *other != version);
        self.deleted.push(version);
    }

    /// Notes that an archive is gone.
    pub fn delete_archive(&mut self, at: &str) {
        self.archives_to_delete.retain(|other| other != at);
        self.archives_deleted.push(at.to_owned());
    }
}
