//! Which jobs of a plan a command is about: layer keys or globs, and target names.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use super::{Job, Plan};
use crate::config::nearest;

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Layer keys or globs; empty means all.
    pub layers: Vec<String>,
    /// Target names; empty means all.
    pub targets: Vec<String>,
}

/// A selection that selects nothing, or is no glob: probably a typing error, so nothing runs.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No layer matches.
    #[error("no layer matches `{0}`{1}")]
    NoLayer(String, String),
    /// There is no such target.
    #[error("there is no target `{0}`{1}")]
    NoTarget(String, String),
    /// Not a glob.
    #[error("`{0}` is no glob: {1}")]
    NotAGlob(String, String),
    /// Both exist, but no selected layer goes to a selected target.
    #[error("none of the selected layers goes to {0}")]
    Empty(String),
}

/// The part of a plan that is selected.
///
/// # Errors
/// A pattern or target that matches nothing.
pub fn select(plan: &Plan, selection: &Selection) -> Result<Plan, SelectionError> {
    let globs = selection.layers.iter().map(|pattern| glob(pattern)).collect::<Result<Vec<_>, _>>()?;
    for (pattern, glob) in selection.layers.iter().zip(&globs) {
        if !plan.jobs.iter().any(|job| matches(job, pattern, glob)) {
            let known = plan.jobs.iter().map(|job| job.layer.as_str());
            return Err(SelectionError::NoLayer(pattern.clone(), suggestion(pattern, known)));
        }
    }
    for name in &selection.targets {
        if !plan.jobs.iter().any(|job| job.target.name == *name) {
            let targets = plan.targets();
            let known: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
            let hint = nearest(name, known.iter().copied()).map_or_else(
                || format!("; known targets: {}", known.join(", ")),
                |near| format!("; did you mean `{near}`?"),
            );
            return Err(SelectionError::NoTarget(name.clone(), hint));
        }
    }
    let chosen = |job: &Arc<Job>| {
        let layer =
            globs.is_empty() || selection.layers.iter().zip(&globs).any(|(text, glob)| matches(job, text, glob));
        layer && (selection.targets.is_empty() || selection.targets.contains(&job.target.name))
    };
    let jobs: Vec<Arc<Job>> = plan.jobs.iter().filter(|job| chosen(job)).cloned().collect();
    if jobs.is_empty() {
        return Err(SelectionError::Empty(selection.targets.join(", ")));
    }
    Ok(Plan { jobs })
}

fn matches(job: &Job, pattern: &str, glob: &GlobMatcher) -> bool {
    job.layer == pattern || glob.is_match(&job.layer)
}

fn glob(pattern: &str) -> Result<GlobMatcher, SelectionError> {
    let glob = GlobBuilder::new(pattern).build();
    let glob = glob.map_err(|error| SelectionError::NotAGlob(pattern.to_owned(), error.kind().to_string()))?;
    Ok(glob.compile_matcher())
}

fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}
