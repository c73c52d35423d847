//! The sandbox, as boto3 and the AWS CLI see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "interop/python.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod python;

use common::{LAYERSHIP, folder, run};
use python::{Python, script};

#[test]
fn boto3_and_the_aws_cli_find_what_aws_would_give_them() {
    let Some(python) = Python::find() else { return };
    let folder = folder();
    let mut command = python.command(folder.path());
    command.arg(script("check_sandbox.py"));
    let ended = run(command, [LAYERSHIP]).expect(0);
    let passed = ended.stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed >= 19, "only {passed} checks ran:\n{}", ended.stdout);
}
