//! Publishing one job that passed its preflight, exactly once, and recording it. The job's lock is held throughout.

use std::time::Duration;

use tokio::time::sleep;

use super::lock::Held;
use super::log::JobLog;
use super::preflight::Checked;
use crate::aws::{BackupRead, BackupWrite, PublishError, Session};
use crate::event::Stage;
use crate::layer::{LayerVersion, Sha256, VersionArn};
use crate::manifest::same_text;
use crate::outcome::{Decision, ErrorCode, JobError, JobReport, Outcome};
use crate::plan::Job;

/// How often a publish is sent, if its answers are lost and nothing comes of it.
const ATTEMPTS: u32 = 3;
/// When to look for a version whose answer was lost: it may still be under way.
const LOOKS: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Versions of others that may lie between the latest one that was seen and ours.
const STRANGERS: u64 = 8;

/// Publishes or adopts, as it was decided.
pub async fn carry_out(
    job: &Job,
    session: &Session,
    checked: &Checked,
    held: &Held<'_>,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Outcome, JobError> {
    if let (Decision::Adopt, Some(latest)) = (checked.decided.decision, &checked.latest) {
        note_version(&latest.arn, report);
        record(job, session, checked, latest.arn.number, log, report).await?;
        return Ok(Outcome::Adopted);
    }
    let published = publish(job, session, checked, held, log).await?;
    note_version(&published.arn, report);
    same_content(job, session, checked, &published, log).await?;
    record(job, session, checked, published.arn.number, log, report).await?;
    Ok(Outcome::Published)
}

/// Whether a failed job may have published something that is not recorded.
pub fn leaves_work(error: &JobError) -> bool {
    matches!(error.code, ErrorCode::Unconfirmed | ErrorCode::BackupFailed | ErrorCode::ContentMismatch)
}

/// Sends it, and finds out what became of it if the answer does not tell.
async fn publish(
    job: &Job,
    session: &Session,
    checked: &Checked,
    held: &Held<'_>,
    log: &JobLog,
) -> Result<LayerVersion, JobError> {
    let mut attempt = 1;
    // Once an answer was lost, no later refusal proves that nothing was published.
    let settled = |error: JobError, attempt| if attempt > 1 { unconfirmed(job, error) } else { error };
    loop {
        held.assure().await.map_err(|error| settled(error, attempt))?;
        log.enter(Stage::Publishing);
        let zip_version = checked.staged.version_id.as_deref();
        let lost = match session.lambda.publish(&job.name, &job.staged, zip_version, &job.settings).await {
            Ok((published, request_id)) => {
                log.step(format!("published version {}", published.arn.number), request_id.as_deref());
                log.step(format!("version ARN is {}", published.arn), None);
                return Ok(published);
            }
            Err(PublishError::Refused(error)) => return Err(settled(error, attempt)),
            Err(PublishError::Ambiguous(error)) => error,
        };
        log.step(format!("{lost}: looking for the version"), lost.request_id.as_deref());
        log.enter(Stage::Confirming);
        match confirm(job, session, checked).await {
            Ok(Some(published)) => {
                log.step(
                    format!("found version {}: the answer was lost, the work was done", published.arn.number),
                    None,
                );
                return Ok(published);
            }
            Ok(None) if attempt < ATTEMPTS => {
                log.step("there is no such version: sending it again", None);
                attempt += 1;
            }
            Ok(None) => return Err(unconfirmed(job, lost)),
            Err(error) => return Err(unconfirmed(job, lost.cause(error.to_string()))),
        }
    }
}

/// Looks for a version above the latest one that preflight saw whose content is the staged zip.
async fn confirm(job: &Job, session: &Session, checked: &Checked) -> Result<Option<LayerVersion>, JobError> {
    let wanted = match checked.sha256 {
        Some(sha256) => sha256,
        None => session.s3.sha256(&job.staged, &checked.staged).await?,
    };
    let mut last = Ok(None);
    for pause in LOOKS {
        sleep(pause).await;
        last = look(job, session, checked, wanted).await;
        if let Ok(Some(found)) = last {
            return Ok(Some(found));
        }
    }
    last
}

/// Versions are asked for one by one: a list may lag behind, a version itself is there or not. The list is asked too:
/// numbers of deleted versions are never given again, and ours may lie behind such a gap.
async fn look(
    job: &Job,
    session: &Session,
    checked: &Checked,
    wanted: Sha256,
) -> Result<Option<LayerVersion>, JobError> {
    let latest = checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
    let listed = session.lambda.latest(&job.name).await;
    let listed_version = listed.as_ref().ok().and_then(Option::as_ref).map_or(0, |listed| listed.arn.number);
    let first = latest.max(listed_version.saturating_sub(STRANGERS)) + 1;
    for version in first..=latest.max(listed_version) + STRANGERS {
        match session.lambda.version(&job.name, version).await? {
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
    job: &Job,
    session: &Session,
    checked: &Checked,
    published: &LayerVersion,
    log: &JobLog,
) -> Result<(), JobError> {
    let expected = match (checked.sha256, published.sha256) {
        (Some(expected), Some(found)) if expected != found => Some(expected.to_string()),
        (Some(_), Some(_)) => None,
        // Pinned: Lambda read that version of the object and no other.
        _ if checked.staged.version_id.is_some() => None,
        _ => replaced_before(job, session, checked, published).await?.then(|| "another one".to_owned()),
    };
    let Some(expected) = expected else {
        log.step("its content is the staged archive that was checked", None);
        return Ok(());
    };
    let found = published.sha256.map_or_else(|| "unknown".to_owned(), |sha256| sha256.to_string());
    Err(JobError::new(
        ErrorCode::ContentMismatch,
        format!("version {} of layer `{}` has other content than the staged archive that was checked", published.arn.number, job.name),
    )
    .cause(format!("SHA-256 of the checked archive: {expected}; of the version: {found}"))
    .hint(
        "the staged archive was replaced meanwhile, and no backup was written: run the same command again when nobody else stages this layer, and turn on versioning for the bucket to rule it out",
    ))
}

/// Without a SHA-256 from S3: the staged archive is another one now, and it is what Lambda has.
async fn replaced_before(
    job: &Job,
    session: &Session,
    checked: &Checked,
    published: &LayerVersion,
) -> Result<bool, JobError> {
    let now = session.s3.head(&job.staged).await;
    let Ok(Some(now)) = now else { return Ok(false) };
    if now.etag == checked.staged.etag {
        return Ok(false);
    }
    let sha256 = match now.sha256 {
        Some(sha256) => sha256,
        None => session.s3.sha256(&job.staged, &now).await?,
    };
    Ok(published.sha256 == Some(sha256))
}

/// Writes the backup from the bytes that were checked, never over another one.
async fn record(
    job: &Job,
    session: &Session,
    checked: &Checked,
    version: u64,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<(), JobError> {
    log.enter(Stage::Recording);
    let at = job.backup(version);
    let failed = |error: JobError| backup_failed(job, version, error);
    match session.s3.write_backup(&at, checked.manifest.bytes.clone()).await.map_err(failed)? {
        BackupWrite::Written { request_id } => log.step(format!("manifest stored at {at}"), request_id.as_deref()),
        BackupWrite::AlreadyThere => {
            let same = match session.s3.backup(&at, checked.manifest.md5).await.map_err(failed)? {
                BackupRead::Same => true,
                BackupRead::Other(bytes) => same_text(&bytes, &checked.manifest.bytes),
                BackupRead::Missing => false,
            };
            if !same {
                return Err(backup_failed(job, version, another_backup(&at.to_string())).hint(
                    "find out who wrote it; the next run compares with it, and publishes again while it differs",
                ));
            }
            log.step(format!("manifest was stored at {at} already"), None);
        }
    }
    report.manifest.backup = Some(at.to_string());
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

/// The version to use from now on.
pub fn note_version(arn: &VersionArn, report: &mut JobReport) {
    report.version = Some(arn.number);
    report.layer_version_arn = Some(arn.to_string());
    report.layer_arn = Some(arn.layer.to_string());
    report.account.get_or_insert_with(|| arn.layer.account.to_string());
}
