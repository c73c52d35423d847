//! Manifests in memory: read and hashed once however many jobs share one, and let go after the last of them, so that
//! memory follows the jobs in flight and not the jobs of the run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

use super::RunOptions;
use super::archive_checks::settle_all;
use super::aside::aside;
use super::trail::Trail;
use crate::config::UnpinnedPolicy;
use crate::event::{Fact, Mode};
use crate::finding::{Check, Finding, Level};
use crate::manifest::{
    Includes, Manifest, NotIncluded, Open, ReadError, Unpinned, plain, read, secrets, unpinned, unpinned_lines,
};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Job;

/// How many places of further open lines are named.
const PLACES: usize = 5;

/// How many files that are included in vain are told.
const PROBLEMS: usize = 5;

#[derive(Debug, Default)]
struct Shelf {
    /// Jobs that have not ended yet.
    users: usize,
    manifest: Option<Arc<Manifest>>,
}

/// The manifests of a run.
#[derive(Debug)]
pub struct Manifests(HashMap<PathBuf, Mutex<Shelf>>);

impl Manifests {
    /// Room for the manifests of these jobs.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Arc<Job>>) -> Self {
        let mut shelves: HashMap<PathBuf, Mutex<Shelf>> = HashMap::new();
        for job in jobs {
            shelves.entry(job.manifest.path.clone()).or_default().get_mut().users += 1;
        }
        Self(shelves)
    }

    /// The manifest at a path, read when it is first asked for.
    pub async fn get(&self, path: &Path) -> Result<Arc<Manifest>, ReadError> {
        let Some(shelf) = self.0.get(path) else { return read(path).await.map(Arc::new) };
        let mut shelf = shelf.lock().await;
        if let Some(manifest) = &shelf.manifest {
            return Ok(Arc::clone(manifest));
        }
        let manifest = Arc::new(read(path).await?);
        shelf.manifest = Some(Arc::clone(&manifest));
        Ok(manifest)
    }

    /// One job that used this path has ended.
    pub async fn release(&self, path: &Path) {
        let Some(shelf) = self.0.get(path) else { return };
        let mut shelf = shelf.lock().await;
        shelf.users = shelf.users.saturating_sub(1);
        if shelf.users == 0 {
            shelf.manifest = None;
        }
    }
}

/// Checks the manifest itself: readable, not empty, without credentials, pinned.
pub async fn check(
    job: &Job,
    manifest: Result<Arc<Manifest>, ReadError>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<Arc<Manifest>, JobError> {
    let manifest = manifest.map_err(|error| unreadable(job, &error))?;
    trail.found(Fact::ManifestRead { path: job.manifest.shown.clone(), md5: manifest.md5.to_string() });
    if let Some((line, finding)) = odd(&manifest) {
        settle_all(vec![finding], &place(job, line), job, false, trail)?;
    }
    for (place, finding) in includes(job, &manifest) {
        settle_all(vec![finding], &place, job, false, trail)?;
    }
    if options.mode != Mode::Publish {
        // A publish refuses it, once it is known that something will be written.
        warn_of_secret(job, &manifest, trail).await?;
    }
    check_pins(job, &manifest, trail).await?;
    Ok(manifest)
}

fn place(job: &Job, line: Option<usize>) -> String {
    let path = &job.manifest.shown;
    line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"))
}

fn odd(manifest: &Manifest) -> Option<(Option<usize>, Finding)> {
    let unreadable = manifest.dependencies().err()?;
    let message = format!("{}; what it names is not known, so its bytes are compared", unreadable.why);
    Some((unreadable.line, Finding::warning(Check::ManifestUnreadable, message, "let its tool write it again")))
}

/// What is to be known of the files that a manifest includes.
fn includes(job: &Job, manifest: &Manifest) -> Vec<(String, Finding)> {
    let Includes { files, problems } = manifest.includes();
    let mut told: Vec<(String, Finding)> =
        problems.iter().take(PROBLEMS).map(|problem| unread(&job.manifest.shown, problem)).collect();
    if let Some(first) = files.first() {
        let more = match files.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let unnoticed =
            if job.compares_dependencies() { "" } else { ", and changes to included files are not noticed" };
        let first = beside(&job.manifest.shown, &first.path);
        let message = format!("its backup holds only the file itself, not `{first}`{more}{unnoticed}");
        let hint = "lock all in one file, for example with `uv pip compile`; `detect = [\"dependencies\", \"settings\"]` counts included files";
        told.push((job.manifest.shown.clone(), Finding::warning(Check::IncludeNotKept, message, hint)));
    }
    told
}

fn unread(shown: &str, problem: &NotIncluded) -> (String, Finding) {
    let message = format!("`{}`, which it includes, {}", problem.named, problem.why);
    let hint = "correct the line, or lock all in one file, for example with `uv pip compile`";
    (
        format!("{}:{}", including(shown, problem), problem.line),
        Finding::warning(Check::IncludeUnreadable, message, hint),
    )
}

/// The file that includes another one in vain.
fn including(shown: &str, problem: &NotIncluded) -> String {
    match problem.within.as_os_str().is_empty() {
        true => shown.to_owned(),
        false => beside(shown, &problem.within),
    }
}

/// A path from the manifest's folder, as it may be shown.
fn beside(shown: &str, path: &Path) -> String {
    let folder = Path::new(shown).parent().unwrap_or(Path::new(""));
    plain(&folder.join(path)).display().to_string()
}

/// Refuses a manifest with credentials, whose backup would be written.
pub async fn refuse_secret(job: &Job, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    let Some((line, finding)) = secret(manifest).await? else { return Ok(()) };
    settle_all(vec![finding], &place(job, Some(line)), job, false, trail)
}

async fn warn_of_secret(job: &Job, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    let Some((line, finding)) = secret(manifest).await? else { return Ok(()) };
    let finding = Finding { level: Level::Warning, ..finding };
    settle_all(vec![finding], &place(job, Some(line)), job, false, trail)
}

async fn secret(manifest: &Manifest) -> Result<Option<(usize, Finding)>, JobError> {
    let bytes = manifest.bytes.clone();
    let Some(found) = aside(bytes.len(), move || secrets(&bytes)).await? else { return Ok(None) };
    let (first, more) = (&found.first, found.and_more());
    let message = format!("`{}` carries a credential{more}: the backup would keep it in S3", first.shown);
    let hint = "let the tool read it from elsewhere, for example from PIP_INDEX_URL, a netrc file or a keyring";
    Ok(Some((first.line, Finding::error(Check::SecretInManifest, message, hint))))
}

async fn check_pins(job: &Job, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    if job.unpinned == UnpinnedPolicy::Allow {
        return Ok(());
    }
    let (shown, of, deny) = (job.manifest.shown.clone(), manifest.clone(), job.unpinned == UnpinnedPolicy::Deny);
    let loose = aside(of.bytes.len(), move || loose(&shown, &of, deny)).await?;
    let Some((place, first)) = loose.first() else { return Ok(()) };
    let places: Vec<&str> = loose.iter().skip(1).take(PLACES).map(|(place, _)| place.as_str()).collect();
    let more = match loose.len() - 1 {
        0 => String::new(),
        more if more > places.len() => format!("; and {more} more, among them {}", places.join(", ")),
        more => format!("; and {more} more: {}", places.join(", ")),
    };
    let message = format!("{place}: `{}` is not pinned: {}{more}", first.text, first.why);
    if job.unpinned == UnpinnedPolicy::Deny {
        return Err(JobError::new(ErrorCode::ManifestUnpinned, message)
            .hint("write `==` and a version, for example with `uv pip compile` or `pip-compile`; or set `unpinned = \"warn\"`"));
    }
    trail.warn("manifest-unpinned", format!("{message}; changes to it are not noticed"));
    Ok(())
}

/// The lines of a manifest, and of what it includes, that leave open what is installed, each with its place.
fn loose(shown: &str, manifest: &Manifest, deny: bool) -> Vec<(String, Unpinned)> {
    let at = |path: String, found: Vec<Unpinned>| {
        found.into_iter().map(move |unpinned| (format!("{path}:{}", unpinned.line), unpinned))
    };
    let own = at(shown.to_owned(), unpinned(manifest.format, &manifest.bytes));
    let asking = manifest.includes().files.iter().filter(|file| !file.bounds);
    let own = own.chain(asking.flat_map(|file| at(beside(shown, &file.path), unpinned_lines(file.text()))));
    // Where it is only warned of, it has a warning of its own.
    let vain = manifest.includes().problems.iter().filter(|_| deny);
    let vain = vain.map(|problem| {
        let NotIncluded { line, ref named, .. } = *problem;
        let unpinned = Unpinned { line, text: named.clone(), why: Open::NotIncluded };
        (format!("{}:{line}", including(shown, problem)), unpinned)
    });
    own.chain(vain).collect()
}

fn unreadable(job: &Job, error: &ReadError) -> JobError {
    JobError::new(ErrorCode::ManifestMissing, format!("the manifest `{}` {error}", job.manifest.shown))
        .hint(format!("correct `manifest` of layer `{}` in the layers file, or lock its dependencies", job.layer))
}
