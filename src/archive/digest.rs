//! The SHA-256 of a file, read once and never held.

use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The content of a file in two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// The SHA-256 of all bytes.
    pub sha256: [u8; 32],
    /// How many bytes there are.
    pub size: u64,
}

/// The digest of the file at this path. It blocks: call it where that does no harm.
pub fn digest(path: &Path) -> io::Result<Digest> {
    digest_of(File::open(path)?)
}

/// The digest of all that is left to read.
pub(super) fn digest_of(mut reader: impl Read) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let size = io::copy(&mut reader, &mut hash)?;
    Ok(Digest { sha256: hash.finalize().into(), size })
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_known_file_has_its_known_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let digest = digest(&path).unwrap();
        let hex: String = digest.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.size, 3);
        assert!(super::digest(&folder.path().join("missing")).is_err());
    }
}
