//! The report as one HTML page: sortable, filterable, light and dark, for a phone too, and without a request to
//! anywhere. It can be read without its script, which only sorts and filters.

use crate::event::Mode;
use crate::outcome::{JobError, JobReport, Outcome};
use crate::report::formats::versions;
use crate::report::model::Report;
use crate::report::summary::{self, counted};
use crate::report::wording::plural;
use crate::report::{Ran, Shown, prune};

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
    let (failed, others): (Vec<&JobReport>, Vec<&JobReport>) = report.jobs.iter().partition(|job| job.error.is_some());
    // What is wrong comes first: on a phone nobody scrolls past two hundred rows.
    let rows: Vec<String> = failed.into_iter().chain(others).map(row).collect();
    let parts = [
        ("title", escaped(title)),
        ("counted", escaped(&counted(report))),
        ("missing", missing(report)),
        ("ran", escaped(&run)),
        ("what", what(&report.ran)),
        ("outcomes", outcomes(report)),
        ("rows", rows.join("\n")),
    ];
    Shown::lines(&filled(&parts))
}

/// The page with its parts in place, in one pass: what a part says is never taken for a place.
fn filled(parts: &[(&str, String)]) -> String {
    let mut pieces = PAGE.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, after) = piece.split_once("}}").unwrap_or(("", piece));
        page.extend(parts.iter().filter(|(part, _)| *part == name).map(|(_, text)| text.as_str()));
        page.push_str(after);
    }
    page
}

/// Which parts of the run are not here, if any.
fn missing(report: &Report) -> String {
    let what = summary::missing(report);
    what.map(|what| format!("<p class=\"failed\"><strong>{}</strong></p>", escaped(&what))).unwrap_or_default()
}

/// What ran, if that is known.
fn what(ran: &Ran) -> String {
    let told = ran.told().into_iter().map(|(word, text)| format!("{word} {}", code(&text)));
    let page = ran.page().map(|address| format!("<a href=\"{0}\">in this build</a>", escaped(address)));
    let parts: Vec<String> = told.chain(page).collect();
    if parts.is_empty() { String::new() } else { format!("<p class=\"ran\">{}</p>", parts.join(" ")) }
}

/// A box for each outcome that there is.
fn outcomes(report: &Report) -> String {
    let there = Outcome::ALL.iter().filter(|outcome| report.summary.get(**outcome) > 0);
    let boxes = there.map(|outcome| {
        format!(
            "<label class=\"{outcome}\"><input type=\"checkbox\" value=\"{outcome}\" checked> {} {outcome}</label>",
            report.summary.get(*outcome)
        )
    });
    boxes.collect::<Vec<_>>().join("\n")
}

fn row(job: &JobReport) -> String {
    // What is sorted by is the number alone.
    let number = job.version.or(job.previous_version).map(|version| version.to_string()).unwrap_or_default();
    let seconds = format!("{:.1}", job.seconds);
    let cell = |label: &str, content: &str| format!("<td data-label=\"{label}\">{content}</td>");
    let name = |label: &str, name: &str| {
        let class = if name.chars().count() <= ON_ONE_LINE { " class=\"short\"" } else { "" };
        format!("<td data-label=\"{label}\"{class}>{}</td>", code(name))
    };
    [
        format!("<tr data-outcome=\"{}\">", job.outcome),
        format!("<td data-label=\"Outcome\" class=\"{0}\">{0}</td>", job.outcome),
        name("Layer", &job.layer),
        name("Target", &job.target),
        format!("<td data-label=\"Version\" data-key=\"{number}\">{}</td>", escaped(&versions(job))),
        cell("Why", &why(job)),
        cell("ARN", &job.layer_version_arn.as_deref().map(code).unwrap_or_default()),
        cell("Seconds", &seconds),
        "</tr>".to_owned(),
    ]
    .concat()
}

fn why(job: &JobReport) -> String {
    let mut parts: Vec<String> = Vec::new();
    match (&job.error, job.reason) {
        (Some(error), _) => parts.push(failure(error)),
        // Of what is unchanged the outcome says so.
        (None, Some(reason)) if reason.to_string() != job.outcome.to_string() => {
            parts.push(escaped(&reason.to_string()))
        }
        (None, _) => {}
    }
    if job.dependencies.is_empty() && job.dependencies.differs() {
        parts.push(escaped(&job.dependencies.summary()));
    } else if !job.dependencies.is_empty() {
        let all = job.dependencies.summary_of(usize::MAX);
        let items: Vec<&str> = all.split(", ").collect();
        parts.push(folded(&plural(job.dependencies.len(), "package"), &items));
    }
    let deletions = prune::deletions(job);
    if !deletions.is_empty() {
        parts.push(escaped(&deletions));
    }
    let warnings: Vec<&str> = job.warnings.iter().map(|warning| warning.message.as_str()).collect();
    if !warnings.is_empty() {
        parts.push(folded(&plural(warnings.len(), "warning"), &warnings));
    }
    // On a phone a cell is a grid of its label and one thing beside it.
    if parts.is_empty() { String::new() } else { format!("<div>{}</div>", parts.join(" ")) }
}

fn folded(what: &str, items: &[&str]) -> String {
    format!("<details><summary>{what}</summary>{}</details>", list(items))
}

fn failure(error: &JobError) -> String {
    let beneath: Vec<&str> = error.causes.iter().chain(&error.hint).map(String::as_str).collect();
    let more = if beneath.is_empty() { String::new() } else { list(&beneath) };
    format!(
        "<details open><summary>{}: {}</summary>{more}</details>",
        code(&error.code.to_string()),
        escaped(&error.message)
    )
}

fn list(items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
    format!("<ul>{items}</ul>")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Foreign text as text of the page, on one line.
fn escaped(text: &str) -> String {
    Shown::one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::ErrorCode;
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
