//! What the hot parts of a run cost that need no network, in instructions: `bench/instructions` runs each of these under
//! valgrind and counts what is done within [`measured`], and nothing else.

use std::fmt::Write as _;
use std::hint::black_box;

use crate::archive::{Local, Tree, inspect};
use crate::config::{self, Detect, Problems, Source, Text};
use crate::halt::Halt;
use crate::layer::LayerSettings;
use crate::manifest::{Dependencies, Format, dependencies, difference};
use crate::plan::{Ambient, BackupState, Latest, Observed, build, decide};

/// Whatever is done in here is counted.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// As pip-compile writes it: each package with its hash on a line of its own.
fn requirements(packages: usize, version: usize) -> String {
    let line = |n| format!("package-{n}=={version}.{n} \\\n    --hash=sha256:{n:064x}\n");
    (0..packages).map(line).collect()
}

fn package_lock(packages: usize) -> String {
    let mut text = r#"{"name":"x","lockfileVersion":3,"packages":{"":{"name":"x"}"#.to_owned();
    for n in 0..packages {
        write!(text, r#","node_modules/package-{n}":{{"version":"1.{n}.0","resolved":"https://registry.npmjs.org/package-{n}/-/package-{n}-1.{n}.0.tgz","integrity":"sha512-{n:086}==","dependencies":{{"ms":"^2.0.0"}},"engines":{{"node":">=18"}}}}"#).unwrap();
    }
    text + "}}"
}

fn named(format: Format, text: &str) -> Dependencies {
    dependencies(format, text.as_bytes(), &Halt::default()).unwrap().unwrap()
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn requirements_of_2000_lines() {
    let text = requirements(1_000, 1);
    let found = measured(|| named(Format::Requirements, &text));
    assert_eq!(found.iter().count(), 1_000);
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn package_lock_of_1000_packages() {
    let text = package_lock(1_000);
    let found = measured(|| named(Format::NpmLock, &text));
    assert_eq!(found.iter().count(), 1_000);
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn difference_of_1000_packages() {
    let [old, new] = [1, 2].map(|version| named(Format::Requirements, &requirements(1_000, version)));
    assert_eq!(measured(|| difference(&old, &new)).changed.len(), 1_000);
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn tree_digest_of_200_files() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..200usize {
        let path = folder.path().join(format!("python/package_{}/module_{n}.py", n % 20));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("NUMBER = {n}\n").repeat(500)).unwrap();
    }
    let tree = Tree::read(folder.path()).unwrap();
    // On the one thread that is counted.
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    one.install(|| measured(|| tree.digest(&Halt::default()))).unwrap();
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn directory_of_a_zip_of_2000_files() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for n in 0..2_000 {
        zip.start_file(format!("python/package_{}/module_{n}.py", n % 50), options).unwrap();
        zip.write_all(b"NUMBER = 1\n").unwrap();
    }
    zip.finish().unwrap();
    let Ok(Local::Zip(zip)) = Local::open(&path) else { panic!("no zip") };
    assert_eq!(measured(|| inspect(&zip)).unwrap().files, 2_000);
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn decision_for_1000_layers() {
    let runtimes = ["python3.12", "python3.13"].map(|name| name.parse().unwrap()).to_vec();
    let settings = LayerSettings { compatible_runtimes: runtimes, ..LayerSettings::default() };
    let detect = [Detect::Manifest, Detect::Settings].into();
    let latest = Some(Latest { settings: &settings, backup: BackupState::Same, content: None });
    let observed = Observed { latest, wanted: &settings, detect: &detect, staged: None, adrift: false, force: false };
    measured(|| (0..1_000).for_each(|_| drop(black_box(decide(black_box(&observed))))));
}

#[test]
#[ignore = "only counted, by bench/instructions"]
fn plan_of_10000_layers() {
    let mut text =
        "[defaults]\nbucket = \"b\"\nprefix = \"layers/{layer}\"\ncompatible-runtimes = [\"python3.12\"]\n".to_owned();
    for n in 0..10_000 {
        let layer = format!("layer-{n:05}");
        write!(text, "[layers.{layer}]\nmanifest = \"{layer}/requirements.txt\"\narchive = \"{layer}/layer.zip\"\n")
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layers.toml");
    std::fs::write(&path, text).unwrap();
    let text = Text::read(&path).unwrap();
    let planned = measured(|| {
        let Ok(source) = Source::parse(&text) else { panic!("no TOML") };
        let mut problems = Problems::of(&source);
        let file = config::read(&mut problems).unwrap();
        let ambient = Ambient { region: Some("us-east-1".to_owned()), env: &|_| None };
        build(&[file], &ambient, &mut problems)
    });
    assert_eq!(planned.jobs.len(), 10_000);
}
