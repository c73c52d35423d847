//! Archives that stay in the bucket: which of them no version needs. Lambda tells of each version that stays where it reads
//! its content; that costs a call each, where there are such archives at all.

use std::collections::HashSet;

use super::super::site::Site;
use crate::layer::{S3Location, Sha256, Storage};
use crate::outcome::{ErrorCode, JobError};

/// The archives that none of these versions needs: none reads it in its place, and none has its content.
pub async fn unneeded(site: Site<'_>, staying: &[u64]) -> Result<Vec<S3Location>, JobError> {
    let kept = kept(site).await?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let (mut objects, mut contents) = (HashSet::new(), HashSet::new());
    for number in staying {
        // One that is gone needs nothing.
        let Some(version) = site.version(*number).await? else { continue };
        let sha256 = version.sha256.ok_or_else(|| untold(*number))?;
        contents.insert(sha256);
        objects.extend(version.reference.map(|object| object.at));
    }
    let needed = |(at, sha256): &(S3Location, Sha256)| objects.contains(at) || contents.contains(sha256);
    Ok(kept.into_iter().filter(|archive| !needed(archive)).map(|(at, _)| at).collect())
}

/// A layer that never stayed in the bucket has none, and its role may not be allowed to list them.
async fn kept(site: Site<'_>) -> Result<Vec<(S3Location, Sha256)>, JobError> {
    match site.kept().await {
        Err(denied) if denied.code == ErrorCode::AccessDenied && site.job.storage == Storage::Copy => Ok(Vec::new()),
        kept => kept,
    }
}

fn untold(version: u64) -> JobError {
    JobError::new(ErrorCode::Internal, format!("Lambda does not tell what version {version} holds"))
        .hint("no archive was deleted: one that a version needs could be among them")
}
