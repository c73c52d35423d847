//! The report as CSV (RFC 4180, with a header): one line per job, for spreadsheets and scripts.

use crate::outcome::{JobReport, StatusFinding};
use crate::report::model::Report;
use crate::report::{Shown, ended, status};
use crate::shown;

/// A column: its name, and its value for a job.
type Column = (&'static str, fn(&JobReport) -> String);

/// All columns, in their order; new ones come last.
const COLUMNS: [Column; 24] = [
    ("layer", |job| job.layer.clone()),
    ("target", |job| job.target.clone()),
    ("region", |job| job.region.clone()),
    ("account", |job| job.account.clone().unwrap_or_default()),
    ("layer_name", |job| job.layer_name.clone()),
    ("outcome", ended::word),
    ("reason", |job| job.reason.map(|reason| reason.to_string()).unwrap_or_default()),
    ("previous_version", |job| job.previous_version.map(|version| version.to_string()).unwrap_or_default()),
    ("version", |job| job.version.map(|version| version.to_string()).unwrap_or_default()),
    ("layer_version_arn", |job| job.layer_version_arn.clone().unwrap_or_default()),
    ("manifest", |job| job.manifest.path.clone()),
    ("manifest_md5", |job| job.manifest.md5.clone().unwrap_or_default()),
    ("backup", |job| job.manifest.backup.clone().unwrap_or_default()),
    ("staged", |job| job.archive.staged.clone()),
    ("sha256", |job| job.archive.sha256.clone().unwrap_or_default()),
    ("size", |job| job.archive.size.map(|size| size.to_string()).unwrap_or_default()),
    ("seconds", |job| job.seconds.to_string()),
    ("error_code", |job| job.error.as_ref().map(|error| error.code.to_string()).unwrap_or_default()),
    ("error_message", |job| job.error.as_ref().map(|error| error.message.clone()).unwrap_or_default()),
    ("kept", |job| job.archive.kept.as_ref().map(|kept| kept.at.clone()).unwrap_or_default()),
    ("deleted_versions", |job| job.prune.as_ref().map(|prune| numbers(&prune.deleted)).unwrap_or_default()),
    ("versions_to_delete", |job| job.prune.as_ref().map(|prune| numbers(&prune.to_delete)).unwrap_or_default()),
    ("findings", |job| each_finding(job, " ", |finding| finding.code.to_string())),
    ("finding_messages", |job| each_finding(job, "; ", |finding| finding.message.clone())),
];

fn each_finding(job: &JobReport, between: &str, text: fn(&StatusFinding) -> String) -> String {
    job.findings().iter().map(text).collect::<Vec<_>>().join(between)
}

/// `1 2 5`: each number as a program splits it off, and nothing that a spreadsheet takes for a date.
fn numbers(versions: &[u64]) -> String {
    versions.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

/// The report as CSV.
pub fn render(report: &Report) -> Shown {
    let head = COLUMNS.map(|(name, _)| name.to_owned());
    let report = status::by_job(report);
    let rows = report.jobs.iter().map(|job| COLUMNS.map(|(_, value)| value(job)));
    document(std::iter::once(head).chain(rows))
}

/// A document of rows, each value quoted where it has to be.
pub(in super::super) fn document<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> Shown {
    Shown::of_lines(rows.map(|row| Shown::join(row.map(|value| field(&value)), ",")))
}

/// A value, quoted where it has to be. One that a spreadsheet would take for a formula is made text by a quote before
/// it, as OWASP advises.
fn field(value: &str) -> Shown {
    let value = Shown::one_line(value);
    let guard = Shown::from(if value.starts_with(['=', '+', '-', '@']) { "'" } else { "" });
    let quoted = value.contains([',', '"']) || value.as_str() != value.trim();
    if quoted { shown!("\"{}{}\"", guard, value.quoting(&[('"', "\"\"")])) } else { shown!("{}{}", guard, value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{ErrorCode, Outcome, PruneReport};
    use crate::report::samples::{failed, job, report};

    #[test]
    fn one_line_per_job() {
        let failure = failed("scipy", "tokyo", ErrorCode::AccessDenied, "not \"allowed\",\nreally");
        let text = render(&report(Mode::Publish, vec![job("requests", "us-east-1", Outcome::Published), failure]));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_prune_deleted_and_what_it_left_have_their_columns() {
        let mut pruned = job("requests", "us-east-1", Outcome::Pruned);
        pruned.prune = Some(PruneReport { deleted: vec![1, 2, 5], to_delete: vec![6], ..PruneReport::default() });
        let other = job("numpy", "us-east-1", Outcome::Unchanged);
        let text = render(&report(Mode::Prune, vec![pruned, other]));
        let ends: Vec<&str> = text.lines().map(|line| line.rsplit(',').nth(3).unwrap()).collect();
        assert_eq!(ends, ["deleted_versions", "", "1 2 5"]);
        assert!(text.lines().nth(2).unwrap().ends_with(",1 2 5,6,,"), "{text}");
    }

    #[test]
    fn formulas_and_quotes_are_text() {
        assert_eq!(field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(field("@SUM(1,2)"), "\"'@SUM(1,2)\"");
        assert_eq!(field("a \"b\""), "\"a \"\"b\"\"\"");
        assert_eq!(field("plain text"), "plain text");
    }
}
