//! A folder that cannot be packed, by the real binary: it changes meanwhile, it may not be read, there is no room for the
//! zip. Each is told with its reason and with what helps against that reason.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::Project;
use crate::common::{Ended, LAYERSHIP, run, write};

/// What is done to a folder while it waits to be packed.
type Change<'a> = (&'a str, &'a dyn Fn(&Path));

/// Stages, and does something to the layer's folder after it was looked at and before it is packed: the look at what is
/// staged stands between the two.
fn staged_while(change: &dyn Fn(&Path)) -> (Project, Ended) {
    let project = Project::of(&["requests"]);
    let gate = Gate::before(&project.sandbox.endpoint, "HEAD ");
    let mut command = project.command();
    command.args(["stage", "--report", "json=report.json"]).env("AWS_ENDPOINT_URL", &gate.endpoint);
    let running = Running::start(command);
    gate.until_held(1);
    change(&project.folder().join("requests/layer/python"));
    gate.open();
    let ended = running.end();
    (project, ended)
}

#[test]
fn a_file_that_changes_or_becomes_a_link_meanwhile_is_found() {
    let changes: [Change<'_>; 5] = [
        ("longer", &|folder| std::fs::write(folder.join("requests.py"), "NAME = \"requests\"\nMORE = 1\n").unwrap()),
        ("another of the same size", &|folder| {
            let other = folder.join("other.py");
            std::fs::write(&other, "NAME = \"requestz\"\n").unwrap();
            std::fs::rename(other, folder.join("requests.py")).unwrap();
        }),
        ("gone", &|folder| std::fs::remove_file(folder.join("requests.py")).unwrap()),
        ("a link", &|folder| {
            std::fs::remove_file(folder.join("requests.py")).unwrap();
            symlink("/etc/passwd", folder.join("requests.py")).unwrap();
        }),
        ("below a link", &|folder| {
            std::fs::rename(folder, folder.with_file_name("moved")).unwrap();
            symlink("moved", folder).unwrap();
        }),
    ];
    for (what, change) in changes {
        let (project, ended) = staged_while(change);
        assert_eq!(ended.code, 1, "{what}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("`requests/layer/python/requests.py` changed while it was read"),
            "{what}: {ended:?}"
        );
        assert!(ended.stderr.contains("hint: something else is writing to the folder; try again when it is done"));
        assert_eq!(super::code(&project), "archive-invalid", "{what}");
        assert_eq!(project.effects(), [""; 0], "{what} was uploaded");
    }
    let (project, ended) = staged_while(&|_| {});
    assert_eq!((ended.code, project.effects().len()), (0, 1), "{}", ended.stderr);
}

/// The binary as somebody who is not root, who may read everything.
fn as_nobody(project: &Project, folder: &Path) -> Command {
    let binary = folder.join("layership");
    std::fs::copy(LAYERSHIP, &binary).unwrap();
    for open in [folder, &binary] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(binary);
    command.current_dir(project.folder()).env_clear().envs(project.sandbox.variables.iter().cloned());
    command.env("AWS_EC2_METADATA_DISABLED", "true").uid(65_534).gid(65_534);
    command
}

#[test]
fn a_file_that_may_not_be_read_is_told_with_what_helps() {
    let project = Project::of(&["requests"]);
    let secret = project.write("requests/layer/python/secret.py", "SECRET = 1\n");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    let folder = crate::common::folder();
    let command = || match std::fs::File::open(&secret) {
        Err(_) => project.command(),
        Ok(_) => {
            let root = project.folder();
            std::fs::set_permissions(root.parent().unwrap(), std::fs::Permissions::from_mode(0o755)).unwrap();
            as_nobody(&project, folder.path())
        }
    };
    assert_shown!(run(command(), ["check"]), @"
    exit code 1
    --- stdout ---
      ! requests us-east-1: archive-invalid
    Check of layers.toml: 1 of 1 job failed
    --- stderr ---

    error: requests at us-east-1: cannot make a zip of `requests/layer`
      Caused by: `requests/layer/python/secret.py` could not be read
      Caused by: Permission denied (os error 13)

    hint: make everything in the folder readable for the user who runs layership

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_shown!(run(command(), ["stage"]), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  SIZE  STAGED
    requests  us-east-1  failed   -     s3://artifacts/layers/requests/layer/layer.zip
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: cannot make a zip of `requests/layer`
      Caused by: `requests/layer/python/secret.py` could not be read
      Caused by: Permission denied (os error 13)

    hint: make everything in the folder readable for the user who runs layership

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(project.effects(), [""; 0]);
}

#[test]
fn a_disk_without_room_for_the_zip_is_told_with_what_helps() {
    let project = Project::of(&["requests"]);
    // Nothing that deflates to less than a disk of a few blocks has.
    let noise: String = (0u32..60_000).map(|index| format!("{:x}", index.wrapping_mul(2_654_435_761))).collect();
    write(project.folder(), "requests/layer/python/noise.py", noise);
    let inner = project.command();
    // Written beyond this, a file fails as on a full disk: the signal that comes with it does not end the process.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 16; exec \"$0\" \"$@\""]).arg(inner.get_program());
    command.current_dir(project.folder()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_shown!(run(command, ["stage"]), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  SIZE  STAGED
    requests  us-east-1  failed   -     s3://artifacts/layers/requests/layer/layer.zip
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: write-failed

    error: requests at us-east-1: cannot make a zip of `requests/layer`
      Caused by: the zip could not be written
      Caused by: File too large (os error 27)

    hint: raise the limit of file sizes (`ulimit -f`), or set TMPDIR to a folder on another disk

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(project.effects(), [""; 0]);
    project.run("stage", 0);
}

#[test]
fn a_folder_for_temporary_files_that_is_not_there_or_may_not_be_written_to_is_told() {
    let project = Project::of(&["requests"]);
    let folder = crate::common::folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    let is_closed = std::fs::write(closed.join("file"), "").is_err();
    if !is_closed {
        std::fs::set_permissions(project.folder().parent().unwrap(), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let denied = if is_closed { project.command() } else { as_nobody(&project, folder.path()) };
    for (mut command, temporary, cause, hint) in [
        (denied, closed, "Permission denied", "set TMPDIR to a folder for temporary files that may be written to"),
        (
            project.command(),
            folder.path().join("gone"),
            "No such file or directory",
            "set TMPDIR to another folder for temporary files",
        ),
    ] {
        command.env("TMPDIR", temporary);
        let said = run(command, ["stage"]).expect(1).stderr;
        for told in ["requests us-east-1: write-failed", "Caused by: the zip could not be written", cause, hint] {
            assert!(said.contains(told), "{told}: {said}");
        }
    }
    assert_eq!(project.effects(), [""; 0]);
}

/// What was done is done: the report that could not be written is told, with what helps.
#[test]
fn a_full_disk_is_told_where_a_report_a_plan_or_events_are_written() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let project = Project::of(&["requests"]);
    for (args, what) in [
        ("check --report json=/dev/full", "cannot write the report to `/dev/full`: no space left"),
        ("plan --stage --out /dev/full", "cannot write the plan to `/dev/full`: no space left"),
        ("check --events /dev/full", "cannot write the events to `/dev/full`: no space left"),
    ] {
        let ended = project.run(args, 1);
        assert!(ended.stderr.contains(what), "{args}: {}", ended.stderr);
        let hint = "hint: free space on that disk, or name a place on another one";
        assert!(ended.stderr.contains(hint), "{args}: {}", ended.stderr);
    }
}
