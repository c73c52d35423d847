//! Archives that Lambda would not take, or that nothing could use.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{code, refused};
use crate::common::project::Project;
use crate::common::zips::{zip, zip_of_zeros, zip_that_claims};

/// A project whose archive is a file with these bytes.
fn with_archive(bytes: &[u8]) -> Project {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", bytes);
    project
}

#[test]
fn not_staged() {
    let project = Project::of(&["requests"]);
    assert_shown!(refused(&project, "", "archive-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-missing

    error: requests at us-east-1: there is no staged archive s3://artifacts/layers/requests/layer/layer.zip

    hint: stage it first: `layership stage`, or `layership publish --stage`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn missing() {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    assert_shown!(refused(&project, "--stage", "archive-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-missing

    error: requests at us-east-1: the archive `requests/layer` does not exist

    hint: build it first, or correct `archive` of layer `requests` in the layers file

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn not_declared() {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("archive = \"requests/layer\"\n", ""));
    assert_shown!(refused(&project, "--stage", "archive-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-missing

    error: requests at us-east-1: layer `requests` has no `archive` to stage

    hint: set `archive` in the layers file: the layer zip, or the folder it is made from

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn no_zip() {
    let project = with_archive(b"<html>502 Bad Gateway</html>");
    assert_shown!(refused(&project, "--stage", "archive-invalid"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: requests/layer is not a zip that Lambda can read
      Caused by: not a zip: it does not end as a zip does, or was cut off

    hint: build the zip again, then stage it

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_zip_that_was_cut_off() {
    let whole = zip(&[("python/requests.py", &"x".repeat(10_000))]);
    let project = with_archive(&whole[..whole.len() / 2]);
    assert_shown!(refused(&project, "--stage", "archive-invalid"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: requests/layer is not a zip that Lambda can read
      Caused by: not a zip: it does not end as a zip does, or was cut off

    hint: build the zip again, then stage it

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn an_empty_zip() {
    let project = with_archive(&zip(&[]));
    assert_shown!(refused(&project, "--stage", "archive-invalid"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: requests/layer is an empty zip

    hint: build the zip again, then stage it

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn an_empty_folder() {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    std::fs::create_dir(project.folder().join("requests/layer")).unwrap();
    assert_shown!(refused(&project, "--stage", "archive-invalid"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: cannot make a zip of `requests/layer`
      Caused by: `requests/layer` has no files

    hint: its content becomes the root of the zip: for Python, put the packages into a folder `python` in it

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn an_empty_file() {
    let project = with_archive(b"");
    assert_shown!(refused(&project, "--stage", "archive-invalid"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: requests/layer is not a zip that Lambda can read
      Caused by: not a zip: it has no content

    hint: build the zip again, then stage it

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn too_large_when_unzipped() {
    let project = with_archive(&zip_that_claims(300_000_000));
    assert_shown!(refused(&project, "--stage", "archive-too-large"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-too-large

    error: requests at us-east-1: requests/layer: 300.0 MB unzipped; Lambda accepts 262.1 MB

    hint: leave packages out, or split the layer

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn exactly_as_large_as_lambda_takes() {
    let project = with_archive(&zip_of_zeros(262_144_000));
    project.run("plan --stage", 0);
    let project = with_archive(&zip_of_zeros(262_144_001));
    project.run("plan --stage", 1);
}

#[test]
fn packages_at_the_root() {
    let project = with_archive(&zip(&[("requests/__init__.py", ""), ("requests-2.32.3.dist-info/METADATA", "")]));
    assert_shown!(refused(&project, "--stage --strict", "archive-invalid"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-invalid

    error: requests at us-east-1: requests/layer: `requests-2.32.3.dist-info/`, `requests/` at the root of the zip should be under `python/`

    hint: put the packages into the folder that the runtime searches, for example `python/`

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_shown!(project.run("publish --stage", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    requests  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
       Published [  TIMEs] (1/1) requests us-east-1 version 1

    warning: s3://artifacts/layers/requests/layer/layer.zip: `requests-2.32.3.dist-info/`, `requests/` at the root of the zip should be under `python/`

         Summary [  TIMEs] 1 job: 1 published
    ");
}

/// The same defects where something else staged the archive: found by reading what is staged.
#[test]
fn staged_by_something_else() {
    for (bytes, expected) in [
        (b"no zip at all".to_vec(), "archive-invalid"),
        (zip(&[]), "archive-invalid"),
        (zip_that_claims(300_000_000), "archive-too-large"),
    ] {
        let project = Project::of(&["requests"]);
        project.run("stage", 0);
        let body = STANDARD.encode(&bytes);
        let checked = project.run("plan --format json", 0).report();
        let metadata = serde_json::json!({ "manifest_md5": checked["jobs"][0]["manifest"]["md5"] });
        // The object is another one from the first look at it on, with the metadata that the contract asks for.
        project.inject(&format!(
            r#"[{{"operation": "HeadObject", "times": 1, "fault": {{"kind": "replace-object", "body": "{body}", "metadata": {metadata}}}}}]"#
        ));
        let ended = refused(&project, "", expected);
        assert!(ended.stderr.contains("s3://artifacts/layers/requests/layer/layer.zip"), "{}", ended.stderr);
    }
}

#[test]
fn staged_without_its_manifests_md5() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    let body = STANDARD.encode(zip(&[("python/requests.py", "")]));
    project.inject(&format!(
        r#"[{{"operation": "HeadObject", "times": 1, "fault": {{"kind": "replace-object", "body": "{body}", "metadata": {{}}}}}}]"#
    ));
    assert_shown!(refused(&project, "", "archive-inconsistent"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-inconsistent

    error: requests at us-east-1: the staged archive s3://artifacts/layers/requests/layer/layer.zip does not say what it was built from
      Caused by: its metadata have no `manifest_md5`: something else than `layership stage` put it there

    hint: stage it again: `layership stage`; build the zip again first if it is older than the manifest

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_new_manifest_but_the_old_archive() {
    let project = Project::of(&["requests"]);
    project.run("publish --stage", 0);
    project.write("requests/requirements.txt", "requests==2.0.0\n");
    assert_shown!(refused(&project, "", "archive-inconsistent"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-inconsistent

    error: requests at us-east-1: the staged archive s3://artifacts/layers/requests/layer/layer.zip was not built from `requests/requirements.txt` as it is now
      Caused by: its metadata say that the manifest had MD5 3a5c44e75717f8fa6269584429eb61a0 (`manifest_md5`), and now it has 4b9a5bbc94c45821cc517f4f2a0a9c88

    hint: stage it again: `layership stage`; build the zip again first if it is older than the manifest

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn check_finds_it_offline() {
    let project = with_archive(b"no zip");
    project.run("check --report json=report.json", 1);
    assert_eq!(code(&project), "archive-invalid");
}

#[test]
fn native_modules_for_another_python_or_architecture() {
    let module = "python/numpy/_core/_simd.cpython-311-x86_64-linux-gnu.so";
    let project = with_archive(&zip(&[(module, "\x7fELF"), ("python/numpy/__init__.py", "")]));
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}compatible-architectures = [\"arm64\"]\n"));
    assert_shown!(project.run("check", 0), @"
    exit code 0
    --- stdout ---
    Check of layers.toml: 1 job OK
    --- stderr ---

    warning: requests/layer: its native libraries are for x86_64 and not for arm64: `python/numpy/_core/_simd.cpython-311-x86_64-linux-gnu.so`
    warning: requests/layer: its native modules are for python3.11 and not for python3.12: `python/numpy/_core/_simd.cpython-311-x86_64-linux-gnu.so`

         Summary [  TIMEs] 1 job: 1 OK
    ");
    // The same of what is staged, whoever looks.
    project.run("stage", 0);
    let ended = project.run("publish --strict --report json=report.json", 1);
    assert_eq!(code(&project), "archive-invalid", "{}", ended.stderr);
    let allow = "allow = [\"archive-python\", \"archive-architecture\"]";
    project.write("layers.toml", format!("{layers}compatible-architectures = [\"arm64\"]\n{allow}\n"));
    project.run("publish --strict", 0);
}
