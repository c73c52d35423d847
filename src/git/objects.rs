//! An entry of a commit, and whether a file is what it says.

use std::fs::{Metadata, read_link, symlink_metadata};
use std::io::{self, Read as _};
use std::path::Path;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::disk::without_waiting;

/// Line endings may be changed on the way into a checkout; a file that is larger is compared as it is.
const TEXT_LIMIT: u64 = 8_000_000;

/// A file, a link or a submodule, as a commit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    mode: String,
    id: String,
}

impl Entry {
    /// Reads `MODE TYPE ID<tab>PATH`, as `git ls-tree -r -z` prints it.
    pub fn of_line(line: &[u8]) -> Option<(&Path, Self)> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (head, path) = (std::str::from_utf8(&line[..tab]).ok()?, std::str::from_utf8(&line[tab + 1..]).ok()?);
        let [mode, _, id] = head.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some((Path::new(path), Self { mode: mode.to_owned(), id: id.to_owned() }))
    }

    /// Reads `MODE ID STAGE<tab>PATH`, as `git ls-files -s -z` prints it.
    pub fn of_index_line(line: &[u8]) -> Option<(&Path, Self)> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (head, path) = (std::str::from_utf8(&line[..tab]).ok()?, std::str::from_utf8(&line[tab + 1..]).ok()?);
        let [mode, id, _] = head.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some((Path::new(path), Self { mode: mode.to_owned(), id: id.to_owned() }))
    }

    /// Whether it is a link.
    pub fn is_link(&self) -> bool {
        self.mode == "120000"
    }

    /// The object's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether this is what stands at a path now, with its mode where those tell something. Of a submodule, only commits
    /// tell.
    pub fn is_at(&self, path: &Path, has_modes: bool) -> bool {
        match self.mode.as_str() {
            "160000" => true,
            "120000" => read_link(path).is_ok_and(|to| to.to_str().is_some_and(|to| self.is(to.as_bytes()))),
            _ => self.is_file_at(path, has_modes).unwrap_or(false),
        }
    }

    fn is_file_at(&self, path: &Path, has_modes: bool) -> io::Result<bool> {
        let metadata = symlink_metadata(path)?;
        if !metadata.is_file() || has_modes && may_be_run(&metadata) != (self.mode == "100755") {
            return Ok(false);
        }
        let mut file = without_waiting(path)?;
        let size = file.metadata()?.len();
        if size <= TEXT_LIMIT {
            let mut bytes = Vec::new();
            file.take(TEXT_LIMIT + 1).read_to_end(&mut bytes)?;
            return Ok(self.is(&bytes) || self.is(&with_line_feeds(&bytes)));
        }
        let mut hash = Hash::of(size, &self.id);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hash.id() == self.id),
                read => hash.update(&buffer[..read]),
            }
        }
    }

    /// Whether an object with this content has this id.
    fn is(&self, content: &[u8]) -> bool {
        let mut hash = Hash::of(content.len() as u64, &self.id);
        hash.update(content);
        hash.id() == self.id
    }
}

/// Whether its owner may run it: of a mode, git keeps no more.
#[cfg(unix)]
fn may_be_run(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn may_be_run(_: &Metadata) -> bool {
    false
}

fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let follows = bytes.iter().skip(1).map(Some).chain([None]);
    let pairs = bytes.iter().zip(follows).filter(|(byte, next)| (**byte, *next) != (b'\r', Some(&b'\n')));
    pairs.map(|(byte, _)| *byte).collect()
}

/// The hash of an object, in whichever of its two forms the repository has.
enum Hash {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hash {
    /// The hash of a file of this size, in the form that another id has.
    fn of(size: u64, id: &str) -> Self {
        let head = format!("blob {size}\0");
        if id.len() == 64 {
            Self::Sha256(Sha256::new_with_prefix(head))
        } else {
            Self::Sha1(Sha1::new_with_prefix(head))
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    fn id(self) -> String {
        match self {
            Self::Sha1(hash) => hex(&hash.finalize()),
            Self::Sha256(hash) => hex(&hash.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_git_prints_it() {
        let line = b"100644 blob ce013625030ba8dba906f756967f9e9ca394464a\ta b/\xc3\xa4.txt";
        let (path, entry) = Entry::of_line(line).unwrap();
        assert_eq!((path, entry.mode.as_str()), (Path::new("a b/ä.txt"), "100644"));
        // What git calls the content "hello\n".
        assert!(entry.is(b"hello\n") && !entry.is(b"hello"));
        assert!(Entry::of_line(b"no entry").is_none());
        let line = b"100644 ce013625030ba8dba906f756967f9e9ca394464a 0\ta b/\xc3\xa4.txt";
        assert_eq!(Entry::of_index_line(line), Some((path, entry)));
    }

    #[test]
    fn line_endings_do_not_count() {
        assert_eq!(with_line_feeds(b"a\r\nb\rc\n\r\n\r"), b"a\nb\rc\n\n\r");
        assert_eq!(with_line_feeds(b""), b"");
    }
}
