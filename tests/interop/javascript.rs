//! What layership reads in lock files that npm, Yarn and pnpm wrote is what these tools themselves read in them. Nothing of
//! it needs the network, once the tools are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::common::project::{Project, in_crate};
use crate::common::{Ended, folder, isolated};
use crate::python::{fingerprint, once};

type Packages = BTreeSet<(String, String)>;

/// Whether npm is here; in CI it has to be.
pub fn has_npm() -> bool {
    if Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    eprintln!("SKIPPED interop: npm is missing");
    let in_ci = std::env::var("CI").is_ok_and(|ci| !ci.is_empty());
    assert!(!in_ci, "SKIPPED interop: npm is missing");
    false
}

/// A folder of `tests/node` with what its lock file pins, installed once.
pub fn installed(name: &str) -> PathBuf {
    let pinned = ["package.json", "package-lock.json"].map(|file| in_crate(&format!("tests/node/{name}/{file}")));
    let content = pinned.clone().map(|path| fs::read(path).expect("what is pinned"));
    once(&format!("node-{name}-{}", fingerprint(&[&content[0], &content[1]])), |folder| {
        fs::create_dir_all(folder).expect("a folder");
        for from in &pinned {
            fs::copy(from, folder.join(from.file_name().expect("a name"))).expect("a copy");
        }
        // npm with the environment of the machine: proxies and mirrors are its own business, the digests are ours.
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"]).current_dir(folder);
        Ended::from(npm.output().expect("npm starts")).expect(0);
    })
}

/// What builds a layer of what `tests/node/layer` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    Yarn1,
    Yarn4,
    /// With a flat `node_modules`, and as pnpm does it by itself: with links into a store.
    Pnpm {
        hoisted: bool,
    },
}

impl Builder {
    /// Its lock file, in `tests/node/layer`.
    pub fn lock(self) -> (&'static str, &'static str) {
        match self {
            Self::Yarn1 => ("yarn-1", "yarn.lock"),
            Self::Yarn4 => ("yarn-4", "yarn.lock"),
            Self::Pnpm { .. } => ("pnpm", "pnpm-lock.yaml"),
        }
    }

    /// The folder in which it installed exactly what its lock file says, once.
    pub fn built(self) -> PathBuf {
        let (tools, (folder, file)) = (installed("locks"), self.lock());
        let pinned =
            ["package.json", &format!("{folder}/{file}")].map(|path| in_crate(&format!("tests/node/layer/{path}")));
        let content = pinned.clone().map(|path| fs::read(path).expect("what is pinned"));
        let version = tools.file_name().expect("a name").as_encoded_bytes();
        let name = format!("layer-{self:?}-{}", fingerprint(&[version, &content[0], &content[1]]));
        let name = name.replace(|odd: char| !odd.is_ascii_alphanumeric(), "-");
        let made = once(&name, |folder| {
            let layer = folder.join("layer");
            fs::create_dir_all(&layer).expect("a folder");
            for from in &pinned {
                fs::copy(from, layer.join(from.file_name().expect("a name"))).expect("a copy");
            }
            let mut node = Command::new("node");
            // What they keep for the next time is kept out of the home of whoever runs this.
            node.envs(["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"].map(|home| (home, folder)));
            self.install(&mut node, &tools.join("node_modules"), &folder.join("cache"));
            Ended::from(node.current_dir(&layer).output().expect("node starts")).expect(0);
        });
        made.join("layer")
    }

    fn install(self, node: &mut Command, tools: &Path, cache: &Path) {
        match self {
            Self::Yarn1 => {
                node.arg(tools.join("yarn/bin/yarn.js")).args(["install", "--frozen-lockfile", "--ignore-scripts"]);
                node.args(["--non-interactive", "--no-progress", "--cache-folder"]).arg(cache);
            }
            Self::Yarn4 => {
                node.arg(tools.join("@yarnpkg/cli-dist/bin/yarn.js")).args(["install", "--immutable"]);
                node.envs([("YARN_NODE_LINKER", "node-modules"), ("YARN_ENABLE_TELEMETRY", "0")]);
                node.env("YARN_ENABLE_SCRIPTS", "false").env("YARN_GLOBAL_FOLDER", cache);
            }
            Self::Pnpm { hoisted } => {
                node.arg(tools.join("pnpm/bin/pnpm.cjs")).args(["install", "--frozen-lockfile", "--ignore-scripts"]);
                node.args(["--config.package-import-method=copy", "--store-dir"]).arg(cache);
                node.args(hoisted.then_some("--config.node-linker=hoisted"));
            }
        }
    }
}

fn sample(version: u32, state: &str) -> String {
    fs::read_to_string(in_crate(&format!("tests/samples/manifests/npm-{version}/{state}/package-lock.json"))).unwrap()
}

/// What npm reads in a lock file. The first version of these has no requests of the project: those of the third are its.
fn as_npm_reads(state: &str, lock: &str) -> Packages {
    let folder = folder();
    let third: Value = serde_json::from_str(&sample(3, state)).unwrap();
    fs::write(folder.path().join("package.json"), third["packages"][""].to_string()).unwrap();
    fs::write(folder.path().join("package-lock.json"), lock).unwrap();
    let mut npm = Command::new("npm");
    let cache = folder.path().join("cache");
    npm.args(["ls", "--package-lock-only", "--all", "--json", "--offline", "--cache"]).arg(cache);
    let output = npm.current_dir(folder.path()).output().unwrap();
    let tree: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let mut found = Packages::new();
    collect(&tree, &mut found);
    found
}

fn collect(node: &Value, found: &mut Packages) {
    for (name, package) in node["dependencies"].as_object().into_iter().flatten() {
        if let Some(version) = package["version"].as_str() {
            found.insert((name.clone(), version.to_owned()));
        }
        collect(package, found);
    }
}

/// What layership reads in a lock file: all of it is added to one that names nothing.
pub fn as_layership_reads(manifest: &str, nothing: &str, lock: &str) -> Packages {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", manifest));
    project.write(&format!("requests/{manifest}"), nothing);
    project.run("publish --stage", 0);
    project.write(&format!("requests/{manifest}"), lock);
    let report = project.run("changed --format json", 0).report();
    let added = report["jobs"][0]["dependencies"]["added"].as_array().unwrap().clone();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    added.iter().map(|one| (text(one, "name"), text(one, "version"))).collect()
}

#[test]
fn every_version_of_npms_lock_files_is_read_as_npm_reads_it() {
    if !has_npm() {
        return;
    }
    let nothing = json!({"lockfileVersion": 3, "packages": {}}).to_string();
    for version in 1..=3 {
        for state in ["old", "new"] {
            let lock = sample(version, state);
            let expected = as_npm_reads(state, &lock);
            assert!(expected.len() >= 3, "npm reads next to nothing: {expected:?}");
            let found = as_layership_reads("package-lock.json", &nothing, &lock);
            assert_eq!(found, expected, "version {version}, {state}");
        }
    }
}

/// A lock file of `tests/interop/locks`, in a folder of its own with the project that it locks.
fn locked(tool: &str) -> tempfile::TempDir {
    let folder = folder();
    for file in fs::read_dir(in_crate(&format!("tests/interop/locks/{tool}"))).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// What a program of Node prints, where it reaches no network.
fn node(folder: &Path, args: &[&str]) -> String {
    let mut node = isolated("node", folder);
    node.args(args).envs([("YARN_ENABLE_NETWORK", "0"), ("YARN_ENABLE_TELEMETRY", "0")]);
    Ended::from(node.output().expect("node starts")).expect(0).stdout
}

/// `name@version` at the `@` behind the name.
fn split(text: &str) -> (String, String) {
    let at = 1 + text[1..].find('@').expect(text);
    (text[..at].to_owned(), text[at + 1..].to_owned())
}

/// What classic Yarn reads in its lock file.
fn as_yarn_1_reads(tools: &Path) -> Packages {
    let folder = locked("yarn-1");
    let yarn = tools.join("node_modules/yarn/bin/yarn.js");
    let printed = node(folder.path(), &[yarn.to_str().unwrap(), "list", "--json", "--no-progress", "--offline"]);
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let mut found = Packages::new();
    listed(&last["data"]["trees"], &mut found);
    // It lists what is asked for by another name by that name.
    let asked: Value = serde_json::from_slice(&fs::read(folder.path().join("package.json")).unwrap()).unwrap();
    let own = |name: String| {
        let asked = asked["dependencies"][&name].as_str().and_then(|asked| asked.strip_prefix("npm:"));
        asked.map_or(name, |asked| split(asked).0)
    };
    found.into_iter().map(|(name, version)| (own(name), version)).collect()
}

fn listed(trees: &Value, found: &mut Packages) {
    for tree in trees.as_array().into_iter().flatten() {
        // A shadow stands elsewhere in the tree, with its version.
        if tree["shadow"] != true {
            found.insert(split(tree["name"].as_str().unwrap()));
        }
        listed(&tree["children"], found);
    }
}

/// What Yarn reads in its lock file since its second version.
fn as_yarn_4_reads(tools: &Path) -> Packages {
    let folder = locked("yarn-4");
    let yarn = tools.join("node_modules/@yarnpkg/cli-dist/bin/yarn.js");
    let printed = node(folder.path(), &[yarn.to_str().unwrap(), "info", "--all", "--recursive", "--json"]);
    let read = |line: &str| {
        let package: Value = serde_json::from_str(line).unwrap();
        let (name, place) = split(package["value"].as_str().unwrap());
        let version = package["children"]["Version"].as_str().unwrap().to_owned();
        // What comes from elsewhere than a registry is told by where that is.
        let version = if place.starts_with("https:") { place.clone() } else { version };
        (!place.starts_with("workspace:")).then_some((name, version))
    };
    printed.lines().filter_map(read).collect()
}

/// What pnpm's reader of this version reads in its lock file.
fn as_pnpm_reads(tools: &Path, version: u32) -> Packages {
    let folder = locked(&format!("pnpm-{version}"));
    let (file, utils) = match version {
        6 => ("pnpm-6-file", "pnpm-6-utils"),
        _ => ("@pnpm/lockfile.fs", "@pnpm/lockfile.utils"),
    };
    let script = in_crate("tests/node/locks/pnpm.mjs");
    let args = [script.to_str().unwrap(), tools.to_str().unwrap(), file, utils, folder.path().to_str().unwrap()];
    serde_json::from_str(&node(folder.path(), &args)).unwrap()
}

#[test]
fn lock_files_of_yarn_and_pnpm_are_read_as_they_read_them() {
    if !has_npm() {
        return;
    }
    let tools = installed("locks");
    let (classic, modern) = ("# yarn lockfile v1\n", "__metadata:\n  version: 8\n");
    let pnpm = "lockfileVersion: '9.0'\n";
    for (tool, manifest, nothing, expected) in [
        ("yarn-1", "yarn.lock", classic, as_yarn_1_reads(&tools)),
        ("yarn-4", "yarn.lock", modern, as_yarn_4_reads(&tools)),
        ("pnpm-6", "pnpm-lock.yaml", pnpm, as_pnpm_reads(&tools, 6)),
        ("pnpm-9", "pnpm-lock.yaml", pnpm, as_pnpm_reads(&tools, 9)),
    ] {
        assert!(expected.len() >= 14, "{tool} reads next to nothing: {expected:?}");
        let lock = fs::read_to_string(in_crate(&format!("tests/interop/locks/{tool}/{manifest}"))).unwrap();
        assert_eq!(as_layership_reads(manifest, nothing, &lock), expected, "{tool}");
    }
}
