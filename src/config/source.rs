//! The text of a layers file, parsed once, with the place of every key.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::origin::{Origin, Place};
use super::problem::{PROBLEMS_LIMIT, Problem, ProblemList};
use super::words::excerpt;
use crate::bounds::Bounds;
use crate::layer::Sha256;

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
    #[error("`{}` has more than {} MB: that is not a layers file", .0.display(), SIZE_LIMIT / 1_000_000)]
    TooLarge(PathBuf),
    /// It is not UTF-8, which TOML requires.
    #[error("{}:{}: this line is not UTF-8, which TOML requires", .0.display(), .1)]
    NotUtf8(PathBuf, usize),
}

/// The text of a layers file and where it stands.
#[derive(Debug)]
pub struct Text {
    path: Arc<Path>,
    text: String,
    is_elsewhere: bool,
}

impl Text {
    /// Reads a layers file. Of one that a link leads to elsewhere, or among git's own files, no line will be shown: it may
    /// be no layers file, but something with a secret in it.
    ///
    /// # Errors
    /// See [`SourceError`]. Errors of syntax come from [`Source::parse`].
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let text = String::from_utf8(read_bounded(path)?).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            SourceError::NotUtf8(path.to_owned(), valid.iter().filter(|byte| **byte == b'\n').count() + 1)
        })?;
        let is_elsewhere = Bounds::of(path).outside(path).is_some();
        Ok(Self { path: path.into(), text, is_elsewhere })
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.text.len()
    }
}

/// A layers file that was parsed: what it says, and where.
#[derive(Debug)]
pub struct Source<'t> {
    path: &'t Arc<Path>,
    text: &'t str,
    is_elsewhere: bool,
    tree: Spanned<DeTable<'t>>,
    line_starts: Vec<usize>,
}

impl<'t> Source<'t> {
    /// SHA-256 of the file.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.text.as_bytes())
    }

    /// Parses the text.
    ///
    /// # Errors
    /// What is wrong in TOML's syntax, from the beginning of the file.
    pub fn parse(text: &'t Text) -> Result<Self, ProblemList> {
        let line_starts = std::iter::once(0).chain(text.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let (tree, errors) = DeTable::parse_recoverable(&text.text);
        let is_elsewhere = text.is_elsewhere;
        let source = Self { path: &text.path, text: &text.text, is_elsewhere, tree, line_starts };
        let problems: Vec<Problem> =
            errors.iter().take(PROBLEMS_LIMIT).map(|error| source.syntax_problem(error)).collect();
        if problems.is_empty() {
            Ok(source)
        } else {
            Err(ProblemList { more: errors.len() > problems.len(), problems })
        }
    }

    /// Everything the file says, with its places.
    pub fn tree(&self) -> &Spanned<DeTable<'t>> {
        &self.tree
    }

    /// A part of the text.
    pub fn text(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }

    /// All of the text.
    pub fn whole(&self) -> &'t str {
        self.text
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.path
    }

    /// The folder that relative paths in the file are relative to.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Where the deepest part of a key path stands that is in the file: the value itself, or the name of a table. Behind the
    /// key of a list, the path may name one of its texts.
    pub fn origin(&self, path: &[&str]) -> Origin {
        let mut inside = Inside::Table(self.tree.get_ref());
        let mut found = None;
        for part in path {
            let Some((span, value)) = inside.part(part) else { break };
            found = Some(span);
            inside = Inside::of(value);
        }
        Origin::File(Arc::clone(self.path), found.map(|span| self.place(&span)))
    }

    /// Whether all of a key path stands in the file.
    pub fn has(&self, path: &[&str]) -> bool {
        let mut inside = Inside::Table(self.tree.get_ref());
        path.iter().all(|part| {
            let value = inside.part(part).map(|(_, value)| value);
            inside = value.map_or(Inside::Nothing, Inside::of);
            value.is_some()
        })
    }

    /// Where a part of the text stands.
    pub fn origin_of(&self, span: &Range<usize>) -> Origin {
        Origin::File(Arc::clone(self.path), Some(self.place(span)))
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|before| self.line_starts.get(before)).copied().unwrap_or_default();
        let end = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        let place = Place::new(line, self.text(start..end), span.start - start, span.len());
        if self.is_elsewhere { Place { text: None, ..place } } else { place }
    }

    /// What the parser says, with its place.
    pub fn syntax_problem(&self, error: &toml::de::Error) -> Problem {
        let origin = Origin::File(Arc::clone(self.path), error.span().map(|span| self.place(&span)));
        let message = excerpt(&error.message().replace('\n', ", "));
        // The parser says which key only by its place.
        let key = error
            .span()
            .map(|span| self.text(span).trim())
            .filter(|_| message == "duplicate key" && !self.is_elsewhere);
        Problem::error(origin, "", key.map_or(message.clone(), |key| format!("{message} `{}`", excerpt(key))))
    }
}

/// What a part of a key path is looked for in.
enum Inside<'v, 't> {
    Table(&'v DeTable<'t>),
    List(&'v DeArray<'t>),
    Nothing,
}

impl<'v, 't> Inside<'v, 't> {
    fn of(value: &'v DeValue<'t>) -> Self {
        match value {
            DeValue::Table(table) => Self::Table(table),
            DeValue::Array(list) => Self::List(list),
            _ => Self::Nothing,
        }
    }

    /// The part, and the place to show for it.
    fn part(&self, part: &str) -> Option<(Range<usize>, &'v DeValue<'t>)> {
        match self {
            Self::Table(table) => {
                let (key, value) = table.get_key_value(part)?;
                let is_table = matches!(value.get_ref(), DeValue::Table(_));
                Some((if is_table { key.span() } else { value.span() }, value.get_ref()))
            }
            Self::List(list) => {
                let item = list.iter().find(|item| item.get_ref().as_str() == Some(part))?;
                Some((item.span(), item.get_ref()))
            }
            Self::Nothing => None,
        }
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// As Kubernetes mounts a file of a ConfigMap; a link out of the folder is used as well, but none of its lines is shown.
    #[test]
    fn lines_are_shown_of_a_link_within_the_folder_and_not_of_one_that_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("mount/..2026")).unwrap();
        for path in ["mount/..2026/layers.toml", "secret.toml"] {
            std::fs::write(root.join(path), "x = 1\n").unwrap();
        }
        symlink("..2026", root.join("mount/..data")).unwrap();
        symlink("..data/layers.toml", root.join("mount/layers.toml")).unwrap();
        symlink("../secret.toml", root.join("mount/linked.toml")).unwrap();
        let line = |path: &str| {
            let text = Text::read(&root.join(path)).unwrap();
            match Source::parse(&text).unwrap().origin(&["x"]) {
                Origin::File(_, Some(place)) => (place.line, place.text),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(line("mount/layers.toml"), (1, Some("x = 1".to_owned())));
        assert_eq!(line("mount/linked.toml"), (1, None));
    }
}
