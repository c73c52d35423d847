//! `layership rollout`: the real binary moves functions of the sandbox, and puts them back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod ci;
mod events;
mod fleet;
mod kill;
mod moves;
mod others;
mod page;
mod quota;
mod reports;
mod sizes;
mod undo;
mod unsettled;
mod versions;
