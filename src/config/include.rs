//! The files that a layers file includes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::include_walk::{Matches, matches};
use super::problems::Problems;
use super::words::excerpt;
use crate::bounds::Bounds;

/// Most files that can be included.
const FILES: usize = 1000;

/// The files that these paths and globs mean, sorted, relative to the folder of the file that includes them. That file
/// itself, and another way to a file that was found, do not count; what leads out of the checkout is refused.
pub fn included(patterns: &[String], including: &Path, problems: &mut Problems<'_>) -> Vec<String> {
    let search = Search::of(including);
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    for pattern in patterns {
        match search.files(pattern) {
            Ok(found) => {
                found.told.iter().for_each(|told| problems.warn("include-outside", &["include"], told.clone()));
                for (real, path) in found.files {
                    files.entry(real).or_insert(path);
                }
            }
            Err(why) => refuse(pattern, &why, problems),
        }
    }
    if files.len() > FILES {
        problems.error(&["include"], format!("matches {} files; at most {FILES} can be included", files.len()));
        problems.unreadable(vec!["include".to_owned()]);
        return Vec::new();
    }
    let mut files: Vec<String> = files.into_values().collect();
    files.sort();
    files
}

/// Where is looked for included files.
struct Search<'f> {
    folder: &'f Path,
    /// The file that includes others, without links.
    itself: Option<PathBuf>,
    bounds: Bounds,
}

/// What one path or glob means.
struct Found {
    /// Each without links, and as it is written.
    files: Vec<(PathBuf, String)>,
    /// What is odd about it.
    told: Option<String>,
}

impl<'f> Search<'f> {
    fn of(including: &'f Path) -> Self {
        let folder = including.parent().unwrap_or(Path::new(""));
        Self { folder, itself: including.canonicalize().ok(), bounds: Bounds::of(including) }
    }

    fn files(&self, pattern: &str) -> Result<Found, String> {
        let Matches { files, outside } = self.matching(pattern)?;
        if files.is_empty() {
            return Err(nothing(pattern, &outside));
        }
        let mut files = files.into_iter().map(|path| self.real(pattern, path)).collect::<Result<Vec<_>, _>>()?;
        if matches!(files.as_slice(), [(only, _)] if Some(only) == self.itself.as_ref()) {
            return Err("matches only this file".to_owned());
        }
        files.retain(|(real, _)| Some(real) != self.itself.as_ref());
        Ok(Found { files, told: unfollowed(pattern, &outside) })
    }

    /// The file that a path leads to, where that is one that may be included.
    fn real(&self, pattern: &str, path: String) -> Result<(PathBuf, String), String> {
        let which = if path == pattern { String::new() } else { format!("matches `{path}`, which ") };
        let real = self.folder.join(&path).canonicalize();
        let real = real.map_err(|error| format!("{which}cannot be followed: {error}"))?;
        self.bounds.check(&real).map_err(|why| format!("{which}{why}"))?;
        Ok((real, path))
    }

    /// The files that a path or glob means, relative to the folder; otherwise what is wrong with it.
    fn matching(&self, pattern: &str) -> Result<Matches, String> {
        let (fixed, glob) = split(pattern);
        if glob.is_empty() {
            let files = self.folder.join(pattern).is_file().then(|| pattern.to_owned());
            return Ok(Matches { files: files.into_iter().collect(), ..Matches::default() });
        }
        let matcher = GlobBuilder::new(glob).literal_separator(true).build();
        let matcher = matcher.map_err(|error| format!("is not a glob: {}", error.kind()))?.compile_matcher();
        let depth = (!glob.contains("**")).then(|| glob.split('/').count());
        let Matches { files, outside } = matches(&self.folder.join(fixed), depth, &matcher, &self.bounds)?;
        let from_here = |paths: Vec<String>| paths.into_iter().map(|path| format!("{fixed}{path}")).collect();
        Ok(Matches { files: from_here(files), outside: from_here(outside) })
    }
}

/// Layers that lie behind a link are missed: whoever expects them is told.
fn unfollowed(pattern: &str, outside: &[String]) -> Option<String> {
    let (first, more) = outside.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    Some(format!("`{}` does not follow the link `{first}`{more}, which leads out of the checkout", excerpt(pattern)))
}

fn nothing(pattern: &str, outside: &[String]) -> String {
    match (split(pattern), outside.first()) {
        ((_, ""), _) => "is not a file".to_owned(),
        (_, None) => "matches no file; hidden ones and what git ignores do not count".to_owned(),
        (_, Some(link)) => format!("matches no file; the link `{link}` leads out of the checkout and is not followed"),
    }
}

fn refuse(pattern: &str, why: &str, problems: &mut Problems<'_>) {
    problems.error(&["include"], format!("`{}` {why}", excerpt(pattern)));
    problems.unreadable(vec!["include".to_owned()]);
}

/// The folder that a glob begins with, and the glob below it.
fn split(pattern: &str) -> (&str, &str) {
    let Some(first) = pattern.find(['*', '?', '[', '{', '\\']) else { return (pattern, "") };
    pattern.split_at(pattern[..first].rfind('/').map_or(0, |slash| slash + 1))
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
        let first = folder.path().join("l.toml");
        let search = Search::of(&first);
        let found = |pattern: &str| search.matching(pattern).unwrap().files;
        assert_eq!(found("*/l.toml"), ["a/l.toml", "b/l.toml"]);
        assert_eq!(found("**/l.toml"), ["a/l.toml", "b/c/l.toml", "b/l.toml", "l.toml"]);
        assert_eq!(found("{a,b/c}/l.toml"), ["a/l.toml", "b/c/l.toml"]);
        assert_eq!(found("b/*/l.toml"), ["b/c/l.toml"]);
        assert_eq!(found("made/l.toml"), ["made/l.toml"], "a path is meant as it is");
        assert_eq!(found("none/*.toml"), [""; 0]);
        assert!(search.matching("a[").unwrap_err().starts_with("is not a glob: "));
    }
}
