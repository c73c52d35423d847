//! What `cargo fuzz` starts from, read by the real binary: every file ends in an answer of a bounded length, whatever is in
//! it. How it is read further, damaged by a machine, is in `fuzz`.

use std::fmt::Write as _;
use std::path::PathBuf;

use layership_protocol::Content;

use crate::common::project::{Project, in_crate};
use crate::common::{Ended, layership, run};

/// What a run may say of one file, in bytes.
const SAID: usize = 20_000;

/// The files of a part of the corpus.
fn corpus(part: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(in_crate("fuzz/corpus").join(part)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 4, "only {} files in {part}", files.len());
    files
}

/// A run that ended as runs end, and said no more than it may of so many files.
#[track_caller]
fn assert_sound(ended: &Ended, files: usize) {
    assert!([0, 1, 2].contains(&ended.code), "exit code {}: {}", ended.code, ended.stderr);
    assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("unexpectedly"), "{}", ended.stderr);
    let said = ended.stdout.len() + ended.stderr.len();
    assert!(said < SAID * files, "{said} bytes of {files} files");
}

/// One layer for each of these files, under each of these names.
fn project(files: &[PathBuf], names: &[&str]) -> (Project, usize) {
    let project = Project::new("");
    let mut layers = "[defaults]\nbucket = \"artifacts\"\ncompatible-runtimes = [\"python3.12\"]\n".to_owned();
    for (number, file) in files.iter().enumerate() {
        for (kind, name) in names.iter().enumerate() {
            let folder = format!("l{number}-{kind}");
            project.write(&format!("{folder}/{name}"), std::fs::read(file).unwrap());
            write!(layers, "[layers.{folder}]\nmanifest = \"{folder}/{name}\"\n").unwrap();
        }
    }
    project.write("layers.toml", layers);
    (project, files.len() * names.len())
}

#[test]
fn manifests() {
    for (part, names) in [
        ("requirements", &["requirements.txt"][..]),
        ("toml_locks", &["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Cargo.lock"]),
        ("json_locks", &["Pipfile.lock", "package-lock.json", "composer.lock"]),
        ("line_locks", &["yarn.lock", "pnpm-lock.yaml", "Gemfile.lock", "go.sum"]),
    ] {
        let files = corpus(part);
        let (project, count) = project(&files, names);
        let ended = project.run("check --report json=report.json", 0);
        assert_sound(&ended, count);
        let report = project.json("report.json");
        assert_eq!(report["jobs"].as_array().unwrap().len(), count, "{part}");
        // Each file is what its own tool writes: at most its other readers do not know it.
        let odd = report["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|job| job["warnings"].to_string().contains("manifest-unreadable"));
        let odd = odd.count();
        assert!(odd <= files.len() * (names.len() - 1), "{part}: {odd} of {count} cannot be read");
    }
}

#[test]
fn zips() {
    let files = corpus("zip");
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    for file in &files {
        project.write("requests/layer", std::fs::read(file).unwrap());
        for command in ["check", "stage", "plan"] {
            assert_sound(&run(project.command(), [command]), 1);
        }
    }
}

#[test]
fn layers_files() {
    for file in corpus("layers_file") {
        let mut command = layership(in_crate("fuzz/corpus/layers_file"));
        command.env("AWS_REGION", "us-east-1");
        assert_sound(&run(command, ["check", "-c", file.to_str().unwrap()]), 1);
    }
}

#[test]
fn locks() {
    let mut locks = 0;
    for file in corpus("lock_body") {
        if let Content::Lock(body) = Content::parse(&std::fs::read(&file).unwrap()) {
            assert_eq!(Content::parse(&body.to_json()), Content::Lock(body), "{}", file.display());
            locks += 1;
        }
    }
    assert!(locks >= 5, "only {locks} locks");
}

/// Reports, saved plans and records of rollouts, given to every command that reads one of them.
#[test]
fn documents() {
    const FORMATS: [&str; 8] = ["json", "markdown", "junit", "csv", "html", "env", "tfvars", "index"];
    let project = Project::of(&["requests"]);
    let formats = FORMATS.map(|format| format!("{format}={format}"));
    let convert = [&["report", "convert", "FILE"][..], &formats.each_ref().map(String::as_str)].concat();
    let commands =
        [&convert[..], &["report", "merge", "FILE"], &["plan", "--show", "FILE"], &["rollout", "--undo", "FILE"]];
    let mut taken = [0; 4];
    for file in corpus("documents") {
        for (command, taken) in commands.iter().zip(&mut taken) {
            let args = command.iter().map(|arg| if *arg == "FILE" { file.to_str().unwrap() } else { *arg });
            let ended = run(project.command(), args);
            assert_sound(&ended, 1);
            *taken += usize::from(ended.code == 0);
        }
    }
    assert!(taken.iter().all(|taken| *taken > 0), "{taken:?} were taken");
}

/// Each target has a corpus, and each corpus a target.
#[test]
fn every_target_has_a_corpus() {
    let names = |folder: &str| {
        let entries = std::fs::read_dir(in_crate("fuzz").join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names("fuzz_targets"), names("corpus"));
    let manifest = std::fs::read_to_string(in_crate("fuzz/Cargo.toml")).unwrap();
    for name in names("fuzz_targets") {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not built");
    }
}
