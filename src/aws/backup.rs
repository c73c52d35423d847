//! Backups: the copies of manifests, one for each published version.

use std::collections::HashMap;

use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::sleep;

use super::call::Call;
use super::included;
use super::lambda::backoff;
use super::last::sent;
use super::s3::{S3, tag, unreadable};
use crate::layer::{LayerVersion, Md5, S3Location, Sha256};
use crate::outcome::{ErrorCode, JobError};

/// No manifest is larger; a backup that is was not written by this tool or the library.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How often a backup is sent whose answers tell nothing.
const ATTEMPTS: u32 = 4;
/// User metadata of a backup: the SHA-256 of the zip it belongs to, hexadecimal. The Python library never looks at it.
const SHA256: &str = "layership-sha256";

/// What became of reading a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupRead {
    /// There is no backup.
    Missing,
    /// Its entity tag is the MD5 that was asked about: the same bytes.
    Same,
    /// A backup with other bytes.
    Other(Backup),
}

/// A backup with other bytes than those that were asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its entity tag, to replace this very object.
    pub etag: String,
    /// When it was written, by S3's clock, which tells whole seconds.
    pub modified: Option<Timestamp>,
    /// SHA-256 of the zip that it belongs to, where it was noted.
    pub sha256: Option<Sha256>,
    /// A digest of the files that the manifest included, where it was noted.
    includes: Option<String>,
    /// A digest of what they asked for where the layer is installed, where it was noted.
    asked: Option<String>,
}

impl BackupRead {
    /// The backup, where it has other bytes.
    pub fn other(&self) -> Option<&Backup> {
        match self {
            Self::Other(backup) => Some(backup),
            Self::Missing | Self::Same => None,
        }
    }

    /// Takes its bytes out, where it has other ones: large ones are kept no longer than they are needed.
    pub fn take_bytes(&mut self) -> Option<Bytes> {
        match self {
            Self::Other(backup) => Some(std::mem::take(&mut backup.bytes)),
            Self::Missing | Self::Same => None,
        }
    }
}

impl Backup {
    /// Whether the files that the manifest included then said what they say now.
    pub fn includes(&self, now: Option<Md5>) -> bool {
        self.includes == now.map(|now| now.to_string())
    }

    /// Whether they are known to have asked for what they ask for now.
    pub fn asked(&self, now: Option<Md5>) -> bool {
        now.is_some_and(|now| self.asked == Some(now.to_string()))
    }

    /// Whether anybody noted what they said.
    pub fn notes_includes(&self) -> bool {
        self.includes.is_some()
    }

    /// Whether it was written before this version was made: then it belongs to none, but was left by another layer, another
    /// account or an endpoint that was reset.
    pub fn is_older_than(&self, version: &LayerVersion) -> bool {
        version.is_newer_than(self.modified)
    }
}

/// A backup to write.
#[derive(Clone, Debug)]
pub struct NewBackup<'a> {
    /// The manifest's bytes.
    pub manifest: Bytes,
    /// SHA-256 of the zip that it belongs to.
    pub sha256: Option<Sha256>,
    /// A digest of the files that the manifest includes, of which the backup holds nothing.
    pub includes: Option<Md5>,
    /// A digest of what these files ask for where the layer is installed, where that can be read.
    pub asked: Option<Md5>,
    /// Entity tag of the object to replace; without it there must be none.
    pub replacing: Option<&'a str>,
}

/// What became of writing a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupWrite {
    /// It was written.
    Written {
        /// Request id, for the log.
        request_id: Option<String>,
    },
    /// Something else is there; it was left alone.
    Refused,
}

impl S3 {
    /// Reads a backup, unless it is the manifest with this MD5, where one is given: an object uploaded in one part has its MD5 as entity
    /// tag, so one conditional GET answers "same" without a body.
    ///
    /// # Errors
    /// Whatever the service refuses; a backup that is too large to be one.
    pub async fn backup(&self, at: &S3Location, unless: Option<Md5>) -> Result<BackupRead, JobError> {
        let call = self.call("s3:GetObject", at);
        let request = self.client().get_object().bucket(&at.bucket).key(&at.key);
        let request = request.set_if_none_match(unless.map(|md5| format!("\"{md5}\"")));
        match sent(request.send()).await {
            Ok(found) => self.read_backup(found, &call).await.map(BackupRead::Other),
            Err(failure) => match (failure.answer.status, failure.answer.code.as_deref()) {
                (Some(304), _) => Ok(BackupRead::Same),
                (_, Some("NoSuchKey")) => Ok(BackupRead::Missing),
                _ => Err(failure.into_error(&call)),
            },
        }
    }

    /// SHA-256 of the zip that a backup belongs to, where it was noted.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn noted_sha256(&self, at: &S3Location) -> Result<Option<Sha256>, JobError> {
        let call = self.call("s3:GetObject", at);
        let request = self.client().head_object().bucket(&at.bucket).key(&at.key);
        match sent(request.send()).await {
            Ok(found) => {
                tag(found.e_tag(), &call)?;
                Ok(noted(found.metadata(), SHA256).and_then(|text| Sha256::from_hex(text)))
            }
            Err(failure) if failure.answer.status == Some(404) => Ok(None),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// Writes a backup, never over another one than the one that is to be replaced.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn write_backup(&self, at: &S3Location, backup: &NewBackup<'_>) -> Result<BackupWrite, JobError> {
        for attempt in 1..=ATTEMPTS {
            if let Some(written) = self.try_backup(at, backup).await? {
                return Ok(written);
            }
            sleep(backoff(attempt)).await;
        }
        Err(unreadable(&self.call("s3:PutObject", at)))
    }

    /// `None` where the answer does not tell what became of it, or asks to try again: under its condition it can be
    /// sent again, whether or not it was written.
    async fn try_backup(&self, at: &S3Location, backup: &NewBackup<'_>) -> Result<Option<BackupWrite>, JobError> {
        let request = self.client().put_object().bucket(&at.bucket).key(&at.key).content_type("text/plain");
        let request = match backup.replacing {
            Some(etag) => request.if_match(etag),
            None => request.if_none_match("*"),
        };
        let request = match backup.sha256 {
            Some(sha256) => request.metadata(SHA256, sha256.to_string()),
            None => request,
        };
        let digests = [(included::INCLUDES, backup.includes), (included::ASKED, backup.asked)];
        let digests = digests.into_iter().filter_map(|(name, digest)| Some((name, digest?)));
        let request = digests.fold(request, |request, (name, digest)| request.metadata(name, included::note(digest)));
        match sent(request.body(ByteStream::from(backup.manifest.clone())).send()).await {
            Ok(written) if written.e_tag().is_none() => Ok(None),
            Ok(written) => Ok(Some(BackupWrite::Written { request_id: written.request_id().map(str::to_owned) })),
            Err(failure) => {
                match (failure.answer.status, failure.answer.code.as_deref()) {
                    (Some(412), _) => Ok(Some(BackupWrite::Refused)),
                    // The object to replace is gone.
                    (_, Some("NoSuchKey")) => Ok(Some(BackupWrite::Refused)),
                    // Another conditional write of the key is under way: perhaps an earlier attempt of ours.
                    (Some(409), _) => Ok(None),
                    _ => Err(failure.into_error(&self.call("s3:PutObject", at))),
                }
            }
        }
    }

    async fn read_backup(&self, found: GetObjectOutput, call: &Call) -> Result<Backup, JobError> {
        let etag = tag(found.e_tag(), call)?;
        let modified = found.last_modified().and_then(|time| Timestamp::from_second(time.secs()).ok());
        let sha256 = noted(found.metadata(), SHA256).and_then(|text| Sha256::from_hex(text));
        let [includes, asked] =
            [included::INCLUDES, included::ASKED].map(|name| included::noted(found.metadata(), name));
        let bytes = self.read(found, LARGEST + 1, call).await?;
        if bytes.len() as u64 > LARGEST {
            let message = format!("{} has more than {} MB: that is not a backup", call.resource, LARGEST / 1_000_000);
            return Err(JobError::new(ErrorCode::Internal, message));
        }
        Ok(Backup { bytes, etag, modified, sha256, includes, asked })
    }
}

fn noted<'a>(metadata: Option<&'a HashMap<String, String>>, name: &str) -> Option<&'a String> {
    metadata.and_then(|metadata| metadata.get(name))
}
