//! The fields of one layer at one target: placeholders filled, each value held against its limits.

mod follow_ups;
mod retention;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::targets::TargetDraft;
use super::{Build, Job, LocalPath};
use crate::config::{Detect, Filled, LayerTable, Placeholders, Problems, excerpt, fill};
use crate::finding::Check;
use crate::layer::{AccountId, DESCRIPTION_LIMIT, LayerName, LayerSettings, S3_KEY_LIMIT, S3Location, Storage};

/// One layer at one target, before it is a job.
pub struct Fields<'a> {
    /// Number of the file that declares it.
    pub file: usize,
    /// Key of the layer.
    pub key: &'a str,
    /// The layer as it is written: problems are put there, or in the defaults.
    pub own: &'a LayerTable,
    /// The layer with the defaults in it.
    pub layer: &'a LayerTable,
    /// Where it goes.
    pub at: &'a TargetDraft,
    /// The target's own bucket.
    pub target_bucket: Option<&'a str>,
    /// Looks an environment variable up.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// A job, with what messages may show of it.
pub struct Draft {
    /// Number of the file that declares it.
    pub file: usize,
    /// The job.
    pub job: Job,
    /// Whether all of it is as it was written: where something was told to be wrong, its places say nothing.
    pub is_sound: bool,
    /// Its places for messages, where values of environment variables are in them.
    masked: Option<Box<ShownPlaces>>,
}

/// The places of a job, for messages.
#[derive(Clone, Debug)]
pub struct ShownPlaces {
    /// S3 URI of the staged archive.
    pub staged: String,
    /// S3 URI of the backups' prefix.
    pub backups: String,
    /// The name in Lambda.
    pub name: String,
    /// The name of the parameter; empty where there is none.
    pub parameter: String,
}

impl Draft {
    /// Its places, for messages.
    pub fn shown(&self) -> ShownPlaces {
        let Job { staged, backups, name, follow_ups, .. } = &self.job;
        let plain = || ShownPlaces {
            staged: staged.to_string(),
            backups: backups.to_string(),
            name: name.to_string(),
            parameter: follow_ups.parameter.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        self.masked.as_deref().cloned().unwrap_or_else(plain)
    }
}

/// Where a value is written.
type Place<'a> = Vec<&'a str>;

impl<'a> Fields<'a> {
    /// The job as far as it can be made, or `None` and what is wrong.
    pub fn draft(&self, problems: &mut Problems<'_>) -> Option<Draft> {
        // Every field is looked at before one that is wrong ends it.
        let (name, bucket) = (self.name(problems), self.bucket(problems));
        let (manifest, description) = (self.manifest(problems), self.description(problems));
        let prefix = self.prefix(problems);
        let bucket_owner = self.bucket_owner(problems);
        let follow_ups = self.follow_ups(problems);
        // What builds on a prefix that cannot be filled would only repeat its problem: any prefix will do for that.
        let under = prefix.clone().unwrap_or_else(|| Filled::plain("prefix"));
        let staged = self.key("staged-key", "layer/layer.zip", &under, problems);
        let backups = self.key("backup-prefix", "layer", &under, problems);
        let (name, bucket, (manifest, manifest_name)) = (name?, bucket?, manifest?);
        prefix?;
        let (follow_ups, parameter) = follow_ups?;
        let places = Places { name: &name.1, bucket, staged: staged?, backups: backups?, parameter };
        let local = |written: &str| LocalPath { path: problems.folder().join(written), shown: written.to_owned() };
        let detect = self.layer.detect.clone().unwrap_or_else(|| vec![Detect::Manifest, Detect::Settings]);
        let job = Job {
            layer: self.key.to_owned(),
            target: Arc::clone(&self.at.target),
            name: name.0,
            manifest: local(manifest),
            reach: problems.reach(),
            manifest_name: manifest_name.to_owned(),
            archive: self.layer.archive.as_deref().map(local),
            build: self.layer.build.as_ref().map(|build| Build {
                command: build.command.clone(),
                folder: working_directory(&problems.folder().join(&build.folder)),
            }),
            staged: S3Location { bucket: places.bucket.text.clone(), key: places.staged.text.clone() },
            bucket_owner: bucket_owner?,
            backups: S3Location { bucket: places.bucket.text.clone(), key: places.backups.text.clone() },
            settings: self.settings(description?),
            detect: detect.into_iter().collect(),
            unpinned: self.layer.unpinned.unwrap_or_default(),
            allow: self.layer.allow.iter().flatten().copied().collect(),
            storage: self.layer.storage.unwrap_or_default(),
            follow_ups,
            retention: self.retention(),
        };
        let is_whole = !problems.is_incomplete(&["layers", self.key]) && !problems.is_incomplete(&["defaults"]);
        Some(Draft { file: self.file, job, is_sound: self.at.is_sound && is_whole, masked: places.masked() })
    }

    /// `None` for one that is wrong, `Some(None)` for none.
    #[allow(clippy::option_option, reason = "two questions: whether it is right, and whether there is one")]
    fn bucket_owner(&self, problems: &mut Problems<'_>) -> Option<Option<AccountId>> {
        let place = self.place("bucket-owner", self.own.bucket_owner.is_some());
        let Some(written) = &self.layer.bucket_owner else { return (!problems.is_unreadable(&place)).then_some(None) };
        let wrong = |unfit| problems.error(&place, format!("`{}` {unfit}", excerpt(written)));
        written.parse().map_err(wrong).ok().map(Some)
    }

    fn placeholders(&self) -> Placeholders<'a> {
        let target = &self.at.target;
        Placeholders {
            layer: Some(self.key),
            target: &target.name,
            region: target.region.as_str(),
            account: target.account.as_ref().map(AccountId::as_str),
            prefix: None,
        }
    }

    /// A key of the layer, or of the defaults if it is theirs.
    fn place(&self, field: &'a str, of_the_layer: bool) -> Place<'a> {
        if of_the_layer { vec!["layers", self.key, field] } else { vec!["defaults", field] }
    }

    /// Whether a key is written somewhere, but cannot be read.
    fn is_unreadable(&self, field: &str, problems: &Problems<'_>) -> bool {
        problems.is_unreadable(&["layers", self.key, field]) || problems.is_unreadable(&["defaults", field])
    }

    fn fill(
        &self,
        template: &str,
        placeholders: &Placeholders<'_>,
        place: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Filled> {
        fill(template, placeholders, self.env).map_err(|message| problems.error_once(place, message)).ok()
    }

    fn name(&self, problems: &mut Problems<'_>) -> Option<(LayerName, Filled)> {
        let place = self.place("name", self.own.name.is_some() || self.layer.name.is_none());
        let name = match &self.layer.name {
            Some(template) => self.fill(template, &self.placeholders(), &place, problems)?,
            None if self.is_unreadable("name", problems) => return None,
            // The key itself is not a template.
            None => Filled::plain(self.key),
        };
        match LayerName::in_region(&name.text, &self.at.target.region) {
            Ok(parsed) => Some((parsed, name)),
            Err(unfit) => refuse(problems, &place, format!("the layer name `{}` {unfit}", excerpt(name.shown()))),
        }
    }

    fn bucket(&self, problems: &mut Problems<'_>) -> Option<Filled> {
        let target = self.at.target.name.as_str();
        let (template, place) = match (self.target_bucket, self.layer.bucket.as_deref()) {
            (Some(bucket), _) => (bucket, vec!["targets", target, "bucket"]),
            (None, Some(bucket)) => (bucket, self.place("bucket", self.own.bucket.is_some())),
            (None, None) => {
                let is_there =
                    self.is_unreadable("bucket", problems) || problems.is_unreadable(&["targets", target, "bucket"]);
                let message = "has no `bucket`; set it here, in [defaults] or at the target";
                if !is_there {
                    problems.error(&["layers", self.key], message);
                }
                return None;
            }
        };
        let bucket = self.fill(template, &self.placeholders(), &place, problems)?;
        match bucket_problem(&bucket.text) {
            Some(problem) => {
                refuse(problems, &place, format!("the bucket name `{}` {problem}", excerpt(bucket.shown())))
            }
            None => Some(bucket),
        }
    }

    fn manifest(&self, problems: &mut Problems<'_>) -> Option<(&'a str, &'a str)> {
        let Some(manifest) = self.layer.manifest.as_deref() else {
            if !self.is_unreadable("manifest", problems) {
                problems.error(&["layers", self.key], "has no `manifest`: the dependency lock file it is built from");
            }
            return None;
        };
        let place = self.place("manifest", self.own.manifest.is_some());
        let Some(name) = Path::new(manifest).file_name().and_then(|name| name.to_str()) else {
            return refuse(problems, &place, format!("`{}` does not name a file", excerpt(manifest)));
        };
        let is_allowed = self.layer.allow.iter().flatten().any(|check| *check == Check::ManifestNotLocked);
        if let Some((_, lock)) = NOT_LOCKED.iter().find(|(loose, _)| *loose == name && !is_allowed) {
            let message =
                format!("`{name}` does not lock versions: what it installs can change while the file stays the same");
            problems.warn("manifest-not-locked", &place, format!("{message}; name {lock} instead"));
        }
        Some((manifest, name))
    }

    /// `None` for a description that is wrong, `Some(None)` for none.
    #[allow(clippy::option_option, reason = "two questions: whether it is right, and whether there is one")]
    fn description(&self, problems: &mut Problems<'_>) -> Option<Option<String>> {
        let Some(template) = &self.layer.description else { return Some(None) };
        let place = self.place("description", self.own.description.is_some());
        let text = self.fill(template, &self.placeholders(), &place, problems)?.text;
        match text.chars().count() {
            0 => Some(None),
            length if length > DESCRIPTION_LIMIT => {
                refuse(problems, &place, format!("has {length} characters; Lambda accepts {DESCRIPTION_LIMIT}"))
            }
            _ => Some(Some(text)),
        }
    }

    fn prefix(&self, problems: &mut Problems<'_>) -> Option<Filled> {
        let place = self.place("prefix", self.own.prefix.is_some());
        let template = self.layer.prefix.as_deref().unwrap_or("layers/{layer}");
        Some(self.fill(template, &self.placeholders(), &place, problems)?.map(without_slash))
    }

    /// A key in S3: as it is written, or this end of a path below the prefix.
    fn key(&self, field: &'static str, end: &str, prefix: &Filled, problems: &mut Problems<'_>) -> Option<Filled> {
        let placeholders = Placeholders { prefix: Some(prefix), ..self.placeholders() };
        let of = |layer: &'a LayerTable| match field {
            "staged-key" => layer.staged_key.as_deref(),
            _ => layer.backup_prefix.as_deref(),
        };
        let (key, place) = match of(self.layer) {
            Some(template) => {
                let place = self.place(field, of(self.own).is_some());
                (self.fill(template, &placeholders, &place, problems)?, place)
            }
            // A key that is made of the prefix has its problems there.
            None => {
                let of_the_layer = self.own.prefix.is_some() || self.layer.prefix.is_none();
                let below = |prefix: String| if prefix.is_empty() { end.to_owned() } else { format!("{prefix}/{end}") };
                (prefix.clone().map(below), self.place("prefix", of_the_layer))
            }
        };
        let behind = self.layer.manifest.as_deref().unwrap_or_default().len();
        let kept = field == "backup-prefix" && self.layer.storage == Some(Storage::Reference);
        let behind = if kept { behind.max(KEPT_ARCHIVE) } else { behind };
        match key_problem(&key.text, behind) {
            Some(problem) => refuse(problems, &place, problem),
            None if field == "backup-prefix" => Some(key.map(without_slash)),
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

/// Manifests that say what is wanted, not what it leads to; and what to name in their place.
const NOT_LOCKED: [(&str, &str); 9] = [
    ("pyproject.toml", "`uv.lock`, `poetry.lock` or `pylock.toml`"),
    ("setup.py", "a locked `requirements.txt`"),
    ("setup.cfg", "a locked `requirements.txt`"),
    ("requirements.in", "the `requirements.txt` made of it"),
    ("Pipfile", "`Pipfile.lock`"),
    ("package.json", "`package-lock.json`, `pnpm-lock.yaml` or `yarn.lock`"),
    ("Gemfile", "`Gemfile.lock`"),
    ("composer.json", "`composer.lock`"),
    ("Cargo.toml", "`Cargo.lock`"),
];

struct Places<'n> {
    name: &'n Filled,
    bucket: Filled,
    staged: Filled,
    backups: Filled,
    parameter: Option<Filled>,
}

impl Places<'_> {
    /// The places for messages, if they differ from the real ones.
    fn masked(&self) -> Option<Box<ShownPlaces>> {
        let Self { name, bucket, staged, backups, parameter } = self;
        let filled = [*name, bucket, staged, backups].into_iter().chain(parameter);
        let is_masked = filled.into_iter().any(|filled| filled.shown() != filled.text);
        is_masked.then(|| {
            Box::new(ShownPlaces {
                staged: format!("s3://{}/{}", bucket.shown(), staged.shown()),
                backups: format!("s3://{}/{}", bucket.shown(), backups.shown()),
                name: name.shown().to_owned(),
                parameter: parameter.as_ref().map(Filled::shown).unwrap_or_default().to_owned(),
            })
        })
    }
}

/// A folder in which something can be run: none is written where it is the current one.
fn working_directory(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
}

#[allow(clippy::needless_pass_by_value, reason = "changes a filled template's text for another one")]
fn without_slash(text: String) -> String {
    text.trim_end_matches('/').to_owned()
}

fn refuse<T>(problems: &mut Problems<'_>, place: &[&str], message: String) -> Option<T> {
    problems.error_once(place, message);
    None
}

/// What comes behind the backup prefix for an archive that stays is so much longer than a version: `content/`, a digest in
/// hexadecimal and `.zip`.
const KEPT_ARCHIVE: usize = 65;

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
    let length = bucket.chars().count();
    if !(3..=63).contains(&length) {
        let noun = if length == 1 { "character" } else { "characters" };
        return Some(format!("has {length} {noun}; S3 accepts 3 to 63"));
    }
    if let Some(bad) = bucket.chars().find(|c| !allowed(*c)) {
        return Some(format!("has the character `{bad}`; S3 accepts lower-case letters, digits, `.` and `-`"));
    }
    (!edge(bucket.chars().next()) || !edge(bucket.chars().last()))
        .then(|| "must begin and end with a letter or digit".to_owned())
}
