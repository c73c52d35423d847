//! The files that a layers file includes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use ignore::{DirEntry, WalkBuilder};

use super::problems::Problems;
use super::words::excerpt;

/// How many files and folders one glob looks at: a home folder is not a repository.
const ENTRIES: usize = 200_000;
/// Most files that can be included.
const FILES: usize = 1000;

/// The files that these paths and globs mean, sorted, relative to the folder of the file that includes them. That file
/// itself, and another way to a file that was found, do not count.
pub fn included(patterns: &[String], including: &Path, problems: &mut Problems<'_>) -> Vec<String> {
    let folder = including.parent().unwrap_or(Path::new(""));
    let itself = including.canonicalize().ok();
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    for pattern in patterns {
        let found = match matching(pattern, folder) {
            Ok(found) if found.is_empty() => Err(nothing(pattern)),
            found => found,
        };
        let paths = found.unwrap_or_else(|why| {
            refuse(pattern, &why, problems);
            Vec::new()
        });
        let real = |path: &str| folder.join(path).canonicalize().ok();
        let found: Vec<_> = paths.into_iter().filter_map(|path| Some((real(&path)?, path))).collect();
        if matches!(found.as_slice(), [(only, _)] if Some(only) == itself.as_ref()) {
            refuse(pattern, "matches only this file", problems);
        }
        for (real, path) in found.into_iter().filter(|(real, _)| Some(real) != itself.as_ref()) {
            files.entry(real).or_insert(path);
        }
    }
    if files.len() > FILES {
        problems.error(&["include"], format!("matches {} files; at most {FILES} can be included", files.len()));
        return Vec::new();
    }
    let mut files: Vec<String> = files.into_values().collect();
    files.sort();
    files
}

fn nothing(pattern: &str) -> String {
    match split(pattern) {
        (_, "") => "is not a file".to_owned(),
        _ => "matches no file; hidden ones and what git ignores do not count".to_owned(),
    }
}

fn refuse(pattern: &str, why: &str, problems: &mut Problems<'_>) {
    problems.error(&["include"], format!("`{}` {why}", excerpt(pattern)));
    problems.unreadable(vec!["include".to_owned()]);
}

/// The files that a path or glob means, relative to the folder; otherwise what is wrong with it.
fn matching(pattern: &str, folder: &Path) -> Result<Vec<String>, String> {
    let (fixed, glob) = split(pattern);
    if glob.is_empty() {
        return Ok(folder.join(pattern).is_file().then(|| pattern.to_owned()).into_iter().collect());
    }
    let matcher = GlobBuilder::new(glob).literal_separator(true).build();
    let matcher = matcher.map_err(|error| format!("is not a glob: {}", error.kind()))?.compile_matcher();
    let depth = (!glob.contains("**")).then(|| glob.split('/').count());
    walk(&folder.join(fixed), depth, &matcher, fixed)
}

/// The folder that a glob begins with, and the glob below it.
fn split(pattern: &str) -> (&str, &str) {
    let Some(first) = pattern.find(['*', '?', '[', '{', '\\']) else { return (pattern, "") };
    pattern.split_at(pattern[..first].rfind('/').map_or(0, |slash| slash + 1))
}

fn walk(from: &Path, depth: Option<usize>, matcher: &GlobMatcher, fixed: &str) -> Result<Vec<String>, String> {
    let from = if from.as_os_str().is_empty() { Path::new(".") } else { from };
    // What one machine ignores and another does not would include different layers.
    let walk = WalkBuilder::new(from).max_depth(depth).require_git(false).git_global(false).git_exclude(false).build();
    let (mut found, mut seen) = (Vec::new(), 0);
    for entry in walk.flatten() {
        seen += 1;
        if seen > ENTRIES {
            return Err(format!("looks at more than {ENTRIES} files and folders; begin it with a folder"));
        }
        found.extend(below(from, &entry, matcher)?);
    }
    Ok(found.into_iter().map(|path| format!("{fixed}{path}")).collect())
}

/// The path of a matching file below the folder.
fn below(from: &Path, entry: &DirEntry, matcher: &GlobMatcher) -> Result<Option<String>, String> {
    let path = entry.path().strip_prefix(from).ok().filter(|path| matcher.is_match(path) && entry.path().is_file());
    let Some(path) = path else { return Ok(None) };
    path.to_str()
        .map(|path| Some(path.to_owned()))
        .ok_or_else(|| format!("matches the file `{}`, whose name is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_begins_with_the_folders_that_are_fixed() {
        for (pattern, fixed, glob) in [
            ("services/*/layers.toml", "services/", "*/layers.toml"),
            ("../teams/a*/layers.toml", "../teams/", "a*/layers.toml"),
            ("**/layers.toml", "", "**/layers.toml"),
            ("/srv/{a,b/c}/layers.toml", "/srv/", "{a,b/c}/layers.toml"),
            ("teams/layers.toml", "teams/layers.toml", ""),
        ] {
            assert_eq!(split(pattern), (fixed, glob), "{pattern}");
        }
    }

    #[test]
    fn what_a_glob_means_is_bounded_by_its_depth_and_by_what_git_ignores() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a/l.toml", "b/l.toml", "b/c/l.toml", ".venv/l.toml", "made/l.toml", "l.toml"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::write(folder.path().join(".gitignore"), "made/\n").unwrap();
        let found = |pattern: &str| {
            let mut found = matching(pattern, folder.path()).unwrap();
            found.sort();
            found
        };
        assert_eq!(found("*/l.toml"), ["a/l.toml", "b/l.toml"]);
        assert_eq!(found("**/l.toml"), ["a/l.toml", "b/c/l.toml", "b/l.toml", "l.toml"]);
        assert_eq!(found("{a,b/c}/l.toml"), ["a/l.toml", "b/c/l.toml"]);
        assert_eq!(found("b/*/l.toml"), ["b/c/l.toml"]);
        assert_eq!(found("made/l.toml"), ["made/l.toml"], "a path is meant as it is");
        assert_eq!(found("none/*.toml"), [""; 0]);
        assert!(matching("a[", folder.path()).unwrap_err().starts_with("is not a glob: "));
    }
}
