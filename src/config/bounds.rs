//! How far a layers file reaches: a checkout may bring links, and `include` may name any path, but neither is to show what
//! lies elsewhere on the machine.

use std::path::{Path, PathBuf};

use crate::disk;

/// Where the files lie that a layers file may include: in its git checkout, or in its own folder where that is in none; and
/// never among git's own files, which keep credentials.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Without links; `None` where there is no such folder.
    top: Option<PathBuf>,
    is_checkout: bool,
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
    /// Where it leads instead.
    pub fn check(&self, real: &Path) -> Result<(), &'static str> {
        let Some((top, below)) = self.top.as_ref().and_then(|top| Some((top, real.strip_prefix(top).ok()?))) else {
            return Err(if self.is_checkout {
                "leads out of the git checkout"
            } else {
                "leads out of the folder of this file, which is in no git checkout"
            });
        };
        let mut above = real.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
        if below.iter().any(|name| name.eq_ignore_ascii_case(".git")) || above.any(is_of_git) {
            return Err("lies among git's own files");
        }
        Ok(())
    }
}

/// Whether git keeps its own files here, whatever the folder is called.
fn is_of_git(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::{Source, Text};

    fn write(root: &Path, paths: &[&str]) {
        for path in paths {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x = 1\n").unwrap();
        }
    }

    fn check(bounds: &Bounds, path: &Path) -> Result<(), &'static str> {
        bounds.check(&path.canonicalize().unwrap())
    }

    #[test]
    fn a_checkout_is_the_bound_and_without_one_the_files_folder_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, &["out.toml", "repo/layers.toml", "repo/team/layers.toml", "repo/.git/config", "repo/bare/HEAD"]);
        let (out, beside) = (root.join("out.toml"), root.join("repo/layers.toml"));
        let of_team = |path: &Path| check(&Bounds::of(&root.join("repo/team/layers.toml")), path);
        assert_eq!((of_team(&beside), of_team(&out)), (Ok(()), Err("leads out of the git checkout")));
        for path in ["repo/bare/objects/a", "repo/bare/refs/a"] {
            write(root, &[path]);
        }
        for path in ["repo/.git/config", "repo/bare/HEAD"] {
            assert_eq!(of_team(&root.join(path)), Err("lies among git's own files"), "{path}");
        }
        std::fs::remove_dir_all(root.join("repo/.git")).unwrap();
        assert!(of_team(&beside).is_err_and(|why| why.ends_with("in no git checkout")));
        assert_eq!(of_team(&root.join("repo/team/layers.toml")), Ok(()));
    }

    /// As Kubernetes mounts a file of a ConfigMap; a link out of the folder is used as well, but none of its lines is shown.
    #[test]
    fn lines_are_shown_of_a_link_within_the_folder_and_not_of_one_that_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, &["mount/..2026/layers.toml", "secret.toml"]);
        symlink("..2026", root.join("mount/..data")).unwrap();
        symlink("..data/layers.toml", root.join("mount/layers.toml")).unwrap();
        symlink("../secret.toml", root.join("mount/linked.toml")).unwrap();
        let line = |path: &str| {
            let text = Text::read(&root.join(path)).unwrap();
            match Source::parse(&text).unwrap().origin(&["x"]) {
                crate::config::Origin::File(_, Some(place)) => (place.line, place.text),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(line("mount/layers.toml"), (1, Some("x = 1".to_owned())));
        assert_eq!(line("mount/linked.toml"), (1, None));
    }
}
