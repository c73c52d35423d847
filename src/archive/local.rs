//! A zip on disk.

use super::ReadAt;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// A zip on disk, to be [inspected](super::inspect()).
#[derive(Debug)]
pub struct LocalZip {
    path: PathBuf,
    size: u64,
}

impl LocalZip {
    /// The zip at this path, which has this size.
    pub fn new(path: &Path, size: u64) -> LocalZip {
        LocalZip { path: path.to_owned(), size }
    }
}

impl ReadAt for LocalZip {
    type Error = io::Error;

    fn size(&self) -> u64 {
        self.size
    }

    async fn read_at(&self, offset: u64, len: u64) -> io::Result<Bytes> {
        let path = self.path.clone();
        // One task for all of it: with tokio's file each step would be one.
        spawn_blocking(move || read(&path, offset, len)).await?
    }
}

fn read(path: &Path, offset: u64, len: u64) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
