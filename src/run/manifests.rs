//! The manifests of a run: read once however many jobs share one, and what is to be said of them.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::RunOptions;
use super::archive_checks::settle_all;
use super::shelves::Shelves;
use super::trail::Trail;
use crate::config::UnpinnedPolicy;
use crate::event::{Fact, Mode};
use crate::finding::{Check, Finding, Level};
use crate::halt::Halt;
use crate::manifest::{Dependency, Included, Includes, Manifest, NotIncluded, Open, ReadError, Unpinned, plain, read};
use crate::outcome::{ErrorCode, JobError};
use crate::plan::Job;

/// How many places of further open lines are named.
const PLACES: usize = 5;

/// More dependencies than this no layer has: Lambda's 250 MB hold some hundreds of packages. It bounds what reports take.
const LISTED: usize = 2_000;

/// How many files that are included in vain are told.
const PROBLEMS: usize = 5;

/// The manifests of a run.
#[derive(Debug)]
pub struct Manifests(Shelves<Manifest>);

impl Manifests {
    /// Room for the manifests of these jobs.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Arc<Job>>) -> Self {
        Self(Shelves::of(jobs.into_iter().map(|job| job.manifest.path.as_path())))
    }

    /// The manifest of a job, read when it is first asked for.
    pub async fn get(&self, job: &Job) -> Result<Arc<Manifest>, ReadError> {
        let path = &job.manifest.path;
        self.0.get(path, read_aside(job)).await
    }

    /// The same on a thread that may wait.
    pub fn get_now(&self, job: &Job, halt: &Halt) -> Result<Arc<Manifest>, ReadError> {
        let path = &job.manifest.path;
        self.0.get_now(path, || read(path, &job.reach, halt))
    }

    /// A job has ended.
    pub async fn release(&self, job: &Job) {
        self.0.release(&job.manifest.path).await;
    }

    /// The same on a thread that may wait.
    pub fn release_now(&self, job: &Job) {
        self.0.release_now(&job.manifest.path);
    }
}

/// Reads the manifest of a job where it holds up nobody. Where nobody waits any more it is asked to end.
pub async fn read_aside(job: &Job) -> Result<Manifest, ReadError> {
    let (path, reach, halt) = (job.manifest.path.clone(), Arc::clone(&job.reach), Halt::default());
    let _halted_when_dropped = halt.on_drop();
    // One task for all of it: with tokio's file each step would be one.
    let read = spawn_blocking(move || read(&path, &reach, &halt)).await;
    read.unwrap_or_else(|error| Err(ReadError::Unreadable(error.into())))
}

/// Checks the manifest itself: readable, not empty, without credentials, pinned.
pub fn check(
    job: &Job,
    manifest: Result<Arc<Manifest>, ReadError>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<Arc<Manifest>, JobError> {
    let manifest = manifest.map_err(|error| unreadable(job, &error))?;
    tell(job, &manifest, options, trail);
    if let Some((line, finding)) = odd(&manifest) {
        settle_all(vec![finding], &place(job, line), job, false, trail)?;
    }
    for (place, finding) in includes(job, &manifest) {
        settle_all(vec![finding], &place, job, false, trail)?;
    }
    if options.mode != Mode::Publish {
        // A publish refuses it, once it is known that something will be written.
        warn_of_secret(job, &manifest, trail)?;
    }
    check_pins(job, &manifest, trail)?;
    Ok(manifest)
}

/// Tells that a manifest was read, and what it names where reports have room for that.
pub fn tell(job: &Job, manifest: &Manifest, options: &RunOptions, trail: &mut Trail) {
    trail.found(Fact::ManifestRead {
        path: job.manifest.shown.clone(),
        md5: manifest.md5.to_string(),
        includes: manifest.includes().digest().map(|digest| digest.to_string()),
    });
    if options.tells_dependencies && matches!(options.mode, Mode::Publish | Mode::Plan | Mode::Status) {
        trail.names(named(manifest));
    }
}

/// What a manifest names, unless that is not known, not to be shown, or more than a layer can have.
fn named(manifest: &Manifest) -> Option<Vec<Dependency>> {
    let dependencies = manifest.all_dependencies().ok().flatten()?;
    if manifest.unshown([dependencies]).is_some() {
        return None;
    }
    let each =
        dependencies.iter().flat_map(|(name, versions)| versions.iter().map(move |(version, _)| (name, version)));
    let each = each.take(LISTED + 1);
    let named: Vec<Dependency> = each
        .map(|(name, version)| Dependency { name: name.to_owned(), version: version.as_str().to_owned() })
        .collect();
    (named.len() <= LISTED).then_some(named)
}

fn place(job: &Job, line: Option<usize>) -> String {
    let path = &job.manifest.shown;
    line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"))
}

fn odd(manifest: &Manifest) -> Option<(Option<usize>, Finding)> {
    let unreadable = manifest.unreadable()?;
    let message = format!("{}; what it names is not known, so its bytes are compared", unreadable.why);
    Some((unreadable.line, Finding::warning(Check::ManifestUnreadable, message, "let its tool write it again")))
}

/// What is to be known of the files that a manifest includes.
fn includes(job: &Job, manifest: &Manifest) -> Vec<(String, Finding)> {
    let Includes { files, problems, .. } = manifest.includes();
    let mut told: Vec<(String, Finding)> =
        problems.iter().take(PROBLEMS).map(|problem| unread(job, manifest, problem)).collect();
    if let Some(first) = files.first() {
        let more = and_more(files);
        let unnoticed =
            if job.compares_dependencies() { "" } else { ", and changes to included files alone publish nothing" };
        let first = named_file(job, first).unwrap_or_else(|| "a file that it includes".to_owned());
        let message = format!("its backup holds only the file itself, not {first}{more}{unnoticed}");
        let hint = "lock all in one file, for example with `uv pip compile`; `detect = [\"dependencies\", \"settings\"]` counts included files";
        told.push((job.manifest.shown.clone(), Finding::warning(Check::IncludeNotKept, message, hint)));
    }
    told
}

/// How many files there are besides the first.
fn and_more(files: &[Included]) -> String {
    match files.len() {
        0 | 1 => String::new(),
        all => format!(" and {} more", all - 1),
    }
}

/// A file that is included, where it may be named.
fn named_file(job: &Job, file: &Included) -> Option<String> {
    file.path.as_ref().map(|path| format!("`{}`", beside(&job.manifest.shown, path)))
}

/// The files that a manifest includes, as they are now, in words.
pub fn included_files(job: &Job, manifest: &Manifest) -> String {
    let (files, shown) = (&manifest.includes().files, &job.manifest.shown);
    match files.first().and_then(|first| named_file(job, first)) {
        Some(first) if files.len() == 1 => format!("{first} as it is now, which `{shown}` includes"),
        Some(first) => format!("{first}{} as they are now, which `{shown}` includes", and_more(files)),
        None => format!("what `{shown}` includes as it is now"),
    }
}

fn unread(job: &Job, manifest: &Manifest, problem: &NotIncluded) -> (String, Finding) {
    let message = match &problem.named {
        Some(named) => format!("`{named}`, which it includes, {}", problem.why),
        None => format!("what it includes there {}{}", problem.why, unshown(manifest)),
    };
    let hint = "correct the line, or lock all in one file, for example with `uv pip compile`";
    (
        format!("{}:{}", including(&job.manifest.shown, problem), problem.line),
        Finding::warning(Check::IncludeUnreadable, message, hint),
    )
}

/// Why the text of a line is not there, for the end of a sentence.
fn unshown(manifest: &Manifest) -> String {
    manifest.outside().map(|outside| format!("; its text {}", outside.is_why())).unwrap_or_default()
}

/// The file that includes another one in vain.
fn including(shown: &str, problem: &NotIncluded) -> String {
    match &problem.within {
        Some(path) if path.as_os_str().is_empty() => shown.to_owned(),
        within => included(shown, within.as_deref()),
    }
}

/// The place of a file that is included, as far as it may be shown.
fn included(shown: &str, path: Option<&Path>) -> String {
    path.map_or_else(|| format!("{shown} (a file that it includes)"), |path| beside(shown, path))
}

/// A path from the manifest's folder, as it may be shown.
fn beside(shown: &str, path: &Path) -> String {
    let folder = Path::new(shown).parent().unwrap_or(Path::new(""));
    plain(&folder.join(path)).display().to_string()
}

/// Refuses a manifest with credentials, whose backup would be written.
pub fn refuse_secret(job: &Job, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    let Some((line, finding)) = secret(manifest) else { return Ok(()) };
    settle_all(vec![finding], &place(job, Some(line)), job, false, trail)
}

fn warn_of_secret(job: &Job, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    let Some((line, finding)) = secret(manifest) else { return Ok(()) };
    let finding = Finding { level: Level::Warning, ..finding };
    settle_all(vec![finding], &place(job, Some(line)), job, false, trail)
}

fn secret(manifest: &Manifest) -> Option<(usize, Finding)> {
    let found = manifest.secret()?;
    let (first, more) = (&found.first, found.and_more());
    let message = match &first.shown {
        Some(shown) => format!("`{shown}` carries a credential{more}: the backup would keep it in S3"),
        None => {
            format!("the line carries a credential{more}: the backup would keep it in S3{}", unshown(manifest))
        }
    };
    let hint = "let the tool read it from elsewhere, for example from PIP_INDEX_URL, a netrc file or a keyring";
    Some((first.line, Finding::error(Check::SecretInManifest, message, hint)))
}

fn check_pins(job: &Job, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    if job.unpinned == UnpinnedPolicy::Allow {
        return Ok(());
    }
    let (count, loose) = loose(&job.manifest.shown, manifest, job.unpinned == UnpinnedPolicy::Deny);
    let Some((place, first)) = loose.first() else { return Ok(()) };
    let places: Vec<&str> = loose.iter().skip(1).take(PLACES).map(|(place, _)| place.as_str()).collect();
    let more = match count - 1 {
        0 => String::new(),
        more if more > places.len() => format!("; and {more} more, among them {}", places.join(", ")),
        more => format!("; and {more} more: {}", places.join(", ")),
    };
    let message = match &first.text {
        Some(text) => format!("{place}: `{text}` is not pinned: {}{more}", first.why),
        None => format!("{place}: the line is not pinned: {}{more}{}", first.why, unshown(manifest)),
    };
    if job.unpinned == UnpinnedPolicy::Deny {
        return Err(JobError::new(ErrorCode::ManifestUnpinned, message)
            .hint("write `==` and a version, for example with `uv pip compile` or `pip-compile`; or set `unpinned = \"warn\"`"));
    }
    trail.warn("manifest-unpinned", format!("{message}; changes to it are not noticed"));
    Ok(())
}

/// How many lines of a manifest, and of what it includes, leave open what is installed, and the first of them, each with
/// its place.
fn loose(shown: &str, manifest: &Manifest, deny: bool) -> (usize, Vec<(String, Unpinned)>) {
    let included = manifest.includes().files.iter();
    let included = included.map(|file| (Cow::from(self::included(shown, file.path.as_deref())), &file.open));
    let files = std::iter::once((Cow::from(shown), manifest.open_lines())).chain(included);
    // Where it is only warned of, it has a warning of its own.
    let vain = manifest.includes().problems.iter().filter(|_| deny);
    let count = files.clone().map(|(_, open)| open.count).sum::<usize>() + vain.clone().count();
    let first = files.flat_map(|(path, open)| {
        open.first.iter().map(move |unpinned| (format!("{path}:{}", unpinned.line), unpinned.clone()))
    });
    let vain = vain.map(|problem| {
        let NotIncluded { line, ref named, .. } = *problem;
        let unpinned = Unpinned { line, text: named.clone(), why: Open::NotIncluded };
        (format!("{}:{line}", including(shown, problem)), unpinned)
    });
    (count, first.chain(vain).take(1 + PLACES).collect())
}

fn unreadable(job: &Job, error: &ReadError) -> JobError {
    JobError::new(ErrorCode::ManifestMissing, format!("the manifest `{}` {error}", job.manifest.shown))
        .hint(format!("correct `manifest` of layer `{}` in the layers file, or lock its dependencies", job.layer))
}
