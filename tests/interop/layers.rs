//! Layers built by the tools that people build them with, of what the registries have: what is wrong with one is found, and
//! what is right passes, on disk and through S3.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::Ended;
use crate::common::project::{Project, in_crate};
use crate::javascript::{Builder, has_npm, installed};
use crate::python::{Python, fingerprint, once, script};

const X86: [&str; 2] = ["x86_64", "3.12"];
const ARM: [&str; 2] = ["aarch64", "3.12"];
const OLD: [&str; 2] = ["x86_64", "3.11"];

/// What `tests/python/layers.txt` pins, installed by pip for this machine and this Python: wheels
/// of the registry.
fn by_pip(python: &Python, [machine, version]: [&str; 2]) -> PathBuf {
    let platform = format!("manylinux2014_{machine}");
    built(&format!("pip-{machine}-{version}"), python, |target| {
        let mut pip = Command::new(python.program("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"]);
        pip.args(["--platform", &platform, "--python-version", version, "--target", target]);
        pip
    })
}

/// The same by uv.
fn by_uv(python: &Python, [machine, version]: [&str; 2]) -> PathBuf {
    let platform = format!("{machine}-manylinux2014");
    built(&format!("uv-{machine}-{version}"), python, |target| {
        let mut uv = Command::new(python.program("uv"));
        uv.args(["pip", "install", "--quiet", "--no-deps", "--no-cache", "--python"]).arg(python.program("python"));
        uv.args(["--python-platform", &platform, "--python-version", version, "--target", target]);
        uv
    })
}

/// The tool's own command, with what both are told: wheels alone, of these hashes.
fn built(name: &str, python: &Python, install: impl FnOnce(&str) -> Command) -> PathBuf {
    let pinned = script("layers.txt");
    let content = fs::read(&pinned).expect("requirements");
    let interpreter = python.program("python").into_os_string().into_encoded_bytes();
    once(&format!("layer-{name}-{}", fingerprint(&[&interpreter, &content])), |folder| {
        let mut command = install(folder.to_str().expect("UTF-8"));
        command.args(["--only-binary", ":all:", "--require-hashes", "--requirement", &pinned]);
        Ended::from(command.output().expect("it starts")).expect(0);
    })
}

/// A project with one layer: this manifest, and a folder in which what was built lies where the runtime looks.
pub struct Layer {
    pub project: Project,
    manifest: &'static str,
    runtime: &'static str,
}

impl Layer {
    fn of(manifest: &'static str, runtime: &'static str, content: &Path, home: &str) -> Self {
        let layer = Self { project: Project::new(""), manifest, runtime };
        copy(content, &layer.project.folder().join("native/layer").join(home));
        layer
    }

    fn python(content: &Path) -> Self {
        let layer = Self::of("requirements.txt", "python3.12", content, "python");
        layer.project.write("native/requirements.txt", fs::read(script("layers.txt")).unwrap());
        layer
    }

    /// With a lock file of `tests/node`.
    pub fn node(content: &Path, manifest: &'static str, lock: &str) -> Self {
        let layer = Self::of(manifest, "nodejs22.x", content, "nodejs");
        let lock = fs::read(in_crate(&format!("tests/node/{lock}"))).unwrap();
        layer.project.write(&format!("native/{manifest}"), lock);
        layer.declare("x86_64", "");
        layer
    }

    pub fn declare(&self, architecture: &str, more: &str) {
        let Self { manifest, runtime, .. } = self;
        let text = format!(
            "[layers.native]\nbucket = \"artifacts\"\nmanifest = \"native/{manifest}\"\narchive = \"native/layer\"\n\
             compatible-runtimes = [\"{runtime}\"]\ncompatible-architectures = [\"{architecture}\"]\n{more}\n"
        );
        self.project.write("layers.toml", text);
    }

    /// What a command says of the layer: its warnings without where, and the code of its error.
    pub fn told(&self, command: &str, code: i32) -> Vec<String> {
        self.project.run(&format!("{command} --report json=report.json"), code);
        let job = self.project.json("report.json")["jobs"][0].clone();
        let told = |code: &Value, message: &Value| {
            let (_, said) = message.as_str().unwrap().split_once(": ").unwrap();
            format!("{} {said}", code.as_str().unwrap())
        };
        let warnings = job["warnings"].as_array().unwrap().iter();
        let error = job["error"].as_object().map(|error| told(&error["code"], &error["message"]));
        warnings.map(|one| told(&one["code"], &one["message"])).chain(error).collect()
    }

    /// The same from disk, from disk while it is staged, and from S3, in a plan and in a publish.
    pub fn told_everywhere(&self) -> Vec<String> {
        let told = self.told("check", 0);
        assert_eq!(self.told("stage", 0), told, "stage");
        self.project.forget_requests();
        assert_eq!(self.told("plan", 0), told, "plan");
        let reads = self.project.requests().iter().filter(|request| request.starts_with("GetObject")).count();
        assert!(told.is_empty() || reads > 0, "nobody looked into S3");
        assert_eq!(self.told("publish", 0), told, "publish");
        told
    }
}

/// Copies all of a folder, with its links.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &to),
            kind if kind.is_symlink() => symlink(fs::read_link(entry.path()).unwrap(), to).unwrap(),
            _ => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[test]
fn a_layer_full_of_objects_for_another_architecture_is_found() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    for (content, built_for, other) in
        [(by_pip(&python, X86), "x86_64", "arm64"), (by_pip(&python, ARM), "arm64", "x86_64")]
    {
        let layer = Layer::python(&content);
        layer.declare(other, "");
        let told = layer.told_everywhere();
        let expected = format!("archive-architecture its native libraries are for {built_for} and not for {other}: ");
        assert!(told.len() == 1 && told[0].starts_with(&expected), "{told:?}");
        for command in ["check --strict", "publish --strict --force"] {
            let told = layer.told(command, 1);
            assert!(told.len() == 1 && told[0].starts_with("archive-invalid "), "{command}: {told:?}");
        }
        // Declared for what it was built for, the very same zip is read in S3 once more, and passes.
        layer.declare(built_for, "");
        layer.project.forget_requests();
        assert_eq!(layer.told("plan --strict", 0), [""; 0]);
        assert!(layer.project.requests().iter().any(|request| request.ends_with("layer.zip")));
        assert_eq!(layer.told_everywhere(), [""; 0]);
    }
}

/// Where names do not tell, the headers of the objects do: psutil is built for every Python 3 at once.
#[test]
fn objects_that_are_named_for_no_architecture_are_found_by_their_headers() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    let layer = Layer::python(&by_pip(&python, X86));
    fs::remove_dir_all(layer.project.folder().join("native/layer/python/markupsafe")).unwrap();
    layer.declare("arm64", "");
    let told = layer.told_everywhere();
    let expected = "archive-architecture its native libraries are for x86_64 and not for arm64: `python/psutil/_psutil_linux.abi3.so`";
    assert_eq!(told, [expected]);
}

#[test]
fn modules_for_another_python_are_found() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    let layer = Layer::python(&by_pip(&python, OLD));
    layer.declare("x86_64", "");
    let told = layer.told_everywhere();
    let expected = "archive-python its native modules are for python3.11 and not for python3.12: `python/markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so`";
    assert_eq!(told, [expected]);
    let told = layer.told("publish --strict --force", 1);
    assert!(told.len() == 1 && told[0].starts_with("archive-invalid "), "{told:?}");
}

/// Edits the manifest and does not build again: whoever looks finds it, also where the old content lies in S3 by now.
fn an_edit_is_found(layer: &Layer, from: &str, to: &str, said: &str) {
    let path = format!("native/{}", layer.manifest);
    let text = String::from_utf8(layer.project.read(&path)).unwrap();
    assert!(text.contains(from), "{text}");
    layer.project.write(&path, text.replace(from, to));
    let expected = [format!("archive-differs it does not hold what `{}` pins: {said}", layer.manifest)];
    for command in ["check", "stage", "publish --stage"] {
        assert_eq!(layer.told(command, 1), expected, "{command}");
    }
    // Somebody stages it as if it belonged to the manifest.
    layer.declare("x86_64", "allow = [\"archive-differs\"]");
    layer.project.run("stage", 0);
    layer.declare("x86_64", "");
    for command in ["plan", "publish"] {
        assert_eq!(layer.told(command, 1), expected, "{command}");
    }
}

#[test]
fn what_pip_and_uv_built_is_what_the_manifest_pins() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    for content in [by_pip(&python, X86), by_uv(&python, X86)] {
        let layer = Layer::python(&content);
        layer.declare("x86_64", "");
        assert_eq!(layer.told("check --strict", 0), [""; 0]);
        let said = "`markupsafe` 3.0.3, pinned is 3.0.2";
        an_edit_is_found(&layer, "markupsafe==3.0.3", "markupsafe==3.0.2", said);
    }
    let layer = Layer::python(&by_uv(&python, ARM));
    layer.declare("arm64", "");
    assert_eq!(layer.told_everywhere(), [""; 0]);
}

#[test]
fn what_npm_built_is_what_the_manifest_pins() {
    if !has_npm() {
        return;
    }
    let content = installed("layer");
    let layer = || Layer::node(&content, "package-lock.json", "layer/package-lock.json");
    assert_eq!(layer().told_everywhere(), [""; 0]);
    let layer = layer();
    assert_eq!(layer.told("check --strict", 0), [""; 0]);
    an_edit_is_found(&layer, "\"4.3.4\"", "\"4.3.5\"", "`debug` 4.3.4, pinned is 4.3.5");
}

#[test]
fn what_yarn_and_pnpm_built_is_what_the_manifest_pins() {
    if !has_npm() {
        return;
    }
    let (hoisted, linked) = (Builder::Pnpm { hoisted: true }, Builder::Pnpm { hoisted: false });
    for builder in [Builder::Yarn1, Builder::Yarn4, hoisted, linked] {
        let content = builder.built();
        let links = fs::symlink_metadata(content.join("node_modules/debug")).unwrap().is_symlink();
        assert_eq!(links, builder == linked, "{builder:?}");
        let (folder, manifest) = builder.lock();
        let layer = || Layer::node(&content, manifest, &format!("layer/{folder}/{manifest}"));
        assert_eq!(layer().told_everywhere(), [""; 0], "{builder:?}");
        let layer = layer();
        assert_eq!(layer.told("check --strict", 0), [""; 0], "{builder:?}");
        an_edit_is_found(&layer, "4.3.4", "4.3.5", "`debug` 4.3.4, pinned is 4.3.5");
    }
}
