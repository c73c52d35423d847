//! Reports to try the displays with.

use std::sync::Arc;

use jiff::Timestamp;

use crate::event::Mode;
use crate::manifest::{Changed, Dependency};
use crate::outcome::{
    ArchiveReport, Decision, ErrorCode, JobError, JobReport, ManifestReport, Outcome, Reason, SettingChange, Tally,
    Warning,
};
use crate::report::model::Report;

/// A job that ended so, with everything that such a job usually has.
pub fn job(layer: &str, target: &str, outcome: Outcome) -> JobReport {
    let version = matches!(outcome, Outcome::Published | Outcome::Adopted | Outcome::Unchanged).then_some(3);
    // Lambda's names have no dots.
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:layer:{}", layer.replace('.', "-"));
    JobReport {
        layer: layer.to_owned(),
        target: target.to_owned(),
        region: "us-east-1".to_owned(),
        account: Some("123456789012".to_owned()),
        layer_name: layer.to_owned(),
        decision: None,
        reason: None,
        outcome,
        previous_version: Some(2),
        version,
        layer_version_arn: version.map(|v| format!("{arn}:{v}")),
        layer_arn: Some(arn),
        manifest: ManifestReport { path: format!("{layer}/requirements.txt"), ..ManifestReport::default() },
        archive: ArchiveReport {
            staged: format!("s3://acme/layers/{layer}/layer/layer.zip"),
            size: Some(812_345),
            ..ArchiveReport::default()
        },
        dependencies: Arc::default(),
        settings: Vec::new(),
        share: None,
        parameter: None,
        attest: None,
        variable: None,
        prune: None,
        warnings: Vec::new(),
        status: None,
        seconds: 3.4,
        error: None,
    }
}

/// A job that failed.
pub fn failed(layer: &str, target: &str, code: ErrorCode, message: &str) -> JobReport {
    JobReport { error: Some(JobError::new(code, message)), seconds: 0.9, ..job(layer, target, Outcome::Failed) }
}

/// A planned job.
pub fn planned(layer: &str, decision: Decision, reason: Reason, previous: Option<u64>) -> JobReport {
    JobReport {
        decision: Some(decision),
        reason: Some(reason),
        previous_version: previous,
        ..job(layer, "us-east-1", Outcome::Planned)
    }
}

/// A report of these jobs.
pub fn report(mode: Mode, jobs: Vec<JobReport>) -> Report {
    let started = Timestamp::from_second(1_795_255_200).unwrap();
    let finished = Timestamp::from_millisecond(1_795_255_204_100).unwrap();
    Report::new(mode, "01K0RUN", started, finished, jobs)
}

/// A tally of a run of so many jobs, of which these ended.
pub fn tally(jobs: usize, ended: &[(Outcome, usize)]) -> Tally {
    let mut tally = Tally::of(jobs);
    ended.iter().for_each(|(outcome, count)| (0..*count).for_each(|_| tally.count(*outcome)));
    tally
}

/// A change of runtimes.
pub fn runtimes(added: &[&str], removed: &[&str]) -> SettingChange {
    let owned = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect();
    SettingChange { setting: "compatible-runtimes".to_owned(), added: owned(added), removed: owned(removed) }
}

/// The difference of the example in the documentation.
pub fn difference() -> Arc<crate::manifest::Difference> {
    let one = |name: &str, version: &str| Dependency { name: name.to_owned(), version: version.to_owned() };
    Arc::new(crate::manifest::Difference {
        added: vec![one("idna", "3.7")],
        removed: vec![one("six", "1.16.0")],
        changed: vec![Changed { name: "urllib3".to_owned(), from: "2.0.4".to_owned(), to: "2.2.1".to_owned() }],
        rehashed: Vec::new(),
        only: None,
    })
}

/// A warning.
pub fn warning(code: &str, message: &str) -> Warning {
    Warning { code: code.to_owned(), message: message.to_owned() }
}
