//! The text of a layers file, parsed once, with the line of every key.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;

/// More than any sensible layers file (ten thousand layers make about 2 MB): beyond it, it is some other file.
const SIZE_LIMIT: u64 = 8_000_000;

/// Why a layers file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It does not exist.
    #[error("there is no layers file `{}`", .0.display())]
    Missing(PathBuf),
    /// It exists but cannot be read.
    #[error("cannot read the layers file `{}`: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// It is a folder.
    #[error("the layers file `{}` is a folder", .0.display())]
    Folder(PathBuf),
    /// It is larger than a layers file can be.
    #[error("`{}` has more than {} MB: that is no layers file", .0.display(), SIZE_LIMIT / 1_000_000)]
    TooLarge(PathBuf),
    /// It is not UTF-8, which TOML requires.
    #[error("{}:{}: this line is not UTF-8, which TOML requires", .0.display(), .1)]
    NotUtf8(PathBuf, usize),
}

/// The text of a layers file and where it stands.
#[derive(Debug)]
pub struct Text {
    path: PathBuf,
    text: String,
}

impl Text {
    /// Reads a layers file.
    ///
    /// # Errors
    /// See [`SourceError`]. Errors of syntax come from [`Source::parse`].
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let text = String::from_utf8(read_bounded(path)?).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            SourceError::NotUtf8(path.to_owned(), valid.iter().filter(|byte| **byte == b'\n').count() + 1)
        })?;
        Ok(Self::new(path.to_owned(), text))
    }

    /// A layers file whose text is at hand.
    pub fn new(path: PathBuf, text: String) -> Self {
        Self { path, text }
    }
}

/// A layers file that was parsed: what it says, and on which line.
#[derive(Debug)]
pub struct Source<'t> {
    path: &'t Path,
    text: &'t str,
    tree: Spanned<DeTable<'t>>,
    line_starts: Vec<usize>,
}

impl<'t> Source<'t> {
    /// Parses the text. The problems are those of TOML's syntax, all of them.
    pub fn parse(text: &'t Text) -> (Self, Vec<Problem>) {
        let line_starts = std::iter::once(0).chain(text.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let (tree, errors) = DeTable::parse_recoverable(&text.text);
        let source = Self { path: &text.path, text: &text.text, tree, line_starts };
        let problems = errors.iter().map(|error| source.syntax_problem(error)).collect();
        (source, problems)
    }

    /// Everything the file says, with its places.
    pub fn tree(&self) -> &Spanned<DeTable<'t>> {
        &self.tree
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.path
    }

    /// The folder that relative paths in the file are relative to.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The line of the deepest part of a key path that stands in the file.
    pub fn line(&self, path: &[&str]) -> Option<usize> {
        let mut table = self.tree.get_ref();
        let mut found = None;
        for part in path {
            let Some((key, value)) = table.get_key_value(*part) else { break };
            found = Some(key.span());
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        found.map(|span| self.line_of(&span))
    }

    /// The `[settings]` table, for a provider that knows each value's line.
    pub fn settings(&self) -> Option<&DeTable<'t>> {
        match self.tree.get_ref().get("settings")?.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The line of a place in the text, counted from 1.
    pub fn line_of(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|start| *start <= span.start)
    }

    /// What the parser says, with its line.
    pub fn syntax_problem(&self, error: &toml::de::Error) -> Problem {
        let line = error.span().map(|span| self.line_of(&span));
        let message = error.message().replace('\n', ", ");
        // The parser says which key only by its place.
        let key = error.span().and_then(|span| self.text.get(span)).filter(|_| message == "duplicate key");
        Problem::error(line, "", key.map_or(message.clone(), |key| format!("{message} `{}`", key.trim())))
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, SourceError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SourceError::Missing(path.to_owned()),
        io::ErrorKind::IsADirectory => SourceError::Folder(path.to_owned()),
        _ => SourceError::Unreadable(path.to_owned(), error),
    };
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SIZE_LIMIT { Err(SourceError::TooLarge(path.to_owned())) } else { Ok(bytes) }
}
