//! Report files: proven to be writable before the run, written after it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::report::destination::Destination;
use crate::report::formats::{ReportFormat, ReportRequest};
use crate::report::inputs::Inputs;
use crate::report::model::Report;

/// A report cannot be written there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot write the report to `{}`: {why}", path.display())]
pub struct ReportFileError {
    /// Where, as the user wrote it.
    pub path: PathBuf,
    /// Why it cannot be written.
    pub why: String,
}

/// A place for one report.
#[derive(Debug)]
pub struct ReportFile {
    format: ReportFormat,
    destination: Destination,
}

impl ReportFile {
    /// Proves that the reports can be written, each to a place of its own that is not an input, and leaves what
    /// is there as it is.
    pub fn open_all(requests: &[ReportRequest], inputs: &Inputs) -> Result<Vec<Self>, ReportFileError> {
        let mut taken = BTreeSet::new();
        let mut open = |request: &ReportRequest| {
            let file = Self::open(request.format, &request.path, inputs)?;
            if file.destination.real().is_none_or(|real| taken.insert(real)) {
                return Ok(file);
            }
            Err(ReportFileError { path: request.path.clone(), why: "another report is written there".to_owned() })
        };
        requests.iter().map(&mut open).collect()
    }

    fn open(format: ReportFormat, path: &Path, inputs: &Inputs) -> Result<Self, ReportFileError> {
        let destination = Destination::open(path, inputs);
        let destination = destination.map_err(|why| ReportFileError { path: path.to_owned(), why })?;
        Ok(Self { format, destination })
    }

    /// Writes the report.
    pub fn write(&mut self, report: &Report) -> Result<(), ReportFileError> {
        let written = self.destination.write(&(self.format.render)(report));
        written.map_err(|why| ReportFileError { path: self.destination.path.clone(), why })
    }
}

#[cfg(all(test, unix))]
mod tests;
