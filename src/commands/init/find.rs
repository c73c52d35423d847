//! The lock files below a folder: what git ignores is left out, and so is what others installed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ignore::{DirEntry, Walk, WalkBuilder};

use super::runtime::runtime;
use crate::disk;

/// Lock files by what they lock, the one that says most first: of several for the same in one folder the first counts.
const LOCK_FILES: [(&str, &[&str]); 4] = [
    ("python", &["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "requirements.txt"]),
    ("nodejs", &["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"]),
    ("ruby", &["Gemfile.lock", "gems.locked"]),
    ("php", &["composer.lock"]),
];
/// Folders of what package managers installed: it is not this project's to publish.
const INSTALLED: [&str; 5] = ["node_modules", "site-packages", "vendor", "bower_components", "__pycache__"];
/// Where zips lie that other tools made, below the folder of the lock file.
const ARCHIVES: [&str; 2] = ["build/lambda/layer/layer.zip", "layer.zip"];
/// What bounds the search.
const BOUNDS: Bounds = Bounds { depth: 12, entries: 200_000, layers: 1000 };
/// How much of a lock file is read to find out its runtime.
const READ: u64 = 8_000_000;

/// A lock file that may become a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFile {
    /// Its folder, relative to the layers file, with `/` between the names; empty for the same folder.
    pub folder: String,
    /// Its own name.
    pub name: String,
    /// What it locks: `python`, `nodejs` …
    pub language: &'static str,
    /// The runtime that it asks for, if it says so and Lambda has it.
    pub runtime: Option<String>,
    /// The zip that was made of it, relative to its folder, if there is one.
    pub archive: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// How deep below the folder is looked.
    depth: usize,
    /// How many files and folders are looked at: a home folder is not a project.
    entries: usize,
    /// Most layers that are proposed.
    layers: usize,
}

/// What was found, and what was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The lock files, by path: one for each folder and language.
    pub lock_files: Vec<LockFile>,
    /// What was left out and why, one sentence each: none of it is missed without a word.
    pub left_out: Vec<String>,
}

/// The lock files below a folder.
pub fn lock_files(folder: &Path) -> Found {
    within(BOUNDS, folder)
}

fn within(bounds: Bounds, folder: &Path) -> Found {
    let mut best: BTreeMap<(String, &'static str), (usize, LockFile)> = BTreeMap::new();
    let mut left_out = LeftOut::default();
    for (count, entry) in walk(bounds, folder).enumerate() {
        if count == bounds.entries {
            left_out.is_cut = true;
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                left_out.unseen.extend(disk::unseen(&error).map(|(path, why)| format!("`{}`: {why}", path.display())));
                continue;
            }
        };
        if entry.depth() == bounds.depth && holds_something(&entry) {
            left_out.deeper.push(format!("`{}`", entry.path().display()));
        }
        let Some((rank, found)) = lock_file(folder, &entry) else { continue };
        let place = (found.folder.clone(), found.language);
        if best.get(&place).is_none_or(|(other, _)| rank < *other) {
            best.insert(place, (rank, found));
        }
    }
    left_out.layers = best.len().saturating_sub(bounds.layers);
    let lock_files = best.into_values().take(bounds.layers).map(|(_, found)| found).collect();
    Found { lock_files, left_out: left_out.told(bounds) }
}

fn walk(bounds: Bounds, folder: &Path) -> Walk {
    // As git does: what ignores files above the checkout does not count, and without a checkout only what is below.
    let is_checkout = disk::checkout(folder).is_some();
    WalkBuilder::new(folder)
        .max_depth(Some(bounds.depth))
        .ignore(false)
        .require_git(is_checkout)
        .parents(is_checkout)
        .filter_entry(|entry| !is_installed(entry))
        .build()
}

/// What was not looked at.
#[derive(Debug, Default)]
struct LeftOut {
    /// What cannot be read, each with the reason.
    unseen: Vec<String>,
    /// Folders that are as deep as is looked.
    deeper: Vec<String>,
    /// Lock files beyond those that are proposed.
    layers: usize,
    /// Whether there were more files and folders than are looked at.
    is_cut: bool,
}

impl LeftOut {
    fn told(mut self, bounds: Bounds) -> Vec<String> {
        let Bounds { depth, entries, layers } = bounds;
        let beyond = (self.layers > 0).then(|| format!("{} lock files beyond the first {layers}", self.layers));
        let cut = self.is_cut.then(|| format!("what is beyond the first {entries} files and folders"));
        let unseen = listed(&mut self.unseen).map(|first| format!("what cannot be read: {first}"));
        let deeper = listed(&mut self.deeper).map(|first| format!("what is more than {depth} folders deep: {first}"));
        unseen.into_iter().chain(deeper).chain(cut).chain(beyond).collect()
    }
}

/// The first of them, and how many more there are.
fn listed(all: &mut [String]) -> Option<String> {
    all.sort();
    let (first, more) = all.split_first()?;
    Some(if more.is_empty() { first.clone() } else { format!("{first} and {} more", more.len()) })
}

fn holds_something(entry: &DirEntry) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    is_folder && std::fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_some())
}

fn is_installed(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_below = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
    is_below && (INSTALLED.contains(&name.as_ref()) || entry.path().join("pyvenv.cfg").exists())
}

/// The lock file, and how many others of its kind say more.
fn lock_file(root: &Path, entry: &DirEntry) -> Option<(usize, LockFile)> {
    let name = entry.file_name().to_str()?;
    let (rank, language) = LOCK_FILES
        .iter()
        .find_map(|(language, names)| Some((names.iter().position(|known| *known == name)?, *language)))?;
    if !entry.file_type()?.is_file() || entry.metadata().ok()?.len() == 0 {
        return None;
    }
    let folder = entry.path().parent()?;
    let names = folder.strip_prefix(root).ok()?.iter().map(|name| name.to_str()).collect::<Option<Vec<_>>>()?;
    let relative = names.join("/");
    if relative.chars().any(char::is_control) {
        return None;
    }
    let mut text = String::new();
    // What is not text tells nothing.
    let _ = File::open(entry.path()).ok()?.take(READ).read_to_string(&mut text);
    let archive = ARCHIVES.into_iter().find(|archive| folder.join(archive).is_file());
    let found = LockFile { folder: relative, name: name.to_owned(), language, runtime: runtime(name, &text), archive };
    Some((rank, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["a", "b", "c/d/e", "f/g"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            std::fs::write(root.path().join(folder).join("uv.lock"), "version = 1\n").unwrap();
        }
        std::fs::create_dir_all(root.path().join("c/empty")).unwrap();
        let found = |bounds| {
            let Found { lock_files, left_out } = within(bounds, root.path());
            let root = format!("{}/", root.path().display());
            (lock_files.len(), left_out.iter().map(|told| told.replace(&root, "")).collect::<Vec<_>>())
        };
        assert_eq!(found(BOUNDS), (4, vec![]));
        assert_eq!(found(Bounds { layers: 3, ..BOUNDS }), (3, vec!["1 lock files beyond the first 3".to_owned()]));
        let deep = vec!["what is more than 2 folders deep: `c/d` and 1 more".to_owned()];
        assert_eq!(found(Bounds { depth: 2, ..BOUNDS }), (2, deep));
        let cut = found(Bounds { entries: 3, ..BOUNDS }).1;
        assert_eq!(cut, ["what is beyond the first 3 files and folders"]);
    }
}
