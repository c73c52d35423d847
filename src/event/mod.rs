//! What happens in a run, in the past tense: the contract between the work and everything that displays it.
//!
//! Events carry values and no prose: what the screen, `-v` and every report say is a rendering of them.

mod fact;

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub use fact::{Fact, LockPhase, Unanswered};

use crate::outcome::{JobError, JobReport, Tally, Warning};
use crate::rollout::{FunctionReport, RolloutMode, RolloutSummary};

/// What a run does with its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Mode {
    /// Offline: manifests and archives.
    Check,
    /// Read-only: which manifests differ from their newest backup.
    Changed,
    /// Run the commands that build layers.
    Build,
    /// Read-only: what would be published and why.
    Plan,
    /// Upload archives.
    Stage,
    /// Publish what changed.
    Publish,
    /// Read-only: what is published where, and whether it is in order.
    Status,
    /// Delete old versions.
    Prune,
}

/// Index of a job in the plan: jobs are sorted by layer, then target.
pub type JobId = usize;

/// What a job is doing right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// Waiting for, or running, the command that builds the layer.
    Building,
    /// Making the zip of a folder, or reading the local zip.
    Packing,
    /// Uploading the zip.
    Staging,
    /// Preflight: manifest, staged archive, latest version, backup, zip.
    Checking,
    /// Waiting for or taking the layer's lock.
    Locking,
    /// Waiting for its turn to call Lambda.
    Queueing,
    /// `PublishLayerVersion`.
    Publishing,
    /// Finding out what became of a publish whose answer was lost.
    Confirming,
    /// Writing the backup.
    Recording,
    /// Looking who may use the version, and letting others use it.
    Sharing,
    /// Making and writing the documents of what a version is made of.
    Attesting,
    /// Looking at the parameter that holds the ARN, and writing it.
    Announcing,
    /// Deleting old versions.
    Pruning,
}

impl Activity {
    /// The participle shown while it lasts.
    pub fn participle(self) -> &'static str {
        match self {
            Self::Building => "Building",
            Self::Packing => "Packing",
            Self::Staging => "Staging",
            Self::Checking => "Checking",
            Self::Locking => "Locking",
            Self::Queueing => "Queueing",
            Self::Publishing => "Publishing",
            Self::Confirming => "Confirming",
            Self::Recording => "Recording",
            Self::Sharing => "Sharing",
            Self::Attesting => "Attesting",
            Self::Announcing => "Announcing",
            Self::Pruning => "Pruning",
        }
    }
}

/// Something that happened, and when.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// When, by the clock of this machine, in UTC (RFC 3339).
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

impl Event {
    /// Something that happened just now.
    pub fn now(what: Happening) -> Self {
        Self { at: Timestamp::now(), what }
    }
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Happening {
    /// Something is odd in the layers file or the settings. Told before the run begins.
    LayersFileWarned {
        /// The warning, with its file and line.
        warning: Warning,
    },
    /// The run began.
    RunStarted {
        /// What is done with each job.
        mode: Mode,
        /// How many jobs it has.
        jobs: usize,
    },
    /// A job was taken up.
    JobStarted {
        /// The job, by its place in the plan.
        job: JobId,
        /// Layer key.
        layer: String,
        /// Target name.
        target: String,
    },
    /// A job went on to something else.
    ActivityEntered {
        /// The job, by its place in the plan.
        job: JobId,
        /// What it is doing now.
        activity: Activity,
    },
    /// A job found something out, or did something.
    FactFound {
        /// The job, by its place in the plan.
        job: JobId,
        /// What it found out or did.
        #[serde(flatten)]
        #[schemars(with = "NamedFact")]
        fact: Fact,
    },
    /// So much of a job's archive was sent. Told of large archives, a hundred times at most.
    BytesSent {
        /// Which.
        job: JobId,
        /// Bytes sent so far.
        bytes: u64,
        /// Bytes in all.
        of: u64,
    },
    /// A job met something that a person should know although it goes on.
    Warned {
        /// The job, by its place in the plan.
        job: JobId,
        /// The warning.
        warning: Warning,
    },
    /// A job was checked and waits for all others to be checked (`--all-or-nothing`).
    JobSetAside {
        /// The job, by its place in the plan.
        job: JobId,
    },
    /// A job ended.
    JobFinished {
        /// The job, by its place in the plan.
        job: JobId,
        /// Everything about it.
        report: Box<JobReport>,
        /// How many of the jobs so far ended in which way, this one included.
        tally: Tally,
    },
    /// A signal asked the run to stop: nothing new starts, what is publishing finishes.
    Interrupted {
        /// Jobs still running.
        running: usize,
    },
    /// The run is over.
    RunFinished {
        /// How many of all jobs ended in which way.
        tally: Tally,
        /// By `status`: how much is not in order, at all targets and between them. Left out by other commands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        findings: Option<usize>,
    },
    /// A rollout began: functions are looked for.
    RolloutStarted {
        /// What is done with them.
        mode: RolloutMode,
    },
    /// Nothing could be found out about a target.
    TargetFailed {
        /// Its name.
        target: String,
        /// Why.
        error: Box<JobError>,
    },
    /// Something was found out about a target while functions were looked for.
    TargetFactFound {
        /// Its name.
        target: String,
        /// What.
        #[serde(flatten)]
        #[schemars(with = "NamedFact")]
        fact: Fact,
    },
    /// The functions that a rollout tells of are known.
    FunctionsFound {
        /// How many they are.
        functions: usize,
        /// With how many of them something is done now: with none in a plan.
        jobs: usize,
        /// The file that has what was there before; null where nothing is touched.
        record: Option<String>,
    },
    /// A function was taken up.
    FunctionStarted {
        /// Name of its target.
        target: String,
        /// Its name.
        function: String,
    },
    /// Something was done with a function, or found out about it.
    FunctionFactFound {
        /// Name of its target.
        target: String,
        /// Its name.
        function: String,
        /// What.
        #[serde(flatten)]
        #[schemars(with = "NamedFact")]
        fact: Fact,
    },
    /// Nothing more is done with a function, which need not have been taken up.
    FunctionFinished {
        /// Everything about it.
        report: Box<FunctionReport>,
    },
    /// The rollout is over.
    RolloutFinished {
        /// How many of all functions ended in which way.
        summary: RolloutSummary,
    },
}

/// A fact in the schema of the lines that have one: by its name, where all facts would stand in each of these lines.
struct NamedFact;

impl JsonSchema for NamedFact {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "NamedFact".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "allOf": [generator.subschema_for::<Fact>()] })
    }
}
