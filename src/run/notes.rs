//! Notes on this machine of the locks that its runs hold.
//!
//! A run that is killed after its last write, but before it released its lock, leaves a lock behind that no later run
//! of an unchanged layer would look at: such a layer costs two requests, and none of them is for the lock. The note
//! tells the next run on this machine where to look. Elsewhere the lock stays until the layer's next publish takes it
//! over, which its lease allows at once. The note says who held the lock: by now it may be another run's.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::layer::{Md5, S3Location};

/// The note of one lock. While the process that wrote it lives, the operating system keeps the file locked.
pub struct Note {
    path: Option<PathBuf>,
    owner: String,
    file: Mutex<Option<File>>,
}

impl Note {
    /// The note of the lock at this place, held by `owner`. Without a home there are no notes.
    pub fn of(lock: &S3Location, owner: &str) -> Self {
        let name = Md5::of(lock.to_string().as_bytes()).to_string();
        Self { path: folder().map(|folder| folder.join(name)), owner: owner.to_owned(), file: Mutex::new(None) }
    }

    /// Writes the note. It is a help and no more: where it cannot be written, there is none.
    pub fn write(&self) {
        let Some(path) = &self.path else { return };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = write(path, &self.owner);
        }
    }

    /// Who held the lock, if there is a note that no living process keeps.
    pub fn left_behind(&self) -> Option<String> {
        let mut file = File::open(self.path.as_ref()?).ok()?;
        file.try_lock().ok()?;
        let mut owner = String::new();
        file.read_to_string(&mut owner).ok()?;
        Some(owner)
    }

    /// Removes the note, unless another living process keeps it.
    pub fn remove(&self) {
        let Some(path) = &self.path else { return };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.take().is_some() || self.left_behind().is_some() {
            let _ = fs::remove_file(path);
        }
    }
}

fn write(path: &PathBuf, owner: &str) -> Option<File> {
    fs::create_dir_all(path.parent()?).ok()?;
    let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).ok()?;
            (&file).write_all(owner.as_bytes()).ok()?;
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
