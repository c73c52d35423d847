//! The jobs of a list that failed, with no more than their codes: why is told once, after the list.

use std::collections::BTreeMap;

use crate::outcome::{ErrorCode, JobReport};
use crate::report::model::Report;
use crate::report::{Shown, wording::plural};
use crate::shown;

/// So many layers that failed alike at a target are named.
const NAMED_AT_MOST: usize = 5;

/// What failed, at which target, and the code; layers that failed alike are counted where they are many.
pub fn rows(report: &Report) -> Vec<[Shown; 3]> {
    let mut alike: BTreeMap<(&str, ErrorCode), Vec<&JobReport>> = BTreeMap::new();
    for job in &report.jobs {
        if let Some(error) = &job.error {
            alike.entry((&job.target, error.code)).or_default().push(job);
        }
    }
    let mut rows = Vec::new();
    for ((target, code), jobs) in alike {
        let row = |what: Shown| [what, Shown::one_line(target), shown!("{}", code.to_string())];
        match jobs.len() {
            0..=NAMED_AT_MOST => rows.extend(jobs.iter().map(|job| row(Shown::one_line(&job.layer)))),
            many => rows.push(row(shown!("{}", plural(many, "layer")))),
        }
    }
    rows
}
