//! Lock files beside what the tools that wrote them said is in them, as `tests/python/record_locks.py` recorded it: these
//! tools are too heavy to be run by tests.

use super::{Dependencies, Format, Need};
use crate::halt::Halt;
use std::collections::BTreeSet;
use std::path::Path;

/// A package, its version or what stands in place of one, and who asks for it where the lock file tells.
type Packages = BTreeSet<(String, String, Option<Need>)>;

fn read(tool: &str, file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/locks").join(tool).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn as_the_tool_reads(tool: &str) -> Packages {
    let recorded: serde_json::Value = serde_json::from_slice(&read(tool, "recorded.json")).unwrap();
    let packages = recorded["packages"].as_array().unwrap().iter();
    let need = |need: &str| match need {
        "required" => Need::Required,
        "optional" => Need::Optional,
        "development" => Need::Development,
        other => panic!("{other}"),
    };
    let text = |package: &serde_json::Value, at: usize| package[at].as_str().unwrap().to_owned();
    packages.map(|one| (text(one, 0), text(one, 1), one.get(2).and_then(|one| one.as_str()).map(need))).collect()
}

fn as_we_read(dependencies: &Dependencies, tells_need: bool) -> Packages {
    let versions = dependencies.iter().flat_map(|(name, versions)| versions.iter().map(move |one| (name, one)));
    versions
        .map(|(name, (version, about))| {
            (name.to_owned(), version.as_str().to_owned(), tells_need.then_some(about.need))
        })
        .collect()
}

#[test]
fn what_is_read_is_what_the_tool_said() {
    for (tool, file) in [
        ("bundler", "Gemfile.lock"),
        ("bundler-4", "Gemfile.lock"),
        ("go", "go.sum"),
        ("composer", "composer.lock"),
        ("pnpm-5", "pnpm-lock.yaml"),
    ] {
        let expected = as_the_tool_reads(tool);
        assert!(expected.len() >= 10, "{tool} reads next to nothing: {expected:?}");
        let format = Format::from_file_name(file);
        let dependencies = super::dependencies(format, &read(tool, file), &Halt::default()).unwrap().unwrap();
        let tells_need = expected.iter().any(|(_, _, need)| need.is_some());
        assert_eq!(as_we_read(&dependencies, tells_need), expected, "{tool}");
    }
}

#[test]
fn each_recorded_file_has_its_hashes_read() {
    // All but what comes from a repository, a folder, or an archive of somewhere else. Where Composer has no hash of an archive,
    // the revision that it is made of counts.
    for (tool, file, without) in [
        ("bundler-4", "Gemfile.lock", 4),
        ("go", "go.sum", 0),
        ("composer", "composer.lock", 3),
        ("pnpm-5", "pnpm-lock.yaml", 2),
    ] {
        let bytes = read(tool, file);
        let dependencies = super::dependencies(Format::from_file_name(file), &bytes, &Halt::default());
        let dependencies = dependencies.unwrap().unwrap();
        let all = dependencies.iter().flat_map(|(_, versions)| versions.values());
        assert_eq!(all.filter(|about| about.files.is_none()).count(), without, "{tool}");
    }
}
