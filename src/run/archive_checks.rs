//! The checks of archives that `check`, `stage` and preflight share.

use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::aside::aside;
use super::trail::Trail;
use crate::archive::{
    InspectError, Inspection, OpenError, PackError, Pins, ReadAt, differs, inspect, judge, not_compared, together,
};
use crate::aws::StagedZip;
use crate::event::Fact;
use crate::finding::{Check, Finding, Level};
use crate::halt::Halt;
use crate::layer::LayerSettings;
use crate::manifest::{Format, Manifest};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::{Job, LocalPath};

/// Refuses, warns of or only notes what was found at this place, unless the layer accepts it.
pub fn settle_all(
    findings: Vec<Finding>,
    place: &str,
    job: &Job,
    strict: bool,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let unaccepted = findings.into_iter().filter(|finding| !job.allow.contains(&finding.check));
    // What is refused is not hidden behind what is only worth knowing.
    let (refused, told): (Vec<_>, Vec<_>) = unaccepted.partition(|finding| is_refused(finding, strict));
    told.into_iter().for_each(|finding| tell(finding, place, trail));
    refused.into_iter().try_for_each(|finding| {
        let message = format!("{place}: {}", finding.message);
        Err(JobError::new(refusal(finding.check), message).hint(finding.hint))
    })
}

fn is_refused(finding: &Finding, strict: bool) -> bool {
    finding.level == Level::Error || strict && finding.level == Level::Warning
}

fn tell(finding: Finding, place: &str, trail: &mut Trail) {
    let (check, message) = (finding.check.to_string(), format!("{place}: {}", finding.message));
    match finding.level {
        Level::Advice => trail.found(Fact::Advised { check, message }),
        Level::Warning | Level::Error => trail.warn(&check, message),
    }
}

/// The code of the failure of a job that a finding stops.
fn refusal(check: Check) -> ErrorCode {
    match check {
        Check::ArchivePath
        | Check::ArchiveLink
        | Check::ArchiveEntry
        | Check::ArchiveMode
        | Check::ArchiveLayout
        | Check::ArchiveDuplicate
        | Check::ArchivePython
        | Check::ArchiveArchitecture
        | Check::ArchiveBallast => ErrorCode::ArchiveInvalid,
        Check::ArchiveDiffers | Check::PackageMissing | Check::PackageNotLocked | Check::ArchiveNotCompared => {
            ErrorCode::ArchiveDiffers
        }
        Check::ArchiveStale => ErrorCode::ArchiveStale,
        Check::ArchiveUnpublished | Check::IncludeNotNoted => ErrorCode::ArchiveInconsistent,
        Check::SecretInManifest => ErrorCode::SecretInManifest,
        Check::ManifestUnreadable | Check::IncludeUnreadable | Check::IncludeNotKept => ErrorCode::ManifestMissing,
        // Of these nothing but a warning is ever made.
        Check::ManifestNotLocked => ErrorCode::ManifestUnpinned,
        Check::RuntimeUnknown => ErrorCode::SettingsRefused,
        Check::BuildUndeclared => ErrorCode::BuildFailed,
        Check::AttestIncomplete => ErrorCode::AttestFailed,
    }
}

/// What is wrong with an archive for a job: with the zip itself, and held against the manifest. Where nobody waits any more it
/// may be a part.
pub fn findings_now(inspection: &Inspection, job: &Job, manifest: &Manifest, halt: &Halt) -> Vec<Finding> {
    let mut findings = of_itself(inspection, &job.settings);
    findings.extend(of_packages_now(inspection, &job.settings, (manifest, &job.manifest_name), halt));
    findings
}

/// The same where it holds up nobody: a manifest may be full of markers.
pub(super) async fn findings(
    inspection: &Arc<Inspection>,
    job: &Job,
    manifest: &Manifest,
) -> Result<Vec<Finding>, JobError> {
    let mut findings = of_itself(inspection, &job.settings);
    findings.extend(of_packages(inspection, job, manifest).await?);
    Ok(findings)
}

/// What its packages are, held against those of the manifest of a job, where it holds up nobody.
pub(super) async fn of_packages(
    inspection: &Arc<Inspection>,
    job: &Job,
    manifest: &Manifest,
) -> Result<Vec<Finding>, JobError> {
    let (inspection, manifest) = (Arc::clone(inspection), manifest.clone());
    let (settings, name) = (job.settings.clone(), job.manifest_name.clone());
    aside(manifest.size(), move |halt| of_packages_now(&inspection, &settings, (&manifest, &name), halt)).await
}

fn of_itself(inspection: &Inspection, settings: &LayerSettings) -> Vec<Finding> {
    let mut findings = judge(inspection, &settings.compatible_runtimes);
    findings.extend(inspection.natives.judge(settings));
    findings.extend(inspection.ballast.judge());
    findings
}

/// What the packages of an archive are, held against those of a manifest of this name. Where it cannot be read, against the lines
/// that can, if there are such.
fn of_packages_now(
    inspection: &Inspection,
    settings: &LayerSettings,
    (manifest, name): (&Manifest, &str),
    halt: &Halt,
) -> Vec<Finding> {
    let (packages, format) = (&inspection.packages, manifest.format);
    let is_partial = manifest.any_unreadable().is_some();
    let untold = || together(packages, settings).into_iter().collect();
    if is_partial && format != Format::Requirements {
        return untold();
    }
    // What the manifest names need not be known for that.
    if let Some(advice) = not_compared(packages, format, name) {
        return vec![advice];
    }
    let part = manifest.any_unreadable().and_then(|_| manifest.readable_part(halt));
    let all = manifest.all_dependencies().ok().flatten();
    let Some(dependencies) = all.or(part.as_ref()) else { return untold() };
    let unshown = || if is_partial { manifest.outside() } else { manifest.unshown([dependencies]) };
    differs(packages, Pins { name, format, dependencies, is_partial, unshown: &unshown }, settings, halt)
}

/// An archive that Lambda would not take; `unread` words a failure to read it at all.
pub fn invalid<E: std::error::Error>(
    error: InspectError<E>,
    place: &str,
    unread: impl FnOnce(E) -> JobError,
) -> JobError {
    let again = "build the zip again, then stage it";
    match error {
        InspectError::Read(error) => unread(error),
        InspectError::TooLarge { .. } | InspectError::ZipTooLarge { .. } => {
            JobError::new(ErrorCode::ArchiveTooLarge, format!("{place}: {error}"))
                .hint("leave packages out, or split the layer")
        }
        InspectError::Empty => JobError::new(ErrorCode::ArchiveInvalid, format!("{place} is an empty zip")).hint(again),
        other => JobError::new(ErrorCode::ArchiveInvalid, format!("{place} is not a zip that Lambda can read"))
            .cause(other.to_string())
            .hint(again),
    }
}

/// A local archive that is not there, or is something that cannot be read.
pub fn unopened(archive: &LocalPath, layer: &str, error: &OpenError) -> JobError {
    let (code, hint) = match error {
        OpenError::Missing => (ErrorCode::ArchiveMissing, "build it first, or correct"),
        OpenError::Special(_) => (ErrorCode::ArchiveInvalid, "correct"),
        OpenError::Unreadable(_) => (ErrorCode::ArchiveMissing, "make it readable, or correct"),
    };
    JobError::new(code, format!("the archive `{}` {error}", archive.shown))
        .hint(format!("{hint} `archive` of layer `{layer}` in the layers file"))
}

/// A local zip that could not be read to its end.
pub fn unread(archive: &LocalPath, error: &std::io::Error) -> JobError {
    JobError::new(ErrorCode::ArchiveMissing, format!("the archive `{}` cannot be read: {error}", archive.shown))
        .hint("something else may be writing to it; try again when it is done")
}

/// A folder that cannot be packed, with the reason and what helps against that reason.
pub fn not_packed(archive: &LocalPath, error: &PackError) -> JobError {
    let code = match error {
        PackError::TooLarge { .. } => {
            return JobError::new(ErrorCode::ArchiveTooLarge, format!("{}: {error}", archive.shown)).hint(error.hint());
        }
        PackError::Write(_) => ErrorCode::WriteFailed,
        _ => ErrorCode::ArchiveInvalid,
    };
    let failed = JobError::new(code, format!("cannot make a zip of `{}`", archive.shown)).cause(error.to_string());
    let failed = match std::error::Error::source(error) {
        Some(source) => failed.cause(source.to_string()),
        None => failed,
    };
    failed.hint(error.hint())
}

/// What a staged archive says of itself, read by ranged GETs.
pub async fn inspect_staged(zip: &mut StagedZip, place: &str) -> Result<Inspection, JobError> {
    // The end is all that most zips are asked for: no thread has to wait for it.
    let tail = zip.end().await?;
    let source = Blocking { zip: zip.clone(), tail, runtime: Handle::current() };
    let inspected = spawn_blocking(move || inspect(&source)).await;
    let inspected = inspected.map_err(|error| {
        JobError::new(ErrorCode::Internal, format!("reading {place} failed unexpectedly")).cause(error.to_string())
    })?;
    inspected.map_err(|error| invalid(error, place, |error| error))
}

/// A staged archive for a reader that waits for each answer.
struct Blocking {
    zip: StagedZip,
    /// Its end, which was read before.
    tail: Bytes,
    runtime: Handle,
}

impl ReadAt for Blocking {
    type Error = JobError;

    const IS_FAR: bool = true;

    fn size(&self) -> u64 {
        self.zip.size()
    }

    fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, JobError> {
        let within = |at: u64| at.checked_sub(self.zip.end_begins()).and_then(|at| usize::try_from(at).ok());
        match within(offset).zip(within(offset + len)).filter(|(_, end)| *end <= self.tail.len()) {
            Some((from, end)) => Ok(self.tail.slice(from..end)),
            None => self.runtime.block_on(self.zip.read_at(offset, len)),
        }
    }
}
