//! What happens in a run, in the past tense: the contract between the work and everything that displays it.

use std::fmt;

use crate::outcome::{JobReport, Tally, Warning};

/// What a run does with its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Offline: manifests and archives.
    Check,
    /// Read-only: what would be published and why.
    Plan,
    /// Upload archives.
    Stage,
    /// Publish what changed.
    Publish,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::Plan => "plan",
            Self::Stage => "stage",
            Self::Publish => "publish",
        })
    }
}

/// Index of a job in the plan: jobs are sorted by layer, then target.
pub type JobId = usize;

/// What a job is doing right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Making the zip of a folder, or reading the local zip.
    Packing,
    /// Uploading the zip.
    Staging,
    /// Preflight: manifest, staged archive, latest version, backup, zip.
    Checking,
    /// Waiting for or taking the layer's lock.
    Locking,
    /// `PublishLayerVersion`.
    Publishing,
    /// Finding out what became of a publish whose answer was lost.
    Confirming,
    /// Writing the backup.
    Recording,
}

impl Stage {
    /// The participle shown while it runs.
    pub fn participle(self) -> &'static str {
        match self {
            Self::Packing => "Packing",
            Self::Staging => "Staging",
            Self::Checking => "Checking",
            Self::Locking => "Locking",
            Self::Publishing => "Publishing",
            Self::Confirming => "Confirming",
            Self::Recording => "Recording",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run began.
    RunStarted {
        /// What it does.
        mode: Mode,
        /// How many jobs it has.
        jobs: usize,
    },
    /// A job was taken up.
    JobStarted {
        /// Which.
        job: JobId,
        /// Layer key.
        layer: String,
        /// Target name.
        target: String,
    },
    /// A job went on to its next stage.
    StageEntered {
        /// Which.
        job: JobId,
        /// Where it is now.
        stage: Stage,
    },
    /// A step of a job was done; shown with `-v`.
    StepDone {
        /// Which.
        job: JobId,
        /// What was done or found, with the request id where there is one.
        step: String,
    },
    /// A job met something odd.
    Warned {
        /// Which.
        job: JobId,
        /// What.
        warning: Warning,
    },
    /// A job was checked and waits for all others to be checked (`--all-or-nothing`).
    JobSetAside {
        /// Which.
        job: JobId,
    },
    /// A job ended.
    JobFinished {
        /// Which.
        job: JobId,
        /// Everything about it.
        report: Box<JobReport>,
        /// All jobs that ended so far, this one included.
        tally: Tally,
    },
    /// A signal asked the run to stop: nothing new starts, what is publishing finishes.
    Interrupted {
        /// Jobs still running.
        running: usize,
    },
    /// The run is over.
    RunFinished {
        /// All jobs.
        tally: Tally,
    },
}
