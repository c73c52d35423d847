//! A few entries of a zip that are looked into: what names cannot tell, the beginnings of files do.
//!
//! What is on disk, or in the end that was read anyway, is unzipped as a whole and held against what the zip says of it. Of what
//! is far away a few native libraries, programs and packages of Node are read, spread over the zip.

use super::link::LONGEST;
use super::packages::{is_direct_url, is_node_package};
use super::window::Window;
use super::{InspectError, ReadAt};
use flate2::read::DeflateDecoder;
use std::io::Read as _;

/// Of more entries of a kind than this every second is forgotten, as often as that is so: what is left is spread over all of
/// the zip, and the same each time.
const REMEMBERED: usize = 2_000;

/// How many entries of a kind are read by requests of their own.
const FAR: usize = 3;

/// What a header in front of an entry has, before its name.
const HEADER: usize = 30;

/// The same with room for what stands behind the name.
pub(super) const HEADER_ROOM: u64 = HEADER as u64 + 1_024;

/// What is read of a file at most: larger ones are no description of a package.
pub(super) const LARGEST: u64 = 64 * 1024;

/// Why an entry is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its first bytes say which machine it is for.
    Library,
    /// The same of what Lambda starts, or functions may, if it is no script.
    Program,
    /// The `package.json` of a package.
    NodePackage,
    /// The `direct_url.json` of a package of Python, which says whether its code is there.
    DirectUrl,
    /// What it holds is where it leads to.
    Link,
}

impl Kind {
    /// Why an entry of this name is worth a look.
    pub fn of(path: &[u8], is_link: bool) -> Option<Kind> {
        let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let ends = [".so", ".node", ".dylib", ".pyd", ".dll"];
        let is_library = ends.iter().any(|end| file.ends_with(end.as_bytes())) || contains(file, b".so.");
        match file {
            _ if is_link => Some(Kind::Link),
            b"package.json" if is_node_package(path) => Some(Kind::NodePackage),
            b"direct_url.json" if is_direct_url(path) => Some(Kind::DirectUrl),
            _ if is_library => Some(Kind::Library),
            _ if is_program(path) => Some(Kind::Program),
            _ => None,
        }
    }

    /// How many unzipped bytes are needed.
    pub fn needed(self) -> u64 {
        match self {
            Kind::Library | Kind::Program => 64,
            Kind::NodePackage | Kind::DirectUrl => LARGEST,
            // One byte more shows that it has more than a link can hold.
            Kind::Link => LONGEST as u64 + 1,
        }
    }
}

/// Whether a path is one that Lambda starts, or that is on the search path for programs.
fn is_program(path: &[u8]) -> bool {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    path == b"bootstrap" || path.starts_with(b"bin/") || path.starts_with(b"extensions/")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// An entry to look into.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub kind: Kind,
    pub path: Vec<u8>,
    /// Where the header in front of it begins.
    pub offset: u64,
    pub zipped: u64,
    pub size: u64,
    pub deflated: bool,
}

/// What was found in an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Its first bytes, unzipped.
    Content(Vec<u8>),
    /// The header in front of it contradicts the table of contents, or it unzips to something else.
    Contradicts,
    /// Nothing that could be judged.
    Nothing,
}

/// Entries that are worth a look, by their kind.
#[derive(Debug, Default)]
pub(super) struct Samples([Spread; 5]);

/// Entries of one kind: some of them, spread over all.
#[derive(Debug, Default)]
struct Spread {
    kept: Vec<Sample>,
    /// How many there are.
    met: usize,
    /// How often that many were too many: one of so many powers of two is kept.
    halved: u32,
}

impl Samples {
    pub fn add(&mut self, sample: impl FnOnce() -> Sample, kind: Kind) {
        self.0[kind as usize].add(sample);
    }

    /// Those that are read, and whether they are all of their kind.
    pub fn chosen(self) -> impl Iterator<Item = (Sample, bool)> {
        self.0.into_iter().flat_map(Spread::chosen)
    }
}

impl Spread {
    fn add(&mut self, sample: impl FnOnce() -> Sample) {
        if self.kept.len() == REMEMBERED {
            let mut number = 0..;
            self.kept.retain(|_| number.next().is_some_and(|number: usize| number.is_multiple_of(2)));
            self.halved += 1;
        }
        if self.met.is_multiple_of(1 << self.halved) {
            self.kept.push(sample());
        }
        self.met += 1;
    }

    fn chosen(self) -> impl Iterator<Item = (Sample, bool)> {
        let is_whole = self.halved == 0 && self.kept.len() <= FAR;
        let step = self.kept.len().div_ceil(FAR).max(1);
        self.kept.into_iter().step_by(step).map(move |sample| (sample, is_whole))
    }
}

/// Looks into the beginning of one entry.
pub(super) fn look<R: ReadAt>(window: &Window<'_, R>, sample: &Sample) -> Result<Seen, InspectError<R::Error>> {
    let needed = sample.kind.needed();
    let needed = if sample.deflated { needed + 1_024 } else { needed };
    let wanted = (sample.path.len() as u64 + HEADER_ROOM).saturating_add(sample.zipped.min(needed));
    let Some(bytes) = window.stretch(sample.offset, wanted)? else { return Ok(Seen::Contradicts) };
    Ok(judged(&bytes, sample))
}

/// The same of the bytes that were read of it.
pub(super) fn judged(bytes: &[u8], sample: &Sample) -> Seen {
    let Some(begins) = content_begins(bytes, &sample.path, (sample.zipped, sample.size)) else {
        return Seen::Contradicts;
    };
    let Some(rest) = bytes.get(begins..) else { return Seen::Nothing };
    let zipped = usize::try_from(sample.zipped).map_or(rest.len(), |zipped| zipped.min(rest.len()));
    unzipped(&rest[..zipped], sample)
}

/// Where the content of an entry begins behind the header in front of it; `None` where that contradicts the table of contents,
/// which has these two sizes.
pub(super) fn content_begins(bytes: &[u8], path: &[u8], (in_zip, unzipped): (u64, u64)) -> Option<usize> {
    let two = |at: usize| bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let four = |at: usize| bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let (Some(0x0403_4b50), flags, zipped, size) = (four(0), two(6)?, four(18)?, four(22)?) else { return None };
    let (name, extra) = (usize::from(two(26)?), usize::from(two(28)?));
    let says = |told: u32, known: u64| told == u32::MAX || u64::from(told) == known;
    let is_told_behind = flags & 8 != 0;
    let has_sizes = is_told_behind || says(zipped, in_zip) && says(size, unzipped);
    (has_sizes && bytes.get(HEADER..HEADER + name) == Some(path)).then_some(HEADER + name + extra)
}

fn unzipped(rest: &[u8], sample: &Sample) -> Seen {
    let needed = sample.kind.needed();
    if !sample.deflated {
        let needed = usize::try_from(needed).unwrap_or(usize::MAX);
        return Seen::Content(rest[..rest.len().min(needed)].to_vec());
    }
    let is_whole = rest.len() as u64 == sample.zipped;
    let mut content = Vec::new();
    // One byte more than it should have shows that it has more.
    let ended = DeflateDecoder::new(rest).take(needed.min(sample.size.saturating_add(1))).read_to_end(&mut content);
    let is_other_size = content.len() as u64 != sample.size && (content.len() as u64) < needed;
    match ended {
        _ if is_whole && is_other_size => Seen::Contradicts,
        Err(_) if content.is_empty() => Seen::Nothing,
        _ => Seen::Content(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(offset: u64) -> Sample {
        Sample { kind: Kind::Library, path: Vec::new(), offset, zipped: 0, size: 0, deflated: false }
    }

    /// The first of many were looked at, and what stood behind them was never.
    #[test]
    fn what_is_looked_at_is_spread_over_all() {
        for (count, offsets) in [(3, [0, 1, 2]), (9, [0, 3, 6]), (9_000, [0, 3_000, 6_000])] {
            let mut samples = Samples::default();
            (0..count).for_each(|offset| samples.add(|| sample(offset), Kind::Library));
            let chosen: Vec<(u64, bool)> =
                samples.chosen().map(|(sample, is_whole)| (sample.offset, is_whole)).collect();
            assert_eq!(chosen, offsets.map(|offset| (offset, count == 3)), "of {count}");
        }
    }
}
