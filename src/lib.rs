//! layership publishes many AWS Lambda layers in one run.
//!
//! A file becomes a plan, a plan becomes jobs, jobs become events, events become a screen and a report:
//!
//! ```text
//! layers.toml ─ config ─► plan ─► run ─► event ─► report ─► screen, stdout, files
//!                                  │
//!                manifest, archive ┴ aws ─► S3, Lambda (or the sandbox, over HTTP)
//! ```
//!
//! A module uses only those above it in this list; `tests/architecture.rs` holds it to that:
//!
//! - [`layer`]: the vocabulary; [`finding`]: what a check found; [`disk`]: files that cannot make one wait; [`manifest`]: dependency files; [`archive`]: zips
//! - [`config`]: the layers file; [`outcome`]: how a job ended, as a value
//! - [`plan`]: jobs, and the decision under its table
//! - [`event`]: what happens meanwhile, the contract between work and display
//! - [`aws`]: the only place that knows the SDK; [`run`]: the loop and the steps of a job
//! - [`report`]: the only place that knows the terminal
//! - [`error`], [`cli`], [`commands`]: what the user meets

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking")
)]

pub mod archive;
pub mod aws;
pub mod cli;
pub mod commands;
pub mod config;
pub mod disk;
pub mod error;
pub mod event;
pub mod finding;
pub mod layer;
pub mod manifest;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod run;
