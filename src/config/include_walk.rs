//! The files below a folder that a glob matches. What cannot be looked at is told: its layers would be lost without a word.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::GlobMatcher;
use ignore::{DirEntry, WalkBuilder};

use crate::bounds::Bounds;
use crate::disk;

/// How many files and folders one glob looks at: a home folder is not a repository.
const ENTRIES: usize = 200_000;

/// What a glob matches.
#[derive(Debug, Default)]
pub struct Matches {
    /// The files, sorted, below the folder.
    pub files: Vec<String>,
    /// Links below the folder that lead out, and were not followed.
    pub outside: Vec<String>,
}

/// Looks below a folder. Links are followed within the bounds; hidden files and what git ignores are left out.
///
/// # Errors
/// What cannot be looked at; too much to look at.
pub fn matches(from: &Path, depth: Option<usize>, matcher: &GlobMatcher, bounds: &Bounds) -> Result<Matches, String> {
    let from = if from.as_os_str().is_empty() { Path::new(".") } else { from };
    // A folder that is not there has no file that matches.
    let Ok(real) = from.canonicalize() else { return Ok(Matches::default()) };
    bounds.check(&real).map_err(|why| why.to_string())?;
    let outside = Arc::new(Mutex::new(Vec::new()));
    let (mut found, mut seen) = (Matches::default(), 0);
    for entry in walk(from, depth, bounds, Arc::clone(&outside)).build() {
        seen += 1;
        if seen > ENTRIES {
            return Err(format!("looks at more than {ENTRIES} files and folders; begin it with a folder"));
        }
        match entry {
            Ok(entry) => found.files.extend(below(from, &entry, matcher)?),
            Err(error) => unlooked(from, &error, matcher)?,
        }
    }
    found.files.sort();
    let outside = std::mem::take(&mut *outside.lock().unwrap_or_else(PoisonError::into_inner));
    found.outside = outside.iter().map(|path| path.strip_prefix(from).unwrap_or(path).display().to_string()).collect();
    found.outside.sort();
    Ok(found)
}

fn walk(from: &Path, depth: Option<usize>, bounds: &Bounds, outside: Arc<Mutex<Vec<PathBuf>>>) -> WalkBuilder {
    // As git does: what ignores files above the checkout does not count, and without a checkout only what is below.
    let is_checkout = disk::checkout(from).is_some();
    let mut walk = WalkBuilder::new(from);
    walk.max_depth(depth).follow_links(true).ignore(false).require_git(is_checkout).parents(is_checkout);
    // What one machine ignores and another does not would include different layers.
    walk.git_global(false).git_exclude(false);
    let bounds = bounds.clone();
    walk.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if !entry.path_is_symlink()
            || !is_folder
            || entry.path().canonicalize().is_ok_and(|real| bounds.check(&real).is_ok())
        {
            return true;
        }
        if depth.is_none_or(|depth| entry.depth() < depth) {
            outside.lock().unwrap_or_else(PoisonError::into_inner).push(entry.path().to_owned());
        }
        false
    });
    walk
}

/// The path of a matching file below the folder.
fn below(from: &Path, entry: &DirEntry, matcher: &GlobMatcher) -> Result<Option<String>, String> {
    let path = entry.path().strip_prefix(from).ok().filter(|path| matcher.is_match(path) && entry.path().is_file());
    let Some(path) = path else { return Ok(None) };
    path.to_str()
        .map(|path| Some(path.to_owned()))
        .ok_or_else(|| format!("matches the file `{}`, whose name is not UTF-8", path.display()))
}

/// What could not be looked at. A link that leads nowhere matters only where it matches.
fn unlooked(from: &Path, error: &ignore::Error, matcher: &GlobMatcher) -> Result<(), String> {
    let Some((path, why)) = disk::unseen(error) else { return Ok(()) };
    let matches = path.strip_prefix(from).is_ok_and(|below| matcher.is_match(below));
    if path.is_symlink() && !path.is_dir() && !matches {
        return Ok(());
    }
    Err(format!("cannot look at `{}`: {why}", path.display()))
}
