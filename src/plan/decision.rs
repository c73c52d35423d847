//! The decision: a pure function of what preflight found.
//!
//! | latest | its backup | bytes | settings | staged content = latest's `CodeSha256` | decision | reason |
//! |---|---|---|---|---|---|---|
//! | none | – | – | – | – | publish | `first-version` |
//! | some | missing | – | – | yes | adopt | `backup-missing` |
//! | some | missing | – | – | no, or unknown | publish | `backup-missing` |
//! | some | there | differ | – | – | publish | `dependencies-changed` |
//! | some | there | equal | differ | – | publish | `settings-changed` |
//! | some | there | equal | equal | no, where `detect` has `content` | publish | `content-changed` |
//! | some | there | equal | equal | no, and with `--align` the targets differ | publish | `behind` |
//! | some | there | equal | equal | – | keep | `unchanged` |
//!
//! A facet that `detect` does not name counts as equal. `--force` publishes what would be kept, reason `forced`.

use std::collections::BTreeSet;

use crate::config::Detect;
use crate::layer::{LayerSettings, Sha256};
use crate::outcome::{Decision, Reason, SettingChange};

/// The backup of the latest version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupState {
    /// There is no backup.
    Missing,
    /// The same manifest, line endings aside, or all else that its layer does not count.
    Same,
    /// It is of another manifest.
    Different,
}

/// The latest version in Lambda.
#[derive(Clone, Debug)]
pub struct Latest<'a> {
    /// What it was published with.
    pub settings: &'a LayerSettings,
    /// Its backup.
    pub backup: BackupState,
    /// `CodeSha256` of its content, where it was asked for.
    pub content: Option<Sha256>,
}

fn detects_manifest(detect: &BTreeSet<Detect>) -> bool {
    detect.contains(&Detect::Manifest) || detect.contains(&Detect::Dependencies)
}

/// What preflight found, as far as the decision needs it.
#[derive(Clone, Debug)]
pub struct Observed<'a> {
    /// The latest version; `None` before the first.
    pub latest: Option<Latest<'a>>,
    /// What the layer is to be published with.
    pub wanted: &'a LayerSettings,
    /// What counts as a change.
    pub detect: &'a BTreeSet<Detect>,
    /// SHA-256 of the staged zip, where it is known.
    pub staged: Option<Sha256>,
    /// What is staged brings the content of the layer's targets together, and that counts.
    pub is_behind: bool,
    /// Publish what would be kept.
    pub force: bool,
}

/// A decision, its reason and the settings that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What is to be done.
    pub decision: Decision,
    /// Why it is decided so.
    pub reason: Reason,
    /// Which settings differ, whether or not they are the reason.
    pub settings: Vec<SettingChange>,
}

/// Decides, by the table above.
#[inline(never)] // `bench/instructions` counts it by its name.
pub fn decide(observed: &Observed<'_>) -> Decided {
    let settings = observed.latest.as_ref().map(|latest| differences(latest.settings, observed)).unwrap_or_default();
    let same_content = |latest: &Latest<'_>| Some(observed.staged? == latest.content?);
    let (decision, reason) = match &observed.latest {
        None => (Decision::Publish, Reason::FirstVersion),
        Some(latest) if latest.backup == BackupState::Missing => match same_content(latest) {
            Some(true) => (Decision::Adopt, Reason::BackupMissing),
            _ => (Decision::Publish, Reason::BackupMissing),
        },
        Some(latest) if latest.backup == BackupState::Different && detects_manifest(observed.detect) => {
            (Decision::Publish, Reason::DependenciesChanged)
        }
        Some(_) if !settings.is_empty() => (Decision::Publish, Reason::SettingsChanged),
        Some(latest) if observed.detect.contains(&Detect::Content) && same_content(latest) == Some(false) => {
            (Decision::Publish, Reason::ContentChanged)
        }
        Some(latest) if observed.is_behind && same_content(latest) == Some(false) => {
            (Decision::Publish, Reason::Behind)
        }
        Some(_) if observed.force => (Decision::Publish, Reason::Forced),
        Some(_) => (Decision::Keep, Reason::Unchanged),
    };
    Decided { decision, reason, settings }
}

fn differences(latest: &LayerSettings, observed: &Observed<'_>) -> Vec<SettingChange> {
    let wanted = observed.wanted;
    let one = |text: &Option<String>| text.iter().filter(|text| !text.is_empty()).cloned().collect::<BTreeSet<_>>();
    let mut changes = Vec::new();
    if observed.detect.contains(&Detect::Settings) {
        changes.extend(change(
            "compatible-runtimes",
            texts(&latest.compatible_runtimes),
            texts(&wanted.compatible_runtimes),
        ));
        changes.extend(change(
            "compatible-architectures",
            texts(&latest.compatible_architectures),
            texts(&wanted.compatible_architectures),
        ));
        changes.extend(change("license", one(&latest.license), one(&wanted.license)));
    }
    if observed.detect.contains(&Detect::Description) {
        changes.extend(change("description", one(&latest.description), one(&wanted.description)));
    }
    changes
}

fn texts<T: AsRef<str>>(words: &[T]) -> BTreeSet<String> {
    words.iter().map(|word| word.as_ref().to_owned()).collect()
}

/// The difference of two values as sets; `None` if there is none.
fn change(setting: &str, old: BTreeSet<String>, new: BTreeSet<String>) -> Option<SettingChange> {
    (old != new).then(|| SettingChange {
        setting: setting.to_owned(),
        added: new.difference(&old).cloned().collect(),
        removed: old.difference(&new).cloned().collect(),
    })
}

#[cfg(test)]
mod tests;
