//! The formats that `--report FORMAT=PATH` knows.

use std::path::PathBuf;
use std::str::FromStr;

use crate::report::model::Report;
use crate::report::{Shown, json};

/// Every format: its name and its rendering. A new one is a pure function and a line here.
const FORMATS: &[Format] = &[Format { name: "json", render: json::render }];

/// One format of the report.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The report in this format.
    pub render: fn(&Report) -> Shown,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = FORMATS.iter().find(|format| format.name == name);
        found.copied().ok_or_else(|| format!("`{name}` is not a report format; known: {}", known()))
    }
}

fn known() -> String {
    FORMATS.iter().map(|format| format!("`{}`", format.name)).collect::<Vec<_>>().join(", ")
}

/// One `--report FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRequest {
    /// How.
    pub format: Format,
    /// Where; `-` is standard output.
    pub path: PathBuf,
}

impl FromStr for ReportRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((format, path)) = text.split_once('=') else { return Err(without_format(text)) };
        let format = format.parse()?;
        if path.is_empty() {
            return Err(format!("there is no path behind `{text}`; expected FORMAT=PATH, as in `json=report.json`"));
        }
        Ok(Self { format, path: PathBuf::from(path) })
    }
}

fn without_format(text: &str) -> String {
    let extension = text.rsplit_once('.').map(|(_, extension)| extension);
    let guess = FORMATS.iter().find(|format| extension == Some(format.name)).map_or_else(
        || format!("as in `json=report.json`; formats: {}", known()),
        |format| format!("here `{}={text}`", format.name),
    );
    format!("expected FORMAT=PATH, {guess}")
}

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
        assert_eq!(error("xml=a.xml"), "`xml` is not a report format; known: `json`");
        assert_eq!(error("report.json"), "expected FORMAT=PATH, here `json=report.json`");
        assert_eq!(error("report"), "expected FORMAT=PATH, as in `json=report.json`; formats: `json`");
        assert_eq!(error("json="), "there is no path behind `json=`; expected FORMAT=PATH, as in `json=report.json`");
    }
}
