//! Why a job failed: a stable code, and words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a failure. The names are stable: release jobs match on them.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ErrorCode {
    /// The manifest is not there, not readable, not a file or empty.
    ManifestMissing,
    /// The manifest has unpinned requirements and the layer denies them.
    ManifestUnpinned,
    /// The command that builds the layer failed.
    BuildFailed,
    /// There is no staged archive in S3, or no local archive to stage.
    ArchiveMissing,
    /// The staged archive was built from another manifest.
    ArchiveInconsistent,
    /// The archive is not a zip that Lambda would take.
    ArchiveInvalid,
    /// The archive unzips to more than Lambda accepts.
    ArchiveTooLarge,
    /// The archive was not built again after a dependency changed.
    ArchiveStale,
    /// The archive holds another version of a package than the manifest pins.
    ArchiveDiffers,
    /// The manifest carries a password or a token, which its backup would keep in S3.
    SecretInManifest,
    /// The bucket does not exist.
    BucketMissing,
    /// The bucket keeps no versions, and the layer is to stay in it.
    BucketUnversioned,
    /// The bucket's policy does not let Lambda read, and the layer is to stay in it.
    BucketPolicy,
    /// An archive is in a storage class that Lambda cannot read from.
    StorageClass,
    /// The bucket is not in the target's Region.
    WrongRegion,
    /// AWS refused the call for lack of a permission.
    AccessDenied,
    /// There are no credentials, or they are not accepted.
    Credentials,
    /// The credentials belong to another account than the target declares.
    WrongAccount,
    /// The service kept throttling.
    Throttled,
    /// Another run holds the layer's lock.
    Locked,
    /// A call did not end within its deadline.
    Timeout,
    /// The service could not be reached, or the connection broke.
    Network,
    /// It is unknown whether a version was published.
    Unconfirmed,
    /// The account's quota for code storage is used up.
    CodeStorageExceeded,
    /// A version was published, but its backup could not be written.
    BackupFailed,
    /// The version to use is there, but could not be shared as the layer says.
    ShareFailed,
    /// The version to use is there, but its ARN could not be written to the parameter.
    ParameterFailed,
    /// The version to use is there, but the documents of what it is made of are not.
    AttestFailed,
    /// Lambda refuses a runtime or an architecture.
    SettingsRefused,
    /// Lambda has other content than the archive that was checked.
    ContentMismatch,
    /// The job is not as it was when the plan that is carried out was made.
    PlanStale,
    /// Lambda refuses the layers that a function was to use.
    FunctionRefused,
    /// A function was changed, and the change failed in the end.
    UpdateFailed,
    /// Another change of a function did not end in time.
    FunctionBusy,
    /// A function, or an alias of it, is not what was to be changed.
    FunctionChanged,
    /// A file could not be written on this machine.
    WriteFailed,
    /// Anything else.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order in which they are declared.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;
}

/// Why a job failed: what, on what, why; the hint says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    /// The stable kind of the failure.
    pub code: ErrorCode,
    /// What failed, on what; a fragment without a final stop.
    pub message: String,
    /// What lies beneath, outermost first: the service's own words, HTTP status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The request id of the service that refused, for its support.
    pub request_id: Option<String>,
}

impl JobError {
    /// An error of this kind, without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: Vec::new(), hint: None, request_id: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what lies beneath.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same failure seen from further out: the old message becomes the first cause.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.message, message.into());
        self.causes.insert(0, inner);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_print_their_stable_name() {
        assert_eq!(ErrorCode::CodeStorageExceeded.to_string(), "code-storage-exceeded");
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
        }
    }
}
