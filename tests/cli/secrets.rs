//! Values of `{env:NAME}` that look like secrets: they go to AWS, and are shown nowhere.

use std::path::Path;
use std::process::Command;

use crate::common::project::Project;
use crate::common::{Ended, run};

/// Variables, and parts of their values that would betray them, percent-encoded as they are in addresses too.
const PLANTED: [(&str, &str, &str); 4] = [
    ("BUCKET_TOKEN", "hunter2-bucket", "hunter2"),
    ("DB_PASSWORD", "pa+ss=(w0rd)", "ss=(w0rd"),
    ("API_KEY", "Kq83ZpLwx", "Kq83Zp"),
    // By what its value begins with.
    ("NOTE", "ghp_0123456789abcdefghij", "ghp_0123"),
];

/// A layer whose every place has a secret in it; its bucket and prefix are those of the values, or of variables.
fn project() -> Project {
    let project = Project::of(&[]);
    project.write(
        "layers.toml",
        "[layers.numpy]\nname = \"numpy-{env:API_KEY}-{env:STAGE}\"\nmanifest = \"requirements.txt\"\narchive = \"layer\"\n\
         bucket = \"acme-{env:BUCKET_TOKEN}\"\nprefix = \"x/{env:DB_PASSWORD}/{layer}\"\n\
         description = \"of {env:NOTE}\"\ndetect = [\"manifest\", \"settings\", \"description\"]\n\
         compatible-runtimes = [\"python3.12\"]\n",
    );
    project.write("requirements.txt", "numpy>=1\n");
    project.write("layer/python/numpy.py", "");
    project
}

fn command(project: &Project) -> Command {
    let mut command = project.command();
    command.env("STAGE", "blue").envs(PLANTED.map(|(name, value, _)| (name, value)));
    command
}

#[track_caller]
fn silent(what: &str, text: &str) {
    for (name, _, part) in PLANTED {
        assert!(!text.contains(part), "{what} betrays {name}:\n{text}");
    }
    assert!(!text.contains("ss%3D%28w0rd"), "{what} betrays an encoded secret:\n{text}");
}

/// Nothing that was printed or written since the last look betrays anything.
#[track_caller]
fn all_silent(what: &str, ended: &Ended, folder: &Path) {
    silent(what, &ended.stdout);
    silent(what, &ended.stderr);
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.is_file() {
            silent(&format!("{what}: {}", file.display()), &std::fs::read_to_string(&file).unwrap());
        }
    }
}

fn every_output(project: &Project, args: &str, code: i32) -> Ended {
    let mut all = command(project);
    all.envs([("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "output.txt"), ("GITHUB_STEP_SUMMARY", "summary.txt")]);
    project.write("output.txt", "");
    project.write("summary.txt", "");
    all.args(args.split_whitespace()).args(["-vv", "--events", "events.txt"]);
    for format in ["json", "markdown", "junit", "csv", "env", "tfvars", "index", "html"] {
        all.args(["--report", &format!("{format}=report-{format}.txt")]);
    }
    let ended = run(all, [] as [&str; 0]).expect(code);
    all_silent(args, &ended, &project.folder());
    ended
}

#[test]
fn a_secret_of_the_environment_goes_to_aws_and_is_shown_nowhere() {
    let project = project();
    every_output(&project, "check", 0);
    every_output(&project, "plan --stage", 0);
    let published = every_output(&project, "publish --stage", 0);
    // The real values went to AWS; what is no secret is shown, since the ARN is there to be used.
    let layer = "numpy-Kq83ZpLwx-blue";
    assert!(project.effects().contains(&format!("PublishLayerVersion {layer}")), "{:?}", project.effects());
    assert!(
        project.effects().contains(&"PutObject acme-hunter2-bucket/x/pa+ss=(w0rd)/numpy/layer/layer.zip".to_owned())
    );
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer:numpy-{env:API_KEY}-blue:1";
    assert!(published.stdout.contains(arn), "{}", published.stdout);
    let report = project.json("report-json.txt");
    assert_eq!(report["jobs"][0]["layer_version_arn"], arn);
    assert_eq!(
        report["jobs"][0]["manifest"]["backup"],
        "s3://acme-{env:BUCKET_TOKEN}/x/{env:DB_PASSWORD}/numpy/layer/000001/requirements.txt"
    );
    every_output(&project, "changed", 0);
    every_output(&project, "publish", 0);
}

#[test]
fn failures_betray_no_secret() {
    let project = project();
    every_output(&project, "plan", 1);
    every_output(&project, "publish --stage", 0);
    project.write("requirements.txt", "numpy==2\n");
    for (operation, fault) in [
        ("HeadObject", "access-denied"),
        ("HeadObject", "garbage"),
        ("PublishLayerVersion", "access-denied"),
        ("PutObject", "access-denied"),
    ] {
        project.inject(&format!(r#"{{"operation": "{operation}", "fault": "{fault}"}}"#));
        every_output(&project, "publish --stage", 1);
        project.heal();
    }
    // A value that no bucket can be called by.
    let mut refused = command(&project);
    refused.env("BUCKET_TOKEN", "hunter2 is no bucket");
    let ended = run(refused, ["plan"]).expect(2);
    all_silent("a bad bucket", &ended, &project.folder());
    assert!(ended.stderr.contains("acme-{env:BUCKET_TOKEN}"), "{}", ended.stderr);
}

/// A plan is there to be read by others, and to be carried out exactly: it can neither hold a secret nor leave it out.
#[test]
fn no_plan_with_a_secret_is_saved() {
    let project = project();
    let ended = run(command(&project), ["plan", "--stage", "--out", "plan.json"]).expect(2);
    assert_shown!(ended, @"
    exit code 2
    --- stderr ---
    error: `{env:API_KEY}` looks like a secret, which a saved plan must not hold

    hint: give the variable a name without `TOKEN`, `SECRET` and the like, if its value is none
    ");
    assert!(!project.folder().join("plan.json").exists());
}
