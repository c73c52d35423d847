//! What layership reads from strangers, one function for each target of `cargo fuzz`.
//!
//! The readers are layership's own modules, compiled from its source: the package as a whole would bring the AWS SDK along,
//! which would be made ready for fuzzing for ten minutes and never be called.
//!
//! These functions may panic, by `expect` too: that is how a fuzzer is told that something is wrong, be it with a reader or with
//! the machine (no room for a file, no port). Nothing of this crate is in layership.
#![allow(dead_code, unused_imports, missing_docs, reason = "only a part of the modules is called here")]

mod documents;
mod layers;
mod manifests;
mod sandbox;
#[path = "../../sandbox/tests/common/signed.rs"]
mod signed;
mod zips;

pub use documents::documents;
pub use layers::layers_file;
pub use manifests::{json_locks, line_locks, requirements, toml_locks};
pub use sandbox::{journal, requests};
pub use zips::zip;

#[path = "../../src"]
mod layership {
    pub mod archive;
    pub mod attest;
    pub mod batches;
    pub mod bounds;
    pub mod config;
    pub mod disk;
    pub mod event;
    pub mod finding;
    pub mod git;
    pub mod halt;
    pub mod layer;
    pub mod manifest;
    pub mod outcome;
    pub mod plan;
    pub mod report;
    pub mod rollout;
}
// The modules call each other `crate::…`.
pub(crate) use layership::report::shown;
use layership::{
    archive, attest, batches, bounds, config, disk, event, finding, git, halt, layer, manifest, outcome, plan, report,
    rollout,
};

/// A lock in S3, which anybody may have written. What was read once is written and read again as the same.
pub fn lock_body(bytes: &[u8]) {
    use layership_protocol::Content;
    if let Content::Lock(body) = Content::parse(bytes) {
        assert_eq!(Content::parse(&body.to_json()), Content::Lock(body));
    }
}

/// What git lists of a repository, whose names anybody may have chosen. What lies there is held against it.
pub fn git_lists(bytes: &[u8]) {
    const MOST: usize = 1_000;
    let wanted = ["a", "layers"].map(std::path::PathBuf::from).into();
    for of_line in [git::Entry::of_line, git::Entry::of_index_line] {
        let Ok(entries) = git::listed(bytes, &wanted, of_line, MOST) else { continue };
        assert!(entries.len() <= MOST);
        for (path, entry) in entries {
            assert!(path.components().all(|part| part.as_os_str() != ".."), "{path:?} leads elsewhere");
            entry.is_at(&folder().join(path), true);
        }
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
