//! Why a manifest is not what its name says.

use std::fmt;

/// Where and why a manifest cannot be read as its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong there, without any content of the manifest.
    pub why: String,
}

impl Unreadable {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { line: None, why: why.into() }
    }

    /// Its bytes are in no encoding that is read.
    pub(super) fn no_text() -> Self {
        Self::new("it is not text")
    }

    pub(super) fn at(line: usize, why: impl Into<String>) -> Self {
        Self { line: Some(line), why: why.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}
