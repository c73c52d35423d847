//! `pip install layership`: the wheel, installed from the built file into an empty environment, without an index.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::common::folder;
use crate::packing::{has_python, ran, text, version, wheel};

/// An empty virtual environment.
fn environment(folder: &Path) -> PathBuf {
    ran("python3", folder, &["-m", "venv", "env"]).expect(0);
    folder.join("env/bin")
}

#[test]
fn pip_installs_the_wheel_and_takes_it_away() {
    if !has_python() {
        return;
    }
    let folder = folder();
    let bin = environment(folder.path());
    let pip = |args: &[&str]| ran(bin.join("pip"), folder.path(), args).expect(0);
    pip(&["install", "--no-index", "--disable-pip-version-check", text(wheel())]);
    assert_eq!(ran(bin.join("layership"), folder.path(), &["--version"]).expect(0).stdout, version());
    // It is the binary itself: its exit code is told, and no Python runs.
    ran(bin.join("layership"), folder.path(), &["check"]).expect(2);
    assert!(std::fs::read(bin.join("layership")).unwrap().starts_with(b"\x7fELF"), "it is not the binary");

    let shown = pip(&["show", "--verbose", "layership"]).stdout;
    for expected in ["Version: 0.1.0", "Requires: \n", "Source, https://github.com/"] {
        assert!(shown.contains(expected), "`{expected}` is missing in:\n{shown}");
    }
    pip(&["uninstall", "--yes", "layership"]);
    assert!(!bin.join("layership").exists());
}

#[test]
fn the_record_of_the_wheel_names_every_file_with_its_digest() {
    if !has_python() {
        return;
    }
    let wheel = wheel();
    let mut zip = zip::ZipArchive::new(std::fs::File::open(wheel).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        let executable = file.unix_mode().unwrap() & 0o111 != 0;
        assert_eq!(executable, name.contains("/scripts/"), "{name}");
        files.insert(name, content);
    }
    let info = format!("layership-{}.dist-info", env!("CARGO_PKG_VERSION"));
    let record = String::from_utf8(files.remove(&format!("{info}/RECORD")).unwrap()).unwrap();
    let mut expected: Vec<String> =
        files.iter().map(|(name, content)| format!("{name},sha256={},{}", digest(content), content.len())).collect();
    expected.push(format!("{info}/RECORD,,"));
    let mut lines: Vec<&str> = record.lines().collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
    let metadata = String::from_utf8(files[&format!("{info}/METADATA")].clone()).unwrap();
    assert!(metadata.contains("\nLicense-Expression: MIT\nLicense-File: LICENSE\n"), "{metadata}");
    assert!(files.contains_key(&format!("{info}/licenses/LICENSE")), "the licence goes along");
    // The tags in the file's name are those inside.
    let inside = String::from_utf8(files[&format!("{info}/WHEEL")].clone()).unwrap();
    let tags: Vec<&str> = inside.lines().filter_map(|line| line.strip_prefix("Tag: py3-none-")).collect();
    let name = wheel.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with(&format!("-py3-none-{}.whl", tags.join("."))), "{name}: {tags:?}");
}

fn digest(content: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(content))
}
