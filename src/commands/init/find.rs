//! The lock files below a folder: what git ignores is left out, and so is what others installed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ignore::{DirEntry, WalkBuilder};

use super::runtime::runtime;

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
/// How deep below the folder is looked.
const DEPTH: usize = 12;
/// How many files and folders are looked at: a home folder is not a project.
const ENTRIES: usize = 200_000;
/// Most layers that are proposed.
const LAYERS: usize = 1000;
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

/// The lock files below a folder, by path: one for each folder and language.
pub fn lock_files(folder: &Path) -> Vec<LockFile> {
    let walk = WalkBuilder::new(folder)
        .max_depth(Some(DEPTH))
        .require_git(false)
        .filter_entry(|entry| !is_installed(entry))
        .build();
    let mut best: BTreeMap<(String, &'static str), (usize, LockFile)> = BTreeMap::new();
    for entry in walk.take(ENTRIES).flatten() {
        let Some((rank, found)) = lock_file(folder, &entry) else { continue };
        let place = (found.folder.clone(), found.language);
        if best.get(&place).is_none_or(|(other, _)| rank < *other) {
            best.insert(place, (rank, found));
        }
    }
    best.into_values().take(LAYERS).map(|(_, found)| found).collect()
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
