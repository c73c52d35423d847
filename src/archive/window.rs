//! A zip read through a window: its end is kept, what lies before comes a piece at a time and goes again, so that the
//! memory of a reading does not follow the size of what is read.

use super::{InspectError, ReadAt};
use bytes::Bytes;
use rawzip::ReaderAt;
use std::cell::{Cell, RefCell};
use std::io;

/// What the first read asks for: the whole table of contents of nearly all layers (some eight thousand files).
pub const TAIL: u64 = 1024 * 1024;

/// What is read at once before that.
const PIECE: u64 = 4 * 1024 * 1024;

/// What a reading may bring in all: the table of contents of more than a million files.
pub(super) const READ_LIMIT: u64 = 160 * 1024 * 1024;

/// A place in the zip and the bytes from there on.
struct Stretch {
    start: u64,
    bytes: Bytes,
}

impl Stretch {
    fn from(&self, offset: u64) -> Option<&[u8]> {
        let skipped = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(skipped..).filter(|rest| !rest.is_empty())
    }
}

/// The window, which reads as it is moved.
pub(super) struct Window<'a, R: ReadAt> {
    source: &'a R,
    tail: Stretch,
    piece: RefCell<Stretch>,
    read: Cell<u64>,
    failure: RefCell<Option<InspectError<R::Error>>>,
}

impl<'a, R: ReadAt> Window<'a, R> {
    /// Reads the end of a zip, or all of a small one.
    pub fn new(source: &'a R) -> Result<Self, InspectError<R::Error>> {
        let size = source.size();
        if size == 0 {
            return Err(InspectError::NotAZip("it has no content".to_owned()));
        }
        let start = size.saturating_sub(TAIL);
        let tail = Stretch { start, bytes: read(source, start, size - start)? };
        let piece = RefCell::new(Stretch { start: 0, bytes: Bytes::new() });
        Ok(Self { source, tail, piece, read: Cell::new(size - start), failure: RefCell::new(None) })
    }

    /// Why a read failed, if one did. Who parses may have taken the failure for something else.
    pub fn failure(&self) -> Option<InspectError<R::Error>> {
        self.failure.borrow_mut().take()
    }

    /// Whether a place was read already.
    pub fn has(&self, offset: u64) -> bool {
        offset >= self.tail.start
    }

    /// The bytes from a place on, at most so many; `None` beyond the end.
    pub fn stretch(&self, offset: u64, len: u64) -> Result<Option<Bytes>, InspectError<R::Error>> {
        let len = len.min(self.source.size().saturating_sub(offset));
        if len == 0 {
            return Ok(None);
        }
        match self.tail.from(offset) {
            Some(rest) => {
                let len = usize::try_from(len).map_or(rest.len(), |len| len.min(rest.len()));
                Ok(Some(self.tail.bytes.slice_ref(&rest[..len])))
            }
            None => read(self.source, offset, len).map(Some),
        }
    }

    fn move_to(&self, offset: u64) -> Result<Stretch, InspectError<R::Error>> {
        let len = PIECE.min(self.tail.start - offset);
        self.read.set(self.read.get() + len);
        if self.read.get() > READ_LIMIT {
            let why = format!("its table of contents has more than {} MB", READ_LIMIT / 1_000_000);
            return Err(InspectError::Malformed(why));
        }
        Ok(Stretch { start: offset, bytes: read(self.source, offset, len)? })
    }
}

impl<R: ReadAt> ReaderAt for Window<'_, R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(rest) = self.tail.from(offset) {
            return Ok(copy(rest, buffer));
        }
        if offset >= self.tail.start {
            return Ok(0);
        }
        let mut piece = self.piece.borrow_mut();
        if piece.from(offset).is_none() {
            *piece = self.move_to(offset).map_err(|failure| {
                *self.failure.borrow_mut() = Some(failure);
                io::Error::other("not read")
            })?;
        }
        Ok(piece.from(offset).map_or(0, |rest| copy(rest, buffer)))
    }
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let len = from.len().min(to.len());
    to[..len].copy_from_slice(&from[..len]);
    len
}

fn read<R: ReadAt>(source: &R, offset: u64, len: u64) -> Result<Bytes, InspectError<R::Error>> {
    let bytes = source.read_at(offset, len).map_err(InspectError::Read)?;
    if bytes.len() as u64 == len {
        return Ok(bytes);
    }
    let why = format!("{} bytes came where {len} were asked for; it changed while it was read", bytes.len());
    Err(InspectError::Malformed(why))
}
