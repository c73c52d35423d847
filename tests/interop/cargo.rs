//! What layership reads in this repository's own `Cargo.lock` is what cargo itself reads in it.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::common::Ended;
use crate::common::project::in_crate;
use crate::javascript::as_layership_reads;

/// What cargo reads of the packages that are built on this platform: the others may never have been fetched.
fn as_cargo_reads() -> BTreeSet<(String, String)> {
    let version = Ended::from(Command::new("rustc").arg("-vV").output().expect("rustc")).stdout;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a platform");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host]);
    let metadata = Ended::from(cargo.current_dir(in_crate("")).output().expect("cargo starts")).expect(0).stdout;
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter().filter(|one| one["source"].is_string());
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    packages.map(|one| (text(one, "name"), text(one, "version"))).collect()
}

#[test]
fn a_lock_file_of_cargo_is_read_as_cargo_reads_it() {
    let lock = std::fs::read_to_string(in_crate("Cargo.lock")).unwrap();
    let (found, expected) = (as_layership_reads("Cargo.lock", "version = 4\n", &lock), as_cargo_reads());
    assert!(expected.len() > 200, "cargo reads next to nothing: {} packages", expected.len());
    let missed: Vec<_> = expected.difference(&found).collect();
    assert!(missed.is_empty(), "{missed:?}");
    // The rest is for other platforms: every package of a registry is read, and none of ours.
    assert_eq!(found.len(), lock.lines().filter(|line| line.starts_with("source = ")).count());
}
