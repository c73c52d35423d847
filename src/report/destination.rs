//! A file to be written when a command ends: proven to be writable before it begins, replaced in one step.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::disk::{beside, folder, reason};
use crate::report::inputs::{Inputs, followed, real};
use crate::report::{Shown, emit};

/// A place for one file.
#[derive(Debug)]
pub struct Destination {
    /// As the user wrote it.
    pub path: PathBuf,
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

impl Destination {
    /// Proves that the file can be written there and is not one of the inputs, and leaves what is there as it is.
    ///
    /// # Errors
    /// Why it cannot, in words that follow the name of the file.
    pub fn open(path: &Path, inputs: &Inputs) -> Result<Self, String> {
        match inputs.forbids(path) {
            Some(why) => Err(why),
            None => open(path).map(|sink| Self { path: path.to_owned(), sink }),
        }
    }

    /// The file behind all links, unless it is a stream.
    pub fn real(&self) -> Option<PathBuf> {
        match &self.sink {
            Sink::Replaced { path, .. } | Sink::Overwritten(path) => Some(real(path)),
            Sink::Stdout | Sink::Stderr | Sink::Special(_) => None,
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn write(&mut self, text: &Shown) -> io::Result<()> {
        match &mut self.sink {
            Sink::Stdout => emit::stdout(text),
            Sink::Stderr => {
                emit::stderr(text);
                Ok(())
            }
            Sink::Special(file) => file.write_all(text.as_str().as_bytes()).and_then(|()| file.flush()),
            Sink::Replaced { path, permissions } => replace(path, permissions.as_ref(), text.as_str()),
            Sink::Overwritten(path) => fs::write(path, text.as_str()),
        }
    }
}

/// Whether a path is standard output.
pub fn is_stdout(path: &Path) -> bool {
    matches!(path.to_str(), Some("-" | "/dev/stdout"))
}

/// Whether a path is a device or a pipe.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn open(path: &Path) -> Result<Sink, String> {
    if is_stdout(path) {
        return Ok(Sink::Stdout);
    }
    if path == Path::new("/dev/stderr") {
        return Ok(Sink::Stderr);
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
    Ok(match beside(&path, Some(&permissions)) {
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
    beside(&path, None).map_err(|error| reason(&error))?;
    Ok(Sink::Replaced { path, permissions: None })
}

fn replace(path: &Path, permissions: Option<&Permissions>, text: &str) -> io::Result<()> {
    let mut file = beside(path, permissions)?;
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
