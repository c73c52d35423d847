//! A manifest from disk: its bytes and their MD5, read once.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::bytes_of::{ReadError, SIZE_LIMIT, bytes_of};
use super::dependencies::Dependencies;
use super::format::Format;
use super::includes::{Includes, includes};
use super::parse::dependencies;
use super::text::decode;
use super::unreadable::Unreadable;
use crate::layer::Md5;

type Named = Arc<OnceLock<Result<Option<Dependencies>, Unreadable>>>;

/// The bytes of a manifest as they were at one moment.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// All of them.
    pub bytes: Bytes,
    /// Their MD5: what a staged archive carries.
    pub md5: Md5,
    /// What kind of manifest it is.
    pub format: Format,
    named: Named,
    includes: Arc<Includes>,
    /// What it names with all that it includes.
    joined: Named,
}

impl Manifest {
    /// A manifest of these bytes, in a file of this name.
    pub fn new(name: &str, bytes: Bytes) -> Self {
        let format = Format::from_file_name(name);
        let (named, includes, joined) = Default::default();
        Self { md5: Md5::of(&bytes), bytes, format, named, includes, joined }
    }

    /// The files that it includes, and those that it names in vain.
    pub fn includes(&self) -> &Includes {
        &self.includes
    }

    /// A digest of all that it says: its MD5, unless it includes other files.
    pub fn whole(&self) -> Md5 {
        let includes = self.includes.digest();
        includes.map_or(self.md5, |includes| Md5::of(format!("{} {includes}", self.md5).as_bytes()))
    }

    /// The dependencies that it names, read when they are first asked for; see [`dependencies`].
    ///
    /// # Errors
    /// Where it cannot be read as what its name says.
    pub fn dependencies(&self) -> Result<Option<&Dependencies>, &Unreadable> {
        self.named.get_or_init(|| dependencies(self.format, &self.bytes)).as_ref().map(Option::as_ref)
    }

    /// The same, with those of the files that it includes: what is installed.
    ///
    /// # Errors
    /// The same.
    pub fn all_dependencies(&self) -> Result<Option<&Dependencies>, &Unreadable> {
        if self.includes.files.is_empty() {
            return self.dependencies();
        }
        let join = || {
            let text = decode(&self.bytes).ok_or_else(|| Unreadable::new("it is not text"))?;
            self.includes.joined(&text).map(Some)
        };
        self.joined.get_or_init(join).as_ref().map(Option::as_ref)
    }
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
    let bytes = bytes_of(path, SIZE_LIMIT)?;
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut manifest = Manifest::new(&name, bytes.into());
    // Here, where reading a large one does no harm; what it names is kept, or why it cannot be read.
    let _ = manifest.dependencies();
    if manifest.format == Format::Requirements
        && let Some(text) = decode(&manifest.bytes)
    {
        manifest.includes = Arc::new(includes(path, &text));
        let _ = manifest.all_dependencies();
    }
    Ok(manifest)
}
