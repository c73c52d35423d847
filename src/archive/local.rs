//! A zip on disk.

use super::ReadAt;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// A zip on disk, to be [inspected](super::inspect()). It blocks: inspect it where that does no harm.
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
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(len).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}
