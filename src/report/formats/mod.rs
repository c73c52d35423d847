//! The formats that `--report FORMAT=PATH` knows, each a pure function of the report.

pub mod arns;
pub mod csv;
mod html;
pub mod index;
pub mod json;
mod junit;
pub mod markdown;
pub mod page;
mod printed;

use std::path::PathBuf;
use std::str::FromStr;

use crate::outcome::JobReport;
use crate::report::Shown;
use crate::report::model::Report;
use crate::shown;

/// Every format: its name, how its files usually end, and its rendering. A new one is a pure function and a line here.
const FORMATS: [ReportFormat; 8] = [
    ReportFormat { name: "json", file: "report.json", render: json::render },
    ReportFormat { name: "markdown", file: "report.md", render: markdown::comment },
    ReportFormat { name: "junit", file: "report.xml", render: junit::render },
    ReportFormat { name: "csv", file: "report.csv", render: csv::render },
    ReportFormat { name: "html", file: "report.html", render: html::render },
    ReportFormat { name: "env", file: "layers.env", render: arns::env },
    ReportFormat { name: "tfvars", file: "layers.auto.tfvars.json", render: arns::tfvars },
    ReportFormat { name: "index", file: "index.json", render: index::index },
];

/// `2 → 3`, or `after 2` where the version is still to come: its number is not known before Lambda gave it.
fn versions(job: &JobReport) -> Shown {
    match (job.previous_version, job.version) {
        (Some(from), Some(to)) if from != to => shown!("{} → {}", from, to),
        (_, Some(version)) => shown!("{}", version),
        (Some(from), None) if job.prune.is_none() => shown!("after {}", from),
        (Some(latest), None) => shown!("{}", latest),
        (None, None) => Shown::default(),
    }
}

/// One format of the report.
#[derive(Clone, Copy, Debug)]
pub struct ReportFormat {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What a file of it is usually called.
    file: &'static str,
    /// Renders a report in this format.
    pub render: fn(&Report) -> Shown,
}

impl ReportFormat {
    /// Whether it has room for all that manifests name.
    pub fn has_dependencies(&self) -> bool {
        ["json", "index"].contains(&self.name)
    }

    /// Why a report cannot be told in it: others read ARNs from it, and something else is in their place.
    pub fn refusal(&self, report: &Report) -> Option<String> {
        ["env", "tfvars", "index"].contains(&self.name).then(|| arns::refusal(report)).flatten()
    }
}

impl PartialEq for ReportFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl FromStr for ReportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = FORMATS.iter().find(|format| format.name == name);
        found.copied().ok_or_else(|| format!("`{name}` is not a report format; known: {}", known()))
    }
}

/// What all formats are called.
pub fn formats() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name).collect()
}

fn known() -> String {
    names(&FORMATS.map(|format| (format.name, format.file)))
}

/// One `--report FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRequest {
    /// The format.
    pub format: ReportFormat,
    /// Where; `-` is standard output.
    pub path: PathBuf,
}

impl FromStr for ReportRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = request(text, &FORMATS.map(|format| (format.name, format.file)))?;
        Ok(Self { format: format.parse()?, path })
    }
}

/// Takes `FORMAT=PATH` apart, by the formats that are known and how their files are usually called.
pub(super) fn request<'t>(text: &'t str, known: &[(&str, &str)]) -> Result<(&'t str, PathBuf), String> {
    let Some((format, path)) = text.split_once('=') else { return Err(without_format(text, known)) };
    let Some((name, file)) = known.iter().find(|(name, _)| *name == format) else {
        return Err(format!("`{format}` is not a report format; known: {}", names(known)));
    };
    if path.is_empty() {
        return Err(format!("there is no path after `{text}`; expected FORMAT=PATH, as in `{name}={file}`"));
    }
    Ok((format, PathBuf::from(path)))
}

fn names(known: &[(&str, &str)]) -> String {
    known.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A path alone: its end may tell the format.
fn without_format(text: &str, known: &[(&str, &str)]) -> String {
    let ends_alike =
        |(_, file): &&(&str, &str)| file.rsplit_once('.').is_some_and(|(_, end)| text.ends_with(&format!(".{end}")));
    let guess = known.iter().find(ends_alike).map_or_else(
        || format!("as in `json=report.json`; formats: {}", names(known)),
        |(name, _)| format!("here `{name}={text}`"),
    );
    format!("expected FORMAT=PATH, {guess}")
}

#[cfg(all(test, unix))]
mod shapes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_format_and_path() {
        let request: ReportRequest = "json=out/report=1.json".parse().unwrap();
        assert_eq!((request.format.name, request.path.as_path()), ("json", "out/report=1.json".as_ref()));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write_instead() {
        let error = |text: &str| text.parse::<ReportRequest>().unwrap_err();
        let known = "`json`, `markdown`, `junit`, `csv`, `html`, `env`, `tfvars`, `index`";
        assert_eq!(error("xml=a.xml"), format!("`xml` is not a report format; known: {known}"));
        assert_eq!(error("out/report.xml"), "expected FORMAT=PATH, here `junit=out/report.xml`");
        assert_eq!(error("report.json"), "expected FORMAT=PATH, here `json=report.json`");
        assert_eq!(error("report"), format!("expected FORMAT=PATH, as in `json=report.json`; formats: {known}"));
        assert_eq!(error("json="), "there is no path after `json=`; expected FORMAT=PATH, as in `json=report.json`");
    }
}
