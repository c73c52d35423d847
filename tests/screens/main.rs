//! What people see, where they see it: a page in a browser, a run in a terminal, a report on a build server.
//!
//! Needs chromium and tmux, which `.ci/run` installs where it may, and python3. Nothing here is skipped in silence.
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
#[path = "../interop/python.rs"]
#[allow(dead_code, reason = "the interoperability tests use the rest of it")]
mod python;

mod browser;
mod completion;
mod junit;
mod page;
mod page_picture;
mod pictures;
mod svg;
mod terminal;
mod tmux;

use std::path::PathBuf;

/// Where this program is. One that is missing is told, and the test fails: what people see must have been looked at.
#[track_caller]
fn needed(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found =
        names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()));
    found.unwrap_or_else(|| panic!("{0} is missing: `apt-get install {0}`, or what your system calls it", names[0]))
}
