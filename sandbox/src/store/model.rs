//! What the store keeps: buckets, object versions, uploads in parts, layer versions.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text;

/// The name of a data file. It has one form and no other: a journal may come from a stranger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct BlobId(String);

impl BlobId {
    /// A name that nothing has.
    pub fn unique() -> Self {
        Self(text::unique_id())
    }

    /// As a file name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BlobId {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if text::is_unique_id(&name) { Ok(Self(name)) } else { Err(format!("`{name}` is not the name of a data file")) }
    }
}

impl From<BlobId> for String {
    fn from(blob: BlobId) -> Self {
        blob.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A bucket's versioning status; a bucket that never had it set answers no status at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// What is known of a bucket besides its objects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BucketInfo {
    pub region: String,
    pub owner: String,
    pub created: i64,
    pub versioning: Versioning,
    /// Its policy, as it was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// The version id of an object written while its bucket was not versioned.
pub(crate) const NULL_VERSION: &str = "null";

/// One version of an object; without content it is a delete marker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ObjectVersion {
    pub id: String,
    pub modified: i64,
    pub content: Option<Content>,
}

/// The bytes of an object and what is said about them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The data file.
    pub blob: BlobId,
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// SHA-256 of all bytes in base64: what Lambda calls `CodeSha256`. Kept whether or not the client asked for it.
    pub sha256: String,
    pub checksum: Option<Checksum>,
    /// `content-type` and its kin, by lower-case header name.
    pub headers: BTreeMap<String, String>,
    /// User metadata by name as it came on the wire, underscores included.
    pub metadata: BTreeMap<String, String>,
    /// Sizes of the parts, for an object uploaded in parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<u64>,
}

/// A checksum as S3 keeps it with an object: in base64, `-N` behind it where it is of N parts' checksums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    pub algorithm: Algorithm,
    pub value: String,
    pub composite: bool,
}

/// S3's checksum algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// An upload in parts that is neither completed nor aborted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub bucket: String,
    pub key: String,
    pub started: i64,
    pub algorithm: Algorithm,
    /// Whether parts must carry `algorithm`: it was asked for when the upload was made.
    pub declared: bool,
    pub composite: bool,
    pub headers: BTreeMap<String, String>,
    pub metadata: BTreeMap<String, String>,
    #[serde(default)]
    pub parts: BTreeMap<i32, Part>,
}

/// One part of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub blob: BlobId,
    pub size: u64,
    pub etag: String,
    pub checksum: Checksum,
    pub modified: i64,
}

/// Where a layer lives: Lambda keeps its layers per account and Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub account: String,
    pub region: String,
}

/// A layer: its live versions, and the highest number ever given, which is never given again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    pub last: u64,
    pub versions: BTreeMap<u64, Arc<LayerVersion>>,
}

/// One published layer version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LayerVersion {
    pub version: u64,
    pub created: i64,
    pub blob: BlobId,
    pub size: u64,
    /// Of all its files, unpacked.
    #[serde(default)]
    pub unzipped: u64,
    pub sha256: String,
    /// The object that it is read from, where Lambda keeps no copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    pub description: Option<String>,
    pub license: Option<String>,
    pub runtimes: Option<Vec<String>>,
    pub architectures: Option<Vec<String>>,
    /// Policy statements in the order they were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<serde_json::Value>,
    #[serde(default)]
    pub revision: String,
}

/// One version of an object, which a layer version is read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub bucket: String,
    pub key: String,
    pub version: String,
}

impl Content {
    /// Its storage class.
    pub fn class(&self) -> &str {
        self.headers.get(CLASS).map_or(STANDARD, String::as_str)
    }

    /// Whether it has to be brought back before anybody can read it.
    pub fn is_frozen(&self) -> bool {
        ["GLACIER", "DEEP_ARCHIVE"].contains(&self.class())
    }
}

/// The header that names a storage class; kept with the others unless it is the one that all objects have.
pub(crate) const CLASS: &str = "x-amz-storage-class";
pub(crate) const STANDARD: &str = "STANDARD";
