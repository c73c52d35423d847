//! Building: the command that a layer declares, once for each layer however many targets it goes to, and never without
//! being asked to.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use tokio::sync::{Mutex, Semaphore};

use super::Shared;
use super::changed::is_changed;
use super::manifests::read_aside;
use super::shell::{self, Ended, Output};
use super::site::Site;
use super::stop::Stop;
use super::trail::Trail;
use crate::event::{Activity, Fact};
use crate::finding::Check;
use crate::manifest::{Manifest, mask};
use crate::outcome::{ErrorCode, JobError, Outcome};
use crate::plan::{Build, Job};

/// The key of the layer, for a command that builds several.
const LAYER: &str = "LAYERSHIP_LAYER";
/// How much of the output of a command that failed is told.
const LINES: usize = 30;
/// Longest line of it that is told, in characters.
const LINE: usize = 300;

/// Which layers are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildScope {
    /// Those whose manifest differs from the newest backup.
    Changed,
    /// All of them.
    All,
}

/// What became of building a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Built {
    /// It was built.
    Well,
    /// It need not be: its manifest did not change.
    Unneeded,
    /// It does not say how it is built.
    Undeclared,
    /// The run was stopped.
    Stopped,
}

impl Built {
    /// What a run ends in that only builds.
    pub fn outcome(self, scope: BuildScope) -> Outcome {
        match (self, scope) {
            (Self::Well, _) => Outcome::Built,
            (Self::Undeclared, BuildScope::Changed) => Outcome::Changed,
            (Self::Unneeded | Self::Undeclared, _) => Outcome::Unchanged,
            (Self::Stopped, _) => Outcome::Cancelled,
        }
    }
}

/// Builds the layer of a job, if it belongs to those that are to be built.
pub async fn build(
    job: &Job,
    scope: BuildScope,
    shared: &Shared,
    manifest: &Manifest,
    trail: &mut Trail,
) -> Result<Built, JobError> {
    if scope == BuildScope::Changed {
        let compared = async {
            let session = shared.sessions.get(&job.target).await?;
            is_changed(Site::new(job, &session), manifest, trail).await
        };
        let is_changed = tokio::select! {
            is_changed = compared => is_changed?,
            () = shared.stop.finishing() => return Ok(Built::Stopped),
        };
        if !is_changed {
            return Ok(Built::Unneeded);
        }
    }
    shared.builds.build(job, manifest, &shared.stop, trail).await
}

/// The builds of a run.
#[derive(Debug)]
pub struct Builds {
    by_layer: HashMap<String, Mutex<Option<Result<Built, JobError>>>>,
    /// Builds use cores, memory and network as they like.
    permits: Semaphore,
    /// What builds once more what was built.
    again: &'static str,
}

impl Builds {
    /// Room for the builds of these jobs, no more at once than there are cores and than jobs may be in flight.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Arc<Job>>, concurrency: usize, scope: Option<BuildScope>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let by_layer = jobs.into_iter().map(|job| (job.layer.clone(), Mutex::default())).collect();
        // It names no layer: of many that fail alike, what is to be done is told once.
        let again = if scope == Some(BuildScope::All) { "layership build --all" } else { "layership build" };
        Self { by_layer, permits: Semaphore::new(cores.min(concurrency)), again }
    }

    /// Builds the layer of a job, unless another job of it did.
    pub async fn build(
        &self,
        job: &Job,
        manifest: &Manifest,
        stop: &Stop,
        trail: &mut Trail,
    ) -> Result<Built, JobError> {
        let Some(build) = &job.build else {
            if !job.allow.contains(&Check::BuildUndeclared) {
                trail.warn("build-undeclared", format!("layer `{}` does not say how it is built", job.layer));
            }
            return Ok(Built::Undeclared);
        };
        trail.enter(Activity::Building);
        let Some(known) = self.by_layer.get(&job.layer) else { return self.run(job, build, stop, trail).await };
        let mut known = known.lock().await;
        let ended = match &*known {
            Some(ended) => ended.clone(),
            None => known.insert(self.run(job, build, stop, trail).await).clone(),
        };
        if ended == Ok(Built::Well) {
            left_as_it_was(job, manifest).await?;
        }
        ended
    }

    async fn run(&self, job: &Job, build: &Build, stop: &Stop, trail: &mut Trail) -> Result<Built, JobError> {
        let _permit = tokio::select! {
            permit = self.permits.acquire() => permit,
            () = stop.finishing() => return Ok(Built::Stopped),
        };
        let started = Instant::now();
        match shell::run(&build.command, &build.folder, (LAYER, &job.layer), stop).await {
            Ok(Ended::Stopped) => Ok(Built::Stopped),
            Ok(Ended::Itself(status, _)) if status.success() => {
                trail.found(Fact::Built { seconds: started.elapsed().as_secs_f64() });
                made(job)
            }
            Ok(Ended::Itself(status, output)) => Err(failed(job, status, &output).hint(self.hint(build))),
            Err(error) => Err(JobError::new(
                ErrorCode::BuildFailed,
                format!("cannot start `sh` to build layer `{}` in `{}`", job.layer, build.folder.display()),
            )
            .cause(error.to_string())),
        }
    }

    fn hint(&self, build: &Build) -> String {
        format!("its command runs in the folder `{}`; `{}` runs it again", build.folder.display(), self.again)
    }
}

/// The archive is there.
fn made(job: &Job) -> Result<Built, JobError> {
    match &job.archive {
        Some(archive) if !archive.path.exists() => Err(JobError::new(
            ErrorCode::BuildFailed,
            format!("the build of layer `{}` ended well, but its archive `{}` is not there", job.layer, archive.shown),
        )
        .hint("correct `build` or `archive` in the layers file")),
        _ => Ok(Built::Well),
    }
}

/// What was compared is what was built from: a build that locks again would publish another state than was looked at.
async fn left_as_it_was(job: &Job, manifest: &Manifest) -> Result<(), JobError> {
    let is_same = read_aside(job).await.is_ok_and(|now| now.whole() == manifest.whole());
    let changed = || {
        let or_included = if manifest.includes().paths().is_empty() { "" } else { " or a file that it includes" };
        let message =
            format!("the build of layer `{}` changed its manifest `{}`{or_included}", job.layer, job.manifest.shown);
        JobError::new(ErrorCode::BuildFailed, message).hint("lock the dependencies first, and build from the lock file")
    };
    if is_same { Ok(()) } else { Err(changed()) }
}

fn failed(job: &Job, status: ExitStatus, output: &Output) -> JobError {
    let message = format!("the build of layer `{}` {}", job.layer, how(status));
    let lines: Vec<String> = output.last_lines(LINES).iter().map(|line| cut(&mask(line))).collect();
    let error = JobError::new(ErrorCode::BuildFailed, message);
    if lines.is_empty() { error.cause("it printed nothing") } else { error.cause(lines.join("\n")) }
}

/// Cut between words: a part of a secret would not be known as one.
fn cut(line: &str) -> String {
    let Some((end, _)) = line.char_indices().nth(LINE) else { return line.to_owned() };
    let end = line[..end].rfind(char::is_whitespace).unwrap_or_default();
    format!("{} …", &line[..end])
}

fn how(status: ExitStatus) -> String {
    match (status.code(), signal(status)) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "failed".to_owned(),
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}
