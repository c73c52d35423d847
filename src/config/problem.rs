//! Something wrong in a layers file: where, what, and what to write instead.

use std::fmt;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing starts.
    Error,
    /// Said, then ignored.
    Warning,
}

/// One problem of a layers file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// Whether it stands in the file, or came from the environment or the command line.
    pub in_file: bool,
    /// Line, counted from 1; `None` where the problem is that something is missing from the whole file.
    pub line: Option<usize>,
    /// Key path, such as `layers.requests.bucket`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Problem {
    /// An error at a key.
    pub fn error(line: Option<usize>, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, in_file: true, line, key: key.into(), message: message.into(), hint: None }
    }

    /// A warning at a key.
    pub fn warning(line: Option<usize>, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(line, key, message) }
    }

    /// The same about something that does not stand in the file.
    #[must_use]
    pub fn elsewhere(self) -> Self {
        Self { in_file: false, line: None, ..self }
    }

    /// The problem with its place: `layers.toml:12: layers.requests.bucket: unknown placeholder …`.
    pub fn located(&self, file: &str) -> String {
        match self.line {
            _ if !self.in_file => self.to_string(),
            Some(line) => format!("{file}:{line}: {self}"),
            None => format!("{file}: {self}"),
        }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// `layers.requests.bucket: unknown placeholder …; did you mean …`, without the place.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// The candidate that was probably meant, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase().replace('_', "-")), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested_and_nothing_far_away() {
        let keys = ["manifest", "archive", "bucket", "compatible-runtimes"];
        assert_eq!(nearest("manfest", keys), Some("manifest"));
        assert_eq!(nearest("compatible_runtimes", keys), Some("compatible-runtimes"));
        assert_eq!(nearest("Bucket", keys), Some("bucket"));
        assert_eq!(nearest("zzz", keys), None);
    }
}
