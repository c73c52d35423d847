//! Reading and writing the lock, one request each.

use layership_protocol::{LockRead, LockWritten, Reading, Seen, Step, There};

use super::super::site::Site;
use crate::aws::LockWrite;
use crate::outcome::JobError;

/// A lock step of the protocol beside another step: nothing but what was seen is told.
pub async fn carry_out(site: Site<'_>, step: Step) -> Seen {
    match step {
        Step::ReadLock { at, why } => {
            site.until(at).await;
            read(site, &why).await.0
        }
        Step::WriteLock { body, condition, .. } => {
            let written = site.write_lock(body.to_json().into(), &condition).await;
            Seen::LockWritten(answered(&written))
        }
        _ => Seen::LookFailed,
    }
}

/// Reads the lock, and beside it whether the backup is there that the reading asks for.
pub async fn read(site: Site<'_>, why: &Reading) -> (Seen, Option<JobError>) {
    let backup = async {
        match why {
            Reading::First { backup } => site.has_backup(*backup).await,
            _ => Ok(false),
        }
    };
    let (lock, backup) = tokio::join!(site.read_lock(), backup);
    match (lock, backup) {
        (Ok(lock), Ok(backup)) => {
            let lock = lock.map_or(There::Nothing, |found| There::Object(Box::new(found)));
            (Seen::LockRead(LockRead { lock, backup }), None)
        }
        (Err(error), _) | (_, Err(error)) => {
            (Seen::LockRead(LockRead { lock: There::Failed, backup: false }), Some(error))
        }
    }
}

/// What a write means for the protocol.
pub fn answered(written: &LockWrite) -> LockWritten {
    match written {
        LockWrite::Written(etag) => LockWritten::Written(etag.as_str().into()),
        LockWrite::Unknown(_) => LockWritten::Unknown,
        LockWrite::Denied(_) => LockWritten::Denied,
    }
}
