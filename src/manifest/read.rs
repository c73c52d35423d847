//! A manifest from disk: its bytes and their MD5, read once.

use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::dependencies::Dependencies;
use super::format::Format;
use super::parse::dependencies;
use super::unreadable::Unreadable;
use crate::disk::{name_of, without_waiting};
use crate::layer::Md5;

/// The largest lock files have a few megabytes; beyond this it is some other file.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// The bytes of a manifest as they were at one moment.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// All of them.
    pub bytes: Bytes,
    /// Their MD5: what a staged archive carries.
    pub md5: Md5,
    /// What kind of manifest it is.
    pub format: Format,
    named: Arc<OnceLock<Result<Option<Dependencies>, Unreadable>>>,
}

impl Manifest {
    /// A manifest of these bytes, in a file of this name.
    pub fn new(name: &str, bytes: Bytes) -> Self {
        Self { md5: Md5::of(&bytes), bytes, format: Format::from_file_name(name), named: Arc::default() }
    }

    /// The dependencies that it names, read when they are first asked for; see [`dependencies`].
    ///
    /// # Errors
    /// Where it cannot be read as what its name says.
    pub fn dependencies(&self) -> Result<Option<&Dependencies>, &Unreadable> {
        self.named.get_or_init(|| dependencies(self.format, &self.bytes)).as_ref().map(Option::as_ref)
    }
}

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

/// Reads a manifest.
///
/// # Errors
/// See [`ReadError`].
pub async fn read(path: &Path) -> Result<Manifest, ReadError> {
    let path = path.to_owned();
    // One task for all of it: with tokio's file each step would be one.
    let read = spawn_blocking(move || read_now(&path)).await;
    read.unwrap_or_else(|error| Err(ReadError::Unreadable(error.into())))
}

fn read_now(path: &Path) -> Result<Manifest, ReadError> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing,
        _ => ReadError::Unreadable(error),
    })?;
    // Opening a pipe or a device could wait for ever.
    refuse_special(&metadata)?;
    let file = without_waiting(path).map_err(ReadError::Unreadable)?;
    // What was opened is what counts, should the path have changed hands in between.
    let metadata = file.metadata().map_err(ReadError::Unreadable)?;
    refuse_special(&metadata)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(SIZE_LIMIT)).unwrap_or_default());
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(ReadError::Unreadable)?;
    match bytes.len() as u64 {
        0 => Err(ReadError::Empty),
        length if length > SIZE_LIMIT => Err(ReadError::TooLarge),
        _ => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let manifest = Manifest::new(&name, bytes.into());
            // Here, where reading a large one does no harm; what it names is kept, or why it cannot be read.
            let _ = manifest.dependencies();
            Ok(manifest)
        }
    }
}

fn refuse_special(metadata: &Metadata) -> Result<(), ReadError> {
    if metadata.is_file() { Ok(()) } else { Err(ReadError::Special(name_of(metadata.file_type()))) }
}
