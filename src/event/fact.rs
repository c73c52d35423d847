//! What a job finds out and does, as values: `-v`, the event stream and the job's report are made of them.

use std::sync::Arc;

use jiff::Timestamp;
use layership_protocol::PhaseName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::layer::{AccountId, LayerName, ParameterName, VersionArn};
use crate::manifest::Difference;
use crate::outcome::{Decision, KeptVersion, Reason, SettingChange};

/// One thing that a job found out or did. Places in S3 are URIs, digests are hexadecimal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "fact", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Fact {
    /// Whose credentials the job uses.
    AccountKnown {
        /// Its twelve-digit id.
        account: AccountId,
    },
    /// The manifest was read.
    ManifestRead {
        /// Path, as the layers file writes it.
        path: String,
        /// MD5 of its bytes.
        md5: String,
        /// MD5 of what the files say that it includes, comments and order aside; left out where it includes none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        includes: Option<String>,
    },
    /// The command that builds the layer ended well.
    Built {
        /// How long it ran.
        seconds: f64,
    },
    /// The local archive was read, or made from its folder.
    ArchiveRead {
        /// Path, as the layers file writes it.
        path: String,
        /// SHA-256 of the zip.
        sha256: String,
        /// Size of the zip in bytes.
        size: u64,
    },
    /// Exactly this archive is already staged.
    ArchiveAlreadyStaged {
        /// S3 URI of the staged archive.
        #[serde(rename = "place")]
        at: String,
        /// S3's entity tag.
        entity_tag: Option<String>,
        /// S3's version id, where the bucket has versions.
        version_id: Option<String>,
    },
    /// In a plan: the archive would be uploaded.
    ArchiveToBeStaged {
        /// S3 URI of the staged archive.
        #[serde(rename = "place")]
        at: String,
    },
    /// The archive was uploaded.
    ArchiveStaged {
        /// S3 URI of the staged archive.
        #[serde(rename = "place")]
        at: String,
        /// S3's entity tag.
        entity_tag: Option<String>,
        /// S3's version id, where the bucket has versions.
        version_id: Option<String>,
    },
    /// There is a staged archive.
    StagedArchiveFound {
        /// S3 URI of the staged archive.
        #[serde(rename = "place")]
        at: String,
        /// SHA-256, where S3 keeps one.
        sha256: Option<String>,
        /// Size of the zip in bytes.
        size: u64,
        /// S3's entity tag.
        entity_tag: Option<String>,
        /// S3's version id, where the bucket has versions.
        version_id: Option<String>,
    },
    /// The staged archive was built from the manifest at hand.
    StagedArchiveConsistent {
        /// File name of the manifest.
        manifest: String,
    },
    /// The SHA-256 of the staged archive became known.
    StagedArchiveDigested {
        /// The digest.
        sha256: String,
    },
    /// Another archive has been staged since the version to use was published.
    StagedSince {
        /// Number of the version.
        version: u64,
        /// SHA-256 of what it holds, where it is known.
        sha256: Option<String>,
    },
    /// The layer stays in the bucket: there Lambda will read it, or reads it now.
    ArchiveKept {
        /// S3 URI of the object.
        #[serde(rename = "place")]
        at: String,
        /// S3's id of its version; none where it is not there yet.
        version_id: Option<String>,
        /// Whether it was put there just now.
        written: bool,
    },
    /// The zip's table of contents was read.
    ArchiveInspected {
        /// Number of files.
        files: u64,
        /// Size of all files, unpacked, in bytes.
        unzipped: u64,
    },
    /// The manifest was compared with the newest backup.
    Compared {
        /// The newest version that has a backup; none where there is no backup at all.
        version: Option<u64>,
        /// Where the backup is; none where the newest one is of a manifest with another name.
        backup: Option<String>,
        /// Whether the manifest differs, in more than line endings.
        changed: bool,
        /// Dependencies that differ.
        dependencies: Arc<Difference>,
    },
    /// Something that could be better.
    Advised {
        /// What was looked for.
        check: String,
        /// What was found, and where.
        message: String,
    },
    /// Lambda has no version of the layer.
    NoVersionFound {
        /// The layer's name.
        layer: LayerName,
    },
    /// The latest version in Lambda.
    LatestFound {
        /// Its ARN.
        arn: VersionArn,
        /// Whether S3 has its backup.
        backed_up: bool,
    },
    /// What is to be done, and why.
    Decided {
        /// What is to be done.
        decision: Decision,
        /// Why it is to be done.
        reason: Reason,
        /// Settings that differ from the latest version's.
        settings: Vec<SettingChange>,
        /// Dependencies that differ from the latest version's backup.
        dependencies: Arc<Difference>,
    },
    /// Another version has appeared: the decision is made again.
    Overtaken {
        /// The other version.
        version: u64,
    },
    /// Another run holds the lock: this one waits.
    LockAwaited {
        /// Id of the run that holds it.
        holder: String,
        /// The machine it runs on.
        host: String,
        /// What it is doing, as the lock says.
        phase: LockPhase,
        /// Whether it renewed the lock in time; if not, it is dead, and what it sent is waited for.
        living: bool,
        /// Until when it is waited for, by S3's clock: the lock can be taken over then if it is not renewed, or this run
        /// gives up.
        until: Option<Timestamp>,
    },
    /// The lock is taken.
    LockTaken {
        /// S3 URI of the lock.
        #[serde(rename = "place")]
        at: String,
        /// The run that it was taken over from, which had died.
        from: Option<String>,
    },
    /// The lock is free again.
    LockFreed,
    /// The lock stays as it is, for the next run to finish what was begun.
    LockLeft,
    /// Another run now holds the lock.
    LockLost,
    /// Lambda throttles: other tools use the account's quota too.
    Throttled,
    /// It is the turn of what was to be asked of Lambda, in the quota of the account and Region: told of each publish, and of any
    /// other call that was throttled before.
    TurnGiven {
        /// The pace at which turns are given at the moment.
        requests_per_second: f64,
    },
    /// A request has had no answer for so long that somebody may take the run for hung.
    Unanswered(Unanswered),
    /// That request has its answer, or was given up.
    Answered(Unanswered),
    /// A version was published.
    VersionPublished {
        /// Its ARN.
        arn: VersionArn,
        /// Id of the request.
        request_id: Option<String>,
    },
    /// It is not known whether a publish took effect: the version is looked for.
    AnswerLost {
        /// Why there is no answer that can be believed.
        why: String,
        /// Id of the request, if there was an answer.
        request_id: Option<String>,
        /// Until when the version can still appear, by S3's clock: so long it is looked for.
        until: Option<Timestamp>,
    },
    /// A version whose publish was not answered was found.
    VersionFound {
        /// Its ARN.
        arn: VersionArn,
    },
    /// A publish had no effect: it is sent again.
    SentAgain,
    /// The published version has the content that was checked.
    ContentVerified,
    /// The version to use from now on: published, adopted or kept.
    VersionToUse {
        /// Its ARN.
        arn: VersionArn,
    },
    /// Who may use the version, or the one that a plan would publish, against who should. Accounts, organizations, `public`;
    /// or `statement ID`.
    GrantsCompared {
        /// Who is let in, and should be.
        there: Vec<String>,
        /// Who is to be let in.
        to_grant: Vec<String>,
        /// Who is let in, should not be, and is left so.
        extra: Vec<String>,
        /// Who is not to be let in any more.
        to_revoke: Vec<String>,
    },
    /// Somebody may use the version now.
    GrantMade {
        /// An account, an organization or `public`.
        to: String,
    },
    /// Somebody may not use the version any more.
    GrantTaken {
        /// An account, an organization or `public`; or `statement ID`.
        from: String,
    },
    /// The parameter that holds the ARN of the version, or of the one that a plan would publish, was looked at.
    ParameterCompared {
        /// Its name.
        name: ParameterName,
        /// The ARN of a layer version that it holds, if it does.
        holds: Option<VersionArn>,
        /// Whether it is to be written.
        to_write: bool,
    },
    /// The parameter holds the ARN now.
    ParameterWritten {
        /// Its name.
        name: ParameterName,
        /// What it holds.
        arn: VersionArn,
    },
    /// The documents of what the version is made of, or the one that a plan would publish, were looked for.
    AttestationsCompared {
        /// S3 URI of the bill of materials; none for a version that is still to come.
        sbom: Option<String>,
        /// S3 URI of the statement of provenance; none in the same case.
        provenance: Option<String>,
        /// Whether they are to be written.
        to_write: bool,
    },
    /// The documents are in S3 now.
    AttestationsWritten,
    /// By `prune`: each version was held against the reasons to keep it.
    VersionsSorted {
        /// What is to be deleted, the oldest first.
        to_delete: Vec<u64>,
        /// What stays, the newest first.
        kept: Vec<KeptVersion>,
    },
    /// By `prune`: archives that are kept in the bucket and that no version needs, once what is to be deleted is gone.
    ArchivesSorted {
        /// S3 URIs of what is to be deleted.
        to_delete: Vec<String>,
    },
    /// An archive that no version needs is gone.
    ArchiveDeleted {
        /// S3 URI of the object.
        #[serde(rename = "place")]
        at: String,
    },
    /// The backup of a version that is to be deleted is gone.
    BackupDeleted {
        /// S3 URI of the backup.
        #[serde(rename = "place")]
        at: String,
    },
    /// A version is gone.
    VersionDeleted {
        /// Its ARN.
        arn: VersionArn,
    },
    /// By `rollout`: the layers of a function were set.
    LayersSet {
        /// ARNs of versions, in their order.
        layers: Vec<String>,
    },
    /// By `rollout`: a change of a function is under way, and is waited for.
    ChangeAwaited,
    /// By `rollout`: a version of a function was published.
    FunctionPublished {
        /// Its number.
        version: String,
    },
    /// By `rollout`: an alias of a function leads to another version now.
    AliasLed {
        /// Its name.
        alias: String,
        /// The version that it leads to.
        version: String,
    },
    /// The page of that version's backup in the AWS console, where the partition has a public one.
    BackupPage {
        /// Its address.
        url: String,
    },
    /// The copy of the manifest that belongs to the version to use is in S3.
    BackupThere {
        /// S3 URI of the backup.
        #[serde(rename = "place")]
        at: String,
        /// Whether it was written just now, and not before.
        written: bool,
        /// Id of the request that wrote it.
        request_id: Option<String>,
    },
}

/// A request to AWS, waiting for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unanswered {
    /// The service that was asked, such as `S3`.
    pub service: String,
    /// What was asked, such as `HeadObject`.
    pub operation: String,
    /// When it was asked, by the clock of this machine.
    pub since: Timestamp,
}

/// What the holder of a lock is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockPhase {
    /// It has sent nothing.
    Holding,
    /// It may have sent a publish.
    Sending,
    /// The lock does not say.
    Unclear,
}

impl LockPhase {
    /// What the holder is doing, as a phrase that follows its name.
    pub const fn doing(self) -> &'static str {
        match self {
            Self::Holding => "has sent nothing yet",
            Self::Sending => "may have sent its publish",
            Self::Unclear => "may be publishing",
        }
    }
}

impl From<PhaseName> for LockPhase {
    fn from(phase: PhaseName) -> Self {
        match phase {
            PhaseName::Holding => Self::Holding,
            PhaseName::Sending => Self::Sending,
            PhaseName::Unclear => Self::Unclear,
        }
    }
}
