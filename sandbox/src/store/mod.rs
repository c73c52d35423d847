//! The store on disk: a journal of changes and a folder of data files, under one lock.
//!
//! ```text
//! DIR/lock            held while a sandbox serves the folder; a second one is refused
//! DIR/journal.jsonl   one line per change; a complete line is the commit
//! DIR/data/…          the bytes of objects, parts and layers
//! ```
//!
//! An object's bytes and what is said about them become visible together, with the journal's line. The store is safe
//! against a process killed at any point; it makes no promise for a loss of power.

mod blobs;
mod journal;
mod model;
mod state;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) use blobs::{BlobWriter, Blobs, Draft, SMALL};
pub(super) use model::*;
pub(super) use state::{Event, State};

use journal::Journal;

const LOCK: &str = "lock";

/// The store. Cheap reads, serialized writes.
#[derive(Debug)]
pub(super) struct Store {
    inner: Mutex<Inner>,
    blobs: Blobs,
    /// Holds the folder's lock until the store is dropped, or the process dies.
    _lock: File,
}

#[derive(Debug)]
struct Inner {
    journal: Journal,
    state: State,
}

impl Store {
    /// Opens the store in `dir`, making the folder where it is missing.
    pub fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        refuse_foreign(dir)?;
        let lock = take_lock(dir)?;
        let (journal, state) = Journal::open(dir)?;
        let blobs = Blobs::open(dir.join("data"), &state.blobs())?;
        Ok(Self { inner: Mutex::new(Inner { journal, state }), blobs, _lock: lock })
    }

    /// The data files.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
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
fn refuse_foreign(dir: &Path) -> io::Result<()> {
    let is_empty = fs::read_dir(dir)?.next().is_none();
    if is_empty || dir.join(LOCK).exists() {
        return Ok(());
    }
    let message = format!("{} is not empty and not a sandbox's folder; choose another one", dir.display());
    Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, message))
}

fn take_lock(dir: &Path) -> io::Result<File> {
    let lock = File::options().create(true).write(true).truncate(false).open(dir.join(LOCK))?;
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
    use super::*;

    fn open_error(dir: &Path) -> String {
        Store::open(dir).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_folder_serves_one_sandbox_at_a_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(dir.path()).expect("opened");
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
        drop(Store::open(dir.path()).expect("opened"));
        let (rubbish, other) = (dir.path().join("data").join("0".repeat(32)), dir.path().join("data/notes.txt"));
        fs::write(&rubbish, "x").expect("written");
        fs::write(&other, "x").expect("written");
        drop(Store::open(dir.path()).expect("opened again"));
        assert!(!rubbish.exists() && other.exists());
    }
}
