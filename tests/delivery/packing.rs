//! What the tests of the packages share: the scripts of `packaging/`, and the binary as it is packed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::common::project::in_crate;
use crate::common::{Ended, LAYERSHIP, folder, isolated};

/// Whether this program is here; without it a test is skipped loudly, and fails in CI.
pub fn has(program: &str, args: &[&str]) -> bool {
    let works = Command::new(program).args(args).output().is_ok_and(|output| output.status.success());
    if !works {
        let ci = std::env::var("CI").is_ok_and(|ci| !ci.is_empty());
        // Not `eprintln!`: the test harness would keep it to itself, as the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED delivery: {program} {} does not work", args.join(" "));
        assert!(!ci, "SKIPPED delivery: {program} is missing; in CI that is a failure");
    }
    works
}

/// Whether there is a Python that the scripts of `packaging/` need, and that can make virtual environments.
pub fn has_python() -> bool {
    has("python3", &["-c", "import ensurepip, tomllib, venv"])
}

/// The binary under test without its debug information, as releases are: packing it then takes a second.
pub fn binary() -> &'static Path {
    static STRIPPED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    &STRIPPED
        .get_or_init(|| {
            let folder = folder();
            let path = folder.path().join("layership");
            let stripped = Command::new("strip").arg("-o").arg(&path).arg(LAYERSHIP).status();
            if !stripped.is_ok_and(|status| status.success()) {
                std::fs::copy(LAYERSHIP, &path).expect("a copy");
            }
            (folder, path)
        })
        .1
}

/// Runs a script of `packaging/` and returns how it ended.
pub fn script(name: &str, args: &[&str]) -> Ended {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(in_crate(&format!("packaging/{name}"))).args(args);
    command.output().expect("python3 starts").into()
}

/// Runs a script that packs something, twice, and returns what it made: the same bytes both times.
pub fn packed(name: &str, args: &[&str]) -> (TempDir, PathBuf) {
    let made = [folder(), folder()].map(|out| {
        let ended = script(name, &[args, &["--out", text(out.path())]].concat()).expect(0);
        (out, PathBuf::from(ended.stdout.trim()))
    });
    let [first, second] = [&made[0].1, &made[1].1].map(|path| std::fs::read(path).expect("what was made"));
    assert!(first == second, "packed twice, {name} gave different bytes");
    let [first, _] = made;
    first
}

/// The wheel, packed once for all tests.
pub fn wheel() -> &'static Path {
    static WHEEL: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    &WHEEL.get_or_init(|| packed("wheel.py", &["--binary", text(binary())])).1
}

/// The packages of npm: the one that people install, and the one of this platform.
pub fn packages() -> [&'static Path; 2] {
    static MAIN: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    static PLATFORM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let main = &MAIN.get_or_init(|| packed("npm.py", &["--main"])).1;
    [main, &PLATFORM.get_or_init(|| packed("npm.py", &["--binary", text(binary())])).1]
}

/// The version of `Cargo.toml`, as the binary says it.
pub fn version() -> String {
    format!("layership {}\n", env!("CARGO_PKG_VERSION"))
}

/// Runs a program where it can reach nothing by accident.
pub fn ran(program: impl AsRef<Path>, folder: &Path, args: &[&str]) -> Ended {
    isolated(program.as_ref(), folder).args(args).output().expect("it starts").into()
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// One file of an archive, by the reader that people have.
pub fn unpacked(archive: &Path, name: &str) -> String {
    if archive.extension().is_some_and(|extension| extension == "zip" || extension == "whl") {
        let mut zip = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
        let mut content = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut content).unwrap();
        return content;
    }
    let output = Command::new("tar").arg("-xzOf").arg(archive).arg(name).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
