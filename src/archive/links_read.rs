//! The links of a zip. Where each of them leads is looked at, and not only of some: one is enough to lead out.
//!
//! Targets are short, and those who pack folders put the links of one beside each other. So those that are far away are read
//! many at once, with what lies between them, where few requests bring all of them otherwise not. What that does not reach is
//! told: in a zip of less than 64 MiB there is nothing of that.

use super::oddities::{Oddities, Oddity};
use super::sample::{HEADER_ROOM, Kind, Sample, Seen, judged};
use super::window::Window;
use super::{InspectError, ReadAt};
use bytes::Bytes;

/// More links than this no layer has; it bounds the memory for them, and the work for what they go through.
pub(super) const MOST: usize = 50_000;

/// What their paths and targets may have in all, in bytes.
const ROOM: usize = 16 * 1024 * 1024;

/// How many requests bring those that are far away.
pub(super) const REQUESTS: usize = 16;

/// How many bytes one of them brings at most.
pub(super) const AT_ONCE: u64 = 4 * 1024 * 1024;

/// What may lie between two links that are read at once, the least first: what is skipped need not be read, but takes a request
/// more.
const BETWEEN: [u64; 6] = [128 * 1024, 256 * 1024, 512 * 1024, 1024 * 1024, 2 * 1024 * 1024, AT_ONCE];

/// The path of a link, and the text of its target.
type Link = (Vec<u8>, Vec<u8>);

/// The links of a zip.
#[derive(Debug)]
pub(super) struct FoundLinks {
    known: Vec<Link>,
    far: Vec<Sample>,
    room: usize,
}

impl Default for FoundLinks {
    fn default() -> Self {
        Self { known: Vec::new(), far: Vec::new(), room: ROOM }
    }
}

impl FoundLinks {
    /// A link whose target was read.
    pub fn add(&mut self, path: &[u8], target: Vec<u8>, odd: &mut Oddities) {
        if self.has_room(path.len() + target.len()) {
            self.known.push((path.to_vec(), target));
        } else {
            odd.add(Oddity::Unseen, path);
        }
    }

    /// A link that is far away.
    pub fn add_far(&mut self, path: &[u8], sample: impl FnOnce() -> Sample, odd: &mut Oddities) {
        if self.has_room(path.len()) {
            self.far.push(sample());
        } else {
            odd.add(Oddity::Unseen, path);
        }
    }

    fn has_room(&mut self, len: usize) -> bool {
        let left = self.room.checked_sub(len).filter(|_| self.known.len() + self.far.len() < MOST);
        self.room = left.unwrap_or(self.room);
        left.is_some()
    }

    /// Reads those that are far away: all links, each with its target.
    pub fn read<R: ReadAt>(
        mut self,
        window: &Window<'_, R>,
        odd: &mut Oddities,
    ) -> Result<Vec<Link>, InspectError<R::Error>> {
        let mut far = std::mem::take(&mut self.far);
        far.sort_by_key(|link| link.offset);
        for (requests, now) in stretches(&far).into_iter().enumerate() {
            let (start, end) = span(now);
            let bytes = if requests < REQUESTS { window.stretch(start, end - start)? } else { None };
            now.iter().for_each(|link| self.see(link, start, bytes.as_ref(), odd));
        }
        Ok(self.known)
    }

    fn see(&mut self, link: &Sample, start: u64, bytes: Option<&Bytes>, odd: &mut Oddities) {
        let at = usize::try_from(link.offset - start).unwrap_or(usize::MAX);
        match bytes.and_then(|bytes| bytes.get(at..)).map_or(Seen::Nothing, |bytes| judged(bytes, link)) {
            // Much may stand between the header and the target, which is then read in part.
            Seen::Content(target) if target.len() as u64 == link.size.min(Kind::Link.needed()) => {
                self.add(&link.path, target, odd);
            }
            Seen::Contradicts => odd.add(Oddity::Contradicting, &link.path),
            Seen::Content(_) | Seen::Nothing => odd.add(Oddity::Unseen, &link.path),
        }
    }
}

/// Links by the requests that bring them: no more than there may be, if that is possible, and then with as little as possible
/// between them. Where it is not, those come first that bring most.
fn stretches(links: &[Sample]) -> Vec<&[Sample]> {
    let mut found = Vec::new();
    for between in BETWEEN {
        found = joined(links, between);
        if found.len() <= REQUESTS {
            return found;
        }
    }
    found.sort_by_key(|stretch| std::cmp::Reverse(stretch.len()));
    found
}

/// As few stretches as there can be of links that lie no farther apart than this.
fn joined(links: &[Sample], between: u64) -> Vec<&[Sample]> {
    let (mut found, mut rest) = (Vec::new(), links);
    while let Some(first) = rest.first() {
        let mut end = end_of(first);
        let mut together = 1;
        for link in &rest[1..] {
            let reach = end.max(end_of(link));
            if link.offset > end.saturating_add(between) || reach - first.offset > AT_ONCE {
                break;
            }
            (end, together) = (reach, together + 1);
        }
        let (now, later) = rest.split_at(together);
        found.push(now);
        rest = later;
    }
    found
}

/// From where to where some links take.
fn span(links: &[Sample]) -> (u64, u64) {
    let start = links.first().map_or(0, |link| link.offset);
    (start, links.iter().map(end_of).max().unwrap_or(start))
}

/// Where a link ends, if not much stands behind its name in the header in front of it.
fn end_of(link: &Sample) -> u64 {
    let content = link.zipped.min(Kind::Link.needed() + 1_024);
    link.offset.saturating_add(link.path.len() as u64 + HEADER_ROOM).saturating_add(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn links(offsets: impl IntoIterator<Item = u64>) -> Vec<Sample> {
        let link =
            |offset| Sample { kind: Kind::Link, path: b"a".to_vec(), offset, zipped: 1, size: 1, deflated: false };
        offsets.into_iter().map(link).collect()
    }

    /// How many links each stretch has, and how many bytes all of them are.
    fn read(offsets: impl IntoIterator<Item = u64>) -> (Vec<usize>, u64) {
        let links = links(offsets);
        let found = stretches(&links);
        let bytes = found.iter().map(|stretch| span(stretch)).map(|(start, end)| end - start).sum();
        (found.iter().map(|stretch| stretch.len()).collect(), bytes)
    }

    #[test]
    fn links_are_read_with_as_little_as_possible_between_them() {
        let one = span(&links([0])).1;
        assert_eq!(read([]), (vec![], 0));
        assert_eq!(read([7]), (vec![1], one));
        assert_eq!(read((0..500).map(|number| number * 100)), (vec![500], 49_900 + one));
        // As many requests as there may be bring nothing that lies between.
        assert_eq!(read((0..16).map(|number| number * MIB)), (vec![1; 16], 16 * one));
        // One more takes what lies between.
        assert_eq!(read((0..17).map(|number| number * MIB)), (vec![4, 4, 4, 4, 1], 12 * MIB + 5 * one));
        let folders = (0..40).flat_map(|folder| (0..25).map(move |link| folder * MIB + link * 100));
        let (stretches, bytes) = read(folders);
        assert_eq!((stretches.iter().sum::<usize>(), stretches.len()), (1_000, 10));
        assert!(bytes < 40 * MIB);
    }

    #[test]
    fn in_64_mebibytes_all_links_are_read() {
        for step in [1, 100, 5_000, 70_000, 300_000, 2 * MIB, 3 * MIB] {
            let offsets = (0..63 * MIB).step_by(usize::try_from(step).unwrap()).take(MOST);
            assert!(read(offsets).0.len() <= REQUESTS, "{step}");
        }
    }

    #[test]
    fn where_that_is_not_all_most_of_them_are_read_first() {
        let far = |number: u64| number * (AT_ONCE + MIB);
        let offsets = (0..20).flat_map(|number| (0..=number).map(move |link| far(number) + link));
        let (stretches, _) = read(offsets);
        assert_eq!(stretches, (1..=20).rev().collect::<Vec<_>>());
        assert_eq!(read([u64::MAX, u64::MAX]).0, [2]);
    }
}
