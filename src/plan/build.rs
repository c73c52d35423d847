//! Layers × targets → jobs. All problems are collected.

use std::sync::Arc;

use super::Plan;
use super::fields::{Draft, Fields};
use super::targets::{Ambient, TargetChoice, TargetDraft, targets};
use super::unique::shared_places;
use crate::config::{LayerTable, LayersFile, Problems, excerpt, nearest};
use crate::layer::{KNOWN_RUNTIMES, LICENSE_LIMIT};

/// Most jobs of one layers file: ten thousand layers at ten targets.
const JOBS_LIMIT: usize = 100_000;

/// Builds the plan of a layers file. Where something is wrong, it is told and the plan is not complete.
pub fn build(file: &LayersFile, ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> Plan {
    let is_empty = file.layers.is_empty();
    if is_empty && !problems.is_unreadable(&["layers"]) && !problems.is_incomplete(&["layers"]) {
        problems.error(
            &["layers"],
            "the file has no layers; add a table `[layers.NAME]`; `layership init` writes an example",
        );
    }
    limits(&["defaults"], &file.defaults, problems);
    let targets = targets(&file.targets, ambient, problems);
    let mut drafts = Vec::new();
    for (key, own, targets) in places(file, &targets, problems) {
        if problems.is_full() {
            break;
        }
        let layer = merge(own, &file.defaults);
        for draft in targets {
            let target_bucket = file.targets.get(&draft.target.name).and_then(|table| table.bucket.as_deref());
            let fields = Fields { key, own, layer: &layer, at: draft, target_bucket, env: ambient.env };
            drafts.extend(fields.draft(problems));
        }
    }
    shared_places(&drafts, problems);
    Plan { jobs: drafts.into_iter().map(|Draft { job, .. }| Arc::new(job)).collect() }
}

type Placed<'f> = (&'f str, &'f LayerTable, Vec<&'f TargetDraft>);

/// The layers and where each goes: only to one target, if there would be too many jobs.
fn places<'f>(file: &'f LayersFile, targets: &'f [TargetDraft], problems: &mut Problems<'_>) -> Vec<Placed<'f>> {
    let choice = TargetChoice::of(targets);
    let by_default = choice.of_table(&["defaults"], &file.defaults, problems);
    let by_default = by_default.unwrap_or_else(|| targets.iter().collect());
    let mut jobs = 0;
    let mut placed = Vec::with_capacity(file.layers.len());
    for (key, own) in &file.layers {
        limits(&["layers", key], own, problems);
        let chosen = choice.of_table(&["layers", key], own, problems);
        jobs += chosen.as_ref().map_or(by_default.len(), Vec::len);
        // Beyond the limit nothing will be run, and one target each is enough to look at the layers.
        let shown = if jobs > JOBS_LIMIT { 1 } else { usize::MAX };
        let chosen = chosen.as_ref().unwrap_or(&by_default).iter().take(shown).copied().collect();
        placed.push((key.as_str(), own, chosen));
    }
    if jobs > JOBS_LIMIT {
        let (layers, targets) = (file.layers.len(), targets.len());
        let message = format!(
            "{layers} layers at {targets} targets are {jobs} jobs, and one file can have {JOBS_LIMIT}; split it, or \
             name `targets` where a layer does not go to all of them"
        );
        problems.error(&["layers"], message);
    }
    placed
}

/// What does not depend on the target.
fn limits(path: &[&str], table: &LayerTable, problems: &mut Problems<'_>) {
    let length = table.license.as_ref().map_or(0, |text| text.chars().count());
    if length > LICENSE_LIMIT {
        let place = [path, &["license"]].concat();
        problems.error(&place, format!("has {length} characters; Lambda accepts {LICENSE_LIMIT}"));
    }
    for runtime in table.compatible_runtimes.iter().flatten().filter(|runtime| !runtime.is_known()) {
        let near = nearest(runtime.as_str(), KNOWN_RUNTIMES.iter().copied());
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let place = [path, &["compatible-runtimes"]].concat();
        problems.warn(&place, format!("`{}` is not among the runtimes known here{hint}", excerpt(runtime.as_str())));
    }
}

/// The layer's own keys, then the defaults'.
fn merge(own: &LayerTable, defaults: &LayerTable) -> LayerTable {
    macro_rules! first {
        ($($field:ident),* $(,)?) => {
            LayerTable { $($field: own.$field.clone().or_else(|| defaults.$field.clone())),* }
        };
    }
    first!(
        name,
        manifest,
        archive,
        bucket,
        bucket_owner,
        prefix,
        staged_key,
        backup_prefix,
        compatible_runtimes,
        compatible_architectures,
        description,
        license,
        detect,
        unpinned,
        targets,
    )
}
