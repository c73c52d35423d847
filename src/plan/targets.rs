//! The targets of a layers file, and which of them a layer goes to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Target;
use super::patterns::Pattern;
use crate::config::{LayerTable, Placeholders, Problems, TargetTable, excerpt, fill, listed, nearest};
use crate::layer::{AccountId, KNOWN_REGIONS, Partition, Region, RoleArn};

/// What a plan takes from its surroundings.
pub struct Ambient<'a> {
    /// Region of the ambient AWS configuration.
    pub region: Option<String>,
    /// Looks an environment variable up.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// A target as far as it can be read. What is wrong with it was told, and something else stands there, so that the
/// layers can be looked at all the same; such a plan is never run.
#[derive(Clone, Debug)]
pub struct TargetDraft {
    /// The target.
    pub target: Arc<Target>,
    /// Whether all of it is as it was written.
    pub is_sound: bool,
}

impl TargetDraft {
    fn sound(target: Target) -> Self {
        Self { target: Arc::new(target), is_sound: true }
    }

    /// Where no target is known at all.
    fn stand_in() -> Self {
        let target = Target {
            name: "unknown".to_owned(),
            region: Region::stand_in(),
            account: Some(AccountId::stand_in()),
            profile: None,
            role_arn: None,
            best_effort: false,
        };
        Self { target: Arc::new(target), is_sound: false }
    }
}

/// All targets, at least one; without any in the file it is the ambient configuration's.
pub fn targets(
    tables: &BTreeMap<String, TargetTable>,
    ambient: &Ambient<'_>,
    problems: &mut Problems<'_>,
) -> Vec<TargetDraft> {
    if !tables.is_empty() {
        return tables.iter().map(|(name, table)| target(name, table, ambient, problems)).collect();
    }
    if problems.is_unreadable(&["targets"]) || problems.is_incomplete(&["targets"]) {
        return vec![TargetDraft::stand_in()];
    }
    vec![ambient_target(ambient, problems).map_or_else(TargetDraft::stand_in, TargetDraft::sound)]
}

fn ambient_target(ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> Option<Target> {
    let Some(name) = &ambient.region else {
        problems.error(
            &["targets"],
            "there is no target, and the AWS configuration names no Region; set AWS_REGION, or a region in the AWS \
             profile, or add a target such as `[targets.us-east-1]`",
        );
        return None;
    };
    let unfit = |unfit| {
        let message = format!("`{}` {unfit}; correct AWS_REGION, or the region in the AWS profile", excerpt(name));
        problems.error(&["targets"], message);
    };
    let region = name.parse().map_err(unfit).ok()?;
    Some(Target { name: name.clone(), region, account: None, profile: None, role_arn: None, best_effort: false })
}

fn target(name: &str, table: &TargetTable, ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> TargetDraft {
    let (region, account) = (region(name, table, problems), account(name, table, problems));
    let mut target = Target {
        name: name.to_owned(),
        region: region.clone().unwrap_or_else(Region::stand_in),
        account: account.clone().unwrap_or_else(|| Some(AccountId::stand_in())),
        profile: table.profile.clone(),
        role_arn: None,
        best_effort: table.best_effort.unwrap_or_default(),
    };
    let role_arn = role(table, &target, ambient, problems);
    let is_sound = region.is_some() && account.is_some() && role_arn.is_some();
    target.role_arn = role_arn.flatten();
    TargetDraft { target: Arc::new(target), is_sound: is_sound && !problems.is_incomplete(&["targets", name]) }
}

/// `None` for one that is wrong.
fn region(name: &str, table: &TargetTable, problems: &mut Problems<'_>) -> Option<Region> {
    let place: &[&str] = &["targets", name, "region"];
    if problems.is_unreadable(place) {
        return None;
    }
    let (text, place) = table.region.as_deref().map_or((name, &place[..2]), |written| (written, place));
    match text.parse::<Region>() {
        Ok(region) => {
            if !region.is_known() {
                let near = nearest(text, KNOWN_REGIONS.iter().copied());
                let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                problems.warn("region-unknown", place, format!("`{region}` is not among the Regions known here{hint}"));
            }
            Some(region)
        }
        Err(unfit) => {
            let hint = if table.region.is_none() { "; add `region = \"…\"` to the target" } else { "" };
            problems.error(place, format!("`{}` {unfit}{hint}", excerpt(text)));
            None
        }
    }
}

/// `None` for one that is wrong, `Some(None)` for none.
#[allow(clippy::option_option, reason = "two questions: whether it is right, and whether there is one")]
fn account(name: &str, table: &TargetTable, problems: &mut Problems<'_>) -> Option<Option<AccountId>> {
    let place = ["targets", name, "account"];
    let Some(written) = &table.account else { return (!problems.is_unreadable(&place)).then_some(None) };
    let wrong = |unfit| problems.error(&place, format!("`{}` {unfit}", excerpt(written)));
    written.parse().map_err(wrong).ok().map(Some)
}

/// `None` for one that is wrong, `Some(None)` for none.
#[allow(clippy::option_option, reason = "two questions: whether it is right, and whether there is one")]
fn role(
    table: &TargetTable,
    target: &Target,
    ambient: &Ambient<'_>,
    problems: &mut Problems<'_>,
) -> Option<Option<RoleArn>> {
    let Some(template) = &table.role_arn else { return Some(None) };
    let placeholders = Placeholders {
        target: &target.name,
        region: target.region.as_str(),
        account: target.account.as_ref().map(AccountId::as_str),
        ..Placeholders::default()
    };
    let role = fill(template, &placeholders, ambient.env).and_then(|filled| {
        let unfit = |unfit| format!("`{}` {unfit}", excerpt(filled.shown()));
        let role: RoleArn = filled.text.parse().map_err(unfit)?;
        let (of_role, of_region) = (role.partition(), Partition::of(&target.region));
        match of_role.filter(|of_role| *of_role != of_region && target.region.is_known()) {
            None => Ok(role),
            Some(of_role) => Err(format!(
                "`{}` is a role of the partition `{of_role}`, and {} is in `{of_region}`",
                excerpt(filled.shown()),
                target.region
            )),
        }
    });
    let wrong = |message| problems.error(&["targets", &target.name, "role-arn"], message);
    role.map_err(wrong).ok().map(Some)
}

/// Finds the targets that layers name.
pub struct TargetChoice<'t> {
    targets: &'t [TargetDraft],
    by_name: HashMap<&'t str, usize>,
}

impl<'t> TargetChoice<'t> {
    /// A choice of these.
    pub fn of(targets: &'t [TargetDraft]) -> Self {
        let by_name = targets.iter().enumerate().map(|(index, draft)| (draft.target.name.as_str(), index));
        Self { targets, by_name: by_name.collect() }
    }

    /// The targets that a table names in its `targets`, in the file's order; `None` where it does not say.
    ///
    /// A name that matches nothing is told; if nothing else is left, any target will do to look at the layer.
    pub fn of_table(
        &self,
        path: &[&str],
        table: &LayerTable,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<&'t TargetDraft>> {
        let names = table.targets.as_ref()?;
        let place = [path, &["targets"]].concat();
        if names.is_empty() {
            problems.error(&place, "names no target; leave it out for all of them");
        }
        let mut chosen = vec![false; self.targets.len()];
        for name in names {
            if !self.mark(name, &mut chosen, &place, problems) && !problems.is_unreadable(&["targets", name]) {
                problems.error(&place, format!("there is no target `{}`; {}", excerpt(name), self.suggestion(name)));
            }
        }
        let mut found: Vec<_> =
            self.targets.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(draft, _)| draft).collect();
        if found.is_empty() {
            found.extend(self.targets.first());
        }
        Some(found)
    }

    /// Marks the targets that a name or glob means; false if it means none.
    fn mark(&self, name: &str, chosen: &mut [bool], place: &[&str], problems: &mut Problems<'_>) -> bool {
        if let Some(index) = self.by_name.get(name) {
            chosen[*index] = true;
            return true;
        }
        let pattern = match Pattern::new(name) {
            Ok(pattern) => pattern,
            Err(error) => {
                problems.error(place, error.to_string());
                return true;
            }
        };
        let mut found = false;
        for (draft, chosen) in self.targets.iter().zip(chosen) {
            let matches = pattern.matches(&draft.target.name);
            (found, *chosen) = (found || matches, *chosen || matches);
        }
        found
    }

    fn suggestion(&self, name: &str) -> String {
        let known: Vec<&str> = self.targets.iter().map(|draft| draft.target.name.as_str()).collect();
        nearest(name, known.iter().copied())
            .map_or_else(|| format!("known targets: {}", listed(&known)), |near| format!("did you mean `{near}`?"))
    }
}
