//! Staging: the local zip, or the zip made of a local folder, becomes the staged archive, unless it already is.

use std::path::PathBuf;

use tempfile::TempPath;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::Options;
use super::archive::{check_layout, invalid};
use super::site::Site;
use super::trail::Trail;
use crate::archive::{Inspection, LocalZip, PackError, digest, inspect, pack};
use crate::aws::{Staged, Upload};
use crate::event::{Activity, Fact, Mode};
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
    path: PathBuf,
    sha256: Sha256,
    size: u64,
    /// What the zip says of itself.
    pub inspection: Inspection,
    /// Keeps the zip that was made of a folder until it is uploaded, and removes it then.
    _temporary: Option<TempPath>,
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
    // The preflight that follows warns of the same; but what `--strict` refuses is not uploaded.
    if options.mode == Mode::Stage || options.strict {
        check_layout(&archive.inspection, job, shown(job), options.strict, trail)?;
    }
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
            size: archive.size,
            inspection: Some(archive.inspection.clone()),
            etag: None,
            version_id: None,
        };
        return Ok(Ready { staged, uploaded: true });
    }
    trail.enter(Activity::Staging);
    let upload = Upload {
        path: &archive.path,
        size: archive.size,
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
pub async fn local_archive(job: &Job, trail: &mut Trail) -> Result<LocalArchive, JobError> {
    trail.enter(Activity::Packing);
    let Some(archive) = job.archive.clone() else {
        return Err(JobError::new(
            ErrorCode::ArchiveMissing,
            format!("layer `{}` has no `archive` to stage", job.layer),
        )
        .hint("set `archive` in the layers file: the layer zip, or the folder it is made from"));
    };
    let layer = job.layer.clone();
    let runtime = Handle::current();
    // One task for all of it: each one is handed over to another thread and back.
    let ready = spawn_blocking(move || {
        let zipped = zip_of(&archive, &layer)?;
        let unread = |error| unreadable(&archive.shown, &error);
        let inspected = runtime.block_on(inspect(&LocalZip::new(&zipped.path, zipped.size)));
        let inspection = inspected.map_err(|error| invalid(error, &archive.shown, unread))?;
        Ok((zipped, inspection))
    });
    let ready = ready.await;
    let (Zipped { path, temporary, sha256, size }, inspection) =
        ready.map_err(|error| JobError::new(ErrorCode::Internal, "packing broke off").cause(error.to_string()))??;
    trail.found(Fact::ArchiveRead { path: shown(job).to_owned(), sha256: sha256.to_string(), size });
    Ok(LocalArchive { path, sha256, size, inspection, _temporary: temporary })
}

/// What can be said of the local archive without the network, if there is one.
pub async fn check_local(job: &Job, options: &Options, trail: &mut Trail) -> Result<(), JobError> {
    let Some(archive) = &job.archive else { return Ok(()) };
    let local = local_archive(job, trail).await?;
    check_layout(&local.inspection, job, &archive.shown, options.strict, trail)
}

fn shown(job: &Job) -> &str {
    job.archive.as_ref().map_or("", |archive| archive.shown.as_str())
}

struct Zipped {
    path: PathBuf,
    temporary: Option<TempPath>,
    sha256: Sha256,
    size: u64,
}

/// Blocking: reads the zip once, or makes it.
fn zip_of(archive: &LocalPath, layer: &str) -> Result<Zipped, JobError> {
    let metadata = std::fs::metadata(&archive.path).map_err(|error| missing(archive, layer, &error))?;
    if !metadata.is_dir() {
        let digest = digest(&archive.path).map_err(|error| unreadable(&archive.shown, &error))?;
        let sha256 = Sha256::from_bytes(digest.sha256);
        return Ok(Zipped { path: archive.path.clone(), temporary: None, sha256, size: digest.size });
    }
    let file = tempfile::Builder::new().prefix("layership-").suffix(".zip").tempfile();
    let mut file = file.map_err(|error| no_room(archive, &error))?;
    let packed = pack(&archive.path, file.as_file_mut()).map_err(|error| not_packed(archive, error))?;
    let temporary = file.into_temp_path();
    let sha256 = Sha256::from_bytes(packed.sha256);
    Ok(Zipped { path: temporary.to_path_buf(), temporary: Some(temporary), sha256, size: packed.size })
}

fn missing(archive: &LocalPath, layer: &str, error: &std::io::Error) -> JobError {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    JobError::new(ErrorCode::ArchiveMissing, format!("the archive `{}` {why}", archive.shown))
        .hint(format!("build it first, or correct `archive` of layer `{layer}` in the layers file"))
}

fn unreadable(shown: &str, error: &std::io::Error) -> JobError {
    JobError::new(ErrorCode::ArchiveMissing, format!("the archive `{shown}` cannot be read: {error}"))
}

fn no_room(archive: &LocalPath, error: &std::io::Error) -> JobError {
    JobError::new(ErrorCode::Internal, format!("cannot make a temporary zip of `{}`: {error}", archive.shown))
        .hint("TMPDIR names the folder for temporary files")
}

fn not_packed(archive: &LocalPath, error: PackError) -> JobError {
    JobError::new(ErrorCode::ArchiveInvalid, format!("cannot make a zip of `{}`", archive.shown))
        .cause(error.to_string())
        .hint("its content becomes the root of the zip: for Python, put the packages into a folder `python` in it")
}
