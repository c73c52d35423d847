//! Reading ends soon once nobody waits for it: told by how often it asks, not by a clock.

use super::secrets::secrets;
use super::survey::survey;
use super::{Format, dependencies, read, same_meaning};
use crate::bounds::Bounds;
use crate::halt::Halt;
use std::fmt::Write as _;

/// How many packages a manifest names here.
const PACKAGES: usize = 1_000;

/// How often it is asked before it is raised.
const POLLS: usize = 50;

/// What may be asked once more by those who are told to end: one for each of a few nested steps.
const LAST: usize = 4;

/// A manifest that names many packages.
fn large(name: &str) -> String {
    let all = |one: fn(usize) -> String| (0..PACKAGES).map(one).collect::<Vec<_>>();
    match name {
        "requirements.txt" => all(|n| format!("p{n}==1 \\\n  --hash=sha256:{n:064x}")).join("\n"),
        "uv.lock" | "poetry.lock" | "pdm.lock" | "Cargo.lock" => {
            all(|n| format!("[[package]]\nname = \"p{n}\"\nversion = \"1\"\nsource = \"registry+x\"\n")).join("\n")
        }
        "pylock.toml" => all(|n| format!("[[packages]]\nname = \"p{n}\"\nversion = \"1\"\n")).join("\n"),
        "Pipfile.lock" => {
            let packages = all(|n| format!(r#""p{n}":{{"version":"==1"}}"#)).join(",");
            format!(r#"{{"_meta":{{}},"default":{{{packages}}}}}"#)
        }
        "package-lock.json" => {
            let packages = all(|n| format!(r#""node_modules/p{n}":{{"version":"1"}}"#)).join(",");
            format!(r#"{{"lockfileVersion":3,"packages":{{{packages}}}}}"#)
        }
        "composer.lock" => {
            format!(r#"{{"packages":[{}]}}"#, all(|n| format!(r#"{{"name":"p{n}","version":"1"}}"#)).join(","))
        }
        "yarn.lock" => {
            format!("# yarn lockfile v1\n{}", all(|n| format!("p{n}@^1:\n  version \"1\"\n")).join("\n"))
        }
        "pnpm-lock.yaml" => {
            format!("lockfileVersion: '9.0'\npackages:\n{}", all(|n| format!("  p{n}@1: {{}}\n")).concat())
        }
        "Gemfile.lock" => format!("GEM\n  specs:\n{}", all(|n| format!("    p{n} (1)\n")).concat()),
        "go.sum" => all(|n| format!("h/p{n} v1 h1:x=\n")).concat(),
        other => panic!("{other}"),
    }
}

const NAMES: [&str; 13] = [
    "requirements.txt",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Cargo.lock",
    "pylock.toml",
    "Pipfile.lock",
    "package-lock.json",
    "composer.lock",
    "yarn.lock",
    "pnpm-lock.yaml",
    "Gemfile.lock",
    "go.sum",
];

#[test]
fn every_format_asks_between_two_packages_and_then_ends() {
    for name in NAMES {
        let (format, text) = (Format::from_file_name(name), large(name));
        let whole = Halt::default();
        let found = dependencies(format, text.as_bytes(), &whole).unwrap().unwrap();
        assert_eq!(found.iter().count(), PACKAGES, "{name}");
        assert!(whole.polls() >= PACKAGES, "{name} asks {} times", whole.polls());

        let halt = Halt::after(POLLS);
        let found = dependencies(format, text.as_bytes(), &halt).ok().flatten();
        let count = found.map_or(0, |found| found.iter().count());
        assert!(count <= POLLS, "{name}: {count} packages");
        assert!(halt.polls() <= POLLS + LAST, "{name} went on: {} questions", halt.polls());
    }
}

/// The first version of npm's lock files has packages below packages.
#[test]
fn packages_below_a_package_are_read_no_longer_than_somebody_waits() {
    let below = (0..PACKAGES).map(|n| format!(r#""p{n}":{{"version":"1"}}"#)).collect::<Vec<_>>().join(",");
    let text =
        format!(r#"{{"lockfileVersion":1,"dependencies":{{"a":{{"version":"1","dependencies":{{{below}}}}}}}}}"#);
    let (whole, halt) = (Halt::default(), Halt::after(POLLS));
    let found = dependencies(Format::NpmLock, text.as_bytes(), &whole).unwrap().unwrap();
    assert_eq!((found.iter().count(), whole.polls()), (PACKAGES + 1, PACKAGES + 1));
    assert!(dependencies(Format::NpmLock, text.as_bytes(), &halt).is_err());
    assert!(halt.polls() <= POLLS + LAST, "it went on: {} questions", halt.polls());
}

#[test]
fn what_a_manifest_means_is_compared_no_longer_than_somebody_waits() {
    for name in ["requirements.txt", "uv.lock", "pylock.toml", "yarn.lock", "pnpm-lock.yaml", "Gemfile.lock", "go.sum"]
    {
        let (format, text) = (Format::from_file_name(name), large(name));
        let halt = Halt::after(POLLS);
        same_meaning(format, text.as_bytes(), format!("{text}\n\n").as_bytes(), &halt);
        assert!(halt.polls() <= POLLS + LAST, "{name} went on: {} questions", halt.polls());
    }
}

/// A package of Pipenv may have hashes without end.
#[test]
fn the_hashes_of_a_package_are_read_no_longer_than_somebody_waits() {
    let hashes = (0..PACKAGES).map(|n| format!(r#""sha256:{n}""#)).collect::<Vec<_>>().join(",");
    let text = format!(r#"{{"_meta":{{}},"default":{{"a":{{"version":"==1","hashes":[{hashes}]}}}}}}"#);
    let (whole, halt) = (Halt::default(), Halt::after(POLLS));
    assert!(dependencies(Format::PipfileLock, text.as_bytes(), &whole).is_ok());
    assert_eq!(whole.polls(), PACKAGES + 1);
    assert!(dependencies(Format::PipfileLock, text.as_bytes(), &halt).is_err());
    assert!(halt.polls() <= POLLS + LAST, "it went on: {} questions", halt.polls());
}

/// What it means is compared as a tree of values, which is made of pieces.
#[test]
fn a_tree_of_json_is_made_no_longer_than_somebody_waits() {
    for name in ["Pipfile.lock", "package-lock.json", "composer.lock"] {
        let (format, text) = (Format::from_file_name(name), large(name));
        let other = format!("{text}\n\n");
        let (whole, halt) = (Halt::default(), Halt::after(1));
        assert!(same_meaning(format, text.as_bytes(), other.as_bytes(), &whole));
        let pieces = 2 * (text.len() / (8 * 1024));
        assert!(pieces >= 2 + LAST && whole.polls() >= pieces, "{name}: {} questions", whole.polls());
        assert!(!same_meaning(format, text.as_bytes(), other.as_bytes(), &halt));
        // Each map that is open is asked for its end once more.
        assert!(halt.polls() <= 2 + LAST, "{name} went on: {} questions", halt.polls());
    }
}

#[test]
fn credentials_are_looked_for_no_longer_than_somebody_waits() {
    let line = "https://git@host/x ".repeat(PACKAGES);
    for text in [line.clone(), line.replace(' ', "\n")] {
        let whole = Halt::default();
        assert_eq!(secrets(&text, &whole), None);
        assert!(whole.polls() >= PACKAGES);
        let halt = Halt::after(POLLS);
        secrets(&text, &halt);
        assert!(halt.polls() <= POLLS + LAST, "{} questions", halt.polls());
    }
}

#[test]
fn a_manifest_is_digested_and_looked_through_no_longer_than_somebody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requirements.txt");
    let mut text = large("requirements.txt");
    for file in 0..PACKAGES {
        write!(text, "\n-r {file}.txt").unwrap();
    }
    std::fs::write(&path, &text).unwrap();
    let halt = Halt::after(POLLS);
    read(&path, &Bounds::of(&path).into(), &halt).unwrap();
    // Each of its steps asks once more: the digest, the credentials, the lines and the files that they include.
    assert!(halt.polls() <= POLLS + 2 * LAST, "{} questions", halt.polls());
    let halt = Halt::after(0);
    assert_eq!(survey(&text, &halt).open.alone().count, 0);
    assert_eq!(halt.polls(), 1);
}
