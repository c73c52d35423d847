//! `layership init`

mod find;
mod propose;
mod runtime;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::schema;
use crate::cli::{InitArgs, SchemaOf};
use crate::error::{Ended, Error};
use crate::report::{emit::stdout, plural};
use crate::shown;

/// The complete, commented example; a test parses, checks and plans it.
const EXAMPLE: &str = include_str!("../../../layers.toml.example");
/// What its first line says in this repository.
const EXAMPLE_SCHEMA: &str = "#:schema schemas/layers.schema.json\n";
/// The schema beside a layers file, to be kept with it: editors find it by the first line, in any repository.
const SCHEMA: &str = "layers.schema.json";
/// What runs leave beside a layers file.
const IGNORED: &str = ".layership/";

/// Writes a layers file of the lock files below its folder, never over something.
pub fn init(args: &InitArgs) -> Result<Ended, Error> {
    let folder = match args.config.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let found = find::lock_files(folder);
    let text = if found.is_empty() {
        EXAMPLE.replacen(EXAMPLE_SCHEMA, &format!("#:schema {SCHEMA}\n"), 1)
    } else {
        propose::layers_file(&found, SCHEMA)
    };
    write_new(&args.config, &text)?;
    let mut wrote = vec![match found.len() {
        0 => "an example, because no lock file was found".to_owned(),
        count => plural(count, "layer"),
    }];
    if write_schema(&folder.join(SCHEMA))? {
        wrote.push(format!("its schema, {SCHEMA}, from which editors complete it"));
    }
    if ignore(folder).map_err(|error| Error::other(format!("cannot write `.gitignore`: {error}")))? {
        wrote.push(format!("`{IGNORED}` into .gitignore"));
    }
    say(&args.config, &wrote, found.is_empty())?;
    Ok(Ended::Well)
}

fn say(config: &Path, wrote: &[String], is_example: bool) -> Result<(), Error> {
    let todo = if is_example { "name your layers in it" } else { "set the bucket in it" };
    let text = shown!(
        "Wrote {}: {}.\nNow {}, then\n\n  layership check                      the file, manifests and archives, offline\n  layership publish --stage --sandbox  a rehearsal without AWS\n  layership plan                       what would be published, and why\n",
        config,
        wrote.join("; "),
        todo
    );
    stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))
}

fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let shown = path.display();
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::usage(format!("`{shown}` already exists; nothing was written")),
        io::ErrorKind::NotFound => Error::usage(format!("cannot write `{shown}`: its folder does not exist")),
        _ => Error::usage(format!("cannot write `{shown}`: {error}")),
    })
}

/// Whether it was written: one that is there is left alone.
fn write_schema(path: &Path) -> Result<bool, Error> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    write_new(path, &schema::text(SchemaOf::Layers)?)?;
    Ok(true)
}

/// Keeps what runs leave behind out of git, where the folder is in a checkout; whether something had to be written.
fn ignore(folder: &Path) -> io::Result<bool> {
    let path = folder.join(".gitignore");
    let is_checkout = folder.canonicalize()?.ancestors().any(|folder| folder.join(".git").exists());
    // A link may lead out of the checkout.
    if !is_checkout || path.is_symlink() {
        return Ok(false);
    }
    let before = match std::fs::read_to_string(&path) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if before.lines().any(|line| line.trim().trim_matches('/') == IGNORED.trim_matches('/')) {
        return Ok(false);
    }
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
    file.write_all(format!("{gap}{IGNORED}\n").as_bytes())?;
    Ok(true)
}
