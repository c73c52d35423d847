//! The result of `check` as text.

use std::path::Path;

use crate::outcome::{JobReport, Outcome};
use crate::report::Report;
use crate::report::escape::one_line;
use crate::report::wording::plural;

/// One line per job that is not in order, and a conclusion.
pub fn render(report: &Report, file: &Path) -> String {
    let mut text = String::new();
    for job in report.jobs.iter().filter(|job| job.outcome == Outcome::Failed) {
        text.push_str(&format!("  ! {} {}: {}\n", one_line(&job.layer), one_line(&job.target), why(job)));
    }
    let checked = report.jobs.iter().filter(|job| job.outcome == Outcome::Checked).count();
    let failed = report.jobs.iter().filter(|job| job.outcome == Outcome::Failed).count();
    let of = plural(report.jobs.len(), "job");
    let conclusion =
        if failed == 0 { format!("{checked} of {of} in order") } else { format!("{failed} of {of} failed") };
    text.push_str(&format!("Check of {}: {conclusion}\n", one_line(&file.display().to_string())));
    text
}

fn why(job: &JobReport) -> String {
    job.error.as_ref().map(|error| one_line(&error.message)).unwrap_or_default()
}
