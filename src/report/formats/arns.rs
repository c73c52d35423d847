//! The reports that other programs read to find the ARN to use: `env` for shells, `tfvars` for Terraform, `index` for
//! whoever serves or commits one file with all of them.
//!
//! None of them has a time or the id of a run in it: as long as no version changes, neither does the file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::layer::Md5;
use crate::outcome::{JobReport, ManifestReport};
use crate::report::Shown;
use crate::report::model::Report;

/// Version of the index's shape; raised when a field changes its meaning or goes away.
const INDEX_VERSION: u32 = 1;

/// Jobs with a version to use: published, adopted or kept.
fn usable(report: &Report) -> impl Iterator<Item = (&JobReport, &str)> {
    report.jobs.iter().filter_map(|job| Some((job, job.layer_version_arn.as_deref()?)))
}

/// Two levels of names, in order.
type Nested<'a, T> = BTreeMap<&'a str, BTreeMap<&'a str, T>>;

/// What is usable, each under the two names that `place` gives it.
fn nested<'a, T>(report: &'a Report, place: impl Fn(&'a JobReport, &'a str) -> (&'a str, &'a str, T)) -> Nested<'a, T> {
    let mut all = Nested::new();
    for (outer, inner, value) in usable(report).map(|(job, arn)| place(job, arn)) {
        all.entry(outer).or_default().insert(inner, value);
    }
    all
}

/// Lines for a shell, and for what else reads `NAME=VALUE`: `LAYER_ARN_NUMPY_PY312__US_EAST_1=arn:aws:lambda:…`.
pub fn env(report: &Report) -> Shown {
    let all: Vec<_> = usable(report).map(|(job, arn)| (job, variable(job), arn)).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().for_each(|(_, name, _)| *times.entry(name).or_default() += 1);
    let lines = all.iter().map(|(job, name, arn)| {
        let arn = shell_word(arn);
        // Two keys may differ only in what a variable's name cannot have.
        let name = if times[name.as_str()] > 1 { format!("{name}__{}", mark(job)) } else { name.clone() };
        Shown::one_line(&format!("{name}={arn}"))
    });
    Shown::of_lines(lines)
}

/// The variable of a job: its target belongs to the name even if there is only one, so that a second one changes none.
pub fn variable(job: &JobReport) -> String {
    let part = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
    };
    format!("LAYER_ARN_{}__{}", part(&job.layer), part(&job.target))
}

/// Something short of its own, the same in every run.
fn mark(job: &JobReport) -> String {
    Md5::of(format!("{}\n{}", job.layer, job.target).as_bytes()).to_string()[..8].to_uppercase()
}

/// A word for a POSIX shell. ARNs need no quotes, which readers of `NAME=VALUE` other than shells would keep.
fn shell_word(text: &str) -> String {
    let text = Shown::one_line(text);
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ":-_./@".contains(c));
    if plain { text.to_string() } else { format!("'{}'", text.replace('\'', r"'\''")) }
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

/// Every layer with its versions, for bots and other repositories.
pub fn index(report: &Report) -> Shown {
    #[derive(Serialize)]
    struct Index<'a> {
        index: u32,
        layers: Nested<'a, IndexEntry<'a>>,
    }
    let layers = nested(report, |job, arn| (&job.layer, &job.target, IndexEntry::of(job, arn)));
    super::json::document(&Index { index: INDEX_VERSION, layers })
}

/// A layer at a target, in the index.
#[derive(Serialize)]
struct IndexEntry<'a> {
    arn: &'a str,
    version: Option<u64>,
    region: &'a str,
    account: Option<&'a str>,
    layer_name: &'a str,
    manifest: &'a ManifestReport,
    archive: IndexedArchive<'a>,
}

/// The archive of a version, without what changes when the same bytes are staged again.
#[derive(Serialize)]
struct IndexedArchive<'a> {
    staged: &'a str,
    sha256: Option<&'a str>,
    size: Option<u64>,
}

impl<'a> IndexEntry<'a> {
    fn of(job: &'a JobReport, arn: &'a str) -> Self {
        Self {
            arn,
            version: job.version,
            region: &job.region,
            account: job.account.as_deref(),
            layer_name: &job.layer_name,
            manifest: &job.manifest,
            archive: IndexedArchive {
                staged: &job.archive.staged,
                sha256: job.archive.sha256.as_deref(),
                size: job.archive.size,
            },
        }
    }
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
        LAYER_ARN_NUMPY_PY3_12__TOKYO__BDFBB35F=arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3.12:3
        LAYER_ARN_NUMPY_PY3_12__US_EAST_1=arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3.12:3
        LAYER_ARN_NUMPY_PY3_12__TOKYO__B9ABDDA4=arn:aws:lambda:us-east-1:123456789012:layer:numpy_py3-12:3
        ");
        insta::assert_snapshot!(tfvars(&sample()), @r#"
        {
          "layers": {
            "tokyo": {
              "numpy-py3.12": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3.12:3",
              "numpy_py3-12": "arn:aws:lambda:us-east-1:123456789012:layer:numpy_py3-12:3"
            },
            "us-east-1": {
              "numpy-py3.12": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3.12:3"
            }
          }
        }
        "#);
        insta::assert_snapshot!(index(&sample()), @r#"
        {
          "index": 1,
          "layers": {
            "numpy-py3.12": {
              "tokyo": {
                "arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3.12:3",
                "version": 3,
                "region": "us-east-1",
                "account": "123456789012",
                "layer_name": "numpy-py3.12",
                "manifest": {
                  "path": "numpy-py3.12/requirements.txt",
                  "md5": null,
                  "backup": null,
                  "backup_page": null
                },
                "archive": {
                  "staged": "s3://acme/layers/numpy-py3.12/layer/layer.zip",
                  "sha256": null,
                  "size": 812345
                }
              },
              "us-east-1": {
                "arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3.12:3",
                "version": 3,
                "region": "us-east-1",
                "account": "123456789012",
                "layer_name": "numpy-py3.12",
                "manifest": {
                  "path": "numpy-py3.12/requirements.txt",
                  "md5": null,
                  "backup": null,
                  "backup_page": null
                },
                "archive": {
                  "staged": "s3://acme/layers/numpy-py3.12/layer/layer.zip",
                  "sha256": null,
                  "size": 812345
                }
              }
            },
            "numpy_py3-12": {
              "tokyo": {
                "arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy_py3-12:3",
                "version": 3,
                "region": "us-east-1",
                "account": "123456789012",
                "layer_name": "numpy_py3-12",
                "manifest": {
                  "path": "numpy_py3-12/requirements.txt",
                  "md5": null,
                  "backup": null,
                  "backup_page": null
                },
                "archive": {
                  "staged": "s3://acme/layers/numpy_py3-12/layer/layer.zip",
                  "sha256": null,
                  "size": 812345
                }
              }
            }
          }
        }
        "#);
    }

    #[test]
    fn nothing_that_changes_by_itself_is_in_them() {
        let other = Report { run: "other".to_owned(), started_at: "other".to_owned(), seconds: 9.0, ..sample() };
        for render in [env, tfvars, index] {
            assert_eq!(render(&other), render(&sample()));
        }
    }

    #[test]
    fn a_value_that_is_no_arn_is_one_word() {
        assert_eq!(
            shell_word("arn:aws:lambda:us-east-1:123456789012:layer:a:3"),
            "arn:aws:lambda:us-east-1:123456789012:layer:a:3"
        );
        assert_eq!(shell_word("a'; rm -rf /; '"), r"'a'\''; rm -rf /; '\'''");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
    }
}
