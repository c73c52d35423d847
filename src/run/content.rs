//! What a staged zip holds: whether it was built again after its manifest changed, and whether a layer can be made of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::RunOptions;
use super::archive_checks::{findings, inspect_staged, of_packages, settle_all};
use super::aside::aside;
use super::site::{Site, asked, counted_includes};
use super::trail::Trail;
use crate::archive::{Change, IncludedFiles, Inspection, Note, Purpose, ZIP_LIMIT, stale};
use crate::aws::{Backup, Staged, StagedZip};
use crate::event::Fact;
use crate::finding::{Check, Finding};
use crate::layer::{LayerVersion, Sha256};
use crate::manifest::{Dependencies, Environments, Manifest};
use crate::outcome::JobError;
use crate::plan::Job;

/// What was published before a manifest changed.
pub struct Former<'a> {
    /// The latest version.
    pub latest: &'a LayerVersion,
    /// Its backup.
    pub backup: &'a Backup,
    /// What the backup names, as far as that can be read.
    pub named: Option<Arc<Dependencies>>,
    /// Lines of it cannot be read.
    pub is_partial: bool,
}

/// The staged zip of a job, and what it is to hold.
pub struct Content<'a> {
    site: Site<'a>,
    zip: StagedZip,
    manifest: &'a Manifest,
    /// What the zip says of itself, where it was looked at.
    inspection: Option<Arc<Inspection>>,
}

impl<'a> Content<'a> {
    /// A zip that was staged from this manifest; `local` is what it says of itself, where it is known from here.
    pub fn new(site: Site<'a>, staged: &Staged, manifest: &'a Manifest, local: Option<&Arc<Inspection>>) -> Self {
        Self { site, zip: site.staged_zip(staged), manifest, inspection: local.cloned() }
    }

    /// Size of the zip in bytes.
    pub fn size(&self) -> u64 {
        self.zip.size()
    }

    /// The SHA-256 of the zip, where it is known.
    pub fn known_sha256(&self) -> Option<Sha256> {
        self.zip.known_sha256()
    }

    /// The SHA-256 of the zip, by reading all of it where S3 keeps none.
    pub async fn digest(&mut self, trail: &mut Trail) -> Result<Sha256, JobError> {
        if let Some(sha256) = self.zip.known_sha256() {
            return Ok(sha256);
        }
        let sha256 = self.zip.sha256().await?;
        trail.found(Fact::StagedArchiveDigested { sha256: sha256.to_string() });
        Ok(sha256)
    }

    /// Refuses the bytes of the latest version under a manifest that has changed since.
    pub async fn check_stale(&mut self, former: Former<'_>, trail: &mut Trail) -> Result<(), JobError> {
        let Former { latest, backup, named, is_partial } = former;
        if !self.has_bytes_of(latest, backup, trail).await? {
            return Ok(());
        }
        let (manifest, job) = (self.manifest.clone(), self.site.job);
        let inspection = Arc::clone(self.inspection().await?);
        let included = included(job, &manifest, backup).await?;
        let (number, settings) = (latest.arn.number, job.settings.clone());
        let size = manifest.size() + named.as_ref().map_or(0, |old| old.size());
        let finding = aside(size, move |halt| {
            let part = manifest.unreadable().and_then(|_| manifest.readable_part(halt));
            let (old, new) = (named.as_deref(), manifest.dependencies().ok().flatten().or(part.as_ref()));
            let is_partial = is_partial || part.is_some();
            let unshown = match is_partial {
                true => manifest.outside(),
                false => manifest.unshown(old.into_iter().chain(new)),
            };
            let (format, packages, all) =
                (manifest.format, &inspection.packages, manifest.all_dependencies().ok().flatten());
            let change = Change { format, old, new, is_partial, all, included, packages, unshown };
            stale(number, change, &Environments::of(&settings), halt)
        });
        settle_all(finding.await?.into_iter().collect(), &job.staged.to_string(), job, false, trail)
    }

    /// The digest of the published zip comes with the backup that showed the change. Only a backup without it, or a zip of
    /// which S3 keeps none, costs a look at the version; and a zip of another size need not be read for its digest.
    async fn has_bytes_of(
        &mut self,
        latest: &LayerVersion,
        backup: &Backup,
        trail: &mut Trail,
    ) -> Result<bool, JobError> {
        if let (Some(staged), Some(published)) = (self.zip.known_sha256(), backup.sha256) {
            return Ok(staged == published);
        }
        if self.zip.size() > ZIP_LIMIT {
            // It is refused for that.
            return Ok(false);
        }
        let Some(version) = self.site.version(latest.arn.number).await? else { return Ok(false) };
        if version.size.is_some_and(|size| size != self.zip.size()) {
            return Ok(false);
        }
        Ok(Some(self.digest(trail).await?) == backup.sha256.or(version.sha256))
    }

    /// Tells of an archive that was staged after the latest version was made, with other bytes and nothing to publish them
    /// for. What was staged before that is what was published: only a newer one costs a look at the backup's note, and at the
    /// version where the backup has none, as those of other tools. S3 tells whole seconds: the same one may be after.
    pub async fn check_published(
        &self,
        latest: &LayerVersion,
        staged: &Staged,
        strict: bool,
        trail: &mut Trail,
    ) -> Result<(), JobError> {
        let seconds = |time: Option<Timestamp>| time.map(Timestamp::as_second);
        let times = seconds(staged.modified).zip(seconds(latest.created));
        if times.is_some_and(|(staged, made)| staged < made) {
            return Ok(());
        }
        let (job, number) = (self.site.job, latest.arn.number);
        let findings = match (self.known_sha256(), self.published_sha256(latest).await?) {
            (Some(staged), Some(published)) if staged == published => vec![],
            (staged, published) => {
                trail.found(Fact::StagedSince { version: number, sha256: published.map(|sha256| sha256.to_string()) });
                vec![staged.and(published).map_or_else(|| not_compared(number), |_| unpublished(number))]
            }
        };
        settle_all(findings, &job.staged.to_string(), job, strict, trail)
    }

    /// The digest of what a version holds, where that of the staged zip is known without reading it.
    async fn published_sha256(&self, version: &LayerVersion) -> Result<Option<Sha256>, JobError> {
        if self.known_sha256().is_none() || version.sha256.is_some() {
            return Ok(version.sha256);
        }
        let number = version.arn.number;
        match self.site.noted_sha256(number).await? {
            Some(noted) => Ok(Some(noted)),
            None => Ok(self.site.version(number).await?.and_then(|version| version.sha256)),
        }
    }

    /// Refuses to record a zip under a manifest that pins other packages than it holds. Whatever else it is, it is published.
    pub async fn check_packages(&mut self, options: &RunOptions, trail: &mut Trail) -> Result<(), JobError> {
        let (job, manifest) = (self.site.job, self.manifest);
        if self.inspection.is_none() && self.noted().is_some() {
            return Ok(());
        }
        let findings = of_packages(self.inspection().await?, job, manifest).await?;
        settle_all(findings, &job.staged.to_string(), job, options.strict, trail)
    }

    /// What `stage` noted when it checked the zip for this manifest and these settings.
    fn noted(&self) -> Option<Note> {
        let purpose = Purpose::new(self.manifest.whole(), &self.site.job.settings);
        self.zip.note().filter(|note| note.is_for(purpose))
    }

    /// Refuses a zip that cannot be the layer: as `stage` noted it, or read through ranged GETs of its central directory.
    pub async fn check_zip(&mut self, options: &RunOptions, trail: &mut Trail) -> Result<(), JobError> {
        let job = self.site.job;
        if let (None, Some(note)) = (&self.inspection, self.noted()) {
            trail.found(Fact::ArchiveInspected { files: note.files, unzipped: note.unzipped });
            return Ok(());
        }
        let manifest = self.manifest;
        let inspection = self.inspection().await?;
        trail.found(Fact::ArchiveInspected { files: inspection.files, unzipped: inspection.unzipped });
        let findings = findings(inspection, job, manifest).await?;
        settle_all(findings, &job.staged.to_string(), job, options.strict, trail)
    }

    async fn inspection(&mut self) -> Result<&Arc<Inspection>, JobError> {
        let inspection = match self.inspection.take() {
            Some(inspection) => inspection,
            None => {
                let place = self.site.job.staged.to_string();
                Arc::new(inspect_staged(&mut self.zip, &place).await?)
            }
        };
        Ok(self.inspection.insert(inspection))
    }
}

/// What is known of the files that the manifest includes.
async fn included(job: &Job, manifest: &Manifest, backup: &Backup) -> Result<IncludedFiles, JobError> {
    Ok(match counted_includes(job, manifest) {
        Some(now) if !backup.includes(Some(now)) && backup.notes_includes() => {
            let is_asked = backup.asked(asked(job, manifest).await?);
            if is_asked { IncludedFiles::Alike } else { IncludedFiles::Changed }
        }
        Some(now) if !backup.includes(Some(now)) => IncludedFiles::Unknown,
        _ => IncludedFiles::Same,
    })
}

fn not_compared(latest: u64) -> Finding {
    let message = format!("it was not compared with what version {latest} holds: no SHA-256 of both is known");
    Finding::advice(
        Check::ArchiveUnpublished,
        message,
        "stage it with `layership stage`, which has S3 note its SHA-256",
    )
}

fn unpublished(latest: u64) -> Finding {
    let message = format!(
        "it is not what version {latest} holds: it was staged after that with other content, under the same manifest; \
         `publish --force` publishes it, and so does `\"content\"` in `detect`"
    );
    let hint = "publish it with `--force`, add `\"content\"` to `detect`, or `allow = [\"archive-unpublished\"]`";
    Finding::warning(Check::ArchiveUnpublished, message, hint)
}
