//! Layers × targets → jobs: defaults merged, templates filled, limits checked. All problems are collected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::unique::shared_places;
use super::{Job, LocalPath, Plan, Target};
use crate::config::{Detect, LayerTable, LayersFile, Problem, Scope, Source, TargetTable, nearest, render};
use crate::layer::{
    DESCRIPTION_LIMIT, KNOWN_RUNTIMES, LICENSE_LIMIT, LayerSettings, S3_KEY_LIMIT, S3Location, layer_name_problem,
};

/// What a plan takes from its surroundings.
pub struct Ambient<'a> {
    /// Region of the ambient AWS configuration.
    pub region: Option<String>,
    /// Looks an environment variable up.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// Builds the plan of a layers file; the problems beside it are warnings.
///
/// # Errors
/// Every problem of the file, warnings among them.
pub fn build(
    file: &LayersFile,
    source: &Source<'_>,
    ambient: &Ambient<'_>,
) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
    let mut builder = Builder { source, ambient, problems: Vec::new() };
    if file.layers.is_empty() {
        builder.problems.push(
            Problem::error(None, "layers", "the file has no layers")
                .hint("add a table `[layers.NAME]`; `layership init` writes an example"),
        );
    }
    let targets = builder.targets(&file.targets);
    let mut jobs: Vec<Arc<Job>> = Vec::with_capacity(file.layers.len() * targets.len());
    for (key, layer) in &file.layers {
        let merged = merge(layer, &file.defaults);
        builder.layer_limits(key, layer, &file.defaults);
        for target in builder.layer_targets(key, layer, &merged, &targets) {
            let own_bucket = file.targets.get(&target.name).and_then(|table| table.bucket.as_deref());
            jobs.extend(builder.job(key, &merged, layer, target, own_bucket).map(Arc::new));
        }
    }
    builder.problems.extend(shared_places(&jobs, source));
    builder.finish(Plan { jobs })
}

struct Builder<'a> {
    source: &'a Source<'a>,
    ambient: &'a Ambient<'a>,
    problems: Vec<Problem>,
}

impl Builder<'_> {
    fn finish(mut self, plan: Plan) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
        let mut seen = BTreeSet::new();
        self.problems.retain(|problem| seen.insert(problem.to_string()));
        self.problems.sort_by_key(|problem| problem.line);
        if self.problems.iter().any(|problem| problem.severity == crate::config::Severity::Error) {
            return Err(self.problems);
        }
        Ok((plan, self.problems))
    }

    /// The path may end in empty parts.
    fn error(&mut self, path: &[&str], message: impl Into<String>) {
        let path: Vec<&str> = path.iter().copied().filter(|part| !part.is_empty()).collect();
        self.problems.push(Problem::error(self.source.line(&path), path.join("."), message));
    }

    fn warn(&mut self, path: &[&str], message: impl Into<String>) {
        self.problems.push(Problem::warning(self.source.line(path), path.join("."), message));
    }

    fn targets(&mut self, tables: &BTreeMap<String, TargetTable>) -> Vec<Arc<Target>> {
        if tables.is_empty() {
            return self.ambient_target().into_iter().collect();
        }
        tables.iter().filter_map(|(name, table)| self.target(name, table)).map(Arc::new).collect()
    }

    fn ambient_target(&mut self) -> Option<Arc<Target>> {
        let Some(region) = self.ambient.region.clone() else {
            self.problems.push(
                Problem::error(None, "targets", "there is no target, and the AWS configuration names no Region").hint(
                    "set AWS_REGION, or a region in the AWS profile, or add a target such as `[targets.us-east-1]`",
                ),
            );
            return None;
        };
        Some(Arc::new(Target { name: region.clone(), region, account: None, profile: None, role_arn: None }))
    }

    fn target(&mut self, name: &str, table: &TargetTable) -> Option<Target> {
        let region = table.region.clone().unwrap_or_else(|| name.to_owned());
        if !looks_like_region(&region) {
            match &table.region {
                Some(_) => self.error(&["targets", name, "region"], format!("`{region}` is no AWS Region")),
                None => self.error(
                    &["targets", name],
                    format!("`{name}` is no AWS Region; add `region = \"…\"` to the target"),
                ),
            }
            return None;
        }
        let scope = Scope { target: name, region: &region, account: table.account.as_deref(), ..Scope::default() };
        let role_arn = match &table.role_arn {
            Some(template) => Some(self.render(&["targets", name, "role-arn"], template, &scope)?),
            None => None,
        };
        let (account, profile) = (table.account.clone(), table.profile.clone());
        Some(Target { name: name.to_owned(), region, account, profile, role_arn })
    }

    /// The targets a layer goes to; a name that is no target is an error.
    fn layer_targets(
        &mut self,
        key: &str,
        own: &LayerTable,
        layer: &LayerTable,
        targets: &[Arc<Target>],
    ) -> Vec<Arc<Target>> {
        let Some(names) = &layer.targets else { return targets.to_vec() };
        let path: [&str; 3] =
            if own.targets.is_some() { ["layers", key, "targets"] } else { ["defaults", "targets", ""] };
        let path = if own.targets.is_some() { &path[..] } else { &path[..2] };
        if names.is_empty() {
            self.error(path, "names no target; leave it out for all of them");
        }
        let mut chosen = Vec::new();
        for name in names {
            match targets.iter().find(|target| target.name == *name) {
                Some(target) => chosen.push(Arc::clone(target)),
                None => {
                    let known: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
                    let hint = nearest(name, known.iter().copied()).map_or_else(
                        || format!("known targets: {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.error(path, format!("there is no target `{name}`; {hint}"));
                }
            }
        }
        chosen.dedup();
        chosen
    }

    fn job(
        &mut self,
        key: &str,
        layer: &LayerTable,
        own: &LayerTable,
        target: Arc<Target>,
        target_bucket: Option<&str>,
    ) -> Option<Job> {
        let place = |name: &'static str, is_own: bool| -> [&str; 3] {
            if is_own { ["layers", key, name] } else { ["defaults", name, ""] }
        };
        let scope = Scope {
            layer: Some(key),
            target: &target.name,
            region: &target.region,
            account: target.account.as_deref(),
            prefix: None,
        };
        let before = self.problems.len();
        let name = self.field(&place("name", own.name.is_some()), layer.name.as_deref(), key, &scope);
        let bucket = match (target_bucket, layer.bucket.as_deref()) {
            (Some(bucket), _) => self.render(&["targets", &target.name, "bucket"], bucket, &scope),
            (None, Some(bucket)) => self.render(&place("bucket", own.bucket.is_some()), bucket, &scope),
            (None, None) => {
                self.error(&["layers", key], "has no `bucket`; set it here, in [defaults] or at the target");
                None
            }
        };
        let prefix =
            self.field(&place("prefix", own.prefix.is_some()), layer.prefix.as_deref(), "layers/{layer}", &scope);
        // Whatever builds on a prefix that cannot be rendered would only repeat its problem: any prefix will do then.
        let prefix = prefix.as_deref().unwrap_or("prefix").trim_end_matches('/');
        let scope = Scope { prefix: Some(prefix), ..scope };
        let joined = |rest: &str| if prefix.is_empty() { rest.to_owned() } else { format!("{{prefix}}/{rest}") };
        // A key that is made of the prefix has its problems there.
        let prefix_place = place("prefix", own.prefix.is_some() || layer.prefix.is_none());
        let staged_place = match layer.staged_key {
            Some(_) => place("staged-key", own.staged_key.is_some()),
            None => prefix_place,
        };
        let staged = self.field(&staged_place, layer.staged_key.as_deref(), &joined("layer/layer.zip"), &scope);
        let backup_place = match layer.backup_prefix {
            Some(_) => place("backup-prefix", own.backup_prefix.is_some()),
            None => prefix_place,
        };
        let backups = self.field(&backup_place, layer.backup_prefix.as_deref(), &joined("layer"), &scope);
        let backups = backups.map(|prefix| prefix.trim_end_matches('/').to_owned());
        let description = match layer.description.as_deref() {
            Some(text) => self.render(&place("description", own.description.is_some()), text, &scope),
            None => None,
        };
        let Some(manifest) = layer.manifest.as_deref() else {
            self.error(&["layers", key], "has no `manifest`: the dependency lock file it is built from");
            return None;
        };
        let manifest_place = place("manifest", own.manifest.is_some());
        let Some(manifest_name) = Path::new(manifest).file_name().and_then(|name| name.to_str()) else {
            self.error(&manifest_place, format!("`{manifest}` names no file"));
            return None;
        };
        if self.problems.len() > before {
            return None;
        }
        let (name, bucket, staged, backups) = (name?, bucket?, staged?, backups?);
        let name_place = place("name", own.name.is_some() || layer.name.is_none());
        let bucket_place = match target_bucket {
            Some(_) => ["targets", &target.name, "bucket"],
            None => place("bucket", own.bucket.is_some()),
        };
        self.name(&name_place, &target, &name);
        self.bucket(&bucket_place, &bucket);
        for (what, place) in [(&staged, &staged_place), (&backups, &backup_place)] {
            self.key(place, what, manifest_name);
        }
        let description = description.filter(|text| !text.is_empty());
        self.description(&place("description", own.description.is_some()), description.as_deref());
        Some(Job {
            layer: key.to_owned(),
            name,
            manifest: self.local(manifest),
            manifest_name: manifest_name.to_owned(),
            archive: layer.archive.as_deref().map(|archive| self.local(archive)),
            staged: S3Location { bucket: bucket.clone(), key: staged },
            backups: S3Location { bucket, key: backups },
            settings: settings(layer, description),
            detect: layer
                .detect
                .clone()
                .unwrap_or_else(|| vec![Detect::Manifest, Detect::Settings])
                .into_iter()
                .collect(),
            unpinned: layer.unpinned.unwrap_or_default(),
            target,
        })
    }

    fn local(&self, written: &str) -> LocalPath {
        LocalPath { path: self.source.folder().join(written), shown: written.to_owned() }
    }

    fn field(&mut self, path: &[&str], value: Option<&str>, default: &str, scope: &Scope<'_>) -> Option<String> {
        // A default that is the layer's key is no template: a brace in it belongs to the name check.
        match value {
            None if !default.contains('{') || scope.layer == Some(default) => Some(default.to_owned()),
            None => self.render(path, default, scope),
            Some(template) => self.render(path, template, scope),
        }
    }

    fn render(&mut self, path: &[&str], template: &str, scope: &Scope<'_>) -> Option<String> {
        render(template, scope, self.ambient.env).map_err(|message| self.error(path, message)).ok()
    }

    fn name(&mut self, place: &[&str], target: &Target, name: &str) {
        if let Some(problem) = layer_name_problem(name, &target.region) {
            self.error(place, format!("the layer name `{name}` {problem}"));
        }
    }

    fn bucket(&mut self, place: &[&str], bucket: &str) {
        if let Some(problem) = bucket_problem(bucket) {
            self.error(place, format!("the bucket name `{bucket}` {problem}"));
        }
    }

    fn key(&mut self, path: &[&str], key: &str, manifest_name: &str) {
        if key.starts_with('/') {
            self.error(path, "the S3 key starts with `/`; keys in S3 have no leading slash");
        }
        // The longest key made of it: a backup of a version with ten digits.
        if key.len() + manifest_name.len() + 12 > S3_KEY_LIMIT {
            self.error(path, format!("the S3 key is longer than the {S3_KEY_LIMIT} bytes S3 accepts"));
        }
        if key.chars().any(char::is_control) {
            self.error(path, "the S3 key has a control character");
        }
    }

    fn description(&mut self, place: &[&str], description: Option<&str>) {
        let length = description.map_or(0, |text| text.chars().count());
        if length > DESCRIPTION_LIMIT {
            self.error(place, format!("has {length} characters; Lambda accepts {DESCRIPTION_LIMIT}"));
        }
    }

    /// What does not depend on the target.
    fn layer_limits(&mut self, key: &str, layer: &LayerTable, defaults: &LayerTable) {
        for (table, path) in [(layer, vec!["layers", key]), (defaults, vec!["defaults"])] {
            let at = |name: &'static str| [path.as_slice(), &[name]].concat();
            if let Some(license) = table.license.as_ref().filter(|text| text.chars().count() > LICENSE_LIMIT) {
                let length = license.chars().count();
                self.error(&at("license"), format!("has {length} characters; Lambda accepts {LICENSE_LIMIT}"));
            }
            for runtime in table.compatible_runtimes.iter().flatten() {
                if KNOWN_RUNTIMES.contains(&runtime.as_str()) {
                    continue;
                }
                let hint = nearest(runtime, KNOWN_RUNTIMES.iter().copied())
                    .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                self.warn(
                    &at("compatible-runtimes"),
                    format!("`{runtime}` is not among the runtimes known here{hint}"),
                );
            }
        }
    }
}

fn settings(layer: &LayerTable, description: Option<String>) -> LayerSettings {
    LayerSettings {
        compatible_runtimes: layer.compatible_runtimes.clone().unwrap_or_default(),
        compatible_architectures: layer
            .compatible_architectures
            .iter()
            .flatten()
            .map(|architecture| architecture.as_str().to_owned())
            .collect(),
        description,
        license: layer.license.clone().filter(|text| !text.is_empty()),
    }
}

/// The layer's own keys, then the defaults'.
fn merge(layer: &LayerTable, defaults: &LayerTable) -> LayerTable {
    macro_rules! first {
        ($($field:ident),*) => { LayerTable { $($field: layer.$field.clone().or_else(|| defaults.$field.clone())),* } };
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
        targets
    )
}

fn looks_like_region(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let number = parts.last().is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    let words =
        parts[..parts.len() - 1].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()));
    parts.len() >= 3 && number && words
}

/// Why a bucket name cannot be one, by S3's naming rules for general purpose buckets.
fn bucket_problem(bucket: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&bucket.len()) {
        return Some(format!("has {} characters; S3 accepts 3 to 63", bucket.len()));
    }
    if let Some(bad) = bucket.chars().find(|c| !allowed(*c)) {
        return Some(format!("has the character `{bad}`; S3 accepts lower-case letters, digits, `.` and `-`"));
    }
    (!edge(bucket.chars().next()) || !edge(bucket.chars().last()))
        .then(|| "must begin and end with a letter or digit".to_owned())
}
