//! Which jobs of a plan a command is about: layer keys and target names, or globs of them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{Part, PartOfRun};
use super::patterns::{NotAGlob, Pattern};
use super::{Job, Plan};
use crate::config::{excerpt, listed, nearest};

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Layer keys or globs; empty means all.
    pub layers: Vec<String>,
    /// Target names or globs; empty means all.
    pub targets: Vec<String>,
    /// Only this part of what is left, such as `2/5`.
    #[serde(rename = "partition")]
    #[schemars(with = "Option<String>")]
    pub part: Option<Part>,
    /// Only these layers, whatever their targets: known where `--changed-since` asked git.
    #[serde(skip)]
    pub among: Option<HashSet<String>>,
}

impl Selection {
    /// Whether it selects every job.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// A selection that selects nothing, or is not a glob: probably a typing error, so nothing runs.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No layer matches.
    #[error("no layer matches `{0}`{1}")]
    NoLayer(String, String),
    /// No target matches.
    #[error("there is no target `{0}`{1}")]
    NoTarget(String, String),
    /// A pattern is not a glob.
    #[error(transparent)]
    NotAGlob(#[from] NotAGlob),
    /// Several of these.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; and "))]
    Several(Vec<SelectionError>),
    /// Both exist, but no selected layer goes to a selected target.
    #[error("none of the selected layers goes to {0}")]
    Empty(String),
}

/// The part of a plan that is selected.
///
/// # Errors
/// Patterns that match nothing, all of them.
pub fn select(plan: &Plan, selection: &Selection) -> Result<Plan, SelectionError> {
    let mut wrong = Vec::new();
    let layers = chosen(&selection.layers, plan.jobs.iter().map(|job| job.layer.as_str()), no_layer, &mut wrong);
    let targets =
        chosen(&selection.targets, plan.jobs.iter().map(|job| job.target.name.as_str()), no_target, &mut wrong);
    if wrong.len() > 1 {
        return Err(SelectionError::Several(wrong));
    }
    wrong.pop().map_or(Ok(()), Err)?;
    let is_chosen = |job: &&Arc<Job>| layers.contains(job.layer.as_str()) && targets.contains(job.target.name.as_str());
    let jobs: Vec<Arc<Job>> = plan.jobs.iter().filter(is_chosen).cloned().collect();
    if jobs.is_empty() {
        return Err(SelectionError::Empty(listed(&selection.targets)));
    }
    let is_among = |job: &Arc<Job>| selection.among.as_ref().is_none_or(|among| among.contains(&job.layer));
    let jobs: Vec<Arc<Job>> = jobs.into_iter().filter(is_among).collect();
    let Some(part) = selection.part else { return Ok(Plan { jobs, part: None }) };
    let whole = PartOfRun::new(part, jobs.iter().map(|job| (job.layer.as_str(), job.target.name.as_str())));
    let is_here = |job: &Arc<Job>| part.has(&job.layer, &job.target.name);
    Ok(Plan { jobs: jobs.into_iter().filter(is_here).collect(), part: Some(whole) })
}

/// The names that the patterns mean; all of them without a pattern. What means none is wrong.
fn chosen<'n>(
    patterns: &[String],
    names: impl Iterator<Item = &'n str>,
    nothing: fn(&str, &[&str]) -> SelectionError,
    wrong: &mut Vec<SelectionError>,
) -> HashSet<&'n str> {
    let names: BTreeSet<&str> = names.collect();
    if patterns.is_empty() {
        return names.into_iter().collect();
    }
    let known: Vec<&str> = names.into_iter().collect();
    let mut chosen = HashSet::new();
    for text in patterns {
        match Pattern::new(text) {
            Ok(pattern) => {
                let matching: Vec<&str> = known.iter().copied().filter(|name| pattern.matches(name)).collect();
                if matching.is_empty() {
                    wrong.push(nothing(text, &known));
                }
                chosen.extend(matching);
            }
            Err(error) => wrong.push(error.into()),
        }
    }
    chosen
}

fn no_layer(pattern: &str, known: &[&str]) -> SelectionError {
    let near = nearest(pattern, known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
    SelectionError::NoLayer(excerpt(pattern), near.unwrap_or_default())
}

fn no_target(pattern: &str, known: &[&str]) -> SelectionError {
    let hint = nearest(pattern, known.iter().copied())
        .map_or_else(|| format!("known targets: {}", listed(known)), |near| format!("did you mean `{near}`?"));
    SelectionError::NoTarget(excerpt(pattern), format!("; {hint}"))
}
