//! Every check before anything is written, in the order of the contract: the first failed one is the job's error.

use std::sync::Arc;

use super::built_from;
use super::compare::{Since, is_changed, since};
use super::content::{Content, Former};
use super::site::Site;
use super::trail::Trail;
use super::{RunOptions, manifests, reference, remembered};
use crate::archive::{Inspection, ZIP_LIMIT};
use crate::aws::{BackupRead, Staged};
use crate::config::Detect;
use crate::event::{Fact, Mode};
use crate::layer::{LayerVersion, Sha256};
use crate::manifest::Manifest;
use crate::outcome::{Decision, ErrorCode, JobError};
use crate::plan::{BackupState, Decided, Drift, Job, Latest, Observed, decide};

/// A job that passed its preflight.
pub struct Checked {
    /// The bytes that were checked; the backup is written from these very bytes.
    pub manifest: Arc<Manifest>,
    /// The zip to publish.
    pub staged: Staged,
    /// SHA-256 of it, where it is known.
    pub sha256: Option<Sha256>,
    /// The latest version before this run.
    pub latest: Option<LayerVersion>,
    /// What is to be done.
    pub decided: Decided,
}

/// What is known before a preflight asks.
#[derive(Clone, Copy, Default)]
pub struct Given<'a> {
    /// What `--stage` has just staged, or would.
    pub staged: Option<&'a Staged>,
    /// What its zip says of itself.
    pub inspection: Option<&'a Arc<Inspection>>,
    /// The latest version, whatever a list says; 0 for none.
    pub latest: Option<u64>,
    /// How the layer differs between its targets, where that counts.
    pub drift: Option<&'a Drift>,
}

/// Checks what is in S3 and Lambda, decides, and checks the zip if it is to be published.
pub async fn preflight(
    site: Site<'_>,
    manifest: Arc<Manifest>,
    known: Given<'_>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<Checked, JobError> {
    let staged = async {
        match known.staged {
            Some(staged) => Ok(Some(staged.clone())),
            None => site.staged().await,
        }
    };
    // Both at once: an unchanged layer costs one round trip after the latest version is known.
    let (staged, published) = tokio::join!(staged, published(site, &manifest, known.latest));
    let staged = existing(site.job, staged?, trail)?;
    let backup = published.as_ref().ok().map(|(_, backup)| backup);
    built_from::manifest(site.job, &staged, &manifest, backup, trail).await?;
    let (latest, mut backup) = published?;
    note_latest(site.job, latest.as_ref(), &backup, trail);

    let mut content = Content::new(site, &staged, &manifest, known.inspection);
    let published = if needs_content(site.job, latest.as_ref(), &backup)
        || known.drift.is_some_and(|drift| *drift != Drift::default())
    {
        let published = published_content(site, latest.as_ref()).await?;
        content.digest(trail).await?;
        published
    } else {
        None
    };
    let differs = is_changed(site.job, &backup, &manifest).await?;
    let since = since(if differs { backup.take_bytes() } else { None }, &manifest, site.job).await?;
    let observed = Observed {
        latest: latest.as_ref().map(|latest| Latest {
            settings: &latest.settings,
            backup: match (&backup, differs) {
                (BackupRead::Missing, _) => BackupState::Missing,
                (_, true) => BackupState::Different,
                (_, false) => BackupState::Same,
            },
            content: published,
        }),
        wanted: &site.job.settings,
        detect: &site.job.detect,
        staged: content.known_sha256(),
        is_behind: known.drift.zip(content.known_sha256()).is_some_and(|(drift, staged)| drift.is_behind(staged)),
        force: options.force && options.approval.may_force(site.job, latest.as_ref()),
    };
    let decided = decide(&observed);
    trail.found(Fact::Decided {
        decision: decided.decision,
        reason: decided.reason,
        settings: decided.settings.clone(),
        dependencies: Arc::clone(&since.difference),
    });
    if options.mode == Mode::Publish && decided.decision != Decision::Keep {
        manifests::refuse_secret(site.job, &manifest, trail)?;
    }
    if decided.decision != Decision::Keep {
        built_from::includes(site.job, &staged, &manifest, options, trail)?;
    }
    if decided.decision == Decision::Publish {
        let changed = latest.as_ref().zip(backup.other().filter(|_| differs));
        let Since { named, is_partial, .. } = since;
        let former = changed.map(|(latest, backup)| Former { latest, backup, named, is_partial });
        check_content(&mut content, former, options, trail).await?;
        reference::check(site, &staged, content.known_sha256(), trail).await?;
    }
    if let (Decision::Adopt, Some(latest)) = (decided.decision, &latest) {
        remembered::check_adopted(site, latest.arn.number, content.known_sha256(), &manifest, trail).await?;
        content.check_packages(options, trail).await?;
    }
    if let (Decision::Keep, Some(latest)) = (decided.decision, &latest) {
        if known.drift.is_some_and(Drift::remains) {
            trail.warn("targets-differ", differ(latest));
        }
        content.check_published(latest, &staged, options.strict, trail).await?;
    }
    let sha256 = content.known_sha256();
    options.approval.hold(site, Checked { manifest, staged, sha256, latest, decided }, trail).await
}

/// What is to be published was built from the manifest, and can be a layer.
async fn check_content(
    content: &mut Content<'_>,
    former: Option<Former<'_>>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    // What Lambda has afterwards is held against it. Read for that, its end is read as well; but what is too large for any
    // check is not read.
    let needed = options.mode == Mode::Publish || options.approval.needs_content();
    if needed && content.size() <= ZIP_LIMIT {
        content.digest(trail).await?;
    }
    if let Some(former) = former {
        content.check_stale(former, trail).await?;
    }
    content.check_zip(options, trail).await
}

/// The latest version and its backup.
async fn published(
    site: Site<'_>,
    manifest: &Manifest,
    known: Option<u64>,
) -> Result<(Option<LayerVersion>, BackupRead), JobError> {
    let latest = match known {
        // Lists may lag behind what is known to exist.
        Some(0) => None,
        Some(known) => match site.version(known).await? {
            Some(version) => Some(version),
            None => site.listed().await?,
        },
        None => site.latest().await?,
    };
    let Some(latest) = latest else { return Ok((None, BackupRead::Missing)) };
    let backup = match site.backup(latest.arn.number, manifest).await? {
        // It belongs to no version of this layer: believed, it would make a change of what is published already.
        BackupRead::Other(stray) if stray.is_older_than(&latest) => BackupRead::Missing,
        backup => backup,
    };
    Ok((Some(latest), backup))
}

/// The staged archive exists.
fn existing(job: &Job, staged: Option<Staged>, trail: &mut Trail) -> Result<Staged, JobError> {
    let staged = staged.ok_or_else(|| {
        JobError::new(ErrorCode::ArchiveMissing, format!("there is no staged archive {}", job.staged))
            .hint("stage it first: `layership stage`, or `layership publish --stage`")
    })?;
    trail.found(Fact::StagedArchiveFound {
        at: job.staged.to_string(),
        sha256: staged.sha256.map(|sha256| sha256.to_string()),
        size: staged.size,
        entity_tag: staged.etag.clone(),
        version_id: staged.version_id.clone(),
    });
    Ok(staged)
}

fn note_latest(job: &Job, latest: Option<&LayerVersion>, backup: &BackupRead, trail: &mut Trail) {
    trail.found(match latest {
        None => Fact::NoVersionFound { layer: job.name.clone() },
        Some(latest) => Fact::LatestFound { arn: latest.arn.clone(), backed_up: *backup != BackupRead::Missing },
    });
}

fn differ(latest: &LayerVersion) -> String {
    format!(
        "{} has another content than the layer has at other targets, and so it stays: not the same archive is staged at all of \
         them; `publish --align --stage` stages and publishes one",
        latest.arn
    )
}

/// Whether the decision needs the SHA-256 of both zips: they cost a Lambda call, and perhaps a whole download.
fn needs_content(job: &Job, latest: Option<&LayerVersion>, backup: &BackupRead) -> bool {
    latest.is_some() && (*backup == BackupRead::Missing || job.detect.contains(&Detect::Content))
}

/// The SHA-256 of the latest version.
async fn published_content(site: Site<'_>, latest: Option<&LayerVersion>) -> Result<Option<Sha256>, JobError> {
    let Some(latest) = latest else { return Ok(None) };
    Ok(site.version(latest.arn.number).await?.and_then(|version| version.sha256))
}
