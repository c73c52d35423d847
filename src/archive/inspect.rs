//! What a zip says of itself, through ranged reads and never whole.
//!
//! A zip ends with its table of contents, the central directory. One read of the tail holds it in most layers;
//! otherwise a second read, whose size the tail tells, brings the rest.

use super::layout;
use bytes::{Bytes, BytesMut};
use rawzip::{ErrorKind, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipLocator};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::error::Error;
use std::io;

/// What Lambda accepts of one layer, unzipped, in bytes.
pub const UNZIPPED_LIMIT: u64 = 262_144_000;

/// What the first read asks for: the central directory of about a thousand files.
const TAIL: u64 = 128 * 1024;

/// The furthest from the end that a central directory may begin: that of about 300,000 files.
const DIRECTORY_LIMIT: u64 = 32 * 1024 * 1024;

/// An end record of 22 bytes and the longest comment behind it.
const END_RECORD_LIMIT: u64 = 22 + 65_535;

/// How many names of the top level are kept, besides the folders that matter to Lambda.
const TOP_LEVEL_LIMIT: usize = 256;

/// Each read reaches further back than the one before, and no zip needs more than these.
const READS_LIMIT: usize = 4;

/// A zip that can be read at any offset: a local file, or an object in S3 read by ranged GETs.
pub trait ReadAt {
    /// Why a read failed.
    type Error: Error + Send + Sync + 'static;

    /// The size of the zip in bytes.
    fn size(&self) -> u64;

    /// The `len` bytes at `offset`; the range lies within the size.
    fn read_at(&self, offset: u64, len: u64) -> impl Future<Output = Result<Bytes, Self::Error>> + Send;
}

/// What a zip says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Entries, folders included.
    pub entries: u64,
    /// Entries that are no folder.
    pub files: u64,
    /// The sum of all unzipped sizes.
    pub unzipped: u64,
    /// What lies at the root; folders end with `/`. Of a crowded root only the first few hundred names are kept,
    /// but always the folders that Lambda looks into.
    pub top_level: BTreeSet<String>,
}

/// Why a zip cannot become a layer.
#[derive(Debug, thiserror::Error)]
pub enum InspectError<E: Error + 'static> {
    /// It is something else, or only the beginning of a zip.
    #[error("not a zip: {0}")]
    NotAZip(String),
    /// It is a zip without a single file.
    #[error("the zip has no files")]
    Empty,
    /// It unzips to more than Lambda accepts.
    #[error("{} unzipped; Lambda accepts {}", megabytes(*unzipped), megabytes(UNZIPPED_LIMIT))]
    TooLarge {
        /// What it unzips to, in bytes.
        unzipped: u64,
    },
    /// Its table of contents contradicts itself.
    #[error("damaged zip: {0}")]
    Malformed(String),
    /// It could not be read.
    #[error("the zip could not be read")]
    Read(#[source] E),
}

/// Reads what a zip says of itself, and refuses what Lambda would refuse.
pub async fn inspect<R: ReadAt + Sync>(source: &R) -> Result<Inspection, InspectError<R::Error>> {
    let size = source.size();
    let mut start = size.saturating_sub(TAIL);
    let mut tail = read(source, start, size - start).await?;
    for reads in 1..=READS_LIMIT {
        match survey(size, &tail) {
            Survey::Done(outcome) => return outcome.map_err(Refusal::into).and_then(acceptable),
            Survey::NeedsFrom(offset) if size - offset > DIRECTORY_LIMIT || reads == READS_LIMIT => break,
            Survey::NeedsFrom(offset) => {
                let mut longer = BytesMut::from(read(source, offset, start - offset).await?);
                longer.extend_from_slice(&tail);
                tail = longer.freeze();
                start = offset;
            }
        }
    }
    Err(InspectError::Malformed("its end points to a table of contents that is not there".to_owned()))
}

async fn read<R: ReadAt>(source: &R, offset: u64, len: u64) -> Result<Bytes, InspectError<R::Error>> {
    if len == 0 {
        return Err(InspectError::NotAZip("it has no content".to_owned()));
    }
    let bytes = source.read_at(offset, len).await.map_err(InspectError::Read)?;
    if bytes.len() as u64 == len {
        return Ok(bytes);
    }
    let why = format!("{} bytes came where {len} were asked for; it changed while it was read", bytes.len());
    Err(InspectError::Malformed(why))
}

fn acceptable<E: Error>(inspection: Inspection) -> Result<Inspection, InspectError<E>> {
    match inspection {
        Inspection { files: 0, .. } => Err(InspectError::Empty),
        Inspection { unzipped, .. } if unzipped > UNZIPPED_LIMIT => Err(InspectError::TooLarge { unzipped }),
        acceptable => Ok(acceptable),
    }
}

/// What the tail of a zip tells.
enum Survey {
    Done(Result<Inspection, Refusal>),
    /// Nothing yet: the bytes from this offset on are needed.
    NeedsFrom(u64),
}

enum Refusal {
    NotAZip(String),
    Malformed(String),
}

impl<E: Error> From<Refusal> for InspectError<E> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAZip(why) => InspectError::NotAZip(why),
            Refusal::Malformed(why) => InspectError::Malformed(why),
        }
    }
}

fn survey(size: u64, tail: &[u8]) -> Survey {
    let window = Window { size, tail, missed: Cell::new(None) };
    let outcome = read_directory(&window);
    // rawzip may swallow a failed read and try another way, so a miss counts whatever came of it.
    match window.missed.get() {
        Some(offset) => Survey::NeedsFrom(offset),
        None => Survey::Done(outcome),
    }
}

fn read_directory(window: &Window<'_>) -> Result<Inspection, Refusal> {
    // No length in the zip decides what is allocated: one record fits into this, however it is filled.
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let locator = ZipLocator::new().max_search_space(END_RECORD_LIMIT);
    let archive = locator.locate_in_reader(window, &mut buffer, window.size).map_err(|(_, error)| refusal(&error))?;
    let promised = archive.entries_hint();
    let mut inspection = Inspection::default();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| damaged(&error))? {
        inspection.add(entry.file_path().as_bytes(), entry.is_dir(), entry.uncompressed_size_hint());
    }
    // Without zip64 the count has 16 bits, and some tools let it wrap.
    if promised == inspection.entries || promised == inspection.entries & 0xffff {
        return Ok(inspection);
    }
    Err(Refusal::Malformed(format!("its end promises {promised} entries, it lists {}", inspection.entries)))
}

fn refusal(error: &rawzip::Error) -> Refusal {
    match error.kind() {
        ErrorKind::MissingEndOfCentralDirectory => {
            Refusal::NotAZip("it does not end as a zip does, or was cut off".to_owned())
        }
        _ => damaged(error),
    }
}

fn damaged(error: &rawzip::Error) -> Refusal {
    Refusal::Malformed(format!("its table of contents cannot be read ({error})"))
}

impl Inspection {
    fn add(&mut self, path: &[u8], is_folder: bool, unzipped: u64) {
        self.entries += 1;
        self.files += u64::from(!is_folder);
        self.unzipped = self.unzipped.saturating_add(unzipped);
        if let Some(name) = top_level(path)
            && (self.top_level.len() < TOP_LEVEL_LIMIT || layout::is_known(&name))
        {
            self.top_level.insert(name);
        }
    }
}

/// The first part of a path, with a `/` behind it if more follows. Some tools write `./python/…`.
fn top_level(path: &[u8]) -> Option<String> {
    let mut rest = path;
    loop {
        let end = rest.iter().position(|&byte| byte == b'/');
        let (name, is_folder) = end.map_or((rest, false), |end| (&rest[..end], true));
        if !matches!(name, b"" | b".") {
            let name = String::from_utf8_lossy(name);
            return Some(if is_folder { format!("{name}/") } else { name.into_owned() });
        }
        rest = &rest[end? + 1..];
    }
}

/// The end of a zip, as far as it was read, at its place in the whole.
struct Window<'a> {
    size: u64,
    tail: &'a [u8],
    missed: Cell<Option<u64>>,
}

impl ReaderAt for Window<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = self.size - self.tail.len() as u64;
        let Some(skipped) = offset.checked_sub(start) else {
            let earliest = self.missed.get().unwrap_or(u64::MAX).min(offset);
            self.missed.set(Some(earliest));
            return Err(io::Error::from(io::ErrorKind::WouldBlock));
        };
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(self.tail.len());
        let rest = &self.tail[skipped..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}

/// Megabytes with one decimal. What is over the limit by a little must not look like the limit.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    let least = UNZIPPED_LIMIT / 100_000 + u64::from(bytes > UNZIPPED_LIMIT);
    let tenths = if bytes > UNZIPPED_LIMIT { tenths.max(least) } else { tenths.min(least) };
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests;
