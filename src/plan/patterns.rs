//! Names and globs, by which layers and targets are chosen.

use globset::{GlobBuilder, GlobMatcher};

use crate::config::excerpt;

/// Longest glob: what it matches is a name, and Lambda's end at 140.
const LONGEST: usize = 1000;

/// A text that is not a glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a glob: {1}")]
pub struct NotAGlob(String, String);

/// A name, or a glob such as `numpy-*`.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    glob: GlobMatcher,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A glob that is not well-formed, or endless.
    pub fn new(text: &str) -> Result<Self, NotAGlob> {
        if text.len() > LONGEST {
            return Err(NotAGlob(excerpt(text), format!("it has more than {LONGEST} characters")));
        }
        let glob = GlobBuilder::new(text).build();
        let glob = glob.map_err(|error| NotAGlob(excerpt(text), error.kind().to_string()))?;
        Ok(Self { text: text.to_owned(), glob: glob.compile_matcher() })
    }

    /// Whether it means this name. A name with brackets in it means itself, too.
    pub fn matches(&self, name: &str) -> bool {
        self.text == name || self.glob.is_match(name)
    }
}
