//! Staging: the local zip, or the zip made of a local folder, becomes the staged archive, unless it already is.

use std::path::PathBuf;

use tempfile::TempPath;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::Options;
use super::archive::{check_layout, invalid};
use super::log::JobLog;
use crate::archive::{Inspection, LocalZip, PackError, digest, inspect, pack};
use crate::aws::{Session, Staged, Upload};
use crate::event::{Mode, Stage};
use crate::layer::Sha256;
use crate::manifest::Manifest;
use crate::outcome::{ErrorCode, JobError, JobReport};
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
    job: &Job,
    session: &Session,
    manifest: &Manifest,
    options: &Options,
    log: &JobLog,
    report: &mut JobReport,
) -> Result<Ready, JobError> {
    let archive = local_archive(job, log).await?;
    report.archive.sha256 = Some(archive.sha256.to_string());
    report.archive.size = Some(archive.size);
    // The preflight that follows warns of the same; but what `--strict` refuses is not uploaded.
    if options.mode == Mode::Stage || options.strict {
        check_layout(&archive.inspection, job, shown(job), options.strict, log, report)?;
    }
    let md5 = manifest.md5.to_string();
    let found = session.s3.head(&job.staged).await?;
    if let Some(staged) = found.filter(|staged| is_same(staged, &archive, &md5)) {
        log.step(format!("staged archive {} is the same already", job.staged), None);
        let staged = Staged { inspection: Some(archive.inspection), ..staged };
        return Ok(Ready { staged, uploaded: false });
    }
    if options.mode == Mode::Plan {
        log.step(format!("archive would be staged at {}", job.staged), None);
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
    log.enter(Stage::Staging);
    let upload = Upload {
        path: &archive.path,
        size: archive.size,
        sha256: archive.sha256,
        manifest_md5: manifest.md5,
        inspection: &archive.inspection,
    };
    let staged = session.s3.stage(&job.staged, &upload).await?;
    log.step(format!("archive staged at {}", job.staged), None);
    Ok(Ready { staged, uploaded: true })
}

fn is_same(staged: &Staged, archive: &LocalArchive, md5: &str) -> bool {
    staged.sha256 == Some(archive.sha256) && staged.manifest_md5.as_deref() == Some(md5)
}

/// The zip to stage: the local one, or one made of the local folder; with its digest and what it says of itself.
pub async fn local_archive(job: &Job, log: &JobLog) -> Result<LocalArchive, JobError> {
    log.enter(Stage::Packing);
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
    log.step(format!("archive {} has SHA-256 {sha256}, {size} bytes", shown(job)), None);
    Ok(LocalArchive { path, sha256, size, inspection, _temporary: temporary })
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
