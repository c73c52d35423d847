//! What layership reads in lock files that npm wrote is what npm itself reads in them. Nothing of it needs the network.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::common::project::{Project, in_crate};

type Packages = BTreeSet<(String, String)>;

/// Whether npm is here; in CI it has to be.
fn npm() -> Option<Command> {
    let npm = Command::new("npm");
    if Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Some(npm);
    }
    eprintln!("SKIPPED interop: npm is missing");
    let in_ci = std::env::var("CI").is_ok_and(|ci| !ci.is_empty());
    assert!(!in_ci, "SKIPPED interop: npm is missing");
    None
}

fn sample(version: u32, state: &str) -> String {
    fs::read_to_string(in_crate(&format!("tests/samples/manifests/npm-{version}/{state}/package-lock.json"))).unwrap()
}

/// What npm reads in a lock file. The first version of these has no requests of the project: those of the third are its.
fn as_npm_reads(mut npm: Command, state: &str, lock: &str) -> Packages {
    let folder = tempfile::tempdir().unwrap();
    let third: Value = serde_json::from_str(&sample(3, state)).unwrap();
    fs::write(folder.path().join("package.json"), third["packages"][""].to_string()).unwrap();
    fs::write(folder.path().join("package-lock.json"), lock).unwrap();
    let cache = folder.path().join("cache");
    npm.args(["ls", "--package-lock-only", "--all", "--json", "--offline", "--cache"]).arg(cache);
    let output = npm.current_dir(folder.path()).output().unwrap();
    let tree: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let mut found = Packages::new();
    collect(&tree, &mut found);
    found
}

fn collect(node: &Value, found: &mut Packages) {
    for (name, package) in node["dependencies"].as_object().into_iter().flatten() {
        if let Some(version) = package["version"].as_str() {
            found.insert((name.clone(), version.to_owned()));
        }
        collect(package, found);
    }
}

/// What layership reads in it: all of it is added to a lock file that names nothing.
fn as_layership_reads(lock: &str) -> Packages {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", "package-lock.json"));
    let empty = json!({"lockfileVersion": 3, "packages": Map::new()});
    project.write("requests/package-lock.json", empty.to_string());
    project.run("publish --stage", 0);
    project.write("requests/package-lock.json", lock);
    let report = project.run("changed --format json", 0).report();
    let added = report["jobs"][0]["dependencies"]["added"].as_array().unwrap().clone();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    added.iter().map(|one| (text(one, "name"), text(one, "version"))).collect()
}

#[test]
fn every_version_of_npms_lock_files_is_read_as_npm_reads_it() {
    for version in 1..=3 {
        for state in ["old", "new"] {
            let Some(npm) = npm() else { return };
            let lock = sample(version, state);
            let expected = as_npm_reads(npm, state, &lock);
            assert!(expected.len() >= 3, "npm reads next to nothing: {expected:?}");
            assert_eq!(as_layership_reads(&lock), expected, "version {version}, {state}");
        }
    }
}
