//! What layership reads from strangers, one function for each target of `cargo fuzz`.
//!
//! The readers are layership's own modules, compiled from its source: the package as a whole would bring the AWS SDK along,
//! which would be made ready for fuzzing for ten minutes and never be called.
//!
//! These functions may panic, by `expect` too: that is how a fuzzer is told that something is wrong, be it with a reader or with
//! the machine (no room for a file, no port). Nothing of this crate is in layership.
#![allow(dead_code, unused_imports, missing_docs, reason = "only a part of the modules is called here")]

mod layers;
mod manifests;
mod sandbox;
#[path = "../../sandbox/tests/common/signed.rs"]
mod signed;
mod zips;

pub use layers::layers_file;
pub use manifests::{json_locks, line_locks, requirements, toml_locks};
pub use sandbox::requests;
pub use zips::zip;

#[path = "../../src"]
mod layership {
    pub mod archive;
    pub mod attest;
    pub mod bounds;
    pub mod config;
    pub mod disk;
    pub mod finding;
    pub mod git;
    pub mod halt;
    pub mod layer;
    pub mod manifest;
    pub mod outcome;
    pub mod plan;
}
// The modules call each other `crate::…`.
use layership::{archive, attest, bounds, config, disk, finding, git, halt, layer, manifest, outcome, plan};

/// A lock in S3, which anybody may have written. What was read once is written and read again as the same.
pub fn lock_body(bytes: &[u8]) {
    use layership_protocol::Content;
    if let Content::Lock(body) = Content::parse(bytes) {
        assert_eq!(Content::parse(&body.to_json()), Content::Lock(body));
    }
}

/// A folder in memory, where there is one: what is read from disk is written there first.
fn folder() -> &'static std::path::Path {
    use std::sync::OnceLock;
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let memory = std::path::Path::new("/dev/shm");
    let made = || if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    FOLDER.get_or_init(|| made().expect("a folder")).path()
}
