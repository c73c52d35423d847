//! Reading a file that a command is given, or standard input: bounded, and with errors that name it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;

/// Reads a file, or standard input where the path is `-`.
///
/// # Errors
/// It is not there, cannot be read, or has more bytes than any `what` has.
pub fn read(path: &Path, what: &str, most: u64) -> Result<Vec<u8>, Error> {
    let name = name(path);
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::usage(format!("there is no {what} {name}")),
        _ => Error::usage(format!("cannot read the {what} from {name}: {error}")),
    };
    let mut text = Vec::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().take(most + 1).read_to_end(&mut text),
        _ => File::open(path).map_err(unreadable)?.take(most + 1).read_to_end(&mut text),
    };
    read.map_err(unreadable)?;
    if text.len() as u64 > most {
        return Err(Error::usage(format!("{name} has more than {} MB: it is not a {what}", most / 1_000_000)));
    }
    Ok(text)
}

/// What the file is called in messages.
pub fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}
