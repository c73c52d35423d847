//! A run that is watched and interrupted while it goes on.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::Ended;
use super::project::until;

/// A process whose standard error is read while it runs.
pub struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let heard = Arc::clone(&said);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines() {
                let line = line.expect("UTF-8 on stderr");
                let mut heard = heard.lock().expect("no panic holds it");
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { child, said, reader }
    }

    /// Waits until it said this on standard error.
    #[track_caller]
    pub fn until_it_says(&self, words: &str) {
        until(words, || self.said.lock().expect("no panic holds it").contains(words).then_some(()));
    }

    /// Sends a signal, such as `INT`. Through the shell, whose `kill` is built in.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(sent.expect("a shell").success(), "the process is gone");
    }

    /// The most memory that it has had so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.memory().expect("it runs")
    }

    /// `None` of what has ended.
    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024)
    }

    /// Waits for its end, and says how much memory it had at most, in bytes. What it prints has to fit into a pipe.
    pub fn end_measured(self) -> (Ended, u64) {
        let mut peak = 0;
        until("its end", || match self.memory() {
            Some(memory) => {
                peak = memory;
                None
            }
            None => Some(()),
        });
        (self.end(), peak)
    }

    /// Waits for its end.
    pub fn end(self) -> Ended {
        let output = self.child.wait_with_output().expect("it ends");
        self.reader.join().expect("its standard error was read");
        let stderr = self.said.lock().expect("no panic holds it").clone();
        Ended { stderr, ..Ended::from(output) }
    }
}
