//! Zips made by another writer than the one under test, and zips read by another reader.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A zip of these files.
pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(content.as_bytes()).expect("its content");
    }
    zip.finish().expect("a zip").into_inner()
}

/// A zip of small files with these modes.
pub fn zip_with_modes(files: &[(&str, u32)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, mode) in files {
        zip.start_file(*path, SimpleFileOptions::default().unix_permissions(*mode)).expect("an entry");
        zip.write_all(b"#!/bin/sh\n").expect("its content");
    }
    zip.finish().expect("a zip").into_inner()
}

/// A zip of a small file, and of a link at `path` that leads to `to`.
pub fn zip_with_link(path: &str, to: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("python/requests.py", SimpleFileOptions::default()).expect("an entry");
    zip.write_all(b"NAME = 1").expect("its content");
    zip.add_symlink(path, to, SimpleFileOptions::default()).expect("a link");
    zip.finish().expect("a zip").into_inner()
}

/// A zip of one stored file with so many bytes that look random, and are the same each time.
pub fn large_zip(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let content: Vec<u8> = std::iter::repeat_with(next).flatten().take(size).collect();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("python/large.bin", SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
        .expect("an entry");
    zip.write_all(&content).expect("its content");
    zip.finish().expect("a zip").into_inner()
}

/// A zip of one deflated file of so many zeros.
pub fn zip_of_zeros(size: u64) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("python/zeros.bin", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))
        .expect("an entry");
    std::io::copy(&mut std::io::repeat(0).take(size), &mut zip).expect("its content");
    zip.finish().expect("a zip").into_inner()
}

/// A zip that claims, in its central directory and in its entry, to hold a file of `size` bytes.
pub fn zip_that_claims(size: u32) -> Vec<u8> {
    // Deflate makes a thousand bytes of one at best.
    let small = size / 1_000;
    let mut bytes = large_zip(small as usize);
    // The method and the size before compression are at 8 and 22 in a local header, at 10 and 24 in the central directory.
    for (signature, method, offset) in [(b"PK\x03\x04", 8, 22), (b"PK\x01\x02", 10, 24)] {
        let header = bytes.windows(4).position(|window| window == signature).expect("a header");
        bytes[header + method] = 8;
        let place = &mut bytes[header + offset..header + offset + 4];
        assert_eq!(place, small.to_le_bytes(), "the size is elsewhere");
        place.copy_from_slice(&size.to_le_bytes());
    }
    bytes
}

/// What a zip says of an entry, in its central directory and in front of the entry.
pub struct Header {
    /// General purpose flags.
    pub flags: u16,
    /// Compression method.
    pub method: u16,
}

/// A zip of one small file whose headers were changed by hand.
pub fn zip_of(path: &str, change: impl Fn(&mut Header)) -> Vec<u8> {
    let mut bytes = zip(&[(path, "content")]);
    // Flags and method are at 6 and 8 in a local header, at 8 and 10 in the central directory.
    for (signature, offset) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|window| window == signature).expect("a header") + offset;
        let number = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let mut header = Header { flags: number(at), method: number(at + 2) };
        change(&mut header);
        bytes[at..at + 2].copy_from_slice(&header.flags.to_le_bytes());
        bytes[at + 2..at + 4].copy_from_slice(&header.method.to_le_bytes());
    }
    bytes
}

/// One entry of a zip.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unix mode, file type included.
    pub mode: u32,
    /// Content; of a symbolic link, where it points to.
    pub content: String,
}

/// All files and links of a zip by path.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, Entry> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).expect("an entry");
            let mut content = String::new();
            file.read_to_string(&mut content).expect("text");
            (file.name().expect("a name").into_owned(), Entry { mode: file.unix_mode().expect("a mode"), content })
        })
        .collect()
}
