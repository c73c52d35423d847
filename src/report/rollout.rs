//! What `rollout` tells: one structure of its own, as JSON and as text.

mod formats;
mod progress;
mod wave;

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::layer::VersionArn;
use crate::outcome::JobError;
use crate::report::model::{to_milliseconds, to_the_second};
use crate::report::style::Style;
use crate::report::wording::{parts, plural, shell_word};
use crate::report::{Same, Shown, failures, table};
use crate::rollout::{Change, FunctionOutcome, FunctionReport, RefusalCode, RolloutMode, RolloutSummary};
use crate::shown;

pub use formats::{RolloutRequest, formats};
#[cfg(test)]
pub use progress::Progress;
pub use progress::show;

/// Version of the structure's shape; raised when a field changes its meaning or goes away.
const ROLLOUT_VERSION: u32 = 1;

/// Which functions got which versions of layers, or would get them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "layership rollout", extend("$id" = "urn:layership:schema:rollout"))]
pub struct RolloutReport {
    /// Version of this shape: 1.
    pub rollout: u32,
    /// Name and version of the tool that wrote it.
    pub tool: String,
    /// What was done.
    pub mode: RolloutMode,
    /// Id of the run.
    pub run: String,
    /// When the run began, in UTC (RFC 3339).
    pub started_at: String,
    /// When the run ended, in UTC (RFC 3339).
    pub finished_at: String,
    /// How long the run took.
    pub seconds: f64,
    /// The file that has what was there before; null where nothing was touched.
    pub record: Option<String>,
    /// How many functions ended how.
    pub summary: RolloutSummary,
    /// The versions that functions are to use.
    pub layers: Vec<RolloutLayer>,
    /// Every function that something was or would be done with, or that was left alone, sorted by target and name.
    pub functions: Vec<FunctionReport>,
    /// Targets that nothing could be found out about.
    pub failures: Vec<RolloutFailure>,
}

/// The version of a layer that functions at a target are to use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutLayer {
    /// Key of the layer in the layers file.
    pub layer: String,
    /// Name of the target.
    pub target: String,
    /// ARN of its newest version; null where it was never published.
    pub layer_version_arn: Option<VersionArn>,
}

/// A target that nothing could be found out about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutFailure {
    /// Name of the target.
    pub target: String,
    /// Why.
    pub error: JobError,
}

/// What a report is made of.
pub struct RolloutRun {
    /// What was done.
    pub mode: RolloutMode,
    /// Id of the run.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// The file that has what was there before.
    pub record: Option<String>,
    /// The versions that functions are to use.
    pub layers: Vec<RolloutLayer>,
    /// What became of each function.
    pub functions: Vec<FunctionReport>,
    /// Targets that nothing could be found out about.
    pub failures: Vec<RolloutFailure>,
}

impl RolloutReport {
    /// The report of a run that ended at this time.
    pub fn of(run: RolloutRun, finished: Timestamp) -> Self {
        Self {
            rollout: ROLLOUT_VERSION,
            tool: concat!("layership ", env!("CARGO_PKG_VERSION")).to_owned(),
            mode: run.mode,
            run: run.run,
            started_at: to_the_second(run.started),
            finished_at: to_the_second(finished),
            seconds: to_milliseconds(finished.duration_since(run.started).as_secs_f64().max(0.0)),
            record: run.record,
            summary: RolloutSummary::of(&run.functions),
            layers: run.layers,
            functions: run.functions,
            failures: run.failures,
        }
    }

    /// Whether something went wrong at a target that counts, or stands in the way of what was asked for. What a stack owns
    /// is no such thing.
    pub fn is_bad(&self, counts: impl Fn(&str) -> bool) -> bool {
        let stands_in_the_way = |one: &FunctionReport| match one.outcome {
            FunctionOutcome::Failed | FunctionOutcome::Cancelled => true,
            _ => one.refusal.as_ref().is_some_and(|refusal| refusal.code != RefusalCode::Owned),
        };
        self.failures.iter().any(|failure| counts(&failure.target))
            || self.functions.iter().any(|one| counts(&one.target) && stands_in_the_way(one))
    }

    /// Reads a JSON report, if it is one of a rollout.
    pub fn parse(text: &[u8]) -> Option<Result<Self, String>> {
        #[derive(Deserialize)]
        struct Version {
            rollout: u64,
        }
        let Version { rollout } = serde_json::from_slice(text).ok()?;
        if rollout != u64::from(ROLLOUT_VERSION) {
            return Some(Err(format!(
                "it has version {rollout}, and this layership knows version {ROLLOUT_VERSION} of rollouts"
            )));
        }
        Some(serde_json::from_slice(text).map_err(|error| error.to_string()))
    }

    /// The report as a JSON document.
    pub fn json(&self) -> Shown {
        Shown::json(serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default())
    }

    /// The report for a person: a line for each function, and a conclusion.
    pub fn text(&self, same: &Same) -> Shown {
        let rows: Vec<Vec<Shown>> = self.functions.iter().map(row).collect();
        let lines = table::align(&rows).into_iter().map(|line| shown!("  {}", line));
        let gap = (!rows.is_empty()).then(Shown::default);
        Shown::of_lines(
            [self.headline()].into_iter().chain(gap.clone()).chain(lines).chain(gap).chain(self.conclusion(same)),
        )
    }

    fn headline(&self) -> Shown {
        let known = self.layers.iter().map(|layer| layer.target.as_str());
        let places: BTreeSet<&str> = known.chain(self.failures.iter().map(|one| one.target.as_str())).collect();
        let layers: BTreeSet<&str> = self.layers.iter().map(|layer| layer.layer.as_str()).collect();
        // Where no target could be asked, nobody knows which layers there are.
        let layers = if layers.is_empty() { "layers".to_owned() } else { plural(layers.len(), "layer") };
        let of = shown!("{} at {}", layers, plural(places.len(), "target"));
        match self.mode {
            RolloutMode::Plan => shown!("Rollout of the newest versions of {}: nothing is changed yet", of),
            RolloutMode::Apply => shown!("Rollout of the newest versions of {}", of),
            RolloutMode::Undo => shown!("Undo of a rollout"),
        }
    }

    fn conclusion(&self, same: &Same) -> Vec<Shown> {
        let mut lines = Vec::new();
        if self.functions.is_empty() && self.failures.is_empty() {
            lines.push("No function uses an older version".into());
        } else {
            lines.push(self.counted());
        }
        match (self.mode, &self.record) {
            (RolloutMode::Plan, _) if self.summary.planned > 0 => {
                lines.push("hint: the same with `--apply` moves them".into());
            }
            (RolloutMode::Apply, Some(record)) => {
                let record = shell_word(record);
                let undo = format!("`layership rollout --undo {record}` puts back what was there before");
                lines.push(shown!("hint: {}", same.hint(&undo)));
            }
            _ => {}
        }
        lines
    }

    /// `3 functions: 2 moved, 1 left alone; 1 target failed`
    pub fn counted(&self) -> Shown {
        let RolloutSummary { functions, planned, moved, restored, unchanged, refused, failed, cancelled } =
            self.summary;
        let counts = [
            (planned, "to move"),
            (moved, "moved"),
            (restored, "restored"),
            (unchanged, "unchanged"),
            (refused, "left alone"),
            (failed, "failed"),
            (cancelled, "not begun"),
        ];
        let (all, parts) = (plural(functions, "function"), parts(&counts));
        let all = if parts.is_empty() { shown!("{}", all) } else { shown!("{}: {}", all, parts) };
        match self.failures.len() {
            0 => all,
            failed => shown!("{}; {} failed", all, plural(failed, "target")),
        }
    }

    /// What went wrong, for standard error: each with its causes and what to do.
    pub fn errors(&self, same: &Same, style: Style) -> Shown {
        let functions = self.functions.iter().filter_map(|one| {
            let whose = shown!("{} at {}", one.function, one.target);
            one.error.as_ref().map(|error| failures::one(&whose, error, same, style))
        });
        let targets =
            self.failures.iter().map(|one| failures::one(&Shown::one_line(&one.target), &one.error, same, style));
        Shown::join(functions.chain(targets), "\n")
    }
}

/// `~  orders  us-east-1  requests 1 -> 2; a version; live 3 -> 4`
fn row(one: &FunctionReport) -> Vec<Shown> {
    let (mark, word) = match one.outcome {
        FunctionOutcome::Planned => ("~", ""),
        FunctionOutcome::Moved => ("+", "moved: "),
        FunctionOutcome::Restored => ("+", "restored: "),
        FunctionOutcome::Unchanged => ("=", "unchanged: "),
        FunctionOutcome::Refused => ("!", ""),
        FunctionOutcome::Failed => ("!", "failed: "),
        FunctionOutcome::Cancelled => ("-", "not begun: "),
    };
    let done = shown!("{}{}", Shown::from(word), steps(one));
    let text = match (&one.refusal, &one.error) {
        (Some(refusal), _) => shown!("{}: left alone, {}", done, refusal.message),
        (None, Some(error)) => shown!("{}: {}", done, error.code.to_string()),
        (None, None) => done,
    };
    vec![mark.into(), Shown::one_line(&one.function), Shown::one_line(&one.target), text]
}

/// What is to be done with a function, or was done.
fn steps(one: &FunctionReport) -> Shown {
    let changes = one.changes.iter().map(change);
    let version = match &one.version {
        Some(number) => Some(shown!("version {}", number)),
        None => one.publish.then(|| "a new version".into()),
    };
    let alias = one.alias.as_ref().map(|alias| match (&alias.from, &alias.to) {
        (Some(from), Some(to)) => shown!("alias {} {} -> {}", alias.name, from, to),
        (Some(from), None) => shown!("alias {} from {}", alias.name, from),
        (None, to) => shown!("alias {} -> {}", alias.name, to.as_deref().unwrap_or_default()),
    });
    // What is refused or done needs no more words about it.
    let unknown = (one.size_unknown && one.outcome == FunctionOutcome::Planned).then(|| "size not known".into());
    Shown::join(changes.chain(version).chain(alias).chain(unknown), ", ")
}

fn change(change: &Change) -> Shown {
    shown!("{} {} -> {}", change.from.layer.name.as_str(), change.from.number, change.to.number)
}
