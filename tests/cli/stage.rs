//! `stage`: archives go to S3 with their manifest's MD5, and stay where they are the same.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::common::project::Project;
use crate::common::zips::{self, zip};

/// The digest of the staged archive of the one layer.
fn staged_sha256(project: &Project) -> String {
    let ended = project.run("stage --format json", 0);
    ended.report()["jobs"][0]["archive"]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn archives_are_uploaded_once() {
    let project = Project::of(&["numpy", "requests"]);
    assert_shown!(project.run("stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME  SIZE   STAGED
    numpy     us-east-1  staged   145 B  s3://artifacts/layers/numpy/layer/layer.zip
    requests  us-east-1  staged   154 B  s3://artifacts/layers/requests/layer/layer.zip
    --- stderr ---
          Staged [  TIMEs] (1/2) numpy us-east-1 145 B
          Staged [  TIMEs] (2/2) requests us-east-1 154 B
         Summary [  TIMEs] 2 jobs: 2 staged
    ");
    let objects =
        ["PutObject artifacts/layers/numpy/layer/layer.zip", "PutObject artifacts/layers/requests/layer/layer.zip"];
    assert_eq!(project.effects(), objects);
    assert_shown!(project.run_writing_nothing("stage", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    SIZE   STAGED
    numpy     us-east-1  unchanged  145 B  s3://artifacts/layers/numpy/layer/layer.zip
    requests  us-east-1  unchanged  154 B  s3://artifacts/layers/requests/layer/layer.zip
    --- stderr ---
         Summary [  TIMEs] 2 jobs: 2 unchanged
    ");
}

#[test]
fn a_folder_becomes_the_same_bytes_wherever_and_whenever_it_is_packed() {
    let first = Project::of(&["tools"]);
    first.write("tools/layer/python/b.py", "b");
    first.write("tools/layer/python/a.py", "a");
    let second = Project::of(&["tools"]);
    second.write("tools/layer/python/a.py", "a");
    second.write("tools/layer/python/b.py", "b");
    let old = std::fs::File::open(second.folder().join("tools/layer/python/a.py")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(staged_sha256(&first), staged_sha256(&second));
    second.write("tools/layer/python/b.py", "c");
    assert_ne!(staged_sha256(&first), staged_sha256(&second));
}

#[test]
fn executable_bits_and_symbolic_links_are_kept() {
    let project = Project::of(&["tools"]);
    let tool = project.write("tools/layer/bin/tool", "#!/bin/sh\n");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("tool", project.folder().join("tools/layer/bin/alias")).unwrap();
    project.run("publish --stage", 0);
    let archive = project.layer_archive("us-east-1", "tools", 1);
    let entries = zips::unzip(&archive);
    let mode = |path: &str| entries[path].mode & 0o777;
    assert_eq!(mode("bin/tool"), 0o755);
    assert_eq!(mode("python/tools.py"), 0o644);
    assert_eq!((entries["bin/alias"].mode & 0o170_000, entries["bin/alias"].content.as_str()), (0o120_000, "tool"));
}

#[test]
fn a_zip_is_staged_as_it_is() {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let bytes = zip(&[("python/requests/__init__.py", "built elsewhere")]);
    project.write("requests/layer", &bytes);
    project.run("publish --stage", 0);
    assert_eq!(project.layer_archive("us-east-1", "requests", 1), bytes);
}

#[test]
fn a_new_manifest_stages_the_same_archive_again() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    project.write("requests/requirements.txt", "requests==2.0.0\n");
    project.forget_requests();
    project.run("stage", 0);
    assert_eq!(project.effects(), ["PutObject artifacts/layers/requests/layer/layer.zip"]);
}

#[test]
fn what_cannot_be_staged_is_told_and_the_rest_is_staged() {
    let project = Project::of(&["fine", "gone", "unbuilt"]);
    std::fs::remove_dir_all(project.folder().join("gone/layer")).unwrap();
    let text = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", text.replace("archive = \"unbuilt/layer\"\n", ""));
    assert_shown!(project.run("stage -q", 1), @"
    exit code 1
    --- stdout ---
    LAYER    TARGET     OUTCOME  SIZE   STAGED
    fine     us-east-1  staged   142 B  s3://artifacts/layers/fine/layer/layer.zip
    gone     us-east-1  failed   -      s3://artifacts/layers/gone/layer/layer.zip
    unbuilt  us-east-1  failed   -      s3://artifacts/layers/unbuilt/layer/layer.zip
    --- stderr ---

    error: gone at us-east-1: the archive `gone/layer` does not exist

    hint: build it first, or correct `archive` of layer `gone` in the layers file

    error: unbuilt at us-east-1: layer `unbuilt` has no `archive` to stage

    hint: set `archive` in the layers file: the layer zip, or the folder it is made from

    ");
    assert_eq!(project.effects(), ["PutObject artifacts/layers/fine/layer/layer.zip"]);
}
