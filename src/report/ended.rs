//! How a job ended, in the word that tables have for it.

use std::collections::BTreeMap;

use crate::outcome::{JobReport, Outcome};
use crate::report::model::Report;

/// What `status` says of what it looked at: that it looked at it says nothing.
const IN_ORDER: &str = "in order";
const NOT_IN_ORDER: &str = "not in order";

/// The word.
pub fn word(job: &JobReport) -> String {
    match (job.outcome, &job.status) {
        (Outcome::Checked, Some(status)) if status.findings.is_empty() => IN_ORDER.to_owned(),
        (Outcome::Checked, Some(_)) => NOT_IN_ORDER.to_owned(),
        (outcome, _) => outcome.to_string(),
    }
}

/// Each word that jobs of a report have, with how many have it: what went well first.
pub fn counts(report: &Report) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<(Outcome, bool), (String, usize)> = BTreeMap::new();
    for job in &report.jobs {
        let place = (job.outcome, !job.findings().is_empty());
        counts.entry(place).or_insert_with(|| (word(job), 0)).1 += 1;
    }
    counts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{LayerStatus, StatusCode, StatusFinding};
    use crate::report::samples::{job, report};

    fn looked(layer: &str, findings: &[StatusCode]) -> JobReport {
        let findings = findings.iter().map(|code| StatusFinding::new(*code, "it is so")).collect();
        let status = Some(Box::new(LayerStatus { findings, ..LayerStatus::default() }));
        JobReport { status, ..job(layer, "x", Outcome::Checked) }
    }

    #[test]
    fn what_was_looked_at_is_in_order_or_not_and_all_else_is_called_by_its_outcome() {
        let jobs = vec![
            looked("a", &[]),
            looked("b", &[StatusCode::LockStale, StatusCode::BackupMissing]),
            looked("c", &[]),
            job("d", "x", Outcome::Failed),
            job("e", "x", Outcome::Cancelled),
        ];
        let report = report(Mode::Status, jobs);
        let counted: Vec<String> = counts(&report).iter().map(|(word, count)| format!("{count} {word}")).collect();
        assert_eq!(counted, ["2 in order", "1 not in order", "1 failed", "1 cancelled"]);
        assert_eq!(word(&job("a", "x", Outcome::Checked)), "checked", "by `check`");
    }
}
