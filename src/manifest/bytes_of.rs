//! The bytes of a regular file, read without waiting for anything else.

use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::Path;

use crate::disk::{name_of, without_waiting};

/// The largest lock files have a few megabytes; beyond this it is some other file.
pub(super) const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// Why a manifest cannot be read, in words that follow its path.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The path does not exist.
    #[error("does not exist")]
    Missing,
    /// Something else is there: a folder, a pipe that could be waited for for ever, a device that never ends.
    #[error("is a {0}, not a file")]
    Special(&'static str),
    /// A file without content says nothing about dependencies.
    #[error("is empty")]
    Empty,
    /// It is too large to be a manifest.
    #[error("has more than {} MB: that is not a dependency manifest", SIZE_LIMIT / 1_000_000)]
    TooLarge,
    /// It is there, but cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
}

/// The bytes of a regular file with at most so many of them. It blocks.
pub(super) fn bytes_of(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let metadata = std::fs::metadata(path).map_err(ReadError::of)?;
    // Opening a pipe or a device could wait for ever.
    refuse_special(&metadata)?;
    let file = without_waiting(path).map_err(ReadError::Unreadable)?;
    // What was opened is what counts, should the path have changed hands in between.
    let metadata = file.metadata().map_err(ReadError::Unreadable)?;
    refuse_special(&metadata)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or_default());
    file.take(limit + 1).read_to_end(&mut bytes).map_err(ReadError::Unreadable)?;
    if bytes.len() as u64 > limit { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

impl ReadError {
    /// Why a path leads to nothing that could be read.
    pub(super) fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(error),
        }
    }
}

fn refuse_special(metadata: &Metadata) -> Result<(), ReadError> {
    if metadata.is_file() { Ok(()) } else { Err(ReadError::Special(name_of(metadata.file_type()))) }
}
