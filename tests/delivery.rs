//! What users get: the packages, the workflows that they copy, and what the project is built of.
//!
//! Needs python3 (3.11 or newer) with venv, node and npm; what is pinned in `tests/python/tools.txt` is fetched on the first
//! run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "delivery/address.rs"]
mod address;
#[path = "delivery/comment.rs"]
mod comment;
mod common;
#[path = "delivery/headers.rs"]
mod headers;
#[path = "delivery/install.rs"]
mod install;
#[path = "delivery/linters.rs"]
mod linters;
#[path = "delivery/notices.rs"]
mod notices;
#[path = "delivery/npm.rs"]
mod npm;
#[path = "delivery/packing.rs"]
mod packing;
#[path = "delivery/pages.rs"]
mod pages;
#[path = "interop/python.rs"]
#[allow(dead_code, reason = "the interoperability tests use the rest of it")]
mod python;
#[path = "delivery/release.rs"]
mod release;
#[path = "delivery/reproduce.rs"]
mod reproduce;
#[path = "delivery/steps.rs"]
mod steps;
#[path = "delivery/supply.rs"]
mod supply;
#[path = "delivery/wheel.rs"]
mod wheel;
#[path = "delivery/workflows.rs"]
mod workflows;
