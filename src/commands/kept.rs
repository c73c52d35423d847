//! Where a rollout keeps what was there before: a new file in `.layership` beside the layers file, safe on the disk before
//! anything is touched.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::rollout::Record;

/// Keeps a record; where.
pub fn keep(layers_file: &Path, record: &Record) -> Result<PathBuf, Error> {
    let folder = layers_file.parent().unwrap_or(Path::new("")).join(".layership");
    let path = folder.join(format!("rollout-{}.json", record.run));
    let written = record.to_json().map_err(io::Error::from).and_then(|text| write(&folder, &path, &text));
    written.map(|()| path.clone()).map_err(|error| {
        Error::other(format!("cannot keep what was there before in `{}`: {error}", path.display()))
            .hint("nothing was changed")
    })
}

fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // A checkout may bring the folder, but not lead elsewhere with it.
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::Error::other(format!("`{}` is not a folder", folder.display())));
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // The name, too; where folders cannot be opened, it is there all the same.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = File::open(folder);
    Ok(())
}
