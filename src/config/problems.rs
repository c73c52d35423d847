//! Problems as they are found: each is put on its line, kept once, and bounded in number.

use std::collections::HashSet;

use super::problem::{Found, PROBLEMS_LIMIT, Problem, Severity};
use super::source::Source;

/// The problems of a layers file and of the settings around it.
#[derive(Debug)]
pub struct Problems<'a> {
    source: &'a Source<'a>,
    errors: Kept,
    warnings: Kept,
    /// Key paths.
    unreadable: HashSet<Vec<String>>,
    /// Key paths of the tables around them.
    incomplete: HashSet<Vec<String>>,
    /// Key paths at which one error is enough.
    once: HashSet<Vec<String>>,
}

impl<'a> Problems<'a> {
    /// No problems yet.
    pub fn of(source: &'a Source<'a>) -> Self {
        Self {
            source,
            errors: Kept::default(),
            warnings: Kept::default(),
            unreadable: HashSet::new(),
            incomplete: HashSet::new(),
            once: HashSet::new(),
        }
    }

    /// The file they are about.
    pub fn source(&self) -> &'a Source<'a> {
        self.source
    }

    /// An error at a key path.
    pub fn error(&mut self, path: &[&str], message: impl Into<String>) {
        self.push(Problem::error(self.source.origin(path), path.join("."), message));
    }

    /// An error at a key path, unless one was told there: what is wrong at one target or in one layer that a value
    /// serves is wrong in the others in the same way.
    pub fn error_once(&mut self, path: &[&str], message: impl Into<String>) {
        if self.once.insert(path.iter().map(|&part| part.to_owned()).collect()) {
            self.error(path, message);
        }
    }

    /// A warning at a key path.
    pub fn warn(&mut self, path: &[&str], message: impl Into<String>) {
        self.push(Problem::warning(self.source.origin(path), path.join("."), message));
    }

    /// A problem that says itself where it is.
    pub fn push(&mut self, problem: Problem) {
        match problem.severity {
            Severity::Error => self.errors.push(problem),
            Severity::Warning => self.warnings.push(problem),
        }
    }

    /// Notes that what stands at a key path cannot be read: it counts neither as there nor as missing.
    pub fn unreadable(&mut self, path: Vec<String>) {
        self.incomplete.extend((0..path.len()).map(|length| path[..length].to_vec()));
        self.unreadable.insert(path);
    }

    /// Whether what belongs at a key path was told to be unreadable, alone or with all around it.
    pub fn is_unreadable(&self, path: &[&str]) -> bool {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        !self.unreadable.is_empty() && (1..=path.len()).any(|length| self.unreadable.contains(&path[..length]))
    }

    /// Whether something in the table at a key path was told to be unreadable.
    pub fn is_incomplete(&self, path: &[&str]) -> bool {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        self.incomplete.contains(&path)
    }

    /// Whether there are so many errors that looking for more is of no use.
    pub fn is_full(&self) -> bool {
        self.errors.more
    }

    /// The warnings, if there are no errors.
    ///
    /// # Errors
    /// All errors and warnings.
    pub fn settle(self) -> Result<Found, Found> {
        let (is_wrong, more) = (!self.errors.problems.is_empty(), self.errors.more || self.warnings.more);
        let mut problems = self.errors.problems;
        problems.extend(self.warnings.problems);
        problems.sort_by_key(|problem| problem.origin.position());
        let found = Found { problems, more };
        if is_wrong { Err(found) } else { Ok(found) }
    }
}

#[derive(Debug, Default)]
struct Kept {
    problems: Vec<Problem>,
    seen: HashSet<String>,
    more: bool,
}

impl Kept {
    fn push(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_LIMIT {
            // What is wrong in the defaults is found once for each layer.
            if self.seen.insert(problem.to_string()) {
                self.problems.push(problem);
            }
        } else {
            self.more |= !self.seen.contains(&problem.to_string());
        }
    }
}
