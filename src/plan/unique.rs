//! No two jobs may share a place: two layers under one prefix publish each other's zip, and two Regions that share
//! backups see each other's versions.

use std::collections::HashMap;
use std::sync::Arc;

use super::Job;
use crate::config::{Problem, Source};
use crate::layer::AccountId;

/// One problem for every job that shares a staged key, a backup prefix or a layer name with an earlier one.
pub fn shared_places(jobs: &[Arc<Job>], source: &Source<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut staged: HashMap<_, &Job> = HashMap::with_capacity(jobs.len());
    let mut backups: HashMap<_, &Job> = HashMap::with_capacity(jobs.len());
    let mut names: HashMap<_, &Job> = HashMap::with_capacity(jobs.len());
    for job in jobs {
        let (staged_by, backed_up_by) = (staged.insert(&job.staged, job), backups.insert(&job.backups, job));
        match (staged_by, backed_up_by) {
            // One prefix under both is one problem.
            (Some(other), Some(same)) if std::ptr::eq(other, same) => {
                let what = format!("the staged key {} and the backup prefix {}", job.staged, job.backups);
                problems.push(problem(source, job, "prefix", other, &what));
            }
            (by_key, by_prefix) => {
                let key = by_key.map(|other| (other, "staged-key", format!("the staged key {}", job.staged)));
                let prefix =
                    by_prefix.map(|other| (other, "backup-prefix", format!("the backup prefix {}", job.backups)));
                let shared = key.into_iter().chain(prefix);
                problems.extend(shared.map(|(other, field, what)| problem(source, job, field, other, &what)));
            }
        }
        // Two targets can be the same account and Region under two names.
        let account = job.target.account.as_ref().map_or(job.target.name.as_str(), AccountId::as_str);
        if let Some(other) = names.insert((account, &job.target.region, &job.name), job) {
            problems.push(problem(source, job, "name", other, &format!("the layer name `{}`", job.name)));
        }
    }
    problems
}

fn problem(source: &Source<'_>, job: &Job, field: &str, other: &Job, what: &str) -> Problem {
    let key = format!("layers.{}.{field}", job.layer);
    let line = source.line(&["layers", &job.layer, field]);
    let (who, placeholder) = if job.layer == other.layer {
        (format!("{} at {} and at {}", job.layer, other.target.name, job.target.name), "`{region}` or `{target}`")
    } else {
        (format!("{} and {}", other.layer, job.layer), "`{layer}`")
    };
    let hint = match field {
        "name" if job.layer == other.layer => {
            "both are one account and Region: take one of them out, or put `{target}` into the name".to_owned()
        }
        "name" => "give each its own name".to_owned(),
        _ => format!("put {placeholder} into the bucket, the prefix or the key"),
    };
    Problem::error(line, key, format!("{who} share {what}")).hint(hint)
}
