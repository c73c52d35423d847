//! Archives and manifests that somebody made to wait for ever, to take long, or to be unzipped elsewhere.

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{code, refused};
use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::{Project, layer};
use crate::common::zips::{zip, zip_of};

/// A project of one layer without an archive yet.
fn unbuilt() -> Project {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project
}

fn pipe(project: &Project, path: &str) {
    let path = project.folder().join(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Each of these hung as soon as the archive was opened.
#[test]
fn a_pipe_instead_of_an_archive() {
    let project = unbuilt();
    pipe(&project, "requests/layer");
    for command in ["check", "stage", "plan --stage", "publish --stage"] {
        project.run(&format!("{command} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-invalid", "{command}");
    }
    assert_shown!(project.run("check", 1), @"
    exit code 1
    --- stdout ---
      ! requests us-east-1: archive-invalid
    Check of layers.toml: 1 of 1 job failed
    --- stderr ---

    error: requests at us-east-1: the archive `requests/layer` is a pipe, not a zip or a folder

    hint: correct `archive` of layer `requests` in the layers file

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_socket_or_a_device_instead_of_an_archive() {
    let project = unbuilt();
    let _listener = UnixListener::bind(project.folder().join("requests/layer")).unwrap();
    let ended = project.run("check", 1);
    assert!(
        ended.stderr.contains("the archive `requests/layer` is a socket, not a zip or a folder"),
        "{}",
        ended.stderr
    );
    let text = layer("requests").replace("requests/layer", "/dev/zero");
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{text}"));
    let ended = refused(&project, "--stage", "archive-invalid");
    assert!(ended.stderr.contains("the archive `/dev/zero` is a device"), "{}", ended.stderr);
}

#[test]
fn a_pipe_instead_of_a_manifest() {
    let project = Project::of(&["requests"]);
    std::fs::remove_file(project.folder().join("requests/requirements.txt")).unwrap();
    pipe(&project, "requests/requirements.txt");
    let ended = refused(&project, "--stage", "manifest-missing");
    assert!(
        ended.stderr.contains("the manifest `requests/requirements.txt` is a pipe, not a file"),
        "{}",
        ended.stderr
    );
}

/// Ten gigabytes that take no room on the disk: hashing them takes minutes, in which nothing is learned.
#[test]
fn a_huge_sparse_file_is_refused_by_its_size() {
    let project = unbuilt();
    let file = File::create(project.folder().join("requests/layer")).unwrap();
    file.set_len(10 << 30).unwrap();
    let ended = refused(&project, "--stage", "archive-too-large");
    assert!(ended.stderr.contains("a zip of 10737.4 MB; Lambda accepts 262.1 MB unzipped"), "{}", ended.stderr);
    // Small enough, but no zip: that shows at its end, without the hash of all of it.
    file.set_len(500 << 20).unwrap();
    refused(&project, "--stage", "archive-invalid");
}

/// The same zip, whose table of contents has another CRC-32 of its first file.
fn with_another_sum(mut zip: Vec<u8>) -> Vec<u8> {
    let directory = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    zip[directory + 16] ^= 1;
    zip
}

#[test]
fn entries_that_lambda_would_not_unzip_where_they_belong() {
    let table = [
        (
            "archive-path",
            "a path in the zip has `..` in it: `python/../../evil.py`",
            zip(&[("python/../../evil.py", "")]),
        ),
        (
            "archive-path",
            "a path in the zip is absolute: `/etc/passwd`",
            zip(&[("python/a.py", ""), ("/etc/passwd", "")]),
        ),
        (
            "archive-path",
            "a path is a file in the zip, and goes on behind it: `python/a.py/b.py`",
            zip(&[("python/a.py", ""), ("python/a.py/b.py", "")]),
        ),
        (
            "archive-entry",
            "the table of contents says something else of an entry than it is: `python/a.py`",
            with_another_sum(zip(&[("python/a.py", &"a".repeat(5_000))])),
        ),
        (
            "archive-entry",
            "an entry of the zip is encrypted: `python/a.py`",
            zip_of("python/a.py", |header| header.flags |= 1),
        ),
        (
            "archive-entry",
            "an entry of the zip is compressed with LZMA, Lambda unzips stored and deflated ones: `python/a.py`",
            zip_of("python/a.py", |header| header.method = 14),
        ),
    ];
    for (check, message, bytes) in table {
        let project = unbuilt();
        project.write("requests/layer", &bytes);
        project.run("check --report json=report.json", 1);
        assert_eq!(code(&project), "archive-invalid", "{message}");
        let ended = refused(&project, "--stage", "archive-invalid");
        assert!(ended.stderr.contains(&format!("requests/layer: {message}")), "{message}: {}", ended.stderr);
        // Staged by something else, it is found as well.
        assert!(refused_when_staged(&bytes).stderr.contains(message), "{message}");
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        project.write("layers.toml", format!("{layers}allow = [\"{check}\"]\n"));
        project.run("publish --stage", 0);
    }
}

fn refused_when_staged(bytes: &[u8]) -> crate::common::Ended {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    let body = STANDARD.encode(bytes);
    let checked = project.run("plan --format json", 0).report();
    let metadata = serde_json::json!({ "manifest_md5": checked["jobs"][0]["manifest"]["md5"] });
    project.inject(&format!(
        r#"[{{"operation": "HeadObject", "times": 1, "fault": {{"kind": "replace-object", "body": "{body}", "metadata": {metadata}}}}}]"#
    ));
    refused(&project, "", "archive-invalid")
}

#[test]
fn a_path_that_comes_twice_is_a_warning() {
    let project = unbuilt();
    project.write("requests/layer", zip(&[("python/a.py", "1"), ("python//a.py", "2")]));
    let ended = project.run("check", 0);
    let warning = "warning: requests/layer: a path is in the zip twice: `python//a.py`";
    assert!(ended.stderr.contains(warning), "{}", ended.stderr);
    project.run("check --strict", 1);
}

/// A temporary zip used to stay behind whenever a run was killed while it uploaded.
#[test]
fn nothing_is_left_in_the_folder_for_temporary_files() {
    for signal in ["KILL", "TERM", "INT"] {
        let project = Project::of(&["requests"]);
        let temporary = project.folder().join("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let gate = Gate::before(&project.sandbox.endpoint, "PUT ");
        let mut command = project.command();
        command.args(["stage"]).env("TMPDIR", &temporary).env("AWS_ENDPOINT_URL", &gate.endpoint);
        let running = Running::start(command);
        gate.until_held(1);
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "while it uploads");
        running.signal(signal);
        if signal != "KILL" {
            running.until_it_says("Summary");
        }
        running.end();
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "after SIG{signal}");
    }
}
