//! An archive on disk: a folder, or a zip that is opened once, so that whatever happens to its path later, what was
//! checked is what is uploaded.

use super::ReadAt;
use crate::disk;
use crate::halt::Halt;
use crate::layer::Sha256;
use bytes::Bytes;
use rayon::prelude::*;
use sha2::Digest as _;
use std::fs::{File, FileType};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What is read at once where all of a zip is read.
const PIECE: u64 = 1024 * 1024;

/// What a zip is, read once from its first byte to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// The SHA-256 of all its bytes.
    pub whole: Sha256,
    /// Its parts, if it is one that has parts.
    pub parts: Vec<Stretch>,
}

/// Bytes of a zip that are sent at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Where they are.
    pub bytes: Range<u64>,
    /// Their SHA-256.
    pub sha256: Sha256,
}

/// What lies at the path of an archive.
#[derive(Debug)]
pub enum Local {
    /// A folder, to be packed.
    Folder,
    /// A file: a zip, if it is what it should be.
    Zip(LocalZip),
}

/// Why an archive cannot be read, in words that follow its path.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path does not exist.
    #[error("does not exist")]
    Missing,
    /// Reading it could wait for ever, or never end.
    #[error("is a {0}, not a zip or a folder")]
    Special(&'static str),
    /// It is there, but cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
}

impl Local {
    /// Looks at a path. A file is opened only where that cannot wait: a pipe, socket or device is refused.
    pub fn open(path: &Path) -> Result<Local, OpenError> {
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenError::Missing,
            _ => OpenError::Unreadable(error),
        })?;
        if metadata.is_dir() {
            return Ok(Local::Folder);
        }
        special(metadata.file_type())?;
        let file = disk::without_waiting(path).map_err(OpenError::Unreadable)?;
        // What was opened is what counts, should the path have changed hands in between.
        let metadata = file.metadata().map_err(OpenError::Unreadable)?;
        special(metadata.file_type())?;
        Ok(Local::Zip(LocalZip::new(file, metadata.len())))
    }
}

fn special(kind: FileType) -> Result<(), OpenError> {
    if kind.is_file() { Ok(()) } else { Err(OpenError::Special(disk::name_of(kind))) }
}

/// A zip on disk, read through the handle that was opened first. It blocks: read it where that does no harm.
#[derive(Clone, Debug)]
pub struct LocalZip {
    file: Arc<File>,
    size: u64,
}

impl LocalZip {
    /// The zip behind this handle, which has this size in bytes.
    pub fn new(file: File, size: u64) -> LocalZip {
        LocalZip { file: Arc::new(file), size }
    }

    /// The same zip, which cannot be read any more once nobody waits.
    pub fn until<'z>(&'z self, halt: &'z Halt) -> impl ReadAt<Error = io::Error> + 'z {
        Until { zip: self, halt }
    }

    /// The SHA-256 of all its bytes and, if there are to be parts of so many bytes, of each. Every byte is read once for
    /// both: parts that have these digests make a zip that has the digest of the whole, whatever is written to it meanwhile.
    ///
    /// # Errors
    /// Where it cannot be read, has become shorter, or nobody waits for it any more.
    pub fn digests(&self, part: Option<u64>, halt: &Halt) -> io::Result<Digests> {
        let (mut whole, mut parts) = (sha2::Sha256::new(), Vec::new());
        let mut start = 0;
        while start < self.size {
            let bytes = start..part.map_or(self.size, |part| self.size.min(start + part));
            start = bytes.end;
            if part.is_none() {
                self.each(bytes, halt, |piece| whole.update(piece))?;
                continue;
            }
            let mut own = sha2::Sha256::new();
            self.each(bytes.clone(), halt, |piece| {
                whole.update(piece);
                own.update(piece);
            })?;
            parts.push(Stretch { bytes, sha256: finished(own) });
        }
        Ok(Digests { whole: finished(whole), parts })
    }

    /// Its parts of so many bytes with their digests, found on all cores; for a zip that nobody else can write to, so that they
    /// need not be those of the pass that digests the whole.
    ///
    /// # Errors
    /// The same.
    pub fn parts(&self, part: u64, halt: &Halt) -> io::Result<Vec<Stretch>> {
        let starts = (0..self.size.div_ceil(part)).into_par_iter();
        let ranges = starts.map(|number| number * part..self.size.min((number + 1) * part));
        ranges.map(|bytes| Ok(Stretch { sha256: self.sha256_of(bytes.clone(), halt)?, bytes })).collect()
    }

    /// The SHA-256 of some of its bytes.
    ///
    /// # Errors
    /// The same.
    pub fn sha256_of(&self, bytes: Range<u64>, halt: &Halt) -> io::Result<Sha256> {
        let mut hash = sha2::Sha256::new();
        self.each(bytes, halt, |piece| hash.update(piece))?;
        Ok(finished(hash))
    }

    fn each(&self, bytes: Range<u64>, halt: &Halt, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut offset = bytes.start;
        while offset < bytes.end {
            halt.check().map_err(io::Error::other)?;
            let piece = self.read_at(offset, PIECE.min(bytes.end - offset))?;
            take(&piece);
            offset += piece.len() as u64;
        }
        Ok(())
    }
}

fn finished(hash: sha2::Sha256) -> Sha256 {
    Sha256::from_bytes(hash.finalize().into())
}

/// See [`LocalZip::until`].
struct Until<'z> {
    zip: &'z LocalZip,
    halt: &'z Halt,
}

impl ReadAt for Until<'_> {
    type Error = io::Error;

    const IS_FAR: bool = LocalZip::IS_FAR;

    fn size(&self) -> u64 {
        self.zip.size
    }

    fn read_at(&self, offset: u64, len: u64) -> io::Result<Bytes> {
        self.halt.check().map_err(io::Error::other)?;
        self.zip.read_at(offset, len)
    }
}

impl ReadAt for LocalZip {
    type Error = io::Error;

    const IS_FAR: bool = false;

    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, len: u64) -> io::Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        disk::read_exact_at(&self.file, &mut bytes, offset)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    #[test]
    fn a_zip_is_read_through_the_handle_that_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let Ok(Local::Zip(zip)) = Local::open(&path) else { panic!("not opened") };
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "another file").unwrap();
        let digests = zip.digests(None, &Halt::default()).unwrap();
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((digests.whole.to_string().as_str(), digests.parts.len()), (hex, 0));
        assert_eq!((zip.size(), &zip.read_at(1, 2).unwrap()[..]), (3, &b"bc"[..]));
        assert!(zip.read_at(2, 2).is_err());
    }

    #[test]
    fn parts_cover_all_bytes_and_only_the_last_is_small() {
        let part = 2 * PIECE;
        for size in [0, 1, part - 1, part, part + 1, 3 * part] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut file = tempfile::tempfile().unwrap();
            std::io::Write::write_all(&mut file, &bytes).unwrap();
            let zip = LocalZip::new(file, size);
            let digests = zip.digests(Some(part), &Halt::default()).unwrap();
            assert_eq!(zip.parts(part, &Halt::default()).unwrap(), digests.parts);
            assert_eq!(digests.whole, Sha256::of(&bytes));
            let parts = bytes.chunks(usize::try_from(part).unwrap()).zip((0..).step_by(usize::try_from(part).unwrap()));
            let parts = parts.map(|(own, start)| (start..start + own.len() as u64, Sha256::of(own)));
            let found = digests.parts.into_iter().map(|part| (part.bytes, part.sha256));
            assert_eq!(found.collect::<Vec<_>>(), parts.collect::<Vec<_>>(), "{size}");
        }
    }

    /// Opened the usual way, each of these waits for ever.
    #[test]
    fn what_could_wait_for_ever_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        let _listener = UnixListener::bind(path("socket")).unwrap();
        let told = |path: &Path| Local::open(path).map(|_| ()).unwrap_err().to_string();
        assert_eq!(told(&path("pipe")), "is a pipe, not a zip or a folder");
        assert_eq!(told(&path("socket")), "is a socket, not a zip or a folder");
        assert_eq!(told(Path::new("/dev/zero")), "is a device, not a zip or a folder");
        assert_eq!(told(&path("missing")), "does not exist");
        assert!(disk::without_waiting(&path("pipe")).is_ok(), "it would still not wait");
    }

    #[test]
    fn a_zip_is_read_no_longer_than_somebody_waits() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, b"abc").unwrap();
        let (zip, halt) = (LocalZip::new(file, 3), Halt::after(1));
        let zip = zip.until(&halt);
        assert_eq!(&zip.read_at(0, 3).unwrap()[..], b"abc");
        assert!(zip.read_at(0, 3).is_err());
    }
}
