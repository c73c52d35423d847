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

/// What the tool installs on Linux with Python 3.12.
fn installed(python: &Python, tool: &str) -> Installed {
    let folder = crate::common::folder();
    for file in fs::read_dir(in_crate(&format!("tests/interop/locks/{tool}"))).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let mut command = python.command(folder.path());
    command.arg(script("installed.py")).arg(tool).arg(folder.path());
    serde_json::from_value(python::json(command)).unwrap()
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
        let installed = installed(&python, tool);
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
