//! The content of a tree in blocks, read in order and deflated on all cores.
//!
//! A block has a fixed size, and the end of the block before it as its dictionary: so one large file keeps every core
//! busy, and the bytes do not depend on how many they are.

use super::folder::Opener;
use super::pack_error::PackError;
use super::tree::{EntryKind, Tree, TreeEntry};
use crate::halt::Halt;
use flate2::{Compress, Compression, FlushCompress, Status};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::SyncSender;

/// The bytes of a block. Another size would make other zips of the same content.
pub(super) const BLOCK: usize = 1024 * 1024;

/// How far back deflated bytes can point.
const DICTIONARY: usize = 32 * 1024;

/// What is read at once, for each core: enough that none waits for another.
const BATCH: usize = 2 * BLOCK;

/// The most that is read at once.
const BATCH_LIMIT: usize = 16 * BLOCK;

/// What `zip` and Python's `zipfile` take, too: the usual trade of time for size.
const LEVEL: Compression = Compression::new(6);

/// A piece of a file as it was read.
struct Block {
    /// The end of the block before it, then its own bytes.
    bytes: Vec<u8>,
    /// Where its own bytes begin.
    start: usize,
    is_last: bool,
}

/// A piece of a file as it is written.
pub(super) struct Deflated {
    pub bytes: Vec<u8>,
    /// Of what was deflated.
    pub crc: crc32fast::Hasher,
    /// Of what was deflated.
    pub sha256: [u8; 32],
    /// The file ends with it.
    pub is_last: bool,
}

/// Sends the content of all entries, deflated and in order, until nobody wants it any more.
pub(super) fn deflate(tree: &Tree, halt: &Halt, to: SyncSender<Vec<Deflated>>) -> Result<(), PackError> {
    let mut reader = Reader { tree, opener: Opener::new(&tree.folder), rest: tree.entries.iter(), open: None };
    let mut batch = reader.batch()?;
    while !batch.is_empty() {
        halt.check()?;
        let (ready, next) = rayon::join(|| deflate_all(&batch), || reader.batch());
        batch = next?;
        if to.send(ready?).is_err() {
            break;
        }
    }
    Ok(())
}

fn deflate_all(batch: &[Block]) -> Result<Vec<Deflated>, PackError> {
    batch
        .par_iter()
        .map(deflate_one)
        .collect::<Result<_, _>>()
        .map_err(|error| PackError::Write(io::Error::other(error)))
}

fn deflate_one(block: &Block) -> Result<Deflated, flate2::CompressError> {
    let (dictionary, bytes) = block.bytes.split_at(block.start);
    // Made anew for each: what is left in one that was used before shows in the bytes.
    let mut compress = Compress::new(LEVEL, false);
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary)?;
    }
    let flush = if block.is_last { FlushCompress::Finish } else { FlushCompress::Sync };
    // Room for what does not get smaller, so that all is done in one call.
    let mut deflated = Vec::with_capacity(bytes.len() + bytes.len() / 64 + 256);
    loop {
        let done = usize::try_from(compress.total_in()).unwrap_or(usize::MAX).min(bytes.len());
        let status = compress.compress_vec(&bytes[done..], &mut deflated, flush)?;
        if status == Status::StreamEnd || !block.is_last && deflated.len() < deflated.capacity() {
            break;
        }
        deflated.reserve(bytes.len() / 8 + 256);
    }
    let mut crc = crc32fast::Hasher::new();
    crc.update(bytes);
    Ok(Deflated { bytes: deflated, crc, sha256: Sha256::digest(bytes).into(), is_last: block.is_last })
}

/// Reads one file after the other.
struct Reader<'a> {
    tree: &'a Tree,
    opener: Opener<'a>,
    rest: std::slice::Iter<'a, TreeEntry>,
    open: Option<Open<'a>>,
}

/// A file that is being read.
struct Open<'a> {
    entry: &'a TreeEntry,
    file: File,
    left: u64,
    before: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// The next blocks; none at the end.
    fn batch(&mut self) -> Result<Vec<Block>, PackError> {
        let limit = (BATCH * rayon::current_num_threads()).min(BATCH_LIMIT);
        let mut batch = Vec::new();
        let mut size = 0;
        while size < limit {
            let Some(block) = self.block()? else { break };
            // A block of nothing costs something, too.
            size += block.bytes.len() + 512;
            batch.push(block);
        }
        Ok(batch)
    }

    fn block(&mut self) -> Result<Option<Block>, PackError> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => match self.next_entry()? {
                Some(Next::File(open)) => open,
                Some(Next::Link(target)) => {
                    return Ok(Some(Block { bytes: target.as_bytes().to_vec(), start: 0, is_last: true }));
                }
                None => return Ok(None),
            },
        };
        let block = open.block(self.tree)?;
        self.open = (!block.is_last).then_some(open);
        Ok(Some(block))
    }

    fn next_entry(&mut self) -> Result<Option<Next<'a>>, PackError> {
        for entry in self.rest.by_ref() {
            match &entry.kind {
                EntryKind::EmptyFolder => {}
                EntryKind::Link { target } => return Ok(Some(Next::Link(target))),
                EntryKind::File { size, seen, .. } => {
                    let path = || self.tree.path_of(&entry.name);
                    let file = self.opener.open(&entry.name, seen);
                    let file = file.map_err(|source| PackError::Unreadable { path: path(), source })?;
                    let file = file.ok_or_else(|| PackError::Changing { path: path() })?;
                    return Ok(Some(Next::File(Open { entry, file, left: *size, before: Vec::new() })));
                }
            }
        }
        Ok(None)
    }
}

enum Next<'a> {
    File(Open<'a>),
    Link(&'a str),
}

impl Open<'_> {
    fn block(&mut self, tree: &Tree) -> Result<Block, PackError> {
        let path = || tree.path_of(&self.entry.name);
        let unreadable = |source| PackError::Unreadable { path: path(), source };
        let len = usize::try_from(self.left).unwrap_or(BLOCK).min(BLOCK);
        let mut bytes = std::mem::take(&mut self.before);
        let start = bytes.len();
        bytes.resize(start + len, 0);
        self.file.read_exact(&mut bytes[start..]).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => PackError::Changing { path: path() },
            _ => unreadable(error),
        })?;
        self.left -= len as u64;
        let is_last = self.left == 0;
        if is_last && !self.is_unchanged().map_err(unreadable)? {
            return Err(PackError::Changing { path: path() });
        }
        if !is_last {
            self.before = bytes[bytes.len() - DICTIONARY..].to_vec();
        }
        Ok(Block { bytes, start, is_last })
    }

    /// Whether nobody wrote to the file while it was read.
    fn is_unchanged(&self) -> io::Result<bool> {
        match &self.entry.kind {
            EntryKind::File { seen, .. } => seen.is_still(&self.file),
            _ => Ok(true),
        }
    }
}
