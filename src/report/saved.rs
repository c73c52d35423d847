//! A plan that was kept, as the report of it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::event::Mode;
use crate::layer::{S3Location, Sha256, Storage, content_key};
use crate::outcome::{
    ArchiveReport, AttestReport, Decision, JobReport, KeptArchive, ManifestReport, Outcome, ParameterReport,
    ShareReport,
};
use crate::plan::{SavedJob, SavedPlan};
use crate::report::Report;

impl Report {
    /// A saved plan as the report that it was made of, as far as it keeps it.
    pub fn of_plan(saved: &SavedPlan) -> Self {
        let jobs = saved.jobs.iter().map(job_report).collect();
        Self::new(Mode::Plan, &saved.digest, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, jobs)
    }
}

fn job_report(job: &SavedJob) -> JobReport {
    JobReport {
        layer: job.layer.clone(),
        target: job.target.clone(),
        region: job.region.clone(),
        account: job.account.clone(),
        layer_name: job.layer_name.clone(),
        decision: job.decision,
        reason: job.reason,
        outcome: match job.decision {
            Some(Decision::Publish | Decision::Adopt) => Outcome::Planned,
            Some(Decision::Keep) => Outcome::Unchanged,
            None => Outcome::Cancelled,
        },
        previous_version: job.latest_version,
        version: job.latest_version.filter(|_| job.decision == Some(Decision::Keep)),
        layer_arn: None,
        layer_version_arn: None,
        manifest: ManifestReport {
            path: job.manifest.name.clone(),
            md5: job.manifest.md5.clone(),
            includes: job.manifest.includes.clone(),
            ..ManifestReport::default()
        },
        archive: ArchiveReport {
            staged: job.archive.staged.clone(),
            sha256: job.archive.sha256.clone(),
            entity_tag: job.archive.entity_tag.clone(),
            version_id: job.archive.version_id.clone(),
            size: None,
            kept: kept(job),
            published: None,
        },
        dependencies: Arc::clone(&job.dependencies),
        settings: job.settings_changed.clone(),
        variable: None,
        prune: None,
        share: job.share.as_ref().map(|share| ShareReport {
            to_grant: share.to_grant.clone(),
            to_revoke: share.to_revoke.clone(),
            ..ShareReport::default()
        }),
        parameter: job.parameter.as_ref().map(|parameter| ParameterReport {
            name: parameter.name.clone(),
            to_write: parameter.to_write,
            ..ParameterReport::default()
        }),
        attest: job.attest.map(|to_write| AttestReport { to_write, ..AttestReport::default() }),
        warnings: Vec::new(),
        status: None,
        seconds: 0.0,
        error: None,
    }
}

/// Where the archive of a new version is to stay, where it is.
fn kept(job: &SavedJob) -> Option<KeptArchive> {
    let stays = job.decision == Some(Decision::Publish) && job.settings.storage == Storage::Reference;
    let (sha256, backups) = (job.archive.sha256.as_deref(), S3Location::of_uri(&job.manifest.backups));
    let (sha256, backups) = (sha256.and_then(Sha256::from_hex)?, backups?);
    let at = backups.sibling(content_key(&backups.key, sha256)).to_string();
    stays.then_some(KeptArchive { at, version_id: None })
}
