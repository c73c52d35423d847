//! What becomes of each version. Functions and policies are asked about only where a version's fate depends on them.

use std::time::Duration;

use layership_protocol::Time;

use super::super::RunOptions;
use super::super::site::Site;
use super::super::trail::Trail;
use super::Pruning;
use super::archives::unneeded;
use crate::event::{Activity, Fact};
use crate::layer::{LayerVersion, S3Location, VersionArn};
use crate::outcome::{ErrorCode, JobError, KeptVersion};
use crate::plan::{Fate, OldVersion, Retention};

/// All versions, the newest first, and what becomes of each; and of the archives that stay in the bucket for them.
#[derive(Debug, Default)]
pub struct Fates {
    versions: Vec<(VersionArn, Fate)>,
    /// What no version will need.
    pub archives: Vec<S3Location>,
}

impl Fates {
    /// The latest version.
    pub fn latest(&self) -> Option<u64> {
        self.versions.first().map(|(arn, _)| arn.number)
    }

    /// What is to be deleted, the oldest first.
    pub fn deleted(&self) -> Vec<VersionArn> {
        let deleted = self.versions.iter().rev().filter(|(_, fate)| *fate == Fate::Deleted);
        deleted.map(|(arn, _)| arn.clone()).collect()
    }

    /// Whether nothing is to be deleted.
    pub fn are_all_kept(&self) -> bool {
        self.deleted().is_empty() && self.archives.is_empty()
    }

    fn kept(&self) -> Vec<KeptVersion> {
        let kept = self.versions.iter().filter_map(|(arn, fate)| match fate {
            Fate::Kept(because, by) => Some(KeptVersion { version: arn.number, because: *because, by: by.clone() }),
            Fate::Unclear | Fate::Deleted => None,
        });
        kept.collect()
    }
}

/// Looks at all versions; `found` is one that the list may not show yet.
pub async fn look(
    site: Site<'_>,
    found: Option<&LayerVersion>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<Fates, JobError> {
    trail.enter(Activity::Checking);
    let Some(retention) = &site.job.retention else {
        return Err(JobError::new(ErrorCode::Internal, "nobody said how many versions are to be kept"));
    };
    if retention.younger_than.is_some() {
        // S3 tells the time with whatever it answers.
        site.read_lock().await?;
    }
    let mut versions = site.versions().await?;
    versions.extend(found.cloned());
    versions.sort_by_key(|version| std::cmp::Reverse(version.arn.number));
    versions.dedup_by_key(|version| version.arn.number);
    let mut fates = Fates::default();
    for (newer, version) in versions.iter().enumerate() {
        let fate = fate(site, retention, (version, newer), &options.pruning).await?;
        fates.versions.push((version.arn.clone(), fate));
    }
    if let Some((arn, _)) = fates.versions.first() {
        trail.found(Fact::VersionToUse { arn: arn.clone() });
    }
    let to_delete = fates.deleted().into_iter().map(|arn| arn.number).collect();
    let kept = fates.kept();
    let staying: Vec<u64> = kept.iter().map(|version| version.version).collect();
    trail.found(Fact::VersionsSorted { to_delete, kept });
    fates.archives = unneeded(site, &staying).await?;
    if !fates.archives.is_empty() {
        let to_delete = fates.archives.iter().map(ToString::to_string).collect();
        trail.found(Fact::ArchivesSorted { to_delete });
    }
    Ok(fates)
}

/// What becomes of a version that so many others are newer than.
async fn fate(
    site: Site<'_>,
    retention: &Retention,
    (version, newer): (&LayerVersion, usize),
    pruning: &Pruning,
) -> Result<Fate, JobError> {
    let number = version.arn.number;
    let unseen = pruning.agreed.as_ref().is_some_and(|agreed| !agreed.contains(&version.arn));
    let known = OldVersion { number, newer, age: age(site, version), unseen, used_by: &[], shared_with: None };
    if let kept @ Fate::Kept(..) = retention.fate(&known) {
        return Ok(kept);
    }
    let known = OldVersion { used_by: site.used_by(&version.arn).await?, ..known };
    if let kept @ Fate::Kept(..) = retention.fate(&known) {
        return Ok(kept);
    }
    let grants = if pruning.shared { Vec::new() } else { site.grants(number).await?.into_iter().collect() };
    let others: Vec<String> = grants.iter().map(ToString::to_string).collect();
    Ok(retention.fate(&OldVersion { shared_with: Some(&others), ..known }))
}

/// By S3's clock: this machine's may be wrong.
fn age(site: Site<'_>, version: &LayerVersion) -> Option<Duration> {
    let made = u64::try_from(version.created?.as_millisecond()).ok()?;
    Some(site.now().since(Time::from_millis(made)))
}
