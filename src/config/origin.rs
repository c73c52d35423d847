//! Where a value comes from: a place in a layers file, an environment variable, a flag.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Longest line that is worth showing beside a problem, in characters.
const SHOWN_LINE: usize = 200;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A layers file; without a place where something is missing from the whole of it.
    File(Arc<Path>, Option<Place>),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line, without its dashes.
    Flag(String),
}

impl Origin {
    /// The layers file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path, _) => Some(path),
            Self::Variable(_) | Self::Flag(_) => None,
        }
    }

    /// What sorts problems as a person reads them: the surroundings first, then a file from its first line to its last.
    pub(super) fn position(&self) -> Option<(Arc<Path>, usize)> {
        match self {
            Self::File(path, place) => Some((Arc::clone(path), place.as_ref().map_or(0, |place| place.line))),
            Self::Variable(_) | Self::Flag(_) => None,
        }
    }
}

/// `layers.toml:12`, `LAYERSHIP_CONCURRENCY`, `--concurrency`
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, Some(place)) => write!(f, "{}:{}", path.display(), place.line),
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A key or a value in the text of a layers file: enough to show its line with a mark below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, counted from 1.
    pub line: usize,
    /// Column of its first character, counted from 1, in characters.
    pub column: usize,
    /// How many characters of that line it takes; at least 1.
    pub width: usize,
    /// The whole line, without its end; `None` where it is too long to be shown.
    pub text: Option<String>,
}

impl Place {
    /// The place that begins `start` bytes into `line` and takes `length` bytes, at most up to the line's end.
    pub(super) fn new(number: usize, line: &str, start: usize, length: usize) -> Self {
        let line = line.trim_end_matches(['\r', '\n']);
        let (before, rest) = line.split_at_checked(start).unwrap_or((line, ""));
        let marked = rest.get(..length).unwrap_or(rest);
        Self {
            line: number,
            column: before.chars().count() + 1,
            width: marked.chars().count().max(1),
            text: (line.chars().take(SHOWN_LINE + 1).count() <= SHOWN_LINE).then(|| line.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_characters_and_ends_with_its_line() {
        let line = "bücket = \"Ä\" # x\r\n";
        let place = Place::new(3, line, "bücket = ".len(), "\"Ä\"".len());
        assert_eq!((place.line, place.column, place.width), (3, 10, 3));
        assert_eq!(place.text.as_deref(), Some("bücket = \"Ä\" # x"));
        assert_eq!(Place::new(1, "a = [\n", 4, 20).width, 1);
        assert_eq!(Place::new(1, "", 0, 0), Place { line: 1, column: 1, width: 1, text: Some(String::new()) });
        assert_eq!(Place::new(1, "a = 1", 77, 1).column, 6, "a place that is not there is at the end");
    }

    #[test]
    fn a_line_without_end_is_not_carried_along() {
        assert_eq!(Place::new(1, &"a".repeat(SHOWN_LINE + 1), 0, 1).text, None);
    }
}
