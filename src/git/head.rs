//! The commit that is checked out, and whether files are what it has.

use std::path::{Path, PathBuf};

use super::{GitError, Since, asked, git, printed};

/// The commit that is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub commit: String,
    /// The branch, unless a commit was checked out.
    pub branch: Option<String>,
    /// Whether a file, or what git knows of a folder, is not what it has.
    pub dirty: bool,
}

/// The commit that is checked out where a folder is, held against these files and against what git knows of these
/// folders; `None` where nothing is committed yet.
///
/// # Errors
/// The folder is in no checkout, or git cannot tell.
pub fn head(folder: &Path, files: &[PathBuf], folders: &[PathBuf]) -> Result<Option<Head>, GitError> {
    let paths: Vec<PathBuf> = files.iter().chain(folders).cloned().collect();
    let since = match Since::new(folder, "HEAD", &paths) {
        Err(GitError::NoCommit(_)) => return Ok(None),
        since => since?,
    };
    let dirty =
        files.iter().any(|file| since.file_changed(file)) || folders.iter().any(|folder| since.tracked_changed(folder));
    let named = asked(git(folder).args(["symbolic-ref", "--quiet", "HEAD"]), printed)?.ok();
    let named = named.and_then(|name| String::from_utf8(name).ok());
    let branch = named.as_deref().and_then(|name| name.trim_end().strip_prefix("refs/heads/")).map(str::to_owned);
    Ok(Some(Head { commit: since.commit, branch, dirty }))
}
