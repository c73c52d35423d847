//! What the project is built of, and what its crates consist of: held against cargo-deny, cargo and CycloneDX's own checker.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::project::in_crate;
use crate::common::{Ended, folder};
use crate::packing::{has_python, packed, ran, text};
use crate::python::Python;

/// cargo, as it built these tests, in this repository.
pub fn cargo(args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(in_crate("")).env_remove("RUSTFLAGS");
    command.output().expect("cargo starts").into()
}

/// The platform of this machine, whose packages are here because the tests were built of them.
pub fn host() -> String {
    let version = Ended::from(Command::new("rustc").arg("-vV").output().expect("rustc"));
    version.stdout.lines().find_map(|line| line.strip_prefix("host: ")).expect("a platform").to_owned()
}

/// What cargo-deny says, by this configuration.
fn deny(python: &Python, config: &Path) -> Ended {
    let manifest = in_crate("Cargo.toml");
    let args = ["--manifest-path", text(&manifest), "--offline", "--config", text(config), "check"];
    let mut command = Command::new(python.program("cargo-deny"));
    command.args(args).args(["licenses", "bans", "sources"]).output().expect("cargo-deny starts").into()
}

#[test]
fn licences_bans_and_sources_are_in_order() {
    let Some(python) = Python::with("tools.txt") else { return };
    // It looks at every platform, not only at the one whose packages were fetched to build this.
    cargo(&["fetch", "--locked", "--quiet"]).expect(0);
    let own = deny(&python, &in_crate("deny.toml"));
    assert!(own.code == 0 && own.stdout == "bans ok, licenses ok, sources ok\n", "{own:?}");

    let config = std::fs::read_to_string(in_crate("deny.toml")).unwrap();
    let folder = folder();
    for (from, to, finding) in [
        ("    \"ISC\",\n", "", "licenses FAILED"),
        ("{ name = \"native-tls\" }", "{ name = \"rustls\" }", "bans FAILED"),
        ("https://github.com/rust-lang/crates.io-index", "https://example.com/index", "sources FAILED"),
    ] {
        assert!(config.contains(from), "{from}");
        let stricter = crate::common::write(folder.path(), "deny.toml", config.replace(from, to));
        let found = deny(&python, &stricter);
        assert!(found.code != 0 && found.stdout.contains(finding), "{finding}: {found:?}");
    }
}

/// The files of a crate as it would be published.
fn listed(package: &str) -> BTreeSet<PathBuf> {
    let args = ["package", "--list", "--offline", "--locked", "--allow-dirty", "--package", package];
    let listed = cargo(&args).expect(0).stdout;
    listed.lines().map(PathBuf::from).collect()
}

#[test]
fn each_crate_has_its_licence_its_page_and_what_its_source_includes() {
    for (package, folder) in
        [("layership", ""), ("layership-protocol", "protocol"), ("lambda-layers-sandbox", "sandbox")]
    {
        let files = listed(package);
        for needed in ["LICENSE", "README.md", "Cargo.toml", "Cargo.lock", "src/lib.rs"] {
            assert!(files.contains(Path::new(needed)), "{package} has no {needed}");
        }
        assert_eq!(
            std::fs::read(in_crate(folder).join("LICENSE")).unwrap(),
            std::fs::read(in_crate("LICENSE")).unwrap(),
            "{package}"
        );
        for file in files
            .iter()
            .filter(|file| file.starts_with("src") && file.extension().is_some_and(|extension| extension == "rs"))
        {
            let source = std::fs::read_to_string(in_crate(folder).join(file)).unwrap();
            for included in source.split("include_str!(\"").skip(1).filter_map(|rest| rest.split_once('"')) {
                let path = plain(&file.parent().unwrap().join(included.0));
                assert!(files.contains(&path), "{package}: {} includes {}", file.display(), path.display());
            }
        }
        let workshop =
            ["tests/python", "packaging", "bench", "fuzz", ".github", ".ci", ".cargo", "examples/ci", "mutations.py"];
        let strays: Vec<&PathBuf> =
            files.iter().filter(|file| workshop.iter().any(|folder| file.starts_with(folder))).collect();
        assert!(strays.is_empty(), "{package}: {strays:?}");
    }
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[test]
fn all_crates_can_be_packed() {
    let target = folder();
    let args = ["package", "--workspace", "--no-verify", "--locked", "--offline", "--allow-dirty", "--target-dir"];
    let ended = cargo(&[args.as_slice(), &[text(target.path())]].concat()).expect(0);
    // Whose tests are not published; anything else that cargo says is to be mended.
    let odd: Vec<&str> =
        ended.stderr.lines().filter(|line| line.starts_with("warning") && !line.contains("ignoring test")).collect();
    assert_eq!(odd, [""; 0]);
}

/// Reads a document with the library of those who wrote the format, and then another one, which is to be refused.
const CHECK: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
validator = JsonStrictValidator(SchemaVersion.V1_6)
problem, expected = (validator.validate_str(open(path, encoding='utf-8').read()) for path in sys.argv[1:])
sys.exit(str(problem) if problem else 0 if expected else 'the other one is valid')
";

#[test]
fn the_bill_of_materials_has_what_is_linked_and_nothing_else() {
    let Some(python) = Python::with("tools.txt") else { return };
    let (_out, path) = packed("sbom.py", &["--target", &host()]);
    let content = std::fs::read_to_string(&path).unwrap();
    let folder = folder();
    let bad = crate::common::write(folder.path(), "bad.json", content.replace("\"SHA-256\"", "\"SHA-255\""));
    ran(python.program("python"), &in_crate(""), &["-c", CHECK, text(&path), text(&bad)]).expect(0);

    let bill: Value = serde_json::from_str(&content).unwrap();
    let names: BTreeSet<&str> =
        bill["components"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for linked in ["aws-sdk-lambda", "layership-protocol", "lambda-layers-sandbox", "rustls", "tokio"] {
        assert!(names.contains(linked), "{linked} is missing");
    }
    for not in ["proptest", "boon", "clap_mangen", "stateright", "serde_derive", "cc", "layership"] {
        assert!(!names.contains(not), "{not} is not in the binary");
    }
    // What comes from the registry has the checksum under which Cargo.lock knows it.
    for one in bill["components"].as_array().unwrap() {
        let own = ["layership-protocol", "lambda-layers-sandbox"].contains(&one["name"].as_str().unwrap());
        assert_eq!(one["hashes"][0]["content"].as_str().is_some_and(|hash| hash.len() == 64), !own, "{one}");
    }
    let known: BTreeSet<&str> =
        bill["components"].as_array().unwrap().iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
    let needed = bill["dependencies"].as_array().unwrap().iter().flat_map(|one| one["dependsOn"].as_array().unwrap());
    assert!(needed.map(|one| one.as_str().unwrap()).all(|one| known.contains(one)), "a reference leads nowhere");
}

#[test]
fn without_the_packages_of_a_platform_there_is_no_bill() {
    if !has_python() {
        return;
    }
    let folder = folder();
    let ended =
        crate::packing::script("sbom.py", &["--target", "no-such-target", "--out", text(folder.path())]).expect(1);
    assert!(ended.stderr.starts_with("error: cargo metadata: "), "{ended:?}");
}
