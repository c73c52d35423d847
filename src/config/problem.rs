//! Something wrong in a layers file or in the settings: where, what, and what to write instead.

use std::fmt;

use super::origin::Origin;

/// How many errors, and how many warnings, are kept: a file with more is better mended from its beginning.
pub const PROBLEMS_LIMIT: usize = 100;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It has to be corrected before anything starts.
    Error,
    /// It is printed, and the run goes on.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// Where the value was written that is wrong.
    pub origin: Origin,
    /// Key path, such as `layers.requests.bucket`; empty for the file as a whole and for what stands in no file.
    pub key: String,
    /// What a warning is about, in a word that stays; what is to be corrected has none.
    pub code: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Problem {
    /// An error.
    pub fn error(origin: Origin, key: impl Into<String>, message: impl Into<String>) -> Self {
        let (key, message) = (key.into(), message.into());
        Self { severity: Severity::Error, origin, key, code: None, message, hint: None }
    }

    /// A warning, with the code that `explain` knows.
    pub fn warning(code: &'static str, origin: Origin, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code: Some(code), ..Self::error(origin, key, message) }
    }

    /// All of it in one line, but for its code.
    pub fn uncoded(&self) -> String {
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{}: {key}{}{hint}", self.origin, self.message)
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds a word that was probably meant, if there is one.
    #[must_use]
    pub fn did_you_mean(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// The problems that were found, and whether these are all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemList {
    /// The problems, by their places.
    pub problems: Vec<Problem>,
    /// Whether there are more of them than are kept.
    pub more: bool,
}

/// `layers.toml:12: layers.requests.bucket: unknown placeholder …; did you mean …`; a warning has its code in brackets.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uncoded())?;
        self.code.map_or(Ok(()), |code| write!(f, " [{code}]"))
    }
}
