//! Python as the tests use it: a virtual environment of their own, completely pinned, made once.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::common::{Ended, isolated};

/// Prints what a virtual environment depends on, or ends with a reason why none can be made.
const PROBE: &str = r#"
import sys
if sys.version_info < (3, 10):
    sys.exit("python3 is older than 3.10")
try:
    import ensurepip, venv
except ImportError:
    sys.exit("python3 has no venv")
print(sys.executable, sys.version)
"#;

/// Where the scripts and their requirements are.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");

/// An interpreter that has everything of one list of requirements in `tests/python`.
pub struct Python {
    venv: PathBuf,
}

impl Python {
    /// The interpreter with the Python library and its peers, or `None` if the test is to be skipped.
    pub fn find() -> Option<Self> {
        Self::with("requirements.txt")
    }

    /// The interpreter with this list of requirements, or `None` if the test is to be skipped. Nothing else decides that.
    pub fn with(requirements: &str) -> Option<Self> {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        match probe() {
            Ok(identity) => Some(Self { venv: venv(&identity, requirements) }),
            Err(reason) => {
                // Not `eprintln!`: the test harness would keep it to itself, as the test passes.
                let _ = writeln!(std::io::stderr(), "SKIPPED interop: {reason}");
                assert!(!ci, "SKIPPED interop: {reason}; in CI that is a failure");
                None
            }
        }
    }

    /// The interpreter, reaching nothing by accident.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = isolated(self.executable(), folder);
        // Text is UTF-8 whatever the machine's language is.
        command.env("PYTHONUTF8", "1").env("AWS_PAGER", "");
        command
    }

    /// A program that one of the packages brings.
    pub fn program(&self, name: &str) -> PathBuf {
        self.venv.join("bin").join(name)
    }

    /// Packages of a requirements file, installed as a layer has them: below `python`.
    pub fn install(&self, requirements: &Path) -> PathBuf {
        let pinned = fs::read(requirements).expect("requirements");
        let interpreter = self.venv.file_name().expect("a folder").as_encoded_bytes();
        once(&format!("layer-{}", fingerprint(&[interpreter, &pinned])), |folder| {
            let target = folder.join("python");
            self.install_by_uv(&["--target", text(&target), "--requirement", text(requirements)]);
        })
    }

    fn executable(&self) -> PathBuf {
        self.program("python")
    }

    /// uv with the environment of the machine: proxies and mirrors are its own business, the hashes are ours. pip would
    /// take ten times as long, most of it for bytecode that is hardly ever run.
    fn install_by_uv(&self, args: &[&str]) {
        let mut command = Command::new(uv());
        command.args(["pip", "install", "--quiet", "--python"]).arg(self.executable()).args(args);
        command.args(["--require-hashes", "--only-binary", ":all:", "--cache-dir", text(&cache().join("uv"))]);
        succeed(command);
    }
}

/// A script of `tests/python`.
pub fn script(name: &str) -> String {
    format!("{SCRIPTS}/{name}")
}

/// Runs a script that prints one JSON value.
pub fn json(mut command: Command) -> Value {
    let ended = Ended::from(command.output().expect("python starts")).expect(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("no JSON on stdout: {error}\n{ended:?}"))
}

fn probe() -> Result<String, String> {
    let output = Command::new("python3").args(["-c", PROBE]).output().map_err(|_| "python3 is missing".to_owned())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// A virtual environment without pip: making one with pip takes longer than all that is installed into it.
fn venv(identity: &str, requirements: &str) -> PathBuf {
    let requirements = PathBuf::from(script(requirements));
    let pinned = fs::read(&requirements).expect("requirements");
    once(&format!("venv-{}", fingerprint(&[identity.as_bytes(), &pinned])), |folder| {
        let mut make = Command::new("python3");
        make.args(["-m", "venv", "--without-pip"]).arg(folder);
        succeed(make);
        Python { venv: folder.to_owned() }.install_by_uv(&["--requirement", text(&requirements)]);
    })
}

/// uv as `tests/python/uv.txt` pins it, which pip installs.
fn uv() -> PathBuf {
    let requirements = script("uv.txt");
    let pinned = fs::read(&requirements).expect("requirements");
    let folder = once(&format!("uv-{}", fingerprint(&[&pinned])), |folder| {
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(folder);
        succeed(make);
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement", &requirements]);
        succeed(pip);
    });
    folder.join("bin/uv")
}

/// A folder below `target` that is made once, however many tests and processes ask for it at once. What was left half
/// made is thrown away.
pub fn once(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    fs::create_dir_all(cache()).expect("a folder below target");
    let [folder, lock, made] = ["", ".lock", ".made"].map(|suffix| cache().join(format!("{name}{suffix}")));
    let lock = File::create(lock).expect("a lock file");
    lock.lock().expect("a lock");
    if !made.exists() {
        let _ = fs::remove_dir_all(&folder);
        make(&folder);
        File::create(made).expect("a marker");
    }
    folder
}

fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop")
}

pub fn fingerprint(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    digest.finalize()[..8].iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn succeed(mut command: Command) {
    Ended::from(command.output().expect("python starts")).expect(0);
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
