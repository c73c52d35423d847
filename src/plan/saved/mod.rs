//! A plan as a file: made and looked at now, carried out later as it is, or not at all.
//!
//! | file | what it does |
//! |---|---|
//! | `mod` | what a plan holds, and the digest over it |
//! | `file` | reading one: whole, unchanged, of a format that is known |
//! | `held` | one job held against what was planned for it |

mod file;
mod held;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Job, Selection};
use crate::layer::{Sha256, Storage};
use crate::manifest::Difference;
use crate::outcome::{Decision, JobReport, Outcome, Reason, SettingChange};

pub use held::{Held, hold};

/// Version of the shape; raised when a field comes, goes away or changes its meaning, since a plan is carried out as a
/// whole or not at all. A field that comes is left out where it says what older formats took for granted: so plans of those
/// are read as they were written, with the digest that was approved.
///
/// | format | since then |
/// |---|---|
/// | 1 | |
/// | 2 | `settings.storage`, `manifest.includes` |
const PLAN_VERSION: u32 = 2;
/// The oldest format that is read.
const OLDEST_VERSION: u32 = 1;

/// A plan as a file. Nothing in it depends on when and where it was made, so the same plan has the same digest
/// everywhere; and there is no secret in it, and no path but those that S3 knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// Version of this shape: 2; plans of version 1 are read too.
    pub plan: u32,
    /// SHA-256 over everything else in here: who approves a plan can say which one.
    pub digest: String,
    /// Name and version of the tool that made it.
    pub tool: String,
    /// SHA-256 of the layers file.
    pub layers_file: String,
    /// What was selected of it.
    pub selection: Selection,
    /// How it was planned, and is carried out.
    pub options: SavedOptions,
    /// Every selected job, sorted by layer, then target.
    pub jobs: Vec<SavedJob>,
}

/// The flags that a decision depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedOptions {
    /// The local archives are staged first.
    pub stage: bool,
    /// Unchanged layers are published too.
    pub force: bool,
    /// Grants that the layers file does not name are taken away.
    pub revoke: bool,
    /// A zip with nothing where Lambda's runtimes search is refused.
    pub strict: bool,
    /// What is behind other targets is published too.
    #[serde(default, skip_serializing_if = "is_not")]
    pub align: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_not(flag: &bool) -> bool {
    !*flag
}

/// What one job found, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedJob {
    /// Key of the layer in the layers file.
    pub layer: String,
    /// Name of the target.
    pub target: String,
    /// The target's Region.
    pub region: String,
    /// The account.
    pub account: Option<String>,
    /// Name of the layer in Lambda.
    pub layer_name: String,
    /// What is to be done; null where planning the job failed, which only `best-effort` targets may.
    pub decision: Option<Decision>,
    /// Why.
    pub reason: Option<Reason>,
    /// The latest version at that time; null for none.
    pub latest_version: Option<u64>,
    /// The dependency manifest.
    pub manifest: SavedManifest,
    /// The zip that Lambda will read.
    pub archive: SavedArchive,
    /// What a new version is published with.
    pub settings: SavedSettings,
    /// Which settings differ from the latest version's.
    pub settings_changed: Vec<SettingChange>,
    /// What changed since the latest version's backup.
    pub dependencies: Arc<Difference>,
    /// Who is to be let in, and who not any more; null where the layer does not say who.
    pub share: Option<SavedShare>,
    /// The parameter that holds the ARN; null where the layer names none.
    pub parameter: Option<SavedParameter>,
    /// Whether the documents of what the version is made of are to be written; null where the layer wants none.
    pub attest: Option<bool>,
}

/// The parameter that holds the ARN of the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedParameter {
    /// Its name.
    pub name: String,
    /// Whether it is to be written.
    pub to_write: bool,
}

/// What is to be changed in who may use the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedShare {
    /// Who is to be let in.
    pub to_grant: Vec<String>,
    /// Who is not to be let in any more.
    pub to_revoke: Vec<String>,
}

/// The dependency manifest of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedManifest {
    /// Its file name.
    pub name: String,
    /// Lower-case hexadecimal MD5 of its bytes.
    pub md5: Option<String>,
    /// Lower-case hexadecimal MD5 of what the files say that it includes; left out where it includes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes: Option<String>,
    /// S3 URI below which its backups lie.
    pub backups: String,
}

/// The archive of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedArchive {
    /// S3 URI of the staged archive.
    pub staged: String,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: Option<String>,
    /// S3's entity tag; null where the plan was made as if the archive were staged.
    pub entity_tag: Option<String>,
    /// S3's version id, where the bucket has versions.
    pub version_id: Option<String>,
}

/// What a new version is published with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedSettings {
    /// `compatible-runtimes`.
    pub compatible_runtimes: Vec<String>,
    /// `compatible-architectures`.
    pub compatible_architectures: Vec<String>,
    /// `description`.
    pub description: Option<String>,
    /// `license`.
    pub license: Option<String>,
    /// `storage`; left out where it is `copy`.
    #[serde(default, skip_serializing_if = "is_copy")]
    pub storage: Storage,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_copy(storage: &Storage) -> bool {
    *storage == Storage::Copy
}

impl SavedPlan {
    /// The plan that these jobs make, with its digest.
    pub fn new(layers_file: Sha256, selection: Selection, options: SavedOptions, mut jobs: Vec<SavedJob>) -> Self {
        jobs.sort_by(|a, b| (&a.layer, &a.target).cmp(&(&b.layer, &b.target)));
        let mut plan = Self {
            plan: PLAN_VERSION,
            digest: String::new(),
            tool: concat!("layership ", env!("CARGO_PKG_VERSION")).to_owned(),
            layers_file: layers_file.to_string(),
            selection,
            options,
            jobs,
        };
        plan.digest = plan.digested();
        plan
    }

    /// The digest over everything but itself: of the compact JSON, in which the order of all fields is fixed.
    fn digested(&self) -> String {
        let rest = Self { digest: String::new(), ..self.clone() };
        Sha256::of(serde_json::to_string(&rest).unwrap_or_default().as_bytes()).to_string()
    }

    /// The file's text: JSON with a line for each field, for reviews.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// What was planned for a layer at a target.
    pub fn job(&self, layer: &str, target: &str) -> Option<&SavedJob> {
        let place = |job: &SavedJob| (job.layer.as_str(), job.target.as_str()).cmp(&(layer, target));
        self.jobs.binary_search_by(place).ok().and_then(|at| self.jobs.get(at))
    }
}

impl SavedJob {
    /// What a job's report says of it, with what it is to be published with.
    pub fn of(job: &Job, report: &JobReport, options: SavedOptions) -> Self {
        // An archive that is only staged when the plan is carried out has no object in S3 yet.
        let of_object = |text: &Option<String>| text.clone().filter(|_| !options.stage);
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let wanted = &job.settings;
        Self {
            layer: report.layer.clone(),
            target: report.target.clone(),
            region: report.region.clone(),
            account: report.account.clone(),
            layer_name: report.layer_name.clone(),
            decision: report.decision.filter(|_| report.outcome != Outcome::Failed),
            reason: report.reason.filter(|_| report.outcome != Outcome::Failed),
            latest_version: report.previous_version,
            manifest: SavedManifest {
                name: job.manifest_name.clone(),
                md5: report.manifest.md5.clone(),
                includes: report.manifest.includes.clone(),
                backups: job.backups.to_string(),
            },
            archive: SavedArchive {
                staged: report.archive.staged.clone(),
                sha256: report.archive.sha256.clone(),
                entity_tag: of_object(&report.archive.entity_tag),
                version_id: of_object(&report.archive.version_id),
            },
            settings: SavedSettings {
                compatible_runtimes: texts(&wanted.compatible_runtimes.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
                compatible_architectures: texts(
                    &wanted.compatible_architectures.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                ),
                description: wanted.description.clone(),
                license: wanted.license.clone(),
                storage: job.storage,
            },
            settings_changed: report.settings.clone(),
            dependencies: Arc::clone(&report.dependencies),
            share: report
                .share
                .as_ref()
                .map(|share| SavedShare { to_grant: share.to_grant.clone(), to_revoke: share.to_revoke.clone() }),
            parameter: report
                .parameter
                .as_ref()
                .map(|parameter| SavedParameter { name: parameter.name.clone(), to_write: parameter.to_write }),
            attest: report.attest.as_ref().map(|attest| attest.to_write),
        }
    }
}
