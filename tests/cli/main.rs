//! The stories a user lives through, with the real binary against the real sandbox, and everything it prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod accounts;
mod align;
mod attest;
mod build;
mod causes;
mod changed;
mod check;
mod ci;
mod clocks;
mod consent;
mod detect;
mod elsewhere;
mod events;
mod explain;
mod formats;
mod help;
mod hostile;
mod includes;
mod init;
mod large;
mod merge;
mod output;
mod overwritten;
mod owners;
mod pages;
mod parameter;
mod plan;
mod planted;
mod planted_names;
mod promises;
mod prune;
mod prune_beside;
mod publish;
mod ran;
mod reach;
mod reference_pages;
mod refuse;
mod refused;
mod saved;
mod secrets;
mod select;
mod settings;
mod share;
mod shells;
mod since;
mod stage;
mod start;
mod status;
mod stdout;
mod stop;
mod storage;
mod storage_after;
mod targets;
mod verbose;
