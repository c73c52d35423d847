//! The formats in which a rollout is reported to a file, each a pure function of the report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use super::{RolloutFailure, RolloutReport, steps};
use crate::config::listed;
use crate::report::Shown;
use crate::report::formats::csv;
use crate::report::formats::markdown::{COMMENT, cell, code};
use crate::report::formats::page::Page;
use crate::report::formats::{ReportRequest, request};
use crate::rollout::{FunctionOutcome, FunctionReport};
use crate::shown;

/// How a rollout is rendered.
type Render = fn(&RolloutReport) -> Shown;

/// Every format: its name, how its files are usually called, and its rendering.
const FORMATS: [(&str, &str, Render); 3] = [
    ("json", "rollout.json", RolloutReport::json),
    ("markdown", "rollout.md", RolloutReport::markdown),
    ("csv", "rollout.csv", RolloutReport::csv),
];

/// What all formats are called.
pub fn formats() -> Vec<&'static str> {
    FORMATS.iter().map(|(name, ..)| *name).collect()
}

/// One `--report FORMAT=PATH` of a rollout.
#[derive(Clone, Debug)]
pub struct RolloutRequest {
    /// What the format is called on the command line.
    pub format: &'static str,
    /// Renders the report in this format.
    pub render: Render,
    /// Where; `-` is standard output.
    pub path: PathBuf,
}

impl RolloutRequest {
    /// The same requests, of a rollout; and why some are not among them, if so: rollouts are not told in every format.
    pub fn of_all(requests: &[ReportRequest]) -> (Vec<Self>, Option<String>) {
        let of = |request: &ReportRequest| {
            let found = FORMATS.iter().find(|(format, ..)| *format == request.format.name);
            found.map(|&(format, _, render)| Self { format, render, path: request.path.clone() })
        };
        let told: Vec<Self> = requests.iter().filter_map(of).collect();
        if told.len() == requests.len() {
            return (told, None);
        }
        let quoted = |name: &str| format!("`{name}`");
        let known: Vec<String> = formats().into_iter().map(quoted).collect();
        let others: BTreeSet<&str> = requests.iter().map(|request| request.format.name).collect();
        let others = others.into_iter().filter(|name| !formats().contains(name));
        let others: Vec<String> = others.map(quoted).collect();
        let (others, known) = (listed(&others), known.join(", "));
        let why = format!("a rollout is of functions, of which {others} cannot tell; it can be told as {known}");
        (told, Some(why))
    }
}

impl FromStr for RolloutRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = request(text, &FORMATS.map(|(name, file, _)| (name, file)))?;
        let found = FORMATS.iter().find(|(name, ..)| *name == format);
        let &(format, _, render) = found.ok_or_else(|| format!("`{format}` is not a report format"))?;
        Ok(Self { format, render, path })
    }
}

/// A column: its name, and its value for a function.
type Column = (&'static str, fn(&FunctionReport) -> String);

/// All columns, in their order; new ones come last.
const COLUMNS: [Column; 12] = [
    ("function", |one| one.function.clone()),
    ("target", |one| one.target.clone()),
    ("region", |one| one.region.clone()),
    ("account", |one| one.account.clone().unwrap_or_default()),
    ("outcome", |one| one.outcome.to_string()),
    ("from", |one| one.changes.iter().map(|change| change.from.to_string()).collect::<Vec<_>>().join(" ")),
    ("to", |one| one.changes.iter().map(|change| change.to.to_string()).collect::<Vec<_>>().join(" ")),
    ("version", |one| one.version.clone().unwrap_or_default()),
    ("alias", |one| one.alias.as_ref().map(|alias| alias.name.clone()).unwrap_or_default()),
    ("code", |one| {
        let refused = one.refusal.as_ref().map(|refusal| refusal.code.to_string());
        refused.or_else(|| one.error.as_ref().map(|error| error.code.to_string())).unwrap_or_default()
    }),
    ("message", |one| {
        let refused = one.refusal.as_ref().map(|refusal| refusal.message.clone());
        refused.or_else(|| one.error.as_ref().map(|error| error.message.clone())).unwrap_or_default()
    }),
    ("seconds", |one| one.seconds.to_string()),
];

impl RolloutReport {
    /// The report as CSV: a line for each target of which nothing could be found out, and for each function.
    pub fn csv(&self) -> Shown {
        let head = COLUMNS.map(|(name, _)| name.to_owned());
        let targets = self.failures.iter().map(of_target);
        let rows = self.functions.iter().map(|one| COLUMNS.map(|(_, value)| value(one)));
        csv::document(std::iter::once(head).chain(targets).chain(rows))
    }

    /// The report as Markdown, for a comment on a pull request.
    pub fn markdown(&self) -> Shown {
        self.markdown_within(COMMENT)
    }

    /// The same in at most so many bytes: what does not fit is counted.
    pub fn markdown_within(&self, bytes: usize) -> Shown {
        let head = vec![shown!("## {}", self.headline()), Shown::default(), self.counted()];
        let mut page = Page::of(head, bytes);
        let rows = self.functions.iter().map(|one| vec![row(one)]).collect();
        let table = ["", "| Outcome | Function | Target | Layers |", "|---|---|---|---|"].map(Shown::from).to_vec();
        let failed = |one: &RolloutFailure| vec![shown!("- {}: {}", code(&one.target), code(&one.error.message))];
        let failed: Vec<_> = self.failures.iter().map(failed).collect();
        let why = self.functions.iter().filter_map(|one| {
            let refused = one.refusal.as_ref().map(|refusal| refusal.message.as_str());
            let why = refused.or_else(|| one.error.as_ref().map(|error| error.message.as_str()))?;
            Some(vec![shown!("- {} at {}: {}", code(&one.function), code(&one.target), code(why))])
        });
        page.headed(vec![Shown::default()], failed, "target");
        page.headed(table, rows, "row");
        page.headed(vec![Shown::default()], why.collect(), "reason");
        page.shown()
    }
}

/// A line without a function.
fn of_target(failure: &RolloutFailure) -> [String; COLUMNS.len()] {
    COLUMNS.map(|(name, _)| match name {
        "target" => failure.target.clone(),
        "outcome" => FunctionOutcome::Failed.to_string(),
        "code" => failure.error.code.to_string(),
        "message" => failure.error.message.clone(),
        _ => String::new(),
    })
}

fn row(one: &FunctionReport) -> Shown {
    let done = steps(one).to_string();
    let outcome = one.outcome.to_string();
    shown!("| {} | {} | {} | {} |", outcome, cell(&one.function), cell(&one.target), cell(&done))
}

#[cfg(test)]
mod tests {
    use super::super::RolloutRun;
    use super::*;
    use crate::outcome::{ErrorCode, JobError};
    use crate::report::Same;
    use crate::rollout::{Change, Refusal, RefusalCode, RolloutMode, RolloutSummary};

    fn function(name: &str, outcome: FunctionOutcome) -> FunctionReport {
        let arn =
            |version: u64| format!("arn:aws:lambda:us-east-1:123456789012:layer:alpha:{version}").parse().unwrap();
        let account = Some("123456789012".to_owned());
        let blank = FunctionReport::blank("us-east-1", "us-east-1", account, &"orders".parse().unwrap());
        let changes = vec![Change { from: arn(1), to: arn(2) }];
        FunctionReport { function: name.to_owned(), outcome, changes, ..blank }
    }

    fn report() -> RolloutReport {
        let refusal =
            Some(Refusal::new(RefusalCode::Owned, "it belongs to stack `shop`, which would set its layers again"));
        let error = Some(JobError::new(ErrorCode::UpdateFailed, "it failed, \"in the end\""));
        let functions = vec![
            function("orders", FunctionOutcome::Moved),
            FunctionReport { refusal, ..function("owned", FunctionOutcome::Refused) },
            FunctionReport { error, ..function("@all|=1+1`", FunctionOutcome::Failed) },
        ];
        let started = jiff::Timestamp::UNIX_EPOCH;
        let failures = vec![RolloutFailure {
            target: "tokyo".to_owned(),
            error: JobError::new(ErrorCode::Credentials, "no credentials"),
        }];
        let (mode, run, record) = (RolloutMode::Apply, "run".to_owned(), None);
        RolloutReport::of(RolloutRun { mode, run, started, record, layers: Vec::new(), functions, failures }, started)
    }

    #[test]
    fn each_format_is_for_its_readers() {
        insta::assert_snapshot!(report().markdown());
        insta::assert_snapshot!(report().csv());
        let nothing = RolloutReport { functions: Vec::new(), failures: Vec::new(), ..report() };
        assert!(!nothing.markdown().contains("| Outcome |"), "{}", nothing.markdown());
    }

    #[test]
    fn a_rollout_that_could_ask_nobody_says_so_in_every_format() {
        let nothing = RolloutReport { functions: Vec::new(), summary: RolloutSummary::default(), ..report() };
        for text in [nothing.text(&Same::default()), nothing.markdown()] {
            assert!(text.contains("Rollout of the newest versions of layers at 1 target\n"), "{text}");
            assert!(text.contains("0 functions; 1 target failed\n"), "{text}");
        }
        let csv = nothing.csv();
        assert_eq!(csv.lines().nth(1), Some(",tokyo,,,failed,,,,,credentials,no credentials,"), "{csv}");
        assert!(nothing.json().contains("\"failures\": [\n    {\n      \"target\": \"tokyo\""));
        assert!(report().csv().lines().count() == 5, "beside functions, too");
    }

    #[test]
    fn a_request_names_a_format_of_rollouts() {
        assert_eq!("csv=out.csv".parse::<RolloutRequest>().unwrap().path, PathBuf::from("out.csv"));
        let error = |text: &str| text.parse::<RolloutRequest>().unwrap_err();
        assert_eq!(error("junit=x"), "`junit` is not a report format; known: `json`, `markdown`, `csv`");
        assert_eq!(error("csv="), "there is no path after `csv=`; expected FORMAT=PATH, as in `csv=rollout.csv`");
        assert_eq!(error("out.md"), "expected FORMAT=PATH, here `markdown=out.md`");
    }
}
