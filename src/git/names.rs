//! The branches and tags of a checkout, read from git's files: a shell that completes a word runs nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::disk;

/// More than the packed names of a repository have, in bytes.
const PACKED_LIMIT: u64 = 16_000_000;
/// More files than the names of a repository are.
const FILES_LIMIT: usize = 10_000;

/// What may be compared with: `HEAD`, and what branches, those of other places, and tags are called; nothing outside of a
/// checkout.
pub fn names(folder: &Path) -> BTreeSet<String> {
    let Some(git) = disk::checkout(folder).and_then(|top| common(&top.join(".git"))) else { return BTreeSet::new() };
    let kinds = ["heads", "remotes", "tags"];
    let packed = read(&git.join("packed-refs")).unwrap_or_default();
    let packed = packed.lines().filter_map(|line| {
        let (kind, name) = line.split_once(" refs/")?.1.split_once('/')?;
        kinds.contains(&kind).then(|| name.to_owned())
    });
    let loose = kinds.into_iter().flat_map(|kind| below(&git.join("refs").join(kind)));
    packed.chain(loose).chain(["HEAD".to_owned()]).collect()
}

/// Where git keeps what all worktrees of a repository share.
fn common(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let named = read(git)?;
    let own = git.parent()?.join(named.strip_prefix("gitdir: ")?.trim_end());
    match read(&own.join("commondir")) {
        Some(common) => Some(own.join(common.trim_end())),
        None => Some(own),
    }
}

fn read(path: &Path) -> Option<String> {
    let file = disk::without_waiting(path).ok()?;
    let mut text = String::new();
    file.take(PACKED_LIMIT).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The files below a folder, by their paths from there.
fn below(top: &Path) -> Vec<String> {
    let (mut folders, mut names, mut seen) = (vec![top.to_owned()], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > FILES_LIMIT {
                return names;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => names.extend(name(top, &entry.path())),
                _ => {}
            }
        }
    }
    names
}

fn name(top: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(top).ok()?.iter().map(|part| part.to_str());
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn branches_and_tags_have_names_whether_packed_or_not_and_in_every_worktree() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let names = |path: &str| names(&root.join(path)).into_iter().collect::<Vec<_>>();
        write(root, "repo/team/layers.toml", "");
        assert_eq!(names("repo/team"), [""; 0]);
        write(root, "repo/.git/refs/heads/team/mail", "");
        write(root, "repo/.git/refs/remotes/origin/main", "");
        write(root, "repo/.git/refs/stash", "");
        write(
            root,
            "repo/.git/packed-refs",
            "# pack-refs with: peeled\n00 refs/heads/old\n00 refs/tags/v1\n^00\n00 refs/pull/1/head\n",
        );
        let all = ["HEAD", "old", "origin/main", "team/mail", "v1"];
        assert_eq!(names("repo/team"), all);
        write(root, "repo/.git/worktrees/other/commondir", "../..\n");
        write(root, "other/.git", &format!("gitdir: {}\n", root.join("repo/.git/worktrees/other").display()));
        assert_eq!(names("other"), all);
    }
}
