//! Why a folder cannot be packed, and what helps.

use super::limit::{UNZIPPED_LIMIT, megabytes};
use crate::halt::Halted;
use std::io;
use std::path::PathBuf;

/// Why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Something in it, or the folder itself, cannot be read.
    #[error("`{}` could not be read", path.display())]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// There is nothing in it but folders.
    #[error("`{}` has no files", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// Lambda would not accept all of it.
    #[error("{} unzipped; Lambda accepts {}", megabytes(*unzipped), megabytes(UNZIPPED_LIMIT))]
    TooLarge {
        /// What it unzips to, in bytes.
        unzipped: u64,
    },
    /// A name, or the target of a link, that a zip cannot carry to every machine.
    #[error("`{}` is not valid UTF-8", path.display())]
    NotUtf8 {
        /// What has that name.
        path: PathBuf,
    },
    /// A pipe, socket or device.
    #[error("`{}` is a {what}, not a file, folder or symbolic link", path.display())]
    Special {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A file that was written to, replaced or removed while the folder was packed.
    #[error("`{}` changed while it was read", path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// The zip could not be written.
    #[error("the zip could not be written")]
    Write(#[source] io::Error),
    /// Nobody waits for the zip any more.
    #[error("packing was stopped")]
    Stopped,
}

impl PackError {
    /// What helps against it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "make everything in the folder readable for the user who runs layership"
            }
            Self::Unreadable { .. } => "see whether the folder is still there and the disk works, then try again",
            Self::Empty { .. } => {
                "its content becomes the root of the zip: for Python, put the packages into a folder `python` in it"
            }
            Self::NotUtf8 { .. } => "rename it: a zip carries names in UTF-8 to every machine",
            Self::Special { .. } => "remove it: a layer holds files, folders and links",
            Self::Changing { .. } => "something else is writing to the folder; try again when it is done",
            Self::TooLarge { .. } => "leave packages out, or split the layer",
            Self::Stopped => "run the same command again",
            Self::Write(error) => unwritten(error.kind()),
        }
    }
}

/// What helps where the folder for temporary files has no place for a zip.
fn unwritten(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space in the folder for temporary files, or set TMPDIR to another folder"
        }
        io::ErrorKind::FileTooLarge => {
            "raise the limit of file sizes (`ulimit -f`), or set TMPDIR to a folder on another disk"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "set TMPDIR to a folder for temporary files that may be written to"
        }
        _ => "set TMPDIR to another folder for temporary files",
    }
}

impl From<Halted> for PackError {
    fn from(_: Halted) -> Self {
        Self::Stopped
    }
}
