//! Zips: on disk, and in S3, where every read is a request.
//!
//! It may panic, which tells the fuzzer that something is wrong: see the crate.

use std::cell::Cell;
use std::io;

use bytes::Bytes;

use crate::archive::{Change, IncludedFiles, Note, Pins, Purpose, ReadAt, differs, inspect, judge, stale};
use crate::halt::Halt;
use crate::layer::{LayerSettings, Md5, Sha256};
use crate::manifest::{Environments, Format, dependencies};

/// So many bytes stand before the zip, so that all of its entries but the last are out of reach of the first read.
const BEFORE: u64 = 2 * 1024 * 1024;

/// The first read, the rest of the table of contents, and a few entries of each kind.
const REQUESTS: usize = 16;

/// A zip with nothing before it, and one with much.
pub fn zip(bytes: &[u8]) {
    look(&Source::<false> { bytes, before: 0, reads: Cell::new(0) });
    look(&Source::<true> { bytes, before: 0, reads: Cell::new(0) });
    let far = Source::<true> { bytes, before: BEFORE, reads: Cell::new(0) };
    look(&far);
    assert!(far.reads.get() <= REQUESTS, "{} requests", far.reads.get());
    // What is noted of a zip comes back from S3.
    if let Ok(text) = std::str::from_utf8(bytes) {
        Note::from_text(text, Sha256::of(b""));
    }
}

fn look<R: ReadAt>(source: &R) {
    let Ok(inspection) = inspect(source) else { return };
    let settings = LayerSettings {
        compatible_runtimes: vec!["python3.12".parse().expect("a runtime")],
        compatible_architectures: vec!["arm64".parse().expect("an architecture")],
        ..LayerSettings::default()
    };
    let mut findings = judge(&inspection, &settings.compatible_runtimes);
    findings.extend(inspection.natives.judge(&settings));
    findings.extend(inspection.ballast.judge());
    let environments = Environments::of(&settings);
    for (name, text) in [
        ("requirements.txt", "requests==2.32.3\nmarkupsafe==3.0.2\n"),
        ("package-lock.json", r#"{"lockfileVersion":3,"packages":{"node_modules/ms":{"version":"2.1.3"}}}"#),
        ("Gemfile.lock", "GEM\n  specs:\n    rack (3.0.8)\n"),
    ] {
        let format = Format::from_file_name(name);
        let halt = Halt::default();
        let read = dependencies(format, text.as_bytes(), &halt).expect("read").expect("a lock");
        let (packages, old) = (&inspection.packages, Some(&read));
        let pins = Pins { name, format, dependencies: &read, is_partial: false, unshown: &|| None };
        findings.extend(differs(packages, pins, &settings, &halt));
        let included = IncludedFiles::Changed;
        let (new, all, is_partial, unshown) = (old, old, false, None);
        let change = Change { format, old, new, is_partial, all, included, packages, unshown };
        findings.extend(stale(1, change, &environments, &halt));
    }
    // What is told of a zip is of one size, whatever its size is.
    for finding in findings {
        assert!(finding.message.len() < 4_000_000 / 4, "{} characters", finding.message.len());
    }
    let note = Note::new(&inspection, Purpose::new(Md5::of(b""), &settings));
    assert_eq!(Note::from_text(&note.to_text(Sha256::of(b"")), Sha256::of(b"")), Some(note));
}

/// A zip in memory behind nothing but zeros.
struct Source<'a, const FAR: bool> {
    bytes: &'a [u8],
    before: u64,
    reads: Cell<usize>,
}

impl<const FAR: bool> ReadAt for Source<'_, FAR> {
    type Error = io::Error;

    const IS_FAR: bool = FAR;

    fn size(&self) -> u64 {
        self.before + self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, io::Error> {
        assert!(offset + len <= self.size(), "{offset} and {len} of {}", self.size());
        self.reads.set(self.reads.get() + 1);
        let zeros = self.before.saturating_sub(offset).min(len) as usize;
        let start = offset.saturating_sub(self.before) as usize;
        let rest = &self.bytes[start..start + (len as usize - zeros)];
        Ok([&vec![0; zeros][..], rest].concat().into())
    }
}
