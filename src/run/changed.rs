//! What has to be built: layers whose manifest differs from their newest backup. Only S3 is asked, so that it costs one
//! request for a layer that did not change.

use super::compare::{self, since};
use super::site::{Site, counted_includes};
use super::trail::Trail;
use crate::aws::{BackupRead, Newest};
use crate::event::Fact;
use crate::manifest::Manifest;
use crate::outcome::JobError;

/// Whether the manifest differs from the newest backup.
pub async fn is_changed(site: Site<'_>, manifest: &Manifest, trail: &mut Trail) -> Result<bool, JobError> {
    let (version, mut backup) = newest(site, manifest).await?;
    let differs = compare::is_changed(site.job, &backup, manifest).await?;
    let is_changed = differs || backup == BackupRead::Missing;
    let old = if differs { backup.take_bytes() } else { None };
    trail.found(Fact::Compared {
        version,
        backup: version.filter(|_| backup != BackupRead::Missing).map(|version| site.job.backup(version).to_string()),
        changed: is_changed,
        dependencies: since(old, manifest, site.job).await?.difference,
    });
    Ok(is_changed)
}

/// The newest version that is known, and its backup.
async fn newest(site: Site<'_>, manifest: &Manifest) -> Result<(Option<u64>, BackupRead), JobError> {
    let newest = site.newest_backup().await?;
    let version = match &newest {
        Newest::None => None,
        Newest::Of { version, etag: None } => return Ok((Some(*version), BackupRead::Missing)),
        Newest::Of { version, .. } if newest.is(manifest.md5) && counted_includes(site.job, manifest).is_none() => {
            return Ok((Some(*version), BackupRead::Same));
        }
        Newest::Of { version, .. } => Some(*version),
        Newest::Untold => site.listed().await?.map(|latest| latest.arn.number),
    };
    let Some(known) = version else { return Ok((None, BackupRead::Missing)) };
    Ok((version, site.backup(known, manifest).await?))
}
