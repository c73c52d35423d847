//! Data files: the bytes of objects, parts and layers, one file each, named by a random id, never by a key.
//!
//! A data file is written before the journal's line that refers to it. One without such a line (a killed process, a
//! refused write) is rubbish: removed at once where possible, and swept on the next start.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::folder::Folder;
use super::model::BlobId;
use crate::text;

/// Bodies up to this size are read and written with one blocking call: for a page or two, handing the work to
/// another thread costs more than the work.
pub(crate) const SMALL: u64 = 64 * 1024;

/// How much of a large body is gathered before it is written.
const CHUNK: usize = 512 * 1024;

/// The folder of data files.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    folder: Arc<Folder>,
}

impl Blobs {
    /// Takes the folder and removes from it what `known` does not list.
    pub fn open(folder: Folder, known: &HashSet<&BlobId>) -> io::Result<Self> {
        for name in folder.names()? {
            // Whatever else someone put here is not ours to remove.
            let Some(name) = name.to_str().filter(|name| text::is_unique_id(name)) else { continue };
            if BlobId::try_from(name.to_owned()).is_ok_and(|blob| !known.contains(&blob)) {
                folder.remove(name)?;
            }
        }
        Ok(Self { folder: Arc::new(folder) })
    }

    /// Opens a data file to read it.
    pub fn read(&self, blob: &BlobId) -> io::Result<File> {
        self.folder.read(blob.as_str())
    }

    /// Starts a new data file.
    pub fn writer(&self) -> BlobWriter {
        BlobWriter { draft: self.draft(), buffer: Vec::new(), file: None }
    }

    /// A second name for the same bytes, so that each data file has exactly one owner and none needs counting.
    pub fn link(&self, blob: &BlobId) -> io::Result<Draft> {
        let draft = self.draft();
        self.folder.link(blob.as_str(), draft.id.as_str())?;
        Ok(draft)
    }

    /// Removes data files that nothing refers to any more. One that stays behind is swept on the next start.
    pub fn remove(&self, blobs: &[BlobId]) {
        for blob in blobs {
            let _ = self.folder.remove(blob.as_str());
        }
    }

    fn draft(&self) -> Draft {
        Draft { id: BlobId::unique(), folder: Arc::clone(&self.folder), kept: false }
    }
}

/// A data file that nothing refers to yet; dropped without being kept, it is removed.
#[derive(Debug)]
pub(crate) struct Draft {
    id: BlobId,
    folder: Arc<Folder>,
    kept: bool,
}

impl Draft {
    /// The name to refer to it by.
    pub fn id(&self) -> &BlobId {
        &self.id
    }

    /// Opens it to read it.
    pub fn read(&self) -> io::Result<File> {
        self.folder.read(self.id.as_str())
    }

    fn make(&self) -> io::Result<File> {
        self.folder.make(self.id.as_str())
    }

    /// To be called once the journal refers to it.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            let _ = self.folder.remove(self.id.as_str());
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
            self.draft.make()?.write_all(&self.buffer)?;
            return Ok(self.draft);
        }
        self.flush().await?;
        Ok(self.draft)
    }

    async fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tokio::fs::File::from_std(self.draft.make()?)),
        };
        file.write_all(&self.buffer).await?;
        file.flush().await?;
        self.buffer.clear();
        Ok(())
    }
}
