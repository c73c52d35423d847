//! What a folder becomes.

mod any;
mod links;
mod refused;
mod unpacked;

use super::*;
use crate::archive::blocks::BLOCK;
use crate::archive::{Inspection, LocalZip, inspect};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::{TempDir, tempdir};

/// What lies in a folder of a test.
#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>, u32),
    Link(&'static str),
    Folder,
}

fn file(content: &str) -> Node {
    Node::File(content.as_bytes().to_vec(), 0o644)
}

fn write(folder: &Path, name: &str, node: &Node) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match node {
        Node::File(content, mode) => {
            fs::write(&path, content).unwrap();
            set_mode(&path, *mode);
        }
        Node::Link(target) => symlink(target, &path),
        Node::Folder => fs::create_dir_all(&path).unwrap(),
    }
}

fn tree(nodes: &[(&str, Node)]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, node) in nodes {
        write(folder.path(), name, node);
    }
    folder
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn symlink(target: &str, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

fn pack_to(folder: &Path, zip: impl Write + Send) -> Result<Packed, PackError> {
    pack(&Tree::read(folder, &Halt::default())?, zip, &Halt::default())
}

fn packed(folder: &Path) -> (Packed, Vec<u8>) {
    let mut bytes = Vec::new();
    (pack_to(folder, &mut bytes).unwrap(), bytes)
}

fn refused(folder: &Path) -> PackError {
    pack_to(folder, io::sink()).unwrap_err()
}

fn sample() -> TempDir {
    tree(&[
        ("python/requests/__init__.py", file("import urllib3\n")),
        ("python/requests/py.typed", file("")),
        ("python/bin/normalizer", Node::File(b"#!/bin/sh\n".to_vec(), 0o744)),
        ("python/private", Node::File(b"secret".to_vec(), 0o600)),
        ("python/größe.txt", file("ß")),
        ("python/current", Node::Link("requests/__init__.py")),
        ("lib/libz.so.1", Node::Link("../python/requests")),
        ("python/empty/inner", Node::Folder),
        ("python-extra/a", file("a")),
    ])
}

fn explained(error: &PackError, folder: &Path) -> String {
    error.to_string().replace(folder.to_str().unwrap(), "layer")
}

#[test]
fn the_bytes_are_pinned() {
    // A change here makes every layer that is made from a folder look changed: do it on purpose only.
    let folder = sample();
    // Enough to compress that another compressor, or another level of this one, shows.
    let words = (0u32..40_000).map(|index| index.wrapping_mul(2_654_435_761) >> 20);
    write(folder.path(), "python/words.txt", &file(&words.map(|word| format!("{word:x} ")).collect::<String>()));
    let (packed, bytes) = packed(folder.path());
    let hex: String = packed.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "e30eb1c412aeb6a3a6ac8a562e71f4c7e7e58c994c895208ca673dbc542b019c");
    assert_eq!(packed.size, bytes.len() as u64);
}

#[test]
fn the_digest_is_that_of_the_file() {
    let (packed, bytes) = packed(sample().path());
    assert_eq!(packed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
}

#[test]
fn everything_is_sorted_and_fixed() {
    let (_, bytes) = packed(sample().path());
    let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let mut listed = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        assert_eq!(entry.last_modified().unwrap(), zip::DateTime::DEFAULT);
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        listed.push(format!("{:o} {} {content:?}", entry.unix_mode().unwrap(), entry.name().unwrap()));
    }
    let expected = [
        "120777 lib/libz.so.1 \"../python/requests\"",
        "100644 python-extra/a \"a\"",
        "100755 python/bin/normalizer \"#!/bin/sh\\n\"",
        "120777 python/current \"requests/__init__.py\"",
        "40755 python/empty/inner/ \"\"",
        "100644 python/größe.txt \"ß\"",
        "100644 python/private \"secret\"",
        "100644 python/requests/__init__.py \"import urllib3\\n\"",
        "100644 python/requests/py.typed \"\"",
    ];
    assert_eq!(listed, expected);
}

#[test]
fn our_own_inspection_agrees() {
    let folder = sample();
    let mut zip = tempfile::tempfile().unwrap();
    let packed = pack_to(folder.path(), &zip).unwrap();
    assert_eq!(zip.seek(SeekFrom::End(0)).unwrap(), packed.size);
    let inspection = inspect(&LocalZip::new(zip, packed.size)).unwrap();
    let top_level: BTreeSet<String> = ["lib/", "python-extra/", "python/"].map(str::to_owned).into();
    let unzipped = [18, 1, 10, 20, 0, 2, 6, 15, 0].iter().sum();
    let homes = inspection.homes.clone();
    let expected = Inspection { entries: 9, files: 8, unzipped, top_level, homes, ..Inspection::default() };
    assert_eq!(inspection, expected);
    assert_eq!(Tree::read(folder.path(), &Halt::default()).unwrap().inspection(&Halt::default()), expected);
}

/// Lengths around the ends of blocks, of content that deflates well and of content that does not.
#[test]
fn files_of_any_length_are_packed_whole() {
    for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 123] {
        let smooth: Vec<u8> = (0..length).map(|index| (index / 700) as u8).collect();
        let mut seed = 1u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        };
        let rough: Vec<u8> = (0..length).map(|_| random()).collect();
        for content in [smooth, rough] {
            let folder = tree(&[("python/big", Node::File(content.clone(), 0o644))]);
            let (_, bytes) = packed(folder.path());
            let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
            let mut unpacked = Vec::new();
            zip.by_index(0).unwrap().read_to_end(&mut unpacked).unwrap();
            assert!(unpacked == content, "{length}");
        }
    }
}

#[test]
fn the_number_of_cores_makes_no_difference() {
    let folder = sample();
    let words = (0u32..1_000_000).map(|index| index.wrapping_mul(2_654_435_761) >> 20);
    write(folder.path(), "python/words.txt", &file(&words.map(|word| format!("{word:x} ")).collect::<String>()));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| packed(folder.path()))
    };
    let (one, bytes) = with(1);
    for threads in [2, 3, 16] {
        let (some, others) = with(threads);
        assert!(one == some && bytes == others, "{threads} threads");
    }
}

#[test]
fn more_than_65535_entries_are_packed() {
    let folder = tree(&[("python/a", file("x"))]);
    let mut tree = Tree::read(folder.path(), &Halt::default()).unwrap();
    let links = (0..66_000).map(|index| TreeEntry {
        name: format!("z{index:05}"),
        kind: EntryKind::Link { target: "python/a".to_owned() },
    });
    tree.entries.extend(links);
    let mut bytes = Vec::new();
    pack(&tree, &mut bytes, &Halt::default()).unwrap();
    assert_eq!(zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap().len(), 66_001);
}

#[test]
fn names_that_zips_should_not_have_are_kept() {
    let folder = tree(&[("Foo::Bar.3pm", file("a")), ("back\\slash", file("b")), ("two..dots", file("c"))]);
    let (_, bytes) = packed(folder.path());
    let zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["Foo::Bar.3pm", "back\\slash", "two..dots"]);
}
