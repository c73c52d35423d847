//! A zip on disk.

use super::ReadAt;
use bytes::Bytes;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// A zip on disk, to be [inspected](super::inspect()).
#[derive(Debug)]
pub struct LocalZip {
    path: PathBuf,
    size: u64,
}

impl LocalZip {
    /// The zip at this path, with the size it has now.
    pub async fn open(path: &Path) -> io::Result<LocalZip> {
        let metadata = tokio::fs::metadata(path).await?;
        Ok(LocalZip { path: path.to_owned(), size: metadata.len() })
    }
}

impl ReadAt for LocalZip {
    type Error = io::Error;

    fn size(&self) -> u64 {
        self.size
    }

    async fn read_at(&self, offset: u64, len: u64) -> io::Result<Bytes> {
        let mut file = File::open(&self.path).await?;
        file.seek(SeekFrom::Start(offset)).await?;
        let mut bytes = Vec::new();
        file.take(len).read_to_end(&mut bytes).await?;
        Ok(bytes.into())
    }
}
