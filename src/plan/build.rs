//! Layers × targets → jobs. All problems are collected.

use std::sync::Arc;

use super::Plan;
use super::fields::Fields;
use super::problems::Problems;
use super::targets::{Ambient, targets, targets_of};
use super::unique::shared_places;
use crate::config::{LayerTable, LayersFile, Problem, Source, nearest};
use crate::layer::{KNOWN_RUNTIMES, LICENSE_LIMIT};

/// Builds the plan of a layers file; the problems beside it are warnings.
///
/// # Errors
/// Every problem of the file, warnings among them.
pub fn build(
    file: &LayersFile,
    source: &Source<'_>,
    ambient: &Ambient<'_>,
) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
    let mut problems = Problems::of(source);
    if file.layers.is_empty() {
        problems.extend([Problem::error(None, "layers", "the file has no layers")
            .hint("add a table `[layers.NAME]`; `layership init` writes an example")]);
    }
    limits(&["defaults"], &file.defaults, &mut problems);
    let targets = targets(&file.targets, ambient, &mut problems);
    let mut jobs = Vec::with_capacity(file.layers.len() * targets.len());
    for (key, own) in &file.layers {
        limits(&["layers", key], own, &mut problems);
        let layer = merge(own, &file.defaults);
        for target in &targets_of(key, own, &layer, &targets, &mut problems) {
            let target_bucket = file.targets.get(&target.name).and_then(|table| table.bucket.as_deref());
            let fields = Fields { key, own, layer: &layer, target, target_bucket, env: ambient.env };
            jobs.extend(fields.job(source.folder(), &mut problems).map(Arc::new));
        }
    }
    problems.extend(shared_places(&jobs, source));
    problems.or(Plan { jobs })
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
        problems.warn(&place, format!("`{runtime}` is not among the runtimes known here{hint}"));
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
