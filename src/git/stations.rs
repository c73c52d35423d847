//! What a path leads through: git keeps links and what they lead to apart, and a change of either is a change.

use std::ffi::OsString;
use std::fs::read_link;
use std::path::{Component, Path, PathBuf, absolute};

use crate::disk;

/// Links on one way: an operating system follows no more.
const LINKS: usize = 40;

/// Where a path leads in a checkout; all from its root, and without links above.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stations {
    /// The links on the way that lie in the checkout.
    pub links: Vec<PathBuf>,
    /// Its end; `None` outside of the checkout.
    pub end: Option<PathBuf>,
}

impl Stations {
    /// Those of a path, as it leads now; `top` is the root of the checkout, without links.
    pub fn of(top: &Path, path: &Path) -> Self {
        let Ok(path) = absolute(path) else { return Self::default() };
        let (mut links, mut at) = (Vec::new(), PathBuf::new());
        let mut rest = parts(&path);
        while let Some(part) = rest.pop() {
            match Path::new(&part).components().next() {
                Some(Component::ParentDir) => {
                    at.pop();
                }
                Some(Component::CurDir) | None => {}
                Some(_) => at.push(part),
            }
            let Some(to) = read_link(&at).ok().filter(|_| links.len() < LINKS) else { continue };
            links.push(at.clone());
            at.pop();
            rest.extend(parts(&to));
        }
        let links = links.iter().filter_map(|link| inside(top, link)).collect();
        Self { links, end: inside(top, &at) }
    }

    /// All of them.
    pub fn all(self) -> impl Iterator<Item = PathBuf> {
        self.links.into_iter().chain(self.end)
    }
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

/// The path from the root of the checkout, without links above; `None` outside of it.
fn inside(top: &Path, path: &Path) -> Option<PathBuf> {
    let whole = path.strip_prefix(top).ok().map(Path::to_owned);
    // Windows has two ways to write a path, and a folder may be gone.
    whole.or_else(|| {
        let real = disk::folder(path).canonicalize().ok()?.join(path.file_name()?);
        real.strip_prefix(top).ok().map(Path::to_owned)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_link_on_the_way_is_a_station() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap().join("top");
        std::fs::create_dir_all(top.join("real/deep")).unwrap();
        std::fs::write(top.join("real/deep/file"), "").unwrap();
        symlink("real", top.join("one")).unwrap();
        symlink("../one/deep", top.join("real/two")).unwrap();
        symlink(top.join("real/deep/file"), top.join("three")).unwrap();
        symlink("../../..", top.join("real/deep/out")).unwrap();
        symlink("circle", top.join("circle")).unwrap();
        let stations = |path: &str| {
            let Stations { links, end } = Stations::of(&top, &top.join(path));
            let shown = |path: PathBuf| path.display().to_string();
            (links.into_iter().map(shown).collect::<Vec<_>>().join(" "), end.map(shown))
        };
        let ends = |links: &str, end: &str| (links.to_owned(), Some(end.to_owned()));
        assert_eq!(stations("real/deep/file"), ends("", "real/deep/file"));
        assert_eq!(stations("one/../real/./gone/x"), ends("one", "real/gone/x"));
        assert_eq!(stations("one/two/file"), ends("one real/two one", "real/deep/file"));
        assert_eq!(stations("three"), ends("three", "real/deep/file"));
        assert_eq!(stations("real/deep/out/x"), ("real/deep/out".to_owned(), None));
        assert_eq!(stations("circle").1.as_deref(), Some("circle"));
        assert_eq!(stations(""), ends("", ""));
    }
}
