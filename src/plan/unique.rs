//! No two jobs may share a place: two layers under one prefix publish each other's zip, and two Regions that share
//! backups see each other's versions.
//!
//! What hits many layers in the same way is told once: with how many it hits, and with the placeholder that tells the
//! places apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::Target;
use super::fields::{Draft, ShownPlaces};
use crate::config::{Problem, Problems, listed};
use crate::layer::{AccountId, version_of_backup};

/// Tells which jobs share a staged key, a backup prefix, a layer name or a parameter.
pub fn shared_places(drafts: &[Draft], problems: &mut Problems<'_>) {
    let sound: Vec<&Draft> = drafts.iter().filter(|draft| draft.is_sound).collect();
    let staged = together(&sound, |draft| Some(&draft.job.staged));
    let backups = together(&sound, |draft| Some(&draft.job.backups));
    // Two targets can be the same account and Region under two names.
    let at = |draft: &Draft| {
        let target = &draft.job.target;
        (target.account.as_ref().map_or(&*target.name, AccountId::as_str).to_owned(), target.region.clone())
    };
    let names = together(&sound, |draft| Some((at(draft), &draft.job.name)));
    let parameters = together(&sound, |draft| Some((at(draft), draft.job.follow_ups.parameter.as_ref()?)));
    let mut hits: BTreeMap<Hit<'_>, Vec<&[usize]>> = BTreeMap::new();
    let mut tell = |what, jobs| hits.entry(Hit::of(what, jobs, &sound)).or_default().push(jobs);
    for jobs in &staged {
        // One prefix under both is one problem.
        tell(if backups.contains(jobs) { What::Both } else { What::Staged }, jobs);
    }
    backups.iter().filter(|jobs| !staged.contains(*jobs)).for_each(|jobs| tell(What::Backups, jobs));
    names.iter().for_each(|jobs| tell(What::Name, jobs));
    // One layer under two names of a target is one problem.
    parameters.iter().filter(|jobs| !names.contains(*jobs)).for_each(|jobs| tell(What::Parameter, jobs));
    for (hit, places) in hits {
        problem(&hit, &places, &sound, problems);
    }
    inside(&sound, problems);
}

/// What belongs to one version of a layer lies in a folder of its own, and `prune` may delete all of that.
fn inside(drafts: &[&Draft], problems: &mut Problems<'_>) {
    let mut folders = None;
    for draft in drafts {
        let job = &draft.job;
        for (field, at) in [("staged-key", &job.staged), ("backup-prefix", &job.backups)] {
            for (above, version) in version_folders(&at.key) {
                let folders = folders.get_or_insert_with(|| {
                    drafts.iter().map(|one| (&one.job.backups, one.job.layer.as_str())).collect::<HashMap<_, _>>()
                });
                let Some(owner) = folders.get(&at.sibling(above.to_owned())) else { continue };
                problems.look_at(draft.file);
                let own = ["layers", job.layer.as_str(), field];
                let message = format!("lies where all is kept of version {version} of layer `{owner}`");
                let problem = Problem::error(problems.origin(&own), own.join("."), message);
                problems.push(problem.hint("choose a key that has no number of a version in it"));
            }
        }
    }
}

/// The parts of a key that can be the folder of a version: what stands before each, and which version it is.
fn version_folders(key: &str) -> impl Iterator<Item = (&str, u64)> {
    let slashes = key.match_indices('/').map(|(at, _)| at);
    slashes.filter(|at| key[at + 1..].starts_with(|c: char| c.is_ascii_digit())).filter_map(|at| {
        // Whatever lies in it: a name is put where there is none.
        let within = format!("{}/-", key[at + 1..].split('/').next()?);
        Some((&key[..at], version_of_backup(&within)?.0))
    })
}

/// The jobs that have something in common, by index; those that share it with nobody, or do not have it, are left out.
fn together<'d, K: Hash + Eq>(drafts: &[&'d Draft], key: impl Fn(&'d Draft) -> Option<K>) -> BTreeSet<Vec<usize>> {
    let mut by_key: HashMap<K, Vec<usize>> = HashMap::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        if let Some(key) = key(draft) {
            by_key.entry(key).or_default().push(index);
        }
    }
    by_key.into_values().filter(|jobs| jobs.len() > 1).collect()
}

/// What jobs share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Both,
    Staged,
    Backups,
    Name,
    Parameter,
}

impl What {
    fn describe(self, shown: &ShownPlaces) -> String {
        match self {
            Self::Both => format!("the staged key {} and the backup prefix {}", shown.staged, shown.backups),
            Self::Staged => format!("the staged key {}", shown.staged),
            Self::Backups => format!("the backup prefix {}", shown.backups),
            Self::Name => format!("the layer name `{}`", shown.name),
            Self::Parameter => format!("the parameter `{}`", shown.parameter),
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Both => "prefix",
            Self::Staged => "staged-key",
            Self::Backups => "backup-prefix",
            Self::Name => "name",
            Self::Parameter => "parameter",
        }
    }
}

/// One mistake: the layers that share a place, if it is several, and the targets at which one shares it with itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit<'d> {
    what: What,
    layers: Vec<&'d str>,
    targets: Vec<&'d str>,
}

impl<'d> Hit<'d> {
    fn of(what: What, jobs: &[usize], drafts: &[&'d Draft]) -> Self {
        let several = |name: fn(&'d Draft) -> &'d str| -> Vec<&'d str> {
            let names: BTreeSet<&str> = jobs.iter().map(|job| name(drafts[*job])).collect();
            if names.len() > 1 { names.into_iter().collect() } else { Vec::new() }
        };
        Self {
            what,
            layers: several(|draft| draft.job.layer.as_str()),
            targets: several(|draft| draft.job.target.name.as_str()),
        }
    }

    /// Who shares it: layers with each other, or each of some layers with itself.
    fn who(&self, affected: usize, example: &str) -> String {
        match (self.layers.len(), affected, self.targets.is_empty()) {
            (0, 1, _) => format!("{example} at {}", listed(&self.targets)),
            (0, many, _) => format!("{many} layers, such as {example}, at {}", listed(&self.targets)),
            (_, _, true) => listed(&self.layers),
            (_, _, false) => format!("{} at {}", listed(&self.layers), listed(&self.targets)),
        }
    }

    fn hint(&self, targets: &[&Target]) -> String {
        let layer = (!self.layers.is_empty()).then_some("`{layer}`");
        let target = (!self.targets.is_empty()).then(|| distinguishing(targets));
        let placeholders: Vec<&str> = layer.into_iter().chain(target.into_iter().flatten().copied()).collect();
        match (self.what, self.layers.is_empty()) {
            (What::Name, true) => {
                "these are one account and Region: remove all but one, or put `{target}` into the name".to_owned()
            }
            (What::Name, false) => "give each its own name".to_owned(),
            (What::Parameter, _) => format!("put {} into the name", placeholders.join(" and ")),
            _ => format!("put {} into the bucket, the prefix or the key", placeholders.join(" and ")),
        }
    }
}

fn account(target: &Target) -> Option<&str> {
    target.account.as_ref().map(AccountId::as_str)
}

/// The placeholders that tell these targets apart.
fn distinguishing(targets: &[&Target]) -> &'static [&'static str] {
    let count = |key: fn(&Target) -> (Option<&str>, Option<&str>)| {
        targets.iter().map(|target| key(target)).collect::<BTreeSet<_>>().len()
    };
    let knows_accounts = targets.iter().all(|target| target.account.is_some());
    match targets.len() {
        all if count(|target| (None, Some(target.region.as_str()))) == all => &["`{region}`"],
        all if knows_accounts && count(|target| (account(target), None)) == all => &["`{account}`"],
        all if knows_accounts && count(|target| (account(target), Some(target.region.as_str()))) == all => {
            &["`{account}`", "`{region}`"]
        }
        _ => &["`{target}`"],
    }
}

fn problem(hit: &Hit<'_>, places: &[&[usize]], drafts: &[&Draft], problems: &mut Problems<'_>) {
    // At the last job: the one that the person added.
    let Some(last) = places.first().and_then(|jobs| jobs.last()).map(|job| drafts[*job]) else { return };
    let mut targets: Vec<&Target> = places.iter().copied().flatten().map(|job| &*drafts[*job].job.target).collect();
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    targets.dedup_by(|a, b| a.name == b.name);
    let who = hit.who(places.len(), &last.job.layer);
    let field = hit.what.field();
    problems.look_at(last.file);
    let own = ["layers", last.job.layer.as_str(), field];
    // A prefix that nobody wrote is the default one: then the bucket is where something can be put.
    let fields = if matches!(hit.what, What::Name | What::Parameter) { &[field][..] } else { &[field, "bucket"] };
    let candidates = fields.iter().flat_map(|field| [vec![own[0], own[1], field], vec!["defaults", field]]);
    let key = candidates.into_iter().find(|path| problems.has(path)).unwrap_or_else(|| own.to_vec());
    let message = format!("{who} share {}", hit.what.describe(&last.shown()));
    problems.push(Problem::error(problems.origin(&key), key.join("."), message).hint(hit.hint(&targets)));
}
