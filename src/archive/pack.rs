//! A folder as a zip that depends on nothing but the folder's content: same content, same bytes.
//!
//! Entries are sorted by the bytes of their names; times, owners and most permissions are left behind, since they
//! differ between machines and checkouts. The content itself is the user's and packed as it is: nothing is left
//! out, not even `__pycache__`, whose files carry the times of their sources. `pip install --no-compile` builds
//! folders that stay the same.

use super::Inspection;
use super::digest::digest_of;
use super::fails_once::FailsOnce;
use super::tree::{Entry, Kind, entries};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// What is read at once. Fixed and always filled, so that the compressor sees the same pieces everywhere.
const PIECE: usize = 64 * 1024;

/// Beyond this a zip needs 64-bit sizes. Some data grows by being deflated, hence the distance from 4 GiB.
const LARGE: u64 = 0xff00_0000;

/// The zip that a folder became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// The SHA-256 of the zip.
    pub sha256: [u8; 32],
    /// The size of the zip in bytes.
    pub size: u64,
    /// Files, links and empty folders.
    pub entries: u64,
    /// What it unzips to, in bytes. It may be more than Lambda accepts: that is for the caller to judge.
    pub unzipped: u64,
}

/// Why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Something in it, or the folder itself, cannot be read.
    #[error("`{}` could not be read", path.display())]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in it but folders.
    #[error("`{}` has no files", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A name, or the target of a link, that a zip cannot carry to every machine.
    #[error("`{}` is not valid UTF-8", path.display())]
    NotUtf8 {
        /// What has that name.
        path: PathBuf,
    },
    /// A pipe, socket or device.
    #[error("`{}` is neither a file, a folder nor a symbolic link", path.display())]
    Special {
        /// What it is.
        path: PathBuf,
    },
    /// A symbolic link that would point to nothing in Lambda.
    #[error("the symbolic link `{}` leads out of the folder, to `{target}`", path.display())]
    Escaping {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: String,
    },
    /// A file that was written to while it was packed.
    #[error("`{}` changed while it was read", path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// The zip could not be written.
    #[error("the zip could not be written")]
    Write(#[source] io::Error),
}

impl PackError {
    /// What helps against it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "make everything in the folder readable for who runs layership"
            }
            Self::Unreadable { .. } => "see whether the folder is still there and the disk works, then try again",
            Self::Empty { .. } => {
                "its content becomes the root of the zip: for Python, put the packages into a folder `python` in it"
            }
            Self::NotUtf8 { .. } => "rename it: a zip carries names in UTF-8 to every machine",
            Self::Special { .. } => "remove it: a layer holds files, folders and links",
            Self::Escaping { .. } => "replace the link by what it leads to, or let it lead to a place in the folder",
            Self::Changing { .. } => "something else is writing to the folder; try again when it is done",
            Self::Write(error) if is_full(error.kind()) => {
                "make room in the folder for temporary files, or let TMPDIR name another"
            }
            Self::Write(_) => "TMPDIR names the folder for temporary files",
        }
    }
}

fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// What a folder would be as a zip, by the names in it alone: no file is read.
///
/// # Errors
/// As [`pack`], as far as that shows without reading a file.
pub fn inspect_folder(folder: &Path) -> Result<Inspection, PackError> {
    let entries = entries(folder)?;
    let mut inspection = Inspection::default();
    for Entry { name, kind, .. } in &entries {
        match kind {
            Kind::File { size, .. } => inspection.count(name.as_bytes(), false, *size),
            Kind::Link { target } => inspection.count(name.as_bytes(), false, target.len() as u64),
            Kind::EmptyFolder => inspection.count(format!("{name}/").as_bytes(), true, 0),
        }
    }
    if inspection.files == 0 { Err(PackError::Empty { path: folder.to_owned() }) } else { Ok(inspection) }
}

/// Packs what lies in `folder` into `zip`, which must be empty: the folder's content becomes the root of the zip.
///
/// Symbolic links are kept as links if they stay inside the folder, empty folders are kept, and files are executable
/// for all or for none. No file is ever held in memory. It blocks: call it where that does no harm.
pub fn pack<W: Read + Write + Seek>(folder: &Path, zip: &mut W) -> Result<Packed, PackError> {
    let entries = entries(folder)?;
    if entries.iter().all(|entry| entry.kind == Kind::EmptyFolder) {
        return Err(PackError::Empty { path: folder.to_owned() });
    }
    let unzipped = write_zip(&entries, zip)?;
    // The writer goes back to fill in sizes, so the hash needs a pass of its own.
    zip.seek(SeekFrom::Start(0)).map_err(PackError::Write)?;
    let digest = digest_of(zip).map_err(PackError::Write)?;
    Ok(Packed { sha256: digest.sha256, size: digest.size, entries: entries.len() as u64, unzipped })
}

/// Writes the zip and returns what it unzips to.
fn write_zip<W: Write + Seek>(entries: &[Entry], zip: &mut W) -> Result<u64, PackError> {
    let mut writer = ZipWriter::new(BufWriter::new(FailsOnce::new(zip)));
    let mut piece = vec![0; PIECE];
    let mut unzipped = 0;
    for entry in entries {
        unzipped += write_entry(entry, &mut writer, &mut piece)?;
    }
    let mut buffered = writer.finish().map_err(write_error)?;
    buffered.flush().map_err(PackError::Write)?;
    Ok(unzipped)
}

fn write_entry<W: Write + Seek>(entry: &Entry, writer: &mut ZipWriter<W>, piece: &mut [u8]) -> Result<u64, PackError> {
    let name = entry.name.as_str();
    match &entry.kind {
        Kind::File { size, executable } => {
            let mode = if *executable { 0o755 } else { 0o644 };
            writer.start_file(name, options(mode).large_file(*size >= LARGE)).map_err(write_error)?;
            copy(entry, *size, writer, piece)?;
            Ok(*size)
        }
        Kind::Link { target } => {
            writer.add_symlink(name, target, options(0o777)).map_err(write_error)?;
            Ok(target.len() as u64)
        }
        Kind::EmptyFolder => {
            writer.add_directory(format!("{name}/"), options(0o755)).map_err(write_error)?;
            Ok(0)
        }
    }
}

/// Everything that could differ between machines, fixed.
fn options(mode: u32) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::DEFAULT)
        .system(System::Unix)
        .unix_permissions(mode)
}

fn copy(entry: &Entry, size: u64, writer: &mut impl Write, piece: &mut [u8]) -> Result<(), PackError> {
    let unreadable = |source| PackError::Unreadable { path: entry.path.clone(), source };
    let mut file = File::open(&entry.path).map_err(unreadable)?;
    let mut copied = 0;
    loop {
        let len = fill(&mut file, piece).map_err(unreadable)?;
        copied += len as u64;
        // A log that somebody keeps writing to would never end.
        if len == 0 || copied > size {
            break;
        }
        writer.write_all(&piece[..len]).map_err(PackError::Write)?;
    }
    if copied == size { Ok(()) } else { Err(PackError::Changing { path: entry.path.clone() }) }
}

/// Reads until the piece is full or the file ends: a read may bring less than there is.
fn fill(reader: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match reader.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(len) => filled += len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn write_error(error: zip::result::ZipError) -> PackError {
    PackError::Write(error.into())
}

#[cfg(all(test, unix))]
mod tests;
