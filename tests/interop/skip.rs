//! Without python3 these tests are skipped, but never silently, and never in CI.

use std::process::Command;

use crate::common::{Ended, folder};

/// Runs one of these tests where there is no python3.
fn without_python(ci: &str) -> Ended {
    let nothing = folder();
    let mut command = Command::new(std::env::current_exe().expect("this test binary"));
    command.args(["--exact", "library::it_publishes_what_we_staged_from_a_folder"]);
    command.env("PATH", nothing.path()).env("CI", ci).output().expect("it starts").into()
}

#[test]
fn a_skipped_test_says_so() {
    let ended = without_python("").expect(0);
    assert!(ended.stdout.contains("1 passed"), "{ended:?}");
    assert!(ended.stderr.contains("SKIPPED interop: python3 is missing"), "{ended:?}");
}

#[test]
fn in_ci_a_skipped_test_fails() {
    let ended = without_python("true").expect(101);
    assert!(ended.stdout.contains("1 failed"), "{ended:?}");
    assert!(ended.stderr.contains("SKIPPED interop: python3 is missing"), "{ended:?}");
}
