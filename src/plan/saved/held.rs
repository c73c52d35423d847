//! One job, held against what was planned for it.
//!
//! | planned to | found now | then |
//! |---|---|---|
//! | anything | all as it was | it is carried out |
//! | publish | a newer version with the planned content, without its backup | its backup is written |
//! | publish | a newer version with the planned content, and its backup | it is done already |
//! | adopt | the same version, with its backup | it is done already |
//! | anything | anything else | it is refused, with what differs |
//!
//! The rows in the middle make it harmless to carry a plan out twice, and let the second time finish what was cut off.

use std::cmp::Ordering;
use std::sync::Arc;

use super::SavedJob;
use crate::outcome::Decision;

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// As it was planned, or cut off before its backup was written: it is carried out.
    ToDo,
    /// The planned result seems to be there. It is, if the version has the planned content.
    Done,
    /// Something else: what differs, in words.
    Stale(Vec<String>),
}

/// Holds a job as it is against the job as it was planned.
pub fn hold(planned: &SavedJob, now: &SavedJob) -> Held {
    // A plan that was made before staging knows no object in S3.
    let mut now = now.clone();
    // What follows the version is held against the plan where it is done, when its state is known.
    now.share.clone_from(&planned.share);
    now.parameter.clone_from(&planned.parameter);
    now.attest = planned.attest;
    // Plans of the first format say nothing of it.
    if planned.manifest.includes.is_none() {
        now.manifest.includes = None;
    }
    if planned.archive.entity_tag.is_none() {
        now.archive.entity_tag = None;
        now.archive.version_id = None;
    }
    if *planned == now {
        return Held::ToDo;
    }
    // What a finished job differs in: the version it made, and what that leaves to be done.
    let result = SavedJob {
        decision: planned.decision,
        reason: planned.reason,
        latest_version: planned.latest_version,
        settings_changed: planned.settings_changed.clone(),
        dependencies: Arc::clone(&planned.dependencies),
        ..now.clone()
    };
    // Digests are only read where something is to be published.
    let result = match now.decision {
        Some(Decision::Keep) if now.archive.sha256.is_none() => {
            let mut result = result;
            result.archive.sha256.clone_from(&planned.archive.sha256);
            result
        }
        _ => result,
    };
    let version = now.latest_version.cmp(&planned.latest_version);
    match (planned.decision, now.decision, version) {
        _ if result != *planned => Held::Stale(differences(planned, &now)),
        (Some(Decision::Publish), Some(Decision::Adopt), Ordering::Greater) => Held::ToDo,
        (Some(Decision::Publish), Some(Decision::Keep), Ordering::Greater) => Held::Done,
        (Some(Decision::Adopt), Some(Decision::Keep), Ordering::Equal) => Held::Done,
        _ => Held::Stale(differences(planned, &now)),
    }
}

/// What differs, each in a line: how it was planned, and how it is.
fn differences(planned: &SavedJob, now: &SavedJob) -> Vec<String> {
    let of = |job: &SavedJob| {
        [
            ("account", shown(job.account.as_ref())),
            ("Region", job.region.clone()),
            ("layer", job.layer_name.clone()),
            ("latest version", shown(job.latest_version.as_ref())),
            ("manifest", format!("{} with MD5 {}", job.manifest.name, shown(job.manifest.md5.as_ref()))),
            ("digest of what the manifest includes", shown(job.manifest.includes.as_ref())),
            ("backups", job.manifest.backups.clone()),
            ("staged archive", job.archive.staged.clone()),
            ("SHA-256 of the staged archive", shown(job.archive.sha256.as_ref())),
            ("entity tag of the staged archive", shown(job.archive.entity_tag.as_ref())),
            ("version of the staged archive in S3", shown(job.archive.version_id.as_ref())),
            ("runtimes", job.settings.compatible_runtimes.join(" ")),
            ("architectures", job.settings.compatible_architectures.join(" ")),
            ("description", shown(job.settings.description.as_ref())),
            ("license", shown(job.settings.license.as_ref())),
            ("storage", job.settings.storage.to_string()),
            ("decision", decision(job)),
        ]
    };
    let pairs = of(planned).into_iter().zip(of(now));
    let mut lines: Vec<String> = pairs
        .filter(|((_, planned), (_, now))| planned != now)
        .map(|((what, planned), (_, now))| format!("{what}: {planned} when it was planned, {now} now"))
        .collect();
    if lines.is_empty() {
        lines.push("the backup of the latest version is another one than when it was planned".to_owned());
    }
    lines
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn decision(job: &SavedJob) -> String {
    match (job.decision, job.reason) {
        (Some(decision), Some(reason)) => format!("{decision}, {reason}"),
        _ => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Storage;
    use crate::manifest::Dependency;
    use crate::outcome::Reason;
    use crate::plan::saved::{SavedArchive, SavedManifest, SavedSettings};

    fn planned(decision: Decision, reason: Reason, latest: Option<u64>) -> SavedJob {
        SavedJob {
            layer: "numpy".to_owned(),
            target: "prod".to_owned(),
            region: "eu-west-1".to_owned(),
            account: Some("123456789012".to_owned()),
            layer_name: "numpy".to_owned(),
            decision: Some(decision),
            reason: Some(reason),
            latest_version: latest,
            manifest: SavedManifest {
                name: "requirements.txt".to_owned(),
                md5: Some("m1".to_owned()),
                includes: None,
                backups: "s3://b/numpy".to_owned(),
            },
            archive: SavedArchive {
                staged: "s3://b/numpy/layer.zip".to_owned(),
                sha256: Some("s1".to_owned()),
                entity_tag: Some("e1".to_owned()),
                version_id: None,
            },
            settings: SavedSettings {
                compatible_runtimes: vec!["python3.12".to_owned()],
                compatible_architectures: Vec::new(),
                description: None,
                license: None,
                storage: Storage::Copy,
            },
            settings_changed: Vec::new(),
            dependencies: Arc::default(),
            share: None,
            parameter: None,
            attest: None,
        }
    }

    fn publish() -> SavedJob {
        planned(Decision::Publish, Reason::DependenciesChanged, Some(5))
    }

    #[test]
    fn the_table() {
        let keep = |latest| planned(Decision::Keep, Reason::Unchanged, Some(latest));
        let adopt = |latest| planned(Decision::Adopt, Reason::BackupMissing, Some(latest));
        assert_eq!(hold(&publish(), &publish()), Held::ToDo);
        assert_eq!(hold(&keep(5), &keep(5)), Held::ToDo);
        assert_eq!(hold(&publish(), &adopt(6)), Held::ToDo);
        assert_eq!(hold(&publish(), &keep(6)), Held::Done);
        assert_eq!(hold(&adopt(5), &keep(5)), Held::Done);
        let stale = |planned: SavedJob, now: SavedJob| matches!(hold(&planned, &now), Held::Stale(_));
        // The version that was to be replaced took the planned manifest by itself, without a new version.
        assert!(stale(publish(), keep(5)));
        assert!(stale(publish(), planned(Decision::Publish, Reason::DependenciesChanged, Some(6))));
        assert!(stale(keep(5), keep(6)));
        assert!(stale(keep(5), publish()));
        assert!(stale(adopt(5), adopt(6)));
    }

    #[test]
    fn a_kept_layer_whose_digest_nobody_read_can_be_the_result() {
        let mut now = planned(Decision::Keep, Reason::Unchanged, Some(6));
        now.archive.sha256 = None;
        assert_eq!(hold(&publish(), &now), Held::Done);
        now.archive.sha256 = Some("s2".to_owned());
        assert!(matches!(hold(&publish(), &now), Held::Stale(_)));
    }

    #[test]
    fn a_plan_made_before_staging_knows_the_content_alone() {
        let mut before = publish();
        before.archive.entity_tag = None;
        assert_eq!(hold(&before, &publish()), Held::ToDo);
        let mut now = publish();
        now.archive.sha256 = Some("s2".to_owned());
        assert!(matches!(hold(&before, &now), Held::Stale(_)));
    }

    #[test]
    fn what_differs_is_said() {
        let lines = |now: &SavedJob| match hold(&publish(), now) {
            Held::Stale(lines) => lines.join("\n"),
            other => panic!("{other:?}"),
        };
        let mut now = planned(Decision::Publish, Reason::Forced, Some(7));
        now.account = Some("210987654321".to_owned());
        now.archive.entity_tag = Some("e2".to_owned());
        now.settings.license = Some("MIT".to_owned());
        insta::assert_snapshot!(lines(&now), @"
        account: 123456789012 when it was planned, 210987654321 now
        latest version: 5 when it was planned, 7 now
        entity tag of the staged archive: e1 when it was planned, e2 now
        license: none when it was planned, MIT now
        decision: publish, dependencies changed when it was planned, publish, forced now
        ");
        let including = |digest: &str| {
            let mut job = publish();
            job.manifest.includes = Some(digest.to_owned());
            job
        };
        insta::assert_snapshot!(
            differences(&including("i1"), &including("i2")).join("\n"),
            @"digest of what the manifest includes: i1 when it was planned, i2 now"
        );
        assert!(matches!(hold(&including("i1"), &including("i2")), Held::Stale(_)));
        assert_eq!(hold(&publish(), &including("i2")), Held::ToDo, "plans of the first format do not say");
        let mut now = publish();
        Arc::make_mut(&mut now.dependencies)
            .added
            .push(Dependency { name: "six".to_owned(), version: "1.16.0".to_owned() });
        insta::assert_snapshot!(lines(&now), @"the backup of the latest version is another one than when it was planned");
    }
}
