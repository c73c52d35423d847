//! What serving needs, shared by all connections.

use std::sync::Arc;

use s3s::service::S3Service;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::agenda::Agenda;
use super::faults::Faults;
use super::lambda::{Functions, Layers};
use super::log::Log;
use super::options::Delays;
use super::pace::Quota;
use super::secret::Secret;
use super::ssm::Ssm;
use super::store::Store;
use super::sts::Sts;

/// What serving needs, shared by all connections.
pub(super) struct Shared {
    pub account: String,
    pub secret: Secret,
    pub delays: Delays,
    pub quota: Option<Quota>,
    pub closed_regions: Vec<String>,
    pub faults: Faults,
    pub log: Log,
    pub agenda: Agenda,
    pub store: Arc<Store>,
    pub s3: S3Service,
    pub layers: Layers,
    pub functions: Functions,
    pub sts: Sts,
    pub ssm: Ssm,
    pub stopping: CancellationToken,
    pub tracker: TaskTracker,
}

impl Shared {
    /// The time by the sandbox's clock, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.store.clock().now_millis()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
