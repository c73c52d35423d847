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
    error: `layers.toml` has more than 8 MB: that is not a layers file
    ");
}

#[test]
fn a_device_that_never_ends_is_no_layers_file() {
    let folder = folder();
    assert_shown!(run(layership(folder.path()), ["check", "-c", "/dev/zero"]), @"
    exit code 2
    --- stderr ---
    error: `/dev/zero` has more than 8 MB: that is not a layers file
    ");
}

/// A file of two megabytes in which nothing is right ends with a bounded number of problems, each bounded in size.
#[test]
fn a_file_full_of_errors_is_told_of_in_a_page() {
    let repeated = |line: &str| line.repeat(2_000_000 / line.len());
    let unknown_keys: String = (0..100_000).map(|number| format!("[layers.a{number}]\nmanfest = 1\n")).collect();
    let texts = [
        repeated("]"),
        repeated("= \n"),
        repeated("{ a = [ "),
        repeated("[layers.a]\n"),
        format!("a = \"{}", repeated("x")),
        format!("{} = 1", repeated("x")),
        format!("[layers.a]\nmanifest = \"a\"\nbucket = \"{}\"", repeated("{layr}")),
        format!("[defaults]\ntargets = [{}]", repeated("\"*a\", ")),
        format!("[defaults]\ntargets = [{}]", "\"*b\", ".repeat(1_000)),
        format!("[defaults]\ntargets = [\"{}\"]", repeated("*{a,b}")),
        unknown_keys,
    ];
    let folder = folder();
    for text in texts {
        write(folder.path(), "layers.toml", &text);
        let mut command = layership(folder.path());
        command.env("AWS_REGION", "us-east-1");
        let ended = run(command, ["check"]).expect(2);
        let beginning: String = text.chars().take(40).collect();
        let said = ended.stderr.len();
        assert!(ended.stderr.starts_with("error: layers.toml has ") && said < 100_000, "{beginning}: {said} bytes");
    }
}

#[test]
fn more_problems_than_anybody_mends_at_once() {
    let folder = folder();
    let layers: String = (0..101).map(|number| format!("[layers.a{number}]\nlicence = 1\n")).collect();
    write(folder.path(), "layers.toml", layers);
    let mut command = layership(folder.path());
    command.env("AWS_REGION", "us-east-1");
    let ended = run(command, ["check"]).expect(2);
    let (marked, lines): (Vec<&str>, Vec<&str>) = ended.stderr.lines().partition(|line| line.contains(" | "));
    assert_eq!(marked.len(), 20, "ten lines with a mark below: {marked:?}");
    assert_eq!(lines[0], "error: layers.toml has more than 100 problems, of which these are the first");
    assert_eq!(lines[1], "  layers.toml:2: layers.a0.licence: unknown key; did you mean `license`?");
    assert_eq!(lines.len(), 101);
}

/// A million jobs from a file of 50 kilobytes.
#[test]
fn many_targets_times_many_layers_are_counted_before_they_are_made() {
    let folder = folder();
    let targets: String = (0..1_000).map(|number| format!("t{number} = {{ region = \"us-east-1\" }}\n")).collect();
    let layers: String = (0..1_000).map(|number| format!("[layers.l{number}]\n")).collect();
    let defaults = "[defaults]\nmanifest = \"requirements.txt\"\nbucket = \"artifacts-{target}\"\n";
    write(folder.path(), "layers.toml", format!("[targets]\n{targets}{defaults}{layers}"));
    assert_shown!(run(layership(folder.path()), ["check"]), @"
    exit code 2
    --- stderr ---
    error: layers.toml has a problem
      layers.toml:1005: layers: 1000 layers at 1000 targets are 1000000 jobs, and one file can have 100000; split it, or name `targets` where a layer does not go to all of them
        1005 | [layers.l0]
             |  ^^^^^^
    ");
}

/// One mistake in a thousand layers at eight targets is one line.
#[test]
fn a_place_that_all_layers_share_is_told_once() {
    let folder = folder();
    let regions =
        ["eu-west-1", "eu-west-2", "eu-west-3", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-west-1"];
    let targets: String = regions.map(|region| format!("{region} = {{}}\n")).concat();
    let layers: String = (0..1_000).map(|number| format!("[layers.l{number:03}]\n")).collect();
    let defaults = "[defaults]\nmanifest = \"requirements.txt\"\nbucket = \"artifacts\"\n";
    write(folder.path(), "layers.toml", format!("[targets]\n{targets}{defaults}{layers}"));
    assert_shown!(run(layership(folder.path()), ["check"]), @r#"
    exit code 2
    --- stderr ---
    error: layers.toml has a problem
      layers.toml:12: defaults.bucket: 1000 layers, such as l000, at ca-west-1, eu-west-1, eu-west-2, eu-west-3, us-east-1, us-east-2, us-west-1 and us-west-2 share the staged key s3://artifacts/layers/l000/layer/layer.zip and the backup prefix s3://artifacts/layers/l000/layer; put `{region}` into the bucket, the prefix or the key
        12 | bucket = "artifacts"
           |          ^^^^^^^^^^^
    "#);
}

#[test]
fn a_region_of_the_environment_that_is_not_one() {
    let folder = folder();
    many_layers(folder.path(), 1, "");
    let mut command = layership(folder.path());
    command.env("AWS_REGION", "frankfurt");
    assert_shown!(run(command, ["publish"]), @"
    exit code 2
    --- stderr ---
    error: layers.toml has a problem
      layers.toml: targets: `frankfurt` is not an AWS Region; correct AWS_REGION, or the region in the AWS profile
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
