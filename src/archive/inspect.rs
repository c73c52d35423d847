//! What a zip says of itself, through ranged reads and never whole.
//!
//! A zip ends with its table of contents, the central directory. One read of the tail holds it in most layers;
//! otherwise the rest is read a piece at a time.

mod looks;

use super::ballast::Ballast;
use super::entry::Entry;
use super::homes::Homes;
use super::limit::{UNZIPPED_LIMIT, megabytes};
use super::link::{End, Links};
use super::natives::Natives;
use super::oddities::{Oddities, Oddity, Paths};
use super::packages::Packages;
use super::sample::Kind;
use super::{layout, window::Window};
use bytes::Bytes;
use looks::Looks;
use rawzip::{ErrorKind, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipLocator};
use std::collections::BTreeSet;
use std::error::Error;

/// The largest zip that is looked at. Zipped, nothing that Lambda accepts grows to twice its limit.
pub const ZIP_LIMIT: u64 = 2 * UNZIPPED_LIMIT;

/// An end record of 22 bytes and the longest comment behind it.
const END_RECORD_LIMIT: u64 = 22 + 65_535;

/// Room for the end of a zip, however small it is.
const LEAST_ROOM: usize = 4 * 1024;

/// How many names of the top level are kept, besides the folders that matter to Lambda.
const TOP_LEVEL_LIMIT: usize = 256;

/// A zip that can be read at any offset: a local file, or an object in S3 read by ranged GETs. It blocks.
pub trait ReadAt {
    /// Why a read failed.
    type Error: Error + Send + Sync + 'static;

    /// Whether every small read costs a request.
    const IS_FAR: bool;

    /// The size of the zip in bytes.
    fn size(&self) -> u64;

    /// The `len` bytes at `offset`; the range lies within the size.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, Self::Error>;
}

/// What a zip says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Entries, folders included.
    pub entries: u64,
    /// Entries that are not folders.
    pub files: u64,
    /// The sum of all unzipped sizes, in bytes.
    pub unzipped: u64,
    /// What lies at the root; folders end with `/`. Of a crowded root only the first few hundred names are kept,
    /// but always the folders that Lambda looks into.
    pub top_level: BTreeSet<String>,
    /// Entries that Lambda, or who uses the layer, would not unzip as they were meant.
    pub oddities: Oddities,
    /// What its native libraries were built for, as far as their names tell.
    pub natives: Natives,
    /// What it carries for nothing.
    pub ballast: Ballast,
    /// Packages and their versions, as far as the names of their metadata tell.
    pub packages: Packages,
    /// Where packages for Python lie.
    pub homes: Homes,
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
    /// Zipped, it has more bytes than anything that Lambda accepts.
    #[error("a zip of {}; Lambda accepts {} unzipped", megabytes(*size), megabytes(UNZIPPED_LIMIT))]
    ZipTooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// Its table of contents contradicts itself.
    #[error("damaged zip: {0}")]
    Malformed(String),
    /// It could not be read.
    #[error("the zip could not be read")]
    Read(#[source] E),
}

/// Reads what a zip says of itself, and refuses what Lambda would refuse. All that costs no request is unzipped, and held against
/// it.
///
/// It blocks as its source does: call it where that does no harm.
///
/// # Errors
/// See [`InspectError`].
pub fn inspect<R: ReadAt>(source: &R) -> Result<Inspection, InspectError<R::Error>> {
    inspect_within(source, u64::MAX)
}

/// The same, where no more than so many bytes are unzipped to be held against what the zip says of them; of the files beyond
/// them, only the beginnings that tell something are read.
///
/// # Errors
/// See [`InspectError`].
#[inline(never)] // `bench/instructions` counts it by its name.
pub fn inspect_within<R: ReadAt>(source: &R, work: u64) -> Result<Inspection, InspectError<R::Error>> {
    let size = source.size();
    if size > ZIP_LIMIT {
        return Err(InspectError::ZipTooLarge { size });
    }
    let window = Window::new(source)?;
    let read = read_directory(Looks::of(&window, work), &window, size);
    // rawzip may swallow a failed read and try another way, so a failure counts whatever came of it.
    if let Some(failure) = window.failure() {
        return Err(failure);
    }
    acceptable(read?)
}

fn acceptable<E: Error>(inspection: Inspection) -> Result<Inspection, InspectError<E>> {
    match inspection {
        Inspection { files: 0, .. } => Err(InspectError::Empty),
        Inspection { unzipped, .. } if unzipped > UNZIPPED_LIMIT => Err(InspectError::TooLarge { unzipped }),
        acceptable => Ok(acceptable),
    }
}

fn read_directory<R: ReadAt>(
    mut looks: Looks<'_, '_, R>,
    window: &Window<'_, R>,
    size: u64,
) -> Result<Inspection, InspectError<R::Error>> {
    // No length in the zip decides what is allocated: one record fits into this, however it is filled. None is larger
    // than all of the zip.
    let room = usize::try_from(size).unwrap_or(usize::MAX).clamp(LEAST_ROOM, MAX_CENTRAL_DIRECTORY_RECORD_SIZE);
    let mut buffer = vec![0; room];
    let locator = ZipLocator::new().max_search_space(END_RECORD_LIMIT);
    let archive = locator.locate_in_reader(window, &mut buffer, size).map_err(|(_, error)| refusal(&error))?;
    let promised = archive.entries_hint();
    let mut inspection = Inspection::default();
    let mut paths = Paths::default();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| damaged(&error))? {
        let entry = Entry::of(&entry);
        inspection.add(&entry, &mut paths);
        looks.take(&entry, &mut inspection)?;
    }
    // Without zip64 the count has 16 bits, and some tools let it wrap.
    if promised != inspection.entries && promised != inspection.entries & 0xffff {
        let noun = if promised == 1 { "entry" } else { "entries" };
        return Err(InspectError::Malformed(format!(
            "its end says {promised} {noun}, its table of contents lists {}",
            inspection.entries
        )));
    }
    looks.end(&mut inspection)?;
    Ok(inspection)
}

fn refusal<E: Error>(error: &rawzip::Error) -> InspectError<E> {
    match error.kind() {
        ErrorKind::MissingEndOfCentralDirectory => {
            InspectError::NotAZip("it does not end as a zip does, or was cut off".to_owned())
        }
        _ => damaged(error),
    }
}

fn damaged<E: Error>(error: &rawzip::Error) -> InspectError<E> {
    InspectError::Malformed(format!("its table of contents cannot be read ({error})"))
}

impl Inspection {
    fn add(&mut self, entry: &Entry<'_>, paths: &mut Paths) {
        self.count(entry.path, entry.is_folder, entry.size);
        self.oddities.judge(entry, paths);
    }

    /// Takes note of what the beginning of a file tells; `is_whole` where every file of its kind is looked at.
    pub(super) fn learn(&mut self, kind: Kind, path: &[u8], content: &[u8], is_whole: bool) {
        match kind {
            Kind::Library => self.natives.see(path, content, is_whole),
            Kind::Program => self.natives.see_program(path, content, is_whole),
            Kind::NodePackage => self.packages.see_node(path, content, is_whole),
            Kind::DirectUrl => self.packages.see_direct_url(path, content),
            Kind::Link => {}
        }
    }

    /// Takes note of links that lead out, each with its target. What is no text leads nowhere.
    pub(super) fn follow(&mut self, links: &[(Vec<u8>, Vec<u8>)]) {
        let mut all = Links::default();
        for (path, target) in links {
            if let (Ok(path), Ok(target)) = (str::from_utf8(path), str::from_utf8(target)) {
                all.add(path, target);
            }
        }
        for (path, target) in links {
            self.lead(str::from_utf8(path).map_or(End::Outside, |path| all.end(path)), (path, target));
        }
    }

    /// Takes note of a link that leads there, if that is out.
    pub(super) fn lead(&mut self, end: End, (path, target): (&[u8], &[u8])) {
        let oddity = match end {
            End::Inside => return,
            End::Outside => Oddity::Leaving,
            End::Elsewhere => Oddity::Elsewhere,
        };
        self.oddities.add(oddity, &[path, b" -> ", target].concat());
    }

    pub(super) fn count(&mut self, path: &[u8], is_folder: bool, size: u64) {
        self.entries += 1;
        self.files += u64::from(!is_folder);
        self.unzipped = self.unzipped.saturating_add(size);
        self.packages.meet(path);
        self.natives.meet(path);
        self.ballast.meet(path, size);
        if !is_folder {
            self.homes.meet(path);
        }
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

#[cfg(test)]
mod tests;
