//! An output that fails at most once.

use std::io::{self, ErrorKind, Seek, SeekFrom, Write};

/// Passes on everything up to the first failure, and swallows what comes after it.
///
/// A `ZipWriter` that is dropped on the way out of an error tries to finish its zip, and prints to stderr if it
/// cannot: in the middle of a progress display. Behind this, it can.
pub(super) struct FailsOnce<W> {
    inner: W,
    failed: bool,
    position: u64,
}

impl<W> FailsOnce<W> {
    pub(super) fn new(inner: W) -> FailsOnce<W> {
        FailsOnce { inner, failed: false, position: 0 }
    }

    fn note<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        self.failed |= outcome.as_ref().is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        outcome
    }
}

impl<W: Write> Write for FailsOnce<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.failed { Ok(bytes.len()) } else { self.inner.write(bytes) };
        let written = self.note(written)?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = if self.failed { Ok(()) } else { self.inner.flush() };
        self.note(flushed)
    }
}

impl<W: Seek> Seek for FailsOnce<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            _ if !self.failed => self.inner.seek(to),
            SeekFrom::Start(position) => Ok(position),
            SeekFrom::Current(distance) => Ok(self.position.saturating_add_signed(distance)),
            SeekFrom::End(_) => Ok(self.position),
        };
        self.position = self.note(position)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::FailsOnce;
    use std::io::{self, Cursor, Seek, SeekFrom, Write};

    #[test]
    fn the_first_failure_shows_and_the_rest_is_swallowed() {
        // Four bytes fit, as on a disk that is nearly full.
        let mut place = [0; 4];
        let mut output = FailsOnce::new(Cursor::new(&mut place[..]));
        assert_eq!(output.write(b"abc").unwrap(), 3);
        assert_eq!(output.stream_position().unwrap(), 3);
        assert_eq!(output.write_all(b"de").unwrap_err().kind(), io::ErrorKind::WriteZero);
    }

    struct Interrupted;

    impl Write for Interrupted {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::Interrupted.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_interruption_is_no_failure() {
        let mut output = FailsOnce::new(Interrupted);
        assert!(output.write(b"abc").is_err());
        assert!(output.write(b"abc").is_err());
    }

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::other("full"))
        }
    }

    impl Seek for Broken {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Err(io::Error::other("full"))
        }
    }

    #[test]
    fn positions_go_on_after_a_failure() {
        let mut output = FailsOnce::new(Broken);
        assert_eq!(output.write(b"abc").unwrap_err().to_string(), "full");
        assert_eq!(output.write(b"abc").unwrap(), 3);
        output.flush().unwrap();
        assert_eq!(output.stream_position().unwrap(), 3);
        assert_eq!(output.seek(SeekFrom::Start(7)).unwrap(), 7);
        assert_eq!(output.seek(SeekFrom::Current(-2)).unwrap(), 5);
        assert_eq!(output.seek(SeekFrom::End(0)).unwrap(), 5);
    }
}
