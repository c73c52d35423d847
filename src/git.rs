//! What git knows of files at a revision, and whether they are still so. Nothing that a repository's own configuration
//! names is run: git is only asked for lists and contents of its objects, and the files are read and hashed here, because
//! git would filter them through programs that the repository names.

mod head;
mod objects;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

pub use head::head;
pub use objects::Entry;

/// More than a text that is compared has, in bytes.
const TEXT_LIMIT: u64 = 8_000_000;
/// More than git has to say for itself, in bytes.
const SAID_LIMIT: u64 = 100_000;

/// Longer than git needs for anything that it is asked.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// The commit of the revision.
    commit: String,
    then: Entries,
    /// What the commit that is checked out has; `None` where it is the same one.
    now: Option<Entries>,
}

/// What a commit has, by path from the checkout's root.
type Entries = BTreeMap<PathBuf, Entry>;

impl Since {
    /// What the commit of a revision has of these files and folders, and what the commit that is checked out has.
    ///
    /// # Errors
    /// See [`GitError`].
    pub fn new(folder: &Path, revision: &str, paths: &[PathBuf]) -> Result<Self, GitError> {
        let top = asked(git(folder).args(["rev-parse", "--show-toplevel"]), printed)?;
        let top = top.map_err(|said| GitError::NoCheckout(folder.to_owned(), said))?;
        let top = String::from_utf8_lossy(&top);
        let top = Path::new(top.strip_suffix('\n').unwrap_or(&top)).canonicalize()?;
        let wanted: HashSet<PathBuf> = paths.iter().filter_map(|path| inside(&top, path)).collect();
        let then = commit(&top, revision)?.ok_or_else(|| GitError::NoCommit(revision.to_owned()))?;
        let entries = |commit: &str| entries(&top, commit, &wanted);
        let now = match commit(&top, "HEAD")? {
            Some(now) if now != then => Some(entries(&now)?),
            Some(_) => None,
            None => Some(Entries::new()),
        };
        Ok(Self { then: entries(&then)?, now, commit: then, top })
    }

    fn now(&self) -> &Entries {
        self.now.as_ref().unwrap_or(&self.then)
    }

    /// Whether a file is not what it was. One that git never knew, or that lies outside, cannot be told to be the same.
    pub fn file_changed(&self, path: &Path) -> bool {
        let Some(inside) = inside(&self.top, path) else { return true };
        let Some(then) = self.then.get(&inside) else { return true };
        self.now().get(&inside) != Some(then) || !then.is_at(&self.top.join(inside))
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
        then != below(self.now()) || then.iter().any(|(path, entry)| !entry.is_at(&self.top.join(path)))
    }

    /// The text that a file had; `None` if there was no such file, or it was not a text.
    ///
    /// # Errors
    /// Git fails at it.
    pub fn text(&self, path: &Path) -> Result<Option<String>, GitError> {
        let Some(entry) = inside(&self.top, path).and_then(|inside| self.then.get(&inside)) else { return Ok(None) };
        let text = asked(git(&self.top).args(["cat-file", "blob", entry.id()]), printed)?.map_err(GitError::Failed)?;
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

/// Runs a command and reads what it prints: what was read of it, or what it says when it fails. What it says of errors
/// goes to a file, so that it never waits for somebody to read it. A checkout can hold what git would wait for without an
/// end, such as a pipe in the place of a file: then it is ended.
fn asked<T: Send>(
    command: &mut Command,
    read: impl FnOnce(ChildStdout) -> io::Result<T> + Send,
) -> Result<Result<T, String>, GitError> {
    asked_within(PATIENCE, command, read)
}

fn asked_within<T: Send>(
    patience: Duration,
    command: &mut Command,
    read: impl FnOnce(ChildStdout) -> io::Result<T> + Send,
) -> Result<Result<T, String>, GitError> {
    let mut said = tempfile::tempfile()?;
    let mut child = command.stderr(said.try_clone()?).spawn()?;
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
    let read = thread::scope(|scope| {
        let (sender, told) = sync_channel(1);
        scope.spawn(move || sender.send(read(stdout)));
        told.recv_timeout(patience).unwrap_or_else(|_| {
            // With it, the pipe from which the thread reads is closed.
            child.kill()?;
            Err(io::Error::other(format!("it had no answer after {} s", patience.as_secs())))
        })
    });
    let ended = child.wait()?;
    let read = read?;
    Ok(if ended.success() { Ok(read) } else { Err(first_line(&mut said)?) })
}

fn first_line(said: &mut File) -> io::Result<String> {
    let mut text = Vec::new();
    said.rewind()?;
    said.take(SAID_LIMIT).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
    Ok(first.trim_start_matches("fatal: ").to_owned())
}

/// What a command prints.
fn printed(stdout: ChildStdout) -> io::Result<Vec<u8>> {
    let mut printed = Vec::new();
    stdout.take(TEXT_LIMIT + 1).read_to_end(&mut printed)?;
    if printed.len() as u64 > TEXT_LIMIT {
        return Err(io::Error::other(format!("it printed more than {} MB", TEXT_LIMIT / 1_000_000)));
    }
    Ok(printed)
}

/// The id of a revision's commit; `None` if there is none.
fn commit(top: &Path, revision: &str) -> Result<Option<String>, GitError> {
    // It would be taken for an option.
    if revision.is_empty() || revision.starts_with('-') || revision.contains('\0') {
        return Ok(None);
    }
    let peeled = format!("{revision}^{{commit}}");
    let id = asked(git(top).args(["rev-parse", "--verify", "--quiet", &peeled]), printed)?.ok();
    Ok(id.and_then(|id| String::from_utf8(id).ok()).map(|id| id.trim().to_owned()).filter(|id| is_id(id)))
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// What a commit has of these files and below these folders.
fn entries(top: &Path, commit: &str, wanted: &HashSet<PathBuf>) -> Result<Entries, GitError> {
    let read = |stdout| {
        let mut entries = Entries::new();
        // Of a whole repository only what is wanted is kept.
        for line in BufReader::new(stdout).split(0) {
            let line = line?;
            let Some((path, entry)) = Entry::of_line(&line) else { continue };
            if path.ancestors().any(|above| wanted.contains(above)) {
                entries.insert(path.to_owned(), entry);
            }
        }
        Ok(entries)
    };
    asked(git(top).args(["ls-tree", "-r", "-z", "--full-tree", commit]), read)?.map_err(GitError::Failed)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_ended() {
        let mut endless = Command::new("sleep");
        endless.arg("1000").stdout(Stdio::piped());
        let error = asked_within(Duration::from_millis(20), &mut endless, printed).unwrap_err();
        assert!(error.to_string().contains("no answer"), "{error}");
    }

    #[test]
    fn what_a_command_says_when_it_fails_is_told() {
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo >&2; echo 'fatal: no such thing' >&2; exit 3"]).stdout(Stdio::piped());
        assert_eq!(asked(&mut failing, printed).unwrap().unwrap_err(), "no such thing");
    }
}
