//! Which functions use older versions of the layers, and what can be done with them. Nothing is written.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;

use super::mover::{AliasAim, FunctionJob, update_failed};
use super::sizes::Sizes;
use crate::archive::UNZIPPED_LIMIT;
use crate::aws::{Archive, Lambda, Session, Sessions, Watch, watched};
use crate::event::Happening;
use crate::layer::{FunctionName, LayerArn, VersionArn};
use crate::outcome::JobError;
use crate::plan::{Job, Pattern, Plan, Target};
use crate::rollout::{
    Aim, Choice, Found, Function, FunctionOutcome, FunctionReport, Judged, Move, Newest, Published, Refusal,
    RefusalCode, Standing, Sum, judge,
};
use crate::run::Events;

/// Which functions are meant, and what is to be done with them.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Functions by name; none means all.
    pub functions: Vec<Pattern>,
    /// Tags that they must have.
    pub tags: Vec<(String, String)>,
    /// What is to be done with all of them.
    pub choice: Choice,
    /// Functions that are looked at at once.
    pub concurrency: usize,
    /// How long a change of a function may take.
    pub patience: Duration,
    /// Whether functions that use the newest versions are looked at, too: a change of them may be under way, or have failed
    /// since it was accepted, and no list tells that.
    pub settles: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// The versions that functions are to use.
    pub layers: Vec<LayerToUse>,
    /// Every function that something would be done with, or that is left alone, sorted by target and name.
    pub functions: Vec<Surveyed>,
    /// Targets that nothing could be found out about.
    pub failures: Vec<(String, JobError)>,
}

/// The version of a layer that functions at a target are to use.
#[derive(Clone, Debug)]
pub struct LayerToUse {
    /// Key of the layer.
    pub layer: String,
    /// Name of the target.
    pub target: String,
    /// The newest version; `None` where the layer was never published.
    pub arn: Option<VersionArn>,
}

/// One function.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// What is said of it.
    pub report: FunctionReport,
    /// What is to be done with it; `None` where it is left alone.
    pub job: Option<Arc<FunctionJob>>,
}

/// The layers of one account and Region.
struct Place<'a> {
    target: &'a Target,
    session: Arc<Session>,
    jobs: Vec<&'a Job>,
}

/// Looks at every target of a plan.
pub async fn survey(plan: &Plan, sessions: &Sessions, wish: &Wish, events: &Events) -> Survey {
    let targets = plan.targets();
    let connected = targets.iter().map(|target| watched(watch(target, events), sessions.get(target)));
    let connected = join_all(connected).await;
    let mut survey = Survey::default();
    let mut places: BTreeMap<(String, String), Place<'_>> = BTreeMap::new();
    for (target, session) in targets.iter().zip(connected) {
        let session = match session {
            Ok(session) => session,
            Err(error) => {
                survey.failures.push((target.name.clone(), error));
                continue;
            }
        };
        // Without an account the target's own name keeps it apart.
        let account = session.account.as_ref().map_or_else(|| target.name.clone(), ToString::to_string);
        let place = places.entry((account, target.region.to_string()));
        let place = place.or_insert_with(|| Place { target, session, jobs: Vec::new() });
        place.jobs.extend(plan.jobs.iter().filter(|job| job.target.name == target.name).map(Arc::as_ref));
    }
    let looked = places.values().map(|place| watched(watch(place.target, events), place.survey(wish)));
    let looked = join_all(looked).await;
    for (place, found) in places.values().zip(looked) {
        match found {
            Ok((layers, functions)) => {
                survey.layers.extend(layers);
                survey.functions.extend(functions);
            }
            Err(error) => survey.failures.push((place.target.name.clone(), error)),
        }
    }
    survey.layers.sort_by(|a, b| (&a.layer, &a.target).cmp(&(&b.layer, &b.target)));
    survey.functions.sort_by(|a, b| key(a).cmp(&key(b)));
    survey
}

/// Is told what the requests to a target wait for.
pub fn watch(target: &Target, events: &Events) -> Watch {
    let (target, events) = (target.name.clone(), events.weak());
    Arc::new(move |fact| events.send(Happening::TargetFactFound { target: target.clone(), fact }))
}

fn key(one: &Surveyed) -> (&str, &str) {
    (&one.report.target, &one.report.function)
}

/// What functions of one account and Region are to use, and what is known of how large that is.
struct Aims {
    newest: Arc<[Newest]>,
    sizes: Sizes,
}

/// A function as a sweep shows it.
type Swept = (Function, Published);

impl Place<'_> {
    async fn survey(&self, wish: &Wish) -> Result<(Vec<LayerToUse>, Vec<Surveyed>), JobError> {
        let latest = join_all(self.jobs.iter().map(|job| self.session.latest(&job.name))).await;
        let (mut layers, mut newest) = (Vec::new(), Vec::new());
        for (job, latest) in self.jobs.iter().zip(latest) {
            let (layer, target, latest) = (job.layer.clone(), job.target.name.clone(), latest?);
            layers.push(LayerToUse { layer: layer.clone(), target, arn: latest.as_ref().map(|one| one.arn.clone()) });
            newest.extend(latest.map(|version| Newest { layer, version }));
        }
        let newest: Arc<[Newest]> = newest.into();
        if newest.is_empty() {
            return Ok((layers, Vec::new()));
        }
        let swept = sweep(&self.session.lambda, wish).await?;
        let ours: HashSet<&LayerArn> = newest.iter().map(|newest| &newest.version.arn.layer).collect();
        let concerned =
            swept.into_values().filter(|(function, _)| uses(function, &ours) && chosen(&function.name, wish));
        let aims = Aims { newest: Arc::clone(&newest), sizes: Sizes::of(&self.session.lambda) };
        let looked = stream::iter(concerned).map(|swept| self.look(swept, &aims, wish));
        let looked: Vec<_> = looked.buffer_unordered(wish.concurrency.max(1)).collect().await;
        Ok((layers, looked.into_iter().flatten().collect()))
    }

    /// What becomes of one function; `None` where there is nothing to do with it.
    async fn look(&self, swept: Swept, aims: &Aims, wish: &Wish) -> Option<Surveyed> {
        let name = swept.0.name.clone();
        match self.found(swept, &aims.newest, wish).await {
            Ok(found) => {
                let (found, code) = found?;
                self.judged(&found, code.as_ref(), aims, wish).await
            }
            Err(error) => {
                let report =
                    FunctionReport { error: Some(error), outcome: FunctionOutcome::Failed, ..self.blank(&name) };
                Some(Surveyed { report, job: None })
            }
        }
    }

    /// `None` where there is nothing to do with it, by what the sweep told, and where it is gone, or not one that is meant.
    async fn found(
        &self,
        (function, published): Swept,
        newest: &Arc<[Newest]>,
        wish: &Wish,
    ) -> Result<Option<(Found, Option<Archive>)>, JobError> {
        let lambda = &self.session.lambda;
        let alias = match &wish.choice.alias {
            Some(alias) => lambda.alias(&function.name, alias).await?,
            None => None,
        };
        let found = Found { function, tags: BTreeMap::new(), published, alias };
        if matches!(judge(&found, newest, &wish.choice).1, Judged::Nothing) && !wish.settles {
            return Ok(None);
        }
        let Some((function, tags, code)) = lambda.function(&found.function.name).await? else { return Ok(None) };
        let is_meant = wish.tags.iter().all(|(key, value)| tags.get(key) == Some(value));
        Ok(is_meant.then_some((Found { function, tags, ..found }, code)))
    }

    async fn judged(&self, found: &Found, code: Option<&Archive>, aims: &Aims, wish: &Wish) -> Option<Surveyed> {
        let newest = &aims.newest;
        let (changes, judged) = judge(found, newest, &wish.choice);
        let report = FunctionReport { changes, ..self.blank(&found.function.name) };
        match judged {
            Judged::Nothing => self.unsettled(found, newest, wish, report),
            Judged::Refused(refusal) => Some(refused(refusal, report)),
            Judged::Move(step) => {
                let sum = aims.sizes.after(&found.function, code, &step).await;
                let mut report = FunctionReport { outcome: FunctionOutcome::Planned, ..report }.with(&step);
                match sum {
                    Some(Sum::TooLarge(unzipped)) => {
                        report.unzipped = Some(unzipped);
                        return Some(refused(too_large(unzipped), report));
                    }
                    Some(Sum::Fits(unzipped)) => report.unzipped = Some(unzipped),
                    Some(Sum::Unknown) => report.size_unknown = true,
                    None => {}
                }
                let job = self.job(found, *step, wish, report.clone());
                Some(Surveyed { report, job: Some(Arc::new(job)) })
            }
        }
    }

    /// A function that has what it is to have: a change that is under way is seen to its end, and one that failed is told. A
    /// run that was cut off may have begun it.
    fn unsettled(
        &self,
        found: &Found,
        newest: &Arc<[Newest]>,
        wish: &Wish,
        report: FunctionReport,
    ) -> Option<Surveyed> {
        match &found.function.standing {
            Standing::Settled => None,
            Standing::Failed(why) => {
                let error = Some(update_failed(&found.function.name, &self.target.region, why));
                let report = FunctionReport { outcome: FunctionOutcome::Failed, error, ..report };
                Some(Surveyed { report, job: None })
            }
            Standing::Busy => {
                let is = found.function.layers.clone();
                let (aim, publish, alias) = (Aim::Newest(Arc::clone(newest)), false, None);
                let step = Move { aim, before: is.clone(), after: is, publish, alias };
                let job = self.job(found, step, wish, report.clone());
                Some(Surveyed { report, job: Some(Arc::new(job)) })
            }
        }
    }

    fn job(&self, found: &Found, step: Move, wish: &Wish, report: FunctionReport) -> FunctionJob {
        let published = found.published.newest().map(|(number, _)| number.to_string());
        FunctionJob {
            name: found.function.name.clone(),
            lambda: self.session.lambda.clone(),
            region: self.target.region.clone(),
            account: self.session.account.clone(),
            seen: Some(found.function.clone()),
            alias: step.alias.map(|(name, seen)| AliasAim::Lead { name, seen, published }),
            aim: step.aim,
            before: step.before,
            after: step.after,
            publish: step.publish,
            patience: wish.patience,
            report,
        }
    }

    fn blank(&self, name: &FunctionName) -> FunctionReport {
        let account = self.session.account.as_ref().map(ToString::to_string);
        FunctionReport::blank(&self.target.name, self.target.region.as_str(), account, name)
    }
}

fn refused(refusal: Refusal, report: FunctionReport) -> Surveyed {
    let report = FunctionReport { outcome: FunctionOutcome::Refused, refusal: Some(refusal), ..report };
    Surveyed { report, job: None }
}

fn too_large(unzipped: u64) -> Refusal {
    let message =
        format!("its code and layers would have {unzipped} bytes unzipped, and Lambda accepts {UNZIPPED_LIMIT}");
    Refusal::new(RefusalCode::TooLarge, message).hint("make the layer smaller, or take another layer from the function")
}

/// All functions of an account and Region, and their versions where those matter.
async fn sweep(lambda: &Lambda, wish: &Wish) -> Result<BTreeMap<FunctionName, Swept>, JobError> {
    let versions = wish.choice.wants_versions();
    let mut swept: BTreeMap<FunctionName, Swept> = BTreeMap::new();
    let mut of_versions = Vec::new();
    for (function, version) in lambda.functions(versions).await? {
        match version {
            None => drop(swept.insert(function.name.clone(), (function, Published::default()))),
            Some(number) => of_versions.push((function, number)),
        }
    }
    for (function, number) in of_versions {
        if let Some((_, published)) = swept.get_mut(&function.name) {
            published.add(number, function.layers);
        }
    }
    Ok(swept)
}

fn uses(function: &Function, layers: &HashSet<&LayerArn>) -> bool {
    let used = function.layers.iter().filter_map(|arn| arn.parse::<VersionArn>().ok());
    used.into_iter().any(|used| layers.contains(&used.layer))
}

fn chosen(name: &FunctionName, wish: &Wish) -> bool {
    wish.functions.is_empty() || wish.functions.iter().any(|pattern| pattern.matches(name.as_str()))
}
