//! What layership reads in lock files of Python is what the tools install that wrote them: the versions, and with the
//! markers, extras and groups of a layer's runtime also which of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::project::{Project, in_crate};
use crate::common::run;
use crate::python::{self, Python, script};

/// A tool and the lock file that it wrote, in `tests/interop/locks`.
const LOCKS: [(&str, &str); 6] = [
    ("pip", "requirements.txt"),
    ("pylock", "pylock.toml"),
    ("uv", "uv.lock"),
    ("poetry", "poetry.lock"),
    ("pdm", "pdm.lock"),
    ("pipenv", "Pipfile.lock"),
];

/// What needs not be in an archive: the Python library leaves it out as well.
const LEFT_OUT: [&str; 9] =
    ["boto3", "botocore", "s3transfer", "urllib3", "setuptools", "pip", "wheel", "twine", "pytest"];

type Installed = BTreeMap<String, String>;

/// What the tool installs on Linux with Python 3.12 of the lock file of this name, with these options.
fn installed(python: &Python, (tool, locked): (&str, &str), options: &[&str]) -> Installed {
    let folder = crate::common::folder();
    copied(&in_crate(&format!("tests/interop/locks/{locked}")), folder.path());
    let mut command = python.command(folder.path());
    command.arg(script("installed.py")).arg(tool).arg(folder.path()).args(options);
    serde_json::from_value(python::json(command)).unwrap()
}

/// Copies all of a folder into another one, and what links lead to in their place.
pub fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        match from.is_dir() {
            true => copied(&from, &to),
            false => drop(fs::copy(from, to).unwrap()),
        }
    }
}

/// A layer with this lock file.
fn project(tool: &str, manifest: &str) -> Project {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", manifest));
    let lock = fs::read(in_crate(&format!("tests/interop/locks/{tool}/{manifest}"))).unwrap();
    project.write(&format!("requests/{manifest}"), lock);
    project
}

/// What `check` says of an archive that holds these packages.
fn told(project: &Project, packages: &Installed) -> String {
    let python = project.folder().join("requests/layer/python");
    fs::remove_dir_all(&python).unwrap();
    packages.iter().for_each(|package| install(&python, package));
    run(project.command(), ["check"]).stderr
}

fn install(python: &Path, (name, version): (&String, &String)) {
    let metadata = python.join(format!("{}-{version}.dist-info", name.replace('-', "_")));
    fs::create_dir_all(&metadata).unwrap();
    fs::write(metadata.join("METADATA"), format!("Name: {name}\nVersion: {version}\n")).unwrap();
}

#[test]
fn what_a_tool_installs_is_what_an_archive_has_to_hold() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    for (tool, manifest) in LOCKS {
        let installed = installed(&python, (tool, tool), &[]);
        assert!(installed.len() >= 7, "{tool} installs next to nothing: {installed:?}");
        let project = project(tool, manifest);
        let said = told(&project, &installed);
        assert!(!said.contains("warning") && !said.contains("error"), "{tool}: {said}");
        for name in installed.keys() {
            let mut without = installed.clone();
            without.remove(name);
            let said = told(&project, &without);
            let expected = !LEFT_OUT.contains(&name.as_str());
            let is_missed = said.contains(&format!("`{name}` of `{manifest}` is not in it"));
            assert_eq!(is_missed, expected, "{tool}, without {name}: {said}");
            let mut other = installed.clone();
            other.insert(name.clone(), "0.0.1".to_owned());
            let said = told(&project, &other);
            let pinned = &installed[name];
            let differs = format!("it does not hold what `{manifest}` pins: `{name}` 0.0.1, pinned is {pinned}");
            assert!(said.contains(&differs), "{tool}, another {name}: {said}");
        }
        // Ruled out by its marker on this platform, by an extra, and by a name that nothing asks for.
        for name in ["colorama", "tomli", "importlib-metadata", "orjson"] {
            assert!(!installed.contains_key(name), "{tool} installs {name}");
        }
        let mut more = installed.clone();
        more.insert("nobody-asked".to_owned(), "1.0".to_owned());
        let said = told(&project, &more);
        assert!(said.contains(&format!("it holds `nobody-asked`, which `{manifest}` does not name")), "{tool}: {said}");
    }
}

/// A lock file that is for more than one layer, or does not tell what is for it: what is installed of it, and a package of it
/// that is not.
struct Part {
    locked: &'static str,
    manifest: &'static str,
    installed: Installed,
    other: &'static str,
}

/// Of a workspace that uv locked, what it installs of one project, of all, and with an extra that only an extra asks for.
fn parts_of_uv(python: &Python) -> impl Iterator<Item = Part> {
    let parts: [(&[&str], &str); 6] = [
        (&[], "click"),
        (&["--package", "acme-a"], "h2"),
        (&["--package", "acme-a", "--extra", "fast"], "six"),
        (&["--package", "acme-b"], "httpcore"),
        (&["--package", "acme-c"], "click"),
        (&["--all-packages"], "socksio"),
    ];
    let part = |(options, other): (&[&str], &'static str)| Part {
        locked: "uv-workspace",
        manifest: "uv.lock",
        installed: installed(python, ("uv", "uv-workspace"), options),
        other,
    };
    parts.map(part).into_iter()
}

/// What older tools installed of their lock files, as they said it: those tell neither groups nor markers.
fn recorded_parts() -> impl Iterator<Item = Part> {
    let locks = [
        ("poetry-1.4", "poetry.lock"),
        ("poetry-1.8", "poetry.lock"),
        ("pdm-2.4", "pdm.lock"),
        ("pdm-2.8", "pdm.lock"),
    ];
    locks.into_iter().map(|(locked, manifest)| {
        let recorded = fs::read(in_crate(&format!("tests/interop/locks/{locked}/recorded.json"))).unwrap();
        let recorded: serde_json::Value = serde_json::from_slice(&recorded).unwrap();
        let installed = serde_json::from_value(recorded["installed"].clone()).unwrap();
        Part { locked, manifest, installed, other: "iniconfig" }
    })
}

#[test]
fn a_layer_of_one_project_or_extra_is_right_until_what_it_holds_changes() {
    let Some(python) = Python::with("lock-tools.txt") else { return };
    for part in parts_of_uv(&python).chain(recorded_parts()) {
        let Part { locked, manifest, installed, other } = part;
        assert!(!installed.is_empty() && !installed.contains_key(other), "{locked}: {installed:?}");
        let project = project(locked, manifest);
        let said = told(&project, &installed);
        assert!(!said.contains("warning") && !said.contains("error"), "{locked}, {installed:?}: {said}");
        let mut wrong = installed.clone();
        let held = installed.keys().next().unwrap();
        wrong.insert(held.clone(), "0.0.1".to_owned());
        assert!(told(&project, &wrong).contains(&format!("`{held}` 0.0.1, pinned is")), "{locked}: {held}");
        told(&project, &installed);
        project.run("publish --stage", 0);
        // Only what changed is to be found: another version is an error of its own.
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        let allowed = format!("{manifest}\"\nallow = [\"archive-differs\"]\n");
        project.write("layers.toml", layers.replace(&format!("{manifest}\"\n"), &allowed));
        let path = format!("requests/{manifest}");
        let lock = String::from_utf8(project.read(&path)).unwrap();
        for (name, code) in [(held.as_str(), 1), (other, 0)] {
            let (before, version) = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap();
            project.write(&path, format!("{before}name = \"{name}\"\nversion = \"9{version}"));
            let said = project.run("publish --stage", code).stderr;
            assert_eq!(said.contains("it was not built again"), code == 1, "{locked}, {name}: {said}");
        }
    }
}
