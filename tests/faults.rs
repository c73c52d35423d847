//! Exactly once: whatever fails, is killed or races, one undisturbed run later everything is as undisturbed runs leave
//! it. One version for each change, one backup for each version, a free lock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "faults/bench.rs"]
mod bench;
#[path = "faults/cells.rs"]
mod cells;
mod common;
#[path = "faults/crowds.rs"]
mod crowds;
#[path = "faults/kill.rs"]
mod kill;
#[path = "faults/late.rs"]
mod late;
#[path = "faults/locks.rs"]
mod locks;
#[path = "faults/pauses.rs"]
mod pauses;
#[path = "faults/races.rs"]
mod races;
#[path = "faults/replaced.rs"]
mod replaced;
#[path = "faults/sdk.rs"]
mod sdk;
#[path = "faults/signals.rs"]
mod signals;
#[path = "faults/single.rs"]
mod single;
#[path = "faults/storms.rs"]
mod storms;
#[path = "faults/table.rs"]
mod table;
