//! What lies in a folder, in the order in which it is packed.

use super::PackError;
use std::fs::{self, DirEntry, Metadata};
use std::path::{Path, PathBuf};

/// Something to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path in the zip: relative to the folder, with `/` between the parts.
    pub name: String,
    /// Where it is on disk.
    pub path: PathBuf,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File {
        size: u64,
        executable: bool,
    },
    Link {
        target: String,
    },
    /// Other folders come to be by what lies in them.
    EmptyFolder,
}

/// Everything in a folder, sorted by the bytes of its name: the order of the disk differs between machines.
pub(super) fn entries(folder: &Path) -> Result<Vec<Entry>, PackError> {
    let mut entries = Vec::new();
    let mut open = vec![(String::new(), folder.to_owned())];
    while let Some((name, path)) = open.pop() {
        let children = children(&path)?;
        if children.is_empty() && !name.is_empty() {
            entries.push(Entry { name: name.clone(), path, kind: Kind::EmptyFolder });
        }
        for child in children {
            let name = join(&name, &child)?;
            let path = child.path();
            match kind(&name, &path)? {
                Some(kind) => entries.push(Entry { name, path, kind }),
                None => open.push((name, path)),
            }
        }
    }
    entries.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    Ok(entries)
}

fn children(folder: &Path) -> Result<Vec<DirEntry>, PackError> {
    let listed = fs::read_dir(folder).and_then(|children| children.collect());
    listed.map_err(|source| PackError::Unreadable { path: folder.to_owned(), source })
}

fn join(parent: &str, child: &DirEntry) -> Result<String, PackError> {
    let name = child.file_name();
    let name = name.to_str().ok_or_else(|| PackError::NotUtf8 { path: child.path() })?;
    Ok(if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") })
}

/// What something is; `None` for a folder, which is walked instead.
fn kind(name: &str, path: &Path) -> Result<Option<Kind>, PackError> {
    let unreadable = |source| PackError::Unreadable { path: path.to_owned(), source };
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        Ok(None)
    } else if metadata.is_file() {
        Ok(Some(Kind::File { size: metadata.len(), executable: is_executable(&metadata) }))
    } else if metadata.is_symlink() {
        let target = fs::read_link(path).map_err(unreadable)?;
        link(name, path, &target).map(Some)
    } else {
        Err(PackError::Special { path: path.to_owned() })
    }
}

/// A link is kept if it stays inside the folder, where it will work in `/opt` as it does here.
fn link(name: &str, path: &Path, target: &Path) -> Result<Kind, PackError> {
    let Some(text) = target.to_str() else {
        return Err(PackError::NotUtf8 { path: path.to_owned() });
    };
    let target = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
    if stays_inside(name, &target) {
        return Ok(Kind::Link { target });
    }
    Err(PackError::Escaping { path: path.to_owned(), target })
}

/// Whether a link of this name never leads above the folder, judged by the text of its target.
fn stays_inside(name: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') || Path::new(target).is_absolute() {
        return false;
    }
    let mut depth = name.matches('/').count();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return false,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    true
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

/// Windows has no such bit; layers with programs are best built where they run.
#[cfg(not(unix))]
fn is_executable(_metadata: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::stays_inside;

    #[test]
    fn links_may_move_within_the_folder_only() {
        let table = [
            ("python/a", "b", true),
            ("python/a", "../lib/b", true),
            ("python/a", "../../lib/b", false),
            ("a", "b", true),
            ("a", "./b//c/../d", true),
            ("a", "..", false),
            ("a", "b/../../c", false),
            ("a/b", "..", true),
            ("a", "/opt/python", false),
            ("a", "", false),
            ("a/b/c", "../../../d", false),
            ("a/b/c", "../../d", true),
        ];
        for (name, target, inside) in table {
            assert_eq!(stays_inside(name, target), inside, "{name} -> {target}");
        }
    }
}
