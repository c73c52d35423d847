//! `layership init`

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use crate::cli::InitArgs;
use crate::error::{Ended, Error};
use crate::report::emit::stdout;
use crate::shown;

/// The complete, commented example; a test parses, checks and plans it.
const EXAMPLE: &str = include_str!("../../layers.toml.example");

/// Writes the example, never over something.
pub fn init(args: &InitArgs) -> Result<Ended, Error> {
    let path = args.config.display();
    let file = OpenOptions::new().write(true).create_new(true).open(&args.config);
    let written = file.and_then(|mut file| file.write_all(EXAMPLE.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::usage(format!("`{path}` already exists; nothing was written")),
        io::ErrorKind::NotFound => Error::usage(format!("cannot write `{path}`: its folder does not exist")),
        _ => Error::usage(format!("cannot write `{path}`: {error}")),
    })?;
    stdout(&shown!(
        "Wrote {}: name your layers in it, then\n\n  layership check                      the file, manifests and archives, offline\n  layership publish --stage --sandbox  a rehearsal without AWS\n  layership plan                       what would be published, and why\n",
        args.config
    ))
    .map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    Ok(Ended::Well)
}
