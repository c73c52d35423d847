//! The cells of the table of `status`.

use super::TargetOverview;
use crate::layer::Storage;
use crate::outcome::{BackupStatus, LayerStatus, LockState, LockStatus, ParameterState, PublishedVersion, ShareStatus};
use crate::report::Shown;
use crate::report::model::Report;
use crate::report::wording::{plural, size};
use crate::shown;

/// What is not looked at everywhere: a column that has nothing to say is left out.
pub struct Column {
    pub name: &'static str,
    cell: fn(&LayerStatus) -> Option<Shown>,
}

pub const COLUMNS: [Column; 3] = [
    Column { name: "SHARED", cell: shared },
    Column { name: "PARAMETER", cell: parameter },
    Column { name: "VERSIONS", cell: versions },
];

impl Column {
    pub fn is_worth_it(&self, report: &Report) -> bool {
        report.jobs.iter().any(|job| job.status.as_deref().is_some_and(|status| (self.cell)(status).is_some()))
    }
}

/// `2, 1 missing, 1 extra`: how many are let in that should be, and what is not so. Nothing where nobody else is let in,
/// and nobody should be.
fn shared(status: &LayerStatus) -> Option<Shown> {
    let share = status.share.as_ref().filter(|share| **share != ShareStatus::default())?;
    let off = [(share.missing.len(), "missing"), (share.extra.len(), "extra")];
    let off = off.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| shown!(", {} {}", count, what));
    Some(Shown::join(std::iter::once(shown!("{}", share.there.len())).chain(off), ""))
}

fn parameter(status: &LayerStatus) -> Option<Shown> {
    let said = match status.parameter.as_ref()?.state {
        ParameterState::Same => "same",
        ParameterState::Differs => "differs",
        ParameterState::Missing => "missing",
    };
    Some(said.into())
}

pub fn row(layer: &str, at: &TargetOverview, columns: &[&Column]) -> Vec<Shown> {
    let nothing = || Shown::from("-");
    let latest = at.status.as_ref().and_then(|status| status.latest.as_ref());
    let cell = |of: Option<Shown>| of.unwrap_or_else(nothing);
    let mut row = vec![
        Shown::one_line(layer),
        Shown::one_line(&at.target),
        cell(latest.map(|latest| shown!("{}", latest.version))),
        cell(latest.and_then(|latest| latest.age_seconds).map(|seconds| shown!("{}", age(seconds)))),
        cell(latest.and_then(|latest| Some(size_of(latest, latest.size?)))),
        cell(latest.map(|latest| backup(latest.backup).into())),
        cell(at.status.as_ref().and_then(|status| status.lock.as_ref()).map(lock)),
    ];
    row.extend(columns.iter().map(|column| cell(at.status.as_ref().and_then(column.cell))));
    row.push(match &at.error {
        Some(error) => shown!("failed: {}", error.code.to_string()),
        None => cell(latest.map(|latest| Shown::one_line(&latest.layer_version_arn))),
    });
    row
}

/// Beside the size stands where the zip is, where that is not what one would think.
fn size_of(latest: &PublishedVersion, bytes: u64) -> Shown {
    match latest.storage {
        Some(Storage::Reference) => shown!("{} in the bucket", size(bytes)),
        Some(Storage::Copy) | None => shown!("{}", size(bytes)),
    }
}

fn versions(status: &LayerStatus) -> Option<Shown> {
    let without = status.versions.iter().filter(|version| !version.backed_up).count();
    match (status.versions.len(), without) {
        (0, _) => None,
        (all, 0) => Some(shown!("{}", all)),
        (all, without) => Some(shown!("{}, {} without backup", all, without)),
    }
}

fn backup(backup: BackupStatus) -> &'static str {
    match backup {
        BackupStatus::Same => "same",
        BackupStatus::Differs => "differs",
        BackupStatus::There => "there",
        BackupStatus::Missing => "missing",
    }
}

fn lock(lock: &LockStatus) -> Shown {
    let phase = lock.phase.as_deref().unwrap_or_default();
    let host = lock.host.as_deref().unwrap_or_default();
    match lock.state {
        LockState::Free => "free".into(),
        LockState::Foreign => "not a lock".into(),
        LockState::Held => shown!("{} on {}, {}", phase, host, age(lock.age_seconds)),
        LockState::Stale => shown!("left by {}, {}", host, age(lock.age_seconds)),
    }
}

/// `3 days`: whoever reads it wants to know how old something is, not to the second.
fn age(seconds: u64) -> String {
    let whole = |unit: u64| usize::try_from(seconds / unit).unwrap_or(usize::MAX);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => plural(whole(60), "minute"),
        3_600..86_400 => plural(whole(3_600), "hour"),
        _ => plural(whole(86_400), "day"),
    }
}
