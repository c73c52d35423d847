//! How the latest versions of a layer differ between its targets. Looked at once for each layer, before any of its jobs
//! decides, and with `--align` alone: it costs one call of Lambda at each target, and where they differ one of S3.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::sync::OnceCell;

use super::site::Site;
use crate::aws::Sessions;
use crate::layer::Sha256;
use crate::outcome::{ErrorCode, JobError};
use crate::plan::{Drift, Job, Standing};

/// The layers of a run that have several targets.
#[derive(Debug)]
pub struct Adrift {
    layers: BTreeMap<String, Layer>,
    /// Targets that did not answer once: they are not waited for again.
    silent: Mutex<BTreeSet<String>>,
    /// This run stages the same archive at all targets of a layer.
    stages: bool,
}

#[derive(Debug, Default)]
struct Layer {
    jobs: Vec<Arc<Job>>,
    drift: OnceCell<Drift>,
}

impl Adrift {
    /// Of these jobs, which `stages` says are staged first.
    pub fn of(jobs: &[Arc<Job>], stages: bool) -> Self {
        let mut layers: BTreeMap<String, Layer> = BTreeMap::new();
        for job in jobs {
            layers.entry(job.layer.clone()).or_default().jobs.push(Arc::clone(job));
        }
        layers.retain(|_, layer| layer.jobs.len() > 1);
        Self { layers, silent: Mutex::default(), stages }
    }

    /// How the layer of this job differs between its targets, as far as those can be asked; `None` where it has one.
    pub async fn of_layer(&self, job: &Job, sessions: &Sessions) -> Option<&Drift> {
        let layer = self.layers.get(&job.layer)?;
        Some(layer.drift.get_or_init(|| self.look(&layer.jobs, sessions)).await)
    }

    async fn look(&self, jobs: &[Arc<Job>], sessions: &Sessions) -> Drift {
        let contents = join_all(jobs.iter().map(|job| self.asked(job, content(job, sessions)))).await;
        let known: Vec<(&Arc<Job>, Sha256)> =
            jobs.iter().zip(contents).filter_map(|(job, content)| Some((job, content?))).collect();
        let first = Drift::of(&standings(&known, Vec::new()), self.stages);
        if first == Drift::default() || self.stages {
            return first;
        }
        let staged = join_all(known.iter().map(|(job, _)| self.asked(job, staged(job, sessions)))).await;
        Drift::of(&standings(&known, staged), false)
    }

    /// What cannot be found out here, the job of that target meets and tells itself.
    async fn asked<T>(&self, job: &Job, answer: impl Future<Output = Result<Option<T>, JobError>>) -> Option<T> {
        let silent = || self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if silent().contains(&job.target.name) {
            return None;
        }
        let answer = answer.await;
        if answer.as_ref().is_err_and(|error| matches!(error.code, ErrorCode::Timeout | ErrorCode::Network)) {
            silent().insert(job.target.name.clone());
        }
        answer.ok().flatten()
    }
}

fn standings(known: &[(&Arc<Job>, Sha256)], staged: Vec<Option<Sha256>>) -> Vec<Standing> {
    let staged = staged.into_iter().chain(std::iter::repeat(None));
    known.iter().zip(staged).map(|((_, content), staged)| Standing { content: *content, staged }).collect()
}

async fn content(job: &Job, sessions: &Sessions) -> Result<Option<Sha256>, JobError> {
    let session = sessions.get(&job.target).await?;
    let site = Site::new(job, &session);
    let Some(latest) = site.latest().await? else { return Ok(None) };
    Ok(site.version(latest.arn.number).await?.and_then(|version| version.sha256))
}

async fn staged(job: &Job, sessions: &Sessions) -> Result<Option<Sha256>, JobError> {
    let session = sessions.get(&job.target).await?;
    Ok(Site::new(job, &session).staged().await?.and_then(|staged| staged.sha256))
}
