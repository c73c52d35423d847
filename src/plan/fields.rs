//! The fields of one layer at one target: templates filled, each value held against its limits.

use std::path::Path;
use std::sync::Arc;

use super::problems::Problems;
use super::{Job, LocalPath, Target};
use crate::config::{Detect, LayerTable, Scope, render};
use crate::layer::{AccountId, DESCRIPTION_LIMIT, LayerName, LayerSettings, S3_KEY_LIMIT, S3Location};

/// One layer at one target, before it is a job.
pub struct Fields<'a> {
    /// Key of the layer.
    pub key: &'a str,
    /// The layer as it is written: problems are put there, or in the defaults.
    pub own: &'a LayerTable,
    /// The layer with the defaults in it.
    pub layer: &'a LayerTable,
    /// Where it goes.
    pub target: &'a Arc<Target>,
    /// The target's own bucket.
    pub target_bucket: Option<&'a str>,
    /// Looks an environment variable up.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// Where a value is written.
type Place<'a> = Vec<&'a str>;

impl<'a> Fields<'a> {
    /// The job, or `None` and what is wrong.
    pub fn job(&self, folder: &Path, problems: &mut Problems<'_>) -> Option<Job> {
        // Every field is looked at before one that is wrong ends it.
        let (name, bucket) = (self.name(problems), self.bucket(problems));
        let (manifest, description) = (self.manifest(problems), self.description(problems));
        let prefix = self.prefix(problems);
        // What builds on a prefix that cannot be filled would only repeat its problem: any prefix will do for that.
        let under = prefix.as_deref().unwrap_or("prefix");
        let staged = self.key("staged-key", self.layer.staged_key.as_deref(), "layer/layer.zip", under, problems);
        let backups = self.key("backup-prefix", self.layer.backup_prefix.as_deref(), "layer", under, problems);
        let (name, bucket, description, (manifest, manifest_name)) = (name?, bucket?, description?, manifest?);
        prefix?;
        let local = |written: &str| LocalPath { path: folder.join(written), shown: written.to_owned() };
        let detect = self.layer.detect.clone().unwrap_or_else(|| vec![Detect::Manifest, Detect::Settings]);
        Some(Job {
            layer: self.key.to_owned(),
            target: Arc::clone(self.target),
            name,
            manifest: local(manifest),
            manifest_name: manifest_name.to_owned(),
            archive: self.layer.archive.as_deref().map(local),
            staged: S3Location { bucket: bucket.clone(), key: staged? },
            backups: S3Location { bucket, key: backups?.trim_end_matches('/').to_owned() },
            settings: self.settings(description),
            detect: detect.into_iter().collect(),
            unpinned: self.layer.unpinned.unwrap_or_default(),
        })
    }

    fn scope(&self) -> Scope<'a> {
        Scope {
            layer: Some(self.key),
            target: &self.target.name,
            region: self.target.region.as_str(),
            account: self.target.account.as_ref().map(AccountId::as_str),
            prefix: None,
        }
    }

    /// A key of the layer, or of the defaults if it is theirs.
    fn place(&self, field: &'a str, of_the_layer: bool) -> Place<'a> {
        if of_the_layer { vec!["layers", self.key, field] } else { vec!["defaults", field] }
    }

    fn fill(&self, template: &str, scope: &Scope<'_>, place: &[&str], problems: &mut Problems<'_>) -> Option<String> {
        render(template, scope, self.env).map_err(|message| problems.error(place, message)).ok()
    }

    fn name(&self, problems: &mut Problems<'_>) -> Option<LayerName> {
        let place = self.place("name", self.own.name.is_some() || self.layer.name.is_none());
        let name = match &self.layer.name {
            Some(template) => self.fill(template, &self.scope(), &place, problems)?,
            // The key itself is no template.
            None => self.key.to_owned(),
        };
        match LayerName::in_region(&name, &self.target.region) {
            Ok(parsed) => Some(parsed),
            Err(unfit) => refuse(problems, &place, format!("the layer name `{name}` {unfit}")),
        }
    }

    fn bucket(&self, problems: &mut Problems<'_>) -> Option<String> {
        let (template, place) = match (self.target_bucket, self.layer.bucket.as_deref()) {
            (Some(bucket), _) => (bucket, vec!["targets", self.target.name.as_str(), "bucket"]),
            (None, Some(bucket)) => (bucket, self.place("bucket", self.own.bucket.is_some())),
            (None, None) => {
                let message = "has no `bucket`; set it here, in [defaults] or at the target";
                return refuse(problems, &["layers", self.key], message.to_owned());
            }
        };
        let bucket = self.fill(template, &self.scope(), &place, problems)?;
        match bucket_problem(&bucket) {
            Some(problem) => refuse(problems, &place, format!("the bucket name `{bucket}` {problem}")),
            None => Some(bucket),
        }
    }

    fn manifest(&self, problems: &mut Problems<'_>) -> Option<(&'a str, &'a str)> {
        let Some(manifest) = self.layer.manifest.as_deref() else {
            let message = "has no `manifest`: the dependency lock file it is built from";
            return refuse(problems, &["layers", self.key], message.to_owned());
        };
        match Path::new(manifest).file_name().and_then(|name| name.to_str()) {
            Some(name) => Some((manifest, name)),
            None => {
                let place = self.place("manifest", self.own.manifest.is_some());
                refuse(problems, &place, format!("`{manifest}` names no file"))
            }
        }
    }

    /// `None` for a description that is wrong, `Some(None)` for none.
    #[allow(clippy::option_option, reason = "two questions: whether it is right, and whether there is one")]
    fn description(&self, problems: &mut Problems<'_>) -> Option<Option<String>> {
        let Some(template) = &self.layer.description else { return Some(None) };
        let place = self.place("description", self.own.description.is_some());
        let text = self.fill(template, &self.scope(), &place, problems)?;
        match text.chars().count() {
            0 => Some(None),
            length if length > DESCRIPTION_LIMIT => {
                refuse(problems, &place, format!("has {length} characters; Lambda accepts {DESCRIPTION_LIMIT}"))
            }
            _ => Some(Some(text)),
        }
    }

    fn prefix(&self, problems: &mut Problems<'_>) -> Option<String> {
        let place = self.place("prefix", self.own.prefix.is_some());
        let template = self.layer.prefix.as_deref().unwrap_or("layers/{layer}");
        let prefix = self.fill(template, &self.scope(), &place, problems)?;
        Some(prefix.trim_end_matches('/').to_owned())
    }

    /// A key in S3: as it is written, or this end of a path below the prefix.
    fn key(
        &self,
        field: &'static str,
        written: Option<&str>,
        end: &str,
        prefix: &str,
        problems: &mut Problems<'_>,
    ) -> Option<String> {
        let scope = Scope { prefix: Some(prefix), ..self.scope() };
        let (key, place) = match written {
            Some(template) => {
                let own = if field == "staged-key" { &self.own.staged_key } else { &self.own.backup_prefix };
                let place = self.place(field, own.is_some());
                (self.fill(template, &scope, &place, problems)?, place)
            }
            // A key that is made of the prefix has its problems there.
            None => {
                let of_the_layer = self.own.prefix.is_some() || self.layer.prefix.is_none();
                let key = if prefix.is_empty() { end.to_owned() } else { format!("{prefix}/{end}") };
                (key, self.place("prefix", of_the_layer))
            }
        };
        match key_problem(&key, self.layer.manifest.as_deref().unwrap_or_default().len()) {
            Some(problem) => refuse(problems, &place, problem),
            None => Some(key),
        }
    }

    fn settings(&self, description: Option<String>) -> LayerSettings {
        LayerSettings {
            compatible_runtimes: self.layer.compatible_runtimes.clone().unwrap_or_default(),
            compatible_architectures: self.layer.compatible_architectures.clone().unwrap_or_default(),
            description,
            license: self.layer.license.clone().filter(|text| !text.is_empty()),
        }
    }
}

fn refuse<T>(problems: &mut Problems<'_>, place: &[&str], message: String) -> Option<T> {
    problems.error(place, message);
    None
}

/// Why a key cannot be one, where a backup's file name of this length comes behind it.
fn key_problem(key: &str, file_name: usize) -> Option<String> {
    if key.starts_with('/') {
        return Some("the S3 key starts with `/`; keys in S3 have no leading slash".to_owned());
    }
    if key.chars().any(char::is_control) {
        return Some("the S3 key has a control character".to_owned());
    }
    // The longest key made of it: a backup of a version with ten digits.
    (key.len() + file_name + 12 > S3_KEY_LIMIT)
        .then(|| format!("the S3 key is longer than the {S3_KEY_LIMIT} bytes S3 accepts"))
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
