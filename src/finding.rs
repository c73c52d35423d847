//! What a check found in a manifest or an archive: a stable code, how bad it is, words, and what to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It could be better; said with `-v`.
    Advice,
    /// A person should know; `--strict` refuses it.
    Warning,
    /// It is refused.
    Error,
}

/// What a check looks for. The names are stable: release jobs match on them.
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
#[allow(clippy::enum_variant_names, reason = "the names are the stable codes")]
pub enum Check {
    /// A path in the zip is absolute, has `..` or `\` in it, goes on behind a file, or is given twice and differs.
    ArchivePath,
    /// A link in the archive leads out of the layer, to an absolute place outside of `/opt`, or in a circle.
    ArchiveLink,
    /// An entry of the zip is encrypted, a pipe or a device, compressed in another way than Lambda knows, or not what the zip says of it.
    ArchiveEntry,
    /// Functions may not read an entry of the zip, or Lambda not start what it starts.
    ArchiveMode,
    /// Nothing in the zip, or no package for Python, lies where the layer's runtimes look.
    ArchiveLayout,
    /// Two entries of the zip have one path.
    ArchiveDuplicate,
    /// The native modules of the archive are for another Python than the layer's runtimes.
    ArchivePython,
    /// The native libraries or programs of the archive are for another machine or system than the layer's.
    ArchiveArchitecture,
    /// The archive carries what no function needs.
    ArchiveBallast,
    /// The archive holds another version of a package than the manifest pins, or several where there can be one.
    ArchiveDiffers,
    /// A package that the manifest names is not in the archive.
    PackageMissing,
    /// A package is in the archive that the manifest does not name.
    PackageNotLocked,
    /// No package in the archive tells its version, or only some were read, so that not all is held against the manifest.
    ArchiveNotCompared,
    /// The archive has the content of the latest version although the manifest has changed since.
    ArchiveStale,
    /// The staged archive is another one than the latest version's, although nothing that counts changed.
    ArchiveUnpublished,
    /// The manifest carries a password or a token, which its backup would keep in S3.
    SecretInManifest,
    /// The manifest cannot be read as what its name says.
    ManifestUnreadable,
    /// A file that the manifest includes cannot be read.
    IncludeUnreadable,
    /// The manifest includes other files, which its backup does not hold.
    IncludeNotKept,
    /// The staged archive does not say which state of the files that the manifest includes it was built for.
    IncludeNotNoted,
    /// The manifest is a file that says what is wanted and not what is installed, such as `pyproject.toml`.
    ManifestNotLocked,
    /// A compatible runtime is none that this version of layership knows.
    RuntimeUnknown,
    /// The layer is to be built, and does not say how.
    BuildUndeclared,
    /// The layer has `attest`, and its manifest names nothing that can be listed.
    AttestIncomplete,
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked for.
    pub check: Check,
    /// How bad it is.
    pub level: Level,
    /// What was found, in words that follow the name of where: `requests/layer: …`.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl Finding {
    /// Something that is refused.
    pub fn error(check: Check, message: impl Into<String>, hint: &'static str) -> Self {
        Self { check, level: Level::Error, message: message.into(), hint }
    }

    /// Something that a person should know.
    pub fn warning(check: Check, message: impl Into<String>, hint: &'static str) -> Self {
        Self { check, level: Level::Warning, message: message.into(), hint }
    }

    /// Something that could be better.
    pub fn advice(check: Check, message: impl Into<String>, hint: &'static str) -> Self {
        Self { check, level: Level::Advice, message: message.into(), hint }
    }
}
