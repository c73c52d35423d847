//! The folder on disk, and the only way to what is in it.
//!
//! It may come from a stranger: somebody clones a repository that brings a `.layership/sandbox` of its own. So files are
//! reached by a single name below an open folder, never by a path; a link is never followed; files are made anew and
//! readable by nobody else; and what is there is opened only if it is a plain file (a named pipe would block for ever).

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, OpenOptions};

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: Dir,
    /// For messages alone.
    path: PathBuf,
}

impl Folder {
    /// Opens `path`, making what is missing. `trusted`, where given, is a folder above it that is the user's own: no part
    /// of the path below that may be a link. Otherwise the last part alone may not.
    pub fn open(path: &Path, trusted: Option<&Path>) -> io::Result<Self> {
        let Some(name) = path.file_name() else {
            // `.` and `/` are not links, and what ends in `..` cannot be one.
            let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(|error| at(path, &error))?;
            return Self { dir, path: path.to_owned() }.made_private();
        };
        let trusted = trusted.filter(|trusted| path.starts_with(trusted));
        let shown = trusted.or_else(|| path.parent()).unwrap_or(Path::new(""));
        let below = path.strip_prefix(shown).unwrap_or(Path::new(name));
        let above = if shown.as_os_str().is_empty() { Path::new(".") } else { shown };
        std::fs::create_dir_all(above).map_err(|error| at(above, &error))?;
        let dir = Dir::open_ambient_dir(above, ambient_authority()).map_err(|error| at(above, &error))?;
        let start = Self { dir, path: shown.to_owned() };
        below.iter().try_fold(start, |folder, part| folder.below(Path::new(part)))?.made_private()
    }

    /// A folder in it, made where it is missing.
    pub fn below(&self, name: &Path) -> io::Result<Self> {
        let path = self.path.join(name);
        match self.dir.create_dir_with(name, &private_folder()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(&path, &error)),
            _ => {}
        }
        if self.dir.symlink_metadata(name).map_err(|error| at(&path, &error))?.is_symlink() {
            return Err(is_a_link(&path));
        }
        let dir = self.dir.open_dir_nofollow(name).map_err(|error| at(&path, &error))?;
        Ok(Self { dir, path })
    }

    /// For messages: where a file of it is.
    pub fn shown(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// The names of everything in it.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        self.dir.entries()?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// Opens a file to read it.
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.check(name)?;
        self.open_with(name, OpenOptions::new().read(true))
    }

    /// Opens a file to hold its lock; makes it where it is missing.
    pub fn open_or_make(&self, name: &str) -> io::Result<File> {
        match self.make(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.check(name)?;
                self.open_with(name, OpenOptions::new().write(true))
            }
            made => made,
        }
    }

    /// Makes a file that must not be there.
    pub fn make(&self, name: &str) -> io::Result<File> {
        self.open_with(name, private_file(OpenOptions::new().write(true).create_new(true)))
    }

    /// A second name for a file's bytes; a copy, where the file system has no such thing.
    pub fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.check(from)?;
        self.dir.hard_link(from, &self.dir, to).or_else(|_| {
            let mut made = self.make(to)?;
            io::copy(&mut self.read(from)?, &mut made).map(drop)
        })
    }

    /// Gives a file another name, over what has that name.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, &self.dir, to).map_err(|error| at(&self.path.join(to), &error))
    }

    /// Removes a name; of a link, the link.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.dir.remove_file(name).map_err(|error| at(&self.path.join(name), &error))
    }

    /// Refuses what is not a plain file.
    fn check(&self, name: &str) -> io::Result<()> {
        let kind = self.dir.symlink_metadata(name)?.file_type();
        if kind.is_symlink() {
            return Err(is_a_link(&self.path.join(name)));
        }
        if !kind.is_file() {
            return Err(io::Error::other(format!("{} is not a file", self.shown(name))));
        }
        Ok(())
    }

    fn open_with(&self, name: &str, options: &mut OpenOptions) -> io::Result<File> {
        let opened = self.dir.open_with(name, options.follow(FollowSymlinks::No));
        opened.map(cap_std::fs::File::into_std).map_err(|error| at(&self.path.join(name), &error))
    }

    /// Nobody else may look into it, whoever made it.
    #[cfg(unix)]
    fn made_private(self) -> io::Result<Self> {
        use cap_std::fs::{Permissions, PermissionsExt as _};
        let mode = self.dir.dir_metadata()?.permissions().mode();
        if mode & 0o077 != 0 {
            let set = self.dir.set_permissions(".", Permissions::from_mode(0o700));
            set.map_err(|error| at(&self.path, &error))?;
        }
        Ok(self)
    }

    #[cfg(not(unix))]
    fn made_private(self) -> io::Result<Self> {
        Ok(self)
    }
}

/// Mode 0700, where there are modes.
fn private_folder() -> DirBuilder {
    #[allow(unused_mut, reason = "there are no modes on Windows")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Mode 0600, where there are modes.
fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The error with the path it is about.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn is_a_link(path: &Path) -> io::Error {
    io::Error::other(format!("{} is a symbolic link, and a sandbox follows none", path.display()))
}
