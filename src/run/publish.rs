//! Publishing one job that passed its preflight, exactly once, and recording it. The job's lock is held throughout.

use std::time::Duration;

use tokio::time::sleep;

use super::lock::Held;
use super::preflight::Checked;
use super::site::Site;
use super::trail::Trail;
use crate::aws::{BackupRead, BackupWrite, PublishError};
use crate::event::{Activity, Fact};
use crate::layer::{LayerVersion, Sha256};
use crate::manifest::same_text;
use crate::outcome::{Decision, ErrorCode, JobError, Outcome};
use crate::plan::Job;

/// How often a publish is sent, if its answers are lost and nothing comes of it.
const ATTEMPTS: u32 = 3;
/// When to look for a version whose answer was lost: it may still be under way.
const LOOKS: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Versions of others that may lie between the latest one that was seen and ours.
const STRANGERS: u64 = 8;

/// Publishes or adopts, as it was decided.
pub async fn carry_out(
    site: Site<'_>,
    checked: &Checked,
    held: &Held<'_>,
    trail: &mut Trail,
) -> Result<Outcome, JobError> {
    if let (Decision::Adopt, Some(latest)) = (checked.decided.decision, &checked.latest) {
        trail.found(Fact::VersionToUse { arn: latest.arn.clone() });
        record(site, checked, latest.arn.number, trail).await?;
        return Ok(Outcome::Adopted);
    }
    let published = publish(site, checked, held, trail).await?;
    trail.found(Fact::VersionToUse { arn: published.arn.clone() });
    same_content(site, checked, &published, trail).await?;
    record(site, checked, published.arn.number, trail).await?;
    Ok(Outcome::Published)
}

/// Whether a failed job may have published something that is not recorded.
pub fn leaves_work(error: &JobError) -> bool {
    matches!(error.code, ErrorCode::Unconfirmed | ErrorCode::BackupFailed | ErrorCode::ContentMismatch)
}

/// Sends it, and finds out what became of it if the answer does not tell.
async fn publish(
    site: Site<'_>,
    checked: &Checked,
    held: &Held<'_>,
    trail: &mut Trail,
) -> Result<LayerVersion, JobError> {
    let mut attempt = 1;
    // Once an answer was lost, no later refusal proves that nothing was published.
    let settled = |error: JobError, attempt| if attempt > 1 { unconfirmed(site.job, error) } else { error };
    loop {
        held.assure().await.map_err(|error| settled(error, attempt))?;
        trail.enter(Activity::Publishing);
        let lost = match site.publish(&checked.staged).await {
            Ok((published, request_id)) => {
                trail.found(Fact::VersionPublished { arn: published.arn.clone(), request_id });
                return Ok(published);
            }
            Err(PublishError::Refused(error)) => return Err(settled(error, attempt)),
            Err(PublishError::Ambiguous(error)) => error,
        };
        trail.found(Fact::AnswerLost { why: lost.to_string(), request_id: lost.request_id.clone(), until: None });
        trail.enter(Activity::Confirming);
        match confirm(site, checked).await {
            Ok(Some(published)) => {
                trail.found(Fact::VersionFound { arn: published.arn.clone() });
                return Ok(published);
            }
            Ok(None) if attempt < ATTEMPTS => {
                trail.found(Fact::SentAgain);
                attempt += 1;
            }
            Ok(None) => return Err(unconfirmed(site.job, lost)),
            Err(error) => return Err(unconfirmed(site.job, lost.cause(error.to_string()))),
        }
    }
}

/// Looks for a version above the latest one that preflight saw whose content is the staged zip.
async fn confirm(site: Site<'_>, checked: &Checked) -> Result<Option<LayerVersion>, JobError> {
    let wanted = match checked.sha256 {
        Some(sha256) => sha256,
        None => site.sha256(&checked.staged).await?,
    };
    let mut last = Ok(None);
    for pause in LOOKS {
        sleep(pause).await;
        last = look(site, checked, wanted).await;
        if let Ok(Some(found)) = last {
            return Ok(Some(found));
        }
    }
    last
}

/// Versions are asked for one by one: a list may lag behind, a version itself is there or not. The list is asked too:
/// numbers of deleted versions are never given again, and ours may lie behind such a gap.
async fn look(site: Site<'_>, checked: &Checked, wanted: Sha256) -> Result<Option<LayerVersion>, JobError> {
    let latest = checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
    let listed = site.listed().await;
    let listed_version = listed.as_ref().ok().and_then(Option::as_ref).map_or(0, |listed| listed.arn.number);
    let first = latest.max(listed_version.saturating_sub(STRANGERS)) + 1;
    for version in first..=latest.max(listed_version) + STRANGERS {
        match site.version(version).await? {
            Some(found) if found.sha256 == Some(wanted) => return Ok(Some(found)),
            None if version > listed_version => break,
            _ => {}
        }
    }
    // Without the list it is not proven that there is none.
    listed.map(|_| None)
}

/// Nobody knows whether there is a version now.
fn unconfirmed(job: &Job, error: JobError) -> JobError {
    let mut error = error.context(format!("it is unknown whether layer `{}` was published", job.name));
    error.code = ErrorCode::Unconfirmed;
    error.hint("run the same command again: a version with this content is adopted, not published twice")
}

/// Lambda must have the very zip that was checked.
async fn same_content(
    site: Site<'_>,
    checked: &Checked,
    published: &LayerVersion,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let expected = match (checked.sha256, published.sha256) {
        (Some(expected), Some(found)) if expected != found => Some(expected.to_string()),
        (Some(_), Some(_)) => None,
        // Pinned: Lambda read that version of the object and no other.
        _ if checked.staged.version_id.is_some() => None,
        _ => replaced_before(site, checked, published).await?.then(|| "another one".to_owned()),
    };
    let Some(expected) = expected else {
        trail.found(Fact::ContentVerified);
        return Ok(());
    };
    let found = published.sha256.map_or_else(|| "unknown".to_owned(), |sha256| sha256.to_string());
    Err(JobError::new(
        ErrorCode::ContentMismatch,
        format!("version {} of layer `{}` has other content than the staged archive that was checked", published.arn.number, site.job.name),
    )
    .cause(format!("SHA-256 of the checked archive: {expected}; of the version: {found}"))
    .hint(
        "the staged archive was replaced meanwhile, and no backup was written: run the same command again when nobody else stages this layer, and turn on versioning for the bucket to rule it out",
    ))
}

/// Without a SHA-256 from S3: the staged archive is another one now, and it is what Lambda has.
async fn replaced_before(site: Site<'_>, checked: &Checked, published: &LayerVersion) -> Result<bool, JobError> {
    let now = site.staged().await;
    let Ok(Some(now)) = now else { return Ok(false) };
    if now.etag == checked.staged.etag {
        return Ok(false);
    }
    let sha256 = site.sha256(&now).await?;
    Ok(published.sha256 == Some(sha256))
}

/// Writes the backup from the bytes that were checked, never over another one.
async fn record(site: Site<'_>, checked: &Checked, version: u64, trail: &mut Trail) -> Result<(), JobError> {
    trail.enter(Activity::Recording);
    let at = site.job.backup(version).to_string();
    let failed = |error: JobError| backup_failed(site.job, version, error);
    let there = match site.write_backup(version, &checked.manifest).await.map_err(failed)? {
        BackupWrite::Written { request_id } => Fact::BackupThere { at, written: true, request_id },
        BackupWrite::AlreadyThere => {
            let same = match site.backup(version, &checked.manifest).await.map_err(failed)? {
                BackupRead::Same => true,
                BackupRead::Other(bytes) => same_text(&bytes, &checked.manifest.bytes),
                BackupRead::Missing => false,
            };
            if !same {
                return Err(backup_failed(site.job, version, another_backup(&at)).hint(
                    "find out who wrote it; the next run compares with it, and publishes again while it differs",
                ));
            }
            Fact::BackupThere { at, written: false, request_id: None }
        }
    };
    trail.found(there);
    Ok(())
}

fn another_backup(at: &str) -> JobError {
    JobError::new(ErrorCode::BackupFailed, format!("there is another manifest at {at}, and it was left alone"))
}

fn backup_failed(job: &Job, version: u64, error: JobError) -> JobError {
    let message =
        format!("version {version} of layer `{}` is published, but its backup could not be written", job.name);
    let mut error = error.context(message);
    error.code = ErrorCode::BackupFailed;
    error.hint("run the same command again: it adopts the version and writes the backup")
}
