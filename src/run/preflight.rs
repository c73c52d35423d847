//! Every check before anything is written, in the order of the contract: the first failed one is the job's error.

use std::sync::Arc;

use super::Options;
use super::archive::{check_layout, invalid};
use super::log::JobLog;
use crate::archive::inspect;
use crate::aws::{BackupRead, Session, Staged, StagedZip};
use crate::config::{Detect, Unpinned};
use crate::layer::{LayerVersion, Sha256};
use crate::manifest::{Difference, Format, Manifest, ReadError, dependencies, difference, same_text, unpinned};
use crate::outcome::{Decision, ErrorCode, JobError, JobReport, Reason};
use crate::plan::{Backup, Decided, Facts, Job, Latest, decide};

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

/// Checks the manifest itself: readable, not empty, pinned.
pub fn check_manifest(
    job: &Job,
    manifest: Result<Arc<Manifest>, ReadError>,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Arc<Manifest>, JobError> {
    let manifest = manifest.map_err(|error| unreadable(job, &error))?;
    report.manifest.md5 = Some(manifest.md5.to_string());
    log.step(format!("manifest {} has MD5 {}", job.manifest.shown, manifest.md5), None);
    if job.unpinned == Unpinned::Allow {
        return Ok(manifest);
    }
    let loose = unpinned(Format::from_file_name(&job.manifest_name), &manifest.bytes);
    let Some(first) = loose.first() else { return Ok(manifest) };
    let more = match loose.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let message = format!("{}:{}: `{}` is not pinned to one version{more}", job.manifest.shown, first.line, first.text);
    if job.unpinned == Unpinned::Deny {
        return Err(JobError::new(ErrorCode::ManifestUnpinned, message)
            .hint("write `==` and a version, for example with `uv pip compile` or `pip-compile`; or set `unpinned = \"warn\"`"));
    }
    log.warn(report, "manifest-unpinned", format!("{message}: changes of it go unseen"));
    Ok(manifest)
}

fn unreadable(job: &Job, error: &ReadError) -> JobError {
    JobError::new(ErrorCode::ManifestMissing, format!("the manifest `{}` {error}", job.manifest.shown))
        .hint(format!("correct `manifest` of layer `{}` in the layers file, or lock its dependencies", job.layer))
}

/// What is known before a preflight asks.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    /// What `--stage` has just staged, or would.
    pub staged: Option<&'a Staged>,
    /// A version that exists, whatever a list says.
    pub version: Option<u64>,
}

/// Checks everything else.
pub async fn preflight(
    job: &Job,
    session: &Session,
    manifest: Arc<Manifest>,
    known: Known<'_>,
    options: &Options,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Checked, JobError> {
    let staged = async {
        match known.staged {
            Some(staged) => Ok(Some(staged.clone())),
            None => session.s3.head(&job.staged).await,
        }
    };
    // Both at once: an unchanged layer costs one round trip after the latest version is known.
    let (staged, published) = tokio::join!(staged, published(job, session, &manifest, known.version));
    let staged = consistent(job, staged?, &manifest, report, log)?;
    let (latest, backup) = published?;
    note_latest(job, latest.as_ref(), &backup, report, log);

    let contents = contents(job, session, &staged, latest.as_ref(), &backup).await?;
    let sha256 = contents.as_ref().map_or(staged.sha256, |contents| Some(contents.staged));
    report.archive.sha256 = sha256.map(|sha256| sha256.to_string());
    let old = changed_bytes(&backup, &manifest);
    let facts = Facts {
        latest: latest.as_ref().map(|latest| Latest {
            settings: &latest.settings,
            backup: match (&backup, old) {
                (BackupRead::Missing, _) => Backup::Missing,
                (_, Some(_)) => Backup::Different,
                (_, None) => Backup::Same,
            },
            content: contents.as_ref().and_then(|contents| contents.published),
        }),
        wanted: &job.settings,
        detect: &job.detect,
        staged: sha256,
        force: options.force,
    };
    let decided = decide(&facts);
    if let Some(old) = old {
        report.dependencies = difference_between(&job.manifest_name, old, &manifest.bytes);
    }
    note_decision(&decided, report, log);
    if decided.decision == Decision::Publish {
        check_zip(job, session, &staged, options, log, report).await?;
    }
    Ok(Checked { manifest, staged, sha256, latest, decided })
}

/// The latest version and its backup.
async fn published(
    job: &Job,
    session: &Session,
    manifest: &Manifest,
    known: Option<u64>,
) -> Result<(Option<LayerVersion>, BackupRead), JobError> {
    let latest = match known {
        // Lists may lag behind what is known to exist.
        Some(known) => match session.lambda.version(&job.name, known).await? {
            Some(version) => Some(version),
            None => session.lambda.latest(&job.name).await?,
        },
        None => session.latest(&job.name).await?,
    };
    let Some(latest) = latest else { return Ok((None, BackupRead::Missing)) };
    let backup = session.s3.backup(&job.backup(latest.arn.number), manifest.md5).await?;
    Ok((Some(latest), backup))
}

/// The staged archive exists and was built from this manifest.
fn consistent(
    job: &Job,
    staged: Option<Staged>,
    manifest: &Manifest,
    report: &mut JobReport,
    log: &JobLog,
) -> Result<Staged, JobError> {
    let again = "`layership stage`";
    let Some(staged) = staged else {
        return Err(JobError::new(ErrorCode::ArchiveMissing, format!("there is no staged archive {}", job.staged))
            .hint(format!("stage it first: {again}, or `publish --stage`")));
    };
    report.archive.size = Some(staged.size);
    report.archive.sha256 = staged.sha256.map(|sha256| sha256.to_string());
    log.step(format!("staged archive {} is there", job.staged), None);
    let expected = manifest.md5.to_string();
    match &staged.manifest_md5 {
        Some(found) if *found == expected => {
            log.step(format!("staged archive was built from this {}", job.manifest_name), None);
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

fn note_latest(job: &Job, latest: Option<&LayerVersion>, backup: &BackupRead, report: &mut JobReport, log: &JobLog) {
    let Some(latest) = latest else {
        log.step(format!("layer `{}` has no version yet", job.name), None);
        return;
    };
    report.previous_version = Some(latest.arn.number);
    report.layer_arn = Some(latest.arn.layer.to_string());
    let state = if *backup == BackupRead::Missing { "has no backup" } else { "has a backup" };
    log.step(format!("latest version is {}; it {state}", latest.arn.number), None);
}

struct Contents {
    staged: Sha256,
    published: Option<Sha256>,
}

/// SHA-256 of both zips, only where the decision needs them: they cost a Lambda call, and perhaps a whole download.
async fn contents(
    job: &Job,
    session: &Session,
    staged: &Staged,
    latest: Option<&LayerVersion>,
    backup: &BackupRead,
) -> Result<Option<Contents>, JobError> {
    let Some(latest) = latest else { return Ok(None) };
    if *backup != BackupRead::Missing && !job.detect.contains(&Detect::Content) {
        return Ok(None);
    }
    let published = session.lambda.version(&job.name, latest.arn.number).await?.and_then(|version| version.sha256);
    let staged = match staged.sha256 {
        Some(sha256) => sha256,
        None => session.s3.sha256(&job.staged, staged).await?,
    };
    Ok(Some(Contents { staged, published }))
}

/// The backup's bytes, where they differ in more than line endings.
fn changed_bytes<'b>(backup: &'b BackupRead, manifest: &Manifest) -> Option<&'b [u8]> {
    match backup {
        BackupRead::Other(old) if !same_text(old, &manifest.bytes) => Some(old),
        _ => None,
    }
}

fn note_decision(decided: &Decided, report: &mut JobReport, log: &JobLog) {
    report.decision = Some(decided.decision);
    report.reason = Some(decided.reason);
    report.settings.clone_from(&decided.settings);
    log.step(
        match (decided.decision, decided.reason) {
            (Decision::Keep, _) => "unchanged since the latest version: nothing to publish".to_owned(),
            (Decision::Adopt, _) => {
                "latest version has exactly the staged content: its backup is to be written".to_owned()
            }
            (Decision::Publish, Reason::DependenciesChanged) if !report.dependencies.is_empty() => {
                format!("dependencies changed: {}", report.dependencies.summary_of(8))
            }
            (Decision::Publish, reason) => format!("to be published: {reason}"),
        },
        None,
    );
}

/// What the zip says of itself: as `stage` noted it, or read through ranged GETs of its central directory.
async fn check_zip(
    job: &Job,
    session: &Session,
    staged: &Staged,
    options: &Options,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<(), JobError> {
    let inspection = match &staged.inspection {
        Some(noted) => noted.clone(),
        None => {
            let zip = StagedZip::new(session.s3.clone(), job.staged.clone(), staged.clone());
            inspect(&zip).await.map_err(|error| invalid(error, &job.staged.to_string(), |error| error))?
        }
    };
    let files = if inspection.files == 1 { "1 file".to_owned() } else { format!("{} files", inspection.files) };
    log.step(format!("archive has {files}, {} bytes unzipped", inspection.unzipped), None);
    check_layout(&inspection, job, &job.staged.to_string(), options.strict, log, report)
}

/// What changed between two manifests, where both can be read as what their name says.
fn difference_between(name: &str, old: &[u8], new: &[u8]) -> Difference {
    let format = Format::from_file_name(name);
    match (dependencies(format, old), dependencies(format, new)) {
        (Some(old), Some(new)) => difference(&old, &new),
        _ => Difference::default(),
    }
}
