//! Whether the latest versions of a layer at its targets have different content. Looked at once for each layer, before any of
//! its jobs decides, and with `--align` alone: it costs one call of Lambda at each target.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::OnceCell;

use super::site::Site;
use crate::aws::Sessions;
use crate::layer::Sha256;
use crate::plan::Job;

/// The layers of a run that have several targets.
#[derive(Debug)]
pub struct Adrift(BTreeMap<String, Layer>);

#[derive(Debug, Default)]
struct Layer {
    jobs: Vec<Arc<Job>>,
    differs: OnceCell<bool>,
}

impl Adrift {
    /// Of these jobs.
    pub fn of(jobs: &[Arc<Job>]) -> Self {
        let mut layers: BTreeMap<String, Layer> = BTreeMap::new();
        for job in jobs {
            layers.entry(job.layer.clone()).or_default().jobs.push(Arc::clone(job));
        }
        layers.retain(|_, layer| layer.jobs.len() > 1);
        Self(layers)
    }

    /// Whether the layer of this job has different content at its targets, as far as those can be asked.
    pub async fn is(&self, job: &Job, sessions: &Sessions) -> bool {
        let Some(layer) = self.0.get(&job.layer) else { return false };
        *layer.differs.get_or_init(|| differs(&layer.jobs, sessions)).await
    }
}

async fn differs(jobs: &[Arc<Job>], sessions: &Sessions) -> bool {
    let contents = join_all(jobs.iter().map(|job| content(job, sessions))).await;
    let mut known = contents.into_iter().flatten();
    known.next().is_some_and(|first| known.any(|other| other != first))
}

/// What cannot be found out here, the job of that target meets and tells itself.
async fn content(job: &Job, sessions: &Sessions) -> Option<Sha256> {
    let session = sessions.get(&job.target).await.ok()?;
    let site = Site::new(job, &session);
    let latest = site.latest().await.ok()??;
    site.version(latest.arn.number).await.ok()??.sha256
}
