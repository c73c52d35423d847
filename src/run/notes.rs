//! Notes on this machine of the locks that its runs hold.
//!
//! A run that is killed after its last write, but before it released its lock, leaves a lock behind that no later run
//! of an unchanged layer would look at: such a layer costs two requests, and none of them is for the lock. The note
//! tells the next run on this machine where to look. Elsewhere the lock stays until the layer's next publish takes it
//! over, which its lease allows at once.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::layer::{Md5, S3Location};

/// The note of one lock. While the process that wrote it lives, the operating system keeps the file locked.
pub struct Note {
    path: Option<PathBuf>,
    content: String,
    file: Mutex<Option<File>>,
}

impl Note {
    /// The note of the lock at this place. Without a home there are no notes.
    pub fn of(lock: &S3Location) -> Self {
        let content = lock.to_string();
        let name = Md5::of(content.as_bytes()).to_string();
        Self { path: folder().map(|folder| folder.join(name)), content, file: Mutex::new(None) }
    }

    /// Writes the note. It is a help and no more: where it cannot be written, there is none.
    pub fn write(&self) {
        let Some(path) = &self.path else { return };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = write(path, &self.content);
        }
    }

    /// Whether there is a note that no living process keeps.
    pub fn is_left_behind(&self) -> bool {
        let file = self.path.as_ref().and_then(|path| File::open(path).ok());
        file.is_some_and(|file| file.try_lock().is_ok())
    }

    /// Removes the note, unless another living process keeps it.
    pub fn remove(&self) {
        let Some(path) = &self.path else { return };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.take().is_some() || self.is_left_behind() {
            let _ = fs::remove_file(path);
        }
    }
}

fn write(path: &PathBuf, content: &str) -> Option<File> {
    fs::create_dir_all(path.parent()?).ok()?;
    let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    match file.try_lock() {
        Ok(()) => {
            use std::io::Write as _;
            file.set_len(0).ok()?;
            (&file).write_all(content.as_bytes()).ok()?;
            Some(file)
        }
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

/// `$XDG_STATE_HOME/layership/locks`, by default below `~/.local/state`.
fn folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(state.join("layership/locks"))
}
