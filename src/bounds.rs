//! How far a layers file reaches: a checkout may bring links, and a layers file may name any path, but neither is to show what
//! lies elsewhere on the machine.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::disk;

/// Where the files lie that a layers file may include, and whose lines may be shown: in its git checkout, or in its own folder
/// where that is in none; and never among git's own files, which keep credentials.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Without links; `None` where there is no such folder.
    top: Option<PathBuf>,
    is_checkout: bool,
}

/// Where a file lies instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Not in the git checkout of the layers file.
    Checkout,
    /// Not in the folder of the layers file, which is in no git checkout.
    Folder,
    /// Among git's own files.
    Git,
}

impl Bounds {
    /// Those of a layers file, wherever it may be linked to.
    pub fn of(file: &Path) -> Self {
        let folder = disk::folder(file);
        let checkout = disk::checkout(folder);
        Self { is_checkout: checkout.is_some(), top: checkout.or_else(|| folder.canonicalize().ok()) }
    }

    /// Whether a path, without links, lies in them.
    ///
    /// # Errors
    /// Where it lies instead.
    pub fn check(&self, real: &Path) -> Result<(), Outside> {
        let Some((top, below)) = self.top.as_ref().and_then(|top| Some((top, real.strip_prefix(top).ok()?))) else {
            return Err(self.beyond());
        };
        let mut above = real.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
        if below.iter().any(|name| name.eq_ignore_ascii_case(".git")) || above.any(is_of_git) {
            return Err(Outside::Git);
        }
        Ok(())
    }

    /// Where a file lies instead of in them, if so, wherever links lead. What cannot be followed counts as outside.
    pub fn outside(&self, path: &Path) -> Option<Outside> {
        path.canonicalize().map_or_else(|_| Some(self.beyond()), |real| self.check(&real).err())
    }

    fn beyond(&self) -> Outside {
        if self.is_checkout { Outside::Checkout } else { Outside::Folder }
    }
}

impl Outside {
    /// Why nothing of a file is shown, in words that follow what is not.
    pub fn is_why(self) -> &'static str {
        match self {
            Self::Checkout => "is not shown, because the file lies outside of the git checkout",
            Self::Folder => {
                "is not shown, because the file, or one that it includes, lies outside of the folder of the layers file, which is in no git checkout"
            }
            Self::Git => "is not shown, because the file is one of git's own",
        }
    }
}

/// In words that follow a path which the layers file names.
impl fmt::Display for Outside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Checkout => "leads out of the git checkout",
            Self::Folder => "leads out of the folder of this file, which is in no git checkout",
            Self::Git => "lies among git's own files",
        })
    }
}

/// Whether git keeps its own files here, whatever the folder is called.
fn is_of_git(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, paths: &[&str]) {
        for path in paths {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x = 1\n").unwrap();
        }
    }

    #[test]
    fn a_checkout_is_the_bound_and_without_one_the_files_folder_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, &["out.toml", "repo/layers.toml", "repo/team/layers.toml", "repo/.git/config", "repo/bare/HEAD"]);
        let (out, beside) = (root.join("out.toml"), root.join("repo/layers.toml"));
        let of_team = |path: &Path| Bounds::of(&root.join("repo/team/layers.toml")).outside(path);
        assert_eq!((of_team(&beside), of_team(&out)), (None, Some(Outside::Checkout)));
        assert_eq!(of_team(&root.join("repo/gone.toml")), Some(Outside::Checkout));
        for path in ["repo/bare/objects/a", "repo/bare/refs/a"] {
            write(root, &[path]);
        }
        for path in ["repo/.git/config", "repo/bare/HEAD"] {
            assert_eq!(of_team(&root.join(path)), Some(Outside::Git), "{path}");
        }
        std::fs::remove_dir_all(root.join("repo/.git")).unwrap();
        assert_eq!(of_team(&beside), Some(Outside::Folder));
        assert_eq!(of_team(&root.join("repo/team/layers.toml")), None);
    }
}
