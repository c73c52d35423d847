//! A folder as a zip that depends on nothing but the folder's content: same content, same bytes.
//!
//! Entries are sorted by the bytes of their names; times, owners and permissions are left behind, since they differ
//! between machines and checkouts. Of a file's mode one thing counts: whether anybody may execute it. The content itself is the user's and packed as it is: nothing is left
//! out, not even `__pycache__`, whose files carry the times of their sources. `pip install --no-compile` builds
//! folders that stay the same.

use super::blocks::{Deflated, deflate};
use super::pack_error::PackError;
use super::seal::{Seal, TreeDigest};
use super::tree::{EntryKind, Tree, TreeEntry};
use crate::halt::Halt;
use rawzip::path::EntryPath;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter, ZipEntryWriter};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{Receiver, sync_channel};

/// The zip that a folder became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// The SHA-256 of the zip.
    pub sha256: [u8; 32],
    /// The size of the zip in bytes.
    pub size: u64,
    /// What was packed.
    pub tree: TreeDigest,
}

/// Packs what lies in a folder into `zip`: the folder's content becomes the root of the zip.
///
/// Symbolic links are kept as links and never followed, wherever they lead, empty folders are kept, and files are executable
/// for all or for none. No large file is ever held in memory as a whole. It blocks: call it where that does no harm.
///
/// # Errors
/// Where something cannot be read, has changed since the folder was looked at, or cannot be written.
pub fn pack(tree: &Tree, zip: impl Write + Send, halt: &Halt) -> Result<Packed, PackError> {
    std::thread::scope(|scope| {
        // One batch is written while the next is deflated and the one after that is read.
        let (sender, batches) = sync_channel(1);
        let writing = scope.spawn(move || write(tree, Batches { batches, ready: Vec::new().into_iter() }, zip));
        let deflated = deflate(tree, halt, sender);
        let written = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // Why no more blocks came is what matters; that none came is only how it shows.
        deflated.and(written)
    })
}

/// Deflated blocks in the order of the tree, as they come.
struct Batches {
    batches: Receiver<Vec<Deflated>>,
    ready: std::vec::IntoIter<Deflated>,
}

impl Batches {
    fn next(&mut self) -> Result<Deflated, PackError> {
        loop {
            if let Some(block) = self.ready.next() {
                return Ok(block);
            }
            self.ready = self.batches.recv().map_err(|_| PackError::Stopped)?.into_iter();
        }
    }
}

fn write(tree: &Tree, mut blocks: Batches, zip: impl Write) -> Result<Packed, PackError> {
    let mut writer = ZipArchiveWriter::new(Digested::new(BufWriter::with_capacity(1 << 20, zip)));
    let mut seal = Seal::new();
    for entry in &tree.entries {
        seal.entry(entry);
        match entry.kind {
            EntryKind::EmptyFolder => write_folder(&entry.name, &mut writer)?,
            _ => write_file(entry, &mut blocks, &mut seal, &mut writer)?,
        }
    }
    let mut output = writer.finish().map_err(unwritten)?;
    output.flush().map_err(PackError::Write)?;
    Ok(Packed { sha256: output.hash.finalize().into(), size: output.size, tree: seal.digest() })
}

fn write_folder<W: Write>(name: &str, writer: &mut ZipArchiveWriter<W>) -> Result<(), PackError> {
    let name = format!("{name}/");
    let folder = writer.new_dir(path(&name)).unix_permissions(0o040_755);
    folder.last_modified(time()).create().map_err(unwritten)?;
    Ok(())
}

/// Files and links alike: the content of a link is where it leads. Everything is deflated, even what is empty, because
/// some readers refuse an entry that is stored and has its size behind it.
fn write_file<W: Write>(
    entry: &TreeEntry,
    blocks: &mut Batches,
    seal: &mut Seal,
    writer: &mut ZipArchiveWriter<W>,
) -> Result<(), PackError> {
    let mode = match entry.kind {
        EntryKind::File { executable: true, .. } => 0o100_755,
        EntryKind::Link { .. } => 0o120_777,
        _ => 0o100_644,
    };
    let file = writer.new_file(path(&entry.name)).compression_method(CompressionMethod::DEFLATE);
    let (mut file, _) = file.unix_permissions(mode).last_modified(time()).start().map_err(unwritten)?;
    let mut crc = crc32fast::Hasher::new();
    loop {
        let block = blocks.next()?;
        put(&block.bytes, &mut file)?;
        crc.combine(&block.crc);
        seal.block(&block.sha256);
        if block.is_last {
            break;
        }
    }
    file.finish(DataDescriptorOutput::new(crc.finalize(), entry.kind.size())).map_err(unwritten)?;
    Ok(())
}

fn put<W: Write>(bytes: &[u8], file: &mut ZipEntryWriter<'_, W>) -> Result<(), PackError> {
    file.write_all(bytes).map_err(PackError::Write)
}

/// A name as it is on disk. What would make it another one when it is brought into the form that zips should have, a
/// backslash or a colon, is carried as it is.
fn path(name: &str) -> EntryPath<'_> {
    if name.contains(['\\', ':']) { EntryPath::verbatim(name.as_bytes()) } else { EntryPath::conformant(name) }
}

/// The first of January 1980, the earliest time that a zip can tell.
fn time() -> UtcDateTime {
    UtcDateTime::from_components(1980, 1, 1, 0, 0, 0, 0).unwrap_or_else(|| UtcDateTime::from_unix(315_532_800))
}

fn unwritten(error: rawzip::Error) -> PackError {
    PackError::Write(match error.into_kind() {
        rawzip::ErrorKind::IO(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}

/// What is written, with its digest and its size.
struct Digested<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W> Digested<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(all(test, unix))]
mod tests;
