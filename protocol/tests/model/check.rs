//! The model that the checker goes through, and what must hold in each of its states.

use std::hash::{Hash as _, Hasher as _};

use layership_protocol::{Confirmed, Outcome, Step, Writing};
use stateright::{Model, Property};

use crate::action::Action;
use crate::alike::Lot;
use crate::setup::Setup;
use crate::world::{Run, World};

pub const ONE_VERSION: &str = "one version for one change";
pub const NOT_OUTDATED: &str = "no version is published on an outdated decision";
pub const OWN_BACKUP: &str = "each backup belongs to its version";
pub const ENDS_WELL: &str = "every run ends, and the next undisturbed one leaves everything complete";

/// What is checked, as a model.
pub struct Publishing(pub Setup);

impl Model for Publishing {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        self.0.starts.iter().map(|start| World::begin(&self.0, *start)).collect()
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend(world.actions(&self.0));
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let next = world.after(&self.0, &action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(ONE_VERSION, |_, world: &World| !world.has_second_version()),
            Property::always(NOT_OUTDATED, |_, world: &World| !world.versions.iter().any(|made| made.outdated)),
            Property::always(OWN_BACKUP, |_, world: &World| !world.has_wrong_backup()),
            Property::always(ENDS_WELL, |model: &Self, world: &World| {
                !is_chosen(world, model.0.calm_every) || world.ends_well(&model.0).is_ok()
            }),
        ];
        properties.extend(COVERED.map(|(name, seen)| Property::sometimes(name, seen)));
        properties
    }
}

/// A state in so many, the same ones each time.
fn is_chosen(world: &World, every: u64) -> bool {
    let mut hasher = Lot::default();
    world.hash(&mut hasher);
    hasher.finish().is_multiple_of(every)
}

type Seen = fn(&Publishing, &World) -> bool;

/// What must be seen somewhere, so that a check that shows nothing wrong has seen something.
pub const COVERED: [(&str, Seen); 8] = [
    ("a dead holder is taken over", |_, world| {
        world.any_step(|step| matches!(step, Step::WriteLock { why: Writing::TakeOver(_), .. }))
    }),
    ("published", |_, world| world.any_end(|end| matches!(end, Outcome::Published(_, Confirmed::Answer)))),
    ("found after a lost answer", |_, world| {
        world.any_end(|end| matches!(end, Outcome::Published(_, Confirmed::Look)))
    }),
    ("adopted", |_, world| world.any_end(|end| matches!(end, Outcome::Adopted(_)))),
    ("kept under the lock", |_, world| world.any_end(|end| matches!(end, Outcome::Kept(_)))),
    ("lost to another run", |_, world| world.any_end(|end| matches!(end, Outcome::Lost(_)))),
    ("sent a second time", |_, world| world.any_step(|step| matches!(step, Step::Send(send) if send.attempt == 2))),
    ("a run died", |_, world| world.runs.contains(&Run::Dead)),
];
