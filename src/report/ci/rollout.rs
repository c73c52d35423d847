//! What a rollout says to GitHub: functions take the place of jobs.

use std::collections::BTreeMap;

use super::github::{Annotation, AnnotationLevel};
use crate::config::Origin;
use crate::report::Shown;
use crate::report::rollout::{RolloutLayer, RolloutReport};
use crate::rollout::{FunctionReport, RefusalCode, RolloutMode, RolloutSummary};
use crate::shown;

/// `name=value` lines. A target that nothing could be found out about counts as what failed, too: a condition that asks
/// whether nothing failed must not find that so.
pub fn outputs(report: &RolloutReport) -> Shown {
    let failed = report.summary.failed + report.failures.len();
    counted(report.mode, RolloutSummary { failed, ..report.summary })
}

/// The same of a rollout that ended before it began, which itself counts as what failed.
pub fn refused(mode: RolloutMode) -> Shown {
    counted(mode, RolloutSummary { failed: 1, ..RolloutSummary::default() })
}

fn counted(mode: RolloutMode, sum: RolloutSummary) -> Shown {
    let (name, done) = match mode {
        RolloutMode::Plan => ("planned", sum.planned),
        RolloutMode::Apply => ("moved", sum.moved),
        RolloutMode::Undo => ("restored", sum.restored),
    };
    let RolloutSummary { unchanged, refused, failed, cancelled, .. } = sum;
    let counts = [("unchanged", unchanged), ("refused", refused), ("failed", failed), ("cancelled", cancelled)];
    let counts = counts.into_iter().chain([(name, done)]).map(|(name, count)| shown!("{}={}", name, count));
    Shown::of_lines(counts.chain([shown!("any-{}={}", name, (done > 0).to_string())]))
}

/// What failed and what stands in the way: the targets first, since nothing is known of the functions there. What a stack
/// owns is left alone by design, and stands in the summary alone.
pub fn annotations(report: &RolloutReport, origins: &BTreeMap<String, Origin>) -> Vec<Annotation> {
    let error = |place, message| Annotation { level: AnnotationLevel::Error, place, message };
    let targets = report.failures.iter().map(|one| error(None, shown!("{}: {}", one.target, one.error.message)));
    let functions = report.functions.iter().filter_map(|one| {
        let message = shown!("{} at {}: {}", one.function, one.target, why(one)?);
        let layer = layer_of(one, &report.layers);
        Some(error(super::place(layer.and_then(|layer| origins.get(layer))), message))
    });
    targets.chain(functions).collect()
}

fn why(one: &FunctionReport) -> Option<&str> {
    let refusal = one.refusal.as_ref().filter(|refusal| refusal.code != RefusalCode::Owned);
    let refused = refusal.map(|refusal| refusal.message.as_str());
    refused.or_else(|| one.error.as_ref().map(|error| error.message.as_str()))
}

/// The layer on whose line it is shown: the first that the function was to get.
fn layer_of<'r>(one: &FunctionReport, layers: &'r [RolloutLayer]) -> Option<&'r str> {
    let wanted = &one.changes.first()?.to;
    let found = layers.iter().find(|layer| layer.layer_version_arn.as_ref() == Some(wanted));
    found.map(|layer| layer.layer.as_str())
}
