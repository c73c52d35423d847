//! Plans as files: `plan --out`, `plan --show`, and what `publish --plan` holds the command line against.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;

use super::document;
use super::how::How;
use crate::cli::{Output, PlanArgs};
use crate::disk;
use crate::error::{Ended, Error};
use crate::event::Mode;
use crate::layer::{S3Location, Sha256, Storage, content_key};
use crate::outcome::{
    ArchiveReport, AttestReport, Decision, JobReport, KeptArchive, ManifestReport, Outcome, ParameterReport,
    ShareReport,
};
use crate::plan::{Job, Plan, SavedJob, SavedPlan, Selection};
use crate::report::{
    Destination, Inputs, Listing, Notices, Report, Shown, emit, markdown, rendered, shown, style_of_data,
};

/// More than ten thousand layers with all their dependencies need.
const SIZE_LIMIT: u64 = 256_000_000;

/// Reads a saved plan.
pub fn read(path: &Path) -> Result<SavedPlan, Error> {
    let text = document::read(path, "saved plan", SIZE_LIMIT)?;
    SavedPlan::parse(&text).map_err(|why| {
        Error::usage(format!("{} {why}", document::name(path))).hint("`layership plan --out FILE` makes one")
    })
}

/// The jobs of a saved plan, which are exactly those of the layers file that it was made of.
pub fn described(
    saved: &SavedPlan,
    layers_file: Sha256,
    asked: &Selection,
    select: impl Fn(&Selection) -> Result<Plan, Error>,
) -> Result<Plan, Error> {
    let again = "make the plan again with `layership plan --out FILE`";
    if saved.layers_file != layers_file.to_string() {
        return Err(Error::usage("the layers file is not the one that the plan was made of").hint(again));
    }
    if !asked.is_all() && *asked != saved.selection {
        return Err(Error::usage("the plan was made for another selection of layers and targets")
            .hint("leave the selection out to carry out the whole plan, or make a plan for this selection"));
    }
    let plan = select(&saved.selection)?;
    let has: BTreeSet<(&str, &str)> = saved.jobs.iter().map(|job| (job.layer.as_str(), job.target.as_str())).collect();
    let wants = plan.jobs.iter().map(|job| (job.layer.as_str(), job.target.name.as_str())).collect::<BTreeSet<_>>();
    match wants.symmetric_difference(&has).next() {
        None => Ok(plan),
        Some((layer, target)) => {
            let whose = if has.contains(&(layer, target)) { "the plan has" } else { "the layers file has" };
            Err(Error::usage(format!("{whose} `{layer}` at `{target}`, and the other has not")).hint(again))
        }
    }
}

/// A saved plan is read by others and holds the names of all places: no secret may be a part of them.
pub fn without(secrets: &BTreeSet<String>) -> Result<(), Error> {
    match secrets.first() {
        None => Ok(()),
        Some(name) => {
            Err(Error::usage(format!("`{{env:{name}}}` looks like a secret, which a saved plan must not hold"))
                .hint("give the variable a name without `TOKEN`, `SECRET` and the like, if its value is none"))
        }
    }
}

/// Where a plan is to be kept.
pub struct Keep {
    /// The file.
    destination: Destination,
    /// The layers file that it is made of.
    layers_file: Sha256,
    /// What is selected of it.
    selection: Selection,
}

impl Keep {
    /// Proves that the plan can be kept there. From then on nothing else may be written there.
    pub fn open(path: &Path, inputs: &mut Inputs, layers_file: Sha256, selection: Selection) -> Result<Self, Error> {
        let destination = Destination::open(path, inputs);
        let destination =
            destination.map_err(|why| Error::usage(format!("cannot write the plan to `{}`: {why}", path.display())))?;
        inputs.add(path, "the saved plan");
        Ok(Self { destination, layers_file, selection })
    }

    /// Whether the plan goes to standard output, which then has nothing else.
    pub fn takes_stdout(&self) -> bool {
        self.destination.is_stdout()
    }

    /// Keeps the plan, unless a job failed or was stopped: half a plan is none.
    pub fn keep(mut self, plan: &Plan, report: &Report, how: &How, notices: &Notices) -> Result<(), Error> {
        let name = self.destination.path.display().to_string();
        // By layer and target, so that ten thousand jobs are not searched ten thousand times.
        let reports: HashMap<_, _> = report.jobs.iter().map(|job| ((&*job.layer, &*job.target), job)).collect();
        let of = |one: &Job| reports.get(&(&*one.layer, &*one.target.name)).copied();
        let is_open = |one: &Job| match of(one).map(|report| report.outcome) {
            Some(Outcome::Failed) => !one.target.best_effort,
            Some(outcome) => outcome == Outcome::Cancelled,
            None => true,
        };
        if plan.jobs.iter().any(|one| is_open(one)) {
            notices.note("Not saved", &shown!("the plan: only one without failures is kept in {}", name));
            return Ok(());
        }
        let options = how.options();
        let jobs = plan.jobs.iter().filter_map(|one| Some(SavedJob::of(one, of(one)?, options))).collect();
        let saved = SavedPlan::new(self.layers_file, self.selection, options, jobs);
        let written = self.destination.write(&Shown::json(&saved.to_json()));
        written.map_err(|error| {
            let message = format!("cannot write the plan to `{name}`: {}", disk::reason(&error));
            Error::other(message).hint_of(disk::remedy(&error))
        })?;
        notices.note("Saved", &shown!("{} with digest {}", name, saved.digest));
        Ok(())
    }
}

/// `plan --show`: the plan as `plan` printed it, and its digest.
pub fn show(path: &Path, args: &PlanArgs) -> Result<Ended, Error> {
    let saved = read(path)?;
    let facts = args.common.manner.surroundings();
    let report = as_report(&saved);
    let digest = shown!("The digest of this plan is {}\n", saved.digest);
    let text = match args.printed.format {
        Some(Output::Json) => Shown::json(&saved.to_json()),
        Some(Output::Markdown) => shown!("{}\n{}", markdown::comment(&report), digest),
        asked => {
            let listing = Listing::of(asked.is_some() || args.common.manner.verbose > 0, &facts);
            shown!("{}{}", rendered(&report, path, listing, style_of_data(&facts)), digest)
        }
    };
    emit::stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    Ok(Ended::Well)
}

/// A plan as the report that it was made of, as far as it keeps it.
fn as_report(saved: &SavedPlan) -> Report {
    let jobs = saved.jobs.iter().map(job_report).collect();
    Report::new(Mode::Plan, &saved.digest, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, jobs)
}

fn job_report(job: &SavedJob) -> JobReport {
    JobReport {
        layer: job.layer.clone(),
        target: job.target.clone(),
        region: job.region.clone(),
        account: job.account.clone(),
        layer_name: job.layer_name.clone(),
        decision: job.decision,
        reason: job.reason,
        outcome: match job.decision {
            Some(Decision::Publish | Decision::Adopt) => Outcome::Planned,
            Some(Decision::Keep) => Outcome::Unchanged,
            None => Outcome::Cancelled,
        },
        previous_version: job.latest_version,
        version: job.latest_version.filter(|_| job.decision == Some(Decision::Keep)),
        layer_arn: None,
        layer_version_arn: None,
        manifest: ManifestReport {
            path: job.manifest.name.clone(),
            md5: job.manifest.md5.clone(),
            ..ManifestReport::default()
        },
        archive: ArchiveReport {
            staged: job.archive.staged.clone(),
            sha256: job.archive.sha256.clone(),
            entity_tag: job.archive.entity_tag.clone(),
            version_id: job.archive.version_id.clone(),
            size: None,
            kept: kept(job),
            published: None,
        },
        dependencies: job.dependencies.clone(),
        settings: job.settings_changed.clone(),
        prune: None,
        share: job.share.as_ref().map(|share| ShareReport {
            to_grant: share.to_grant.clone(),
            to_revoke: share.to_revoke.clone(),
            ..ShareReport::default()
        }),
        parameter: job.parameter.as_ref().map(|parameter| ParameterReport {
            name: parameter.name.clone(),
            to_write: parameter.to_write,
            ..ParameterReport::default()
        }),
        attest: job.attest.map(|to_write| AttestReport { to_write, ..AttestReport::default() }),
        warnings: Vec::new(),
        status: None,
        seconds: 0.0,
        error: None,
    }
}

/// Where the archive of a new version is to stay, where it is.
fn kept(job: &SavedJob) -> Option<KeptArchive> {
    let stays = job.decision == Some(Decision::Publish) && job.settings.storage == Storage::Reference;
    let (sha256, backups) = (job.archive.sha256.as_deref(), S3Location::of_uri(&job.manifest.backups));
    let (sha256, backups) = (sha256.and_then(Sha256::from_hex)?, backups?);
    let at = backups.sibling(content_key(&backups.key, sha256)).to_string();
    stays.then_some(KeptArchive { at, version_id: None })
}
