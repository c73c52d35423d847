//! The report as Markdown, for a comment on a pull request and for the summary of a build: what a reviewer looks for
//! first, what can be unfolded after it, and what was left out for want of room.
//!
//! Whatever is foreign stands in a span of code, where GitHub and GitLab see neither mentions nor links nor HTML.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Problem, ProblemList};
use crate::event::Mode;
use crate::manifest::{Dependency, Difference};
use crate::outcome::{JobReport, Outcome, StatusFinding};
use crate::report::causes::{Cause, causes};
use crate::report::formats::page::Page;
use crate::report::formats::printed::{Printed, printed};
use crate::report::formats::versions;
use crate::report::model::Report;
use crate::report::status::{self, Found};
use crate::report::summary;
use crate::report::{Ran, Shown, ended, follow_words, prune, warnings};
use crate::shown;

/// Characters that GitHub accepts in a comment, and some room.
pub(in super::super) const COMMENT: usize = 65_536 - 500;

/// The report for a comment on a pull request.
pub fn comment(report: &Report) -> Shown {
    within(report, COMMENT)
}

/// The report in at most so many bytes, which are never fewer than characters: what people need most comes first, and
/// what does not fit is counted.
pub fn within(report: &Report, bytes: usize) -> Shown {
    let mut page = Page::of(headline(report), bytes);
    page.section("### Failures", causes(report).iter().map(failure).collect(), "failure");
    page.section("### Findings", status::found(report).iter().map(finding).collect(), "finding");
    table(&mut page, report);
    let (few, more) = warnings::few_and_more(report);
    page.section("### Warnings", few.iter().map(listed).collect(), "warning");
    page.section("### After the publish", follow_ups(report), "layer");
    page.section("### Versions", deletions(report), "layer");
    page.section("### Dependencies", differences(report, page.room() / 2), "changed layer");
    page.section("### More warnings", more.iter().map(listed).collect(), "warning");
    page.shown()
}

fn listed(line: &Shown) -> Vec<Shown> {
    vec![shown!("- {}", code(line))]
}

/// A layers file with which nothing was started, in at most so many bytes.
pub fn problems(found: &ProblemList, bytes: usize) -> Shown {
    let mut page = Page::of(Vec::new(), bytes);
    let line = |problem: &Problem| vec![shown!("- {}", code(&problem.to_string()))];
    let head = ["## Nothing was started", "", "The layers file has problems:", ""].map(Shown::from).to_vec();
    page.headed(head, found.problems.iter().map(line).collect(), "problem");
    if found.more {
        page.add(vec![Shown::default(), "… and there are more: these are the first".into()]);
    }
    page.shown()
}

/// Why nothing was started, and what to do about it, in at most so many bytes.
pub fn nothing_started(why: &str, hint: Option<&str>, bytes: usize) -> Shown {
    let mut page = Page::of(Vec::new(), bytes);
    page.add(vec!["## Nothing was started".into(), Shown::default(), code(why)]);
    if let Some(hint) = hint {
        page.add(vec![Shown::default(), shown!("hint: {}", code(hint))]);
    }
    page.shown()
}

/// What is new or failed, one row each: what stayed as it was is only counted.
fn table(page: &mut Page, report: &Report) {
    // Here what differs between the targets of a layer is of each of them, too.
    let told = status::by_job(report);
    let rows: Vec<Vec<Shown>> =
        told.jobs.iter().filter(|job| job.outcome != Outcome::Unchanged).map(|job| vec![row(job)]).collect();
    let head = ["", "| Outcome | Layer | Target | Version | Reason | ARN |", "|---|---|---|---|---|---|"];
    page.headed(head.map(Shown::from).to_vec(), rows, "row");
}

fn headline(report: &Report) -> Vec<Shown> {
    let counted = summary::counted(report);
    let title = match report.mode {
        Mode::Check => "Layers checked",
        Mode::Changed => "Layers to build",
        Mode::Build => "Layers built",
        Mode::Plan => "Layers to publish",
        Mode::Stage => "Layers staged",
        Mode::Publish => "Layers published",
        Mode::Status => "Layers and their versions",
        Mode::Prune => "Old versions of layers",
    };
    let mut lines = vec![shown!("## {}", title), Shown::default(), counted];
    lines.extend(summary::missing(report).into_iter().flat_map(|what| [Shown::default(), shown!("**{}**", what)]));
    lines.extend(ran(&report.ran).into_iter().flat_map(|ran| [Shown::default(), ran]));
    lines
}

/// What ran, on one line, small.
fn ran(ran: &Ran) -> Option<Shown> {
    let told = ran.told().into_iter().map(|(word, text)| shown!("{} {}", word, code(&text)));
    let page = ran.page().map(|address| shown!("[in this build]({})", address));
    let parts: Vec<Shown> = told.chain(page).collect();
    (!parts.is_empty()).then(|| shown!("<sub>{}</sub>", Shown::join(parts.into_iter(), " ")))
}

fn row(job: &JobReport) -> Shown {
    let version = versions(job);
    let reason = match (&job.error, job.reason) {
        (Some(error), _) => cell(&error.code.to_string()),
        (None, _) if !job.findings().is_empty() => {
            Shown::join(job.findings().iter().map(|finding| cell(&finding.code.to_string())), " ")
        }
        (None, reason) => reason.map(|reason| shown!("{}", reason.to_string())).unwrap_or_default(),
    };
    let arn = job.layer_version_arn.as_deref().map(cell).unwrap_or_default();
    let outcome = ended::word(job);
    shown!("| {} | {} | {} | {} | {} | {} |", outcome, cell(&job.layer), cell(&job.target), version, reason, arn)
}

/// What `status` found not in order.
fn finding(found: &Found) -> Vec<Shown> {
    let StatusFinding { code: kind, message } = &found.finding;
    vec![shown!("- {}: {}: {}", code(&found.whose), code(&kind.to_string()), code(message))]
}

fn failure(cause: &Cause) -> Vec<Shown> {
    let mut lines = vec![shown!("- {}: {}", code(&cause.whose), code(&cause.message))];
    lines.extend(cause.listed().iter().map(|line| shown!("    - {}", code(line))));
    lines.extend(cause.beneath.iter().flat_map(|cause| beneath(cause)));
    lines.extend(cause.hint.iter().map(|hint| shown!("    - hint: {}", code(hint))));
    lines
}

/// What lies beneath a failure. A text of several lines, such as what a build printed, keeps them: in a fenced block, which no
/// line can end, since none has a backtick.
fn beneath(cause: &str) -> Vec<Shown> {
    let Some(Printed { lines, of }) = printed(cause) else {
        return vec![shown!("    - caused by {}", code(cause))];
    };
    let before = of.map(|of| shown!(", of {} lines the last", of)).unwrap_or_default();
    // As far in as what belongs to an item of the inner list.
    let head = [shown!("    - caused by{}:", before), Shown::default(), "      ```text".into()];
    let lines = lines.iter().map(|line| shown!("      {}", line.quoting(&[('`', "'")])));
    head.into_iter().chain(lines).chain(["      ```".into(), Shown::default()]).collect()
}

/// What follows the versions: in a plan what would be done, else what was.
fn follow_ups(report: &Report) -> Vec<Vec<Shown>> {
    let words = |job| if report.mode == Mode::Plan { follow_words::planned(job) } else { follow_words::done(job) };
    let followed = report.jobs.iter().map(|job| (job, words(job))).filter(|(_, words)| !words.is_empty());
    followed
        .map(|(job, words)| vec![shown!("- {} at {}: {}", code(&job.layer), code(&job.target), code(&words))])
        .collect()
}

/// Which versions were deleted, and which are to be.
fn deletions(report: &Report) -> Vec<Vec<Shown>> {
    let words = report.jobs.iter().map(|job| (job, prune::deletions(job))).filter(|(_, words)| !words.is_empty());
    words.map(|(job, words)| vec![shown!("- {} at {}: {}", code(&job.layer), code(&job.target), words)]).collect()
}

/// What changed in each layer, folded; once where all its targets changed alike. No layer takes more than so many bytes.
fn differences(report: &Report, bytes: usize) -> Vec<Vec<Shown>> {
    let (mut of_layer, mut seen) = (BTreeMap::<&str, Vec<&Difference>>::new(), BTreeSet::new());
    for job in report.jobs.iter().filter(|job| job.dependencies.differs() && job.outcome != Outcome::Unchanged) {
        if seen.insert((&job.layer, &job.dependencies)) {
            of_layer.entry(&job.layer).or_default().push(&job.dependencies);
        }
    }
    of_layer.into_iter().flat_map(|(layer, all)| all.into_iter().map(move |one| folded(layer, one, bytes))).collect()
}

fn folded(layer: &str, difference: &Difference, bytes: usize) -> Vec<Shown> {
    let row = |name: &str, from: &str, to: &str| shown!("| {} | {} | {} |", cell(name), cell(from), cell(to));
    if difference.is_empty() {
        return vec![shown!("- {}: {}", code(layer), difference.summary()), Shown::default()];
    }
    let rehashed = match difference.rehashed.len() {
        0 => String::new(),
        count => format!(", {count} with other hashes"),
    };
    let counted = format!(
        "{} changed, {} added, {} removed{rehashed}",
        difference.changed.len(),
        difference.added.len(),
        difference.removed.len()
    );
    // In HTML a span of code is a tag, and what is foreign has no angle brackets or ampersands left.
    let summary = shown!("<details><summary><code>{}</code>: {}</summary>", html_text(layer), counted);
    let mut lines = vec![summary, Shown::default(), "| Package | From | To |".into(), "|---|---|---|".into()];
    let changed = difference.changed.iter().map(|one| row(&one.name, &one.from, &one.to));
    let added = difference.added.iter().map(|one| row(&one.name, "", &one.version));
    let removed = difference.removed.iter().map(|one| row(&one.name, &one.version, ""));
    let other_hashes = |one: &Dependency| row(&one.name, &one.version, &format!("{}, other hashes", one.version));
    let rows = changed.chain(added).chain(removed).chain(difference.rehashed.iter().map(other_hashes));
    let (head, mut room) = (lines.len(), bytes);
    lines.extend(rows.take_while(|row| {
        room = room.saturating_sub(row.len() + 1);
        room > 0
    }));
    let left_out = difference.len() - (lines.len() - head);
    if left_out > 0 {
        lines.extend([Shown::default(), shown!("… and {} more: the JSON report has them all", left_out)]);
    }
    lines.extend([Shown::default(), "</details>".into(), Shown::default()]);
    lines
}

/// A span of code: nothing in it means anything, once it cannot end it.
pub(in super::super) fn code(text: &str) -> Shown {
    span(text, &[('`', "'")])
}

/// A span of code in a table, which takes even a bar in there for the end of the cell.
pub(in super::super) fn cell(text: &str) -> Shown {
    span(text, &[('`', "'"), ('|', "\\|")])
}

fn span(text: &str, forms: &[(char, &'static str)]) -> Shown {
    let text = Shown::one_line(text).quoting(forms);
    if text.is_empty() { text } else { shown!("`{}`", text) }
}

fn html_text(text: &str) -> Shown {
    // A mention would reach people even from within a tag of code.
    Shown::one_line(text).quoting(&[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('@', "&#64;")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Dependency;
    use crate::outcome::{Decision, ErrorCode, Reason};
    use crate::report::samples::{difference, failed, job, planned, report, warning};
    use std::sync::Arc;

    #[test]
    fn a_plan_as_a_reviewer_reads_it() {
        let mut requests = planned("requests", Decision::Publish, Reason::DependenciesChanged, Some(2));
        requests.dependencies = difference();
        requests.warnings = vec![warning("manifest-unpinned", "requests/requirements.txt:3: `six` is not pinned")];
        let mut elsewhere = requests.clone();
        elsewhere.target = "tokyo".to_owned();
        let jobs = vec![
            requests,
            elsewhere,
            planned("numpy", Decision::Publish, Reason::FirstVersion, None),
            job("stable", "us-east-1", Outcome::Unchanged),
            failed("scipy", "us-east-1", ErrorCode::ArchiveMissing, "there is no staged archive"),
        ];
        insta::assert_snapshot!(comment(&report(Mode::Plan, jobs)));
    }

    #[test]
    fn nothing_foreign_means_anything() {
        let hostile = "@all `a` | <img src=x> ](http://x) #1 ::error::x";
        let mut evil = job(hostile, hostile, Outcome::Published);
        evil.layer_version_arn = Some(hostile.to_owned());
        evil.warnings = vec![warning("w", hostile)];
        let text =
            comment(&report(Mode::Publish, vec![evil.clone(), failed(hostile, "x", ErrorCode::Internal, hostile)]));
        for line in text.lines().filter(|line| line.contains("all")) {
            // Between two spans of code there is nothing of it.
            let outside: String = line.split('`').step_by(2).collect();
            assert!(!outside.contains(['@', '<', '#', '[']), "{line}");
        }
        Arc::make_mut(&mut evil.dependencies).added =
            vec![Dependency { name: hostile.to_owned(), version: hostile.to_owned() }];
        let folded = comment(&report(Mode::Publish, vec![evil]));
        let summary = folded.lines().find(|line| line.starts_with("<details>")).unwrap();
        assert!(!summary.contains('@') && !summary.contains("<img"), "{summary}");
    }

    #[test]
    fn what_a_build_printed_keeps_its_lines_and_stays_in_its_block() {
        let printed: Vec<String> = (0..50).map(|n| format!("  line {n} {}", "x".repeat(400 * (n % 2)))).collect();
        let printed =
            [printed.join("\n").as_str(), "```", "~~~", "[click](http://evil.example) <b>", "::error::x", "\ttab"]
                .join("\n");
        let mut job = failed("a", "x", ErrorCode::BuildFailed, "the build of layer `a` exited with status 1");
        job.error = job.error.map(|error| error.cause(printed).cause("one line").hint("look"));
        let text = comment(&report(Mode::Build, vec![job]));
        let block = text.split("\n      ```text\n").nth(1).unwrap().split("\n      ```\n").next().unwrap();
        let lines: Vec<&str> = block.lines().collect();
        assert!(text.contains("\n    - caused by, of 55 lines the last:\n\n      ```text\n"), "{text}");
        assert!(lines.len() == 40 && lines[0].starts_with("        line 15 xxx"), "{block}");
        assert!(lines.iter().all(|line| line.starts_with("      ") && line.chars().count() < 340), "{block}");
        assert_eq!(
            lines[35..],
            [
                "      '''",
                "      ~~~",
                "      [click](http://evil.example) <b>",
                "      \\u{3a}:error::x",
                "          tab"
            ]
        );
        assert_eq!(text.matches("```").count(), 2);
        assert!(text.contains("\n    - caused by `one line`\n    - hint: `look`\n"), "{text}");
    }

    /// A heading with nothing below it, and one layer more than none.
    #[test]
    fn of_a_layer_that_does_not_fit_the_first_rows_are_shown() {
        let mut large = planned("large", Decision::Publish, Reason::DependenciesChanged, Some(2));
        let added = |n| Dependency { name: format!("package-{n:04}"), version: "1.0.0".to_owned() };
        Arc::make_mut(&mut large.dependencies).added = (0..3_000).map(added).collect();
        let mut small = planned("small", Decision::Publish, Reason::DependenciesChanged, Some(2));
        small.dependencies = difference();
        let text = comment(&report(Mode::Plan, vec![large, small]));
        assert!(text.len() <= COMMENT && text.contains("<code>small</code>"), "{} bytes", text.len());
        let rows = text.lines().filter(|line| line.starts_with("| `package-")).count();
        assert!(rows > 500, "{rows} rows");
        assert!(text.contains(&format!("\n\n… and {} more: the JSON report has them all\n", 3_000 - rows)));
    }

    #[test]
    fn it_fits_whatever_there_is_to_say_and_says_what_it_left_out() {
        let many = |n: usize| {
            let mut job = planned(&format!("layer-{n:04}"), Decision::Publish, Reason::DependenciesChanged, Some(2));
            job.dependencies = difference();
            job
        };
        for count in [10, 300, 3000] {
            let failures =
                (0..count).map(|n| failed(&format!("f{n}"), "x", ErrorCode::Internal, &"why ".repeat(n % 97)));
            let report = report(Mode::Plan, (0..count).map(many).chain(failures).collect());
            for limit in [5_000, COMMENT, 1_000_000] {
                let text = within(&report, limit);
                assert!(text.len() <= limit, "{} of {limit}", text.len());
                let complete =
                    text.matches("| planned |").count() == count && text.matches("<details>").count() == count;
                assert_eq!(complete, !text.contains("the JSON report has them all"), "{count} in {limit}");
                // A heading stands above something.
                let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
                let ends = |line: &str| line.starts_with('#') || line.starts_with("left out") || line.starts_with('…');
                for pair in lines
                    .windows(2)
                    .filter(|pair| pair[0].starts_with("### ") || pair[0] == "|---|---|---|---|---|---|")
                {
                    assert!(!ends(pair[1]), "{pair:?}");
                }
                let left_out = "left out for want of room: 3000 changed layers; the JSON report has them all";
                assert_eq!(text.contains(left_out), !text.contains("### Dependencies") && count == 3000);
                assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
            }
        }
    }
}
