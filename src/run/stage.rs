//! Staging: the local zip, or the zip made of a local folder, becomes the staged archive, unless it already is.

use std::sync::Arc;

use super::RunOptions;
use super::archive_checks::{findings, settle_all};
use super::local_archives::{Archives, LocalArchive};
use super::site::Site;
use super::trail::Trail;
use crate::archive::{Inspection, Note, Purpose, ReadAt as _, TreeDigest};
use crate::aws::{Staged, Upload};
use crate::event::{Activity, Fact, Mode};
use crate::finding::{Finding, Level};
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
    /// What was, or would be, staged.
    pub archive: Arc<LocalArchive>,
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
    let mut findings = findings(&archive.inspection, job, manifest).await?;
    let note = note(&findings, &archive.inspection, job, manifest);
    // The preflight that follows warns of the same; but what is refused is not uploaded.
    findings.retain(|finding| options.mode == Mode::Stage || options.strict || finding.level == Level::Error);
    settle_all(findings, shown(job), job, options.strict, trail)?;
    let includes = manifest.includes().digest();
    // The same bytes with another note are uploaded again: what publishes them goes by it.
    let found = site.staged().await?.filter(|staged| staged.is_built_from(manifest.md5, includes));
    if let Some(staged) = found
        && let Some(sha256) = staged.sha256
        && is_same(sha256, staged.tree, &archive).await?
    {
        note_read(job, sha256, staged.size, trail);
        let (entity_tag, version_id) = (staged.etag.clone(), staged.version_id.clone());
        trail.found(Fact::ArchiveAlreadyStaged { at: job.staged.to_string(), entity_tag, version_id });
        return Ok(Ready { staged, uploaded: false, archive });
    }
    let staged = if options.mode == Mode::Plan {
        would_be_staged(job, &archive, manifest, trail).await?
    } else {
        let zipped = archive.zipped().await?;
        options.approval.hold_upload(job, zipped.sha256, manifest)?;
        let upload = Upload {
            path: shown(job),
            zip: &zipped.zip,
            sha256: zipped.sha256,
            parts: &zipped.parts,
            tree: zipped.tree,
            manifest_md5: manifest.md5,
            includes,
            note,
            tell: trail.of_bytes_sent(zipped.zip.size()),
        };
        send(site, &upload, trail).await?
    };
    Ok(Ready { staged, uploaded: true, archive })
}

/// Whether the staged archive has the content of the local one. A folder that has the digest that was noted when it was
/// packed last need not be packed for that.
async fn is_same(sha256: Sha256, noted: Option<TreeDigest>, archive: &LocalArchive) -> Result<bool, JobError> {
    if noted.is_some() && archive.tree_digest().await? == noted {
        return Ok(true);
    }
    Ok(archive.sha256().await? == sha256)
}

async fn would_be_staged(
    job: &Job,
    archive: &LocalArchive,
    manifest: &Manifest,
    trail: &mut Trail,
) -> Result<Staged, JobError> {
    let zipped = archive.zipped().await?;
    let staged = Staged {
        manifest_md5: Some(manifest.md5.to_string()),
        includes: manifest.includes().digest().map(|includes| includes.to_string()),
        sha256: Some(zipped.sha256),
        size: zipped.zip.size(),
        note: None,
        tree: zipped.tree,
        etag: None,
        version_id: None,
        modified: None,
        class: None,
    };
    note_read(job, zipped.sha256, staged.size, trail);
    trail.found(Fact::ArchiveToBeStaged { at: job.staged.to_string() });
    Ok(staged)
}

async fn send(site: Site<'_>, upload: &Upload<'_>, trail: &mut Trail) -> Result<Staged, JobError> {
    trail.enter(Activity::Staging);
    let staged = site.stage(upload).await?;
    note_read(site.job, upload.sha256, staged.size, trail);
    let (entity_tag, version_id) = (staged.etag.clone(), staged.version_id.clone());
    trail.found(Fact::ArchiveStaged { at: site.job.staged.to_string(), entity_tag, version_id });
    Ok(staged)
}

/// What spares the next look at this zip: that nothing was found which a person should know.
fn note(findings: &[Finding], inspection: &Inspection, job: &Job, manifest: &Manifest) -> Option<Note> {
    let is_clean = findings.iter().all(|finding| finding.level == Level::Advice);
    is_clean.then(|| Note::new(inspection, Purpose::new(manifest.whole(), &job.settings)))
}

fn note_read(job: &Job, sha256: Sha256, size: u64, trail: &mut Trail) {
    trail.found(Fact::ArchiveRead { path: shown(job).to_owned(), sha256: sha256.to_string(), size });
}

fn shown(job: &Job) -> &str {
    job.archive.as_ref().map_or("", |archive| archive.shown.as_str())
}
