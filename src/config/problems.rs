//! Problems as they are found: each is put on its line, kept once, and bounded in number.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::origin::Origin;
use super::problem::{PROBLEMS_LIMIT, Problem, ProblemList, Severity};
use super::source::Source;
use crate::bounds::Bounds;

/// The problems of a layers file, of those that it includes, and of the settings around it.
#[derive(Debug)]
pub struct Problems<'a> {
    /// The file that a run is about, then those that it includes.
    files: Vec<Known<'a>>,
    reach: Arc<Bounds>,
    /// Which of them is looked at.
    at: usize,
    errors: Kept,
    warnings: Kept,
    /// Files and key paths at which one error is enough.
    once: HashSet<(usize, Vec<String>)>,
}

/// What was found out about a file.
#[derive(Debug)]
struct Known<'a> {
    source: &'a Source<'a>,
    /// Key paths.
    unreadable: HashSet<Vec<String>>,
    /// Key paths of the tables around them.
    incomplete: HashSet<Vec<String>>,
}

impl<'a> Known<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        Self { source, unreadable: HashSet::new(), incomplete: HashSet::new() }
    }
}

impl<'a> Problems<'a> {
    /// No problems yet.
    pub fn of(source: &'a Source<'a>) -> Self {
        let (files, reach) = (vec![Known::new(source)], Arc::new(Bounds::of(source.path())));
        Self { files, reach, at: 0, errors: Kept::default(), warnings: Kept::default(), once: HashSet::new() }
    }

    /// Goes on with a file that the first one includes.
    pub fn include(&mut self, source: &'a Source<'a>) {
        self.at = self.files.len();
        self.files.push(Known::new(source));
    }

    /// Goes on with the file of this number; the first one has 0. A key path that does not stand in it is looked for in
    /// the first one: defaults and targets may be there.
    pub fn look_at(&mut self, file: usize) {
        self.at = file;
    }

    /// The file that is looked at.
    pub fn source(&self) -> &'a Source<'a> {
        self.files[self.at].source
    }

    /// The folder of the first file: paths are relative to it.
    pub fn folder(&self) -> &'a Path {
        self.files[0].source.folder()
    }

    /// How far the first file reaches.
    pub fn reach(&self) -> Arc<Bounds> {
        Arc::clone(&self.reach)
    }

    /// The number of the file in which a key path stands.
    fn file_of(&self, path: &[&str]) -> usize {
        let is_in_first = !self.source().has(path) && self.files[0].source.has(path);
        if is_in_first { 0 } else { self.at }
    }

    /// Where a key path stands.
    pub fn origin(&self, path: &[&str]) -> Origin {
        self.files[self.file_of(path)].source.origin(path)
    }

    /// Where a key path stands in the file of this number.
    pub fn origin_in(&self, file: usize, path: &[&str]) -> Origin {
        self.files[file].source.origin(path)
    }

    /// Whether a key path stands somewhere.
    pub fn has(&self, path: &[&str]) -> bool {
        self.files[self.file_of(path)].source.has(path)
    }

    /// An error at a key path.
    pub fn error(&mut self, path: &[&str], message: impl Into<String>) {
        self.push(Problem::error(self.origin(path), path.join("."), message));
    }

    /// An error at a key path, unless one was told there: what is wrong at one target or in one layer that a value
    /// serves is wrong in the others in the same way.
    pub fn error_once(&mut self, path: &[&str], message: impl Into<String>) {
        if self.once.insert((self.file_of(path), path.iter().map(|&part| part.to_owned()).collect())) {
            self.error(path, message);
        }
    }

    /// A warning at a key path, with the code that `explain` knows.
    pub fn warn(&mut self, code: &'static str, path: &[&str], message: impl Into<String>) {
        self.push(Problem::warning(code, self.origin(path), path.join("."), message));
    }

    /// A problem that says itself where it is.
    pub fn push(&mut self, problem: Problem) {
        match problem.severity {
            Severity::Error => self.errors.push(problem),
            Severity::Warning => self.warnings.push(problem),
        }
    }

    /// Notes that what stands at a key path of this file cannot be read: it counts neither as there nor as missing.
    pub fn unreadable(&mut self, path: Vec<String>) {
        let known = &mut self.files[self.at];
        known.incomplete.extend((0..path.len()).map(|length| path[..length].to_vec()));
        known.unreadable.insert(path);
    }

    /// Whether what belongs at a key path was told to be unreadable, alone or with all around it.
    pub fn is_unreadable(&self, path: &[&str]) -> bool {
        let mut with_any = self.looked_at().filter(|known| !known.unreadable.is_empty()).peekable();
        if with_any.peek().is_none() {
            return false;
        }
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        with_any.any(|known| (1..=path.len()).any(|length| known.unreadable.contains(&path[..length])))
    }

    /// Whether something in the table at a key path was told to be unreadable.
    pub fn is_incomplete(&self, path: &[&str]) -> bool {
        let mut with_any = self.looked_at().filter(|known| !known.incomplete.is_empty()).peekable();
        if with_any.peek().is_none() {
            return false;
        }
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        with_any.any(|known| known.incomplete.contains(&path))
    }

    fn looked_at(&self) -> impl Iterator<Item = &Known<'a>> {
        [0, self.at].into_iter().map(|file| &self.files[file])
    }

    /// Whether there are so many errors that looking for more is of no use.
    pub fn is_full(&self) -> bool {
        self.errors.more
    }

    /// The warnings, if there are no errors.
    ///
    /// # Errors
    /// All errors and warnings.
    pub fn settle(self) -> Result<ProblemList, ProblemList> {
        let (is_wrong, more) = (!self.errors.problems.is_empty(), self.errors.more || self.warnings.more);
        let mut problems = self.errors.problems;
        problems.extend(self.warnings.problems);
        problems.sort_by_key(|problem| problem.origin.position());
        let found = ProblemList { problems, more };
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
