//! What there is of one layer at one target. Nothing is written, and no lock is taken: `status` may be asked while others
//! publish.
//!
//! A published layer costs one call of Lambda beside the sweep for latest versions, for its size and SHA-256, one more where it
//! says who it is shared with, and one for each fifty versions where all of them are asked for. The rest is asked of S3,
//! which has no such quota.

use std::collections::BTreeSet;

use jiff::Timestamp;
use layership_protocol::{Content, Found, LockState as Held, Phase, Rules, Time};

use super::RunOptions;
use super::compare::is_changed;
use super::follow_up::{Changes, changes};
use super::site::Site;
use super::trail::Trail;
use crate::aws::{BackupRead, Parameter};
use crate::event::{Activity, Fact};
use crate::layer::{LayerVersion, Storage, VersionArn};
use crate::manifest::Manifest;
use crate::outcome::{
    BackupStatus, JobError, KeptArchive, LayerStatus, LockState, LockStatus, ParameterState, ParameterStatus,
    PastVersion, PublishedVersion, ShareStatus, StatusCode, StatusFinding,
};

/// So many versions are named in a message; the report has all of them.
const NAMED_AT_MOST: usize = 8;

/// Looks at everything there is of a layer. Without a manifest that can be read, backups are only looked for.
pub async fn look(
    site: Site<'_>,
    manifest: Option<&Manifest>,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<LayerStatus, JobError> {
    trail.enter(Activity::Checking);
    let versions = async { if options.all_versions { versions(site).await.map(Some) } else { Ok(None) } };
    let parameter = async {
        match &site.job.follow_ups.parameter {
            Some(name) => site.parameter_at_a_glance(name).await,
            None => Ok(None),
        }
    };
    let (latest, lock, versions, parameter) =
        tokio::join!(latest(site, manifest), site.read_lock(), versions, parameter);
    let (latest, lock, versions, parameter) = (latest?, lock?, versions?, parameter?);
    if let Some(latest) = &latest {
        trail.found(Fact::VersionToUse { arn: latest.version.arn.clone() });
        if latest.backup != BackupStatus::Missing {
            let at = site.job.backup(latest.version.arn.number).to_string();
            trail.found(Fact::BackupThere { at, written: false, request_id: None });
        }
    }
    let rules = Rules::with(options.lock_wait, options.publish_settle);
    let lock = lock.map(|found| lock_status(site, &found, &rules));
    let versions = versions.unwrap_or_default();
    let share = match &latest {
        Some(latest) => share(site, latest.version.arn.number, options.all_versions).await?,
        None => None,
    };
    let followed = latest.as_ref().map(|latest| {
        let [gone, differs] = of_storage(site, latest);
        [gone, differs, of_attestations(site, latest), of_parameter(site, latest, parameter.as_ref())]
    });
    let latest_arn = latest.as_ref().map(|latest| &latest.version.arn);
    let parameter = parameter_status(site, latest_arn, parameter.as_ref());
    let latest = latest.map(|latest| latest.status(site));
    let mut status = LayerStatus { latest, lock, share, parameter, versions, findings: Vec::new() };
    status.findings = findings(site, &status);
    status.findings.extend(followed.into_iter().flatten().flatten());
    Ok(status)
}

/// Who may use a version, where the layer says who should, or all is asked for: then it costs one call.
async fn share(site: Site<'_>, version: u64, all: bool) -> Result<Option<ShareStatus>, JobError> {
    let Some(wanted) = &site.job.follow_ups.share else {
        if !all {
            return Ok(None);
        }
        let there = texts(&site.grants(version).await?.into_iter().collect::<Vec<_>>());
        return Ok(Some(ShareStatus { there, ..ShareStatus::default() }));
    };
    let Changes { there, missing, extra } = changes(wanted, site.grants(version).await?);
    let status = ShareStatus { there: texts(&there), missing: texts(&missing), extra: texts(&extra) };
    Ok(Some(status))
}

fn texts(all: &[impl ToString]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// The latest version and its backup.
struct Latest {
    version: LayerVersion,
    backup: BackupStatus,
    attested: Option<bool>,
    /// Whether the object is there that Lambda reads it from; `None` where Lambda has a copy.
    readable: Option<bool>,
}

impl Latest {
    fn status(self, site: Site<'_>) -> PublishedVersion {
        let Self { version, backup, attested, readable: _ } = self;
        let kept =
            version.reference.map(|object| KeptArchive { at: object.at.to_string(), version_id: object.version_id });
        let storage = if kept.is_some() { Storage::Reference } else { Storage::Copy };
        PublishedVersion {
            version: version.arn.number,
            layer_version_arn: version.arn.to_string(),
            created_at: version.created.map(instant),
            age_seconds: version.created.map(|created| age(site, moment(created))),
            size: version.size,
            // Only the answer that has the one has the other.
            storage: version.sha256.map(|_| storage),
            sha256: version.sha256.map(|sha256| sha256.to_string()),
            kept,
            backup,
            backup_at: site.job.backup(version.arn.number).to_string(),
            attested,
        }
    }
}

async fn latest(site: Site<'_>, manifest: Option<&Manifest>) -> Result<Option<Latest>, JobError> {
    let Some(listed) = site.latest().await? else { return Ok(None) };
    let attested = async {
        let [_, provenance] = site.job.attestations(listed.arn.number);
        if site.job.follow_ups.attest { site.exists(&provenance).await.map(Some) } else { Ok(None) }
    };
    let (version, backup, attested) =
        tokio::join!(site.version(listed.arn.number), backup(site, manifest, &listed), attested);
    // It was deleted between the two: what the list said of it is told.
    let version = version?.unwrap_or(listed);
    let readable = match &version.reference {
        Some(object) => Some(site.has(object).await?),
        None => None,
    };
    Ok(Some(Latest { version, backup: backup?, attested: attested?, readable }))
}

async fn backup(site: Site<'_>, manifest: Option<&Manifest>, version: &LayerVersion) -> Result<BackupStatus, JobError> {
    let number = version.arn.number;
    let found = match manifest {
        Some(manifest) => site.backup(number, manifest).await?,
        None => site.any_backup(number).await?,
    };
    Ok(match (found, manifest) {
        (BackupRead::Missing, _) => BackupStatus::Missing,
        (BackupRead::Same, _) => BackupStatus::Same,
        // It belongs to no version of this layer.
        (BackupRead::Other(stray), _) if stray.is_older_than(version) => BackupStatus::Missing,
        (BackupRead::Other(_), None) => BackupStatus::There,
        (other, Some(manifest)) if is_changed(site.job, &other, manifest).await? => BackupStatus::Differs,
        (BackupRead::Other(_), Some(_)) => BackupStatus::Same,
    })
}

/// All versions, the newest first, and which of them have a backup.
async fn versions(site: Site<'_>) -> Result<Vec<PastVersion>, JobError> {
    let attested = async { if site.job.follow_ups.attest { site.attested().await.map(Some) } else { Ok(None) } };
    let (versions, backups, attested) = tokio::join!(site.versions(), site.backed_up(), attested);
    let (versions, backups, attested) = (versions?, backups?, attested?);
    let past = versions.into_iter().map(|version| PastVersion {
        version: version.arn.number,
        backed_up: backups.get(&version.arn.number).is_some_and(|written| !version.is_newer_than(*written)),
        attested: attested.as_ref().map(|attested| attested.contains(&version.arn.number)),
        created_at: version.created.map(instant),
        layer_version_arn: version.arn.to_string(),
    });
    Ok(past.collect())
}

fn lock_status(site: Site<'_>, found: &Found, rules: &Rules) -> LockStatus {
    let state = match found.state(None, rules, site.now()) {
        Held::Free { .. } => LockState::Free,
        Held::Living(_) | Held::Ours(_) => LockState::Held,
        Held::Dead(_) => LockState::Stale,
        Held::Refused(_) => LockState::Foreign,
    };
    let body = match &found.content {
        Content::Lock(body) => Some(body),
        Content::NotALock | Content::NewerFormat(_) => None,
    };
    LockStatus {
        at: site.job.lock().to_string(),
        state,
        phase: body.map(|body| phase(&body.phase).to_owned()),
        run: body.map(|body| body.holder.run.clone()),
        host: body.map(|body| body.holder.host.clone()),
        age_seconds: age(site, found.modified),
    }
}

fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::Free => "free",
        Phase::Holding { .. } => "holding",
        Phase::Sending { .. } => "sending",
        Phase::Unclear { .. } => "unclear",
    }
}

fn findings(site: Site<'_>, status: &LayerStatus) -> Vec<StatusFinding> {
    let all = of_latest(site, status.latest.as_ref())
        .into_iter()
        .chain(of_older(status))
        .chain(status.share.iter().flat_map(|share| of_share(status.latest.as_ref(), share)))
        .chain(status.lock.as_ref().and_then(of_lock));
    all.map(|(code, message)| StatusFinding::new(code, message)).collect()
}

fn of_latest(site: Site<'_>, latest: Option<&PublishedVersion>) -> Option<(StatusCode, String)> {
    let job = site.job;
    match latest.map(|latest| (latest.version, latest.backup)) {
        None => Some((StatusCode::NotPublished, format!("Lambda has no version of layer `{}`", job.name))),
        Some((number, BackupStatus::Missing)) => {
            Some((StatusCode::BackupMissing, format!("version {number} has no backup {}", job.backup(number))))
        }
        Some((number, BackupStatus::Differs)) => {
            let message = format!("version {number} was published from another state of `{}`", job.manifest.shown);
            Some((StatusCode::ManifestDiffers, message))
        }
        Some((_, BackupStatus::Same | BackupStatus::There)) => None,
    }
}

fn of_older(status: &LayerStatus) -> Option<(StatusCode, String)> {
    let latest = status.latest.as_ref().map(|latest| latest.version);
    let without = status.versions.iter().filter(|past| !past.backed_up && Some(past.version) != latest);
    let without: BTreeSet<u64> = without.map(|past| past.version).collect();
    (!without.is_empty())
        .then(|| (StatusCode::BackupsMissing, format!("no backups of older versions: {}", named(&without))))
}

fn of_share(latest: Option<&PublishedVersion>, share: &ShareStatus) -> Vec<(StatusCode, String)> {
    let version = latest.map(|latest| latest.version).unwrap_or_default();
    let ways = [
        (StatusCode::ShareMissing, &share.missing, "is not shared with"),
        (StatusCode::ShareExtra, &share.extra, "is shared, beyond what `share` says, with"),
    ];
    let off = ways.into_iter().filter(|(_, who, _)| !who.is_empty());
    off.map(|(code, who, what)| (code, format!("version {version} {what} {}", who.join(", ")))).collect()
}

fn of_attestations(site: Site<'_>, latest: &Latest) -> Option<StatusFinding> {
    let number = latest.version.arn.number;
    let [_, provenance] = site.job.attestations(number);
    let message = || format!("version {number} has no statement of provenance {provenance}");
    (latest.attested == Some(false)).then(|| StatusFinding::new(StatusCode::AttestationMissing, message()))
}

fn parameter_status(site: Site<'_>, latest: Option<&VersionArn>, found: Option<&Parameter>) -> Option<ParameterStatus> {
    let name = site.job.follow_ups.parameter.as_ref()?;
    let held = found.and_then(|found| found.value.parse::<VersionArn>().ok());
    let state = match found {
        None => ParameterState::Missing,
        Some(found) if found.is_string && held.is_some() && held.as_ref() == latest => ParameterState::Same,
        Some(_) => ParameterState::Differs,
    };
    Some(ParameterStatus { name: name.to_string(), state, layer_version_arn: held.map(|arn| arn.to_string()) })
}

/// What Lambda reads in the bucket must stay there; and how new versions are kept may have changed.
fn of_storage(site: Site<'_>, latest: &Latest) -> [Option<StatusFinding>; 2] {
    let number = latest.version.arn.number;
    let reference = latest.version.reference.as_ref();
    let gone = reference.filter(|_| latest.readable == Some(false)).map(|object| {
        let version = object.version_id.as_deref().unwrap_or("none");
        let message = format!("version {number} is read from {} (version {version}), which is not there", object.at);
        StatusFinding::new(StatusCode::ArchiveGone, message)
    });
    let is = if reference.is_some() { Storage::Reference } else { Storage::Copy };
    let differs = latest.version.sha256.is_some() && is != site.job.storage;
    let message = || format!("version {number} has storage `{is}`, and the layer wants `{}`", site.job.storage);
    [gone, differs.then(|| StatusFinding::new(StatusCode::StorageDiffers, message()))]
}

/// The parameter that should name the latest version, where it does not.
fn of_parameter(site: Site<'_>, latest: &Latest, found: Option<&Parameter>) -> Option<StatusFinding> {
    let name = site.job.follow_ups.parameter.as_ref()?;
    let arn = &latest.version.arn;
    let what = match found {
        None => "is not there".to_owned(),
        Some(found) if found.is_string && found.value == arn.to_string() => return None,
        Some(found) if !found.is_string => format!("is a {}", found.kind),
        Some(found) => match found.value.parse::<VersionArn>() {
            Ok(held) => format!("holds {held}"),
            Err(_) => "holds something that is not the ARN of a layer version".to_owned(),
        },
    };
    let message = format!("parameter `{name}` {what}; the latest version is {}", arn.number);
    Some(StatusFinding::new(StatusCode::ParameterDiffers, message))
}

fn of_lock(lock: &LockStatus) -> Option<(StatusCode, String)> {
    match lock.state {
        LockState::Free | LockState::Held => None,
        LockState::Foreign => {
            Some((StatusCode::LockForeign, format!("{} is not a lock that this version knows", lock.at)))
        }
        LockState::Stale => {
            let of = |text: &Option<String>| text.clone().unwrap_or_default();
            let message = format!(
                "run {} on {} died in phase `{}` and left the lock {}",
                of(&lock.run),
                of(&lock.host),
                of(&lock.phase),
                lock.at
            );
            Some((StatusCode::LockStale, message))
        }
    }
}

fn named(versions: &BTreeSet<u64>) -> String {
    let named: Vec<String> = versions.iter().take(NAMED_AT_MOST).map(u64::to_string).collect();
    let more = versions.len().saturating_sub(NAMED_AT_MOST);
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

/// Whole seconds, as everywhere in reports.
fn instant(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

fn moment(time: Timestamp) -> Time {
    Time::from_millis(u64::try_from(time.as_millisecond()).unwrap_or_default())
}

/// By S3's clock: this machine's may be wrong.
fn age(site: Site<'_>, since: Time) -> u64 {
    site.now().since(since).as_secs()
}
