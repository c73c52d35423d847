//! `check`: the layers file, manifests and archives, offline.

use std::io::Read as _;
use std::process::Stdio;

use crate::common::many_layers;
use crate::common::project::Project;
use crate::common::zips::{large_zip, zip, zip_that_claims};

#[test]
fn layers_in_order_are_counted() {
    let project = Project::of(&["numpy", "requests"]);
    assert_shown!(project.run("check", 0), @"
    exit code 0
    --- stdout ---
    Check of layers.toml: 2 jobs OK
    ");
}

/// So many that a run which connects to its targets has the time to be seen doing it.
#[test]
fn nothing_is_sent() {
    let project = Project::new("");
    many_layers(&project.folder(), 300, "");
    project.run("check --concurrency 1", 0);
    assert_eq!(project.requests(), [""; 0], "check is offline");
}

/// A check needs the end of a zip, which says what is in it, and no digest: many zips of 16 MiB are not read whole.
#[cfg(target_os = "linux")]
#[test]
fn no_zip_is_digested() {
    const LAYERS: u64 = 150;
    let names: Vec<String> = (0..LAYERS).map(|number| format!("layer-{number:03}")).collect();
    let project = Project::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let archive = project.write("layer.zip", large_zip(16 << 20));
    for name in &names {
        let folder = project.folder().join(name);
        std::fs::remove_dir_all(folder.join("layer")).unwrap();
        std::fs::hard_link(&archive, folder.join("layer")).unwrap();
    }
    // Its report is far longer than a pipe holds: it waits in the middle of printing, when all of its work is done.
    let mut command = project.command();
    command.args(["check", "--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let counts = std::fs::read_to_string(format!("/proc/{}/io", child.id())).unwrap();
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(rest.len() > 128 * 1024, "a pipe may hold {} bytes", rest.len());
    let read = counts.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse::<u64>().ok()).unwrap();
    // One mebibyte of each, and what else a process reads.
    assert!((LAYERS << 20..(3 * LAYERS) << 20).contains(&read), "{} MB", read >> 20);
}

#[test]
fn every_local_defect_is_told_at_once() {
    let project = Project::of(&["fine", "gone", "large", "no-zip", "root", "unpinned"]);
    let archive = |name: &str, bytes: &[u8]| {
        std::fs::remove_dir_all(project.folder().join(name).join("layer")).unwrap();
        project.write(&format!("{name}/layer"), bytes);
    };
    std::fs::remove_file(project.folder().join("gone/requirements.txt")).unwrap();
    archive("large", &zip_that_claims(300_000_000));
    archive("no-zip", b"PK, but no zip");
    archive("root", &zip(&[("requests/__init__.py", "")]));
    project.write("unpinned/requirements.txt", "urllib3>=2\n");
    assert_shown!(project.run("check --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
      ! gone us-east-1: manifest-missing
      ! large us-east-1: archive-too-large
      ! no-zip us-east-1: archive-invalid
    Check of layers.toml: 3 of 6 jobs failed
    --- stderr ---

    warning: root/layer: `requests/` at the root of the zip should be under `python/`
    warning: unpinned/requirements.txt:1: `urllib3>=2` is not pinned: it allows several versions; changes to it are not noticed

    error: gone at us-east-1: the manifest `gone/requirements.txt` does not exist

    hint: correct `manifest` of layer `gone` in the layers file, or lock its dependencies

    error: large at us-east-1: large/layer: 300.0 MB unzipped; Lambda accepts 262.1 MB

    hint: leave packages out, or split the layer

    error: no-zip at us-east-1: no-zip/layer is not a zip that Lambda can read
      Caused by: not a zip: it does not end as a zip does, or was cut off

    hint: build the zip again, then stage it

         Summary [  TIMEs] 6 jobs: 3 OK, 3 failed
    ");
}

#[test]
fn strict_makes_a_wrong_layout_an_error() {
    let project = Project::of(&["root"]);
    std::fs::remove_dir_all(project.folder().join("root/layer")).unwrap();
    project.write("root/layer", zip(&[("requests/__init__.py", "")]));
    assert_shown!(project.run("check --strict", 1), @"
    exit code 1
    --- stdout ---
      ! root us-east-1: archive-invalid
    Check of layers.toml: 1 of 1 job failed
    --- stderr ---

    error: root at us-east-1: root/layer: `requests/` at the root of the zip should be under `python/`

    hint: put the packages into the folder that the runtime searches, for example `python/`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

/// A repository of several teams: each has a file of its own, with paths relative to it and defaults of its own.
#[test]
fn included_files_are_part_of_the_plan() {
    let project = Project::new("");
    project.declare(&["own"], "prefix = \"shared/{layer}\"\nmanifest = \"shared.txt\"");
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write(
        "layers.toml",
        format!("include = [\"teams/*/layers.toml\", \"teams/../teams/b/layers.toml\"]\n{first}"),
    );
    project.write("shared.txt", "six==1.16.0\n");
    project.write("teams/b/layers.toml", "[layers.api]\nmanifest = \"uv.lock\"\n[layers.shared]\n");
    project.write("teams/b/uv.lock", "version = 1\n");
    let second = "[defaults]\nprefix = \"teams/a\"\nmanifest = \"../lock/requirements.txt\"\n[layers.web]\n";
    project.write("teams/a/layers.toml", second);
    project.write("teams/lock/requirements.txt", "six==1.16.0\n");
    let ended = project.run("check --format json -v", 0);
    let told = |job: &serde_json::Value| {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        [text(&job["layer"]), text(&job["manifest"]["path"]), text(&job["archive"]["staged"])].join(" ")
    };
    let jobs: Vec<String> = ended.report()["jobs"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(
        jobs,
        [
            "api teams/b/uv.lock s3://artifacts/shared/api/layer/layer.zip",
            "own own/requirements.txt s3://artifacts/shared/own/layer/layer.zip",
            "shared shared.txt s3://artifacts/shared/shared/layer/layer.zip",
            "web teams/a/../lock/requirements.txt s3://artifacts/teams/a/layer/layer.zip",
        ]
    );
    assert!(ended.stderr.contains("included teams/a/layers.toml\nincluded teams/b/layers.toml\n"), "{}", ended.stderr);
    let ended = project.run("check --report json=teams/a/layers.toml", 2);
    assert!(ended.stderr.contains("an included layers file"), "{}", ended.stderr);
    assert_eq!(project.read("teams/a/layers.toml"), second.as_bytes());
}

/// Paths are relative to the file they stand in, wherever the command is run.
#[test]
fn included_files_are_found_from_another_folder() {
    let project = Project::of(&["own"]);
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("include = [\"services/**/layers.toml\"]\n{first}"));
    project.write("services/deep/down/layers.toml", crate::common::project::layer("web"));
    project.write("services/deep/down/web/requirements.txt", "six==1.16.0\n");
    project.write("services/deep/down/web/layer/python/six.py", "");
    let mut command = project.command();
    command.current_dir("/").arg("check").arg("-c").arg(project.folder().join("layers.toml"));
    let ended = crate::common::run(command, [""; 0]).expect(0);
    assert!(ended.stdout.contains("2 jobs OK"), "{ended:?}");
}

#[test]
fn what_is_odd_in_a_layers_file_has_its_code() {
    let project = Project::of(&["a"]);
    project.write("a/package.json", "{}");
    let targets = "[targets.here]\nregion = \"us-esat-1\"\n";
    let layer = "[layers.a]\nmanifest = \"a/package.json\"\ncompatible-runtimes = [\"pyhton3.13\"]\n";
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{targets}{layer}"));
    let ended = project.run("check --report json=report.json", 0);
    let reported = project.json("report.json")["warnings"].clone();
    let warnings: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("warning: layers.toml")).collect();
    for code in ["region-unknown", "manifest-not-locked", "runtime-unknown"] {
        assert!(warnings.iter().any(|line| line.ends_with(&format!(" [{code}]"))), "{code}: {ended:?}");
        assert!(reported.as_array().unwrap().iter().any(|one| one["code"] == code), "{code}: {reported}");
        project.run(&format!("explain {code}"), 0);
    }
    // Who knows better says so, in the layer or for all of them.
    let allow = "allow = [\"manifest-not-locked\", \"runtime-unknown\"]\n";
    let targets = "[targets.here]\nregion = \"eu-west-1\"\n";
    for (defaults, own) in [(allow, ""), ("", allow)] {
        project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{defaults}{targets}{layer}{own}"));
        let ended = project.run("check", 0);
        assert!(!ended.stderr.contains("warning: layers.toml"), "{ended:?}");
    }
}
