//! What Lambda demands of a layer's archive.

use std::fs::File;
use std::io::BufReader;

use super::errors::Refusal;

/// Lambda's limit for all files of a function or layer, unpacked (Lambda quotas: 250 MB).
pub(super) const LARGEST_UNZIPPED: u128 = 262_144_000;

/// Reads the central directory and refuses as Lambda does; the size of all files, unpacked.
pub(super) async fn check(file: File) -> Result<u64, Refusal> {
    let checked = tokio::task::spawn_blocking(move || check_file(file)).await;
    checked.map_err(|error| Refusal::service(error.to_string()))?
}

fn check_file(file: File) -> Result<u64, Refusal> {
    if file.metadata()?.len() == 0 {
        return Err(empty());
    }
    let archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|_| {
        Refusal::invalid_parameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
    })?;
    if archive.is_empty() {
        return Err(empty());
    }
    // Without a size for every file the size is unknown; Lambda would unpack and count.
    let size = archive.decompressed_size().unwrap_or_default();
    if size > LARGEST_UNZIPPED {
        let message = format!("Unzipped size must be smaller than {LARGEST_UNZIPPED} bytes");
        return Err(Refusal::invalid_parameter(message));
    }
    Ok(u64::try_from(size).unwrap_or(u64::MAX))
}

fn empty() -> Refusal {
    Refusal::invalid_parameter("Uploaded file must be a non-empty zip")
}
