//! A folder whose content is reached through handles, from its root downwards and never through a link.
//!
//! Between the look at a folder and the reading of its files anybody who may write there can put a link in a file's, or in
//! a parent's, place. What is opened here is either what was seen or refused.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::halt::Halt;

pub(super) use imp::{FileState, Folder};

/// Something in a folder.
#[derive(Debug)]
pub(super) struct Child {
    pub name: OsString,
    pub node: Node,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Node {
    Folder,
    File { size: u64, executable: bool, seen: FileState },
    Link { target: OsString },
    Special(&'static str),
}

/// Opens one file after the other; those of one folder share the handle of the folder.
#[derive(Debug)]
pub(super) struct Opener<'a> {
    folder: &'a Folder,
    parent: Option<(String, imp::Handle)>,
}

impl<'a> Opener<'a> {
    pub fn new(folder: &'a Folder) -> Self {
        Self { folder, parent: None }
    }

    /// Opens a file that was seen; `None` if another thing is in its place by now.
    pub fn open(&mut self, name: &str, seen: &FileState) -> io::Result<Option<File>> {
        let (parent, file) = name.rsplit_once('/').unwrap_or(("", name));
        if self.parent.as_ref().is_none_or(|(open, _)| open != parent) {
            let Some(handle) = imp::gone_as_none(self.folder.enter(parent))? else { return Ok(None) };
            self.parent = Some((parent.to_owned(), handle));
        }
        let Some((_, parent)) = &self.parent else { return Ok(None) };
        let Some(file) = imp::gone_as_none(imp::open_in(parent, file))? else { return Ok(None) };
        Ok(seen.is_still(&file)?.then_some(file))
    }
}

#[cfg(unix)]
mod imp {
    use super::{Child, File, Halt, Node, Path, PathBuf, io};
    use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
    use rustix::io::Errno;
    use std::ffi::{CStr, OsStr, OsString};
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

    /// A folder that is open.
    pub type Handle = OwnedFd;

    #[derive(Debug)]
    pub struct Folder {
        /// For messages.
        pub path: PathBuf,
        root: OwnedFd,
    }

    /// How a file was when it was looked at.
    #[derive(Debug, Clone)]
    pub struct FileState(Stat);

    impl FileState {
        /// Whether an open file is the very one that was seen, and nobody wrote to it since.
        pub fn is_still(&self, file: &File) -> io::Result<bool> {
            let (seen, now) = (&self.0, rustix::fs::fstat(file)?);
            let is_same = (seen.st_dev, seen.st_ino, seen.st_mode) == (now.st_dev, now.st_ino, now.st_mode);
            let when = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
            Ok(is_same && when(seen) == when(&now))
        }
    }

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Folder {
        /// Opens a folder. It may itself be reached through links: they are what the user named.
        pub fn open(path: &Path) -> io::Result<Self> {
            let root = rustix::fs::openat(CWD, path, FOLDER, Mode::empty())?;
            Ok(Self { path: path.to_owned(), root })
        }

        /// Opens a folder below, one part of its name after the other.
        pub fn enter(&self, name: &str) -> io::Result<OwnedFd> {
            let mut handle = self.root.try_clone()?;
            for part in name.split('/').filter(|part| !part.is_empty()) {
                handle = rustix::fs::openat(&handle, part, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
            }
            Ok(handle)
        }

        /// What lies in a folder below: a part of it where nobody waits for it any more.
        pub fn children(&self, name: &str, halt: &Halt) -> io::Result<Vec<Child>> {
            let handle = self.enter(name)?;
            let mut children = Vec::new();
            for entry in halt.over(Dir::read_from(&handle)?) {
                let entry = entry?;
                if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                    let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
                    children.push(Child { name, node: node(&handle, entry.file_name())? });
                }
            }
            Ok(children)
        }
    }

    fn node(folder: &OwnedFd, name: &CStr) -> io::Result<Node> {
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Node::Folder,
            FileType::RegularFile => {
                let anybody = Mode::XUSR | Mode::XGRP | Mode::XOTH;
                let executable = Mode::from_raw_mode(stat.st_mode).intersects(anybody);
                let size = u64::try_from(stat.st_size).unwrap_or_default();
                Node::File { size, executable, seen: FileState(stat) }
            }
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
                Node::Link { target: OsString::from_vec(target.into_bytes()) }
            }
            FileType::Fifo => Node::Special("pipe"),
            FileType::Socket => Node::Special("socket"),
            _ => Node::Special("device"),
        })
    }

    /// Opens a file in a folder, if it is not a link. A pipe would be opened without waiting for its other end.
    pub fn open_in(folder: &OwnedFd, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?.into())
    }

    /// `None` where something is not there any more, or has become a link.
    pub fn gone_as_none<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
        let gone = [Errno::NOENT, Errno::LOOP, Errno::NOTDIR, Errno::MLINK];
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if gone.iter().any(|gone| error.raw_os_error() == Some(gone.raw_os_error())) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Where there are no such handles: links are refused as far as a look beforehand shows them.
#[cfg(not(unix))]
mod imp {
    use super::{Child, File, Halt, Node, Path, PathBuf, io};
    use std::fs::{self, Metadata};
    use std::time::SystemTime;

    /// A folder that is looked into.
    pub type Handle = PathBuf;

    #[derive(Debug)]
    pub struct Folder {
        /// Where it is.
        pub path: PathBuf,
    }

    /// How a file was when it was looked at.
    #[derive(Debug, Clone)]
    pub struct FileState(u64, Option<SystemTime>);

    impl FileState {
        fn of(metadata: &Metadata) -> Self {
            Self(metadata.len(), metadata.modified().ok())
        }

        pub fn is_still(&self, file: &File) -> io::Result<bool> {
            let now = Self::of(&file.metadata()?);
            Ok((self.0, self.1) == (now.0, now.1))
        }
    }

    impl Folder {
        pub fn open(path: &Path) -> io::Result<Self> {
            fs::read_dir(path)?;
            Ok(Self { path: path.to_owned() })
        }

        pub fn enter(&self, name: &str) -> io::Result<PathBuf> {
            Ok(self.path.join(name))
        }

        pub fn children(&self, name: &str, halt: &Halt) -> io::Result<Vec<Child>> {
            let children = fs::read_dir(self.enter(name)?)?;
            halt.over(children)
                .map(|child| {
                    let child = child?;
                    Ok(Child { name: child.file_name(), node: node(&child.path())? })
                })
                .collect()
        }
    }

    /// Programs have no mark of their own here; layers with programs are best built where they run.
    fn node(path: &Path) -> io::Result<Node> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(if metadata.is_dir() {
            Node::Folder
        } else if metadata.is_file() {
            Node::File { size: metadata.len(), executable: false, seen: FileState::of(&metadata) }
        } else if metadata.is_symlink() {
            Node::Link { target: fs::read_link(path)?.into_os_string() }
        } else {
            Node::Special("special file")
        })
    }

    pub fn open_in(folder: &Path, name: &str) -> io::Result<File> {
        let path = folder.join(name);
        if fs::symlink_metadata(&path)?.is_symlink() {
            return Err(io::ErrorKind::NotFound.into());
        }
        File::open(path)
    }

    pub fn gone_as_none<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }
}
