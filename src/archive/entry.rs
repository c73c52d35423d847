//! One entry of a zip.

use flate2::Crc;
use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::{CompressionMethod, CreatorSystem, ZipFileHeaderRecord};

/// One entry of a zip, as its table of contents has it.
pub(super) struct Entry<'a> {
    pub path: &'a [u8],
    pub is_folder: bool,
    /// Unzipped, in bytes.
    pub size: u64,
    /// In the zip, in bytes.
    pub zipped: u64,
    pub encrypted: bool,
    pub method: CompressionMethod,
    /// Where the header in front of its content begins.
    pub offset: u64,
    pub is_link: bool,
    /// A pipe, a socket or a device.
    pub is_special: bool,
    /// It is given another path, too, which some programs unzip it to.
    pub has_two_paths: bool,
    /// CRC-32 of its content.
    pub crc: u32,
    /// Who may read it and start it, as Unix says it, if anything is said.
    pub mode: Option<u32>,
}

impl<'a> Entry<'a> {
    pub fn of(record: &'a ZipFileHeaderRecord<'_>) -> Self {
        let flags = record.flags();
        // The upper half is the mode of a file of Unix.
        let kind = (record.external_attributes() >> 16) & 0xf000;
        let path = record.file_path().as_bytes();
        Self {
            path,
            is_folder: record.is_dir(),
            size: record.uncompressed_size_hint(),
            zipped: record.compressed_size_hint(),
            encrypted: flags.is_encrypted() || flags.has_strong_encryption() || flags.is_masked(),
            method: record.compression_method(),
            offset: record.local_header_offset(),
            is_link: kind == 0xa000,
            is_special: matches!(kind, 0x1000 | 0x2000 | 0x6000 | 0xc000),
            has_two_paths: unicode_path(path, record.extra_fields()).is_some_and(|other| !is_same(path, other)),
            crc: record.crc32(),
            mode: mode(record),
        }
    }

    /// Whether functions may read it: they run as nobody whom the zip knows. Into a folder they have to get, too.
    pub fn is_readable(&self) -> bool {
        let needed = if self.is_folder { 0o5 } else { 0o4 };
        self.is_link || self.mode.is_none_or(|mode| mode & needed == needed)
    }

    /// Whether it is a file that Lambda starts, and may not. Where a zip tells no mode, what is unzipped cannot be started.
    pub fn cannot_start(&self) -> bool {
        let is_file = !self.is_folder && !self.is_link;
        is_file && is_started(self.path) && self.mode.is_none_or(|mode| mode & 0o1 == 0)
    }

    /// Whether there is something in it, and it can be looked at.
    pub fn is_open(&self) -> bool {
        let is_known = matches!(self.method, CompressionMethod::STORE | CompressionMethod::DEFLATE);
        is_known && !self.is_folder && !self.encrypted
    }
}

/// Only systems with such modes fill them in, and some programs of those leave them out.
fn mode(record: &ZipFileHeaderRecord<'_>) -> Option<u32> {
    let is_told = matches!(record.version_made_by().creator_system(), CreatorSystem::UNIX | CreatorSystem::MACOS);
    let mode = (record.external_attributes() >> 16) & 0o777;
    (is_told && mode != 0).then_some(mode)
}

/// Whether a path is one of a file that Lambda starts: a runtime, or an extension.
pub(super) fn is_started(path: &[u8]) -> bool {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let is_extension = |name: &[u8]| !name.is_empty() && !name.starts_with(b".") && !name.contains(&b'/');
    path == b"bootstrap" || path.strip_prefix(b"extensions/").is_some_and(is_extension)
}

/// The path that programs which know the field of Info-ZIP take in place of this one.
fn unicode_path<'a>(path: &[u8], mut fields: ExtraFields<'a>) -> Option<&'a [u8]> {
    let (_, field) = fields.find(|(id, _)| *id == ExtraFieldId::INFO_ZIP_UNICODE_PATH)?;
    let (version, rest) = field.split_first()?;
    let (sum, other) = rest.split_first_chunk::<4>()?;
    let mut own = Crc::new();
    own.update(path);
    // It stands for the path with this sum: who renamed the entry and knew nothing of the field made it void.
    (*version == 1 && u32::from_le_bytes(*sum) == own.sum()).then_some(other)
}

/// Whether two paths may be one, of which the first is written in another character set. That is what the field is for.
fn is_same(path: &[u8], unicode: &[u8]) -> bool {
    path == unicode || (!path.is_ascii() || path.contains(&b'#')) && common(path) == common(unicode)
}

/// What all character sets write alike. Info-ZIP has `#U00e9` or `#L01f600` for characters that it cannot write.
fn common(path: &[u8]) -> Vec<u8> {
    let (mut common, mut rest) = (Vec::new(), path);
    while let Some((first, behind)) = rest.split_first() {
        let escaped = match rest {
            [b'#', b'U', ..] => rest.get(2..6),
            [b'#', b'L', ..] => rest.get(2..8),
            _ => None,
        };
        let escaped = escaped.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        rest = escaped.map_or(behind, |digits| &rest[2 + digits.len()..]);
        if escaped.is_none() && first.is_ascii() {
            common.push(*first);
        }
    }
    common
}

#[cfg(test)]
impl<'a> Entry<'a> {
    /// A file that is stored, or a folder, with nothing odd about it.
    pub fn stored(path: &'a str) -> Self {
        Self {
            path: path.as_bytes(),
            is_folder: path.ends_with('/'),
            size: 5,
            zipped: 5,
            encrypted: false,
            method: CompressionMethod::STORE,
            offset: 0,
            is_link: false,
            is_special: false,
            has_two_paths: false,
            crc: 0,
            mode: Some(0o755),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_another_character_set_is_the_same() {
        let same: [(&[u8], &str); 4] = [
            (b"python/a", "python/a"),
            (b"caf\x82.py", "café.py"),
            (b"caf#U00e9.py", "café.py"),
            (b"#L01f600#x", "😀#x"),
        ];
        let other: [(&[u8], &str); 6] = [
            (b"python/b", "../../etc/x"),
            (b"python/b", "python/bé"),
            (b"caf\x82.py", "../é"),
            (b"#U00e9", "é/.."),
            (b"#Uzzzz", "é"),
            (b"a", ""),
        ];
        for (path, unicode) in same {
            assert!(is_same(path, unicode.as_bytes()), "{unicode}");
        }
        for (path, unicode) in other {
            assert!(!is_same(path, unicode.as_bytes()), "{unicode}");
        }
    }

    #[test]
    fn what_functions_may_not_read_or_start_is_known() {
        let entry = |path: &'static str, mode| Entry { mode, ..Entry::stored(path) };
        for (path, mode, readable) in [
            ("python/a", Some(0o644), true),
            ("python/a", Some(0o004), true),
            ("python/a", Some(0o640), false),
            ("python/a", Some(0o600), false),
            ("python/a", None, true),
            ("python/", Some(0o755), true),
            ("python/", Some(0o744), false),
            ("python/", None, true),
        ] {
            assert_eq!(entry(path, mode).is_readable(), readable, "{path} {mode:?}");
        }
        assert!(Entry { is_link: true, ..entry("python/a", Some(0o600)) }.is_readable());
        for (path, mode, cannot) in [
            ("bootstrap", Some(0o755), false),
            ("bootstrap", Some(0o644), true),
            ("./bootstrap", None, true),
            ("extensions/a", Some(0o744), true),
            ("extensions/a", Some(0o755), false),
            ("extensions/.gitkeep", Some(0o644), false),
            ("extensions/a/b", Some(0o644), false),
            ("extensions/", Some(0o755), false),
            ("bin/a", Some(0o644), false),
            ("python/bootstrap", None, false),
        ] {
            assert_eq!(entry(path, mode).cannot_start(), cannot, "{path} {mode:?}");
        }
        assert!(!Entry { is_link: true, ..entry("bootstrap", Some(0o644)) }.cannot_start());
    }
}
