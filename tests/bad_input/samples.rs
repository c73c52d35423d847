//! Layers files, valid and invalid, whose names say the point; what is said of each stands beside it as a snapshot.

use std::path::{Path, PathBuf};

use crate::common::project::in_crate;
use crate::common::shown::{filtered, whole};
use crate::common::{Ended, layership, run};

fn samples(kind: &str) -> (PathBuf, Vec<String>) {
    let folder = in_crate("tests/sample-configs").join(kind);
    let files = |extension: &str| {
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|other| other == extension));
        let mut names: Vec<String> =
            files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let names = files("toml");
    let orphans: Vec<String> = files("snap").into_iter().filter(|name| !names.contains(name)).collect();
    assert_eq!(orphans, [""; 0], "snapshots without a sample in {}", folder.display());
    (folder, names)
}

fn check(folder: &Path, name: &str) -> Ended {
    let mut command = layership(folder);
    command.env("AWS_REGION", "us-east-1");
    run(command, ["check", "--concurrency", "1", "-c", &format!("{name}.toml")])
}

fn pin(folder: &Path, name: &str, ended: &Ended) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| filtered(|| insta::assert_snapshot!(name, whole(ended))));
}

#[test]
fn invalid_files_are_refused_before_anything_is_started() {
    let (folder, names) = samples("invalid");
    assert!(names.len() > 50, "only {} samples", names.len());
    for name in names {
        let ended = check(&folder, &name);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{name}: {}", ended.stderr);
        assert!(ended.stderr.starts_with("error: "), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("{name}.toml")), "{name} is not named: {}", ended.stderr);
        pin(&folder, &name, &ended);
    }
}

#[test]
fn valid_files_are_taken() {
    let (folder, names) = samples("valid");
    assert!(names.len() > 5, "only {} samples", names.len());
    for name in names {
        let ended = check(&folder, &name);
        assert_eq!(ended.code, 0, "{name}: {}", ended.stderr);
        pin(&folder, &name, &ended);
    }
}
