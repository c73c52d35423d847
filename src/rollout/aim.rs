//! What the layers of a function are to be.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::function::Newest;
use crate::layer::VersionArn;

/// One layer of a function gets another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// ARN of the layer version that the function uses.
    pub from: VersionArn,
    /// ARN of the one that it is to use.
    pub to: VersionArn,
}

/// What the layers of a function are to be.
#[derive(Clone, Debug)]
pub enum Aim {
    /// The newest versions of these layers, and what else there is as it is.
    Newest(Arc<[Newest]>),
    /// What they were before a rollout, where they still are what it made of them.
    Back {
        /// What the rollout made of them.
        from: Vec<String>,
        /// What they were.
        to: Vec<String>,
    },
}

/// What is to be done with a function whose layers are these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: they are what they are to be.
    Done,
    /// They are to be set to these.
    Set(Vec<String>),
    /// Nothing: somebody made something else of them.
    Changed,
}

impl Aim {
    /// What is to be done with layers like these.
    pub fn next(&self, layers: &[String]) -> Next {
        match self {
            Self::Newest(newest) => match changes(layers, newest) {
                changes if changes.is_empty() => Next::Done,
                changes => Next::Set(changed(layers, &changes)),
            },
            Self::Back { to, .. } if layers == to => Next::Done,
            Self::Back { from, to } if layers == from => Next::Set(to.clone()),
            Self::Back { .. } => Next::Changed,
        }
    }
}

/// Which of these layers are an older version of one of those. A version above the newest one is left alone: the list may
/// lag, or somebody knows better.
pub(super) fn changes(layers: &[String], newest: &[Newest]) -> Vec<Change> {
    let older = layers.iter().filter_map(|arn| {
        let from: VersionArn = arn.parse().ok()?;
        let newest = newest.iter().find(|newest| newest.version.arn.layer == from.layer)?;
        let to = newest.version.arn.clone();
        (from.number < to.number).then_some(Change { from, to })
    });
    older.collect()
}

/// The layers whose versions differ between what a rollout made of a function and what was there before.
pub fn restored(from: &[String], to: &[String]) -> Vec<Change> {
    let pairs = from.iter().zip(to).filter(|(from, to)| from != to);
    pairs.filter_map(|(from, to)| Some(Change { from: from.parse().ok()?, to: to.parse().ok()? })).collect()
}

/// The same layers in the same order, with the changes made.
pub(super) fn changed(layers: &[String], changes: &[Change]) -> Vec<String> {
    let becomes = |arn: &String| {
        let change = changes.iter().find(|change| change.from.to_string() == *arn);
        change.map_or_else(|| arn.clone(), |change| change.to.to_string())
    };
    layers.iter().map(becomes).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rollout::samples::{arn, newest};

    fn owned(arns: &[String]) -> Vec<String> {
        arns.to_vec()
    }

    #[test]
    fn only_the_version_of_the_same_layer_changes_and_the_order_stays() {
        let aim = Aim::Newest(vec![newest("a", 3), newest("b", 2)].into());
        let foreign = "arn:aws:lambda:us-east-1:210987654321:layer:a:1".to_owned();
        let is = [arn("c", 1), arn("b", 1), foreign.clone(), "nonsense".to_owned(), arn("a", 2)];
        let to_be = [arn("c", 1), arn("b", 2), foreign, "nonsense".to_owned(), arn("a", 3)];
        assert_eq!(aim.next(&is), Next::Set(owned(&to_be)));
        assert_eq!(aim.next(&to_be), Next::Done);
        assert_eq!(aim.next(&[arn("a", 4)]), Next::Done, "a version above the newest one is left alone");
        assert_eq!(aim.next(&[]), Next::Done);
    }

    #[test]
    fn what_was_there_is_put_back_only_where_nobody_made_something_else_of_it() {
        let (before, after) = (owned(&[arn("a", 1), arn("b", 1)]), owned(&[arn("a", 2), arn("b", 1)]));
        let aim = Aim::Back { from: after.clone(), to: before.clone() };
        assert_eq!(aim.next(&after), Next::Set(before.clone()));
        assert_eq!(aim.next(&before), Next::Done);
        for other in [owned(&[arn("a", 3), arn("b", 1)]), owned(&[arn("b", 1), arn("a", 2)]), Vec::new()] {
            assert_eq!(aim.next(&other), Next::Changed, "{other:?}");
        }
    }

    proptest! {
        /// Whatever a function uses: after one step there is nothing to do, and every layer is where it was.
        #[test]
        fn one_step_is_enough(layers in proptest::collection::vec(("[a-c]", 1..6_u64), 0..6)) {
            let aim = Aim::Newest(vec![newest("a", 3), newest("b", 5)].into());
            let is: Vec<String> = layers.iter().map(|(name, number)| arn(name, *number)).collect();
            if let Next::Set(to_be) = aim.next(&is) {
                prop_assert_eq!(aim.next(&to_be), Next::Done);
                let layer = |arn: &String| arn.rsplit_once(':').map(|(layer, _)| layer.to_owned());
                prop_assert!(is.iter().map(layer).eq(to_be.iter().map(layer)));
                prop_assert!(is != to_be);
            }
        }
    }
}
