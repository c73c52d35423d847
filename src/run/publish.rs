//! Publishing one job that passed its preflight, and recording it.

use super::log::JobLog;
use super::preflight::Checked;
use crate::aws::{BackupWrite, PublishError, Published, Session};
use crate::event::Stage;
use crate::layer::{account_of_arn, split_version_arn};
use crate::manifest::same_text;
use crate::outcome::{Decision, ErrorCode, JobError, JobReport, Outcome};
use crate::plan::Job;

/// Does what was decided.
pub async fn carry_out(
    job: &Job,
    session: &Session,
    checked: &Checked,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Outcome, JobError> {
    match (checked.decided.decision, &checked.latest) {
        (Decision::Keep, Some(latest)) => {
            note_version(job, latest.version, &latest.arn, report);
            report.manifest.backup = Some(job.backup(latest.version).to_string());
            Ok(Outcome::Unchanged)
        }
        (Decision::Adopt, Some(latest)) => {
            note_version(job, latest.version, &latest.arn, report);
            record(job, session, checked, latest.version, log, report).await?;
            Ok(Outcome::Adopted)
        }
        _ => {
            let published = publish(job, session, checked, log).await?;
            note_version(job, published.version, &published.arn, report);
            same_content(job, checked, &published)?;
            record(job, session, checked, published.version, log, report).await?;
            Ok(Outcome::Published)
        }
    }
}

async fn publish(job: &Job, session: &Session, checked: &Checked, log: &JobLog) -> Result<Published, JobError> {
    log.enter(Stage::Publishing);
    let zip_version = checked.staged.version_id.as_deref();
    match session.lambda.publish(&job.name, &job.staged, zip_version, &job.settings).await {
        Ok(published) => {
            log.step(format!("published version {}", published.version), published.request_id.as_deref());
            log.step(format!("version ARN is {}", published.arn), None);
            Ok(published)
        }
        Err(PublishError::Refused(error)) => Err(error),
        Err(PublishError::Ambiguous(error)) => Err(unconfirmed(job, error)),
    }
}

/// Nobody knows whether there is a version now. It is not sent again: that could make a second one.
fn unconfirmed(job: &Job, error: JobError) -> JobError {
    let request_id = error.request_id.clone();
    let mut error = error.context(format!("it is unknown whether layer `{}` was published", job.name));
    error.code = ErrorCode::Unconfirmed;
    error.request_id = request_id;
    error.hint("run the same command again: a version with this content is adopted, not published twice")
}

/// Lambda must have the very zip that was checked.
fn same_content(job: &Job, checked: &Checked, published: &Published) -> Result<(), JobError> {
    match (checked.sha256, published.sha256) {
        (Some(checked), Some(published_sha)) if checked != published_sha => Err(JobError::new(
            ErrorCode::ContentMismatch,
            format!(
                "version {} of layer `{}` has other content than the staged archive that was checked",
                published.version, job.name
            ),
        )
        .cause(format!("staged {checked}, published {published_sha}"))
        .hint("the staged archive was replaced meanwhile: stage it again and publish; no backup was written for this version")),
        _ => Ok(()),
    }
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
            let found = session.s3.backup(&at, checked.manifest.md5).await.map_err(failed)?;
            let same = match &found {
                crate::aws::BackupRead::Same => true,
                crate::aws::BackupRead::Other(bytes) => same_text(bytes, &checked.manifest.bytes),
                crate::aws::BackupRead::Missing => false,
            };
            if !same {
                return Err(backup_failed(
                    job,
                    version,
                    JobError::new(ErrorCode::BackupFailed, format!("there is another manifest at {at} already")),
                ));
            }
            log.step(format!("manifest was stored at {at} already"), None);
        }
    }
    report.manifest.backup = Some(at.to_string());
    Ok(())
}

fn backup_failed(job: &Job, version: u64, error: JobError) -> JobError {
    let mut error = error.context(format!(
        "version {version} of layer `{}` is published, but its backup could not be written",
        job.name
    ));
    error.code = ErrorCode::BackupFailed;
    error.hint("run the same command again: it adopts the version and writes the backup")
}

/// The version to use from now on.
fn note_version(job: &Job, version: u64, arn: &str, report: &mut JobReport) {
    report.version = Some(version);
    report.layer_version_arn = Some(arn.to_owned());
    report.layer_arn = split_version_arn(arn).map(|(layer, _)| layer.to_owned());
    if report.account.is_none() {
        report.account = account_of_arn(arn).or(job.target.account.as_deref()).map(str::to_owned);
    }
}
