//! Plans as files: `plan --out`, `plan --show`, and what `publish --plan` holds the command line against.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::document;
use super::how::How;
use crate::cli::{Output, PlanArgs};
use crate::disk;
use crate::error::{Ended, Error};
use crate::layer::Sha256;
use crate::manifest::hide_credentials;
use crate::outcome::Outcome;
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
        let written = self.destination.write(&to_be_read(&saved)?);
        written.map_err(|error| {
            let message = format!("cannot write the plan to `{name}`: {}", disk::reason(&error));
            Error::other(message).hint_of(disk::remedy(&error))
        })?;
        notices.note("Saved", &shown!("{} with digest {}", name, saved.digest));
        Ok(())
    }
}

/// The text of a plan. What is shown has no credentials of URLs, and a plan without a part of it is another one.
fn to_be_read(saved: &SavedPlan) -> Result<Shown, Error> {
    let text = saved.to_json();
    if hide_credentials(&text) != text {
        return Err(Error::usage(
            "a URL with a credential would be a part of the plan, which a saved plan must not hold",
        )
        .hint("take it out of the layers file: a description, a key of S3 or a pattern may have it"));
    }
    Ok(Shown::json(text))
}

/// `plan --show`: the plan as `plan` printed it, and its digest.
pub fn show(path: &Path, args: &PlanArgs) -> Result<Ended, Error> {
    let saved = read(path)?;
    let facts = args.common.manner.surroundings();
    let report = Report::of_plan(&saved);
    let digest = shown!("The digest of this plan is {}\n", saved.digest);
    let text = match args.printed.format {
        Some(Output::Json) => Shown::json(saved.to_json()),
        Some(Output::Markdown) => shown!("{}\n{}", markdown::comment(&report), digest),
        asked => {
            let listing = Listing::of(asked.is_some() || args.common.manner.verbose > 0, &facts);
            shown!("{}{}", rendered(&report, path, listing, style_of_data(&facts)), digest)
        }
    };
    emit::stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    Ok(Ended::Well)
}
