//! What `status` tells: one structure of its own, as JSON and as text. What is only seen when all targets of a layer are
//! looked at together, is found here.

mod cells;
mod found;
mod read;

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::{
    ArchiveReport, JobError, JobReport, LayerStatus, ManifestReport, Outcome, PublishedVersion, StatusCode,
    StatusFinding, Warning, contents_differ, count_findings,
};
use crate::plan::PartOfRun;
use crate::report::model::Report;
use crate::report::wording::{names, parts, plural};
use crate::report::{Ran, Shown, table};
use crate::shown;
use cells::{COLUMNS, Column, row};
use found::of_kind;
pub use found::{Found, by_job, found};

/// Version of the structure's shape; raised when a field changes its meaning or goes away.
const STATUS_VERSION: u32 = 1;
/// So many findings of one kind are told one by one; more are counted, since the JSON has all of them.
const TOLD_AT_MOST: usize = 6;

/// What is published where, and what is not in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "layership status", extend("$id" = "urn:layership:schema:status"))]
pub struct StatusReport {
    /// Version of this shape: 1.
    pub status: u32,
    /// Name and version of the tool that wrote it.
    pub tool: String,
    /// Id of the run.
    pub run: String,
    /// Of which run this is a part, where it was split with `--partition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PartOfRun>,
    /// When the run began, in UTC (RFC 3339).
    pub started_at: String,
    /// When the run ended, in UTC (RFC 3339).
    pub finished_at: String,
    /// How long the run took.
    pub seconds: f64,
    /// What ran, and for what.
    #[serde(default)]
    pub ran: Ran,
    /// Warnings about the layers file and the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// How much is in order.
    pub summary: StatusSummary,
    /// Every layer, sorted by key.
    pub layers: Vec<LayerOverview>,
}

/// How much is in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusSummary {
    /// Layers, each counted once.
    pub layers: usize,
    /// Layers at targets.
    pub jobs: usize,
    /// What is not in order, all findings together.
    pub findings: usize,
    /// Jobs of which the status could not be found out.
    pub failed: usize,
    /// Jobs that were not looked at, because the run was stopped.
    pub cancelled: usize,
}

/// One layer at all its targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerOverview {
    /// Key of the layer in the layers file.
    pub layer: String,
    /// Whether its latest versions have different numbers. That is no fault: Lambda counts in each Region for itself.
    pub versions_differ: bool,
    /// Whether its latest versions have different content.
    pub content_differs: bool,
    /// What is not in order between its targets.
    pub findings: Vec<StatusFinding>,
    /// Each target, sorted by name.
    pub targets: Vec<TargetOverview>,
}

/// One layer at one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetOverview {
    /// Name of the target.
    pub target: String,
    /// The target's Region.
    pub region: String,
    /// The account, where it is known.
    pub account: Option<String>,
    /// Name of the layer in Lambda.
    pub layer_name: String,
    /// What there is; null where it could not be found out.
    pub status: Option<LayerStatus>,
    /// Why it could not be found out.
    pub error: Option<JobError>,
    /// The dependency manifest.
    #[serde(default)]
    pub manifest: ManifestReport,
    /// The layer zip that is staged.
    #[serde(default)]
    pub archive: ArchiveReport,
    /// Its variable in the report `env`, where the layers file has another job whose variable would be called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// What a person should know although it did not stop the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Time spent on this job.
    #[serde(default)]
    pub seconds: f64,
}

impl StatusReport {
    /// What a run found, by layer. Its jobs are sorted by layer, then target.
    pub fn of(report: &Report) -> Self {
        let layers: Vec<LayerOverview> = report.jobs.chunk_by(|a, b| a.layer == b.layer).map(overview).collect();
        let summary = StatusSummary {
            layers: layers.len(),
            jobs: report.jobs.len(),
            findings: count_findings(&report.jobs),
            failed: report.summary.get(Outcome::Failed),
            cancelled: report.summary.get(Outcome::Cancelled),
        };
        Self {
            status: STATUS_VERSION,
            tool: report.tool.clone(),
            run: report.run.clone(),
            part: report.part.clone(),
            started_at: report.started_at.clone(),
            finished_at: report.finished_at.clone(),
            seconds: report.seconds,
            ran: report.ran.clone(),
            warnings: report.warnings.clone(),
            summary,
            layers,
        }
    }
}

fn count(status: Option<&LayerStatus>) -> usize {
    status.map_or(0, |status| status.findings.len())
}

fn overview(jobs: &[JobReport]) -> LayerOverview {
    let latest: Vec<(&str, &PublishedVersion)> =
        jobs.iter().filter_map(|job| Some((job.target.as_str(), latest(job)?))).collect();
    let numbers: BTreeSet<u64> = latest.iter().map(|(_, latest)| latest.version).collect();
    let content_differs = contents_differ(jobs);
    let findings = content_differs.then(|| {
        let each = latest.iter().map(|(target, latest)| {
            let digest = latest.sha256.as_deref().map_or("unknown", |digest| digest.get(..8).unwrap_or(digest));
            format!("{digest} in version {} at {target}", latest.version)
        });
        let each: Vec<String> = each.collect();
        let message = format!("the content differs between targets: {}", names(each.iter().map(String::as_str)));
        StatusFinding::new(StatusCode::ContentDiffers, message)
    });
    let target = |job: &JobReport| TargetOverview {
        target: job.target.clone(),
        region: job.region.clone(),
        account: job.account.clone(),
        layer_name: job.layer_name.clone(),
        status: job.status.as_deref().cloned(),
        error: job.error.clone(),
        manifest: job.manifest.clone(),
        archive: job.archive.clone(),
        variable: job.variable.clone(),
        warnings: job.warnings.clone(),
        seconds: job.seconds,
    };
    LayerOverview {
        layer: jobs.first().map(|job| job.layer.clone()).unwrap_or_default(),
        versions_differ: numbers.len() > 1,
        content_differs,
        findings: findings.into_iter().collect(),
        targets: jobs.iter().map(target).collect(),
    }
}

fn latest(job: &JobReport) -> Option<&PublishedVersion> {
    job.status.as_ref()?.latest.as_ref()
}

/// Whether anything is not in order, at targets that count.
pub fn is_off(report: &Report, counts: impl Fn(&str) -> bool) -> bool {
    let status = StatusReport::of(report);
    let off = |at: &TargetOverview| counts(&at.target) && count(at.status.as_ref()) > 0;
    status.layers.iter().any(|layer| !layer.findings.is_empty() || layer.targets.iter().any(off))
}

/// A table of what is where, what is not in order, and a conclusion.
pub fn text(report: &Report, file: &Path) -> Shown {
    let status = StatusReport::of(report);
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| column.is_worth_it(report)).collect();
    let mut head = ["LAYER", "TARGET", "VERSION", "AGE", "SIZE", "BACKUP", "LOCK"].map(Shown::from).to_vec();
    head.extend(columns.iter().map(|column| Shown::from(column.name)));
    head.push("ARN".into());
    let rows = status.layers.iter().flat_map(|layer| layer.targets.iter().map(|at| row(&layer.layer, at, &columns)));
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let found = findings(&status);
    let gap = (!found.is_empty()).then(Shown::default);
    Shown::of_lines(table::align(&rows).into_iter().chain(gap).chain(found).chain([conclusion(&status, file)]))
}

/// A line for each finding, and one for all of a kind where there are many.
fn findings(status: &StatusReport) -> Vec<Shown> {
    let mut lines = Vec::new();
    for code in <StatusCode as strum::VariantArray>::VARIANTS {
        let of_code = of_kind(status, *code);
        if of_code.len() <= TOLD_AT_MOST {
            lines.extend(of_code.iter().map(|one| shown!("  ! {}: {}", one.whose, one.finding.message)));
        } else {
            let whose: Vec<String> = of_code.into_iter().map(|one| one.whose).collect();
            lines.push(shown!("  ! {} {}: {}", whose.len(), code.to_string(), names(whose.iter().map(String::as_str))));
        }
    }
    lines
}

fn conclusion(status: &StatusReport, file: &Path) -> Shown {
    let StatusSummary { layers, jobs, findings, failed, cancelled } = status.summary;
    let counts = parts(&[(failed, "failed"), (cancelled, "not looked at")]);
    let found = match findings {
        0 if failed + cancelled == 0 => "all in order".to_owned(),
        0 => counts,
        _ if counts.is_empty() => plural(findings, "finding"),
        _ => format!("{}, {counts}", plural(findings, "finding")),
    };
    let of = if jobs == layers {
        plural(layers, "layer")
    } else {
        format!("{}, {}", plural(layers, "layer"), plural(jobs, "job"))
    };
    shown!("Status of {} in {}: {}", of, file, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::layer::Storage;
    use crate::outcome::ErrorCode;
    use crate::outcome::{BackupStatus, LockState, LockStatus};
    use crate::report::samples::{failed, job, report};

    fn at(layer: &str, target: &str, version: u64, sha256: &str) -> JobReport {
        let latest = PublishedVersion {
            version,
            layer_version_arn: format!("arn:aws:lambda:{target}:123456789012:layer:{layer}:{version}"),
            created_at: Some("2026-11-20T10:00:00Z".to_owned()),
            age_seconds: Some(180_000),
            size: Some(812_345),
            sha256: Some(sha256.to_owned()),
            storage: Some(Storage::Copy),
            kept: None,
            backup: BackupStatus::Same,
            backup_at: "s3://acme/backup".to_owned(),
            attested: None,
        };
        let lock = LockStatus {
            at: "s3://acme/publish.lock".to_owned(),
            state: LockState::Stale,
            phase: Some("sending".to_owned()),
            run: Some("01K0".to_owned()),
            host: Some("ci\u{1b}[2J".to_owned()),
            age_seconds: 3_700,
        };
        let status = LayerStatus { latest: Some(latest), lock: Some(lock), ..LayerStatus::default() };
        JobReport { status: Some(Box::new(status)), ..job(layer, target, Outcome::Checked) }
    }

    #[test]
    fn numbers_may_differ_between_targets_and_content_may_not() {
        let of = |jobs: Vec<JobReport>| StatusReport::of(&report(Mode::Status, jobs));
        let numbers = of(vec![at("a", "x", 1, "aa"), at("a", "y", 2, "aa"), at("b", "x", 7, "bb")]);
        assert_eq!((numbers.layers[0].versions_differ, numbers.layers[0].content_differs), (true, false));
        assert_eq!((numbers.summary.layers, numbers.summary.jobs, numbers.summary.findings), (2, 3, 0));
        let content = report(Mode::Status, vec![at("a", "x", 1, "aa"), at("a", "y", 1, "bb")]);
        assert_eq!(StatusReport::of(&content).layers[0].findings[0].code, StatusCode::ContentDiffers);
        assert!(is_off(&content, |_| true) && is_off(&content, |_| false), "between targets it always counts");
    }

    #[test]
    fn what_a_target_alone_shows_counts_only_where_the_target_does() {
        let mut job = at("a", "x", 1, "aa");
        let findings = vec![StatusFinding::new(StatusCode::LockStale, "left")];
        job.status = job.status.map(|status| Box::new(LayerStatus { findings, ..*status }));
        let report = report(Mode::Status, vec![job]);
        assert!(is_off(&report, |_| true) && !is_off(&report, |_| false));
    }

    #[test]
    fn people_see_what_is_where_and_what_is_not_in_order() {
        let mut jobs = vec![
            at("numpy", "eu-west-1", 3, "aaaaaaaaaaaa"),
            at("numpy", "us-east-1", 4, "bbbbbbbbbbbb"),
            failed("scipy", "us-east-1", ErrorCode::AccessDenied, "no"),
        ];
        for number in 0..7 {
            let findings = vec![StatusFinding::new(StatusCode::NotPublished, "Lambda has no version")];
            let status = LayerStatus { findings, ..LayerStatus::default() };
            jobs.push(JobReport {
                status: Some(Box::new(status)),
                ..job(&format!("new-{number}"), "us-east-1", Outcome::Checked)
            });
        }
        insta::assert_snapshot!(text(&report(Mode::Status, jobs), Path::new("layers.toml")));
    }
}
