//! How large the code of a function and its layers are, unzipped, asked for no more than it takes to know that they fit:
//!
//! 1. what they have zipped, which Lambda tells of a function, and of a version for one call: small enough, however well it
//!    was deflated?
//! 2. the tables of contents of the versions that go and of those that come, read once for all functions: no larger than
//!    before?
//! 3. those of the function's code and of its other layers.
//!
//! What cannot be read is not known, and no error: then Lambda refuses what is too large.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::archive::{InspectError, ReadAt, inspect};
use crate::aws::{Archive, Lambda};
use crate::outcome::JobError;
use crate::rollout::{Function, Move, Sum, is_no_larger, sum, surely_fits};

/// What is known of versions of layers, once for all functions of an account and Region.
#[derive(Debug)]
pub struct Sizes {
    lambda: Lambda,
    versions: Mutex<HashMap<String, Arc<Version>>>,
}

#[derive(Debug, Default)]
struct Version {
    archive: OnceCell<Option<Archive>>,
    unzipped: OnceCell<Option<u64>>,
}

impl Sizes {
    /// Nothing is known yet.
    pub fn of(lambda: &Lambda) -> Self {
        Self { lambda: lambda.clone(), versions: Mutex::default() }
    }

    /// What a function has together once it is moved; `None` where it surely fits without being added up.
    pub async fn after(&self, function: &Function, code: Option<&Archive>, step: &Move) -> Option<Sum> {
        let is_new = |arn: &&String| !step.before.contains(arn);
        let (stay, come): (Vec<_>, Vec<_>) = step.after.iter().partition(|arn| !is_new(arn));
        let goes: Vec<_> = step.before.iter().filter(|arn| !step.after.contains(arn)).collect();
        if come.is_empty() {
            return None;
        }
        let mut zipped = vec![function.zipped];
        zipped.extend(stay.iter().map(|arn| function.zipped_of(arn)));
        for arn in &come {
            zipped.push(self.archive(arn).await.map(|archive| archive.size));
        }
        if surely_fits(&zipped) {
            return None;
        }
        let (goes, comes) = (self.unzipped_of(&goes).await, self.unzipped_of(&come).await);
        if is_no_larger(&goes, &comes) {
            return None;
        }
        let code = match code {
            Some(code) => unzipped(code.clone()).await,
            None => None,
        };
        let stays = self.unzipped_of(&stay).await;
        Some(sum(&[&[code][..], &stays, &comes].concat()))
    }

    async fn unzipped_of(&self, arns: &[&String]) -> Vec<Option<u64>> {
        let mut sizes = Vec::with_capacity(arns.len());
        for arn in arns {
            let version = self.version(arn);
            let read = async {
                match self.archive(arn).await {
                    Some(archive) => unzipped(archive).await,
                    None => None,
                }
            };
            sizes.push(*version.unzipped.get_or_init(|| read).await);
        }
        sizes
    }

    /// The archive of a version, where Lambda tells where it is.
    async fn archive(&self, arn: &str) -> Option<Archive> {
        let version = self.version(arn);
        version.archive.get_or_init(|| async { self.lambda.archive(arn).await.ok().flatten() }).await.clone()
    }

    fn version(&self, arn: &str) -> Arc<Version> {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(versions.entry(arn.to_owned()).or_default())
    }
}

/// What an archive says of itself; `None` where it cannot be read.
async fn unzipped(archive: Archive) -> Option<u64> {
    let source = Blocking { archive, runtime: Handle::current() };
    match spawn_blocking(move || inspect(&source)).await.ok()? {
        Ok(inspection) => Some(inspection.unzipped),
        Err(InspectError::Empty) => Some(0),
        Err(InspectError::TooLarge { unzipped }) => Some(unzipped),
        Err(error) => {
            tracing::debug!(%error, "an archive's size is not known");
            None
        }
    }
}

/// An archive for a reader that waits for each answer.
struct Blocking {
    archive: Archive,
    runtime: Handle,
}

impl ReadAt for Blocking {
    type Error = JobError;

    const IS_FAR: bool = true;

    fn size(&self) -> u64 {
        self.archive.size
    }

    fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, JobError> {
        self.runtime.block_on(self.archive.read_at(offset, len))
    }
}
