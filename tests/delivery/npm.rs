//! `npx layership`: the packages, installed from the built files without a registry.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::Project;
use crate::common::{folder, isolated};
use crate::packing::{binary, has, has_python, packages, ran, text, version};

fn has_all() -> bool {
    has_python() && has("npm", &["--version"])
}

/// A folder into which npm installed the packages.
fn installed() -> &'static Path {
    static INSTALLED: OnceLock<TempDir> = OnceLock::new();
    let install = || {
        let folder = folder();
        npm_installs(folder.path(), &packages().map(text));
        folder
    };
    INSTALLED.get_or_init(install).path()
}

fn npm_installs(folder: &Path, what: &[&str]) {
    ran("npm", folder, &[&["install", "--offline", "--no-audit", "--no-fund"], what].concat()).expect(0);
}

#[test]
fn npx_runs_the_binary_of_this_platform() {
    if !has_all() {
        return;
    }
    let folder = installed();
    let npx = |args: &[&str]| ran("npx", folder, &[&["--offline", "layership"], args].concat());
    assert_eq!(npx(&["--version"]).expect(0).stdout, version());
    // Output and exit code are the binary's.
    let check = npx(&["check"]).expect(2);
    assert!(check.stderr.contains("layers.toml"), "{check:?}");
    let packed = folder.join("node_modules/@layership/linux-x64/bin/layership");
    assert!(!cfg!(target_arch = "x86_64") || std::fs::read(packed).unwrap() == std::fs::read(binary()).unwrap());
}

#[test]
fn without_the_package_of_the_platform_it_says_what_to_do() {
    if !has_all() {
        return;
    }
    let folder = folder();
    npm_installs(folder.path(), &["--omit=optional", text(packages()[0])]);
    let ended = ran(launcher(folder.path()), folder.path(), &["--version"]).expect(2);
    assert!(ended.stderr.starts_with("error: there is no package `@layership/"), "{ended:?}");
    assert!(ended.stderr.contains("hint: install without `--omit=optional`"), "{ended:?}");
}

/// What a run says that the launcher started, and that gets this signal in the middle of a publish.
fn stopped(signal: &str) -> String {
    let project = Project::of(&["a"]);
    project.run("stage", 0);
    let gate = Gate::before(&project.sandbox.endpoint, "POST /2018-10-31/layers/a/versions");
    let mut command = isolated(launcher(installed()), project.folder());
    command.envs(project.sandbox.variables.iter().map(|(name, value)| (name, value)));
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).arg("publish");
    let running = Running::start(command);
    gate.until_held(1);
    running.signal(signal);
    running.until_it_says("Stopping");
    gate.open();
    running.end().expect(130).stdout
}

fn launcher(folder: &Path) -> PathBuf {
    folder.join("node_modules/.bin/layership")
}

#[test]
fn a_signal_reaches_the_binary_once_and_it_finishes_what_it_publishes() {
    if !has_all() {
        return;
    }
    for signal in ["INT", "TERM"] {
        let stdout = stopped(signal);
        assert!(stdout.contains("arn:aws:lambda:us-east-1:123456789012:layer:a:1"), "SIG{signal}: {stdout}");
    }
}
