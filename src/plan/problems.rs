//! Problems as they are found, each put on its line; in the end each of them once, by line.

use std::collections::HashSet;

use crate::config::{Problem, Severity, Source};

/// The problems of a layers file.
pub struct Problems<'a> {
    source: &'a Source<'a>,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub fn of(source: &'a Source<'a>) -> Self {
        Self { source, found: Vec::new() }
    }

    pub fn error(&mut self, path: &[&str], message: impl Into<String>) {
        self.found.push(Problem::error(self.source.line(path), path.join("."), message));
    }

    pub fn warn(&mut self, path: &[&str], message: impl Into<String>) {
        self.found.push(Problem::warning(self.source.line(path), path.join("."), message));
    }

    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.found.extend(problems);
    }

    /// The plan with its warnings, or all problems if there is an error among them.
    pub fn or<T>(mut self, plan: T) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        // What is wrong in the defaults is found once for each layer.
        let mut seen = HashSet::new();
        self.found.retain(|problem| seen.insert(problem.to_string()));
        self.found.sort_by_key(|problem| problem.line);
        let wrong = self.found.iter().any(|problem| problem.severity == Severity::Error);
        if wrong { Err(self.found) } else { Ok((plan, self.found)) }
    }
}
