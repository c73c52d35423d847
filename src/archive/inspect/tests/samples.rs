//! What only a look into a few entries shows.

use super::*;
use crate::layer::LayerSettings;

/// A library for a machine of ELF.
fn elf(machine: u8) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
    header.extend([machine, 0]);
    header.extend([0; 1_000]);
    header
}

fn zip_of(files: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let method = if deflated { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn told(inspection: &Inspection, architecture: &str) -> String {
    let settings =
        LayerSettings { compatible_architectures: vec![architecture.parse().unwrap()], ..LayerSettings::default() };
    let found = inspection.natives.judge(&settings).into_iter().map(|finding| finding.message);
    found.collect::<Vec<_>>().join("\n")
}

#[test]
fn headers_tell_the_machine_where_names_do_not() {
    for deflated in [false, true] {
        let files = [
            ("python/x.libs/liba.so.0", elf(62)),
            ("nodejs/node_modules/x/y.node", elf(62)),
            ("lib/text.so", b"INPUT(a)".to_vec()),
        ];
        let inspection = outcome(zip_of(&files, deflated)).unwrap();
        assert_eq!(told(&inspection, "x86_64"), "");
        assert_eq!(
            told(&inspection, "arm64"),
            "its native libraries are for x86_64 and not for arm64: `python/x.libs/liba.so.0`"
        );
        let both = outcome(zip_of(&[("lib/x64/a.so", elf(62)), ("lib/arm64/a.so", elf(183))], deflated)).unwrap();
        assert_eq!(told(&both, "arm64") + &told(&both, "x86_64"), "");
    }
}

/// Small reads of a zip in S3 are requests: a few for each kind, however many there are.
#[test]
fn far_away_only_a_few_are_read() {
    let mut files: Vec<(String, Vec<u8>)> = (0..50).map(|n| (format!("lib/{n}.so"), elf(62))).collect();
    files.extend(
        (0..50).map(|n| (format!("nodejs/node_modules/p{n}/package.json"), br#"{"name":"x","version":"1"}"#.to_vec())),
    );
    files.push(("large".to_owned(), vec![0; TAIL as usize]));
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(path, content)| (path.as_str(), content.clone())).collect();
    let source = Memory::new(zip_of(&files, false));
    let inspection = inspected(&source).unwrap();
    let reads = source.reads();
    assert_eq!(reads.len(), 1 + 3 + 3, "{reads:?}");
    assert!(reads[1..].iter().all(|(_, len)| *len < 70_000), "{reads:?}");
    assert!(told(&inspection, "arm64").contains("as far as a few of them were read"));
}

#[test]
fn packages_of_node_tell_their_versions() {
    let package = |name: &str, version: &str| format!(r#"{{"name":"{name}","version":"{version}"}}"#).into_bytes();
    let files = [
        ("nodejs/node_modules/a/package.json", package("a", "1.0.0")),
        ("nodejs/node_modules/a/node_modules/b/package.json", package("b", "2.0.0")),
        ("nodejs/node_modules/b/package.json", package("b", "1.0.0")),
        ("nodejs/node20/node_modules/@s/c/package.json", package("@s/c", "3.0.0")),
        ("nodejs/node_modules/alias/package.json", package("real", "4.0.0")),
        ("nodejs/node_modules/a/dist/package.json", package("no", "1")),
        ("nodejs/node_modules/broken/package.json", b"{".to_vec()),
        ("python/node_modules/no/package.json", package("no", "1")),
    ];
    let inspection = outcome(zip_of(&files, true)).unwrap();
    let packages = inspection.packages.of(crate::archive::packages::Ecosystem::Node);
    let packages: Vec<String> = packages.map(|(name, versions)| format!("{name} {versions:?}")).collect();
    insta::assert_snapshot!(packages.join("\n"), @r#"
    @s/c {"3.0.0"}
    a {"1.0.0"}
    b {"1.0.0", "2.0.0"}
    broken {}
    real {"4.0.0"}
    "#);
}

fn odd(bytes: Vec<u8>) -> Vec<Oddity> {
    outcome(bytes).unwrap().oddities.iter().map(|(oddity, _)| oddity).collect()
}

#[test]
fn links_may_not_lead_out_and_headers_may_not_lie() {
    let linked = |path: &str, target: &str| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink(path, target, SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap().into_inner()
    };
    assert_eq!(odd(linked("lib/a.so", "b/liba.so.1")), []);
    assert_eq!(odd(linked("lib/a", "../python/a")), []);
    assert_eq!(odd(linked("lib/a", "/opt/python/a")), []);
    for target in ["/etc/passwd", "../../etc/passwd", "..\\..\\..", ""] {
        let expected = match target {
            "/etc/passwd" => vec![Oddity::Elsewhere],
            _ if target.contains('\\') => vec![],
            _ => vec![Oddity::Leaving],
        };
        assert_eq!(odd(linked("lib/a", target)), expected, "{target}");
    }
    let honest = zip_of(&[("lib/a.so", elf(62))], true);
    assert_eq!(odd(honest.clone()), []);
    // In front of the entry: signature, size, name; in the table of contents: the size.
    let directory = directory(&honest);
    for at in [0, 18, 22, 30, directory + 24] {
        let mut lying = honest.clone();
        lying[at] ^= 1;
        let odd = odd(lying);
        assert_eq!(odd, [Oddity::Contradicting], "{at}");
    }
}

/// A zip of `python/b` whose table of contents says this of it, with this behind its name.
fn directory_with(flags: u16, mode: u32, extra: &[u8]) -> Vec<u8> {
    let mut zip = zip_of(&[("python/b", b"B = 1".to_vec())], false);
    let (at, name) = (directory(&zip), "python/b".len());
    zip[at + 8..at + 10].copy_from_slice(&flags.to_le_bytes());
    zip[at + 38..at + 42].copy_from_slice(&(mode << 16).to_le_bytes());
    zip[at + 30..at + 32].copy_from_slice(&(extra.len() as u16).to_le_bytes());
    zip.splice(at + 46 + name..at + 46 + name, extra.iter().copied());
    let (end, size) = (zip.len() - 22, (46 + name + extra.len()) as u32);
    zip[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
    zip
}

#[test]
fn entries_that_unzip_to_something_else_or_not_at_all_are_told() {
    let plain = 0o100_644;
    assert_eq!(odd(directory_with(0, plain, &[])), []);
    assert_eq!(odd(directory_with(1 << 13, plain, &[])), [Oddity::Encrypted]);
    for special in [0o010_644, 0o020_644, 0o060_644, 0o140_644] {
        assert_eq!(odd(directory_with(0, special, &[])), [Oddity::Special], "{special:o}");
    }
    let unicode = |own: &[u8], version: u8, other: &str| {
        let mut sum = flate2::Crc::new();
        sum.update(own);
        let size = 5 + other.len() as u16;
        let field = [&0x7075_u16.to_le_bytes()[..], &size.to_le_bytes(), &[version], &sum.sum().to_le_bytes()];
        odd(directory_with(0, plain, &[&field.concat(), other.as_bytes()].concat()))
    };
    assert_eq!(unicode(b"python/b", 1, "../../etc/x"), [Oddity::TwoPaths]);
    for (own, version, other) in [(&b"python/b"[..], 1, "python/b"), (b"python/c", 1, "x"), (b"python/b", 2, "x")] {
        assert_eq!(unicode(own, version, other), [], "{other}");
    }
}

/// Whatever a file is, and whatever its size is said to be.
#[test]
fn any_file_is_held_against_what_the_zip_says_of_it() {
    let contents = [vec![b'a'; 5_000], vec![], b"ab".to_vec(), (0..=255).collect(), vec![0; 3_000_000]];
    for (content, deflated) in contents.iter().flat_map(|content| [(content, false), (content, true)]) {
        let files = [("python/a.py", content.clone()), ("python/b.py", b"B = 1".to_vec())];
        assert_eq!(odd(zip_of(&files, deflated)), [], "{} bytes, {deflated}", content.len());
    }
    let claims = |content: Vec<u8>, size: u32| {
        let mut zip = zip_of(&[("python/a.py", content)], true);
        let directory = directory(&zip);
        for at in [22, directory + 24] {
            zip[at..at + 4].copy_from_slice(&size.to_le_bytes());
        }
        odd(zip)
    };
    for (size, claimed) in [(5_000, 5), (5_000, 4_999), (5_000, 5_001), (50, 5_000), (50, 0)] {
        assert_eq!(claims(vec![b'a'; size], claimed), [Oddity::Contradicting], "{size} claims {claimed}");
    }
    assert_eq!(claims(vec![0; 3_000_000], 5), [Oddity::Sizes]);
    assert_eq!(claims(b"ab".to_vec(), 100_000), [Oddity::Sizes]);
    for deflated in [false, true] {
        let honest = zip_of(&[("python/a.py", b"A = 1".to_vec())], deflated);
        let directory = directory(&honest);
        // The name in front of the entry, its content, and the sum in the table of contents.
        for at in [30, 42, directory + 16] {
            let mut lying = honest.clone();
            lying[at] ^= 1;
            assert_eq!(odd(lying), [Oddity::Contradicting], "{at} {deflated}");
        }
    }
}

/// However much it is: 600 MB of zeros passed for 1 MB.
#[test]
fn a_check_unzips_no_more_than_it_may() {
    let content = |size| vec![b'x'; size];
    let mut zip = zip_of(&[("python/a.bin", content(2_000)), ("python/b.bin", content(500))], true);
    // Neither unzips to what its sum says.
    for size in [2_000_u32, 500] {
        let sum = content(size as usize);
        let mut crc = flate2::Crc::new();
        crc.update(&sum);
        let sum = crc.sum().to_le_bytes();
        let places: Vec<usize> = (0..zip.len() - 4).filter(|at| zip[*at..*at + 4] == sum).collect();
        places.into_iter().for_each(|at| zip[at] ^= 1);
    }
    let found = |work| {
        let inspection = inspect_within(&Memory::new(zip.clone()), work).unwrap();
        inspection.oddities.iter().map(|(oddity, met)| (oddity, met.times)).collect::<Vec<_>>()
    };
    for (work, times) in [(u64::MAX, 2), (2_500, 2), (2_499, 1), (500, 1)] {
        assert_eq!(found(work), [(Oddity::Contradicting, times)], "{work}");
    }
    assert_eq!(found(499), []);
}

#[test]
fn a_large_file_is_not_taken_at_its_word() {
    let mut zip = zip_of(&[("python/a.py", b"A = 1".to_vec()), ("python/z.bin", vec![0; 60_000_000])], true);
    let size = 60_000_000_u32.to_le_bytes();
    let places: Vec<usize> = (0..zip.len() - 4).filter(|at| zip[*at..*at + 4] == size).collect();
    assert_eq!(places.len(), 2, "in front of it and in the table of contents");
    places.into_iter().for_each(|at| zip[at..at + 4].copy_from_slice(&1_000_000_u32.to_le_bytes()));
    assert_eq!(odd(zip), [Oddity::Contradicting]);
}

/// Each of these entries is read again and again: what they say that they are bounds the work.
#[test]
fn what_is_refused_as_it_is_is_not_unzipped() {
    let zip = zip_of(&[("python/z.bin", vec![0; 20_000_000])], true);
    let (start, end) = (directory(&zip), zip.len() - 22);
    let record = zip[start..end].repeat(30_000);
    let end = end_record(30_000, record.len() as u32, start as u32);
    let outcome = outcome([&zip[..start], &record, &end].concat());
    assert!(matches!(outcome, Err(InspectError::TooLarge { .. })), "{outcome:?}");
}
