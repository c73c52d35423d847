//! Holds the code to the house's rules, which the compiler does not know: imports only go down the list in the crate's
//! documentation, only `report` touches the terminal, only `aws` names the SDK, only `commands` knows the sandbox.
//! How many parameters a function may have stands in `clippy.toml`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod rules;
mod source;
mod supply;
mod words;

use std::path::Path;

use rules::{House, Violation};
use source::File;

/// A file beyond this does more than one thing.
const LINES_AT_MOST: usize = 400;

/// A job goes one way: its steps are entered once, or twice where it is checked again under its lock.
const ENTERED_AT_MOST: usize = 2;

fn sources() -> Vec<File> {
    files("src", 50)
}

/// The files of a folder of this repository, of which there are at least so many.
fn files(folder: &str, least: usize) -> Vec<File> {
    let files = source::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    assert!(files.len() > least, "only {} files were found in {folder}", files.len());
    files
}

fn house(files: &[File]) -> House {
    let root = files.iter().find(|file| file.path == "lib.rs").expect("src/lib.rs");
    House::of(&root.text)
}

#[track_caller]
fn assert_none(violations: &[Violation]) {
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{} violations:\n{}", list.len(), list.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_documentation_of_the_crate() {
    let files = sources();
    let house = house(&files);
    assert_eq!(house.unlisted(&files), [""; 0], "list these in src/lib.rs, each below what it uses");
    assert_eq!(house.vanished(&files), [""; 0], "src/lib.rs lists these, but they do not exist");
}

#[test]
fn imports_only_go_down() {
    let files = sources();
    assert_none(&house(&files).upward_imports(&files));
}

#[test]
fn modules_beside_each_other_do_not_import_each_other_in_a_circle() {
    for crate_sources in ["protocol/src", "sandbox/src", "src"] {
        assert_none(&rules::circles(&files(crate_sources, 10)));
    }
}

#[test]
fn a_job_goes_one_way() {
    assert_none(&rules::often_entered(&sources(), ENTERED_AT_MOST));
}

#[test]
fn only_the_report_touches_the_terminal() {
    assert_none(&rules::terminal(&sources()));
}

#[test]
fn nothing_is_shown_that_was_not_escaped() {
    assert_none(&rules::unescaped(&sources()));
}

#[test]
fn only_aws_names_the_sdk() {
    assert_none(&rules::sdk(&sources()));
}

#[test]
fn only_commands_know_the_sandbox() {
    assert_none(&rules::sandbox(&sources()));
}

#[test]
fn files_are_short_enough_to_read() {
    for folder in ["src", "tests", "sandbox/src", "sandbox/tests", "protocol/src", "protocol/tests", "fuzz/src"] {
        assert_none(&rules::long_files(&files(folder, 0), LINES_AT_MOST));
    }
}

#[test]
fn functions_take_five_parameters_at_most() {
    let clippy =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("clippy.toml")).expect("clippy.toml");
    assert!(clippy.lines().any(|line| line == "too-many-arguments-threshold = 5"), "{clippy}");
    for folder in ["src", "tests", "sandbox/src", "sandbox/tests", "protocol/src", "protocol/tests"] {
        assert_none(&rules::allowed(&files(folder, 0), "too_many_arguments"));
    }
}

/// What no compiler has seen for Windows is known: the page has each file with such code.
#[test]
fn the_page_of_a_release_names_what_differs_between_systems() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/releasing.md")).expect("the page");
    let differs = |file: &File| ["unix", "windows"].iter().any(|system| rules::asks_for(&file.code, system));
    for folder in ["src", "sandbox/src", "protocol/src"] {
        for file in files(folder, 0).iter().filter(|file| differs(file)) {
            let named = format!("`{folder}/{}`", file.path);
            assert!(page.lines().any(|line| line.starts_with('|') && line.contains(&named)), "{named} is missing");
        }
    }
}
