//! The checks of archives that `check`, `stage` and preflight share.

use super::trail::Trail;
use crate::archive::{InspectError, Inspection, misplaced};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Job;

/// Whether Lambda will find what is in the zip.
pub fn check_layout(
    inspection: &Inspection,
    job: &Job,
    place: &str,
    strict: bool,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let Some(problem) = misplaced(inspection, &job.settings.compatible_runtimes) else { return Ok(()) };
    let message = format!("{place}: {problem}");
    if strict {
        return Err(JobError::new(ErrorCode::ArchiveInvalid, message)
            .hint("put the packages into the folder that the runtime searches, for example `python/`"));
    }
    trail.warn("archive-layout", message);
    Ok(())
}

/// An archive that Lambda would not take; `unread` words a failure to read it at all.
pub fn invalid<E: std::error::Error>(
    error: InspectError<E>,
    place: &str,
    unread: impl FnOnce(E) -> JobError,
) -> JobError {
    let again = "build the zip again, then stage it";
    match error {
        InspectError::Read(error) => unread(error),
        InspectError::TooLarge { .. } => JobError::new(ErrorCode::ArchiveTooLarge, error.to_string())
            .cause(place)
            .hint("leave packages out, or split the layer"),
        InspectError::Empty => JobError::new(ErrorCode::ArchiveInvalid, format!("{place} is an empty zip")).hint(again),
        other => JobError::new(ErrorCode::ArchiveInvalid, format!("{place} is not a zip that Lambda can read"))
            .cause(other.to_string())
            .hint(again),
    }
}
