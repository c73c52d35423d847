//! One entry of a zip.

use rawzip::{CompressionMethod, ZipFileHeaderRecord};

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
    /// CRC-32 of its content.
    pub crc: u32,
}

impl<'a> Entry<'a> {
    pub fn of(record: &'a ZipFileHeaderRecord<'_>) -> Self {
        let flags = record.flags();
        Self {
            path: record.file_path().as_bytes(),
            is_folder: record.is_dir(),
            size: record.uncompressed_size_hint(),
            zipped: record.compressed_size_hint(),
            encrypted: flags.is_encrypted() || flags.has_strong_encryption(),
            method: record.compression_method(),
            offset: record.local_header_offset(),
            // The upper half is the mode of a file of Unix.
            is_link: (record.external_attributes() >> 16) & 0xf000 == 0xa000,
            crc: record.crc32(),
        }
    }
}
