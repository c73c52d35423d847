//! A run in the background.

use std::process::{Child, Command, Stdio};

use crate::common::Ended;

/// A run in the background, killed when it is dropped.
pub struct Running(Option<Child>);

impl Running {
    pub fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        Self(Some(child))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it runs")
    }

    /// Sends a signal by its name.
    pub fn signal(&mut self, name: &str) {
        let id = self.child().id();
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status().expect("a shell");
        assert!(sent.success(), "no process {id} to signal");
    }

    /// Takes what it prints on standard error, to wait for a line of it.
    pub fn stderr(&mut self) -> std::process::ChildStderr {
        self.child().stderr.take().expect("piped, and not taken yet")
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child().try_wait().expect("a child").is_some()
    }

    /// Kills it as hard as a machine can, and waits until it is gone.
    pub fn kill(mut self) {
        // One that has just ended cannot be killed.
        let _ = self.child().kill();
        self.child().wait().expect("gone");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        self.0.take().expect("it runs").wait_with_output().expect("it ends").into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
