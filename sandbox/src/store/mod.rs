//! The store on disk: a journal of changes and a folder of data files, under one lock.
//!
//! ```text
//! DIR/lock            held while a sandbox serves the folder; a second one is refused
//! DIR/.gitignore      nothing here is to be committed
//! DIR/journal.jsonl   one line per change; a complete line is the commit
//! DIR/data/…          the bytes of objects, parts and layers
//! ```
//!
//! An object's bytes and what is said about them become visible together, with the journal's line. The store is safe
//! against a process killed at any point; it makes no promise for a loss of power.

mod blobs;
mod bucket;
mod folder;
mod functions;
mod journal;
mod model;
mod parameters;
mod state;

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) use blobs::{BlobWriter, Blobs, Draft, SMALL};
pub(super) use bucket::{Bucket, Versions};
pub(super) use functions::*;
pub(super) use model::*;
pub(super) use parameters::ParameterVersion;
pub(super) use state::{Event, State};

use crate::clock::Clock;
use folder::Folder;
use journal::Journal;

const LOCK: &str = "lock";
const IGNORE: &str = ".gitignore";

/// The store. Cheap reads, serialized writes.
#[derive(Debug)]
pub(super) struct Store {
    inner: Mutex<Inner>,
    blobs: Blobs,
    clock: Clock,
    /// Holds the folder's lock until the store is dropped, or the process dies.
    _lock: File,
}

#[derive(Debug)]
struct Inner {
    journal: Journal,
    state: State,
}

impl Store {
    /// Opens the store in `dir`, making the folder where it is missing. No part of `dir` below `trusted` may be a link,
    /// nor may its last part.
    pub fn open(dir: &Path, trusted: Option<&Path>) -> io::Result<Self> {
        let folder = Folder::open(dir, trusted)?;
        refuse_foreign(&folder, dir)?;
        let lock = take_lock(&folder, dir)?;
        ignore(&folder)?;
        let (journal, state) = Journal::open(&folder)?;
        let blobs = Blobs::open(folder.below(Path::new("data"))?, &state.blobs())?;
        Ok(Self { inner: Mutex::new(Inner { journal, state }), blobs, clock: Clock::default(), _lock: lock })
    }

    /// The data files.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The time of what is written.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Looks at the state.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.inner().state)
    }

    /// Decides on the state and makes the change it decided on, with nothing in between: two writers with the same
    /// condition cannot both win. A refusal, or a decision without event, changes nothing.
    pub fn commit<T, E: From<io::Error>>(
        &self,
        decide: impl FnOnce(&State) -> Result<(Option<Event>, T), E>,
    ) -> Result<T, E> {
        let mut guard = self.inner();
        let inner = &mut *guard;
        let (event, answer) = decide(&inner.state)?;
        let Some(event) = event else { return Ok(answer) };
        inner.journal.append(&event)?;
        let freed = inner.state.apply(event);
        drop(guard);
        self.blobs.remove(&freed);
        Ok(answer)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while deciding leaves the state as it was: an event is applied only after it was written.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder of something else is left alone.
fn refuse_foreign(folder: &Folder, dir: &Path) -> io::Result<()> {
    let names = folder.names()?;
    if names.is_empty() || names.iter().any(|name| name == LOCK) {
        return Ok(());
    }
    let message = format!("{} is not empty and not a sandbox's folder; choose another one", dir.display());
    Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, message))
}

/// Keeps what is here out of commits, whatever the repository around it ignores.
fn ignore(folder: &Folder) -> io::Result<()> {
    match folder.make(IGNORE) {
        Ok(mut file) => file.write_all(b"*\n"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn take_lock(folder: &Folder, dir: &Path) -> io::Result<File> {
    let lock = folder.open_or_make(LOCK)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another sandbox is using {}; stop it, or choose another folder", dir.display());
            Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn open_error(dir: &Path) -> String {
        Store::open(dir, None).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_folder_serves_one_sandbox_at_a_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path(), None).expect("opened");
        assert!(open_error(dir.path()).contains("another sandbox is using"));
        drop(store);
        assert_eq!(open_error(dir.path()), "");
    }

    #[test]
    fn a_folder_of_something_else_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("thesis.txt"), "years of work").expect("written");
        assert!(open_error(dir.path()).contains("not a sandbox's folder"));
    }

    #[test]
    fn rubbish_is_swept_and_other_files_are_not() {
        let dir = tempfile::tempdir().expect("a folder");
        drop(Store::open(dir.path(), None).expect("opened"));
        let (rubbish, other) = (dir.path().join("data").join("0".repeat(32)), dir.path().join("data/notes.txt"));
        fs::write(&rubbish, "x").expect("written");
        fs::write(&other, "x").expect("written");
        drop(Store::open(dir.path(), None).expect("opened again"));
        assert!(!rubbish.exists() && other.exists());
    }
}
