//! A terminal that nobody sits at: what stands on it is asked of tmux, and it can be resized while something runs in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::common::project::until;
use crate::common::{isolated, write};

/// No line for tmux itself, and room for all that scrolls away.
const CONFIGURATION: &str = "set -g status off\nset -g history-limit 20000\nset -g default-terminal screen-256color\n";

/// What stands behind the last line of whatever ran, with its exit code.
const ENDED: &str = "ENDED WITH";

/// A terminal in which a command line runs.
pub struct Terminal {
    program: PathBuf,
    folder: TempDir,
}

impl Terminal {
    /// Runs a line of a shell in a terminal of this size, in the environment of a command and in its folder.
    pub fn run(size: (u16, u16), like: &Command, line: &str) -> Self {
        let terminal = Self { program: crate::needed(&["tmux"]), folder: crate::common::folder() };
        let configuration = write(terminal.folder.path(), "tmux.conf", CONFIGURATION);
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        // It stays when the line has ended, also by a key, and waits for one that nobody presses.
        let line = format!("trap : INT; {line}; echo {ENDED} $?; read -r key");
        let mut start = terminal.tmux(like.get_current_dir().expect("a folder"));
        start.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        start.arg("-f").arg(configuration).args(["new-session", "-d", "-x", &columns, "-y", &rows, "sh", "-c", &line]);
        succeeded(&start.output().expect("tmux starts"));
        terminal
    }

    fn tmux(&self, folder: &Path) -> Command {
        let mut command = isolated(&self.program, folder);
        // UTF-8 whatever the locale of what runs in it.
        command.arg("-u").arg("-S").arg(self.folder.path().join("socket"));
        command
    }

    #[track_caller]
    fn ask(&self, args: &[&str]) -> String {
        let output = self.tmux(self.folder.path()).args(args).output().expect("tmux starts");
        succeeded(&output);
        String::from_utf8(output.stdout).expect("UTF-8 on the terminal")
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    /// What stands on the screen and what scrolled away above it; what was too long for a line is one line again.
    pub fn everything(&self) -> String {
        self.ask(&["capture-pane", "-p", "-J", "-S", "-"]).trim_end().to_owned() + "\n"
    }

    /// The same as it stands there, with its colours, as the sequences that make them.
    pub fn in_colour(&self) -> String {
        self.ask(&["capture-pane", "-p", "-e", "-S", "-"])
    }

    /// Another size, while it runs.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.ask(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Presses a key, such as `C-c`.
    pub fn press(&self, key: &str) {
        self.ask(&["send-keys", key]);
    }

    /// Waits until something is so of the screen.
    #[track_caller]
    pub fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        until(what, || Some(self.screen()).filter(|screen| is_so(screen)))
    }

    /// Waits until it has ended, and returns its exit code.
    #[track_caller]
    pub fn end(&self) -> i32 {
        let screen = self.until("its end", |screen| code(screen).is_some());
        code(&screen).expect("a code")
    }
}

fn code(screen: &str) -> Option<i32> {
    screen.lines().find_map(|line| line.strip_prefix(ENDED)?.trim().parse().ok())
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "tmux: {}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(self.folder.path()).arg("kill-server").output();
    }
}
