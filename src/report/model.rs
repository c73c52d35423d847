//! The report: one structure of which every format is a rendering.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{Timestamp, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::{Problem, ProblemList};
use crate::event::Mode;
use crate::outcome::{JobReport, Outcome, Tally, Warning};
use crate::plan::{Part, PartOfRun, PartsOfRun};
use crate::report::{Ran, Shown, StatusReport};

/// Version of the report's shape; raised when a field changes its meaning or goes away.
const REPORT_VERSION: u32 = 1;

/// Everything a run did, job by job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this shape: 1.
    pub report: u32,
    /// Name and version of the tool that wrote it.
    pub tool: String,
    /// What the run did.
    pub mode: Mode,
    /// Id of the run.
    pub run: String,
    /// Of which run this is a part, where it was split with `--partition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PartOfRun>,
    /// Parts of the run that it does not have: it was made of the others, and is not whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub missing: Vec<Part>,
    /// Which parts it was made of, where some are missing: with those it can be made whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<PartsOfRun>,
    /// What ran, and for what.
    #[serde(default)]
    pub ran: Ran,
    /// When the run began, in UTC (RFC 3339).
    pub started_at: String,
    /// When the run ended, in UTC (RFC 3339).
    pub finished_at: String,
    /// How long the run took.
    pub seconds: f64,
    /// Warnings about the layers file and the settings; those of a job stand with the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// How many jobs ended how.
    pub summary: Summary,
    /// Every job, sorted by layer, then target.
    pub jobs: Vec<JobReport>,
}

/// How many jobs ended how. Only the outcomes that the mode can have are there: `planned` in a plan, `published` and
/// `adopted` when publishing, `staged` when staging, `checked` in a check, `changed` by `changed` and `build`, `built` by
/// `build`, `planned` and `pruned` by `prune`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All jobs.
    pub jobs: usize,
    /// The outcomes that the mode can have, each with its count.
    #[serde(flatten)]
    counts: BTreeMap<Outcome, usize>,
}

impl Summary {
    /// The part of a tally that the mode can have.
    pub fn new(mode: Mode, tally: &Tally) -> Self {
        let counts = Outcome::ALL.iter().filter(|outcome| can_end(mode, **outcome));
        Self { jobs: tally.jobs, counts: counts.map(|outcome| (*outcome, tally.get(*outcome))).collect() }
    }

    /// The outcomes that the mode can have, each with its count.
    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, usize)> {
        self.counts.iter().map(|(outcome, count)| (*outcome, *count))
    }

    /// How many jobs ended so; none where the mode cannot have it.
    pub fn get(&self, outcome: Outcome) -> usize {
        self.counts.get(&outcome).copied().unwrap_or_default()
    }
}

/// Whether a job of such a run can end so.
fn can_end(mode: Mode, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Checked => matches!(mode, Mode::Check | Mode::Status),
        Outcome::Changed => matches!(mode, Mode::Changed | Mode::Build),
        Outcome::Built => mode == Mode::Build,
        Outcome::Planned => matches!(mode, Mode::Plan | Mode::Prune),
        Outcome::Published | Outcome::Adopted => mode == Mode::Publish,
        Outcome::Staged => mode == Mode::Stage,
        Outcome::Pruned => mode == Mode::Prune,
        Outcome::Unchanged | Outcome::Failed | Outcome::Cancelled => true,
    }
}

/// Written from the outcomes themselves, so that each has one description.
impl JsonSchema for Summary {
    fn schema_name() -> Cow<'static, str> {
        "Summary".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        let count = |what: &str| json!({ "description": what, "type": "integer", "minimum": 0 });
        properties.insert("jobs".to_owned(), count("All jobs."));
        let outcomes = Outcome::json_schema(generator);
        for outcome in outcomes.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            if let (Some(name), Some(what)) = (outcome["const"].as_str(), outcome["description"].as_str()) {
                properties.insert(name.to_owned(), count(what));
            }
        }
        json_schema!({
            "description": "How many jobs ended how. Only the outcomes that the mode can have are there.",
            "type": "object",
            "properties": properties,
            "required": ["jobs", "unchanged", "failed", "cancelled"],
        })
    }
}

/// What is odd in the layers file and the settings, as reports and events tell it.
pub fn warnings_of(found: &ProblemList) -> impl Iterator<Item = Warning> {
    let warning = |problem: &Problem| {
        Some(Warning { code: problem.code?.to_owned(), message: Shown::one_line(&problem.uncoded()).to_string() })
    };
    found.problems.iter().filter_map(warning)
}

impl Report {
    /// Reads a JSON report, also that of `status`.
    ///
    /// # Errors
    /// Why it is not one, in words that follow "it is not a report": another version's, or not JSON of this shape.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            report: Option<u64>,
            status: Option<u64>,
            plan: Option<u64>,
            rollout: Option<u64>,
        }
        let version: Version = serde_json::from_slice(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => "it is not a JSON object with a version".to_owned(),
            serde_json::error::Category::Eof => {
                format!("its JSON ends too early, at line {} column {}", error.line(), error.column())
            }
            _ => format!("it is not JSON: {error}"),
        })?;
        match version.report {
            Some(version) if version == u64::from(REPORT_VERSION) => {
                serde_json::from_slice(text).map_err(|error| error.to_string())
            }
            Some(other) => Err(format!("it has version {other}, and this layership knows version {REPORT_VERSION}")),
            None if version.status.is_some() => StatusReport::parse(text),
            None if version.rollout.is_some() => Err("it is of a rollout, which is not made of parts".to_owned()),
            None if version.plan.is_some() => Err("it is a plan that `plan --out` kept".to_owned()),
            None => Err("it has no `report` with a version".to_owned()),
        }
    }

    /// A report of nothing yet.
    pub(super) fn empty(mode: Mode) -> Self {
        Self::new(mode, "", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Vec::new())
    }

    /// The same, as a part of a run.
    #[must_use]
    pub fn with_part(self, part: Option<PartOfRun>) -> Self {
        Self { part, ..self }
    }

    /// The same, with warnings about the layers file and the settings.
    #[must_use]
    pub fn with_warnings(self, found: &ProblemList) -> Self {
        Self { warnings: warnings_of(found).collect(), ..self }
    }

    /// The same, where the layers file has jobs whose variables would be called the same.
    #[must_use]
    pub fn with_variables(mut self, alike: &BTreeMap<(String, String), String>) -> Self {
        if !alike.is_empty() {
            for job in &mut self.jobs {
                job.variable = alike.get(&(job.layer.clone(), job.target.clone())).cloned();
            }
        }
        self
    }

    /// The report of a run, its jobs sorted and counted.
    pub fn new(mode: Mode, run_id: &str, started: Timestamp, finished: Timestamp, mut jobs: Vec<JobReport>) -> Self {
        jobs.sort_by(|a, b| (&a.layer, &a.target).cmp(&(&b.layer, &b.target)));
        let mut tally = Tally::of(jobs.len());
        for job in &mut jobs {
            job.seconds = to_milliseconds(job.seconds);
            tally.count(job.outcome);
        }
        Self {
            report: REPORT_VERSION,
            tool: concat!("layership ", env!("CARGO_PKG_VERSION")).to_owned(),
            mode,
            run: run_id.to_owned(),
            part: None,
            missing: Vec::new(),
            made_of: None,
            ran: Ran::default(),
            started_at: to_the_second(started),
            finished_at: to_the_second(finished),
            seconds: to_milliseconds(finished.duration_since(started).as_secs_f64().max(0.0)),
            warnings: Vec::new(),
            summary: Summary::new(mode, &tally),
            jobs,
        }
    }
}

/// Whole seconds: `seconds` has the fraction, and tools that read timestamps disagree about fractions.
pub(super) fn to_the_second(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).or_else(|_| time.round(Unit::Second));
    whole.unwrap_or(time).to_string()
}

pub(super) fn to_milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{job, report};

    #[test]
    fn jobs_are_sorted_and_counted() {
        let report = report(
            Mode::Publish,
            vec![job("b", "x", Outcome::Failed), job("a", "y", Outcome::Published), job("a", "x", Outcome::Adopted)],
        );
        let order: Vec<_> = report.jobs.iter().map(|j| (j.layer.as_str(), j.target.as_str())).collect();
        assert_eq!(order, [("a", "x"), ("a", "y"), ("b", "x")]);
        let counts = [Outcome::Published, Outcome::Adopted, Outcome::Failed, Outcome::Unchanged];
        assert_eq!((report.summary.jobs, counts.map(|outcome| report.summary.get(outcome))), (3, [1, 1, 1, 0]));
    }

    #[test]
    fn each_mode_counts_only_what_it_can_do() {
        let keys = |mode| {
            let value = serde_json::to_value(Summary::new(mode, &Tally::of(1))).unwrap();
            let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys.join(" ")
        };
        assert_eq!(keys(Mode::Plan), "cancelled failed jobs planned unchanged");
        assert_eq!(keys(Mode::Publish), "adopted cancelled failed jobs published unchanged");
        assert_eq!(keys(Mode::Stage), "cancelled failed jobs staged unchanged");
    }

    #[test]
    fn the_schema_names_the_modes_as_the_report_does() {
        let schema = serde_json::to_string(&schemars::schema_for!(Report)).unwrap();
        for mode in [Mode::Plan, Mode::Stage, Mode::Publish] {
            let written = serde_json::to_value(report(mode, Vec::new())).unwrap();
            assert_eq!(written["mode"], mode.to_string());
            assert!(schema.contains(&format!(r#""const":"{mode}""#)), "{schema}");
        }
    }

    #[test]
    fn times_are_utc_seconds_and_durations_milliseconds() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut one = job("a", "x", Outcome::Unchanged);
        one.seconds = 1.234_567;
        let report =
            Report::new(Mode::Plan, "r", at("2026-11-22T10:00:00.9Z"), at("2026-11-22T10:00:05.000499Z"), vec![one]);
        assert_eq!(report.started_at, "2026-11-22T10:00:00Z");
        assert_eq!(report.finished_at, "2026-11-22T10:00:05Z");
        assert!((report.seconds - 4.1).abs() < 1e-9);
        assert!((report.jobs[0].seconds - 1.235).abs() < 1e-9);
    }
}
