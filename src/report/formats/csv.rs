//! The report as CSV (RFC 4180, with a header): one line per job, for spreadsheets and scripts.

use crate::outcome::JobReport;
use crate::report::Shown;
use crate::report::model::Report;

/// A column: its name, and its value for a job.
type Column = (&'static str, fn(&JobReport) -> String);

/// All columns, in their order; new ones come last.
const COLUMNS: [Column; 20] = [
    ("layer", |job| job.layer.clone()),
    ("target", |job| job.target.clone()),
    ("region", |job| job.region.clone()),
    ("account", |job| job.account.clone().unwrap_or_default()),
    ("layer_name", |job| job.layer_name.clone()),
    ("outcome", |job| job.outcome.to_string()),
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
];

/// The report as CSV.
pub fn render(report: &Report) -> Shown {
    let head = COLUMNS.map(|(name, _)| name.to_owned());
    let rows = report.jobs.iter().map(|job| COLUMNS.map(|(_, value)| value(job)));
    document(std::iter::once(head).chain(rows))
}

/// A document of rows, each value quoted where it has to be.
pub(in crate::report) fn document<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> Shown {
    Shown::of_lines(rows.map(|row| Shown::one_line(&row.map(|value| field(&value)).join(","))))
}

/// A value, quoted where it has to be. One that a spreadsheet would take for a formula is made text by a quote before
/// it, as OWASP advises.
fn field(value: &str) -> String {
    let value = Shown::one_line(value);
    let guard = if value.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    let quoted = value.contains([',', '"']) || value.as_str() != value.trim();
    if quoted { format!("\"{guard}{}\"", value.replace('"', "\"\"")) } else { format!("{guard}{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report};

    #[test]
    fn one_line_per_job() {
        let failure = failed("scipy", "tokyo", ErrorCode::AccessDenied, "not \"allowed\",\nreally");
        let text = render(&report(Mode::Publish, vec![job("requests", "us-east-1", Outcome::Published), failure]));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn formulas_and_quotes_are_text() {
        assert_eq!(field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(field("@SUM(1,2)"), "\"'@SUM(1,2)\"");
        assert_eq!(field("a \"b\""), "\"a \"\"b\"\"\"");
        assert_eq!(field("plain text"), "plain text");
    }
}
