//! The stories a user lives through, with the real binary against the real sandbox, and everything it prints.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod check;
mod output;
mod plan;
mod publish;
mod refuse;
mod select;
mod settings;
mod stage;
mod start;
mod stop;
