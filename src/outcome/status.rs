//! What there is of one layer at one target, and what of it is not in order.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JobReport, KeptArchive};
use crate::layer::Storage;

/// What there is of one layer at one target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayerStatus {
    /// The latest version in Lambda; null where there is none.
    pub latest: Option<PublishedVersion>,
    /// The layer's lock; null where no run has published the layer yet.
    pub lock: Option<LockStatus>,
    /// Who may use the latest version, where the layer says who should; with `--all-versions` also where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareStatus>,
    /// The parameter that is to hold the ARN of the latest version; null where the layer has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<ParameterStatus>,
    /// With `--all-versions`: every version, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<PastVersion>,
    /// What is not in order.
    pub findings: Vec<StatusFinding>,
}

/// What a parameter holds that is to hold the ARN of the latest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParameterStatus {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: ParameterState,
    /// The ARN of the layer version that it holds, if it holds one.
    pub layer_version_arn: Option<String>,
}

/// How a parameter is, against what it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterState {
    /// It holds the ARN of the latest version.
    Same,
    /// It holds something else, or is of another type.
    Differs,
    /// It is not there.
    Missing,
}

/// Who may use the latest version, against who should: accounts, organizations, `public`; or `statement ID`, where a
/// statement of the version's policy says something else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShareStatus {
    /// Who is let in, and should be, or may be where the layer does not say who should.
    pub there: Vec<String>,
    /// Who should be let in, and is not.
    pub missing: Vec<String>,
    /// Who is let in although the layers file does not say so.
    pub extra: Vec<String>,
}

/// The latest version of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedVersion {
    /// Its number.
    pub version: u64,
    /// Its ARN.
    pub layer_version_arn: String,
    /// When it was made, in UTC (RFC 3339).
    pub created_at: Option<String>,
    /// How long ago that was, in seconds.
    pub age_seconds: Option<u64>,
    /// Size of its zip in bytes.
    pub size: Option<u64>,
    /// Lower-case hexadecimal SHA-256 of its zip.
    pub sha256: Option<String>,
    /// Where its zip is kept; null where Lambda did not tell.
    #[serde(default)]
    pub storage: Option<Storage>,
    /// The object that Lambda reads, where it keeps no copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptArchive>,
    /// The copy of its manifest in S3.
    pub backup: BackupStatus,
    /// S3 URI of that copy, where it is there or belongs.
    pub backup_at: String,
    /// Whether the documents of what it is made of are there; null where the layer does not want them.
    #[serde(default)]
    pub attested: Option<bool>,
}

/// The copy of a version's manifest in S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupStatus {
    /// It is the local manifest, line endings aside, or all else that the layer does not count.
    Same,
    /// It differs from the local manifest.
    Differs,
    /// It is there; the local manifest, which it would be compared with, cannot be read.
    There,
    /// It is not there.
    Missing,
}

/// One version among all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastVersion {
    /// Its number.
    pub version: u64,
    /// Its ARN.
    pub layer_version_arn: String,
    /// When it was made, in UTC (RFC 3339).
    pub created_at: Option<String>,
    /// Whether S3 has its backup.
    pub backed_up: bool,
    /// Whether S3 has the documents of what it is made of; null where the layer does not want them.
    #[serde(default)]
    pub attested: Option<bool>,
}

/// The lock of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockStatus {
    /// S3 URI of the lock.
    pub at: String,
    /// Whether anybody holds it.
    pub state: LockState,
    /// What its holder was doing when it was last written: `free`, `holding`, `sending` or `unclear`; null if it is no lock.
    pub phase: Option<String>,
    /// Id of the run that wrote it last.
    pub run: Option<String>,
    /// The machine that this run was on.
    pub host: Option<String>,
    /// How long ago it was last written, in seconds, by S3's clock.
    pub age_seconds: u64,
}

/// Whether anybody holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockState {
    /// Nobody does.
    Free,
    /// A run does, and renews it.
    Held,
    /// A run did, and died: the next run that publishes the layer takes it over.
    Stale,
    /// It is no lock of layership, or one of a newer version.
    Foreign,
}

/// Something that is not in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusFinding {
    /// Its stable kind.
    pub code: StatusCode,
    /// What it is, and where.
    pub message: String,
}

/// The kinds of what is not in order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
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
pub enum StatusCode {
    /// Lambda has no version of the layer.
    NotPublished,
    /// The latest version has no backup.
    BackupMissing,
    /// The latest version was published from another manifest than the local one.
    ManifestDiffers,
    /// With `--all-versions`: older versions have no backup.
    BackupsMissing,
    /// The documents of what the latest version is made of are missing.
    AttestationMissing,
    /// The object that Lambda reads the latest version from is not there any more.
    ArchiveGone,
    /// The latest version is kept in another way than the layer wants.
    StorageDiffers,
    /// The parameter that should hold the ARN of the latest version does not.
    ParameterDiffers,
    /// Somebody whom `share` names may not use the latest version.
    ShareMissing,
    /// Somebody whom `share` does not name may use the latest version.
    ShareExtra,
    /// A run that died left the layer's lock behind.
    LockStale,
    /// Something at the lock's key is not a lock that this version knows.
    LockForeign,
    /// The latest versions of the layer at several targets have different content.
    ContentDiffers,
}

impl StatusFinding {
    /// Something of this kind.
    pub fn new(code: StatusCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Whether the latest versions of one layer, of which these are all jobs, have different content.
pub fn contents_differ(jobs: &[JobReport]) -> bool {
    let latest = jobs.iter().filter_map(|job| job.status.as_deref()?.latest.as_ref());
    latest.filter_map(|latest| latest.sha256.as_deref()).collect::<BTreeSet<_>>().len() > 1
}

/// How much is not in order, at targets and between the targets of a layer. The jobs are sorted by layer.
pub fn count_findings(jobs: &[JobReport]) -> usize {
    let at_targets: usize = jobs.iter().map(|job| job.findings().len()).sum();
    let of_layers = jobs.chunk_by(|a, b| a.layer == b.layer);
    at_targets + of_layers.filter(|of_layer| contents_differ(of_layer)).count()
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn the_page_about_status_names_every_finding() {
        let page = include_str!("../../docs/status.md");
        let rows: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let codes: Vec<String> = StatusCode::VARIANTS.iter().map(ToString::to_string).collect();
        assert_eq!(rows, codes, "in the order of the findings");
    }
}
