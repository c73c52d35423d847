//! The SHA-256 of what is read once and never held.

use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// The content in two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    /// The SHA-256 of all bytes.
    pub sha256: [u8; 32],
    /// How many bytes there are.
    pub size: u64,
}

/// The digest of all that is left to read.
pub(super) fn digest_of(mut reader: impl Read) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let size = io::copy(&mut reader, &mut hash)?;
    Ok(Digest { sha256: hash.finalize().into(), size })
}
