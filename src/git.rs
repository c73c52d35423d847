//! What git knows of files at a revision, and whether they are still so. Nothing that a repository's own configuration
//! names is run: git is only asked for lists and contents of its objects, and the files are read and hashed here, because
//! git would filter them through programs that the repository names.

mod objects;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

pub use objects::Entry;

/// More than a text that is compared has, in bytes.
const TEXT_LIMIT: u64 = 8_000_000;
/// More than git has to say for itself, in bytes.
const SAID_LIMIT: u64 = 100_000;

/// Why git cannot tell.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It cannot be run.
    #[error("cannot run `git`: {0}")]
    NotRun(#[from] io::Error),
    /// The folder is in no checkout, or git does not trust it.
    #[error("`{path}` is not in a git checkout that can be read: {1}", path = .0.display())]
    NoCheckout(PathBuf, String),
    /// There is no such commit.
    #[error("git knows no commit `{0}`")]
    NoCommit(String),
    /// It failed at something that it can do.
    #[error("git failed: {0}")]
    Failed(String),
}

/// A checkout, and a revision that it is held against.
#[derive(Debug)]
pub struct Since {
    top: PathBuf,
    then: Entries,
    now: Entries,
}

/// What a commit has, by path from the checkout's root.
type Entries = BTreeMap<PathBuf, Entry>;

impl Since {
    /// What the commit of a revision has of these files and folders, and what the commit that is checked out has.
    ///
    /// # Errors
    /// See [`GitError`].
    pub fn new(folder: &Path, revision: &str, paths: &[PathBuf]) -> Result<Self, GitError> {
        let top = printed(git(folder).args(["rev-parse", "--show-toplevel"]))?;
        let top = top.map_err(|said| GitError::NoCheckout(folder.to_owned(), said))?;
        let top = String::from_utf8_lossy(&top);
        let top = Path::new(top.strip_suffix('\n').unwrap_or(&top)).canonicalize()?;
        let wanted: HashSet<PathBuf> = paths.iter().filter_map(|path| inside(&top, path)).collect();
        let then = commit(&top, revision)?.ok_or_else(|| GitError::NoCommit(revision.to_owned()))?;
        let now = commit(&top, "HEAD")?;
        let entries = |commit: &str| entries(&top, commit, &wanted);
        Ok(Self { then: entries(&then)?, now: now.as_deref().map(entries).transpose()?.unwrap_or_default(), top })
    }

    /// Whether a file is not what it was. One that git never knew, or that lies outside, cannot be told to be the same.
    pub fn file_changed(&self, path: &Path) -> bool {
        let Some(inside) = inside(&self.top, path) else { return true };
        let Some(then) = self.then.get(&inside) else { return true };
        self.now.get(&inside) != Some(then) || !then.is_at(&self.top.join(inside))
    }

    /// Whether something of a folder, or a file, that git knows is not what it was. What git does not know, such as what
    /// a build left there, does not count.
    pub fn tracked_changed(&self, path: &Path) -> bool {
        let Some(inside) = inside(&self.top, path) else { return false };
        let below = |entries: &Entries| -> Entries {
            let all = entries.range(inside.clone()..).take_while(|(path, _)| path.starts_with(&inside));
            all.map(|(path, entry)| (path.clone(), entry.clone())).collect()
        };
        let then = below(&self.then);
        then != below(&self.now) || then.iter().any(|(path, entry)| !entry.is_at(&self.top.join(path)))
    }

    /// The text that a file had; `None` if there was no such file, or it was not a text.
    ///
    /// # Errors
    /// Git fails at it.
    pub fn text(&self, path: &Path) -> Result<Option<String>, GitError> {
        let Some(entry) = inside(&self.top, path).and_then(|inside| self.then.get(&inside)) else { return Ok(None) };
        let text = printed(git(&self.top).args(["cat-file", "blob", entry.id()]))?.map_err(GitError::Failed)?;
        Ok(String::from_utf8(text).ok())
    }
}

/// The path from the root of the checkout, without links; `None` outside of it.
fn inside(top: &Path, path: &Path) -> Option<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let real = folder.canonicalize().ok()?.join(path.file_name()?);
    real.strip_prefix(top).ok().map(Path::to_owned)
}

/// Git, in a way in which nothing is run that a repository's configuration or a missing object asks for.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-pager").arg("-C").arg(folder);
    for setting in ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never"] {
        command.args(["-c", setting]);
    }
    // An object that a partial clone lacks would be fetched by a program that the configuration names.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "");
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A command that runs. What it says of errors goes to a file, so that it never waits for somebody to read it.
struct Running {
    child: Child,
    said: File,
}

impl Running {
    fn start(command: &mut Command) -> io::Result<(Self, ChildStdout)> {
        let said = tempfile::tempfile()?;
        let mut child = command.stderr(said.try_clone()?).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
        Ok((Self { child, said }, stdout))
    }

    /// Waits for its end; what it said, if it failed.
    fn end(mut self) -> io::Result<Result<(), String>> {
        if self.child.wait()?.success() {
            return Ok(Ok(()));
        }
        let mut said = Vec::new();
        self.said.rewind()?;
        self.said.take(SAID_LIMIT).read_to_end(&mut said)?;
        let said = String::from_utf8_lossy(&said);
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
        Ok(Err(first.trim_start_matches("fatal: ").to_owned()))
    }
}

/// What a command prints, or what it says when it fails.
fn printed(command: &mut Command) -> Result<Result<Vec<u8>, String>, GitError> {
    let (running, stdout) = Running::start(command)?;
    let mut printed = Vec::new();
    stdout.take(TEXT_LIMIT + 1).read_to_end(&mut printed)?;
    let ended = running.end()?;
    if printed.len() as u64 > TEXT_LIMIT {
        return Ok(Err(format!("it printed more than {} MB", TEXT_LIMIT / 1_000_000)));
    }
    Ok(ended.map(|()| printed))
}

/// The id of a revision's commit; `None` if there is none.
fn commit(top: &Path, revision: &str) -> Result<Option<String>, GitError> {
    // It would be taken for an option.
    if revision.is_empty() || revision.starts_with('-') || revision.contains('\0') {
        return Ok(None);
    }
    let peeled = format!("{revision}^{{commit}}");
    let id = printed(git(top).args(["rev-parse", "--verify", "--quiet", &peeled]))?.ok();
    Ok(id.and_then(|id| String::from_utf8(id).ok()).map(|id| id.trim().to_owned()).filter(|id| is_id(id)))
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// What a commit has of these files and below these folders.
fn entries(top: &Path, commit: &str, wanted: &HashSet<PathBuf>) -> Result<Entries, GitError> {
    let (running, stdout) = Running::start(git(top).args(["ls-tree", "-r", "-z", "--full-tree", commit]))?;
    let mut entries = Entries::new();
    // Of a whole repository only what is wanted is kept.
    for line in BufReader::new(stdout).split(0) {
        let line = line?;
        let Some((path, entry)) = Entry::of_line(&line) else { continue };
        if path.ancestors().any(|above| wanted.contains(above)) {
            entries.insert(path.to_owned(), entry);
        }
    }
    running.end()?.map_err(GitError::Failed)?;
    Ok(entries)
}
