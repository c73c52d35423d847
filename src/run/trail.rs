//! The trail of a job: everything it does and finds out, told to the displays at once and kept for its report. What was
//! found survives the failure of whatever comes after it.

use std::sync::Arc;
use std::time::Instant;

use super::Events;
use crate::aws::{Tell, Watch};
use crate::event::{Activity, Fact, Happening, JobId};
use crate::layer::{LayerVersion, Region, S3Location};
use crate::manifest::Dependency;
use crate::outcome::{
    ArchiveReport, AttestReport, JobError, JobReport, KeptArchive, LayerStatus, ManifestReport, Outcome,
    ParameterReport, PruneReport, PublishedArchive, Reason, ShareReport, Warning,
};
use crate::plan::Job;

/// The only writer of a job's report.
#[derive(Debug)]
pub struct Trail {
    id: JobId,
    events: Events,
    started: Instant,
    region: Region,
    report: JobReport,
    last: Option<Fact>,
}

impl Trail {
    /// The trail of a job that begins now.
    pub fn begin(id: JobId, job: &Job, events: Events) -> Self {
        let (layer, target) = (job.layer.clone(), job.target.name.clone());
        events.send(Happening::JobStarted { job: id, layer, target });
        Self { id, events, started: Instant::now(), region: job.target.region.clone(), report: blank(job), last: None }
    }

    /// What is known of the job so far.
    pub fn report(&self) -> &JobReport {
        &self.report
    }

    /// The job is doing something else now.
    pub fn enter(&self, activity: Activity) {
        self.events.send(Happening::ActivityEntered { job: self.id, activity });
    }

    /// The job found something out, or did something.
    pub fn found(&mut self, fact: Fact) {
        note(&mut self.report, &fact);
        let page = self.backup_page(&fact);
        self.events.send(Happening::FactFound { job: self.id, fact });
        if let Some(url) = page {
            self.found(Fact::BackupPage { url });
        }
    }

    /// Tells how many of so many bytes were sent, as often as it is called.
    pub fn of_bytes_sent(&self, of: u64) -> Tell {
        // A connection that was given up may keep the body that tells this for a while.
        let (job, events) = (self.id, self.events.weak());
        Arc::new(move |bytes| events.send(Happening::BytesSent { job, bytes, of }))
    }

    /// Is told of requests of the job that have no answer for long.
    pub fn watch(&self) -> Watch {
        let (job, events) = (self.id, self.events.weak());
        Arc::new(move |fact| events.send(Happening::FactFound { job, fact }))
    }

    fn backup_page(&self, fact: &Fact) -> Option<String> {
        let Fact::BackupThere { at, .. } = fact else { return None };
        S3Location::of_uri(at)?.console_link(&self.region)
    }

    /// The same, unless it was the last thing that was found.
    pub fn found_news(&mut self, fact: Fact) {
        if self.last.as_ref() != Some(&fact) {
            self.last = Some(fact.clone());
            self.found(fact);
        }
    }

    /// Nothing is to be done: the latest version is the one to use.
    pub fn kept(&mut self, job: &Job, latest: &LayerVersion) {
        self.found(Fact::VersionToUse { arn: latest.arn.clone() });
        let at = job.backup(latest.arn.number).to_string();
        self.found(Fact::BackupThere { at, written: false, request_id: None });
    }

    /// What the manifest names, where that is known. It goes into the report alone: no display has room for all of it.
    pub fn names(&mut self, dependencies: Option<Vec<Dependency>>) {
        self.report.manifest.dependencies = dependencies;
    }

    /// What there is of the layer.
    pub fn looked(&mut self, status: LayerStatus) {
        self.report.status = Some(Box::new(status));
    }

    /// The job met something that a person should know although it goes on. Told once, however often it is met.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        let warning = Warning { code: code.to_owned(), message: message.into() };
        if !self.report.warnings.contains(&warning) {
            self.report.warnings.push(warning.clone());
            self.events.send(Happening::Warned { job: self.id, warning });
        }
    }

    /// The report of the job, which ended so.
    pub fn close(mut self, ended: Result<Outcome, JobError>) -> JobReport {
        match ended {
            Ok(outcome) => self.report.outcome = outcome,
            Err(error) => {
                self.report.outcome = Outcome::Failed;
                self.report.error = Some(error);
            }
        }
        self.report.seconds = self.started.elapsed().as_secs_f64();
        self.report
    }
}

/// A report of a job of which nothing is known yet.
pub fn blank(job: &Job) -> JobReport {
    JobReport {
        layer: job.layer.clone(),
        target: job.target.name.clone(),
        region: job.target.region.to_string(),
        account: job.target.account.as_ref().map(ToString::to_string),
        layer_name: job.name.to_string(),
        decision: None,
        reason: None,
        outcome: Outcome::Cancelled,
        previous_version: None,
        version: None,
        layer_arn: None,
        layer_version_arn: None,
        manifest: ManifestReport { path: job.manifest.shown.clone(), ..ManifestReport::default() },
        archive: ArchiveReport { staged: job.staged.to_string(), ..ArchiveReport::default() },
        dependencies: Arc::default(),
        settings: Vec::new(),
        share: None,
        parameter: None,
        attest: None,
        variable: None,
        prune: None,
        warnings: Vec::new(),
        status: None,
        seconds: 0.0,
        error: None,
    }
}

/// What a fact adds to the report. The last fact of a kind counts.
fn note(report: &mut JobReport, fact: &Fact) {
    match fact {
        Fact::AccountKnown { account } => report.account = Some(account.to_string()),
        Fact::ManifestRead { md5, includes, .. } => {
            (report.manifest.md5, report.manifest.includes) = (Some(md5.clone()), includes.clone());
        }
        Fact::ArchiveRead { sha256, size, .. } => {
            (report.archive.sha256, report.archive.size) = (Some(sha256.clone()), Some(*size));
        }
        Fact::StagedArchiveFound { sha256, size, entity_tag, version_id, .. } => {
            (report.archive.sha256, report.archive.size) = (sha256.clone(), Some(*size));
            (report.archive.entity_tag, report.archive.version_id) = (entity_tag.clone(), version_id.clone());
        }
        Fact::ArchiveAlreadyStaged { entity_tag, version_id, .. }
        | Fact::ArchiveStaged { entity_tag, version_id, .. } => {
            (report.archive.entity_tag, report.archive.version_id) = (entity_tag.clone(), version_id.clone());
        }
        Fact::StagedArchiveDigested { sha256 } => report.archive.sha256 = Some(sha256.clone()),
        Fact::StagedSince { sha256, .. } => {
            report.archive.published = Some(PublishedArchive { sha256: sha256.clone() });
        }
        Fact::ArchiveKept { at, version_id, .. } => {
            report.archive.kept = Some(KeptArchive { at: at.clone(), version_id: version_id.clone() });
        }
        Fact::NoVersionFound { .. } => report.previous_version = None,
        Fact::LatestFound { arn, .. } => {
            (report.previous_version, report.layer_arn) = (Some(arn.number), Some(arn.layer.to_string()));
        }
        Fact::Compared { version, backup, changed, dependencies } => {
            report.previous_version = *version;
            report.manifest.backup.clone_from(backup);
            report.dependencies = Arc::clone(dependencies);
            report.reason = Some(match (changed, backup) {
                (false, _) => Reason::Unchanged,
                (true, Some(_)) => Reason::DependenciesChanged,
                (true, None) => Reason::BackupMissing,
            });
        }
        Fact::Decided { decision, reason, settings, dependencies } => {
            (report.decision, report.reason) = (Some(*decision), Some(*reason));
            // It is told anew where something is to be published.
            report.archive.kept = None;
            report.settings.clone_from(settings);
            report.dependencies = Arc::clone(dependencies);
        }
        Fact::VersionToUse { arn } => {
            (report.version, report.layer_version_arn) = (Some(arn.number), Some(arn.to_string()));
            report.layer_arn = Some(arn.layer.to_string());
            report.account.get_or_insert_with(|| arn.layer.account.to_string());
        }
        Fact::GrantsCompared { there, to_grant, extra, to_revoke } => {
            let [there, to_grant, extra, to_revoke] = [there, to_grant, extra, to_revoke].map(Clone::clone);
            report.share = Some(ShareReport { there, to_grant, extra, to_revoke, ..ShareReport::default() });
        }
        Fact::GrantMade { to } => report.share.get_or_insert_default().grant(to),
        Fact::GrantTaken { from } => report.share.get_or_insert_default().revoke(from),
        Fact::ParameterCompared { name, holds, to_write } => {
            let (name, held) = (name.to_string(), holds.as_ref().map(ToString::to_string));
            report.parameter = Some(ParameterReport { name, held, to_write: *to_write, written: false });
        }
        Fact::ParameterWritten { .. } => {
            let parameter = report.parameter.get_or_insert_default();
            (parameter.to_write, parameter.written) = (false, true);
        }
        Fact::AttestationsCompared { sbom, provenance, to_write } => {
            let (sbom, provenance) = (sbom.clone(), provenance.clone());
            report.attest = Some(AttestReport { sbom, provenance, to_write: *to_write, written: false });
        }
        Fact::AttestationsWritten => {
            let attest = report.attest.get_or_insert_default();
            (attest.to_write, attest.written) = (false, true);
        }
        Fact::VersionsSorted { to_delete, kept } => {
            let (to_delete, kept) = (to_delete.clone(), kept.clone());
            report.prune = Some(PruneReport { to_delete, kept, ..PruneReport::default() });
        }
        Fact::ArchivesSorted { to_delete } => {
            report.prune.get_or_insert_default().archives_to_delete.clone_from(to_delete);
        }
        Fact::ArchiveDeleted { at } => report.prune.get_or_insert_default().delete_archive(at),
        Fact::VersionDeleted { arn } => report.prune.get_or_insert_default().delete(arn.number),
        Fact::BackupPage { url } => report.manifest.backup_page = Some(url.clone()),
        Fact::BackupThere { at, .. } => report.manifest.backup = Some(at.clone()),
        _ => {}
    }
}
