mod links;
mod samples;

use super::*;
use crate::archive::Local;
use crate::archive::oddities::Oddity;
use crate::archive::window::{READ_LIMIT, TAIL};
use proptest::prelude::*;
use rawzip::CompressionMethod;
use std::io::{self, Cursor, Write};
use std::sync::Mutex;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A zip in memory that remembers what was read of it.
struct Memory {
    bytes: Bytes,
    reads: Mutex<Vec<(u64, u64)>>,
}

impl Memory {
    fn new(bytes: impl Into<Bytes>) -> Memory {
        Memory { bytes: bytes.into(), reads: Mutex::default() }
    }

    fn reads(&self) -> Vec<(u64, u64)> {
        self.reads.lock().unwrap().clone()
    }
}

impl ReadAt for Memory {
    type Error = io::Error;

    const IS_FAR: bool = true;

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, len: u64) -> io::Result<Bytes> {
        self.reads.lock().unwrap().push((offset, len));
        assert!(offset + len <= self.size(), "{offset} + {len} is beyond the end");
        Ok(self.bytes.slice(offset as usize..(offset + len) as usize))
    }
}

type Outcome = Result<Inspection, InspectError<io::Error>>;

fn inspected(source: &Memory) -> Outcome {
    inspect(source)
}

fn outcome(bytes: impl Into<Bytes>) -> Outcome {
    inspected(&Memory::new(bytes))
}

fn zipped(names: &[&str]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for name in names {
        if name.ends_with('/') {
            writer.add_directory(*name, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(b"12345").unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn end_record(entries: u16, size: u32, offset: u32) -> Vec<u8> {
    let mut record = b"PK\x05\x06\0\0\0\0".to_vec();
    record.extend(entries.to_le_bytes());
    record.extend(entries.to_le_bytes());
    record.extend(size.to_le_bytes());
    record.extend(offset.to_le_bytes());
    record.extend([0, 0]);
    record
}

/// The place of the central directory's first record.
fn directory(zip: &[u8]) -> usize {
    zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap()
}

#[test]
fn a_small_zip_is_one_read() {
    let source = Memory::new(zipped(&["python/", "python/requests/a.py", "./lib/x.so", "README.md", "python/b.py"]));
    let inspection = inspected(&source).unwrap();
    let top_level: BTreeSet<String> = ["README.md", "lib/", "python/"].map(str::to_owned).into();
    assert_eq!((inspection.entries, inspection.files, inspection.unzipped), (5, 4, 20));
    assert_eq!(inspection.top_level, top_level);
    assert_eq!(inspection.oddities, Oddities::default());
    assert_eq!(source.reads(), [(0, source.size())]);
}

#[test]
fn a_long_table_of_contents_takes_one_read_more() {
    let names: Vec<String> = (0..20_000).map(|index| format!("python/package/module_number_{index:06}.py")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let source = Memory::new(zipped(&names));
    let inspection = inspected(&source).unwrap();
    assert_eq!((inspection.entries, inspection.unzipped), (20_000, 100_000));
    let start = directory(&source.bytes) as u64;
    let tail = source.size() - TAIL;
    assert_eq!(source.reads(), [(tail, TAIL), (start, tail - start)]);
}

#[test]
fn content_is_never_read() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("python/big", SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
        .unwrap();
    writer.write_all(&vec![7; 3_000_000]).unwrap();
    let source = Memory::new(writer.finish().unwrap().into_inner());
    assert_eq!(inspected(&source).unwrap().unzipped, 3_000_000);
    assert_eq!(source.reads(), [(source.size() - TAIL, TAIL)]);
}

#[test]
fn comments_and_prefixes_are_no_obstacle() {
    let mut commented = zipped(&["python/a"]);
    let end = commented.len();
    commented[end - 2..].copy_from_slice(&u16::MAX.to_le_bytes());
    commented.extend(vec![b'x'; 65_535]);
    assert_eq!(outcome(commented).unwrap().files, 1);
    let prefixed = [vec![0xee; 300_000], zipped(&["python/a"])].concat();
    let inspection = outcome(prefixed).unwrap();
    assert_eq!((inspection.files, inspection.oddities.iter().count()), (1, 0));
}

#[test]
fn sizes_beyond_32_bits_are_honoured() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(true);
    writer.start_file("python/a", options).unwrap();
    writer.write_all(b"12345").unwrap();
    let mut zip = writer.finish().unwrap().into_inner();
    assert_eq!(outcome(zip.clone()).unwrap().unzipped, 5);
    // The size moves from the record's own field to a zip64 extra field behind the name.
    let record = directory(&zip);
    let extra = [&1u16.to_le_bytes()[..], &8u16.to_le_bytes(), &(5u64 << 32).to_le_bytes()].concat();
    zip[record + 24..record + 28].copy_from_slice(&u32::MAX.to_le_bytes());
    let name_len = u16::from_le_bytes([zip[record + 28], zip[record + 29]]) as usize;
    let old_len = u16::from_le_bytes([zip[record + 30], zip[record + 31]]) as usize;
    zip[record + 30..record + 32].copy_from_slice(&12u16.to_le_bytes());
    let at = record + 46 + name_len;
    zip.splice(at..at + old_len, extra);
    let size = (46 + name_len + 12) as u32;
    zip.truncate(record + size as usize);
    zip.extend(end_record(1, size, record as u32));
    assert!(matches!(outcome(zip), Err(InspectError::TooLarge { unzipped }) if unzipped == 5 << 32));
}

#[test]
fn more_than_65535_entries_are_counted() {
    let names: Vec<String> = (0..65_540).map(|index| format!("python/{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let inspection = outcome(zipped(&names)).unwrap();
    assert_eq!((inspection.entries, inspection.top_level.len()), (65_540, 1));
}

#[test]
fn sums_saturate_and_the_limit_is_exact() {
    let mut inspection = Inspection::default();
    for (path, size) in [(b"a", u64::MAX), (b"b", 1)] {
        let method = CompressionMethod::DEFLATE;
        let (is_folder, encrypted, is_link, is_special, has_two_paths) = (false, false, false, false, false);
        let (zipped, offset, crc, mode) = (1, 0, 0, None);
        let entry = Entry {
            path,
            is_folder,
            size,
            zipped,
            encrypted,
            method,
            offset,
            is_link,
            is_special,
            has_two_paths,
            crc,
            mode,
        };
        inspection.add(&entry, &mut Paths::default());
    }
    assert_eq!(inspection.unzipped, u64::MAX);
    let at = |unzipped| acceptable::<io::Error>(Inspection { files: 1, unzipped, ..Inspection::default() });
    assert!(at(UNZIPPED_LIMIT).is_ok());
    let message = |unzipped| at(unzipped).unwrap_err().to_string();
    assert_eq!(message(UNZIPPED_LIMIT + 1), "262.2 MB unzipped; Lambda accepts 262.1 MB");
    assert_eq!(message(268_435_456), "268.4 MB unzipped; Lambda accepts 262.1 MB");
    assert!(message(u64::MAX).ends_with("Lambda accepts 262.1 MB"));
}

#[test]
fn a_crowded_root_still_shows_what_matters() {
    let names: Vec<String> = (0..1_000).map(|index| format!("a{index}/x")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("python/x");
    let inspection = outcome(zipped(&names)).unwrap();
    assert_eq!(inspection.top_level.len(), TOP_LEVEL_LIMIT + 1);
    assert!(inspection.top_level.contains("python/"));
}

#[test]
fn what_is_no_zip_is_refused() {
    let zip = zipped(&["python/a"]);
    let table: [(&str, Vec<u8>); 5] = [
        ("empty", Vec::new()),
        ("text", b"hello".to_vec()),
        ("cut off", zip[..zip.len() - 30].to_vec()),
        ("gzip", [b"\x1f\x8b\x08".to_vec(), vec![0; 500_000]].concat()),
        ("a comment too long", [zip, vec![b'x'; 70_000]].concat()),
    ];
    for (what, bytes) in table {
        assert!(matches!(outcome(bytes), Err(InspectError::NotAZip(_))), "{what}");
    }
}

#[test]
fn zips_without_files_are_refused() {
    assert!(matches!(outcome(end_record(0, 0, 0)), Err(InspectError::Empty)));
    assert!(matches!(outcome(zipped(&["python/"])), Err(InspectError::Empty)));
}

#[test]
fn a_damaged_table_of_contents_is_refused() {
    let zip = zipped(&["python/a", "python/b"]);
    let start = directory(&zip);
    let broken = |at: usize, bytes: &[u8]| {
        let mut zip = zip.clone();
        zip[at..at + bytes.len()].copy_from_slice(bytes);
        zip
    };
    let end = zip.len() - 22;
    let table = [
        ("signature", broken(start + 54, b"PK\x09\x09")),
        ("name length", broken(start + 28, &u16::MAX.to_le_bytes())),
        ("count", broken(end + 8, &[3, 0, 3, 0])),
        ("offset", broken(end + 16, &u32::MAX.to_le_bytes())),
        ("content cut out", [&zip[..start], &zip[end..]].concat()),
        ("far away", [vec![0; 40_000_000], end_record(1, 39_999_999, 1)].concat()),
    ];
    for (what, bytes) in table {
        let outcome = outcome(bytes);
        assert!(matches!(outcome, Err(InspectError::Malformed(_))), "{what}: {outcome:?}");
    }
}

#[test]
fn a_million_entries_are_a_valid_zip() {
    let source = Memory::new(many(1_000_000));
    let inspection = inspected(&source).unwrap();
    assert_eq!((inspection.entries, inspection.files), (1_000_000, 1_000_000));
    assert!(inspection.oddities.iter().next().is_none());
    assert!(source.reads().len() < 25, "{:?}", source.reads().len());
}

/// A zip of so many empty files, written by hand: the other writer would take minutes in a debug build.
fn many(entries: u32) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for index in 0..entries {
        let name = format!("python/{index:07}");
        let (offset, length) = (zip.len() as u32, (name.len() as u16).to_le_bytes());
        zip.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        zip.extend([0; 12]);
        zip.extend(length);
        zip.extend([0; 2]);
        zip.extend(name.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\0\0");
        directory.extend([0; 12]);
        directory.extend(length);
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = zip.len() as u64;
    zip.extend(&directory);
    let end = zip.len() as u64;
    zip.extend(b"PK\x06\x06");
    zip.extend(44u64.to_le_bytes());
    zip.extend([0x2d, 3, 0x2d, 0]);
    zip.extend([0; 8]);
    zip.extend(u64::from(entries).to_le_bytes().repeat(2));
    zip.extend((end - start).to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend(b"PK\x06\x07\0\0\0\0");
    zip.extend(end.to_le_bytes());
    zip.extend(1u32.to_le_bytes());
    zip.extend(end_record(u16::MAX, u32::MAX, u32::MAX));
    zip
}

#[test]
fn what_is_far_larger_than_lambdas_limit_is_not_read() {
    struct Sparse;
    impl ReadAt for Sparse {
        type Error = io::Error;
        const IS_FAR: bool = true;
        fn size(&self) -> u64 {
            10 << 30
        }
        fn read_at(&self, _: u64, _: u64) -> io::Result<Bytes> {
            panic!("read")
        }
    }
    let error = inspect(&Sparse).unwrap_err();
    assert_eq!(error.to_string(), "a zip of 10737.4 MB; Lambda accepts 262.1 MB unzipped");
}

#[test]
fn reads_are_few_and_small_whatever_the_end_claims() {
    for offset in [0, 1, 39_000_000] {
        let source = Memory::new([vec![0; 40_000_000], end_record(1, 40_000_000, offset)].concat());
        assert!(inspected(&source).is_err());
        assert!(source.reads().len() <= 4, "{:?}", source.reads());
    }
    // A table of contents that goes on for ever: records without a name, one behind the other.
    let record = [b"PK\x01\x02".to_vec(), vec![0; 42]].concat();
    let source = Memory::new([record.repeat(200_000_000 / 46), end_record(1, u32::MAX - 1, 0)].concat());
    assert!(inspected(&source).is_err());
    assert!(source.reads().iter().map(|(_, len)| len).sum::<u64>() <= READ_LIMIT);
}

#[test]
fn paths_with_dots_and_entries_that_come_twice_are_told() {
    let names = ["python/../../a", "/b", "python/c", "python//c"];
    let inspection = outcome(zipped(&names)).unwrap();
    let oddities: Vec<Oddity> = inspection.oddities.iter().map(|(oddity, _)| oddity).collect();
    assert_eq!(oddities, [Oddity::Climbing, Oddity::Absolute, Oddity::Duplicate]);
    let mut zip = zipped(&["python/a"]);
    let start = directory(&zip);
    zip[start + 8] |= 1;
    zip[start + 10] = 14;
    let inspection = outcome(zip).unwrap();
    assert_eq!(inspection.oddities.iter().map(|(oddity, _)| oddity).collect::<Vec<_>>(), [Oddity::Encrypted]);
}

/// A source that fails, or brings less than was asked for.
struct Failing(bool);

impl ReadAt for Failing {
    type Error = io::Error;

    const IS_FAR: bool = true;

    fn size(&self) -> u64 {
        100
    }

    fn read_at(&self, _offset: u64, _len: u64) -> io::Result<Bytes> {
        if self.0 { Err(io::Error::other("no such key")) } else { Ok(Bytes::from_static(b"PK")) }
    }
}

#[test]
fn failed_reads_keep_their_cause() {
    let error = inspect(&Failing(true)).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "no such key");
    let error = inspect(&Failing(false)).unwrap_err();
    assert_eq!(error.to_string(), "damaged zip: 2 bytes came where 100 were asked for; it changed while it was read");
}

#[test]
fn local_zips_are_read_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.zip");
    let names: Vec<String> = (0..3_000).map(|index| format!("python/package/module_number_{index:06}.py")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    std::fs::write(&path, zipped(&names)).unwrap();
    let Ok(Local::Zip(zip)) = Local::open(&path) else { panic!("not opened") };
    let inspection = inspect(&zip).unwrap();
    assert_eq!(inspection.files, 3_000);
}

proptest! {
    #[test]
    fn no_bytes_cause_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(outcome(bytes).is_err());
    }

    #[test]
    fn no_damage_to_a_real_zip_causes_a_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        from in 0usize..40,
    ) {
        let mut zip = zipped(&["python/a", "python/b/", "lib/c"]);
        let start = directory(&zip);
        for (at, byte) in damage {
            let at = start + at.index(zip.len() - start);
            zip[at] = byte;
        }
        let _ = outcome(zip[from..].to_vec());
    }
}
