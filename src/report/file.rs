//! Report files: proven to be writable before the run, replaced in one step after it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

use crate::report::emit;
use crate::report::formats::{ReportFormat, ReportRequest};
use crate::report::inputs::{Inputs, followed, real};
use crate::report::model::Report;

/// A report cannot be written there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot write the report to `{}`: {why}", path.display())]
pub struct ReportFileError {
    /// Where, as the user wrote it.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// A place for one report.
#[derive(Debug)]
pub struct ReportFile {
    request: ReportRequest,
    sink: Sink,
}

/// How a path is written.
#[derive(Debug)]
enum Sink {
    Stdout,
    Stderr,
    /// A device or a pipe: held open, since closing it would be the end for whoever reads it.
    Special(File),
    /// A file that is replaced as a whole, so that nobody ever reads half a report.
    Replaced {
        path: PathBuf,
        permissions: Option<Permissions>,
    },
    /// A file in a folder where nothing can be created: written over.
    Overwritten(PathBuf),
}

impl ReportFile {
    /// Proves that the reports can be written, each to a place of its own that is none of the inputs, and leaves what
    /// is there as it is.
    pub fn open_all(requests: &[ReportRequest], inputs: &Inputs) -> Result<Vec<Self>, ReportFileError> {
        let mut taken = BTreeSet::new();
        let mut open = |request: &ReportRequest| {
            let refuse = |why| Err(ReportFileError { path: request.path.clone(), why });
            if let Some(why) = inputs.forbids(&request.path) {
                return refuse(why);
            }
            let file = Self::open(request.format, &request.path)?;
            match &file.sink {
                Sink::Replaced { path, .. } | Sink::Overwritten(path) if !taken.insert(real(path)) => {
                    refuse("another report goes there".to_owned())
                }
                _ => Ok(file),
            }
        };
        requests.iter().map(&mut open).collect()
    }

    /// Proves that the report can be written there, and leaves what is there as it is.
    fn open(format: ReportFormat, path: &Path) -> Result<Self, ReportFileError> {
        let sink = open(path).map_err(|why| ReportFileError { path: path.to_owned(), why })?;
        Ok(Self { request: ReportRequest { format, path: path.to_owned() }, sink })
    }

    /// Writes the report.
    pub fn write(&mut self, report: &Report) -> Result<(), ReportFileError> {
        let text = (self.request.format.render)(report);
        let written = match &mut self.sink {
            Sink::Stdout => emit::stdout(&text),
            Sink::Stderr => {
                emit::stderr(&text);
                Ok(())
            }
            Sink::Special(file) => file.write_all(text.as_str().as_bytes()).and_then(|()| file.flush()),
            Sink::Replaced { path, permissions } => replace(path, permissions.as_ref(), text.as_str()),
            Sink::Overwritten(path) => fs::write(path, text.as_str()),
        };
        written.map_err(|error| ReportFileError { path: self.request.path.clone(), why: reason(&error) })
    }
}

fn open(path: &Path) -> Result<Sink, String> {
    match path.to_str() {
        Some("-" | "/dev/stdout") => return Ok(Sink::Stdout),
        Some("/dev/stderr") => return Ok(Sink::Stderr),
        _ => {}
    }
    // Through symbolic links to what will be replaced or made; the link itself stays.
    let real = fs::canonicalize(path).unwrap_or_else(|_| followed(path));
    match fs::metadata(&real) {
        Ok(found) if found.is_dir() => Err("it is a folder".to_owned()),
        Ok(found) if !found.is_file() || is_descriptor(path) => special(path),
        Ok(found) => existing(real, found.permissions()),
        Err(_) => new(real),
    }
}

/// `/dev/fd/3` and the like look like the file behind them, but are the way somebody opened it.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/dev/fd") || path.starts_with("/proc")
}

/// Opening a pipe waits for its reader, as every program that writes to one does.
fn special(path: &Path) -> Result<Sink, String> {
    OpenOptions::new().append(true).open(path).map(Sink::Special).map_err(|error| reason(&error))
}

fn existing(path: PathBuf, permissions: Permissions) -> Result<Sink, String> {
    OpenOptions::new().write(true).open(&path).map_err(|error| reason(&error))?;
    Ok(match temporary(&path, Some(&permissions)) {
        Ok(_) => Sink::Replaced { path, permissions: Some(permissions) },
        Err(_) => Sink::Overwritten(path),
    })
}

fn new(path: PathBuf) -> Result<Sink, String> {
    let folder = folder(&path);
    if !folder.exists() {
        return Err(format!("the folder `{}` does not exist", folder.display()));
    }
    if !folder.is_dir() {
        return Err(format!("`{}` is not a folder", folder.display()));
    }
    // Removed again at once: a run that is killed leaves nothing behind.
    temporary(&path, None).map_err(|error| reason(&error))?;
    Ok(Sink::Replaced { path, permissions: None })
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file beside the path, on the same file system, with the permissions that a file there has or would get.
fn temporary(path: &Path, permissions: Option<&Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".layership-report-").suffix(".tmp");
    #[cfg(not(unix))]
    let _ = permissions;
    #[cfg(unix)]
    let usual = <Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions.cloned().unwrap_or(usual));
    builder.tempfile_in(folder(path))
}

fn replace(path: &Path, permissions: Option<&Permissions>, text: &str) -> io::Result<()> {
    let mut file = temporary(path, permissions)?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    if let Some(permissions) = permissions {
        // Once more, as the process's umask took its part when the file was created.
        file.as_file().set_permissions(permissions.clone())?;
    }
    match file.persist(path) {
        Ok(_) => Ok(()),
        // A file that is mounted by itself, as containers do, cannot be replaced.
        Err(_) if path.is_file() => fs::write(path, text),
        Err(failed) => Err(failed.error),
    }
}

/// Why, in words without the number of the operating system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
        io::ErrorKind::StorageFull => "no space left".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(all(test, unix))]
mod tests;
