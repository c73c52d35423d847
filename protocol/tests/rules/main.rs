//! Each rule of the machine's table, one transition after the other.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod body;
mod keep;
mod lock_state;
mod look;
mod play;
mod publish;
mod record;
mod take;
