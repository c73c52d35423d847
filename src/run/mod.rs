//! A run: jobs of a plan go through their steps, bounded in number, and each ends in exactly one report.

mod adrift;
mod approval;
mod archive_checks;
mod aside;
mod batch;
mod build;
mod built_from;
mod changed;
mod check;
mod compare;
mod content;
mod events;
mod exactly_once;
mod follow_up;
mod job;
mod lanes;
mod local_archives;
mod manifests;
mod pool;
mod preflight;
mod prune;
mod reference;
mod remembered;
mod renamed;
pub mod rollout;
mod shell;
mod shelves;
#[cfg(all(test, feature = "sandbox"))]
mod simulation;
mod site;
mod stage;
mod status;
mod stop;
mod trail;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Shared as Awaited};

pub use approval::Approval;
pub use batch::run;
pub use build::BuildScope;
pub use events::Events;
pub use prune::Pruning;

pub use stop::{Stop, on_signals, outlive_limits_of_files};

use crate::attest::Checkout;
use crate::aws::Sessions;
use crate::event::Mode;
use crate::plan::{Drift, Job};
use adrift::Adrift;
use build::Builds;
use local_archives::Archives;
use manifests::Manifests;

/// What a run does with its jobs, and within which bounds.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// What is done with each job.
    pub mode: Mode,
    /// Stage each archive before its preflight; in a plan: as if it were staged.
    pub stage_first: bool,
    /// Build these first, and stage what was built.
    pub build: Option<BuildScope>,
    /// Publish what would be kept.
    pub force: bool,
    /// Publish what is behind other targets.
    pub align: bool,
    /// Take grants away that the layers file does not name.
    pub revoke: bool,
    /// A zip with nothing on Lambda's search paths is an error.
    pub strict: bool,
    /// Start nothing new after the first failure.
    pub fail_fast: bool,
    /// Finish all preflights first, and write nothing if one failed.
    pub all_or_nothing: bool,
    /// Tell the status of older versions too.
    pub all_versions: bool,
    /// Reports tell what manifests name: that takes memory for as long as the run, so only where a report has room for it.
    pub tells_dependencies: bool,
    /// What is deleted beside what the layers say.
    pub pruning: Pruning,
    /// Jobs in flight at once.
    pub concurrency: usize,
    /// How long to wait for a lock that another run holds.
    pub lock_wait: Duration,
    /// How long Lambda may need to finish and show a publish that it accepted.
    pub publish_settle: Duration,
    /// What this run writes into locks about itself.
    pub identity: RunIdentity,
    /// What is checked out, for statements of provenance.
    pub checkout: CheckoutLater,
    /// Where documents of what versions are made of are kept here, too.
    pub attest_dir: Option<PathBuf>,
    /// Whether a plan is made to be saved, or a saved one is carried out.
    pub approval: Approval,
}

/// What is checked out, once git has told.
pub type CheckoutLater = Awaited<BoxFuture<'static, Option<Checkout>>>;

/// What a run says of itself in its locks, for whoever waits for them.
#[derive(Clone, Debug)]
pub struct RunIdentity {
    /// Id of the run.
    pub run: String,
    /// Name of the machine.
    pub host: String,
}

/// What all jobs of a run share.
struct Shared {
    options: RunOptions,
    sessions: Sessions,
    manifests: Manifests,
    archives: Archives,
    builds: Arc<Builds>,
    adrift: Adrift,
    events: Events,
    stop: Stop,
}

impl Shared {
    /// How the layer of a job differs between its targets, where that counts.
    async fn drift(&self, job: &Job) -> Option<&Drift> {
        if self.options.align { self.adrift.of_layer(job, &self.sessions).await } else { None }
    }
}
