//! The report `index`: one file with every layer's ARN, version, digest, size and dependencies, for bots and other
//! repositories. It has no time and no id of a run in it, and one order: it changes only when a version does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::arns::nested;
use crate::manifest::Dependency;
use crate::outcome::{BackupStatus, JobReport, PublishedVersion};
use crate::report::Shown;
use crate::report::model::Report;

/// Version of the index's shape; raised when a field changes its meaning or goes away.
const INDEX_VERSION: u32 = 1;

/// Every layer with the version to use, by target.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "layership index", extend("$id" = "urn:layership:schema:index"))]
pub struct Index<'a> {
    /// Version of this shape: 1.
    index: u32,
    /// By key of the layer, then by name of the target, both sorted.
    layers: BTreeMap<&'a str, BTreeMap<&'a str, IndexEntry<'a>>>,
}

/// A layer at a target.
#[derive(Serialize, JsonSchema)]
struct IndexEntry<'a> {
    /// ARN of the version to use.
    arn: &'a str,
    /// Its number.
    version: Option<u64>,
    /// The target's Region.
    region: &'a str,
    /// The account.
    account: Option<&'a str>,
    /// Name of the layer in Lambda.
    layer_name: &'a str,
    /// The dependency manifest.
    manifest: IndexedManifest<'a>,
    /// The layer zip.
    archive: IndexedArchive<'a>,
    /// What the manifest names, sorted by name, then version; null where that is not known: of a manifest that is only
    /// compared by its bytes, and of one with more than a layer can have.
    dependencies: Option<&'a [Dependency]>,
}

/// The manifest that a version was published from.
#[derive(Serialize, JsonSchema)]
struct IndexedManifest<'a> {
    /// Local path, relative to the layers file where it was written so.
    path: &'a str,
    /// Lower-case hexadecimal MD5 of its bytes.
    md5: Option<&'a str>,
    /// S3 URI of its copy.
    backup: Option<&'a str>,
    /// The page of that in the AWS console, where the partition has a public one.
    backup_page: Option<&'a str>,
}

/// The archive of a version, without what changes when the same bytes are staged again.
#[derive(Serialize, JsonSchema)]
struct IndexedArchive<'a> {
    /// S3 URI of the staged archive.
    staged: &'a str,
    /// Lower-case hexadecimal SHA-256 of what the version holds, where it is known.
    sha256: Option<&'a str>,
    /// Size of its zip in bytes, where it is known.
    size: Option<u64>,
}

/// Every layer with its versions.
pub fn index(report: &Report) -> Shown {
    let layers = nested(report, |job, arn| (&job.layer, &job.target, IndexEntry::of(job, arn)));
    super::json::document(&Index { index: INDEX_VERSION, layers })
}

impl<'a> IndexEntry<'a> {
    fn of(job: &'a JobReport, arn: &'a str) -> Self {
        let manifest = &job.manifest;
        // `status` looks at the local manifest whatever it finds: here it counts where the version is from that very state.
        let is_of_version = looked_at(job).is_none_or(|latest| latest.backup == BackupStatus::Same);
        Self {
            arn,
            version: job.version,
            region: &job.region,
            account: job.account.as_deref(),
            layer_name: &job.layer_name,
            manifest: IndexedManifest {
                path: &manifest.path,
                md5: manifest.md5.as_deref().filter(|_| is_of_version),
                backup: manifest.backup.as_deref(),
                backup_page: manifest.backup_page.as_deref(),
            },
            archive: IndexedArchive::of(job),
            dependencies: manifest.dependencies.as_deref().filter(|_| is_of_version),
        }
    }
}

impl<'a> IndexedArchive<'a> {
    fn of(job: &'a JobReport) -> Self {
        let archive = &job.archive;
        let (sha256, size) = match (looked_at(job), &archive.published) {
            (Some(latest), _) => (&latest.sha256, latest.size),
            // What is staged by now is not what the version holds.
            (None, Some(published)) => (&published.sha256, None),
            (None, None) => (&archive.sha256, archive.size),
        };
        Self { staged: &archive.staged, sha256: sha256.as_deref(), size }
    }
}

/// The version as `status` found it.
fn looked_at(job: &JobReport) -> Option<&PublishedVersion> {
    job.status.as_ref()?.latest.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report};

    fn sample() -> Report {
        let mut jobs = vec![
            job("numpy-py3.12", "us-east-1", Outcome::Published),
            job("numpy-py3.12", "tokyo", Outcome::Unchanged),
            job("numpy_py3-12", "tokyo", Outcome::Adopted),
            failed("scipy", "tokyo", ErrorCode::AccessDenied, "no"),
            job("torch", "tokyo", Outcome::Cancelled),
        ];
        for job in &mut jobs {
            let named = Dependency { name: "numpy".to_owned(), version: "2.1.0".to_owned() };
            job.manifest.dependencies = Some(vec![named]);
        }
        report(Mode::Publish, jobs)
    }

    #[test]
    fn each_layer_has_what_is_to_be_known_of_its_version() {
        insta::assert_snapshot!(index(&sample()), @r#"
        {
          "index": 1,
          "layers": {
            "numpy-py3.12": {
              "tokyo": {
                "arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3-12:3",
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
                },
                "dependencies": [
                  {
                    "name": "numpy",
                    "version": "2.1.0"
                  }
                ]
              },
              "us-east-1": {
                "arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy-py3-12:3",
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
                },
                "dependencies": [
                  {
                    "name": "numpy",
                    "version": "2.1.0"
                  }
                ]
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
                },
                "dependencies": [
                  {
                    "name": "numpy",
                    "version": "2.1.0"
                  }
                ]
              }
            }
          }
        }
        "#);
    }

    #[test]
    fn what_is_not_known_is_null_and_nothing_that_changes_by_itself_is_in_it() {
        let other = Report { run: "other".to_owned(), started_at: "other".to_owned(), seconds: 9.0, ..sample() };
        assert_eq!(index(&other), index(&sample()));
        let mut unknown = sample();
        unknown.jobs.iter_mut().for_each(|job| job.manifest.dependencies = None);
        assert!(index(&unknown).contains("\"dependencies\": null"));
    }
}
