//! A layers file becomes a plan: jobs that are checked, rendered and complete, so that nothing after this looks into
//! the file again.

mod build;
mod decision;
mod drift;
mod fields;
mod part;
mod patterns;
mod retention;
mod saved;
mod select;
mod targets;
mod unique;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

pub use build::build;
pub use decision::{BackupState, Decided, Latest, Observed, decide};
pub use drift::{Drift, Standing};
pub use part::{Part, PartOfRun, PartsOfRun};
pub use patterns::Pattern;
pub use retention::{Fate, OldVersion, Retention};
pub use saved::{Held, SavedJob, SavedOptions, SavedPlan, hold};
pub use select::{Selection, SelectionError, select};
pub use targets::Ambient;

use crate::attest::{PROVENANCE, SBOM};
use crate::bounds::Bounds;
use crate::config::{Detect, UnpinnedPolicy};
use crate::finding::Check;
use crate::layer::{
    AccountId, Grantee, LayerName, LayerSettings, ParameterName, Region, RoleArn, S3Location, Sha256, Storage,
    backup_key, content_key, version_key,
};

/// Where layers go: an account and a Region, with the credentials to use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Name in the layers file; the Region where there are no targets in it.
    pub name: String,
    /// AWS Region.
    pub region: Region,
    /// Declared account: a guard.
    pub account: Option<AccountId>,
    /// Profile to take credentials from.
    pub profile: Option<String>,
    /// Role to assume.
    pub role_arn: Option<RoleArn>,
    /// Its failures do not count.
    pub best_effort: bool,
}

/// A local path: where it is, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalPath {
    /// The path to open.
    pub path: PathBuf,
    /// The path as the layers file writes it, for messages and reports.
    pub shown: String,
}

/// How a layer is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// A command for a shell.
    pub command: String,
    /// The folder to run it in.
    pub folder: PathBuf,
}

/// One layer at one target: the unit that runs, succeeds, fails and is reported.
#[derive(Clone, Debug)]
pub struct Job {
    /// Key of the layer in the layers file.
    pub layer: String,
    /// Where it goes.
    pub target: Arc<Target>,
    /// Name in Lambda.
    pub name: LayerName,
    /// The dependency manifest.
    pub manifest: LocalPath,
    /// Where a manifest lies of which lines may be shown.
    pub reach: Arc<Bounds>,
    /// File name of the manifest: the last part of its backups' keys.
    pub manifest_name: String,
    /// Local zip or folder, for `stage`.
    pub archive: Option<LocalPath>,
    /// How the archive is built.
    pub build: Option<Build>,
    /// The zip that Lambda reads.
    pub staged: S3Location,
    /// Account that the bucket belongs to, where it is not the target's own.
    pub bucket_owner: Option<AccountId>,
    /// Bucket and key prefix of the backups.
    pub backups: S3Location,
    /// What a new version is published with.
    pub settings: LayerSettings,
    /// What counts as a change.
    pub detect: BTreeSet<Detect>,
    /// What to do with unpinned requirements.
    pub unpinned: UnpinnedPolicy,
    /// Findings that are accepted.
    pub allow: BTreeSet<Check>,
    /// Where the zips of new versions are kept.
    pub storage: Storage,
    /// What follows a version, whether it was published now or before.
    pub follow_ups: FollowUps,
    /// Which versions `prune` leaves; `None` where the layer does not say how many.
    pub retention: Option<Retention>,
}

/// What follows a version: the state that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowUps {
    /// Who may use it; `None` where that is not for layership to say.
    pub share: Option<BTreeSet<Grantee>>,
    /// The parameter that holds its ARN.
    pub parameter: Option<ParameterName>,
    /// Whether documents beside its backup say what it is made of.
    pub attest: bool,
}

impl Job {
    /// Where the lock lies that a run holds while it publishes this job.
    pub fn lock(&self) -> S3Location {
        self.backups.sibling(format!("{}/publish.lock", self.backups.key))
    }

    /// Whether what the manifest names counts, and not its bytes.
    pub fn compares_dependencies(&self) -> bool {
        self.detect.contains(&Detect::Dependencies) && !self.detect.contains(&Detect::Manifest)
    }

    /// Where the documents of one version lie: its bill of materials, and the statement of its provenance.
    pub fn attestations(&self, version: u64) -> [S3Location; 2] {
        let backup = self.backup(version);
        [SBOM, PROVENANCE].map(|end| backup.sibling(format!("{}{end}", backup.key)))
    }

    /// Where all lies that is kept of one version.
    pub fn folder(&self, version: u64) -> S3Location {
        self.backups.sibling(version_key(&self.backups.key, version))
    }

    /// Where an archive lies that stays in the bucket.
    pub fn content(&self, sha256: Sha256) -> S3Location {
        self.backups.sibling(content_key(&self.backups.key, sha256))
    }

    /// Where the backup of one version's manifest lies.
    pub fn backup(&self, version: u64) -> S3Location {
        self.backups.sibling(backup_key(&self.backups.key, version, &self.manifest_name))
    }
}

/// Everything a run needs to know of the layers file.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The jobs, sorted by layer, then target.
    pub jobs: Vec<Arc<Job>>,
    /// Of which run they are a part, if of any.
    pub part: Option<PartOfRun>,
}

impl Plan {
    /// The distinct targets of the jobs, by name.
    pub fn targets(&self) -> Vec<Arc<Target>> {
        let mut targets: Vec<Arc<Target>> = Vec::new();
        for job in &self.jobs {
            if !targets.iter().any(|target| target.name == job.target.name) {
                targets.push(Arc::clone(&job.target));
            }
        }
        targets.sort_by(|a, b| a.name.cmp(&b.name));
        targets
    }
}
