//! Staging: the local zip, or the zip made of a local folder, becomes the staged archive, unless it already is.

use super::RunOptions;
use super::archive_checks::settle_all;
use super::local_archives::{Archives, LocalArchive};
use super::site::Site;
use super::trail::Trail;
use crate::archive::{ReadAt as _, TreeDigest, judge};
use crate::aws::{Staged, Upload};
use crate::event::{Activity, Fact, Mode};
use crate::finding::Level;
use crate::layer::Sha256;
use crate::manifest::Manifest;
use crate::outcome::JobError;
use crate::plan::Job;

/// A staged archive, fresh from here.
pub struct Ready {
    /// What is staged now; in a plan, what would be.
    pub staged: Staged,
    /// Whether it was (in a plan: would be) uploaded, or was there already.
    pub uploaded: bool,
}

/// Stages the archive of a job; in a plan, tells what would be staged.
pub async fn stage(
    site: Site<'_>,
    manifest: &Manifest,
    archives: &Archives,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<Ready, JobError> {
    let job = site.job;
    trail.enter(Activity::Packing);
    let archive = archives.get(job).await?;
    // The preflight that follows warns of the same; but what is refused is not uploaded.
    let mut findings = judge(&archive.inspection, &job.settings.compatible_runtimes);
    findings.retain(|finding| options.mode == Mode::Stage || options.strict || finding.level == Level::Error);
    settle_all(findings, shown(job), options.strict, trail)?;
    let md5 = manifest.md5.to_string();
    let found = site.staged().await?.filter(|staged| staged.manifest_md5.as_deref() == Some(&md5));
    if let Some(staged) = found
        && let Some(sha256) = staged.sha256
        && is_same(sha256, staged.tree, &archive).await?
    {
        note_read(job, sha256, staged.size, trail);
        let (entity_tag, version_id) = (staged.etag.clone(), staged.version_id.clone());
        trail.found(Fact::ArchiveAlreadyStaged { at: job.staged.to_string(), entity_tag, version_id });
        let inspection = Some(archive.inspection.clone());
        return Ok(Ready { staged: Staged { inspection, ..staged }, uploaded: false });
    }
    let staged = if options.mode == Mode::Plan {
        would_be_staged(job, &archive, md5, trail).await?
    } else {
        options.approval.hold_upload(job, archive.zipped().await?.sha256, manifest.md5)?;
        upload(site, &archive, manifest, trail).await?
    };
    Ok(Ready { staged, uploaded: true })
}

/// Whether the staged archive has the content of the local one. A folder that has the digest that was noted when it was
/// packed last need not be packed for that.
async fn is_same(sha256: Sha256, noted: Option<TreeDigest>, archive: &LocalArchive) -> Result<bool, JobError> {
    if noted.is_some() && archive.tree_digest().await? == noted {
        return Ok(true);
    }
    Ok(archive.zipped().await?.sha256 == sha256)
}

async fn would_be_staged(
    job: &Job,
    archive: &LocalArchive,
    manifest_md5: String,
    trail: &mut Trail,
) -> Result<Staged, JobError> {
    let zipped = archive.zipped().await?;
    let staged = Staged {
        manifest_md5: Some(manifest_md5),
        sha256: Some(zipped.sha256),
        size: zipped.zip.size(),
        inspection: Some(archive.inspection.clone()),
        tree: zipped.tree,
        etag: None,
        version_id: None,
    };
    note_read(job, zipped.sha256, staged.size, trail);
    trail.found(Fact::ArchiveToBeStaged { at: job.staged.to_string() });
    Ok(staged)
}

async fn upload(
    site: Site<'_>,
    archive: &LocalArchive,
    manifest: &Manifest,
    trail: &mut Trail,
) -> Result<Staged, JobError> {
    let zipped = archive.zipped().await?;
    trail.enter(Activity::Staging);
    let upload = Upload {
        zip: &zipped.zip,
        sha256: zipped.sha256,
        tree: zipped.tree,
        manifest_md5: manifest.md5,
        inspection: &archive.inspection,
        tell: trail.of_bytes_sent(zipped.zip.size()),
    };
    let staged = site.stage(&upload).await?;
    note_read(site.job, zipped.sha256, staged.size, trail);
    let (entity_tag, version_id) = (staged.etag.clone(), staged.version_id.clone());
    trail.found(Fact::ArchiveStaged { at: site.job.staged.to_string(), entity_tag, version_id });
    Ok(staged)
}

fn note_read(job: &Job, sha256: Sha256, size: u64, trail: &mut Trail) {
    trail.found(Fact::ArchiveRead { path: shown(job).to_owned(), sha256: sha256.to_string(), size });
}

/// What can be said of the local archive without the network, if there is one.
pub async fn check_local(
    job: &Job,
    archives: &Archives,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    if job.archive.is_none() {
        return Ok(());
    }
    let archive = archives.get(job).await?;
    let findings = judge(&archive.inspection, &job.settings.compatible_runtimes);
    settle_all(findings, shown(job), options.strict, trail)
}

fn shown(job: &Job) -> &str {
    job.archive.as_ref().map_or("", |archive| archive.shown.as_str())
}
