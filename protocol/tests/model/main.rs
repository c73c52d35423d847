//! Every schedule within bounds: the very machine that runs in production, in a world where runs die, sleep and lose
//! answers, requests come late, and lists lag.
//!
//! `cargo test -p layership-protocol --test model -- --ignored --nocapture --test-threads 1` goes further.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it counted"
)]

mod action;
mod alike;
mod calm;
mod check;
mod further;
mod happen;
mod holds;
mod service;
mod setup;
mod trace;
mod weak;
mod world;
