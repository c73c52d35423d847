//! Opening and reading files in ways that cannot wait, and that do not move a shared position.

use std::fs::{File, FileType, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Opens a file to read. Something that became a pipe in between is opened without waiting for its other end.
pub fn without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options.open(path)
}

/// Fills the buffer from this place on, wherever other readers of the same handle are.
#[cfg(unix)]
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Fills the buffer from this place on, wherever other readers of the same handle are.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The top of the git checkout that a folder is in, without links; `None` where it is in none.
pub fn checkout(folder: &Path) -> Option<PathBuf> {
    let real = folder.canonicalize().ok()?;
    real.ancestors().find(|above| above.join(".git").exists()).map(Path::to_owned)
}

/// What a walk could not look at, and why; `None` where a link only leads back to where the walk came from.
pub fn unseen(error: &ignore::Error) -> Option<(PathBuf, String)> {
    let why = || error.io_error().map_or_else(|| error.to_string(), |error| error.kind().to_string());
    match error {
        ignore::Error::Loop { .. } => None,
        ignore::Error::WithPath { path, .. } => Some((path.clone(), why())),
        ignore::Error::WithDepth { err, .. } => unseen(err),
        _ => Some((PathBuf::new(), why())),
    }
}

/// A new file beside the path, on the same file system, with these permissions or those that a file there would get. It is
/// gone again unless it is kept.
pub fn beside(path: &Path, permissions: Option<&Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".layership-").suffix(".tmp");
    #[cfg(not(unix))]
    let _ = permissions;
    #[cfg(unix)]
    let usual = <Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions.cloned().unwrap_or(usual));
    builder.tempfile_in(folder(path))
}

/// Writes a file as a whole: who reads it meanwhile sees the one before.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = beside(path, None)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|failed| failed.error)
}

/// Why something could not be written, in words without the number of the operating system.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
        io::ErrorKind::StorageFull => "no space left".to_owned(),
        io::ErrorKind::QuotaExceeded => "the quota is used up".to_owned(),
        io::ErrorKind::FileTooLarge => "it would be larger than a file may be".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// What helps against it, where that is known.
pub fn remedy(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free space on that disk, or name a place on another one")
        }
        io::ErrorKind::FileTooLarge => {
            Some("raise the limit of file sizes (`ulimit -f`), or name a place on another disk")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("name a place that may be written to")
        }
        _ => None,
    }
}

/// What a thing is that is neither a file nor a folder.
pub fn name_of(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "pipe";
        }
        if kind.is_socket() {
            return "socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "device";
        }
    }
    if kind.is_dir() { "folder" } else { "special file" }
}
