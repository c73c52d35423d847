//! A release can be built again: the script that proves it works, and all that is released is built by one other script.

use std::path::Path;
use std::process::Command;

use crate::common::project::in_crate;
use crate::common::{Ended, folder, isolated, write};
use crate::packing::has;
use crate::supply::host;

/// A small program, one file of which a build script writes: rustc is told its whole path, as it is that of what comes from
/// a registry, and writes that into the binary unless it is told what to write instead.
const FILES: [(&str, &str); 4] = [
    (
        "Cargo.toml",
        "[package]\nname = \"layership\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[profile.release]\nopt-level = 0\n",
    ),
    ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"layership\"\nversion = \"0.1.0\"\n"),
    (
        "build.rs",
        "fn main() {\n    let place = std::env::var(\"OUT_DIR\").unwrap() + \"/place.rs\";\n    \
         std::fs::write(place, \"const PLACE: &str = file!();\").unwrap();\n}\n",
    ),
    (
        "src/main.rs",
        "include!(concat!(env!(\"OUT_DIR\"), \"/place.rs\"));\nfn main() {\n    println!(\"{PLACE}\");\n}\n",
    ),
];

/// A script of the project, with nothing of cargo's but the toolchain.
fn script(project: &Path, line: &str) -> Ended {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(project).env("CARGO_HOME", project.join("no-cargo-home"));
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CFLAGS"].iter().for_each(|flags| _ = command.env_remove(flags));
    command.output().expect("bash").into()
}

#[test]
fn what_is_built_twice_is_the_same_and_a_path_in_it_is_found() {
    if !has("bash", &["--version"]) || !has("git", &["--version"]) {
        return;
    }
    let (folder, target) = (folder(), host());
    let project = folder.path();
    FILES.iter().for_each(|(path, text)| drop(write(project, path, text)));
    std::fs::create_dir(project.join("packaging")).unwrap();
    for name in ["build.sh", "reproduce"] {
        std::fs::copy(in_crate(&format!("packaging/{name}")), project.join("packaging").join(name)).unwrap();
    }
    for args in [["init", "-q"], ["add", "."]] {
        assert!(isolated("git", project).args(args).status().unwrap().success());
    }
    script(project, &format!("packaging/build.sh {target}")).expect(0);
    let binary = format!("target/{target}/release/layership");
    let ended = script(project, &format!("packaging/reproduce {target} {binary}")).expect(0);
    assert_eq!(ended.stdout, format!("the same bytes for {target}\n"));
    // It does not hide what it is to find.
    let script_of_build = std::fs::read_to_string(project.join("packaging/build.sh")).unwrap();
    let without = script_of_build.replace("--remap-path-prefix=$PWD=layership", "");
    assert_ne!(without, script_of_build);
    write(project, "packaging/build.sh", without);
    let ended = script(project, &format!("packaging/reproduce {target}")).expect(1);
    assert!(ended.stderr.contains("error: the same source gave other bytes"), "{}", ended.stderr);
}

#[test]
fn all_that_is_released_is_built_by_one_script() {
    for (path, line) in [
        (".github/workflows/release.yml", "        run: packaging/build.sh \"$TARGET\"\n"),
        ("packaging/Dockerfile", "packaging/build.sh \"$target\""),
    ] {
        let text = std::fs::read_to_string(in_crate(path)).unwrap();
        assert!(text.contains(line) && !text.contains("cargo build"), "{path}");
    }
    let workflow = std::fs::read_to_string(in_crate(".github/workflows/release.yml")).unwrap();
    assert!(workflow.contains("packaging/reproduce \"$TARGET\""), "what was built is built once more before the draft");
    assert!(workflow.contains("needs: [build, reproduce, crates]"), "the draft waits for it");
}
