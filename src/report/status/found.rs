//! What of what `status` looked at is not in order, for the reports that tell of jobs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use strum::VariantArray as _;

use super::StatusReport;
use crate::event::Mode;
use crate::outcome::{StatusCode, StatusFinding};
use crate::report::model::Report;

/// Something that is not in order, and whose it is.
pub struct Found {
    /// Key of the layer.
    pub layer: String,
    /// `numpy at us-east-1`, or the layer alone where it is between its targets.
    pub whose: String,
    /// What it is.
    pub finding: StatusFinding,
}

/// All of it, kind by kind; nothing where the run looked for nothing.
pub fn found(report: &Report) -> Vec<Found> {
    if report.mode != Mode::Status {
        return Vec::new();
    }
    let status = StatusReport::of(report);
    StatusCode::VARIANTS.iter().flat_map(|code| of_kind(&status, *code)).collect()
}

/// What there is of one kind.
pub fn of_kind(status: &StatusReport, code: StatusCode) -> Vec<Found> {
    let of_layer = |layer: &super::LayerOverview| {
        let name = layer.layer.clone();
        let of =
            |whose: String, finding: &StatusFinding| Found { layer: name.clone(), whose, finding: finding.clone() };
        let own = layer.findings.iter().map(|finding| of(name.clone(), finding));
        let at = layer.targets.iter().flat_map(|at| {
            let findings = at.status.iter().flat_map(|status| &status.findings);
            findings.map(|finding| of(format!("{name} at {}", at.target), finding))
        });
        own.chain(at).filter(|found| found.finding.code == code).collect::<Vec<_>>()
    };
    status.layers.iter().flat_map(of_layer).collect()
}

/// The report with what is not in order between the targets of a layer told of each job that it was found at, for formats that
/// have a place for jobs and none for layers.
pub fn by_job(report: &Report) -> Cow<'_, Report> {
    let layers = if report.mode == Mode::Status { StatusReport::of(report).layers } else { Vec::new() };
    let odd = layers.into_iter().filter(|layer| !layer.findings.is_empty());
    let odd: BTreeMap<String, Vec<StatusFinding>> = odd.map(|layer| (layer.layer, layer.findings)).collect();
    if odd.is_empty() {
        return Cow::Borrowed(report);
    }
    let mut told = report.clone();
    for job in &mut told.jobs {
        let published = job.status.as_deref_mut().filter(|status| status.latest.is_some());
        if let (Some(status), Some(findings)) = (published, odd.get(&job.layer)) {
            status.findings.extend(findings.iter().cloned());
        }
    }
    Cow::Owned(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{JobReport, LayerStatus, Outcome};
    use crate::report::formats::{ReportFormat, formats};
    use crate::report::samples::{job, report};
    use crate::report::summary::counted;

    fn sample() -> Report {
        let finding = |code, message: &str| StatusFinding::new(code, message);
        let findings = vec![
            finding(StatusCode::ManifestDiffers, "it was published from another manifest"),
            finding(StatusCode::LockStale, "a run left its lock"),
        ];
        let looked = |layer, findings| JobReport {
            status: Some(Box::new(LayerStatus { findings, ..LayerStatus::default() })),
            ..job(layer, "us-east-1", Outcome::Checked)
        };
        report(Mode::Status, vec![looked("numpy", findings), looked("six", Vec::new())])
    }

    fn told(format: &str) -> String {
        let format: ReportFormat = format.parse().unwrap();
        (format.render)(&sample()).to_string()
    }

    #[test]
    fn every_report_for_people_and_build_servers_tells_what_is_not_in_order() {
        assert!(formats().len() > 4);
        for format in ["markdown", "junit", "csv", "html", "json"] {
            let text = told(format);
            for said in
                ["manifest-differs", "it was published from another manifest", "lock-stale", "a run left its lock"]
            {
                assert!(text.contains(said), "{format} does not say `{said}`: {text}");
            }
        }
        assert_eq!(counted(&sample()).as_str(), "2 jobs: 1 OK, 1 not in order");
        let junit = quick_junit::Report::deserialize_from_str(&told("junit")).unwrap();
        assert_eq!((junit.tests, junit.failures), (2, 1));
        let page = told("html");
        assert!(page.find("numpy").unwrap() < page.find("six").unwrap(), "what is wrong comes first");
    }

    #[test]
    fn a_run_that_looked_for_nothing_finds_nothing() {
        assert!(found(&report(Mode::Publish, sample().jobs)).is_empty());
    }
}
