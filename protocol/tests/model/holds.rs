//! What holds: no schedule within these bounds breaks a promise.

use std::time::{Duration, Instant};

use layership_protocol::Rules;
use stateright::{Checker as _, Model as _};

use crate::check::{COVERED, Publishing};
use crate::setup::{Budget, Setup, Start, Weak, rules};
use crate::trace::story;

/// No disturbance but sleep: any run may sleep anywhere, as long as it likes.
pub const SLEEP: Budget = Budget { crash: 0, lock: 0, renewal: 0, answer: 0, trouble: 0, stop: 0, hand: 0, library: 0 };
pub const FOR_EVER: u64 = 1 << 20;

/// Goes through every schedule, and has seen what is named.
pub fn holds(name: &str, setup: Setup, seen: &[&str]) {
    let started = Instant::now();
    let model = Publishing(setup.clone());
    let checker = Publishing(setup.clone()).checker().threads(1).spawn_bfs().join();
    let found = checker.discoveries();
    println!(
        "{name}: {} states, depth {}, {:.1?}",
        checker.unique_state_count(),
        checker.max_depth(),
        started.elapsed()
    );
    for (property, path) in &found {
        if !COVERED.iter().any(|(covered, _)| covered == property) {
            let world = path.last_state().clone();
            panic!("{name}: {property}: {:?}\n{}", world.ends_well(&setup), story(&model, path.clone()));
        }
    }
    for covered in seen {
        assert!(found.contains_key(covered), "{name} never saw: {covered}");
    }
    is_told(name, checker.unique_state_count());
}

/// A row of the documentation's tables begins with this name and ends with this number.
fn is_told(name: &str, states: usize) {
    let (row, states) = (format!("| {name} |"), format!("| {} |", in_groups(states)));
    let mut rows = include_str!("../../../docs/exactly-once.md").lines().filter(|line| line.starts_with(&row));
    assert!(rows.any(|row| row.ends_with(&states)), "docs/exactly-once.md does not say: {row} … {states}");
}

/// 1234567 as 1,234,567.
fn in_groups(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

#[test]
fn two_runs_without_end() {
    let setup = Setup { budget: Budget { crash: 1, answer: 1, ..SLEEP }, ticks: FOR_EVER, ..Setup::default() };
    let seen = COVERED.map(|(name, _)| name);
    holds("two runs", setup, &seen);
}

#[test]
fn numbers_with_gaps_and_backups_of_others() {
    let starts = vec![Start::NoLock, Start::Gap(2), Start::AllDeleted, Start::Stray];
    let setup = Setup { starts, budget: Budget { crash: 1, ..SLEEP }, ticks: 5, ..Setup::default() };
    holds(
        "numbers: no lock yet, two missing, all deleted, a backup of others",
        setup,
        &["adopted", "kept under the lock", "a dead holder is taken over"],
    );
}

#[test]
fn renewals() {
    let setup = Setup { budget: Budget { renewal: 2, crash: 1, ..SLEEP }, ticks: 4, ..Setup::default() };
    holds("renewals", setup, &["lost to another run"]);
}

#[test]
fn lost_and_late_writes_of_the_lock() {
    let setup = Setup { budget: Budget { lock: 1, crash: 1, ..SLEEP }, ticks: 4, ..Setup::default() };
    holds("writes of the lock", setup, &["lost to another run"]);
}

#[test]
fn troubles_and_stops() {
    let budget = Budget { trouble: 2, stop: 1, ..SLEEP };
    holds("troubles", Setup { budget, ticks: 3, brief: false, ..Setup::default() }, &["published"]);
}

#[test]
fn two_changes() {
    let budget = Budget { crash: 1, answer: 1, ..SLEEP };
    holds(
        "two changes",
        Setup { runs: vec![1, 2], budget, ticks: 5, ..Setup::default() },
        &["found after a lost answer"],
    );
}

#[test]
fn others_who_publish() {
    let budget = Budget { hand: 1, library: 1, crash: 1, ..SLEEP };
    holds(
        "others who publish by hand and with the library",
        Setup { budget, ticks: 3, ..Setup::default() },
        &["adopted", "kept under the lock"],
    );
}

/// The first dies with its publish under way, the second takes over as soon as its version is there, and dies before it
/// looks: the list that the third sees may still lag.
#[test]
fn lists_that_lag_behind_a_gap() {
    let ticks = Duration::from_millis;
    let setup = Setup {
        runs: vec![1, 1, 1],
        starts: vec![Start::Gap(2)],
        budget: Budget { crash: 2, ..SLEEP },
        one_after_another: true,
        ticks: 5,
        lag: 3,
        rules: Rules { settle: ticks(4), longest: ticks(6), ..rules() },
        ..Setup::default()
    };
    holds("lists that lag by 3 behind a gap; settle time 4", setup, &["a dead holder is taken over"]);
}

#[test]
fn one_after_another() {
    let budget = Budget { crash: 2, ..SLEEP };
    let setup = Setup { runs: vec![1, 1, 2], one_after_another: true, budget, ticks: 4, ..Setup::default() };
    holds("two changes, one after another", setup, &["adopted", "a dead holder is taken over"]);
}

/// That look saves a request; what keeps a late one from being accepted is its signature.
#[test]
fn without_the_last_look_at_the_clock() {
    let setup = Setup { weak: Weak::NoLastLook, budget: SLEEP, ticks: FOR_EVER, ..Setup::default() };
    holds("without the last look at the clock", setup, &["lost to another run"]);
}

#[test]
fn back_dating_refused() {
    let budget = Budget { answer: 1, ..SLEEP };
    let setup = Setup { refuses_back_dating: true, budget, ticks: 6, ..Setup::default() };
    holds("back-dated signatures refused", setup, &["found after a lost answer"]);
}

#[test]
fn three_runs() {
    let setup = Setup { runs: vec![1, 1, 2], budget: SLEEP, ticks: 2, ..Setup::default() };
    holds("two changes", setup, &["published"]);
}
