//! The result of `check` as text.

use std::path::Path;

use crate::outcome::Outcome;
use crate::report::wording::plural;
use crate::report::{Report, Shown, failed};
use crate::shown;

/// One line per job that is not in order, and a conclusion.
pub fn render(report: &Report, file: &Path) -> Shown {
    let lines =
        failed::rows(report).into_iter().map(|[what, target, code]| shown!("  ! {} {}: {}", what, target, code));
    let of = plural(report.jobs.len(), "job");
    let conclusion = match report.summary.get(Outcome::Failed) {
        0 => format!("{of} OK"),
        failed => format!("{failed} of {of} failed"),
    };
    Shown::of_lines(lines.chain([shown!("Check of {}: {}", file, conclusion)]))
}
