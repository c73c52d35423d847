//! All of an entry, unzipped a piece at a time and held against what the zip says of it: its size decides whether Lambda takes
//! a layer, and only what comes out tells it.

use super::entry::Entry;
use super::sample::{HEADER_ROOM, Seen, content_begins};
use super::window::Window;
use super::{InspectError, ReadAt};
use bytes::Bytes;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use rawzip::CompressionMethod;

/// What is read of an entry at once.
const PIECE: u64 = 256 * 1024;

/// What is unzipped at once.
const ROOM: usize = 64 * 1024;

/// Unzips one entry after the other.
pub(super) struct Unzip {
    inflate: Decompress,
    room: Vec<u8>,
}

impl Default for Unzip {
    fn default() -> Self {
        Self { inflate: Decompress::new(false), room: vec![0; ROOM] }
    }
}

impl Unzip {
    /// Looks into an entry, of which so many bytes are kept. It ends where there is more than the zip says.
    pub fn look<R: ReadAt>(
        &mut self,
        window: &Window<'_, R>,
        entry: &Entry<'_>,
        kept: u64,
    ) -> Result<Seen, InspectError<R::Error>> {
        let wanted = (entry.path.len() as u64 + HEADER_ROOM).saturating_add(entry.zipped.min(PIECE));
        let Some(bytes) = window.stretch(entry.offset, wanted)? else { return Ok(Seen::Contradicts) };
        let Some(begins) = content_begins(&bytes, entry.path, (entry.zipped, entry.size)) else {
            return Ok(Seen::Contradicts);
        };
        let at = entry.offset + begins as u64;
        let pieces =
            Pieces { window, first: bytes.get(begins..).map(|rest| bytes.slice_ref(rest)), at, left: entry.zipped };
        let mut sum = Sum { most: entry.size, size: 0, kept, crc: Crc::new(), content: Vec::new() };
        let is_so = match entry.method {
            CompressionMethod::DEFLATE => self.inflated(pieces, &mut sum)?,
            _ => stored(pieces, &mut sum)?,
        };
        let is_so = is_so && sum.size == entry.size && sum.crc.sum() == entry.crc;
        Ok(if is_so { Seen::Content(sum.content) } else { Seen::Contradicts })
    }

    /// Whether it can be unzipped, to no more than the zip says.
    fn inflated<R: ReadAt>(
        &mut self,
        mut pieces: Pieces<'_, '_, R>,
        sum: &mut Sum,
    ) -> Result<bool, InspectError<R::Error>> {
        self.inflate.reset(false);
        while let Some(piece) = pieces.next()? {
            let mut rest = &piece[..];
            loop {
                let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
                let status = self.inflate.decompress(rest, &mut self.room, FlushDecompress::None);
                let Ok(status) = status else { return Ok(false) };
                let (read, written) = (self.inflate.total_in() - read, self.inflate.total_out() - written);
                let (read, written) = (read as usize, written as usize);
                let is_within = sum.add(&self.room[..written]);
                if !is_within || status == Status::StreamEnd {
                    return Ok(is_within);
                }
                rest = &rest[read..];
                // Where all of the room was filled, more may be waiting.
                if rest.is_empty() && written < self.room.len() || read == 0 && written == 0 {
                    break;
                }
            }
        }
        Ok(false)
    }
}

fn stored<R: ReadAt>(mut pieces: Pieces<'_, '_, R>, sum: &mut Sum) -> Result<bool, InspectError<R::Error>> {
    while let Some(piece) = pieces.next()? {
        if !sum.add(&piece) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What an entry takes in the zip, a piece at a time.
struct Pieces<'p, 'w, R: ReadAt> {
    window: &'p Window<'w, R>,
    /// What came with the header in front of it.
    first: Option<Bytes>,
    at: u64,
    left: u64,
}

impl<R: ReadAt> Pieces<'_, '_, R> {
    fn next(&mut self) -> Result<Option<Bytes>, InspectError<R::Error>> {
        if self.left == 0 {
            return Ok(None);
        }
        let piece = match self.first.take().filter(|first| !first.is_empty()) {
            Some(mut first) => {
                first.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                Some(first)
            }
            None => self.window.stretch(self.at, self.left.min(PIECE))?,
        };
        let len = piece.as_ref().map_or(0, Bytes::len) as u64;
        self.at += len;
        self.left -= len;
        Ok(piece)
    }
}

/// What came out so far.
struct Sum {
    most: u64,
    size: u64,
    kept: u64,
    crc: Crc,
    content: Vec<u8>,
}

impl Sum {
    /// Whether it is no more than it may be.
    fn add(&mut self, bytes: &[u8]) -> bool {
        self.crc.update(bytes);
        let kept = self.kept.saturating_sub(self.content.len() as u64);
        self.content.extend_from_slice(&bytes[..bytes.len().min(usize::try_from(kept).unwrap_or(usize::MAX))]);
        self.size += bytes.len() as u64;
        self.size <= self.most
    }
}
