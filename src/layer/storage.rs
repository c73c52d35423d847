//! Where the zip of a version is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::s3::S3Location;

/// Where the zip of a version is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Storage {
    /// Lambda makes a copy of its own, which counts in the account's code storage.
    #[default]
    Copy,
    /// It stays in the layer's bucket, and Lambda reads it there for as long as there is the version.
    Reference,
}

/// One version of an object in S3, which Lambda reads the content of a layer version from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referenced {
    /// The object.
    pub at: S3Location,
    /// S3's id of the version, where it is told.
    pub version_id: Option<String>,
}
