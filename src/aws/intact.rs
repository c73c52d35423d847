//! Bytes of a local zip arrive as they were digested, or not at all: S3 compares what came with their digest. What was
//! damaged on its way is sent again, that alone; what something else wrote to is not the zip that was checked any more.

use std::io;

use futures::future::BoxFuture;
use tokio::task::spawn_blocking;

use super::call::Call;
use super::failure::Failure;
use super::upload::Upload;
use crate::archive::Stretch;
use crate::halt::Halt;
use crate::outcome::{ErrorCode, JobError};

/// How often bytes are sent that do not arrive as they are.
const ATTEMPTS: u32 = 3;

/// What says that others came than were announced: S3's code, and MinIO's.
const DAMAGED: [&str; 2] = ["BadDigest", "XAmzContentChecksumMismatch"];

/// Sends a stretch of an upload, again where it was damaged.
///
/// # Errors
/// Whatever the service refuses, and a local zip that was written to.
pub(super) async fn intact<'a, T>(
    upload: &Upload<'_>,
    stretch: &Stretch,
    call: &Call,
    send: impl Fn() -> BoxFuture<'a, Result<T, Failure>>,
) -> Result<T, JobError> {
    let mut attempt = 1;
    loop {
        let failure = match send().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        ensure_same(upload, stretch, call).await?;
        if !is_damaged(&failure) {
            return Err(failure.into_error(call));
        }
        if attempt == ATTEMPTS {
            return Err(damaged(failure, call));
        }
        attempt += 1;
    }
}

fn is_damaged(failure: &Failure) -> bool {
    failure.answer.code.as_deref().is_some_and(|code| DAMAGED.contains(&code))
}

fn damaged(failure: Failure, call: &Call) -> JobError {
    let message = format!("what was sent to {} arrived damaged, {ATTEMPTS} times", call.resource);
    let refused = failure.into_error(call);
    JobError { code: ErrorCode::ContentMismatch, message, ..refused }
        .hint("run the same command again; if it fails again, look at what lies between this machine and S3")
}

/// Looks whether the local zip still has the bytes that were digested.
///
/// # Errors
/// Where it has others, or cannot be read.
pub(super) async fn ensure_same(upload: &Upload<'_>, stretch: &Stretch, call: &Call) -> Result<(), JobError> {
    let (zip, bytes, halt) = (upload.zip.clone(), stretch.bytes.clone(), Halt::default());
    let _halted_when_dropped = halt.on_drop();
    let digested = spawn_blocking(move || zip.sha256_of(bytes, &halt)).await.map_err(io::Error::other);
    let why = match digested.flatten() {
        Ok(sha256) if sha256 == stretch.sha256 => return Ok(()),
        Ok(_) => format!("bytes {} to {} are not those that were digested", stretch.bytes.start, stretch.bytes.end),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => "it has become shorter".to_owned(),
        Err(error) => format!("it cannot be read: {error}"),
    };
    let message = format!("the archive `{}` changed while it was sent to {}", upload.path, call.resource);
    Err(JobError::new(ErrorCode::ContentMismatch, message)
        .cause(why)
        .hint("something else writes to it; run the same command again when it is done: nothing was replaced in S3"))
}
