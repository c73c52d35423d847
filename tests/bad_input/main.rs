//! Bad input gets a clear error: what is wrong, where, and what to do. Before anything is started where the layers file
//! shows it, and with a stable code in the report where only the run does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod archives;
mod codes;
mod corpus;
mod files;
mod foreign;
mod hostile;
mod inside;
mod manifests;
mod packing;
mod places;
mod samples;
mod stale;
mod stale_at_one_version;
mod stale_beyond;

use common::Ended;
use common::project::Project;

/// The stable code of the one failed job in `report.json`.
#[track_caller]
fn code(project: &Project) -> String {
    let report = project.json("report.json");
    let failed: Vec<_> = report["jobs"].as_array().unwrap().iter().filter(|job| job["outcome"] == "failed").collect();
    let [job] = failed[..] else { panic!("not one failed job: {report:#}") };
    let error = &job["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "no message: {error:#}");
    error["code"].as_str().unwrap().to_owned()
}

/// Publishes, which is to fail with this code in its report and to change nothing; returns everything it said.
#[track_caller]
fn refused(project: &Project, args: &str, expected: &str) -> Ended {
    let ended = project.run_writing_nothing(&format!("publish --report json=report.json {args}"), 1);
    assert_eq!(code(project), expected, "{}", ended.stderr);
    ended
}
