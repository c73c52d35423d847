//! What follows a version, whether it was published now or before: the state that the layers file wants, held against the
//! one that is there. A run that broke off in the middle is mended by the next one.
//!
//! | file | what follows |
//! |---|---|
//! | `attest` | documents beside its backup say what it is made of |
//! | `share` | others may use the version |
//! | `parameter` | a parameter holds its ARN: where it can be used by all who should |

mod attest;
mod parameter;
mod share;

pub use share::{Changes, changes};

use super::RunOptions;
use super::site::Site;
use super::trail::Trail;
use crate::manifest::Manifest;
use crate::outcome::JobError;
use crate::plan::FollowUps;

/// The version that something follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// In a plan: one that would be published.
    ToCome,
    /// One that was published just now: nobody has given it anything yet.
    New(u64),
    /// One that was there.
    There(u64),
}

/// Does what follows a version that was built from this manifest; in a plan, tells what would be done.
///
/// # Errors
/// What could not be done. The version is there all the same.
pub async fn follow_up(
    site: Site<'_>,
    version: Followed,
    manifest: &Manifest,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    let FollowUps { attest, share, parameter } = &site.job.follow_ups;
    if *attest {
        attest::attest(site, version, manifest, options, trail).await?;
    }
    if let Some(wanted) = share {
        share::share(site, wanted, version, options, trail).await?;
    }
    if let Some(name) = parameter {
        parameter::parameter(site, name, version, options, trail).await?;
    }
    Ok(())
}
