//! A few entries of a zip that are looked into: what names cannot tell, the beginnings of files do.
//!
//! Native libraries, programs, packages of Node and links are read where that costs little: all of a zip on disk, what lies in
//! the end that was read anyway, and otherwise a few, spread over the zip. Of all else a few are unzipped and held against what
//! the zip says of them, where that costs no request.

use super::packages::is_node_package;
use super::window::Window;
use super::{InspectError, ReadAt};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::io::Read as _;

/// Of more entries of a kind than this every second is forgotten, as often as that is so: what is left is spread over all of
/// the zip, and the same each time.
const REMEMBERED: usize = 2_000;

/// How many entries of a kind are read by requests of their own.
const FAR: usize = 3;

/// How many entries of a kind are unzipped for nothing but what the zip says of them.
const UNZIPPED: usize = 128;

/// How many bytes of those are read and unzipped in all: a few milliseconds.
const WORK: u64 = 1024 * 1024;

/// What a header in front of an entry has, before its name.
const HEADER: usize = 30;

/// Room for what stands behind the name in that header.
const EXTRA: u64 = 1_024;

/// What is read of a file at most: larger ones are no description of a package, and no link.
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
    /// What it holds is where it leads to.
    Link,
    /// It takes more in the zip than it is said to hold: it is small, or another size than that.
    Doubtful,
    /// Whatever else it may hold, it has the size and the sum that the zip says.
    Content,
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
            _ if is_library => Some(Kind::Library),
            _ if is_program(path) => Some(Kind::Program),
            _ => None,
        }
    }

    /// Why another entry than these is worth a look. Deflated, nothing at all takes two bytes.
    pub fn of_any(size: u64, zipped: u64) -> Kind {
        if zipped > size.max(2) { Kind::Doubtful } else { Kind::Content }
    }

    /// Whether all of an entry is unzipped, for nothing but what the zip says of it.
    fn is_unzipped(self) -> bool {
        matches!(self, Kind::Doubtful | Kind::Content)
    }

    /// How many unzipped bytes are needed.
    pub fn needed(self) -> u64 {
        match self {
            Kind::Library | Kind::Program => 64,
            Kind::NodePackage | Kind::Link => LARGEST,
            Kind::Doubtful | Kind::Content => u64::MAX,
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
    /// CRC-32 of what it unzips to.
    pub crc: u32,
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
pub(super) struct Samples([Spread; 6]);

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
    pub fn chosen(self, is_near: impl Fn(u64) -> bool) -> impl Iterator<Item = (Sample, bool)> {
        let mut work = WORK;
        let mut is_within = move |sample: &Sample| {
            let left = work.checked_sub(sample.zipped.saturating_add(sample.size));
            let is_within = !sample.kind.is_unzipped() || left.is_some();
            work = left.filter(|_| sample.kind.is_unzipped()).unwrap_or(work);
            is_within
        };
        let chosen = self.0.into_iter().flat_map(move |spread| spread.chosen(&is_near));
        chosen.filter(move |(sample, _)| is_within(sample))
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

    fn chosen(self, is_near: impl Fn(u64) -> bool) -> Vec<(Sample, bool)> {
        let (mut chosen, far): (Vec<_>, Vec<_>) = self.kept.into_iter().partition(|sample| is_near(sample.offset));
        let is_whole = self.halved == 0 && far.len() <= FAR;
        if chosen.first().or(far.first()).is_some_and(|sample| sample.kind.is_unzipped()) {
            chosen = spread(chosen, UNZIPPED).collect();
        } else {
            chosen.extend(spread(far, FAR));
        }
        chosen.into_iter().map(|sample| (sample, is_whole)).collect()
    }
}

/// So many of these, from all places.
fn spread(all: Vec<Sample>, most: usize) -> impl Iterator<Item = Sample> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step)
}

/// Looks into one entry.
pub(super) fn look<R: ReadAt>(window: &Window<'_, R>, sample: &Sample) -> Result<Seen, InspectError<R::Error>> {
    let content = if sample.deflated {
        sample.zipped.min(sample.kind.needed().saturating_add(1_024))
    } else {
        sample.zipped.min(sample.kind.needed())
    };
    let wanted = ((HEADER + sample.path.len()) as u64 + EXTRA).saturating_add(content);
    let Some(bytes) = window.stretch(sample.offset, wanted)? else { return Ok(Seen::Contradicts) };
    Ok(judged(&bytes, sample))
}

fn judged(bytes: &[u8], sample: &Sample) -> Seen {
    let two = |at: usize| bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let four = |at: usize| bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let (Some(0x0403_4b50), Some(flags), Some(zipped), Some(size)) = (four(0), two(6), four(18), four(22)) else {
        return Seen::Contradicts;
    };
    let (Some(name), Some(extra)) = (two(26).map(usize::from), two(28).map(usize::from)) else {
        return Seen::Contradicts;
    };
    let says = |told: u32, known: u64| told == u32::MAX || u64::from(told) == known;
    let is_told_behind = flags & 8 != 0;
    let has_sizes = is_told_behind || says(zipped, sample.zipped) && says(size, sample.size);
    if !has_sizes || bytes.get(HEADER..HEADER + name) != Some(&sample.path[..]) {
        return Seen::Contradicts;
    }
    let Some(rest) = bytes.get(HEADER + name + extra..) else { return Seen::Nothing };
    let zipped = usize::try_from(sample.zipped).map_or(rest.len(), |zipped| zipped.min(rest.len()));
    unzipped(&rest[..zipped], sample)
}

fn unzipped(rest: &[u8], sample: &Sample) -> Seen {
    let needed = sample.kind.needed();
    if !sample.deflated {
        let needed = usize::try_from(needed).unwrap_or(usize::MAX);
        return summed(rest[..rest.len().min(needed)].to_vec(), sample);
    }
    let is_whole = rest.len() as u64 == sample.zipped;
    let mut content = Vec::new();
    // One byte more than it should have shows that it has more.
    let ended = DeflateDecoder::new(rest).take(needed.min(sample.size.saturating_add(1))).read_to_end(&mut content);
    let is_other_size = content.len() as u64 != sample.size && (content.len() as u64) < needed;
    match ended {
        _ if is_whole && is_other_size => Seen::Contradicts,
        Err(_) if content.is_empty() => Seen::Nothing,
        _ => summed(content, sample),
    }
}

/// The beginning of an entry; all of it has to have the sum that the zip says.
fn summed(content: Vec<u8>, sample: &Sample) -> Seen {
    let is_other = || {
        let mut sum = Crc::new();
        sum.update(&content);
        sum.sum() != sample.crc
    };
    if content.len() as u64 == sample.size && is_other() { Seen::Contradicts } else { Seen::Content(content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(offset: u64) -> Sample {
        Sample { kind: Kind::Library, path: Vec::new(), offset, zipped: 0, size: 0, deflated: false, crc: 0 }
    }

    /// The first of many were looked at, and what stood behind them was never.
    #[test]
    fn what_is_looked_at_is_spread_over_all() {
        for (count, kept) in [(3, 3), (REMEMBERED, REMEMBERED), (REMEMBERED + 1, REMEMBERED / 2 + 1), (9_000, 1_125)] {
            let mut samples = Samples::default();
            (0..count as u64).for_each(|offset| samples.add(|| sample(offset), Kind::Library));
            let chosen: Vec<(Sample, bool)> = samples.chosen(|_| true).collect();
            assert_eq!(chosen.len(), kept, "of {count}");
            assert!(chosen.iter().all(|(_, is_whole)| *is_whole == (kept == count)), "of {count}");
            let last = chosen.last().map(|(sample, _)| sample.offset).unwrap();
            assert!(last >= (count - count.div_ceil(kept)) as u64, "{last} of {count}");
        }
        let mut samples = Samples::default();
        (0..9).for_each(|offset| samples.add(|| sample(offset), Kind::Library));
        let chosen: Vec<(u64, bool)> =
            samples.chosen(|offset| offset == 8).map(|(sample, is_whole)| (sample.offset, is_whole)).collect();
        assert_eq!(chosen, [(8, false), (0, false), (3, false), (6, false)]);
    }
}
