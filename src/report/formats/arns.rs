//! The reports that other programs read to find the ARN to use: `env` for shells, `tfvars` for Terraform, and beside this
//! file `index`, for whoever serves or commits one file with all of them.
//!
//! None of them has a time or the id of a run in it: as long as no version changes, neither does the file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::layer::{Md5, VersionArn};
use crate::outcome::JobReport;
use crate::report::Shown;
use crate::report::model::Report;
use crate::report::wording::shell_word;
use crate::shown;

/// Jobs with a version to use: published, adopted or kept. What is no ARN is nothing that anybody could use: a report may come
/// from anybody.
pub(super) fn usable(report: &Report) -> impl Iterator<Item = (&JobReport, &str)> {
    named(report).filter(|(_, arn)| is_arn(arn))
}

fn named(report: &Report) -> impl Iterator<Item = (&JobReport, &str)> {
    report.jobs.iter().filter_map(|job| Some((job, job.layer_version_arn.as_deref()?)))
}

fn is_arn(text: &str) -> bool {
    text.parse::<VersionArn>().is_ok()
}

/// Why a report has something else where an ARN should be, if it has.
pub(super) fn refusal(report: &Report) -> Option<String> {
    let (job, arn) = named(report).find(|(_, arn)| !is_arn(arn))?;
    Some(format!("`{arn}`, of layer `{}` at `{}`, is not the ARN of a layer version", job.layer, job.target))
}

/// Two levels of names, in order.
pub(super) type Nested<'a, T> = BTreeMap<&'a str, BTreeMap<&'a str, T>>;

/// What is usable, each under the two names that `place` gives it.
pub(super) fn nested<'a, T>(
    report: &'a Report,
    place: impl Fn(&'a JobReport, &'a str) -> (&'a str, &'a str, T),
) -> Nested<'a, T> {
    let mut all = Nested::new();
    for (outer, inner, value) in usable(report).map(|(job, arn)| place(job, arn)) {
        all.entry(outer).or_default().insert(inner, value);
    }
    all
}

/// How every variable of an `env` report begins.
pub const VARIABLE: &str = "LAYER_ARN_";

/// Lines for a shell, and for what else reads `NAME=VALUE`: `LAYER_ARN_NUMPY_PY312__US_EAST_1=arn:aws:lambda:…`.
pub fn env(report: &Report) -> Shown {
    let all: Vec<_> = usable(report).collect();
    // Of reports that were merged, and of those that an older version wrote.
    let alike = alike(all.iter().map(|(job, _)| (job.layer.as_str(), job.target.as_str())));
    let lines = all.iter().map(|(job, arn)| {
        let own = job.variable.clone().filter(|name| is_variable(name));
        let own = own.or_else(|| alike.get(&(job.layer.clone(), job.target.clone())).cloned());
        let name = own.unwrap_or_else(|| variable(&job.layer, &job.target));
        shown!("{}={}", name, shell_word(arn))
    });
    Shown::of_lines(lines)
}

/// By layer and target, the variables of those that would be called like another one: keys may differ only in what the name of
/// a variable cannot have.
pub fn alike<'a>(jobs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<(String, String), String> {
    let mut by_name: BTreeMap<String, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (layer, target) in jobs {
        by_name.entry(variable(layer, target)).or_default().insert((layer, target));
    }
    let several = by_name.into_iter().filter(|(_, jobs)| jobs.len() > 1);
    let marked = several.flat_map(|(name, jobs)| {
        let marked = move |(layer, target): (&str, &str)| {
            ((layer.to_owned(), target.to_owned()), format!("{name}__{}", mark(layer, target)))
        };
        jobs.into_iter().map(marked)
    });
    marked.collect()
}

/// The variable of a job: its target belongs to the name even if there is only one, so that a second one changes none.
fn variable(layer: &str, target: &str) -> String {
    let part = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
    };
    format!("{VARIABLE}{}__{}", part(layer), part(target))
}

/// Whether a shell takes it for the name of such a variable: a report may come from anybody.
fn is_variable(name: &str) -> bool {
    name.starts_with(VARIABLE) && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
}

/// Something short of its own, the same in every run.
fn mark(layer: &str, target: &str) -> String {
    Md5::of(format!("{layer}\n{target}").as_bytes()).to_string()[..8].to_uppercase()
}

/// `layers.auto.tfvars.json` for Terraform and OpenTofu: a variable `layers` of type `map(map(string))`, target →
/// layer → ARN.
pub fn tfvars(report: &Report) -> Shown {
    #[derive(Serialize)]
    struct Variables<'a> {
        layers: Nested<'a, &'a str>,
    }
    super::json::document(&Variables { layers: nested(report, |job, arn| (&job.target, &job.layer, arn)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report};

    fn sample() -> Report {
        let jobs = vec![
            job("numpy-py3.12", "us-east-1", Outcome::Published),
            job("numpy-py3.12", "tokyo", Outcome::Unchanged),
            job("numpy_py3-12", "tokyo", Outcome::Adopted),
            failed("scipy", "tokyo", ErrorCode::AccessDenied, "no"),
            job("torch", "tokyo", Outcome::Cancelled),
        ];
        report(Mode::Publish, jobs)
    }

    #[test]
    fn each_reader_finds_the_arn_to_use() {
        insta::assert_snapshot!(env(&sample()), @"
        LAYER_ARN_NUMPY_PY3_12__TOKYO__BDFBB35F=arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3-12:3
        LAYER_ARN_NUMPY_PY3_12__US_EAST_1=arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3-12:3
        LAYER_ARN_NUMPY_PY3_12__TOKYO__B9ABDDA4=arn:aws:lambda:us-east-1:123456789012:layer:numpy_py3-12:3
        ");
        insta::assert_snapshot!(tfvars(&sample()), @r#"
        {
          "layers": {
            "tokyo": {
              "numpy-py3.12": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3-12:3",
              "numpy_py3-12": "arn:aws:lambda:us-east-1:123456789012:layer:numpy_py3-12:3"
            },
            "us-east-1": {
              "numpy-py3.12": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3-12:3"
            }
          }
        }
        "#);
    }

    /// What is selected, or failed, counts for nothing: the layers file decides.
    #[test]
    fn a_variable_is_called_as_the_report_says_unless_no_shell_would_take_it() {
        let named = |name: &str| {
            let job = JobReport { variable: Some(name.to_owned()), ..job("a-b", "x", Outcome::Published) };
            env(&report(Mode::Publish, vec![job])).split('=').next().unwrap().to_owned()
        };
        assert_eq!(named("LAYER_ARN_A_B__X__0A1B"), "LAYER_ARN_A_B__X__0A1B");
        for hostile in ["PATH", "LAYER_ARN_;id", "LAYER_ARN_A\nPATH", "LAYER_ARN_é"] {
            assert_eq!(named(hostile), "LAYER_ARN_A_B__X", "{hostile}");
        }
    }

    #[test]
    fn nothing_that_changes_by_itself_is_in_them() {
        let other = Report { run: "other".to_owned(), started_at: "other".to_owned(), seconds: 9.0, ..sample() };
        for render in [env, tfvars] {
            assert_eq!(render(&other), render(&sample()));
        }
    }
}
