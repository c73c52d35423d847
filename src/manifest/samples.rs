//! Real manifests, written by the tools themselves, before and after an update.

use super::survey::survey;
use super::unreadable::Unreadable;
use super::{Dependencies, Format, difference};
use crate::halt::Halt;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/manifests")
}

fn read(tool: &str, state: &str, file: &str) -> Vec<u8> {
    let path = samples().join(tool).join(state).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn dependencies(format: Format, bytes: &[u8]) -> Result<Option<Dependencies>, Unreadable> {
    super::dependencies(format, bytes, &Halt::default())
}

fn named(format: Format, bytes: &[u8]) -> Dependencies {
    dependencies(format, bytes).unwrap().unwrap()
}

const PYTHON: &str = "urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0";
const NODE: &str = "debug 2.6.9 -> 4.3.4, ms 2.0.0 -> 2.1.2, +is-number 7.0.0, -@types/ms 0.7.33";

const TABLE: [(&str, &str, &str); 15] = [
    ("pip", "requirements.txt", PYTHON),
    ("uv", "uv.lock", PYTHON),
    ("pylock", "pylock.toml", PYTHON),
    ("poetry", "poetry.lock", PYTHON),
    ("pdm", "pdm.lock", PYTHON),
    ("pipenv", "Pipfile.lock", PYTHON),
    ("npm-1", "package-lock.json", NODE),
    ("npm-2", "package-lock.json", NODE),
    ("npm-3", "package-lock.json", NODE),
    ("yarn-1", "yarn.lock", NODE),
    ("yarn-4", "yarn.lock", NODE),
    ("pnpm-9", "pnpm-lock.yaml", NODE),
    ("cargo", "Cargo.lock", "itoa 1.0.9 -> 1.0.11, +bitflags 2.5.0, +ryu 1.0.18, -fnv 1.0.7"),
    (
        "go",
        "go.sum",
        "rsc.io/sampler v1.3.0 -> v1.3.1, +golang.org/x/text v0.3.0, +rsc.io/quote/v3 v3.1.0, -rsc.io/quote v1.5.2",
    ),
    (
        "composer",
        "composer.lock",
        "monolog/monolog 2.9.1 -> 3.5.0, psr/log dev-master#aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00 -> \
         dev-master#bb11bb22cc33dd44ee55ff66aa77bb88cc99dd00, -psr/cache 3.0.0",
    ),
];

#[test]
fn an_update_is_told_as_what_changed() {
    for (tool, file, summary) in TABLE {
        let format = Format::from_file_name(file);
        let old = named(format, &read(tool, "old", file));
        let new = named(format, &read(tool, "new", file));
        assert_eq!(difference(&old, &new).summary(), summary, "{tool}");
        assert!(difference(&old, &old).is_empty(), "{tool}");
    }
}

#[test]
fn platforms_of_a_gem_count_one_by_one() {
    let [old, new] = ["old", "new"].map(|state| read("bundler", state, "Gemfile.lock"));
    let [old, new] = [old, new].map(|bytes| named(Format::GemfileLock, &bytes));
    let git = "https://github.com/rack/rack-session.git#3ae1f4e5b1c8c1d4b0c4f0f5a3a4f5b6c7d8e9f0";
    let expected =
        format!("nokogiri 1.15.5 -> 1.16.0, nokogiri 1.15.5-x86_64-linux -> 1.16.0-x86_64-linux, -rack-session {git}");
    assert_eq!(difference(&old, &new).summary(), expected);
}

#[test]
fn locked_requirements_are_pinned() {
    for state in ["old", "new"] {
        let text = String::from_utf8(read("pip", state, "requirements.txt")).expect("UTF-8");
        assert_eq!(survey(&text, &Halt::default()).open.alone().count, 0);
    }
}

#[test]
fn line_endings_do_not_matter() {
    for (tool, file, _) in TABLE {
        let format = Format::from_file_name(file);
        let unix = String::from_utf8(read(tool, "new", file)).expect("UTF-8");
        let windows = unix.replace('\n', "\r\n");
        assert_eq!(dependencies(format, unix.as_bytes()), dependencies(format, windows.as_bytes()), "{tool}");
    }
}

/// Told by how often it asks whether anybody waits: once for each line, package or entry.
#[test]
fn what_the_fuzzer_starts_from_is_read_in_steps_that_follow_its_size() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let names = TABLE.map(|(_, name, _)| name).into_iter().chain(["Gemfile.lock"]);
    let formats: Vec<Format> = names.map(Format::from_file_name).collect();
    for part in ["requirements", "toml_locks", "json_locks", "line_locks"] {
        for file in std::fs::read_dir(corpus.join(part)).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            for format in &formats {
                let halt = Halt::default();
                let _ = super::dependencies(*format, &bytes, &halt);
                assert!(halt.polls() <= 2 * lines + 10, "{format:?}: {} steps for {lines} lines", halt.polls());
            }
        }
    }
}

fn any_format() -> impl Strategy<Value = Format> {
    let names = TABLE.map(|(_, file, _)| file).into_iter().chain(["Gemfile.lock", "Makefile"]);
    let formats: Vec<Format> = names.map(Format::from_file_name).collect();
    prop::sample::select(formats)
}

proptest! {
    #[test]
    fn no_bytes_cause_a_panic(format in any_format(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = dependencies(format, &bytes);
    }

    #[test]
    fn no_damage_to_a_real_manifest_causes_a_panic(
        (tool, file, _) in prop::sample::select(&TABLE[..]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = read(tool, "old", file);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len()) + 1);
        let format = Format::from_file_name(file);
        let _ = dependencies(format, &bytes);
        let _ = dependencies(Format::Requirements, &bytes);
    }
}
