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
    use crate::outcome::{BackupStatus, JobReport, LayerStatus, Outcome, PublishedVersion};
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
        assert_eq!(counted(&sample()).as_str(), "2 jobs: 1 in order, 1 not in order");
        let junit = quick_junit::Report::deserialize_from_str(&told("junit")).unwrap();
        assert_eq!((junit.tests, junit.failures), (2, 1));
        let page = told("html");
        assert!(page.find("numpy").unwrap() < page.find("six").unwrap(), "what is wrong comes first");
    }

    /// A table of two hundred layers that were `checked` says nothing.
    #[test]
    fn tables_say_of_each_layer_whether_it_is_in_order() {
        let latest = |sha256: &str| LayerStatus { latest: Some(version(sha256)), ..LayerStatus::default() };
        let looked = |target: &str, sha256: &str| JobReport {
            status: Some(Box::new(latest(sha256))),
            ..job("torch", target, Outcome::Checked)
        };
        // What differs between targets is of each of them.
        let jobs = [sample().jobs, vec![looked("x", "aa"), looked("y", "bb")]].concat();
        let report = report(Mode::Status, jobs);
        let told = |format: &str| (format.parse::<ReportFormat>().unwrap().render)(&report).to_string();
        let [markdown, csv, html] = ["markdown", "csv", "html"].map(told);
        for text in [&markdown, &csv, &html] {
            assert!(
                !text.contains("| checked |") && !text.contains(",checked,") && !text.contains(">checked<"),
                "{text}"
            );
        }
        for (layer, target, said) in
            [("numpy", "us-east-1", "not in order"), ("six", "us-east-1", "in order"), ("torch", "y", "not in order")]
        {
            assert!(markdown.contains(&format!("| {said} | `{layer}` | `{target}` |")), "{markdown}");
            assert!(
                csv.lines()
                    .any(|line| line.starts_with(&format!("{layer},{target},")) && line.contains(&format!(",{said},"))),
                "{csv}"
            );
            let row = format!(
                "<tr data-outcome=\"{said}\"><td data-label=\"Outcome\" class=\"{}\">{said}</td>",
                said.replace(' ', "-")
            );
            assert!(
                html.lines().any(|line| line.starts_with(&row) && line.contains(&format!("<code>{layer}</code>"))),
                "{html}"
            );
        }
        for (count, said) in [(1, "in order"), (3, "not in order")] {
            assert!(html.contains(&format!("value=\"{said}\" checked> {count} {said}</label>")), "{html}");
        }
        assert_eq!(counted(&report).as_str(), "4 jobs: 1 in order, 3 not in order");
    }

    fn version(sha256: &str) -> PublishedVersion {
        PublishedVersion {
            version: 1,
            layer_version_arn: "arn:aws:lambda:us-east-1:123456789012:layer:torch:1".to_owned(),
            created_at: None,
            age_seconds: None,
            size: None,
            sha256: Some(sha256.to_owned()),
            storage: None,
            kept: None,
            backup: BackupStatus::Same,
            backup_at: "s3://acme/backup".to_owned(),
            attested: None,
        }
    }

    #[test]
    fn a_run_that_looked_for_nothing_finds_nothing() {
        assert!(found(&report(Mode::Publish, sample().jobs)).is_empty());
    }
}
