//! How one job ended, as a value: what the run hands to every display and report.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod error;
mod follow_ups;
mod prune;
mod status;

pub use error::{ErrorCode, JobError};
pub use follow_ups::{AttestReport, ParameterReport, ShareReport};
pub use prune::{KeptBecause, KeptVersion, PruneReport};
pub use status::{
    BackupStatus, LayerStatus, LockState, LockStatus, ParameterState, ParameterStatus, PastVersion, PublishedVersion,
    ShareStatus, StatusCode, StatusFinding, contents_differ, count_findings,
};

use crate::manifest::{Dependency, Difference};

/// What is to be done with one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Decision {
    /// Publish a new layer version.
    Publish,
    /// Take the latest version, which has exactly the staged content, as ours: write its backup, publish nothing.
    Adopt,
    /// Keep the latest version.
    Keep,
}

/// Why a decision was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Lambda has no version of this layer.
    FirstVersion,
    /// The latest version has no backup in S3; by `changed`: there is no backup yet.
    BackupMissing,
    /// The manifest differs from the backup of the latest version.
    DependenciesChanged,
    /// Runtimes, architectures, license (or the description, where it is compared) differ.
    SettingsChanged,
    /// The staged zip differs from the latest version's content.
    ContentChanged,
    /// With `--align`: the latest versions at several targets have different content, and this one is not the staged zip.
    Behind,
    /// Nothing changed.
    Unchanged,
    /// Nothing changed, but `--force` publishes anyway.
    Forced,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstVersion => "first version",
            Self::BackupMissing => "backup missing",
            Self::DependenciesChanged => "dependencies changed",
            Self::SettingsChanged => "settings changed",
            Self::ContentChanged => "content changed",
            Self::Behind => "behind",
            Self::Unchanged => "unchanged",
            Self::Forced => "forced",
        })
    }
}

/// How a job ended.
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
pub enum Outcome {
    /// By `check`: what is local is in order.
    Checked,
    /// By `changed`: the manifest differs from its newest backup, so the layer has to be built.
    Changed,
    /// By `build`: the command that builds the layer ended well.
    Built,
    /// In a plan: would be published or adopted; by `prune --dry-run`: versions would be deleted.
    Planned,
    /// A new version was published and its backup written.
    Published,
    /// The latest version was taken as ours and its backup written.
    Adopted,
    /// By `stage`: the archive was uploaded.
    Staged,
    /// By `prune`: old versions were deleted.
    Pruned,
    /// Nothing was to be done.
    Unchanged,
    /// The job failed; its error says why.
    Failed,
    /// The job was not started or not finished, because the run was stopped.
    Cancelled,
}

impl Outcome {
    /// Every outcome, in the order in which they are reported.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;
}

/// Something a person should know although the job goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The stable kind: `manifest-unpinned`, `archive-layout` …
    pub code: String,
    /// What is odd, and where.
    pub message: String,
}

/// One layer setting that differs from the latest version's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettingChange {
    /// The layer key: `compatible-runtimes`, `compatible-architectures`, `license` or `description`.
    pub setting: String,
    /// Values the latest version lacks.
    pub added: Vec<String>,
    /// Values only the latest version has.
    pub removed: Vec<String>,
}

/// The manifest of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestReport {
    /// Local path, relative to the layers file where it was written so.
    pub path: String,
    /// Lower-case hexadecimal MD5 of its bytes, once read.
    pub md5: Option<String>,
    /// Lower-case hexadecimal MD5 of what the files say that it includes, comments and order aside; left out where it
    /// includes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes: Option<String>,
    /// S3 URI of the backup of `version`, where there is one; by `changed`, of the newest backup.
    pub backup: Option<String>,
    /// Its page in the AWS console, where the partition has a public one.
    #[serde(default)]
    pub backup_page: Option<String>,
    /// By `publish`, `plan` and `status`: what it names, with what it includes, sorted by name, then version. Left out where that is
    /// not known, and where it is more than a layer can have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Vec<Dependency>>,
}

/// The archive of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArchiveReport {
    /// S3 URI of the staged archive.
    pub staged: String,
    /// Lower-case hexadecimal SHA-256, where it is known.
    pub sha256: Option<String>,
    /// Size of the zip in bytes, where it is known.
    pub size: Option<u64>,
    /// S3's entity tag of the staged archive, once it was looked at.
    #[serde(default)]
    pub entity_tag: Option<String>,
    /// S3's version id of it, where its bucket has versions.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Where the archive stays, and Lambda reads it, where the layer's `storage` is `reference`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptArchive>,
    /// What the version to use holds, where another archive has been staged since; left out where it is the staged one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedArchive>,
}

/// The archive that a version was published from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedArchive {
    /// Lower-case hexadecimal SHA-256, where it is known.
    pub sha256: Option<String>,
}

/// An archive that stays in the bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptArchive {
    /// S3 URI of the object.
    pub at: String,
    /// S3's id of the version that Lambda reads; null in a plan, where it is not there yet.
    pub version_id: Option<String>,
}

/// Everything there is to say of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobReport {
    /// Key of the layer in the layers file.
    pub layer: String,
    /// Name of the target.
    pub target: String,
    /// The target's Region.
    pub region: String,
    /// The account, where it is known.
    pub account: Option<String>,
    /// Name of the layer in Lambda.
    pub layer_name: String,
    /// What was decided; null where the job failed or stopped before, and where nothing is decided, as by `changed`.
    pub decision: Option<Decision>,
    /// Why it was decided so.
    pub reason: Option<Reason>,
    /// How it ended.
    pub outcome: Outcome,
    /// Latest version before this run; null for a first version. By `changed`: the newest version that has a backup.
    pub previous_version: Option<u64>,
    /// The version to use after this run: published, adopted or kept.
    pub version: Option<u64>,
    /// ARN of the layer.
    pub layer_arn: Option<String>,
    /// ARN of `version`: the one to put into a function's configuration.
    pub layer_version_arn: Option<String>,
    /// The dependency manifest.
    pub manifest: ManifestReport,
    /// The layer zip.
    pub archive: ArchiveReport,
    /// What changed since the latest version's backup.
    pub dependencies: Arc<Difference>,
    /// Which settings differ from the latest version's.
    #[serde(default)]
    pub settings: Vec<SettingChange>,
    /// Who may use `version`, where the layer says who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareReport>,
    /// The parameter that holds the ARN of `version`, where the layer names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<ParameterReport>,
    /// The documents that say what `version` is made of, where the layer wants them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attest: Option<AttestReport>,
    /// Its variable in the report `env`, where the layers file has another job whose variable would be called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// By `prune`: which versions are deleted, and which are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<PruneReport>,
    /// What a person should know although it did not stop the job.
    pub warnings: Vec<Warning>,
    /// By `status`: what there is. Its JSON report tells that in a structure of its own, and events tell it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Box<LayerStatus>>,
    /// Time spent on this job.
    pub seconds: f64,
    /// Why the job failed.
    pub error: Option<JobError>,
}

impl JobReport {
    /// By `status`: what is not in order.
    pub fn findings(&self) -> &[StatusFinding] {
        self.status.as_deref().map_or(&[], |status| &status.findings)
    }

    /// Whether something is left to follow the version, whatever else is to be done: in a plan, or after a failure.
    pub fn is_to_follow_up(&self) -> bool {
        self.share.as_ref().is_some_and(ShareReport::is_open)
            || self.parameter.as_ref().is_some_and(|parameter| parameter.to_write)
            || self.attest.as_ref().is_some_and(|attest| attest.to_write)
    }
}

/// How many jobs ended how. Exactly one outcome a job, so the counts always add up to the jobs that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Jobs of the run, ended or not.
    pub jobs: usize,
    /// How many of them ended how.
    counts: BTreeMap<Outcome, usize>,
}

impl Tally {
    /// A tally of nothing yet, for so many jobs.
    pub fn of(jobs: usize) -> Self {
        Self { jobs, ..Self::default() }
    }

    /// Counts one ended job.
    pub fn count(&mut self, outcome: Outcome) {
        *self.counts.entry(outcome).or_default() += 1;
    }

    /// How many jobs ended so.
    pub fn get(&self, outcome: Outcome) -> usize {
        self.counts.get(&outcome).copied().unwrap_or_default()
    }

    /// Jobs that ended, in whatever way.
    pub fn ended(&self) -> usize {
        self.counts.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_print_their_serialised_name() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.to_string());
        }
    }

    #[test]
    fn every_outcome_is_counted_once() {
        let mut tally = Tally::of(Outcome::ALL.len());
        for (done, outcome) in Outcome::ALL.iter().enumerate() {
            assert_eq!(tally.get(*outcome), 0);
            tally.count(*outcome);
            assert_eq!((tally.get(*outcome), tally.ended()), (1, done + 1));
        }
    }
}
