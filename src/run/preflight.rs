//! Every check before anything is written, in the order of the contract: the first failed one is the job's error.

use std::sync::Arc;

use super::RunOptions;
use super::archive_checks::{inspect_staged, settle_all};
use super::site::Site;
use super::trail::Trail;
use crate::archive::{ZIP_LIMIT, judge};
use crate::aws::{BackupRead, Staged, StagedZip};
use crate::config::Detect;
use crate::event::{Fact, Mode};
use crate::layer::{LayerVersion, Sha256};
use crate::manifest::{Difference, Format, Manifest, dependencies, difference, same_text};
use crate::outcome::{Decision, ErrorCode, JobError};
use crate::plan::{BackupState, Decided, Job, Latest, Observed, decide};

/// A job that passed its preflight.
pub struct Checked {
    /// The bytes that were checked; the backup is written from these very bytes.
    pub manifest: Arc<Manifest>,
    /// The zip to publish.
    pub staged: Staged,
    /// SHA-256 of it, where it is known.
    pub sha256: Option<Sha256>,
    /// The latest version before this run.
    pub latest: Option<LayerVersion>,
    /// What is to be done.
    pub decided: Decided,
}

/// What is known before a preflight asks.
#[derive(Clone, Copy, Default)]
pub struct Given<'a> {
    /// What `--stage` has just staged, or would.
    pub staged: Option<&'a Staged>,
    /// The latest version, whatever a list says; 0 for none.
    pub latest: Option<u64>,
}

/// Checks what is in S3 and Lambda, decides, and checks the zip if it is to be published.
pub async fn preflight(
    site: Site<'_>,
    manifest: Arc<Manifest>,
    known: Given<'_>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<Checked, JobError> {
    let staged = async {
        match known.staged {
            Some(staged) => Ok(Some(staged.clone())),
            None => site.staged().await,
        }
    };
    // Both at once: an unchanged layer costs one round trip after the latest version is known.
    let (staged, published) = tokio::join!(staged, published(site, &manifest, known.latest));
    let staged = consistent(site.job, staged?, &manifest, trail)?;
    let (latest, backup) = published?;
    note_latest(site.job, latest.as_ref(), &backup, trail);

    let mut zip = site.staged_zip(&staged);
    let published = if needs_content(site.job, latest.as_ref(), &backup) {
        let published = content(site, latest.as_ref()).await?;
        digest(&mut zip, trail).await?;
        published
    } else {
        None
    };
    let old = changed_bytes(&backup, &manifest);
    let observed = Observed {
        latest: latest.as_ref().map(|latest| Latest {
            settings: &latest.settings,
            backup: match (&backup, old) {
                (BackupRead::Missing, _) => BackupState::Missing,
                (_, Some(_)) => BackupState::Different,
                (_, None) => BackupState::Same,
            },
            content: published,
        }),
        wanted: &site.job.settings,
        detect: &site.job.detect,
        staged: zip.known_sha256(),
        force: options.force && options.approval.may_force(site.job, latest.as_ref()),
    };
    let decided = decide(&observed);
    trail.found(Fact::Decided {
        decision: decided.decision,
        reason: decided.reason,
        settings: decided.settings.clone(),
        dependencies: old
            .map(|old| difference_between(&site.job.manifest_name, old, &manifest.bytes))
            .unwrap_or_default(),
    });
    if decided.decision == Decision::Publish {
        // What Lambda has afterwards is held against it. Read for that, its end is read as well; but what is too large
        // for any check is not read.
        let needed = options.mode == Mode::Publish || options.approval.needs_content();
        if needed && zip.size() <= ZIP_LIMIT {
            digest(&mut zip, trail).await?;
        }
        check_zip(site, &mut zip, options, trail).await?;
    }
    let sha256 = zip.known_sha256();
    options.approval.hold(site, Checked { manifest, staged, sha256, latest, decided }, trail).await
}

/// The SHA-256 of the staged zip, by reading all of it where S3 keeps none.
async fn digest(zip: &mut StagedZip, trail: &mut Trail) -> Result<(), JobError> {
    if zip.known_sha256().is_none() {
        let sha256 = zip.sha256().await?;
        trail.found(Fact::StagedArchiveDigested { sha256: sha256.to_string() });
    }
    Ok(())
}

/// The latest version and its backup.
async fn published(
    site: Site<'_>,
    manifest: &Manifest,
    known: Option<u64>,
) -> Result<(Option<LayerVersion>, BackupRead), JobError> {
    let latest = match known {
        // Lists may lag behind what is known to exist.
        Some(0) => None,
        Some(known) => match site.version(known).await? {
            Some(version) => Some(version),
            None => site.listed().await?,
        },
        None => site.latest().await?,
    };
    let Some(latest) = latest else { return Ok((None, BackupRead::Missing)) };
    let backup = match site.backup(latest.arn.number, manifest).await? {
        // It belongs to no version of this layer: believed, it would make a change of what is published already.
        BackupRead::Other(stray) if stray.is_older_than(&latest) => BackupRead::Missing,
        backup => backup,
    };
    Ok((Some(latest), backup))
}

/// The staged archive exists and was built from this manifest.
fn consistent(job: &Job, staged: Option<Staged>, manifest: &Manifest, trail: &mut Trail) -> Result<Staged, JobError> {
    let again = "`layership stage`";
    let Some(staged) = staged else {
        return Err(JobError::new(ErrorCode::ArchiveMissing, format!("there is no staged archive {}", job.staged))
            .hint(format!("stage it first: {again}, or `publish --stage`")));
    };
    trail.found(Fact::StagedArchiveFound {
        at: job.staged.to_string(),
        sha256: staged.sha256.map(|sha256| sha256.to_string()),
        size: staged.size,
        entity_tag: staged.etag.clone(),
        version_id: staged.version_id.clone(),
    });
    let expected = manifest.md5.to_string();
    match &staged.manifest_md5 {
        Some(found) if *found == expected => {
            trail.found(Fact::StagedArchiveConsistent { manifest: job.manifest_name.clone() });
            Ok(staged)
        }
        found => {
            let found =
                found.as_ref().map_or_else(|| "no manifest_md5".to_owned(), |found| format!("manifest_md5 {found}"));
            Err(JobError::new(
                ErrorCode::ArchiveInconsistent,
                format!(
                    "the staged archive {} was built from another dependency state than `{}`",
                    job.staged, job.manifest.shown
                ),
            )
            .cause(format!("it has {found}, the manifest has MD5 {expected}"))
            .hint(format!("stage it again: {again}; build the zip again first if it is older than the manifest")))
        }
    }
}

fn note_latest(job: &Job, latest: Option<&LayerVersion>, backup: &BackupRead, trail: &mut Trail) {
    trail.found(match latest {
        None => Fact::NoVersionFound { layer: job.name.clone() },
        Some(latest) => Fact::LatestFound { arn: latest.arn.clone(), backed_up: *backup != BackupRead::Missing },
    });
}

/// Whether the decision needs the SHA-256 of both zips: they cost a Lambda call, and perhaps a whole download.
fn needs_content(job: &Job, latest: Option<&LayerVersion>, backup: &BackupRead) -> bool {
    latest.is_some() && (*backup == BackupRead::Missing || job.detect.contains(&Detect::Content))
}

/// The SHA-256 of the latest version.
async fn content(site: Site<'_>, latest: Option<&LayerVersion>) -> Result<Option<Sha256>, JobError> {
    let Some(latest) = latest else { return Ok(None) };
    Ok(site.version(latest.arn.number).await?.and_then(|version| version.sha256))
}

/// The backup's bytes, where they differ in more than line endings.
pub(super) fn changed_bytes<'b>(backup: &'b BackupRead, manifest: &Manifest) -> Option<&'b [u8]> {
    match backup {
        BackupRead::Other(old) if !same_text(&old.bytes, &manifest.bytes) => Some(&old.bytes),
        _ => None,
    }
}

/// What the zip says of itself: as `stage` noted it, or read through ranged GETs of its central directory.
async fn check_zip(
    site: Site<'_>,
    zip: &mut StagedZip,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let inspection = match zip.noted() {
        Some(noted) => noted.clone(),
        None => inspect_staged(zip, &site.job.staged.to_string()).await?,
    };
    trail.found(Fact::ArchiveInspected { files: inspection.files, unzipped: inspection.unzipped });
    let findings = judge(&inspection, &site.job.settings.compatible_runtimes);
    settle_all(findings, &site.job.staged.to_string(), options.strict, trail)
}

/// What changed between two manifests, where both can be read as what their name says.
pub(super) fn difference_between(name: &str, old: &[u8], new: &[u8]) -> Difference {
    let format = Format::from_file_name(name);
    match (dependencies(format, old), dependencies(format, new)) {
        (Some(old), Some(new)) => difference(&old, &new),
        _ => Difference::default(),
    }
}
