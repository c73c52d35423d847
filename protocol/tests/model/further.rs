//! The same with wider bounds: minutes and gigabytes, so only on demand.

use crate::holds::{FOR_EVER, SLEEP, holds};
use crate::setup::{Budget, Setup, Start};

#[test]
#[ignore = "minutes"]
fn two_runs_with_renewals_without_end() {
    let budget = Budget { crash: 1, answer: 1, renewal: 1, ..SLEEP };
    let setup = Setup { budget, ticks: FOR_EVER, ..Setup::default() };
    holds("two runs", setup, &["sent a second time"]);
}

#[test]
#[ignore = "minutes"]
fn lost_and_late_writes_of_the_lock() {
    let budget = Budget { lock: 2, crash: 1, answer: 1, ..SLEEP };
    let setup = Setup { budget, ticks: 5, ..Setup::default() };
    holds("writes of the lock", setup, &["lost to another run"]);
}

#[test]
#[ignore = "minutes"]
fn three_runs() {
    let setup = Setup { runs: vec![1, 1, 1], budget: Budget { crash: 1, ..SLEEP }, ticks: 3, ..Setup::default() };
    holds("one change", setup, &["a dead holder is taken over"]);
}

#[test]
#[ignore = "minutes"]
fn one_after_another() {
    let budget = Budget { crash: 2, answer: 1, ..SLEEP };
    let setup = Setup { runs: vec![1, 1, 2], one_after_another: true, budget, ticks: 4, ..Setup::default() };
    holds("two changes, one after another", setup, &["adopted", "a dead holder is taken over"]);
}

#[test]
#[ignore = "minutes"]
fn troubles_and_stops() {
    let budget = Budget { trouble: 2, stop: 1, crash: 1, ..SLEEP };
    let setup = Setup { budget, ticks: 4, brief: false, ..Setup::default() };
    holds("troubles", setup, &["a dead holder is taken over"]);
}

#[test]
#[ignore = "minutes"]
fn two_changes_with_gaps_and_backups_of_others() {
    let starts = vec![Start::NoLock, Start::Gap(2), Start::AllDeleted, Start::Stray];
    let budget = Budget { crash: 1, answer: 1, ..SLEEP };
    let setup = Setup { runs: vec![1, 2], starts, budget, ticks: 5, ..Setup::default() };
    holds("two changes, all the numbers of above", setup, &["a dead holder is taken over"]);
}
