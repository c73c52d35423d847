//! The links of a zip. Where each of them leads is looked at, and not only of some: one is enough to lead out.
//!
//! Targets are short, and those who pack folders put the links of one beside each other. So those that are far away are read
//! many at once. What that does not reach is told.

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
const AT_ONCE: u64 = 1024 * 1024;

/// What lies between two links that are read at once.
const BETWEEN: u64 = 128 * 1024;

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
        let mut requests = 0;
        let mut rest = far.as_slice();
        while let Some(first) = rest.first() {
            let (mut end, mut together) = (first.offset, 0);
            for link in rest {
                let (is_near, reach) = (link.offset <= end.saturating_add(BETWEEN), end.max(end_of(link)));
                if together > 0 && !(is_near && reach - first.offset <= AT_ONCE) {
                    break;
                }
                (end, together) = (reach, together + 1);
            }
            let (now, later) = rest.split_at(together);
            rest = later;
            requests += 1;
            let bytes = if requests > REQUESTS { None } else { window.stretch(first.offset, end - first.offset)? };
            now.iter().for_each(|link| self.see(link, first.offset, bytes.as_ref(), odd));
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

/// Where a link ends, if not much stands behind its name in the header in front of it.
fn end_of(link: &Sample) -> u64 {
    let content = link.zipped.min(Kind::Link.needed() + 1_024);
    link.offset.saturating_add(link.path.len() as u64 + HEADER_ROOM).saturating_add(content)
}
