//! What `changed` prints: which layers have to be built, for people, for a shell, and for a matrix of GitHub Actions.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use crate::outcome::{JobReport, Outcome, Reason};
use crate::report::model::Report;
use crate::report::wording::{brief, plural};
use crate::report::{Shown, failed, table};
use crate::shown;

/// GitHub starts no more jobs from a matrix (GitHub's documentation of `strategy.matrix`).
const MATRIX_JOBS: usize = 256;
/// GitHub keeps a megabyte of outputs of a job, counted as UTF-16.
const MATRIX_CHARACTERS: usize = 500_000;
/// So many changed dependencies are named; the report has them all.
const DEPENDENCIES_AT_MOST: usize = 4;

/// What changed and why, and how many layers that are; `all`: also what did not.
pub fn text(report: &Report, file: &Path, all: bool) -> Shown {
    let listed = report.jobs.iter().filter(|job| job.outcome == Outcome::Changed || all && job.error.is_none());
    let mut rows: Vec<Vec<Shown>> = listed.map(row).collect();
    rows.extend(failed::rows(report).into_iter().map(|[what, target, code]| {
        vec![shown!("  ! {}", what), target, Shown::default(), shown!("failed: {}", code)]
    }));
    let layers: BTreeSet<&str> = report.jobs.iter().map(|job| job.layer.as_str()).collect();
    let conclusion = shown!("Changed in {}: {} of {}", file, changed(report).len(), plural(layers.len(), "layer"));
    Shown::of_lines(table::align(&rows).into_iter().chain([conclusion]))
}

fn row(job: &JobReport) -> Vec<Shown> {
    let (sign, why) = match (job.outcome, job.reason) {
        (Outcome::Changed, Some(Reason::BackupMissing)) if job.previous_version.is_some() => {
            ("~", "its backup is of a manifest with another name".into())
        }
        (Outcome::Changed, Some(Reason::BackupMissing)) => ("+", "no backup yet".into()),
        (Outcome::Changed, _) => ("~", brief(&job.dependencies, DEPENDENCIES_AT_MOST)),
        (Outcome::Cancelled, _) => ("-", "not compared".into()),
        _ => ("=", "unchanged".into()),
    };
    let since = job.previous_version.map(|version| shown!("since {}", version)).unwrap_or_default();
    vec![shown!("  {} {}", sign, job.layer), Shown::one_line(&job.target), since, why]
}

/// Layers that changed at one target at least, by key.
fn changed(report: &Report) -> BTreeSet<&str> {
    report.jobs.iter().filter(|job| job.outcome == Outcome::Changed).map(|job| job.layer.as_str()).collect()
}

/// The keys of the layers that changed, one a line.
pub fn lines(report: &Report) -> Shown {
    Shown::of_lines(changed(report).into_iter().map(Shown::one_line))
}

/// A matrix whose jobs have `layers`: the key of a layer that changed, or several with spaces between them where there
/// are more than GitHub starts jobs.
///
/// # Errors
/// A key that a shell would take for something else, since that is where it ends up; more than GitHub takes.
pub fn github_matrix(report: &Report) -> Result<Shown, String> {
    let changed: Vec<&str> = changed(report).into_iter().collect();
    if let Some(key) = changed.iter().find(|key| !is_one_word(key)) {
        return Err(format!(
            "layer `{key}` cannot be in a matrix: its key is more than letters, digits and `._+@/-`, which a shell would \
             take apart; give it another key, and its name in Lambda with `name`"
        ));
    }
    let groups = changed.len().min(MATRIX_JOBS);
    let group = |n: usize| changed[n * changed.len() / groups..(n + 1) * changed.len() / groups].join(" ");
    let jobs: Vec<_> = (0..groups).map(|n| json!({ "layers": group(n) })).collect();
    let text = json!({ "include": jobs }).to_string();
    if text.len() > MATRIX_CHARACTERS {
        return Err(format!(
            "the matrix of {} layers has {} characters, and GitHub keeps about {MATRIX_CHARACTERS}; `--partition` splits \
             them without a matrix",
            changed.len(),
            text.len()
        ));
    }
    Ok(Shown::of_lines([Shown::json(text)]))
}

/// A key that stands for itself wherever it is written, and cannot be taken for a flag.
fn is_one_word(key: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+@/-".contains(c);
    !key.is_empty() && !key.starts_with('-') && key.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::ErrorCode;
    use crate::report::samples::{difference, failed, job, report};

    fn changed_job(layer: &str, target: &str) -> JobReport {
        JobReport { reason: Some(Reason::DependenciesChanged), ..job(layer, target, Outcome::Changed) }
    }

    fn of(keys: impl IntoIterator<Item = String>) -> Report {
        report(Mode::Changed, keys.into_iter().map(|key| changed_job(&key, "us-east-1")).collect())
    }

    fn groups(report: &Report) -> Vec<String> {
        let matrix: serde_json::Value = serde_json::from_str(github_matrix(report).unwrap().as_str()).unwrap();
        let jobs = matrix["include"].as_array().unwrap().clone();
        jobs.iter().map(|job| job["layers"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn people_see_what_changed_and_why() {
        let mut first = JobReport { reason: Some(Reason::BackupMissing), ..changed_job("numpy", "us-east-1") };
        first.previous_version = None;
        let again =
            JobReport { dependencies: difference(), previous_version: Some(2), ..changed_job("requests", "us-east-1") };
        let jobs = vec![
            first,
            again,
            job("six", "us-east-1", Outcome::Unchanged),
            failed("torch", "us-east-1", ErrorCode::ManifestMissing, "gone"),
        ];
        insta::assert_snapshot!(text(&report(Mode::Changed, jobs), Path::new("layers.toml"), false), @"
          + numpy     us-east-1           no backup yet
          ~ requests  us-east-1  since 2  urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0
          ! torch     us-east-1           failed: manifest-missing
        Changed in layers.toml: 2 of 4 layers
        ");
    }

    #[test]
    fn a_layer_that_changed_at_several_targets_is_named_once() {
        let jobs = ["b", "a"].iter().flat_map(|layer| [changed_job(layer, "x"), changed_job(layer, "y")]).collect();
        let report = report(Mode::Changed, jobs);
        assert_eq!(lines(&report).as_str(), "a\nb\n");
        assert_eq!(groups(&report), ["a", "b"]);
        assert_eq!(github_matrix(&of([])).unwrap().as_str(), "{\"include\":[]}\n");
    }

    #[test]
    fn more_layers_than_jobs_are_grouped_and_none_is_lost() {
        for count in [1, 255, 256, 257, 511, 1000, 10_000] {
            let keys: Vec<String> = (0..count).map(|n| format!("layer-{n:05}")).collect();
            let groups = groups(&of(keys.clone()));
            let sizes: BTreeSet<usize> = groups.iter().map(|group| group.split(' ').count()).collect();
            assert_eq!(groups.join(" "), keys.join(" "));
            assert!(groups.len() == count.min(256) && sizes.len() <= 2, "{count}: {sizes:?}");
        }
    }

    #[test]
    fn a_key_that_a_shell_takes_apart_is_refused() {
        for key in ["a b", "$(id)", "a;b", "-x", "a*", "`id`", "ü", "a\nb", ""] {
            assert!(github_matrix(&of([key.to_owned()])).is_err(), "{key:?}");
        }
        assert_eq!(groups(&of(["team/a_1.2+x@y-z".to_owned()])), ["team/a_1.2+x@y-z"]);
    }
}
