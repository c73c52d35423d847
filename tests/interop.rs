//! Interoperability, run for real: with the Python library whose buckets layership takes over, with an emulator that
//! nobody here wrote, with what operators have at hand, with lock files as those tools read them that write them, and with
//! bills of materials as CycloneDX reads them.
//!
//! Needs python3 (3.10 or newer) with venv, npm, and the package indexes of Python, npm and Yarn on the first run; everything
//! else the tests make themselves, below `target`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "interop/cargo.rs"]
mod cargo;
mod common;
#[path = "interop/javascript.rs"]
mod javascript;
#[path = "interop/layers.rs"]
mod layers;
#[path = "interop/library.rs"]
mod library;
#[path = "interop/lines.rs"]
mod lines;
#[path = "interop/locks.rs"]
mod locks;
#[path = "interop/ministack.rs"]
mod ministack;
#[path = "interop/operator.rs"]
mod operator;
#[path = "interop/python.rs"]
mod python;
#[path = "interop/sbom.rs"]
mod sbom;
#[path = "interop/skip.rs"]
mod skip;
#[path = "interop/spellings.rs"]
mod spellings;
#[path = "interop/workspaces.rs"]
mod workspaces;
#[path = "interop/world.rs"]
mod world;
