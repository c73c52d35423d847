//! Names and versions of packages that are spelled oddly: what real tools make of them in the names of folders is told as the
//! versions that they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::project::Project;
use crate::common::{Ended, folder};
use crate::python::{Python, fingerprint, json, once, script};

/// What installs wheels.
#[derive(Debug, Clone, Copy)]
enum Tool {
    Pip,
    Uv,
    /// What Poetry and PDM install with.
    Installer,
}

impl Tool {
    fn install(self, python: &Python, wheels: &[PathBuf], target: &Path) {
        let mut command = Command::new(python.program(if matches!(self, Self::Uv) { "uv" } else { "python" }));
        match self {
            Self::Pip => command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]),
            Self::Uv => command.args(["pip", "install", "--no-cache", "--python"]).arg(python.program("python")),
            Self::Installer => command.args(["-m", "installer", "--no-compile-bytecode", "--prefix"]).arg(target),
        };
        if !matches!(self, Self::Installer) {
            command.args(["--quiet", "--no-deps", "--no-index", "--target"]).arg(target);
        }
        Ended::from(command.args(wheels).output().expect("it starts")).expect(0);
    }
}

/// A folder with wheels, and what a requirements file says of each, by builder and file name.
fn wheels(python: &Python) -> (PathBuf, Value) {
    let source = fs::read(script("odd_wheels.py")).expect("a script");
    let built = once(&format!("odd-wheels-{}", fingerprint(&[&source])), |built| {
        fs::create_dir_all(built).expect("a folder");
        let elsewhere = folder();
        let mut build = python.command(elsewhere.path());
        build.arg(script("odd_wheels.py")).arg(built);
        fs::write(built.join("wheels.json"), json(build).to_string()).expect("a list");
    });
    let wheels = serde_json::from_slice(&fs::read(built.join("wheels.json")).expect("a list")).expect("JSON");
    (built, wheels)
}

#[test]
fn versions_are_told_however_tools_spell_them() {
    let Some(tools) = Python::with("lock-tools.txt") else { return };
    let Some(old) = Python::with("old-pip.txt") else { return };
    let (built, wheels) = wheels(&tools);
    for (builder, python, installer) in [
        ("setuptools", &tools, Tool::Pip),
        ("setuptools", &tools, Tool::Uv),
        ("setuptools", &tools, Tool::Installer),
        ("poetry", &tools, Tool::Pip),
        ("poetry", &tools, Tool::Uv),
        ("poetry", &tools, Tool::Installer),
        ("hand", &old, Tool::Pip),
    ] {
        let wheels = wheels[builder].as_object().unwrap();
        let project = Project::new("");
        let target = project.folder().join("odd/layer/python");
        let paths: Vec<PathBuf> = wheels.keys().map(|wheel| built.join(wheel)).collect();
        fs::create_dir_all(&target).unwrap();
        installer.install(python, &paths, &target);
        let runtime = fs::read_dir(target.join("lib"))
            .map_or("python3.12".to_owned(), |mut own| own.next().unwrap().unwrap().file_name().into_string().unwrap());
        let layers = format!(
            "[layers.odd]\nbucket = \"artifacts\"\nmanifest = \"odd/requirements.txt\"\narchive = \"odd/layer\"\n\
             compatible-runtimes = [\"{runtime}\"]\n"
        );
        project.write("layers.toml", layers);
        let lines: Vec<&str> = wheels.values().map(|line| line.as_str().unwrap()).collect();
        project.write("odd/requirements.txt", lines.join("\n"));
        let ended = project.run("check --strict", 0);
        assert!(!ended.stderr.contains("warning"), "{builder} {installer:?}: {}", ended.stderr);
        // Each of them is read, and is none that is not pinned.
        let others: Vec<String> =
            lines.iter().map(|line| format!("{}==9!9", line.split_once("==").unwrap().0)).collect();
        project.write("odd/requirements.txt", others.join("\n"));
        let ended = project.run("check", 1);
        let told = format!("pinned is 9!9 and {} more", wheels.len() - 3);
        assert!(ended.stderr.contains(&told), "{builder} {installer:?}: {}", ended.stderr);
    }
}
