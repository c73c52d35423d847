//! Layers × targets → jobs. All problems are collected.

use std::collections::HashMap;
use std::sync::Arc;

use super::Plan;
use super::fields::{Draft, Fields};
use super::targets::{Ambient, TargetChoice, TargetDraft, targets};
use super::unique::shared_places;
use crate::config::{LayerTable, LayersFile, Problem, Problems, excerpt, nearest};
use crate::finding::Check;
use crate::layer::{KNOWN_RUNTIMES, LICENSE_LIMIT};

/// Most jobs of one layers file: ten thousand layers at ten targets.
const JOBS_LIMIT: usize = 100_000;

/// Builds the plan of a layers file and those that it includes, in the order in which the problems know them. Where
/// something is wrong, it is told and the plan is not complete.
pub fn build(files: &[LayersFile], ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> Plan {
    let Some(first) = files.first() else { return Plan::default() };
    problems.look_at(0);
    has_layers(files, problems);
    let targets = targets(&first.targets, ambient, problems);
    let mut drafts = Vec::new();
    for Placed { file, key, own, layer, targets } in placed(files, &targets, problems) {
        if problems.is_full() {
            break;
        }
        problems.look_at(file);
        for draft in targets {
            let target_bucket = first.targets.get(&draft.target.name).and_then(|table| table.bucket.as_deref());
            let fields = Fields { file, key, own, layer: &layer, at: draft, target_bucket, env: ambient.env };
            drafts.extend(fields.draft(problems));
        }
    }
    shared_places(&drafts, problems);
    // Targets are in order already.
    drafts.sort_by(|a, b| a.job.layer.cmp(&b.job.layer));
    Plan { jobs: drafts.into_iter().map(|Draft { job, .. }| Arc::new(job)).collect(), part: None }
}

fn has_layers(files: &[LayersFile], problems: &mut Problems<'_>) {
    let is_told = problems.is_unreadable(&["include"])
        || problems.is_unreadable(&["layers"])
        || problems.is_incomplete(&["layers"]);
    if files.iter().all(|file| file.layers.is_empty()) && !is_told {
        problems.error(
            &["layers"],
            "the file has no layers; add a table `[layers.NAME]`; `layership init` writes an example",
        );
    }
}

/// A layer and where it goes.
struct Placed<'f> {
    /// Number of the file that declares it.
    file: usize,
    key: &'f str,
    /// The layer as it is written.
    own: &'f LayerTable,
    /// The layer with the defaults in it.
    layer: LayerTable,
    targets: Vec<&'f TargetDraft>,
}

/// All layers: only at one target each, if there would be too many jobs.
fn placed<'f>(files: &'f [LayersFile], targets: &'f [TargetDraft], problems: &mut Problems<'_>) -> Vec<Placed<'f>> {
    let choice = TargetChoice::of(targets);
    let mut declared: HashMap<&str, usize> = HashMap::new();
    let (mut jobs, mut placed) = (0, Vec::new());
    // Defaults of the first file hold in the others, too, where those do not say something else.
    let mut outer = (LayerTable::default(), targets.iter().collect::<Vec<_>>());
    for (file, tables) in files.iter().enumerate() {
        problems.look_at(file);
        limits(&["defaults"], &tables.defaults, allows(&[&tables.defaults, &outer.0]), problems);
        let defaults = merge(&tables.defaults, &outer.0);
        let by_default = choice.of_table(&["defaults"], &tables.defaults, problems);
        let by_default: Vec<&TargetDraft> = by_default.unwrap_or_else(|| outer.1.clone());
        for (key, own) in &tables.layers {
            if let Some(other) = declared.insert(key, file) {
                declared_twice(key, other, problems);
                continue;
            }
            limits(&["layers", key], own, allows(&[own, &defaults]), problems);
            let chosen = choice.of_table(&["layers", key], own, problems);
            let chosen = chosen.as_ref().unwrap_or(&by_default);
            jobs += chosen.len();
            // Beyond the limit nothing will be run, and one target each is enough to look at the layers.
            let shown = if jobs > JOBS_LIMIT { 1 } else { usize::MAX };
            let targets = chosen.iter().take(shown).copied().collect();
            placed.push(Placed { file, key, own, layer: merge(own, &defaults), targets });
        }
        if file == 0 {
            outer = (defaults, by_default);
        }
    }
    problems.look_at(0);
    if jobs > JOBS_LIMIT {
        too_many(jobs, placed.len(), targets.len(), problems);
    }
    placed
}

fn too_many(jobs: usize, layers: usize, targets: usize, problems: &mut Problems<'_>) {
    let places = if targets == 1 { "target" } else { "targets" };
    let message = format!(
        "{layers} layers at {targets} {places} are {jobs} jobs, and one file can have {JOBS_LIMIT}; split it, or name \
         `targets` where a layer does not go to all of them"
    );
    problems.error(&["layers"], message);
}

fn declared_twice(key: &str, other: usize, problems: &mut Problems<'_>) {
    let here = problems.origin(&["layers", key]);
    let there = problems.origin_in(other, &["layers", key]);
    let message = format!("is declared twice, first at {there}");
    problems.push(Problem::error(here, format!("layers.{key}"), message).hint("give one of them another key"));
}

/// What the first of these tables accepts that accepts anything.
fn allows<'t>(tables: &[&'t LayerTable]) -> &'t [Check] {
    tables.iter().find_map(|table| table.allow.as_deref()).unwrap_or_default()
}

/// What does not depend on the target.
fn limits(path: &[&str], table: &LayerTable, allow: &[Check], problems: &mut Problems<'_>) {
    let length = table.license.as_ref().map_or(0, |text| text.chars().count());
    if length > LICENSE_LIMIT {
        let place = [path, &["license"]].concat();
        problems.error(&place, format!("has {length} characters; Lambda accepts {LICENSE_LIMIT}"));
    }
    let is_told = !allow.contains(&Check::RuntimeUnknown);
    for runtime in table.compatible_runtimes.iter().flatten().filter(|runtime| is_told && !runtime.is_known()) {
        let near = nearest(runtime.as_str(), KNOWN_RUNTIMES.iter().copied());
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let place = [path, &["compatible-runtimes"]].concat();
        let message = format!("`{}` is not among the runtimes known here{hint}", excerpt(runtime.as_str()));
        let here = problems.origin(&[&place, &[runtime.as_str()][..]].concat());
        problems.push(Problem::warning("runtime-unknown", here, place.join("."), message));
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
        build,
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
        allow,
        share,
        parameter,
        attest,
        storage,
        keep,
        keep_days,
        protect,
        targets,
    )
}
