//! `plan`: what would be published and why, as the house draws it; read-only.

use crate::common::process::Running;
use crate::common::project::{Project, layer};
use crate::common::zips::{zip, zip_that_claims};

/// Layers in each of the states that a plan tells apart.
fn of_every_kind() -> Project {
    let names = ["boto3", "large", "numpy", "pandas", "requests", "settled"];
    let project = Project::of(&names);
    project.write("requests/requirements.txt", "six==1.16.0\nurllib3==2.0.4\n");
    project.run("publish --stage boto3 pandas requests settled", 0);
    // A first version, changed dependencies, changed settings, a version without backup, and an archive too large.
    project.build("requests", "idna==3.7\nurllib3==2.2.1\n");
    let text = String::from_utf8(project.read("layers.toml")).unwrap();
    let text = text.replace(
        &layer("pandas"),
        &format!("{}compatible-runtimes = [\"python3.12\", \"python3.13\"]\n", layer("pandas")),
    );
    project.write("layers.toml", text);
    std::fs::remove_dir_all(project.folder().join("large/layer")).unwrap();
    project.write("large/layer", zip_that_claims(268_400_000));
    project
}

#[test]
fn every_kind_of_change_has_its_line() {
    let project = of_every_kind();
    project.forget_requests();
    let ended = project.run_changing_nothing("plan --stage", 1);
    assert_shown!(ended, @"
    exit code 1
    --- stdout ---
    Plan for 6 layers at 1 target from layers.toml, account 123456789012

      + numpy     us-east-1           first version
      ~ pandas    us-east-1  after 1  settings changed: runtimes +python3.13
      ~ requests  us-east-1  after 1  dependencies changed: urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0
      ! large     us-east-1           failed: archive-too-large

    Plan: 1 first version, 2 changed, 2 unchanged, 1 failed
    --- stderr ---

    error: large at us-east-1: large/layer: 268.4 MB unzipped; Lambda accepts 262.1 MB

    hint: leave packages out, or split the layer

         Summary [  TIMEs] 6 jobs: 3 planned, 2 unchanged, 1 failed
    ");
}

#[test]
fn a_version_with_the_staged_content_but_without_backup_is_to_be_adopted() {
    let project = Project::of(&["boto3"]);
    project.run("stage", 0);
    // Published by somebody else, from the very same archive.
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    project.run("publish", 1);
    project.heal();
    assert_shown!(project.run_changing_nothing("plan --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      ^ boto3  us-east-1  at 1  adopt: version 1 has the staged content but no backup

    Plan: 1 to adopt
    ");
    let mut publish = project.command();
    publish.arg("publish");
    let running = Running::start(publish);
    // For the lease of the run that failed, which has half a minute to go by S3's clock.
    running.until_it_says("Waiting");
    project.advance(32);
    assert_shown!(running.end(), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    boto3  us-east-1  adopted  1        arn:aws:lambda:us-east-1:123456789012:layer:boto3:1
    --- stderr ---
         Waiting [  TIMEs]       boto3 us-east-1: lock, until TIME at most, of HOST (run RUN)
         Adopted [  TIMEs] (1/1) boto3 us-east-1 version 1
         Summary [  TIMEs] 1 job: 1 adopted
    ");
    assert_shown!(project.run_changing_nothing("plan --exit-code", 0), @"
    exit code 0
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

    No changes: 1 layer is unchanged
    ");
}

#[test]
fn exit_code_3_means_that_something_would_be_published() {
    let project = Project::of(&["numpy"]);
    assert_shown!(project.run_changing_nothing("plan --stage --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      + numpy  us-east-1  first version

    Plan: 1 first version
    ");
    project.run_changing_nothing("plan --stage", 0);
    project.run("publish --stage", 0);
    project.run_changing_nothing("plan --exit-code", 0);
    project.run_changing_nothing("plan --exit-code --force", 3);
}

#[test]
fn a_failure_beats_exit_code_3() {
    let project = Project::of(&["numpy", "requests"]);
    project.run("stage numpy", 0);
    project.run_changing_nothing("plan --exit-code", 1);
}

#[test]
fn unchanged_layers_are_listed_where_that_is_asked_for() {
    let project = Project::of(&["numpy", "requests"]);
    project.run("publish --stage", 0);
    assert_shown!(project.run_changing_nothing("plan", 0), @"
    exit code 0
    --- stdout ---
    Plan for 2 layers at 1 target from layers.toml, account 123456789012

    No changes: 2 layers are unchanged
    ");
    let verbose = project.run_changing_nothing("plan -v --concurrency 1", 0);
    insta::assert_snapshot!(verbose.stdout, @"
    Plan for 2 layers at 1 target from layers.toml, account 123456789012

      = numpy     us-east-1  at 1  unchanged
      = requests  us-east-1  at 1  unchanged

    No changes: 2 layers are unchanged
    ");
}

#[test]
fn an_archive_of_another_dependency_state_is_refused() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    project.write("requests/requirements.txt", "requests==2.0.0\n");
    assert_shown!(project.run_changing_nothing("plan", 1), @"
    exit code 1
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      ! requests  us-east-1  failed: archive-inconsistent

    Plan: 1 failed
    --- stderr ---

    error: requests at us-east-1: the staged archive s3://artifacts/layers/requests/layer/layer.zip was not built from `requests/requirements.txt` as it is now
      Caused by: its metadata say that the manifest had MD5 3a5c44e75717f8fa6269584429eb61a0 (`manifest_md5`), and now it has 4b9a5bbc94c45821cc517f4f2a0a9c88

    hint: stage it again: `layership stage`; build the zip again first if it is older than the manifest

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn content_counts_where_detect_names_it() {
    let project = Project::new("");
    project.declare(&["requests"], "detect = [\"manifest\", \"content\"]");
    project.run("publish --stage", 0);
    project.run_changing_nothing("plan --exit-code", 0);
    project.write("requests/layer/python/requests.py", "NAME = \"patched\"\n");
    assert_shown!(project.run_changing_nothing("plan --stage --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      ~ requests  us-east-1  after 1  content changed: the staged archive differs from version 1

    Plan: 1 changed
    ");
    project.declare(&["requests"], "");
    project.write("requests/layer/python/requests.py", "NAME = \"patched\"\n");
    project.run_changing_nothing("plan --stage --exit-code", 0);
}

#[test]
fn a_wrong_layout_is_a_warning_and_strict_makes_it_an_error() {
    let project = Project::of(&["root"]);
    std::fs::remove_dir_all(project.folder().join("root/layer")).unwrap();
    project.write("root/layer", zip(&[("requests/__init__.py", "")]));
    project.run("stage", 0);
    assert_shown!(project.run_changing_nothing("plan", 0), @"
    exit code 0
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      + root  us-east-1  first version

    Plan: 1 first version
    --- stderr ---

    warning: s3://artifacts/layers/root/layer/layer.zip: `requests/` at the root of the zip should be under `python/`

         Summary [  TIMEs] 1 job: 1 planned
    ");
    assert_shown!(project.run_changing_nothing("plan --strict", 1), @"
    exit code 1
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      ! root  us-east-1  failed: archive-invalid

    Plan: 1 failed
    --- stderr ---

    error: root at us-east-1: s3://artifacts/layers/root/layer/layer.zip: `requests/` at the root of the zip should be under `python/`

    hint: put the packages into the folder that the runtime searches, for example `python/`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}
