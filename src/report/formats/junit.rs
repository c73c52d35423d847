//! The report as JUnit XML, which build servers show beside a change: a suite per target, a case per job.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::outcome::{JobError, JobReport, Outcome, StatusFinding};
use crate::plan::Part;
use crate::report::formats::printed::{Printed, printed};
use crate::report::model::Report;
use crate::report::{Shown, prune, status};
use crate::shown;

/// A century. A report may come from anybody: its times are added up, and read by others.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The report as JUnit XML.
pub fn render(report: &Report) -> Shown {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    let by_job = status::by_job(report);
    for job in &by_job.jobs {
        let suite = suites.entry(&job.target).or_insert_with(|| TestSuite::new(text(&job.target)));
        suite.add_test_case(case(job));
    }
    let mut junit = quick_junit::Report::new(format!("layership {}", report.mode));
    junit.set_time(duration(report.seconds));
    junit.add_test_suites(suites.into_values().map(timed));
    junit.add_test_suites(missing(report));
    // It is written to memory, which takes everything; and each of its values was shown before it was quoted.
    Shown::joined(as_read(&junit.to_string().unwrap_or_default()))
}

/// Parts of the run that are not here, each a case that has no end: a server that shows no more than what failed shows it, too.
fn missing(report: &Report) -> Option<TestSuite> {
    let case = |part: &Part| {
        let mut error = TestCaseStatus::non_success(NonSuccessKind::Error);
        error.set_type("part-missing").set_message("this part of the run is missing: the report is not whole");
        let mut case = TestCase::new(format!("part {part} of the run"), error);
        case.set_classname("parts of the run").set_time(Duration::ZERO);
        case
    };
    let mut suite = TestSuite::new("parts of the run");
    suite.set_time(Duration::ZERO).add_test_cases(report.missing.iter().map(case));
    (!report.missing.is_empty()).then_some(suite)
}

/// The schema that build servers read such files by counts what was skipped in each suite, and not in all of them.
fn as_read(xml: &str) -> String {
    let tag = xml.find("<testsuites ").and_then(|start| Some(start..start + xml[start..].find('>')?));
    let skipped = tag.and_then(|tag| {
        let start = tag.start + xml[tag].find(" skipped=\"")?;
        let value = start + " skipped=\"".len();
        Some(start..value + xml[value..].find('"')? + 1)
    });
    skipped.map_or_else(|| xml.to_owned(), |found| [&xml[..found.start], &xml[found.end..]].concat())
}

/// The time of its cases, as GitLab adds them up, and Jenkins where a suite tells none. Jobs overlap: together they may take
/// longer than the run, whose own time stands above all suites.
fn timed(mut suite: TestSuite) -> TestSuite {
    suite.set_time(suite.test_cases.iter().filter_map(|case| case.time).sum::<Duration>());
    suite
}

/// GitLab drops a case whose name another one has: the target belongs to the name.
fn case(job: &JobReport) -> TestCase {
    let mut case = TestCase::new(text(&format!("{} at {}", job.layer, job.target)), status(job));
    case.set_classname(text(&job.target)).set_time(duration(job.seconds));
    let warnings = job.warnings.iter().map(|warning| shown!("warning: {}", warning.message));
    let deletions = Some(prune::deletions(job)).filter(|deletions| !deletions.is_empty());
    let arn = job.layer_version_arn.iter().map(|arn| Shown::one_line(arn));
    let said: Vec<Shown> = arn.chain(deletions).chain(warnings).collect();
    if !said.is_empty() {
        case.set_system_out(allowed(&Shown::of_lines(said)));
    }
    case
}

fn status(job: &JobReport) -> TestCaseStatus {
    match (&job.error, job.outcome) {
        (Some(error), _) => failure(error),
        (None, Outcome::Cancelled) => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message("cancelled: the run was stopped before");
            skipped
        }
        (None, _) if !job.findings().is_empty() => not_in_order(job.findings()),
        (None, _) => TestCaseStatus::success(),
    }
}

fn failure(error: &JobError) -> TestCaseStatus {
    let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
    failure.set_type(error.code.to_string()).set_message(text(&error.message));
    let causes = error.causes.iter().flat_map(|cause| caused_by(cause));
    let request = error.request_id.iter().map(|id| shown!("request: {}", id));
    let hint = error.hint.iter().map(|hint| shown!("hint: {}", hint));
    let message = std::iter::once(Shown::one_line(&error.message));
    failure.set_description(allowed(&Shown::of_lines(message.chain(causes).chain(request).chain(hint))));
    failure
}

/// What a build printed keeps its lines.
fn caused_by(cause: &str) -> Vec<Shown> {
    let Some(Printed { lines, of }) = printed(cause) else { return vec![shown!("caused by: {}", cause)] };
    let before = of.map(|of| shown!(", of {} lines the last", of)).unwrap_or_default();
    let head = shown!("caused by{}:", before);
    std::iter::once(head).chain(lines.iter().map(|line| shown!("    {}", line))).collect()
}

/// A case has one failure, which has all of them.
fn not_in_order(findings: &[StatusFinding]) -> TestCaseStatus {
    let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
    if let Some(first) = findings.first() {
        failure.set_type(first.code.to_string()).set_message(text(&first.message));
    }
    let all = findings.iter().map(|finding| shown!("{}: {}", finding.code.to_string(), finding.message));
    failure.set_description(allowed(&Shown::of_lines(all)));
    failure
}

fn text(foreign: &str) -> String {
    allowed(&Shown::one_line(foreign))
}

/// XML has no way to write two more characters than those that [`Shown`] writes out.
fn allowed(text: &Shown) -> String {
    text.replace('\u{fffe}', r"\u{fffe}").replace('\u{ffff}', r"\u{ffff}")
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default().min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::ErrorCode;
    use crate::report::samples::{failed, job, report, warning};

    #[test]
    fn a_suite_per_target_and_a_case_per_job() {
        let mut failure = failed("scipy", "tokyo", ErrorCode::AccessDenied, "not <allowed> & \"refused\"\u{1b}[31m");
        failure.error = failure.error.map(|error| error.cause("AccessDenied\n(HTTP 403)").hint("allow it"));
        let mut warned = job("numpy", "tokyo", Outcome::Unchanged);
        warned.warnings = vec![warning("manifest-unpinned", "`six` is not pinned ]]>")];
        let jobs =
            vec![job("a", "us-east-1", Outcome::Published), failure, warned, job("z", "tokyo", Outcome::Cancelled)];
        insta::assert_snapshot!(render(&report(Mode::Publish, jobs)));
    }

    #[test]
    fn what_a_build_printed_keeps_its_lines() {
        let mut job = failed("a", "x", ErrorCode::BuildFailed, "the build of layer `a` exited with status 1");
        let printed = "  <b>in</b>\n]]></failure>\n::error::x\n\n\tout".to_owned();
        job.error = job.error.map(|error| error.cause(printed).cause("one line").hint("look"));
        let xml = render(&report(Mode::Build, vec![job]));
        let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
        let quick_junit::TestCaseStatus::NonSuccess { description, .. } = &read.test_suites[0].test_cases[0].status
        else {
            panic!("{xml}")
        };
        let expected = "the build of layer `a` exited with status 1\ncaused by:\n      <b>in</b>\n    ]]></failure>\n    \
                        \\u{3a}:error::x\n        out\ncaused by: one line\nhint: look";
        assert_eq!(description.as_deref().unwrap(), expected);
        let long: String = (0..50).map(|n| format!("{n}\n")).collect();
        assert_eq!(caused_by(&long)[..2], ["caused by, of 50 lines the last:", "    10"].map(Shown::from));
    }

    #[test]
    fn times_add_up_to_no_more_than_there_is() {
        let long = |layer| JobReport { seconds: 1.8e19, ..job(layer, "x", Outcome::Published) };
        let read = render(&report(Mode::Plan, vec![long("a"), long("b")]));
        assert!(quick_junit::Report::deserialize_from_str(&read).is_ok(), "{read}");
    }

    #[test]
    fn a_suite_takes_as_long_as_its_cases_together() {
        let one = |layer, seconds| JobReport { seconds, ..job(layer, "x", Outcome::Published) };
        let report = Report { seconds: 4.0, ..report(Mode::Publish, vec![one("a", 3.0), one("b", 3.25)]) };
        let read = quick_junit::Report::deserialize_from_str(&render(&report)).unwrap();
        assert_eq!(read.test_suites[0].time, Some(Duration::from_millis(6250)), "although they overlapped");
        assert_eq!(read.time, Some(Duration::from_secs(4)), "the run");
    }

    #[test]
    fn what_was_written_is_read_back() {
        let jobs = vec![failed("a", "x", ErrorCode::Internal, "\u{0}\u{202e}]]>&<"), job("b", "x", Outcome::Published)];
        let read = quick_junit::Report::deserialize_from_str(&render(&report(Mode::Plan, jobs))).unwrap();
        assert_eq!((read.tests, read.failures, read.test_suites.len()), (2, 1, 1));
    }
}
