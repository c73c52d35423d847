//! What is looked into, entry by entry: what names cannot tell, contents do.

use super::{InspectError, Inspection, ReadAt};
use crate::archive::entry::Entry;
use crate::archive::limit::UNZIPPED_LIMIT;
use crate::archive::links_read::FoundLinks;
use crate::archive::oddities::{Oddity, contradicts};
use crate::archive::sample::{Kind, Sample, Samples, Seen, look};
use crate::archive::unzip::Unzip;
use crate::archive::window::Window;
use rawzip::CompressionMethod;

/// The looks into a zip: at once where that costs no request, and otherwise at the end.
pub(super) struct Looks<'l, 'w, R: ReadAt> {
    window: &'l Window<'w, R>,
    unzip: Unzip,
    /// So many more bytes may be unzipped to be held against what the zip says.
    work: u64,
    far: Samples,
    links: FoundLinks,
}

impl<'l, 'w, R: ReadAt> Looks<'l, 'w, R> {
    /// Looks into the zip behind this window, with so many bytes unzipped as a whole at most.
    pub fn of(window: &'l Window<'w, R>, work: u64) -> Self {
        Self { window, unzip: Unzip::default(), work, far: Samples::default(), links: FoundLinks::default() }
    }

    /// Looks into an entry, or remembers it.
    pub fn take(&mut self, entry: &Entry<'_>, found: &mut Inspection) -> Result<(), InspectError<R::Error>> {
        let kind = Kind::of(entry.path, entry.is_link);
        let is_far = R::IS_FAR && !self.window.has(entry.offset);
        match kind {
            _ if !entry.is_open() => Ok(()),
            Some(Kind::Link) if is_far => {
                self.links.add_far(entry.path, || sample(Kind::Link, entry), &mut found.oddities);
                Ok(())
            }
            Some(kind) if is_far => {
                self.far.add(|| sample(kind, entry), kind);
                Ok(())
            }
            // What is refused as it is need not be unzipped, and that bounds the work for what is.
            _ if is_far || found.unzipped > UNZIPPED_LIMIT || contradicts(entry) => Ok(()),
            kind => {
                let Some(seen) = self.near(kind, entry)? else { return Ok(()) };
                self.see(kind, entry.path, (seen, true), found);
                Ok(())
            }
        }
    }

    /// What an entry is that costs no request: all of it, or the beginning of one that is worth a look for itself.
    fn near(&mut self, kind: Option<Kind>, entry: &Entry<'_>) -> Result<Option<Seen>, InspectError<R::Error>> {
        match self.work.checked_sub(entry.size.max(entry.zipped)) {
            Some(left) => {
                self.work = left;
                self.unzip.look(self.window, entry, kind.map_or(0, Kind::needed)).map(Some)
            }
            None => kind.map(|kind| look(self.window, &sample(kind, entry))).transpose(),
        }
    }

    /// Looks into what was remembered, and follows the links.
    pub fn end(mut self, found: &mut Inspection) -> Result<(), InspectError<R::Error>> {
        for (sample, is_whole) in std::mem::take(&mut self.far).chosen() {
            let seen = look(self.window, &sample)?;
            self.see(Some(sample.kind), &sample.path, (seen, is_whole), found);
        }
        let links = self.links.read(self.window, &mut found.oddities)?;
        found.follow(&links);
        Ok(())
    }

    fn see(&mut self, kind: Option<Kind>, path: &[u8], (seen, is_whole): (Seen, bool), found: &mut Inspection) {
        match (kind, seen) {
            (_, Seen::Contradicts) => found.oddities.add(Oddity::Contradicting, path),
            (Some(Kind::Link), Seen::Content(target)) => self.links.add(path, target, &mut found.oddities),
            (Some(kind), Seen::Content(content)) => found.learn(kind, path, &content, is_whole),
            (None, Seen::Content(_)) | (_, Seen::Nothing) => {}
        }
    }
}

fn sample(kind: Kind, entry: &Entry<'_>) -> Sample {
    let deflated = entry.method == CompressionMethod::DEFLATE;
    Sample { kind, path: entry.path.to_vec(), offset: entry.offset, zipped: entry.zipped, size: entry.size, deflated }
}
