//! What does not hold: without each part of the protocol, or of what it rests on, a schedule breaks a promise.

use std::time::Duration;

use layership_protocol::Rules;
use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::check::{NOT_OUTDATED, ONE_VERSION, Publishing};
use crate::setup::{Budget, Setup, Start, Weak, rules};
use crate::trace::story;

fn broken(weak: Weak, setup: Setup) -> String {
    broken_so(ONE_VERSION, Setup { weak, ..setup })
}

/// Finds the shortest schedule that breaks this promise.
fn broken_so(property: &'static str, setup: Setup) -> String {
    let setup = Setup { calm_every: u64::MAX, ..setup };
    let model = Publishing(setup.clone());
    let wanted = HasDiscoveries::AnyOf([property].into());
    let checker = Publishing(setup.clone()).checker().threads(1).finish_when(wanted).spawn_bfs().join();
    let path = checker.discovery(property);
    let weak = setup.weak;
    println!("{weak:?}: {} states", checker.unique_state_count());
    let path = path.unwrap_or_else(|| panic!("{weak:?} breaks nothing in {} states", checker.unique_state_count()));
    let story = story(&model, path);
    println!("{story}\n");
    story
}

fn sleep() -> Setup {
    Setup { budget: Budget::default(), ..Setup::default() }
}

/// The documentation shows this story.
fn is_told(story: &str) {
    let docs = include_str!("../../../docs/exactly-once.md");
    assert!(docs.contains(story), "docs/exactly-once.md does not tell:\n{story}");
}

#[test]
fn without_the_mark() {
    is_told(&broken(Weak::NoMark, sleep()));
}

#[test]
fn with_renewals_alone() {
    broken(Weak::RenewalOnly, sleep());
}

#[test]
fn with_leases_alone() {
    broken(Weak::LeaseAlone, sleep());
}

#[test]
fn with_signatures_that_never_expire() {
    broken(Weak::NoExpiry, sleep());
}

#[test]
fn with_a_wait_that_is_too_short() {
    let rules = Rules { settle: Duration::ZERO, ..rules() };
    broken(Weak::Nothing, Setup { rules, ..sleep() });
}

#[test]
fn with_a_free_lock_that_remembers_nothing() {
    is_told(&broken(Weak::NoMemory, Setup { starts: vec![Start::Gap(1)], ..sleep() }));
}

#[test]
fn with_lists_alone() {
    broken(Weak::ListOnly, Setup { lag: 1, ..sleep() });
}

#[test]
fn with_lists_that_lag_for_longer_than_the_settle_time() {
    broken(
        Weak::Nothing,
        Setup { lag: 3, starts: vec![Start::Gap(2)], budget: Budget { crash: 1, ..Budget::default() }, ..sleep() },
    );
}

#[test]
fn with_writes_whose_conditions_are_ignored() {
    broken(Weak::Unconditional, sleep());
}

#[test]
fn with_a_publish_that_is_repeated_below() {
    broken(Weak::SentTwice, sleep());
}

#[test]
fn with_a_clock_that_is_ahead() {
    broken(Weak::FastClock(2), sleep());
}

#[test]
fn with_backups_that_are_older_than_their_versions() {
    broken(
        Weak::BelievesStray,
        Setup { starts: vec![Start::Stray], budget: Budget { crash: 1, ..Budget::default() }, ..sleep() },
    );
}

#[test]
fn an_outdated_decision_is_seen_too() {
    broken_so(NOT_OUTDATED, Setup { weak: Weak::NoMark, runs: vec![1, 2], ..sleep() });
}
