//! Plans that were saved: each job is held against what was planned for it, before anything is written and again under
//! the lock.

use std::sync::Arc;

use super::preflight::Checked;
use super::site::Site;
use super::trail::Trail;
use crate::layer::{LayerVersion, Sha256};
use crate::manifest::Manifest;
use crate::outcome::{Decision, ErrorCode, JobError};
use crate::plan::{Held, Job, SavedJob, SavedPlan, hold};

/// Whether the decisions of a run are taken now, for later, or were taken before.
#[derive(Clone, Debug, Default)]
pub enum Approval {
    /// Now.
    #[default]
    Immediate,
    /// For later: the plan is saved, so it holds every digest.
    Later,
    /// Before: exactly this plan is carried out.
    Given(Arc<SavedPlan>),
}

impl Approval {
    /// Whether the content of the staged archive is to be known even if it is not published now.
    pub fn needs_content(&self) -> bool {
        !matches!(self, Self::Immediate)
    }

    /// Whether `--force` still counts. Once a version was published that the plan forced, it is there.
    pub fn may_force(&self, job: &Job, latest: Option<&LayerVersion>) -> bool {
        let Some(planned) = self.planned(job) else { return true };
        planned.latest_version == latest.map(|latest| latest.arn.number)
    }

    /// The account comes first: with other credentials, everything else would fail for reasons that mislead.
    ///
    /// # Errors
    /// `plan-stale` if the plan was made for another account.
    pub fn hold_account(&self, site: Site<'_>) -> Result<(), JobError> {
        let Some(planned) = self.planned(site.job) else { return Ok(()) };
        match (&planned.account, site.account()) {
            (Some(planned), Some(now)) if *planned != now.to_string() => {
                let differs = format!("account: {planned} when it was planned, {now} now");
                Err(stale(MOVED, vec![differs]))
            }
            _ => Ok(()),
        }
    }

    /// What was not planned is not even uploaded.
    ///
    /// # Errors
    /// `plan-stale` if the archive, its manifest, or what that includes is another one.
    pub fn hold_upload(&self, job: &Job, zip: Sha256, manifest: &Manifest) -> Result<(), JobError> {
        let Some(planned) = self.planned(job) else { return Ok(()) };
        let includes = manifest.includes().digest();
        let pairs = [
            ("SHA-256 of the archive", &planned.archive.sha256, zip.to_string()),
            ("MD5 of the manifest", &planned.manifest.md5, manifest.md5.to_string()),
            (
                "digest of what the manifest includes",
                &planned.manifest.includes,
                includes.map(|digest| digest.to_string()).unwrap_or_default(),
            ),
        ];
        let differences: Vec<String> = pairs
            .into_iter()
            .filter_map(|(what, planned, now)| Some((what, planned.as_ref().filter(|planned| **planned != now)?, now)))
            .map(|(what, planned, now)| format!("{what}: {planned} when it was planned, {now} now"))
            .collect();
        if differences.is_empty() { Ok(()) } else { Err(stale(MOVED, differences)) }
    }

    /// Nobody is let in or shut out of whom the plan does not say so.
    ///
    /// # Errors
    /// `plan-stale` if more is to be done than was planned.
    pub fn hold_share(&self, job: &Job, to_grant: &[String], to_revoke: &[String]) -> Result<(), JobError> {
        let Some(planned) = self.planned(job) else { return Ok(()) };
        let share = planned.share.as_ref();
        let beyond = |now: &[String], planned: Option<&Vec<String>>, what: &str| {
            let new = now.iter().filter(|one| !planned.is_some_and(|planned| planned.contains(one)));
            new.map(|one| format!("{one} {what} now, and was not when it was planned")).collect::<Vec<_>>()
        };
        let granted = beyond(to_grant, share.map(|share| &share.to_grant), "is to be let in");
        let revoked = beyond(to_revoke, share.map(|share| &share.to_revoke), "is to be shut out");
        let differences = [granted, revoked].concat();
        if differences.is_empty() { Ok(()) } else { Err(stale(MOVED, differences)) }
    }

    /// No documents are written of which the plan says that they are there.
    ///
    /// # Errors
    /// `plan-stale` if they are to be written, and were not.
    pub fn hold_attestations(&self, job: &Job, to_write: bool) -> Result<(), JobError> {
        match self.planned(job) {
            Some(planned) if planned.attest == Some(false) && to_write => {
                let differs = "it is to be attested now, and was not when it was planned".to_owned();
                Err(stale(MOVED, vec![differs]))
            }
            _ => Ok(()),
        }
    }

    /// No parameter is written that the plan says nothing of.
    ///
    /// # Errors
    /// `plan-stale` if it is to be written, and was not.
    pub fn hold_parameter(&self, job: &Job, to_write: bool) -> Result<(), JobError> {
        let Some(planned) = self.planned(job) else { return Ok(()) };
        match &planned.parameter {
            Some(planned) if !planned.to_write && to_write => {
                let name = &planned.name;
                let differs = format!("parameter {name} is to be written now, and was not when it was planned");
                Err(stale(MOVED, vec![differs]))
            }
            _ => Ok(()),
        }
    }

    fn planned(&self, job: &Job) -> Option<&SavedJob> {
        match self {
            Self::Given(plan) => plan.job(&job.layer, &job.target.name),
            Self::Immediate | Self::Later => None,
        }
    }

    /// Holds a job that was checked against its plan.
    ///
    /// # Errors
    /// `plan-stale` if it is neither as it was planned nor done as it was planned; whatever looking at the version says.
    pub async fn hold(&self, site: Site<'_>, checked: Checked, trail: &Trail) -> Result<Checked, JobError> {
        let Self::Given(plan) = self else { return Ok(checked) };
        let job = site.job;
        let Some(planned) = plan.job(&job.layer, &job.target.name) else {
            return Err(stale("it is not in the plan", Vec::new()));
        };
        if planned.decision.is_none() {
            return Err(stale("planning it failed, so nothing was decided", Vec::new()));
        }
        match hold(planned, &SavedJob::of(job, trail.report(), plan.options)) {
            Held::ToDo => Ok(checked),
            Held::Done if has_content(site, &checked, planned).await? => Ok(checked),
            Held::Done => Err(stale("another run published other content under it", Vec::new())),
            Held::Stale(differences) => Err(stale(MOVED, differences)),
        }
    }
}

/// Whether the version that is kept has the content that was planned.
async fn has_content(site: Site<'_>, checked: &Checked, planned: &SavedJob) -> Result<bool, JobError> {
    debug_assert_eq!(checked.decided.decision, Decision::Keep, "only a kept version can be a result");
    let Some(latest) = &checked.latest else { return Ok(false) };
    let version = site.version(latest.arn.number).await?;
    let content = version.and_then(|version| version.sha256).map(|sha256| sha256.to_string());
    Ok(content.is_some() && content == planned.archive.sha256)
}

const MOVED: &str = "it is not as it was planned";

fn stale(what: &str, differences: Vec<String>) -> JobError {
    let error = JobError::new(ErrorCode::PlanStale, what)
        .hint("make the plan again, have it looked at, and carry that one out");
    differences.into_iter().fold(error, JobError::cause)
}
