//! What a staged archive was built from, as it says itself: the manifest, and the files that the manifest includes.

use super::RunOptions;
use super::archive_checks::settle_all;
use super::aside::aside;
use super::compare::is_changed;
use super::manifests::included_files;
use super::trail::Trail;
use crate::aws::{BackupRead, Staged};
use crate::event::Fact;
use crate::finding::{Check, Finding};
use crate::layer::Md5;
use crate::manifest::Manifest;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Job;

/// It was built from this manifest, or from the one in the backup, if that says what counts for the layer.
///
/// # Errors
/// `archive-inconsistent` if it was built from another one, or does not say from which.
pub async fn manifest(
    job: &Job,
    staged: &Staged,
    manifest: &Manifest,
    backup: Option<&BackupRead>,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let expected = manifest.md5.to_string();
    let found = staged.manifest_md5.as_ref();
    if found == Some(&expected) || found.is_some() && found == equal_md5(job, backup, manifest).await?.as_ref() {
        trail.found(Fact::StagedArchiveConsistent { manifest: job.manifest_name.clone() });
        return Ok(());
    }
    let (at, path) = (&job.staged, &job.manifest.shown);
    let (message, cause) = match found {
        Some(found) => (
            format!("the staged archive {at} was not built from `{path}` as it is now"),
            format!("its metadata say that the manifest had MD5 {found} (`manifest_md5`), and now it has {expected}"),
        ),
        None => (
            format!("the staged archive {at} does not say what it was built from"),
            "its metadata have no `manifest_md5`: something else than `layership stage` put it there".to_owned(),
        ),
    };
    let hint = "stage it again: `layership stage`; build the zip again first if it is older than the manifest";
    Err(JobError::new(ErrorCode::ArchiveInconsistent, message).cause(cause).hint(hint))
}

/// The MD5 of the backup, where it says what counts for the layer as the manifest does.
async fn equal_md5(job: &Job, backup: Option<&BackupRead>, manifest: &Manifest) -> Result<Option<String>, JobError> {
    let Some(backup) = backup else { return Ok(None) };
    let (Some(other), false) = (backup.other(), is_changed(job, backup, manifest).await?) else { return Ok(None) };
    let bytes = other.bytes.clone();
    aside(bytes.len(), move |_| Some(Md5::of(&bytes).to_string())).await
}

/// It was built for the files that the manifest includes as they are now. What is published or adopted is recorded with
/// them: another state would be taken for this one from then on.
///
/// # Errors
/// `archive-inconsistent` if it was built for another state of them, and under `--strict` if it does not say for which.
pub fn includes(
    job: &Job,
    staged: &Staged,
    manifest: &Manifest,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let Some(now) = manifest.includes().digest() else { return Ok(()) };
    let (at, files) = (&job.staged, included_files(job, manifest));
    match &staged.includes {
        Some(noted) if *noted == now.to_string() => Ok(()),
        Some(_) => {
            let message = format!("the staged archive {at} was not built from {files}");
            let cause = "its metadata note another digest of all that is included (`layership-includes`)";
            let hint = "build the zip again if it is older than what changed, and stage it again: `layership stage`";
            Err(JobError::new(ErrorCode::ArchiveInconsistent, message).cause(cause).hint(hint))
        }
        None => {
            let message = format!(
                "it is not known whether it was built from {files}: its metadata note nothing of that (`layership-includes`)"
            );
            let hint = "stage it with `layership stage`, which notes it; or `allow = [\"include-not-noted\"]`";
            let finding = Finding::warning(Check::IncludeNotNoted, message, hint);
            settle_all(vec![finding], &at.to_string(), job, options.strict, trail)
        }
    }
}
