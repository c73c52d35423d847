//! The journal: one JSON line per change, appended with one write. A complete line is the commit.
//!
//! A process killed in the middle of a write leaves a torn last line, which was never answered and is dropped on
//! the next start. Starting also compacts: the shortest journal that gives the same state is written beside the
//! old one and renamed over it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::state::{Event, State};

const NAME: &str = "journal.jsonl";
const NEW_NAME: &str = "journal.new";

/// The open journal.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    length: u64,
}

impl Journal {
    /// Reads the state from `dir`, and opens a compacted journal of it.
    pub fn open(dir: &Path) -> io::Result<(Self, State)> {
        let path = dir.join(NAME);
        let state = match File::open(&path) {
            Ok(file) => replay(file, &path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(error),
        };
        let new_path = dir.join(NEW_NAME);
        write_all(&new_path, &state)?;
        fs::rename(&new_path, &path)?;
        let mut file = OpenOptions::new().write(true).open(&path)?;
        let length = file.seek(SeekFrom::End(0))?;
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

fn replay(file: File, path: &Path) -> io::Result<State> {
    let mut state = State::default();
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        // No line end: the end of the file, or a write that was cut short.
        if line.pop() != Some(b'\n') {
            break;
        }
        let event = serde_json::from_slice(&line).map_err(|error| {
            let message = format!("{} line {number} is not a change this sandbox knows: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        state.apply(event);
    }
    Ok(state)
}

fn write_all(path: &Path, state: &State) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    for event in state.events() {
        serde_json::to_writer(&mut writer, &event)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (mut journal, _) = Journal::open(dir.path()).expect("opened");
        journal.append(&created("kept")).expect("appended");
        let whole = fs::read(dir.path().join(NAME)).expect("read");
        journal.append(&created("torn")).expect("appended");
        let both = fs::read(dir.path().join(NAME)).expect("read");
        for cut in whole.len()..both.len() {
            fs::write(dir.path().join(NAME), &both[..cut]).expect("written");
            let (_, state) = Journal::open(dir.path()).expect("opened again");
            assert_eq!(state.buckets.keys().collect::<Vec<_>>(), ["kept"], "cut at {cut}");
        }
    }

    #[test]
    fn starting_compacts() {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = Journal::open(dir.path()).expect("opened");
        for _ in 0..10 {
            journal.append(&created("gone")).expect("appended");
            journal.append(&deleted("gone")).expect("appended");
        }
        drop(journal);
        drop(Journal::open(dir.path()).expect("opened again"));
        assert_eq!(fs::read(dir.path().join(NAME)).expect("read"), b"");
    }

    #[test]
    fn a_journal_of_another_kind_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(NAME), "{\"unknown\":{}}\n").expect("written");
        let error = Journal::open(dir.path()).expect_err("refused");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
