//! The report as one HTML page: sortable, filterable, light and dark, for a phone too, and without a request to
//! anywhere. It can be read without its script, which only sorts and filters.

use crate::event::Mode;
use crate::outcome::JobReport;
use crate::report::formats::printed::{Printed, printed};
use crate::report::formats::versions;
use crate::report::model::Report;
use crate::report::summary::{self, counted};
use crate::report::wording::plural;
use crate::report::{Ran, Shown, ended, prune, status};
use crate::shown;

/// The page around the rows. Its policy forbids it to load or send anything.
const PAGE: &str = include_str!("page.html");

/// Names up to so many characters are not broken at their hyphens.
const ON_ONE_LINE: usize = 32;

/// The report as a page.
pub fn render(report: &Report) -> Shown {
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
    let run =
        format!("{} {}, {} to {}, run {}", report.tool, report.mode, report.started_at, report.finished_at, report.run);
    let by_job = status::by_job(report);
    let is_off = |job: &&JobReport| job.error.is_some() || !job.findings().is_empty();
    let (failed, others): (Vec<&JobReport>, Vec<&JobReport>) = by_job.jobs.iter().partition(is_off);
    // What is wrong comes first: on a phone nobody scrolls past two hundred rows.
    let rows = failed.into_iter().chain(others).map(row);
    filled(&[
        ("title", escaped(title)),
        ("counted", escaped(&counted(report))),
        ("missing", missing(report)),
        ("ran", escaped(&run)),
        ("what", what(&report.ran)),
        ("outcomes", outcomes(&by_job)),
        ("rows", Shown::join(rows, "\n")),
    ])
}

/// The page with its parts in place, in one pass: what a part says is never taken for a place.
fn filled(parts: &[(&str, Shown)]) -> Shown {
    let pieces = PAGE.split("{{").enumerate().flat_map(|(n, piece)| {
        let (name, after) = piece.split_once("}}").filter(|_| n > 0).unwrap_or(("", piece));
        let part = parts.iter().find(|(part, _)| *part == name).map(|(_, text)| text.clone());
        part.into_iter().chain([after.into()])
    });
    Shown::join(pieces, "")
}

/// Which parts of the run are not here, if any.
fn missing(report: &Report) -> Shown {
    let what = summary::missing(report);
    what.map(|what| shown!("<p class=\"failed\"><strong>{}</strong></p>", escaped(&what))).unwrap_or_default()
}

/// What ran, if that is known.
fn what(ran: &Ran) -> Shown {
    let told = ran.told().into_iter().map(|(word, text)| shown!("{} {}", word, code(&text)));
    let page = ran.page().map(|address| shown!("<a href=\"{}\">in this build</a>", escaped(address)));
    let parts: Vec<Shown> = told.chain(page).collect();
    if parts.is_empty() { Shown::default() } else { shown!("<p class=\"ran\">{}</p>", Shown::join(parts, " ")) }
}

/// A box for each outcome that there is.
fn outcomes(report: &Report) -> Shown {
    let boxes = ended::counts(report).into_iter().map(|(name, count)| {
        shown!(
            "<label class=\"{}\"><input type=\"checkbox\" value=\"{}\" checked> {} {}</label>",
            class(&name),
            name,
            count,
            name
        )
    });
    Shown::join(boxes, "\n")
}

/// The colour of an outcome.
fn class(outcome: &str) -> String {
    outcome.replace(' ', "-")
}

fn row(job: &JobReport) -> Shown {
    // What is sorted by is the number alone.
    let number = job.version.or(job.previous_version).map(|version| version.to_string()).unwrap_or_default();
    let seconds = format!("{:.1}", job.seconds);
    let cell = |label: &str, content: Shown| shown!("<td data-label=\"{}\">{}</td>", label, content);
    let name = |label: &str, name: &str| {
        let class = Shown::from(if name.chars().count() <= ON_ONE_LINE { " class=\"short\"" } else { "" });
        shown!("<td data-label=\"{}\"{}>{}</td>", label, class, code(name))
    };
    let outcome = ended::word(job);
    let cells = [
        shown!("<tr data-outcome=\"{}\">", outcome),
        shown!("<td data-label=\"Outcome\" class=\"{}\">{}</td>", class(&outcome), outcome),
        name("Layer", &job.layer),
        name("Target", &job.target),
        shown!("<td data-label=\"Version\" data-key=\"{}\">{}</td>", number, escaped(&versions(job))),
        cell("Why", why(job)),
        cell("ARN", job.layer_version_arn.as_deref().map(code).unwrap_or_default()),
        cell("Seconds", shown!("{}", seconds)),
        "</tr>".into(),
    ];
    Shown::join(cells, "")
}

fn why(job: &JobReport) -> Shown {
    let mut parts: Vec<Shown> = Vec::new();
    match (&job.error, job.reason) {
        (Some(error), _) => {
            let hint = error.hint.iter().map(|hint| escaped(hint));
            let beneath: Vec<Shown> = error.causes.iter().map(|cause| beneath(cause)).chain(hint).collect();
            parts.push(failure(&error.code.to_string(), &error.message, beneath));
        }
        // Of what is unchanged the outcome says so.
        (None, Some(reason)) if reason.to_string() != job.outcome.to_string() => {
            parts.push(escaped(&reason.to_string()));
        }
        (None, _) => {}
    }
    if job.dependencies.is_empty() && job.dependencies.differs() {
        parts.push(escaped(&job.dependencies.summary()));
    } else if !job.dependencies.is_empty() {
        parts.push(folded(&plural(job.dependencies.len(), "package"), job.dependencies.changes()));
    }
    parts.extend(job.findings().iter().map(|finding| failure(&finding.code.to_string(), &finding.message, Vec::new())));
    let deletions = prune::deletions(job);
    if !deletions.is_empty() {
        parts.push(escaped(&deletions));
    }
    if !job.warnings.is_empty() {
        let messages = job.warnings.iter().map(|warning| &warning.message);
        parts.push(folded(&plural(job.warnings.len(), "warning"), messages));
    }
    // On a phone a cell is a grid of its label and one thing beside it.
    if parts.is_empty() { Shown::default() } else { shown!("<div>{}</div>", Shown::join(parts, " ")) }
}

fn folded(what: &str, items: impl IntoIterator<Item = impl AsRef<str>>) -> Shown {
    let items = items.into_iter().map(|item| escaped(item.as_ref()));
    shown!("<details><summary>{}</summary>{}</details>", what, list(items))
}

fn failure(kind: &str, message: &str, beneath: Vec<Shown>) -> Shown {
    let more = if beneath.is_empty() { Shown::default() } else { list(beneath) };
    shown!("<details open><summary>{}: {}</summary>{}</details>", code(kind), escaped(message), more)
}

/// What lies beneath a failure; what a build printed keeps its lines.
fn beneath(cause: &str) -> Shown {
    let Some(Printed { lines, of }) = printed(cause) else { return escaped(cause) };
    let before = of.map(|of| shown!("Of {} lines the last:", of)).unwrap_or_default();
    shown!("{}<pre>{}</pre>", before, Shown::join(lines.iter().map(quoted), "\n"))
}

fn list(items: impl IntoIterator<Item = Shown>) -> Shown {
    let items = items.into_iter().map(|item| shown!("<li>{}</li>", item));
    shown!("<ul>{}</ul>", Shown::join(items, ""))
}

fn code(text: &str) -> Shown {
    shown!("<code>{}</code>", escaped(text))
}

/// Foreign text as text of the page, on one line.
fn escaped(text: &str) -> Shown {
    quoted(&Shown::one_line(text))
}

/// A text as text of the page.
fn quoted(text: &Shown) -> Shown {
    text.quoting(&[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{difference, failed, job, report};

    #[test]
    fn every_job_has_its_row() {
        let mut published = job("requests", "us-east-1", Outcome::Published);
        published.dependencies = difference();
        let mut failure = failed("scipy", "tokyo", ErrorCode::AccessDenied, "not allowed");
        failure.error = failure.error.map(|error| error.cause("AccessDenied (HTTP 403)").hint("allow it"));
        let page = render(&report(Mode::Publish, vec![published, failure]));
        let rows = page.lines().filter(|line| line.starts_with("<tr data") || line.starts_with("<label"));
        insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
        assert!(!page.contains("{{") && !page.contains("}}"), "a place was not filled");
    }

    #[test]
    fn what_is_unchanged_says_so_once() {
        let mut kept = job("six", "x", Outcome::Unchanged);
        kept.reason = Some(crate::outcome::Reason::Unchanged);
        let row = row(&kept);
        assert!(row.contains("<td data-label=\"Why\"></td>"), "{row}");
        kept.outcome = Outcome::Planned;
        kept.reason = Some(crate::outcome::Reason::FirstVersion);
        assert!(super::row(&kept).contains("<td data-label=\"Why\"><div>first version</div></td>"));
    }

    #[test]
    fn what_a_build_printed_keeps_its_lines() {
        let mut job = failed("a", "x", ErrorCode::BuildFailed, "the build of layer `a` exited with status 1");
        let printed = "  <b>in</b>\n</pre><script>alert(1)</script>\n::error::x\n\n\tout".to_owned();
        job.error = job.error.map(|error| error.cause(printed).cause("one line").hint("look"));
        let page = render(&report(Mode::Build, vec![job]));
        let expected = "<ul><li><pre>  &lt;b&gt;in&lt;/b&gt;\n&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;\n\\u{3a}:error::x\n    \
                        out</pre></li><li>one line</li><li>look</li></ul>";
        assert!(page.contains(expected), "{page}");
        let long: String = (0..50).map(|n| format!("{n}\n")).collect();
        assert!(beneath(&long).starts_with("Of 50 lines the last:<pre>10\n11\n"));
    }

    #[test]
    fn nothing_foreign_is_part_of_the_page() {
        let hostile = "{{rows}}</td><script>alert(1)</script>\" onload='x' &amp;";
        let mut evil = failed(hostile, hostile, ErrorCode::Internal, hostile);
        evil.layer_version_arn = Some(hostile.to_owned());
        let mut report = report(Mode::Publish, vec![evil]);
        (report.run, report.tool) = (hostile.to_owned(), hostile.to_owned());
        let page = render(&report);
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("<tr data-outcome").count(), 1);
        assert!(page.contains("{{rows}}&lt;/td&gt;"));
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        assert!(!PAGE.contains("http:") && !PAGE.contains("https:") && !PAGE.contains("src="), "{PAGE}");
        assert!(PAGE.contains("default-src 'none'"));
    }
}
