//! What git knows of files at a revision, and whether they are still so. Nothing that a repository's own configuration
//! names is run: git is only asked for lists and contents of its objects, and the files are read and hashed here, because
//! git would filter them through programs that the repository names.

mod head;
mod names;
mod objects;
mod stations;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::{Component, Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

pub use head::head;
pub use names::names;
pub use objects::Entry;
use stations::Stations;

/// More than a text that is compared has, in bytes.
const TEXT_LIMIT: u64 = 8_000_000;
/// A longer line no list has, in bytes: nobody can check out such a path.
const LINE_LIMIT: u64 = 8_192;
/// More files than are looked at, of layers and what they are built from.
const ENTRIES_LIMIT: usize = 1_000_000;
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
    /// What git knows now: its index, which has what was added and is not committed yet.
    now: Entries,
    /// Whether a file's mode tells something here.
    has_modes: bool,
}

/// What a commit, or the index, has, by path from the checkout's root.
type Entries = BTreeMap<PathBuf, Entry>;

impl Since {
    /// What the commit of a revision has of these files and folders, and what git knows of them now. A path that leads
    /// through links stands for each of them and for its end.
    ///
    /// # Errors
    /// See [`GitError`].
    pub fn new(folder: &Path, revision: &str, paths: &[PathBuf]) -> Result<Self, GitError> {
        let top = asked(git(folder).args(["rev-parse", "--show-toplevel"]), printed)?;
        let top = top.map_err(|said| GitError::NoCheckout(folder.to_owned(), said))?;
        let top = String::from_utf8_lossy(&top);
        let top = Path::new(top.strip_suffix('\n').unwrap_or(&top)).canonicalize()?;
        let wanted: HashSet<PathBuf> = paths.iter().flat_map(|path| Stations::of(&top, path).all()).collect();
        let commit = commit(&top, revision)?.ok_or_else(|| GitError::NoCommit(revision.to_owned()))?;
        let then = entries(git(&top).args(["ls-tree", "-r", "-z", "--full-tree", &commit]), &wanted, Entry::of_line)?;
        let now = entries(git(&top).args(["ls-files", "-s", "-z"]), &wanted, Entry::of_index_line)?;
        Ok(Self { then, now, commit, has_modes: has_modes(&top)?, top })
    }

    /// Whether what stands at a path from the root is not what it was, or git knows it otherwise now.
    fn entry_changed(&self, inside: &Path) -> bool {
        let Some(then) = self.then.get(inside) else { return true };
        self.now.get(inside) != Some(then) || !then.is_at(&self.top.join(inside), self.has_modes)
    }

    /// Whether a file, or a link that leads to it, is not what it was. One that git never knew, or that lies outside,
    /// cannot be told to be the same.
    pub fn file_changed(&self, path: &Path) -> bool {
        let Stations { links, end } = Stations::of(&self.top, path);
        end.is_none_or(|end| self.entry_changed(&end)) || links.iter().any(|link| self.entry_changed(link))
    }

    /// Whether something of a folder, or a file, that git knows is not what it was, or a link that leads there. What git
    /// does not know, such as what a build left there, does not count.
    pub fn tracked_changed(&self, path: &Path) -> bool {
        Stations::of(&self.top, path).all().any(|station| self.known_changed(&station))
    }

    fn known_changed(&self, inside: &Path) -> bool {
        let below = |entries: &Entries| -> Entries {
            let all = entries.range(inside.to_owned()..).take_while(|(path, _)| path.starts_with(inside));
            all.map(|(path, entry)| (path.clone(), entry.clone())).collect()
        };
        let then = below(&self.then);
        let is_there = |path: &Path, entry: &Entry| entry.is_at(&self.top.join(path), self.has_modes);
        then != below(&self.now) || then.iter().any(|(path, entry)| !is_there(path, entry))
    }

    /// The text that a file had; `None` if there was no such file, it was not a text, or another one was linked there.
    ///
    /// # Errors
    /// Git fails at it.
    pub fn text(&self, path: &Path) -> Result<Option<String>, GitError> {
        let mut stations = Stations::of(&self.top, path).all();
        let first =
            stations.find(|station| !self.then.get(station).is_some_and(Entry::is_link) || self.entry_changed(station));
        let Some(entry) = first.and_then(|inside| self.then.get(&inside)).filter(|entry| !entry.is_link()) else {
            return Ok(None);
        };
        let text = asked(git(&self.top).args(["cat-file", "blob", entry.id()]), printed)?.map_err(GitError::Failed)?;
        Ok(String::from_utf8(text).ok())
    }
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

/// What git lists of these files and below these folders.
fn entries(listing: &mut Command, wanted: &HashSet<PathBuf>, of_line: OfLine) -> Result<Entries, GitError> {
    let read = |stdout| listed(BufReader::new(stdout), wanted, of_line, ENTRIES_LIMIT);
    asked(listing, read)?.map_err(GitError::Failed)
}

/// Reads one line of a list.
type OfLine = fn(&[u8]) -> Option<(&Path, Entry)>;

/// What a list has of these files and below these folders; its lines end in NUL. A few kilobytes of a repository can list
/// billions of files, and a name of any length: no more than so many are taken in, and no such name.
///
/// # Errors
/// There is more, or the list cannot be read.
pub fn listed(mut list: impl BufRead, wanted: &HashSet<PathBuf>, of_line: OfLine, most: usize) -> io::Result<Entries> {
    let (mut entries, mut line) = (Entries::new(), Vec::new());
    while list.by_ref().take(LINE_LIMIT).read_until(0, &mut line)? > 0 {
        if line.len() as u64 == LINE_LIMIT {
            return Err(io::Error::other(format!("it knows a name of more than {LINE_LIMIT} bytes")));
        }
        // Of a whole repository only what is wanted is kept.
        let entry = of_line(line.strip_suffix(&[0]).unwrap_or(&line));
        if let Some((path, entry)) = entry.filter(|(path, _)| leads_below(path) && is_of(path, wanted)) {
            entries.insert(path.to_owned(), entry);
        }
        if entries.len() > most {
            return Err(io::Error::other(format!("it knows more than {most} files there")));
        }
        line.clear();
    }
    Ok(entries)
}

fn is_of(path: &Path, wanted: &HashSet<PathBuf>) -> bool {
    path.ancestors().any(|above| wanted.contains(above))
}

/// Git checks nothing out above the checkout, whatever a commit calls its files.
fn leads_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Whether files have the modes here that git knows: some file systems cannot keep them, and git noted it.
fn has_modes(top: &Path) -> Result<bool, GitError> {
    let noted = asked(git(top).args(["config", "--type=bool", "--get", "core.fileMode"]), printed)?;
    Ok(cfg!(unix) && noted.map_or(true, |noted| noted.trim_ascii() != b"false"))
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
    fn lists_are_read_within_bounds() {
        let wanted = HashSet::from([PathBuf::from("a")]);
        let line = |path: &str| format!("100644 blob ce013625030ba8dba906f756967f9e9ca394464a\t{path}");
        let read = |list: &str, most| listed(list.as_bytes(), &wanted, Entry::of_line, most);
        let above = ["a/../../b", "/a", "a/../b"].map(line).join("\0");
        let list = [line("a/b"), line("b"), "no entry".to_owned(), above, line("a")].join("\0");
        let paths = read(&list, 2).unwrap().into_keys().collect::<Vec<_>>();
        assert_eq!(paths, [Path::new("a"), Path::new("a/b")]);
        assert_eq!(read(&list, 1).unwrap_err().to_string(), "it knows more than 1 files there");
        let endless = listed(BufReader::new(io::repeat(b'a')), &wanted, Entry::of_line, 9);
        assert_eq!(endless.unwrap_err().to_string(), "it knows a name of more than 8192 bytes");
    }

    /// Lists from which the fuzzer starts, as git printed them.
    #[test]
    fn real_lists_are_read() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/git_lists");
        let of_line = |name: &str| if name.ends_with(".index") { Entry::of_index_line } else { Entry::of_line };
        let read = |name: &str| {
            let list = std::fs::read(corpus.join(name)).unwrap();
            listed(&list[..], &HashSet::from([PathBuf::new()]), of_line(name), 100).unwrap().len()
        };
        for (name, files) in [
            ("commit.tree", 6),
            ("commit.index", 6),
            ("sha256.tree", 1),
            ("sha256.index", 1),
            ("leads-elsewhere.tree", 1),
        ] {
            assert_eq!(read(name), files, "{name}");
        }
        assert_eq!(std::fs::read_dir(&corpus).unwrap().count(), 5);
    }

    #[test]
    fn what_a_command_says_when_it_fails_is_told() {
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo >&2; echo 'fatal: no such thing' >&2; exit 3"]).stdout(Stdio::piped());
        assert_eq!(asked(&mut failing, printed).unwrap().unwrap_err(), "no such thing");
    }
}
