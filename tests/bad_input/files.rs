//! Layers files that are none, and surroundings in which no layers file can be run.

use std::fmt::Write as _;

use crate::common::process::Running;
use crate::common::project::Project;
use crate::common::{folder, layership, many_layers, run, write};

#[test]
fn no_layers_file() {
    let folder = folder();
    assert_shown!(run(layership(folder.path()), ["publish"]), @"
    exit code 2
    --- stderr ---
    error: there is no layers file `layers.toml`

    hint: `layership init` writes one here; `--config` names another place
    ");
    assert_shown!(run(layership(folder.path()), ["check", "-c", "elsewhere/layers.toml"]), @"
    exit code 2
    --- stderr ---
    error: there is no layers file `elsewhere/layers.toml`

    hint: `layership init` writes one here; `--config` names another place
    ");
}

#[test]
fn a_folder_instead_of_a_layers_file() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("layers.toml")).unwrap();
    assert_shown!(run(layership(folder.path()), ["publish"]), @"
    exit code 2
    --- stderr ---
    error: the layers file `layers.toml` is a folder
    ");
}

#[test]
fn a_file_instead_of_the_folder_of_the_layers_file() {
    let folder = folder();
    write(folder.path(), "layers", "");
    assert_shown!(run(layership(folder.path()), ["publish", "-c", "layers/layers.toml"]), @"
    exit code 2
    --- stderr ---
    error: there is no layers file `layers/layers.toml`

    hint: `layership init` writes one here; `--config` names another place
    ");
}

#[test]
fn ten_megabytes_are_no_layers_file() {
    let folder = folder();
    let mut text = String::with_capacity(11_000_000);
    for number in 0.. {
        if text.len() >= 10_000_000 {
            break;
        }
        writeln!(text, "[layers.layer-{number}]\nmanifest = \"requirements.txt\"").unwrap();
    }
    write(folder.path(), "layers.toml", text);
    assert_shown!(run(layership(folder.path()), ["publish"]), @"
    exit code 2
    --- stderr ---
    error: `layers.toml` has more than 8 MB: that is no layers file
    ");
}

#[test]
fn a_device_that_never_ends_is_no_layers_file() {
    let folder = folder();
    assert_shown!(run(layership(folder.path()), ["check", "-c", "/dev/zero"]), @"
    exit code 2
    --- stderr ---
    error: `/dev/zero` has more than 8 MB: that is no layers file
    ");
}

#[test]
fn a_layers_file_from_a_pipe_is_read_once() {
    let folder = folder();
    many_layers(folder.path(), 1, "");
    let mut command = layership(folder.path());
    command.env("AWS_REGION", "us-east-1");
    let file = std::fs::File::open(folder.path().join("layers.toml")).unwrap();
    command.stdin(file).args(["check", "-c", "/dev/stdin"]);
    // Its relative paths are relative to /dev, where nothing is; the file itself was taken.
    let ended: crate::common::Ended = command.output().unwrap().into();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
}

#[test]
fn no_region() {
    let folder = folder();
    many_layers(folder.path(), 1, "");
    let mut command = layership(folder.path());
    command.envs([("AWS_ACCESS_KEY_ID", "sandbox"), ("AWS_SECRET_ACCESS_KEY", "sandbox")]);
    assert_shown!(run(command, ["publish"]), @"
    exit code 2
    --- stderr ---
    error: layers.toml has a problem
      layers.toml: targets: there is no target, and the AWS configuration names no Region; set AWS_REGION, or a region in the AWS profile, or add a target such as `[targets.us-east-1]`
    ");
}

#[test]
fn no_region_is_needed_where_the_targets_name_theirs() {
    let project = Project::of(&["numpy"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("[targets]\neu-west-1 = {{}}\n\n{layers}"));
    let mut command = project.command();
    command.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION");
    let ended = run(command, ["publish", "--stage"]).expect(0);
    assert!(ended.stdout.contains("arn:aws:lambda:eu-west-1:123456789012:layer:numpy:1"), "{}", ended.stdout);
}

#[test]
fn a_sandbox_that_another_run_uses() {
    let folder = folder();
    many_layers(folder.path(), 1, "");
    let mut command = layership(folder.path());
    command.args(["sandbox", "--dir", ".layership/sandbox"]);
    let other = Running::start(command);
    other.until_it_says("Serving");
    assert_shown!(run(layership(folder.path()), ["publish", "--stage", "--sandbox"]), @"
    exit code 1
    --- stderr ---
    error: cannot start the sandbox in `.layership/sandbox`: another sandbox is using .layership/sandbox; stop it, or choose another folder
    ");
    other.signal("TERM");
    other.end().expect(0);
}
