//! What is to be done with one function: it is moved, left alone for a reason, or has nothing to move.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::aim::{Aim, Change, changed, changes};
use super::function::{Alias, Function, Newest, Published};
use super::refusal::{Refusal, RefusalCode};
use crate::layer::VersionArn;

/// A function uses no more layers (Lambda's quotas).
const MOST_LAYERS: usize = 5;
/// The tags by which CloudFormation, and with it SAM and CDK, says whose a function is.
const STACK: &str = "aws:cloudformation:stack-name";

/// What the command line says of all functions.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Functions that a stack owns are moved too.
    pub force: bool,
    /// Versions of the functions are published.
    pub publish: bool,
    /// This alias is moved to them.
    pub alias: Option<String>,
}

impl Choice {
    /// Whether the versions of functions matter.
    pub fn wants_versions(&self) -> bool {
        self.publish || self.alias.is_some()
    }
}

/// All that was found out of one function.
#[derive(Clone, Debug)]
pub struct Found {
    /// The function.
    pub function: Function,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its versions, where they were asked for.
    pub published: Published,
    /// The alias, where one was asked for.
    pub alias: Option<Alias>,
}

/// What is to be done with a function.
#[derive(Clone, Debug)]
pub struct Move {
    /// What its layers are to be.
    pub aim: Aim,
    /// What they are.
    pub before: Vec<String>,
    /// What they will be.
    pub after: Vec<String>,
    /// Whether a version is to be published of it.
    pub publish: bool,
    /// The alias that is to lead to it.
    pub alias: Option<(String, Alias)>,
}

/// What becomes of a function.
#[derive(Clone, Debug)]
pub enum Judged {
    /// There is nothing to do.
    Nothing,
    /// It can be moved.
    Move(Box<Move>),
    /// It is left alone.
    Refused(Refusal),
}

/// Which layers would change, and what becomes of the function.
pub fn judge(found: &Found, newest: &Arc<[Newest]>, choice: &Choice) -> (Vec<Change>, Judged) {
    let before = &found.function.layers;
    let changes = changes(before, newest);
    let after = changed(before, &changes);
    let is_published = found.published.newest().is_some_and(|(_, layers)| *layers == after);
    let uses_any = changed_layers(&after, newest);
    let publish = choice.wants_versions() && uses_any && !is_published;
    let alias = choice.alias.as_ref().filter(|_| uses_any);
    let leads =
        |alias: &Alias| alias.version == "$LATEST" || found.published.layers(&alias.version) == Some(&after[..]);
    let is_led = alias.is_none() || found.alias.as_ref().is_some_and(|alias| leads(alias) && !alias.splits);
    if changes.is_empty() && !publish && is_led {
        return (changes, Judged::Nothing);
    }
    let refusal = owned(found, choice)
        .or_else(|| unfit(&found.function, newest, &changes))
        .or_else(|| misfit(&after))
        .or_else(|| alias.and_then(|name| unled(found, name)));
    if let Some(refusal) = refusal {
        return (changes, Judged::Refused(refusal));
    }
    let alias = alias.filter(|_| !is_led || publish).cloned().zip(found.alias.clone());
    let alias = alias.filter(|(_, alias)| alias.version != "$LATEST");
    let aim = Aim::Newest(Arc::clone(newest));
    (changes, Judged::Move(Box::new(Move { aim, before: before.clone(), after, publish, alias })))
}

/// Whether any of these layers is one of those.
fn changed_layers(layers: &[String], newest: &[Newest]) -> bool {
    let parsed = layers.iter().filter_map(|arn| arn.parse::<VersionArn>().ok());
    parsed.into_iter().any(|arn| newest.iter().any(|newest| newest.version.arn == arn))
}

fn owned(found: &Found, choice: &Choice) -> Option<Refusal> {
    let stack = found.tags.get(STACK).filter(|_| !choice.force)?;
    let message = format!("it belongs to stack `{stack}`, which would set its layers again");
    let hint = "let the stack use the new version; `--force` moves it all the same";
    Some(Refusal::new(RefusalCode::Owned, message).hint(hint))
}

/// The new versions must be made for what the function runs on. A version that says nothing is for everything.
fn unfit(function: &Function, newest: &[Newest], changes: &[Change]) -> Option<Refusal> {
    let news = newest.iter().filter(|newest| changes.iter().any(|change| change.to == newest.version.arn));
    news.map(|newest| &newest.version).find_map(|version| {
        let name = format!("version {} of layer `{}`", version.arn.number, version.arn.layer.name);
        let (runtimes, architectures) =
            (&version.settings.compatible_runtimes, &version.settings.compatible_architectures);
        let runtime = function.runtime.as_ref().filter(|is| !runtimes.is_empty() && !runtimes.contains(is));
        let architecture =
            function.architectures.iter().find(|is| !architectures.is_empty() && !architectures.contains(is));
        let hint = "publish a version of the layer that is for it, or leave the function out with `--function`";
        let of_runtime = runtime.map(|runtime| {
            Refusal::new(RefusalCode::Runtime, format!("it runs on {runtime}, and {name} is not for that"))
        });
        let of_architecture = || {
            let architecture = architecture?;
            Some(Refusal::new(
                RefusalCode::Architecture,
                format!("it runs on {architecture}, and {name} is not for that"),
            ))
        };
        of_runtime.or_else(of_architecture).map(|refusal| refusal.hint(hint))
    })
}

/// What Lambda would refuse of any function.
fn misfit(after: &[String]) -> Option<Refusal> {
    let layers: BTreeSet<&str> =
        after.iter().map(|arn| arn.rsplit_once(':').map_or(arn.as_str(), |(layer, _)| layer)).collect();
    if layers.len() < after.len() {
        return Some(Refusal::new(RefusalCode::LayerTwice, "it would use two versions of one layer"));
    }
    let too_many = after.len() > MOST_LAYERS;
    too_many.then(|| Refusal::new(RefusalCode::TooManyLayers, format!("it would use more than {MOST_LAYERS} layers")))
}

fn unled(found: &Found, name: &str) -> Option<Refusal> {
    match &found.alias {
        None => Some(
            Refusal::new(RefusalCode::AliasMissing, format!("it has no alias `{name}`"))
                .hint("make the alias, or leave the function out with `--function`"),
        ),
        Some(alias) if alias.splits => Some(
            Refusal::new(
                RefusalCode::AliasSplits,
                format!("alias `{name}` gives a share of its calls to another version"),
            )
            .hint("finish that first, so that the alias leads to one version"),
        ),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::function::Standing;
    use crate::rollout::samples::{arn, newest};

    fn found(layers: &[String]) -> Found {
        let function = Function {
            name: "orders".parse().unwrap(),
            revision: "r".to_owned(),
            runtime: Some("python3.12".parse().unwrap()),
            architectures: vec!["arm64".parse().unwrap()],
            layers: layers.to_vec(),
            zipped: None,
            zipped_layers: Vec::new(),
            standing: Standing::Settled,
        };
        Found { function, tags: BTreeMap::new(), published: Published::default(), alias: None }
    }

    /// What becomes of a function that uses version 1 of layer `a`, whose newest is version 2.
    fn judged(change: impl FnOnce(&mut Found, &mut Newest, &mut Choice)) -> String {
        let (mut found, mut newest, mut choice) = (found(&[arn("a", 1)]), newest("a", 2), Choice::default());
        change(&mut found, &mut newest, &mut choice);
        match judge(&found, &vec![newest].into(), &choice).1 {
            Judged::Nothing => "nothing".to_owned(),
            Judged::Refused(refusal) => refusal.code.to_string(),
            Judged::Move(step) => {
                let layers = if step.before == step.after { "" } else { "layers " };
                let version = if step.publish { "version " } else { "" };
                let alias =
                    step.alias.map(|(name, alias)| format!("{name} from {}", alias.version)).unwrap_or_default();
                format!("{layers}{version}{alias}").trim().to_owned()
            }
        }
    }

    #[test]
    fn a_function_is_moved_unless_something_speaks_against_it() {
        assert_eq!(judged(|_, _, _| {}), "layers");
        assert_eq!(judged(|found, _, _| found.function.layers = vec![arn("a", 2)]), "nothing");
        assert_eq!(judged(|found, _, _| found.function.layers = vec![arn("b", 1)]), "nothing");
        let for_runtime = |name: &'static str| {
            judged(move |_, newest, _| newest.version.settings.compatible_runtimes = vec![name.parse().unwrap()])
        };
        assert_eq!((for_runtime("python3.12"), for_runtime("python3.13")), ("layers".into(), "runtime".into()));
        let on = |name: &'static str| {
            judged(move |_, newest, _| newest.version.settings.compatible_architectures = vec![name.parse().unwrap()])
        };
        assert_eq!((on("arm64"), on("x86_64")), ("layers".into(), "architecture".into()));
        let twice = judged(|found, _, _| found.function.layers = vec![arn("a", 1), arn("a", 2)]);
        assert_eq!(twice, "layer-twice");
        let six = judged(|found, _, _| found.function.layers.extend((0..5).map(|n| arn(&format!("b{n}"), 1))));
        assert_eq!(six, "too-many-layers");
    }

    #[test]
    fn what_a_stack_owns_is_left_alone_unless_that_is_forced() {
        let owned = |force: bool| {
            judged(move |found, _, choice| {
                found.tags.insert(STACK.to_owned(), "shop".to_owned());
                choice.force = force;
            })
        };
        assert_eq!((owned(false), owned(true)), ("owned".into(), "layers".into()));
    }

    /// Whatever was done of it, the rest is found: a run that was cut off is finished by the next one.
    #[test]
    fn versions_and_aliases_that_are_left_to_be_made_are_found() {
        let case = |layers: u64, versions: &[u64], alias: Option<&str>| {
            judged(|found, _, choice| {
                found.function.layers = vec![arn("a", layers)];
                for (number, layer) in versions.iter().enumerate() {
                    found.published.add(number as u64 + 1, vec![arn("a", *layer)]);
                }
                choice.publish = true;
                choice.alias = alias.map(|_| "live".to_owned());
                let (version, splits, revision) = (alias.unwrap_or_default().to_owned(), false, "r".to_owned());
                found.alias = alias.filter(|version| !version.is_empty()).map(|_| Alias { version, splits, revision });
            })
        };
        assert_eq!(case(1, &[1], None), "layers version");
        assert_eq!(case(2, &[1], None), "version");
        assert_eq!(case(2, &[], None), "version");
        assert_eq!(case(2, &[1, 2], None), "nothing");
        assert_eq!(case(1, &[1], Some("1")), "layers version live from 1");
        assert_eq!(case(2, &[1], Some("1")), "version live from 1");
        assert_eq!(case(2, &[1, 2], Some("1")), "live from 1");
        assert_eq!(case(2, &[1, 2], Some("2")), "nothing");
        assert_eq!(case(1, &[1], Some("$LATEST")), "layers version");
        assert_eq!(case(1, &[1], Some("")), "alias-missing");
        let splits = judged(|found, _, choice| {
            choice.alias = Some("live".to_owned());
            found.alias = Some(Alias { version: "1".to_owned(), splits: true, revision: "r".to_owned() });
        });
        assert_eq!(splits, "alias-splits");
    }
}
