//! One command in a shell: what it printed last, and an end to all that it started when the run is stopped.

use std::io::{self, PipeReader, Read as _};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::stop::Stop;

/// How much of the output is kept, in bytes: its end says why a command failed.
const KEPT: usize = 16_384;
/// How long a command that is asked to end may take to clean up.
const GRACE: Duration = Duration::from_secs(5);
/// How long is read on after the command ended: what it left running in the background may hold its output open for ever.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself; with the end of what it printed.
    Itself(ExitStatus, Output),
    /// Because the run was stopped.
    Stopped,
}

/// The end of what a command printed on its standard output and error.
#[derive(Debug, Default)]
pub struct Output {
    kept: Vec<u8>,
    all: usize,
}

impl Output {
    fn push(&mut self, bytes: &[u8]) {
        self.all += bytes.len();
        self.kept.extend_from_slice(bytes);
        if self.kept.len() > 2 * KEPT {
            self.kept.drain(..self.kept.len() - KEPT);
        }
    }

    /// The last lines, at most so many, with a word of how much stood before them.
    pub fn last_lines(&self, most: usize) -> Vec<String> {
        let end = &self.kept[self.kept.len().saturating_sub(KEPT)..];
        let is_cut = self.all > end.len();
        // Half a word may be half a secret, which would not be known as one.
        let word = end.iter().position(u8::is_ascii_whitespace).unwrap_or(end.len());
        let text = String::from_utf8_lossy(if is_cut { &end[word..] } else { end });
        let lines: Vec<&str> = text.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(most)..];
        let is_all = last.len() == lines.len() && !is_cut;
        let before = (!is_all).then(|| format!("… the last lines of {} bytes:", self.all));
        before.into_iter().chain(last.iter().map(|line| (*line).to_owned())).collect()
    }
}

/// Runs a command with `sh` in a folder, without input, in a process group of its own, to its end or until the run is
/// stopped. It is `sh` on Windows as well, where Git brings one, so that a layers file means the same everywhere.
///
/// # Errors
/// The shell cannot be started.
pub async fn run(command: &str, folder: &Path, variable: (&str, &str), stop: &Stop) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    let mut shell = Command::new("sh");
    shell
        // A command that begins with `-` is one all the same.
        .args(["-c", "--", command])
        .current_dir(folder)
        .env(variable.0, variable.1)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    #[cfg(unix)]
    shell.process_group(0);
    let mut group = Group(shell.spawn()?);
    // Its ends of the pipe would otherwise stay open here, and nobody would see that it ended.
    drop(shell);
    let mut pieces = pieces(reader);
    let mut output = Output::default();
    tokio::select! {
        status = to_its_end(&mut group, &mut pieces, &mut output) => Ok(Ended::Itself(status?, output)),
        () = stop.finishing() => {
            group.end().await;
            Ok(Ended::Stopped)
        }
    }
}

async fn to_its_end(group: &mut Group, pieces: &mut Pieces, output: &mut Output) -> io::Result<ExitStatus> {
    let status = tokio::select! {
        status = group.0.wait() => status?,
        () = listen(pieces, output) => group.0.wait().await?,
    };
    let _ = timeout(LAST_WORDS, listen(pieces, output)).await;
    Ok(status)
}

/// What is read from a pipe, as it comes.
type Pieces = mpsc::Receiver<Vec<u8>>;

/// Reads a pipe on a thread of its own: pipes cannot be waited for on Windows, and one that something in the background
/// keeps open must not hold up the end of the run, as a task of the runtime would.
fn pieces(mut pipe: PipeReader) -> Pieces {
    let (sender, pieces) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            if sender.blocking_send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    pieces
}

/// Listens until nobody can write any more. What was heard is kept, also if this is dropped in between.
async fn listen(pieces: &mut Pieces, output: &mut Output) {
    while let Some(piece) = pieces.recv().await {
        output.push(&piece);
    }
}

/// A child that leads a group of processes, which ends with this value if the child has not ended by then.
struct Group(Child);

impl Group {
    /// Asks all of them to end, and ends those that do not.
    async fn end(&mut self) {
        let Some(leader) = self.0.id() else { return };
        group::ask_to_end(leader);
        let _ = timeout(GRACE, self.0.wait()).await;
        // The number stays theirs for as long as one of them lives.
        group::kill(leader);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0.id() {
            group::kill(leader);
        }
    }
}

#[cfg(unix)]
mod group {
    use rustix::process::{Pid, Signal, kill_process_group};

    pub fn ask_to_end(leader: u32) {
        send(leader, Signal::TERM);
    }

    pub fn kill(leader: u32) {
        send(leader, Signal::KILL);
    }

    fn send(leader: u32, signal: Signal) {
        if let Some(group) = leader.try_into().ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

/// There are no signals: a tree of processes is ended from its root, as long as that is there.
#[cfg(windows)]
mod group {
    use std::process::{Command, Stdio};

    pub fn ask_to_end(leader: u32) {
        kill(leader);
    }

    pub fn kill(leader: u32) {
        let mut command = Command::new("taskkill");
        command.args(["/T", "/F", "/PID", &leader.to_string()]);
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Pid, Signal};

    use super::*;

    async fn ran(command: &str) -> (ExitStatus, Output) {
        match run(command, Path::new("."), ("NAME", "a b"), &Stop::default()).await.unwrap() {
            Ended::Itself(status, output) => (status, output),
            Ended::Stopped => panic!("nobody stopped it"),
        }
    }

    #[tokio::test]
    async fn both_outputs_are_kept_in_order_and_the_variable_is_set() {
        let (status, output) = ran("echo one; echo two >&2; echo \"$NAME\"; read line || echo no input; exit 3").await;
        assert_eq!(
            (status.code(), output.last_lines(9)),
            (Some(3), ["one", "two", "a b", "no input"].map(str::to_owned).to_vec())
        );
    }

    #[tokio::test]
    async fn of_much_output_the_end_is_kept() {
        let (_, output) = ran("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done").await;
        assert!(output.kept.len() <= 2 * KEPT && output.all > 200_000);
        let last = output.last_lines(2);
        assert_eq!(
            last,
            [format!("… the last lines of {} bytes:", output.all), "line 19998".into(), "line 19999".into()]
        );
    }

    #[test]
    fn no_part_of_a_word_is_told() {
        for told in [" b\nc", "\nb\nc", "\r\n b\r\nc\n"] {
            let mut output = Output::default();
            output.push(format!("https://user:{}SECRET@host{told}", "x".repeat(KEPT - 11 - told.len())).as_bytes());
            let lines = output.last_lines(9);
            assert_eq!([lines[1].trim(), &lines[2]], ["b", "c"], "{told:?}");
        }
        let mut output = Output::default();
        output.push(&[b'x'; KEPT + 1]);
        assert_eq!(output.last_lines(9), [format!("… the last lines of {} bytes:", KEPT + 1)]);
    }

    #[tokio::test]
    async fn what_is_left_in_the_background_does_not_hold_it_up() {
        let (status, output) = ran("sleep 600 & echo $!").await;
        assert!(status.success());
        let left = output.last_lines(1)[0].parse().ok().and_then(Pid::from_raw).unwrap();
        rustix::process::kill_process(left, Signal::KILL).unwrap();
    }

    #[tokio::test]
    async fn a_command_is_never_taken_for_options() {
        let (status, output) = ran("-n none-such").await;
        assert_eq!(status.code(), Some(127), "{:?}", output.last_lines(9));
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        assert!(run("true", Path::new("/none/at/all"), ("NAME", ""), &Stop::default()).await.is_err());
    }
}
