//! `layership init`

mod find;
mod propose;
mod runtime;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use find::{Found, LockFile};

use super::schema;
use crate::cli::{InitArgs, SchemaOf};
use crate::disk;
use crate::error::{Ended, Error};
use crate::report::{Shown, Surroundings, When, emit::stdout, plural, say_warning, shell_word, wrapped};
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
    let ignore = Ignore::of(folder).map_err(|(path, error)| {
        Error::usage(format!("cannot read `{}`: {error}; nothing was written", path.display()))
            .hint(format!("`init` writes `{IGNORED}` into it, so that git leaves out what runs leave behind"))
    })?;
    let Found { lock_files: found, left_out } = find::lock_files(folder);
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
    match ignore.write() {
        Ok(true) => wrote.push(format!("`{IGNORED}` into .gitignore")),
        Ok(false) => {}
        Err(error) => say_warning(&format!("cannot write `{IGNORED}` into .gitignore: {error}")),
    }
    left_out.iter().for_each(|what| say_warning(&format!("left out {what}")));
    say(&args.config, &wrote, &found)?;
    Ok(Ended::Well)
}

fn say(config: &Path, wrote: &[String], found: &[LockFile]) -> Result<(), Error> {
    let todo = match found.iter().filter(|lock_file| lock_file.archive.is_none()).count() {
        _ if found.is_empty() => "name your layers in it",
        0 => "set the bucket in it",
        // Without one there is nothing to stage.
        _ => "set the bucket in it, and the `archive` of each layer, a zip or the folder that it is made from",
    };
    let named = if config == Path::new("layers.toml") {
        Shown::default()
    } else {
        shown!(" -c {}", shell_word(&config.to_string_lossy()))
    };
    let steps = [
        ("check", "the file, manifests and archives, offline"),
        ("publish --stage --sandbox", "a rehearsal without AWS"),
        ("plan --stage", "what would be published, and why"),
    ];
    let commands = steps.map(|(step, why)| (shown!("layership {}{}", step, named), why));
    let widest = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
    let room = |command: &Shown| Shown::columns(&" ".repeat(widest - command.chars().count()));
    let lines = commands.map(|(command, why)| shown!("  {}{}  {}", command, room(&command), why));
    let head = shown!("Wrote {}: {}.\nNow {}, then\n\n", config, wrote.join("; "), todo);
    let columns = Surroundings::of_this_process(When::Auto, When::Auto, false, 0).stdout_columns;
    let text = Shown::join([wrapped(&head, columns), Shown::of_lines(lines)], "");
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

/// What has to be written to keep out of git what runs leave behind, where a folder is in a checkout. Found out before
/// anything is written, so that a file that cannot be read leaves nothing half done.
struct Ignore {
    path: PathBuf,
    line: Option<String>,
}

impl Ignore {
    fn of(folder: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let path = folder.join(".gitignore");
        // A link may lead out of the checkout.
        if disk::checkout(folder).is_none() || path.is_symlink() {
            return Ok(Self { path, line: None });
        }
        // Git reads names in whatever encoding they have.
        let before = match std::fs::read(&path) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err((path, error)),
        };
        let is_it = |line: &[u8]| {
            std::str::from_utf8(line).is_ok_and(|line| line.trim().trim_matches('/') == IGNORED.trim_matches('/'))
        };
        if before.split(|byte| *byte == b'\n').any(is_it) {
            return Ok(Self { path, line: None });
        }
        let gap = if before.is_empty() || before.ends_with(b"\n") { "" } else { "\n" };
        Ok(Self { path, line: Some(format!("{gap}{IGNORED}\n")) })
    }

    /// Whether something had to be written.
    fn write(&self) -> io::Result<bool> {
        let Some(line) = &self.line else { return Ok(false) };
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        file.write_all(line.as_bytes())?;
        Ok(true)
    }
}
