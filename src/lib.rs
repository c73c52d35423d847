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
//! - [`layer`]: the vocabulary; [`finding`]: what a check found; [`disk`]: files that cannot make one wait; [`bounds`]: how far a layers file reaches; [`halt`]: work that is to end early; [`batches`]: what comes through a channel, many at once; [`git`]: what git knows of them; [`manifest`]: dependency files; [`archive`]: zips; [`attest`]: what a version is made of
//! - [`config`]: the layers file; [`outcome`]: how a job ended, as a value
//! - [`plan`]: jobs, and the decision under its table; [`rollout`]: functions, and what is to be done with them
//! - [`event`]: what happens meanwhile, the contract between work and display
//! - [`aws`]: the only place that knows the SDK; [`run`]: the loop and the steps of a job
//! - [`report`]: the only place that knows the terminal
//! - [`error`], [`cli`], [`commands`]: what the user meets
//!
//! The public face is what a `main` needs, and no more: a command line is read, done, and ends in an exit code or in an
//! error that says what it means.
//!
//! ```
//! use std::ffi::OsString;
//!
//! use layership::Cli;
//!
//! let plan = ["layership", "plan", "requests-*", "--target", "tokyo"].map(OsString::from);
//! assert!(Cli::read(plan).is_ok());
//! let typo = ["layership", "plan", "--traget", "tokyo"].map(OsString::from);
//! assert!(Cli::read(typo).unwrap_err().to_string().contains("--target"));
//! ```

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the list above is for who reads the code, and for tests/architecture"
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking")
)]

mod archive;
mod attest;
mod aws;
mod batches;
mod bounds;
mod cli;
mod commands;
mod config;
mod disk;
mod error;
mod event;
mod finding;
mod git;
mod halt;
mod layer;
mod manifest;
mod outcome;
mod plan;
mod report;
mod rollout;
mod run;

pub use cli::Cli;
pub use commands::{complete, dispatch};
pub use error::{Ended, Error};
pub use report::say_usage;

pub(crate) use report::shown;
