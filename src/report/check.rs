//! The result of `check` as text.

use std::path::Path;

use crate::outcome::{JobReport, Outcome};
use crate::report::wording::plural;
use crate::report::{Report, Shown};
use crate::shown;

/// One line per job that is not in order, and a conclusion.
pub fn render(report: &Report, file: &Path) -> Shown {
    let failures = report.jobs.iter().filter(|job| job.outcome == Outcome::Failed);
    let lines = failures.map(|job| shown!("  ! {} {}: {}", job.layer, job.target, why(job)));
    let checked = report.jobs.iter().filter(|job| job.outcome == Outcome::Checked).count();
    let failed = report.jobs.iter().filter(|job| job.outcome == Outcome::Failed).count();
    let of = plural(report.jobs.len(), "job");
    let conclusion =
        if failed == 0 { format!("{checked} of {of} in order") } else { format!("{failed} of {of} failed") };
    Shown::of_lines(lines.chain([shown!("Check of {}: {}", file, conclusion)]))
}

fn why(job: &JobReport) -> &str {
    job.error.as_ref().map_or("", |error| &error.message)
}
