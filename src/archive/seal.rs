//! The digest of a folder's tree: of everything that the zip made of it depends on, and of nothing else.
//!
//! It is noted on the staged archive, so that a folder that did not change is read once and not packed again.

use super::blocks::BLOCK;
use super::folder::Opener;
use super::pack_error::PackError;
use super::tree::{EntryKind, Tree, TreeEntry};
use crate::halt::Halt;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs::File;

/// What the digest is of, and how a zip is made of it. A new number here lets every folder be packed once more.
const VERSION: &[u8] = b"layership tree 1";

/// The digest of paths, modes, links and contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeDigest([u8; 32]);

impl TreeDigest {
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for TreeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A digest that is being made: each entry in the order of the tree, each followed by the digests of its blocks.
pub(super) struct Seal(Sha256);

impl Seal {
    pub fn new() -> Self {
        let mut hash = Sha256::new();
        hash.update(VERSION);
        Self(hash)
    }

    /// Every part has its length or a fixed one, so that no two trees can give the same bytes.
    pub fn entry(&mut self, entry: &TreeEntry) {
        let (kind, size) = match &entry.kind {
            EntryKind::File { size, executable: false, .. } => (b'f', *size),
            EntryKind::File { size, executable: true, .. } => (b'x', *size),
            EntryKind::Link { target } => (b'l', target.len() as u64),
            EntryKind::EmptyFolder => (b'd', 0),
        };
        self.0.update((entry.name.len() as u64).to_le_bytes());
        self.0.update(entry.name.as_bytes());
        self.0.update([kind]);
        self.0.update(size.to_le_bytes());
    }

    /// The digest of the next block of the entry's content.
    pub fn block(&mut self, sha256: &[u8; 32]) {
        self.0.update(sha256);
    }

    pub fn digest(self) -> TreeDigest {
        TreeDigest(self.0.finalize().into())
    }
}

impl Tree {
    /// The digest of the tree, for which all of it is read, on all cores. It blocks: call it where that does no harm.
    ///
    /// # Errors
    /// Where something cannot be read or has changed since the folder was looked at.
    pub fn digest(&self, halt: &Halt) -> Result<TreeDigest, PackError> {
        let digests = self.entries.par_iter().map_init(
            || Opener::new(&self.folder),
            |opener, entry| {
                halt.check()?;
                self.blocks_of(entry, opener, halt)
            },
        );
        let digests: Vec<Vec<[u8; 32]>> = digests.collect::<Result<_, _>>()?;
        let mut seal = Seal::new();
        for (entry, blocks) in self.entries.iter().zip(digests) {
            seal.entry(entry);
            blocks.iter().for_each(|block| seal.block(block));
        }
        Ok(seal.digest())
    }

    fn blocks_of(&self, entry: &TreeEntry, opener: &mut Opener<'_>, halt: &Halt) -> Result<Vec<[u8; 32]>, PackError> {
        let (size, seen) = match &entry.kind {
            EntryKind::File { size, seen, .. } => (*size, seen),
            EntryKind::Link { target } => return Ok(vec![Sha256::digest(target.as_bytes()).into()]),
            EntryKind::EmptyFolder => return Ok(Vec::new()),
        };
        let path = || self.path_of(&entry.name);
        let unreadable = |source| PackError::Unreadable { path: path(), source };
        let changing = || PackError::Changing { path: path() };
        let file = self.open(&entry.name, seen, opener)?;
        let blocks = size.div_ceil(BLOCK as u64).max(1);
        let blocks = (0..blocks).into_par_iter().map_init(Vec::new, |buffer, block| {
            halt.check()?;
            block_of(&file, block * BLOCK as u64, size, buffer).map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => changing(),
                _ => unreadable(error),
            })
        });
        let blocks = blocks.collect::<Result<_, _>>()?;
        if seen.is_still(&file).map_err(unreadable)? { Ok(blocks) } else { Err(changing()) }
    }
}

/// The digest of the block at an offset of a file of this size.
fn block_of(file: &File, offset: u64, size: u64, buffer: &mut Vec<u8>) -> std::io::Result<[u8; 32]> {
    let len = usize::try_from(size - offset).unwrap_or(BLOCK).min(BLOCK);
    buffer.resize(len, 0);
    crate::disk::read_exact_at(file, buffer, offset)?;
    Ok(Sha256::digest(buffer).into())
}
