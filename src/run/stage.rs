//! Staging: the local zip, or the zip made of a local folder, becomes the staged archive, unless it already is.

use tokio::task::spawn_blocking;

use super::Options;
use super::archive::{invalid, not_packed, settle_all, unopened, unread};
use super::site::Site;
use super::trail::Trail;
use crate::archive::{Inspection, Local, LocalZip, ReadAt as _, inspect, inspect_folder, judge, pack};
use crate::aws::{Staged, Upload};
use crate::event::{Activity, Fact, Mode};
use crate::finding::Level;
use crate::layer::Sha256;
use crate::manifest::Manifest;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::{Job, LocalPath};

/// A staged archive, fresh from here.
pub struct Ready {
    /// What is staged now; in a plan, what would be.
    pub staged: Staged,
    /// Whether it was (in a plan: would be) uploaded, or was there already.
    pub uploaded: bool,
}

/// A local zip that is ready to be uploaded.
pub struct LocalArchive {
    /// An open file; the zip that was made of a folder has no name on disk, so nothing is left behind however the
    /// process ends.
    zip: LocalZip,
    sha256: Sha256,
    /// What the zip says of itself.
    inspection: Inspection,
}

/// Stages the archive of a job; in a plan, tells what would be staged.
pub async fn stage(
    site: Site<'_>,
    manifest: &Manifest,
    options: &Options,
    trail: &mut Trail,
) -> Result<Ready, JobError> {
    let job = site.job;
    let archive = local_archive(job, trail).await?;
    // The preflight that follows warns of the same; but what is refused is not uploaded.
    let mut findings = judge(&archive.inspection, &job.settings.compatible_runtimes);
    findings.retain(|finding| options.mode == Mode::Stage || options.strict || finding.level == Level::Error);
    settle_all(findings, shown(job), options.strict, trail)?;
    let md5 = manifest.md5.to_string();
    let found = site.staged().await?;
    if let Some(staged) = found.filter(|staged| is_same(staged, &archive, &md5)) {
        trail.found(Fact::ArchiveAlreadyStaged { at: job.staged.to_string() });
        let staged = Staged { inspection: Some(archive.inspection), ..staged };
        return Ok(Ready { staged, uploaded: false });
    }
    if options.mode == Mode::Plan {
        trail.found(Fact::ArchiveToBeStaged { at: job.staged.to_string() });
        let staged = Staged {
            manifest_md5: Some(md5),
            sha256: Some(archive.sha256),
            size: archive.zip.size(),
            inspection: Some(archive.inspection.clone()),
            etag: None,
            version_id: None,
        };
        return Ok(Ready { staged, uploaded: true });
    }
    trail.enter(Activity::Staging);
    let upload = Upload {
        zip: &archive.zip,
        sha256: archive.sha256,
        manifest_md5: manifest.md5,
        inspection: &archive.inspection,
    };
    let staged = site.stage(&upload).await?;
    trail.found(Fact::ArchiveStaged { at: job.staged.to_string() });
    Ok(Ready { staged, uploaded: true })
}

fn is_same(staged: &Staged, archive: &LocalArchive, md5: &str) -> bool {
    staged.sha256 == Some(archive.sha256) && staged.manifest_md5.as_deref() == Some(md5)
}

/// The zip to stage: the local one, or one made of the local folder; with its digest and what it says of itself.
async fn local_archive(job: &Job, trail: &mut Trail) -> Result<LocalArchive, JobError> {
    trail.enter(Activity::Packing);
    let archive = declared(job)?;
    let layer = job.layer.clone();
    // One task for all of it: each one is handed over to another thread and back.
    let ready = in_background(move || {
        let zip = match Local::open(&archive.path).map_err(|error| unopened(&archive, &layer, &error))? {
            Local::Folder => packed(&archive)?,
            Local::Zip(zip) => zip,
        };
        // What is no layer is refused before all of it is read.
        let inspection = inspected(&zip, &archive)?;
        let sha256 = zip.sha256().map_err(|error| unread(&archive, &error))?;
        Ok(LocalArchive { zip, sha256: Sha256::from_bytes(sha256), inspection })
    });
    let ready = ready.await?;
    let (sha256, size) = (ready.sha256, ready.zip.size());
    trail.found(Fact::ArchiveRead { path: shown(job).to_owned(), sha256: sha256.to_string(), size });
    Ok(ready)
}

/// What can be said of the local archive without the network, if there is one.
pub async fn check_local(job: &Job, options: &Options, trail: &mut Trail) -> Result<(), JobError> {
    let Some(archive) = job.archive.clone() else { return Ok(()) };
    let inspection = inspect_local(archive, job).await?;
    settle_all(judge(&inspection, &job.settings.compatible_runtimes), shown(job), options.strict, trail)
}

/// What a local archive says of itself, without reading more of it than its table of contents.
async fn inspect_local(archive: LocalPath, job: &Job) -> Result<Inspection, JobError> {
    let layer = job.layer.clone();
    let inspection = in_background(move || {
        match Local::open(&archive.path).map_err(|error| unopened(&archive, &layer, &error))? {
            Local::Folder => inspect_folder(&archive.path).map_err(|error| not_packed(&archive, &error)),
            Local::Zip(zip) => inspected(&zip, &archive),
        }
    });
    inspection.await
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| JobError::new(ErrorCode::Internal, "packing broke off").cause(error.to_string()))?
}

fn declared(job: &Job) -> Result<LocalPath, JobError> {
    job.archive.clone().ok_or_else(|| {
        JobError::new(ErrorCode::ArchiveMissing, format!("layer `{}` has no `archive` to stage", job.layer))
            .hint("set `archive` in the layers file: the layer zip, or the folder it is made from")
    })
}

fn shown(job: &Job) -> &str {
    job.archive.as_ref().map_or("", |archive| archive.shown.as_str())
}

fn inspected(zip: &LocalZip, archive: &LocalPath) -> Result<Inspection, JobError> {
    inspect(zip).map_err(|error| invalid(error, &archive.shown, |error| unread(archive, &error)))
}

/// Blocking: makes a zip of a folder.
fn packed(archive: &LocalPath) -> Result<LocalZip, JobError> {
    let mut file = tempfile::tempfile().map_err(|error| no_room(archive, &error))?;
    let packed = pack(&archive.path, &mut file).map_err(|error| not_packed(archive, &error))?;
    Ok(LocalZip::new(file, packed.size))
}

fn no_room(archive: &LocalPath, error: &std::io::Error) -> JobError {
    JobError::new(ErrorCode::Internal, format!("cannot make a temporary zip of `{}`: {error}", archive.shown))
        .hint("TMPDIR names the folder for temporary files")
}
