//! Documents beside the backup say what the version is made of: written where they are missing, never replaced.

use std::path::Path;

use bytes::Bytes;

use super::super::RunOptions;
use super::super::aside::aside;
use super::super::site::Site;
use super::super::trail::Trail;
use super::Followed;
use crate::attest::{self, Made, PROVENANCE, SBOM};
use crate::aws::BackupRead;
use crate::event::{Activity, Fact, Mode};
use crate::finding::Check;
use crate::layer::{LayerArn, LayerSettings, S3Location, Sha256, VersionArn};
use crate::manifest::{Dependencies, Includes, Manifest, locked};
use crate::outcome::{ErrorCode, JobError};

/// The documents of one version.
struct Documents {
    sbom: Bytes,
    provenance: Bytes,
}

/// Writes the documents of a version beside its backup, if they are not there; and with `--attest-dir` into a folder here.
pub async fn attest(
    site: Site<'_>,
    version: Followed,
    manifest: &Manifest,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    trail.enter(Activity::Attesting);
    let (Followed::New(number) | Followed::There(number)) = version else {
        trail.found(Fact::AttestationsCompared { sbom: None, provenance: None, to_write: true });
        return Ok(());
    };
    let attesting = Attesting { site, version, manifest, number };
    attesting.run(options, trail).await.map_err(|error| attesting.failed(error))
}

struct Attesting<'a> {
    site: Site<'a>,
    version: Followed,
    manifest: &'a Manifest,
    number: u64,
}

impl Attesting<'_> {
    async fn run(&self, options: &RunOptions, trail: &mut Trail) -> Result<(), JobError> {
        let [sbom, provenance] = self.site.job.attestations(self.number);
        // The statement is written last: where it is, all of them are.
        let is_new = matches!(self.version, Followed::New(_));
        let is_there = !is_new && self.site.exists(&provenance).await?;
        options.approval.hold_attestations(self.site.job, !is_there)?;
        let [sbom_at, provenance_at] = [&sbom, &provenance].map(|at| Some(at.to_string()));
        trail.found(Fact::AttestationsCompared { sbom: sbom_at, provenance: provenance_at, to_write: !is_there });
        if options.mode == Mode::Plan || is_there && options.attest_dir.is_none() {
            return Ok(());
        }
        let documents = if is_there { self.read(&sbom, &provenance).await? } else { self.make(options, trail).await? };
        if !is_there {
            self.site.add(&sbom, &documents.sbom).await?;
            self.site.add(&provenance, &documents.provenance).await?;
            trail.found(Fact::AttestationsWritten);
        }
        match (&options.attest_dir, self.layer(trail)) {
            (Some(folder), Some(layer)) => self.keep(folder, layer, documents).await,
            _ => Ok(()),
        }
    }

    /// What lies beside the backup, for who wants it here.
    async fn read(&self, sbom: &S3Location, provenance: &S3Location) -> Result<Documents, JobError> {
        let (sbom, provenance) = (self.site.document(sbom).await?, self.site.document(provenance).await?);
        let gone = || JobError::new(ErrorCode::AttestFailed, "one of the documents was deleted meanwhile");
        Ok(Documents { sbom: sbom.ok_or_else(gone)?, provenance: provenance.ok_or_else(gone)? })
    }

    async fn make(&self, options: &RunOptions, trail: &mut Trail) -> Result<Documents, JobError> {
        let job = self.site.job;
        let Some((arn, sha256, settings)) = self.published(trail).await? else {
            return Err(JobError::new(ErrorCode::AttestFailed, "Lambda does not tell the version's SHA-256"));
        };
        let bytes = self.backed_up().await?.unwrap_or_else(|| self.manifest.bytes.clone());
        let locked = self.locked(bytes.clone()).await?;
        if locked.is_none() && !job.allow.contains(&Check::AttestIncomplete) {
            let message =
                format!("what `{}` names is not known, so the bill of materials has no packages", job.manifest.shown);
            trail.warn("attest-incomplete", message);
        }
        // Only the run that publishes a version knows what was checked out then.
        let checkout = match self.version {
            Followed::New(_) => options.checkout.clone().await,
            Followed::There(_) | Followed::ToCome => None,
        };
        let made = Made {
            arn: &arn,
            sha256,
            manifest: &bytes,
            locked: locked.as_ref(),
            manifest_name: &job.manifest_name,
            layer: &job.layer,
            settings: &settings,
            checkout: checkout.as_ref(),
        };
        Ok(Documents { sbom: attest::sbom(&made).into(), provenance: attest::provenance(&made).into() })
    }

    /// ARN, SHA-256 and settings of the version: what was just published is known, of another one Lambda tells.
    async fn published(&self, trail: &Trail) -> Result<Option<(VersionArn, Sha256, LayerSettings)>, JobError> {
        let checked = trail.report().archive.sha256.as_deref().and_then(Sha256::from_hex);
        if let (Followed::New(number), Some(layer), Some(sha256)) = (self.version, self.layer(trail), checked) {
            return Ok(Some((layer.version(number), sha256, self.site.job.settings.clone())));
        }
        let found = self.site.version(self.number).await?;
        Ok(found.and_then(|found| Some((found.arn, found.sha256?, found.settings))))
    }

    /// The manifest of a version that was there, where it has other bytes than the one at hand.
    async fn backed_up(&self) -> Result<Option<Bytes>, JobError> {
        if matches!(self.version, Followed::New(_)) {
            return Ok(None);
        }
        match self.site.backup(self.number, self.manifest).await? {
            BackupRead::Same => Ok(None),
            BackupRead::Other(backup) => Ok(Some(backup.bytes)),
            BackupRead::Missing => Err(JobError::new(ErrorCode::AttestFailed, "its backup is not there")),
        }
    }

    /// What these bytes lock. What they include is only known of those at hand.
    async fn locked(&self, bytes: Bytes) -> Result<Option<Dependencies>, JobError> {
        let manifest = self.manifest.clone();
        aside(bytes.len(), move |halt| {
            let none = Includes::default();
            let includes = if bytes == manifest.bytes { manifest.includes() } else { &none };
            locked(manifest.format, &bytes, includes, halt)
        })
        .await
    }

    async fn keep(&self, folder: &Path, layer: LayerArn, documents: Documents) -> Result<(), JobError> {
        let LayerArn { account, region, name, .. } = layer;
        let within = folder.join(account.as_str()).join(region.as_str()).join(name.as_str());
        let within = within.join(format!("{:06}", self.number));
        let named = |end: &str| within.join(format!("{}{end}", self.site.job.manifest_name));
        let files = [(named(SBOM), documents.sbom), (named(PROVENANCE), documents.provenance)];
        let shown = within.display().to_string();
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&within)?;
            files.iter().try_for_each(|(path, bytes)| crate::disk::replace(path, bytes))
        });
        let written = written.await.unwrap_or_else(|broken| Err(std::io::Error::other(broken)));
        written.map_err(|error| {
            let message = format!("the documents cannot be written below `{shown}`");
            let failed = JobError::new(ErrorCode::AttestFailed, message).cause(error.to_string());
            JobError { hint: crate::disk::remedy(&error).map(str::to_owned), ..failed }
        })
    }

    fn layer(&self, trail: &Trail) -> Option<LayerArn> {
        trail.report().layer_arn.as_deref().and_then(|arn| arn.parse().ok()).or_else(|| self.site.layer_arn())
    }

    /// The version is there all the same: its ARN is told.
    fn failed(&self, error: JobError) -> JobError {
        if error.code == ErrorCode::PlanStale {
            return error;
        }
        let arn: Option<VersionArn> = self.site.layer_arn().map(|layer| layer.version(self.number));
        let which = arn.map_or_else(
            || format!("version {} of layer `{}`", self.number, self.site.job.name),
            |arn| arn.to_string(),
        );
        let mut error = error.context(format!("{which} could not be attested"));
        error.code = ErrorCode::AttestFailed;
        error
    }
}
