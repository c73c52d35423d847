//! Data files: the bytes of objects, parts and layers, one file each, named by a random id, never by a key.
//!
//! A data file is written before the journal's line that refers to it. One without such a line (a killed process, a
//! refused write) is rubbish: removed at once where possible, and swept on the next start.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use crate::text;

/// Bodies up to this size are read and written with one blocking call: for a page or two, handing the work to
/// another thread costs more than the work.
pub(crate) const SMALL: u64 = 64 * 1024;

/// How much of a large body is gathered before it is written.
const CHUNK: usize = 512 * 1024;

/// The folder of data files.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    dir: PathBuf,
}

impl Blobs {
    /// Opens the folder and removes what `known` does not list.
    pub fn open(dir: PathBuf, known: &HashSet<&str>) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let name = entry.file_name();
            // Whatever else someone put here is not ours to remove.
            if name.to_str().is_some_and(|name| is_blob(name) && !known.contains(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { dir })
    }

    /// Where a data file is.
    pub fn path(&self, blob: &str) -> PathBuf {
        self.dir.join(blob)
    }

    /// Starts a new data file.
    pub fn writer(&self) -> BlobWriter {
        BlobWriter { draft: self.draft(), buffer: Vec::new(), file: None }
    }

    /// A second name for the same bytes, so that each data file has exactly one owner and none needs counting.
    pub fn link(&self, blob: &str) -> io::Result<Draft> {
        let draft = self.draft();
        let from = self.path(blob);
        // Some file systems have no hard links.
        fs::hard_link(&from, &draft.path).or_else(|_| fs::copy(&from, &draft.path).map(drop))?;
        Ok(draft)
    }

    /// Removes data files that nothing refers to any more. One that stays behind is swept on the next start.
    pub fn remove(&self, blobs: &[String]) {
        for blob in blobs {
            let _ = fs::remove_file(self.path(blob));
        }
    }

    fn draft(&self) -> Draft {
        let id = text::unique_id();
        Draft { path: self.path(&id), id, kept: false }
    }
}

fn is_blob(name: &str) -> bool {
    name.len() == text::unique_id().len() && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A data file that nothing refers to yet; dropped without being kept, it is removed.
#[derive(Debug)]
pub(crate) struct Draft {
    id: String,
    path: PathBuf,
    kept: bool,
}

impl Draft {
    /// The name to refer to it by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// To be called once the journal refers to it.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a data file as its bytes arrive, never holding more than a chunk of them.
#[derive(Debug)]
pub(crate) struct BlobWriter {
    draft: Draft,
    buffer: Vec<u8>,
    file: Option<tokio::fs::File>,
}

impl BlobWriter {
    /// Takes more bytes.
    pub async fn write(&mut self, bytes: &Bytes) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub async fn finish(mut self) -> io::Result<Draft> {
        if self.file.is_none() && self.buffer.len() as u64 <= SMALL {
            fs::write(&self.draft.path, &self.buffer)?;
            return Ok(self.draft);
        }
        self.flush().await?;
        Ok(self.draft)
    }

    async fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tokio::fs::File::create(&self.draft.path).await?),
        };
        file.write_all(&self.buffer).await?;
        file.flush().await?;
        self.buffer.clear();
        Ok(())
    }
}
