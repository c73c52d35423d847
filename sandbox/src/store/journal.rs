//! The journal: one JSON line per change, appended with one write. A complete line is the commit.
//!
//! A process killed in the middle of a write leaves a torn last line, which was never answered and is dropped on
//! the next start. Starting also compacts: the shortest journal that gives the same state is written beside the
//! old one and renamed over it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek, SeekFrom, Write};

use super::folder::Folder;
use super::state::{Event, State};

const NAME: &str = "journal.jsonl";
const NEW_NAME: &str = "journal.new";

/// More than the longest change takes, an upload of 10,000 parts.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// The open journal.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    length: u64,
}

impl Journal {
    /// Reads the state from the folder, and opens a compacted journal of it.
    pub fn open(folder: &Folder) -> io::Result<(Self, State)> {
        let state = match folder.read(NAME) {
            Ok(file) => replay(file, &folder.shown(NAME))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error),
        };
        match folder.remove(NEW_NAME) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = write_all(folder.make(NEW_NAME)?, &state)?;
        folder.rename(NEW_NAME, NAME)?;
        let length = file.stream_position()?;
        Ok((Self { file, length }, state))
    }

    /// Appends one change. After an error (a full disk) the journal is as it was.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

fn replay(file: File, path: &str) -> io::Result<State> {
    let mut state = State::default();
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        let invalid = |why: String| {
            let message = format!("{path} line {number} is not a change this sandbox knows: {why}");
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        line.clear();
        let length = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if length as u64 == LONGEST_LINE {
            return Err(invalid(format!("it is longer than {LONGEST_LINE} bytes")));
        }
        // No line end: the end of the file, or a write that was cut short.
        if line.pop() != Some(b'\n') {
            break;
        }
        let event: Event = serde_json::from_slice(&line).map_err(|error| invalid(error.to_string()))?;
        event.check().map_err(|why| invalid(why.to_owned()))?;
        state.apply(event);
    }
    Ok(state)
}

/// Writes the shortest journal of the state; the file stands at its end.
fn write_all(file: File, state: &State) -> io::Result<File> {
    let mut writer = BufWriter::new(file);
    for event in state.events() {
        serde_json::to_writer(&mut writer, &event)?;
        writer.write_all(b"\n")?;
    }
    writer.into_inner().map_err(io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn open(dir: &Path) -> io::Result<(Journal, State)> {
        Journal::open(&Folder::open(dir, None)?)
    }

    fn deleted(bucket: &str) -> Event {
        Event::BucketDeleted { bucket: bucket.to_owned() }
    }

    fn created(bucket: &str) -> Event {
        let info = serde_json::json!({"region": "r", "owner": "o", "created": 0, "versioning": "Never"});
        let info = serde_json::from_value(info).expect("a bucket");
        Event::BucketCreated { bucket: bucket.to_owned(), info }
    }

    #[test]
    fn a_torn_last_line_is_dropped() {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = open(dir.path()).expect("opened");
        journal.append(&created("kept")).expect("appended");
        let whole = fs::read(dir.path().join(NAME)).expect("read");
        journal.append(&created("torn")).expect("appended");
        let both = fs::read(dir.path().join(NAME)).expect("read");
        for cut in whole.len()..both.len() {
            fs::write(dir.path().join(NAME), &both[..cut]).expect("written");
            let (_, state) = open(dir.path()).expect("opened again");
            assert_eq!(state.buckets.keys().collect::<Vec<_>>(), ["kept"], "cut at {cut}");
        }
    }

    #[test]
    fn starting_compacts() {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = open(dir.path()).expect("opened");
        for _ in 0..10 {
            journal.append(&created("gone")).expect("appended");
            journal.append(&deleted("gone")).expect("appended");
        }
        drop(journal);
        drop(open(dir.path()).expect("opened again"));
        assert_eq!(fs::read(dir.path().join(NAME)).expect("read"), b"");
    }

    #[test]
    fn a_journal_of_another_kind_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(NAME), "{\"unknown\":{}}\n").expect("written");
        let error = open(dir.path()).expect_err("refused");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
