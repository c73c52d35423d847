//! The one place that writes to the standard streams.
//!
//! It takes nothing but [`Shown`], so that nothing foreign reaches a terminal or a log as it is. Nothing here can stop a
//! run: whoever reads the progress may go away (`2>&1 | head`), while layers are being published. Only standard output, which is data, reports a write that failed for another reason than that.

use std::io::{self, Write};

use crate::report::Shown;
use crate::report::charset::{self, shown_in};
use crate::report::command::WorkflowCommand;

/// Writes one line in a single call, so that lines of several processes do not mix. A failure is ignored.
pub fn line(out: &mut impl Write, text: &Shown) {
    let _ = out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error as it is; a failure is ignored.
pub fn stderr(text: &Shown) {
    let mut out = io::stderr();
    let text = shown_in(text.as_str(), charset::stderr_is_ascii());
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a command for the build server to standard error, on a line of its own; a failure is ignored.
pub fn command(command: &WorkflowCommand) {
    let mut out = io::stderr();
    let _ = out.write_all(format!("{}\n", command.line()).as_bytes()).and_then(|()| out.flush());
}

/// Writes data to standard output. A reader that stops reading is not a failure; a full disk is.
pub fn stdout(text: &Shown) -> io::Result<()> {
    data(&mut io::stdout().lock(), &shown_in(text.as_str(), charset::stdout_is_ascii()))
}

fn data(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_failure_but_a_full_disk_is() {
        assert!(data(&mut Failing(io::ErrorKind::BrokenPipe), "x").is_ok());
        assert!(data(&mut Failing(io::ErrorKind::StorageFull), "x").is_err());
        line(&mut Failing(io::ErrorKind::BrokenPipe), &"x".into());
    }
}
