//! Report files: proven to be writable before the run, written after it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::disk::{reason, remedy};
use crate::report::Shown;
use crate::report::destination::{Destination, is_special};
use crate::report::formats::ReportRequest;
use crate::report::inputs::{Inputs, real};
use crate::report::model::Report;

/// A report cannot be written there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot write the report to `{}`: {why}", path.display())]
pub struct ReportFileError {
    /// Where, as the user wrote it.
    pub path: PathBuf,
    /// Why it cannot be written.
    pub why: String,
    /// What helps against it, where that is known.
    pub hint: Option<&'static str>,
}

impl ReportFileError {
    fn new(path: &Path, why: String) -> Self {
        Self { path: path.to_owned(), why, hint: None }
    }
}

/// Reports that cannot be written, each with why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; and "))]
pub struct ReportFileErrors(pub Vec<ReportFileError>);

/// A place for one report, and how it is rendered there.
#[derive(Debug)]
pub struct ReportFile<R = Report> {
    render: fn(&R) -> Shown,
    destination: Destination,
}

/// How a report is rendered, and where it is to be written.
pub type Wanted<'p, R> = (fn(&R) -> Shown, &'p Path);

impl ReportFile {
    /// Proves that the reports of a run can be written, as [`Self::open_each`] does.
    ///
    /// # Errors
    /// All that cannot.
    pub fn open_all(requests: &[ReportRequest], inputs: &Inputs) -> Result<Vec<Self>, ReportFileErrors> {
        Self::open_each(requests.iter().map(|request| (request.format.render, request.path.as_path())), inputs)
    }
}

impl<R> ReportFile<R> {
    /// Proves that reports can be written, each to a place of its own that is not an input, and leaves what is there as it
    /// is.
    ///
    /// # Errors
    /// All that cannot.
    pub fn open_each<'p>(
        wanted: impl IntoIterator<Item = Wanted<'p, R>>,
        inputs: &Inputs,
    ) -> Result<Vec<Self>, ReportFileErrors>
    where
        R: 'p,
    {
        let (mut taken, mut files, mut errors) = (BTreeSet::new(), Vec::new(), Vec::new());
        for (render, path) in wanted {
            // What comes to nothing waits for nobody who reads a pipe.
            if !errors.is_empty() && is_special(path) {
                continue;
            }
            match Self::open(render, path, inputs) {
                Ok(file) if file.destination.real().is_none_or(|real| taken.insert(real)) => files.push(file),
                Ok(_) => errors.push(ReportFileError::new(path, "another report is written there".to_owned())),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(ReportFileErrors(errors)) }
    }

    fn open(render: fn(&R) -> Shown, path: &Path, inputs: &Inputs) -> Result<Self, ReportFileError> {
        let destination = Destination::open(path, inputs);
        let destination = destination.map_err(|why| ReportFileError::new(path, why))?;
        Ok(Self { render, destination })
    }

    /// Whether it is written to this path, by whatever name.
    pub fn is_at(&self, path: &Path) -> bool {
        self.destination.real().is_some_and(|own| own == real(path))
    }

    /// Writes the report.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn write(&mut self, report: &R) -> Result<(), ReportFileError> {
        let written = self.destination.write(&(self.render)(report));
        written.map_err(|error| ReportFileError {
            hint: remedy(&error),
            ..ReportFileError::new(&self.destination.path, reason(&error))
        })
    }
}

#[cfg(all(test, unix))]
mod tests;
