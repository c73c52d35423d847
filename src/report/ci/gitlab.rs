//! What GitLab takes of reports, and says nothing about when it does not.

use crate::report::Shown;
use crate::report::formats::ReportRequest;
use crate::report::model::Report;
use crate::report::wording::size;
use crate::shown;

/// A dotenv report, and the fewest variables that an instance is set up to take.
const DOTENV_BYTES: usize = 5 * 1024;
const DOTENV_VARIABLES: usize = 20;
/// A file of a JUnit report.
const JUNIT_BYTES: usize = 30 * 1024 * 1024;

/// Reports that GitLab would not take, each with what to do instead.
pub fn too_large(report: &Report, requests: &[ReportRequest]) -> Vec<Shown> {
    let told = requests.iter().filter_map(|request| {
        let text = (request.format.render)(report);
        too_large_for(request, text.len(), text.lines().count())
    });
    told.collect()
}

fn too_large_for(request: &ReportRequest, length: usize, lines: usize) -> Option<Shown> {
    let bytes = size(length as u64);
    match request.format.name {
        "env" if length > DOTENV_BYTES || lines > DOTENV_VARIABLES => Some(shown!(
            "`{}` has {} and {} variables; GitLab takes a dotenv report of 5 KiB and, as the instance is set up, 20 to 150 variables: keep a `tfvars` or `json` report as an artifact instead",
            request.path,
            bytes,
            lines
        )),
        "junit" if length > JUNIT_BYTES => Some(shown!(
            "`{}` has {}; GitLab takes JUnit reports of 30 MiB: split the run with `--target` or by layers",
            request.path,
            bytes
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::Outcome;
    use crate::report::samples::{job, report};

    #[test]
    fn a_report_beyond_the_limits_is_told() {
        let requests = ["env=layers.env".parse().unwrap(), "junit=report.xml".parse().unwrap()];
        let of = |count: usize| {
            let jobs = (0..count).map(|n| job(&format!("l{n}"), "x", Outcome::Published)).collect();
            too_large(&report(Mode::Publish, jobs), &requests)
        };
        assert!(of(20).is_empty());
        let told = of(21);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("`layers.env` has 1.4 kB and 21 variables; GitLab takes"), "{told:?}");
    }

    #[test]
    fn a_junit_report_of_more_than_thirty_mebibytes_is_told() {
        let of = |bytes: usize| too_large_for(&"junit=report.xml".parse().unwrap(), bytes, 1);
        assert_eq!(of(JUNIT_BYTES), None);
        let told = of(JUNIT_BYTES + 1).unwrap();
        assert!(told.starts_with("`report.xml` has 31.5 MB; GitLab takes JUnit reports of 30 MiB"), "{told:?}");
    }
}
