//! `publish`: what changed becomes a version, each exactly once, and its manifest is kept.

use crate::common::project::Project;

const FIRST: [&str; 6] = [
    "PublishLayerVersion numpy",
    "PublishLayerVersion requests",
    "PutObject artifacts/layers/numpy/layer/000001/requirements.txt",
    "PutObject artifacts/layers/numpy/layer/layer.zip",
    "PutObject artifacts/layers/requests/layer/000001/requirements.txt",
    "PutObject artifacts/layers/requests/layer/layer.zip",
];

#[test]
fn a_release_a_second_release_and_an_edited_manifest() {
    let project = Project::of(&["numpy", "requests"]);
    assert_shown!(project.run("publish --stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    numpy     us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    requests  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
       Published [  TIMEs] (1/2) numpy us-east-1 version 1
       Published [  TIMEs] (2/2) requests us-east-1 version 1
         Summary [  TIMEs] 2 jobs: 2 published
    ");
    assert_eq!(project.effects(), FIRST);

    assert_shown!(project.run_writing_nothing("publish", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    numpy     us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    requests  us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
         Summary [  TIMEs] 2 jobs: 2 unchanged
    ");
    project.run_writing_nothing("publish --stage", 0);

    project.build("requests", "requests==2.0.0\n");
    project.forget_requests();
    assert_shown!(project.run("publish --stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    numpy     us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    requests  us-east-1  published  2        arn:aws:lambda:us-east-1:123456789012:layer:requests:2
      requests 1.0.0 -> 2.0.0
    --- stderr ---
       Published [  TIMEs] (2/2) requests us-east-1 version 2 (and 1 unchanged)
         Summary [  TIMEs] 2 jobs: 1 published, 1 unchanged
    ");
    let writes = [
        "PublishLayerVersion requests",
        "PutObject artifacts/layers/requests/layer/000002/requirements.txt",
        "PutObject artifacts/layers/requests/layer/layer.zip",
    ];
    assert_eq!(project.effects(), writes);
}

#[test]
fn a_dry_run_is_a_plan() {
    let project = Project::of(&["numpy", "requests"]);
    let dry = project.run_writing_nothing("publish --stage --dry-run", 0);
    let plan = project.run_writing_nothing("plan --stage", 0);
    assert_eq!((&dry.stdout, &dry.stderr), (&plan.stdout, &plan.stderr));
    assert!(plan.stdout.contains("Plan: 2 first versions"), "{}", plan.stdout);
}

#[test]
fn force_publishes_what_is_unchanged() {
    let project = Project::of(&["numpy"]);
    project.run("publish --stage", 0);
    assert_shown!(project.run("publish --force", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    numpy  us-east-1  published  2        arn:aws:lambda:us-east-1:123456789012:layer:numpy:2
    --- stderr ---
       Published [  TIMEs] (1/1) numpy us-east-1 version 2
         Summary [  TIMEs] 1 job: 1 published
    ");
    assert_shown!(project.run_writing_nothing("plan --force", 0), @"
    exit code 0
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      ~ numpy  us-east-1  after 2  forced

    Plan: 1 forced
    ");
}

#[test]
fn one_failure_stops_no_other_job() {
    let project = Project::of(&["a", "b", "c"]);
    project.run("stage a c", 0);
    project.forget_requests();
    assert_shown!(project.run("publish --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    b      us-east-1  failed     -        -
    c      us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:c:1
    --- stderr ---
       Published [  TIMEs] (1/3) a us-east-1 version 1
          Failed [  TIMEs] (2/3) b us-east-1: archive-missing
       Published [  TIMEs] (3/3) c us-east-1 version 1

    error: b at us-east-1: there is no staged archive s3://artifacts/layers/b/layer/layer.zip

    hint: stage it first: `layership stage`, or `layership publish --stage`

         Summary [  TIMEs] 3 jobs: 2 published, 1 failed
    ");
    assert_eq!(project.effects().iter().filter(|write| write.starts_with("Publish")).count(), 2);
}

#[test]
fn fail_fast_starts_nothing_new_after_a_failure() {
    let project = Project::of(&["a", "b", "c"]);
    project.run("stage a c", 0);
    project.forget_requests();
    assert_shown!(project.run("publish --fail-fast --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    b      us-east-1  failed     -        -
    c      us-east-1  cancelled  -        -
    --- stderr ---
       Published [  TIMEs] (1/3) a us-east-1 version 1
          Failed [  TIMEs] (2/3) b us-east-1: archive-missing

    error: b at us-east-1: there is no staged archive s3://artifacts/layers/b/layer/layer.zip

    hint: stage it first: `layership stage`, or `layership publish --stage`

         Summary [  TIMEs] 3 jobs: 1 published, 1 failed, 1 cancelled
    ");
    let writes = ["PublishLayerVersion a", "PutObject artifacts/layers/a/layer/000001/requirements.txt"];
    assert_eq!(project.effects(), writes);
    assert!(!project.requests().iter().any(|request| request.contains("layers/c/")), "c was not to be started");
}

#[test]
fn all_or_nothing_writes_nothing_where_one_is_bad() {
    let project = Project::of(&["a", "b", "c"]);
    project.run("stage a c", 0);
    assert_shown!(project.run_writing_nothing("publish --all-or-nothing --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  cancelled  -        -
    b      us-east-1  failed     -        -
    c      us-east-1  cancelled  -        -
    --- stderr ---
          Failed [  TIMEs] (1/3) b us-east-1: archive-missing

    error: b at us-east-1: there is no staged archive s3://artifacts/layers/b/layer/layer.zip

    hint: stage it first: `layership stage`, or `layership publish --stage`

         Summary [  TIMEs] 3 jobs: 1 failed, 2 cancelled
    ");
    project.run_writing_nothing("publish --all-or-nothing --fail-fast --concurrency 1", 1);
}

#[test]
fn all_or_nothing_publishes_all_where_none_is_bad() {
    let project = Project::of(&["numpy", "requests"]);
    project.run("stage", 0);
    project.forget_requests();
    assert_shown!(project.run("publish --all-or-nothing --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    numpy     us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    requests  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
       Published [  TIMEs] (1/2) numpy us-east-1 version 1
       Published [  TIMEs] (2/2) requests us-east-1 version 1
         Summary [  TIMEs] 2 jobs: 2 published
    ");
    let published: Vec<&str> = FIRST.into_iter().filter(|write| !write.ends_with("layer.zip")).collect();
    assert_eq!(project.effects(), published);
}

#[test]
fn all_or_nothing_with_stage_uploads_nothing_where_one_is_bad() {
    let project = Project::of(&["a", "b"]);
    std::fs::remove_dir_all(project.folder().join("b/layer")).unwrap();
    project.run_writing_nothing("publish --stage --all-or-nothing", 1);
}

#[test]
fn a_layer_goes_to_all_its_targets() {
    let project = Project::new("");
    project.declare(&["numpy", "requests"], "bucket = \"artifacts-{region}\"");
    let text = String::from_utf8(project.read("layers.toml")).unwrap().replace("bucket = \"artifacts\"\n", "");
    project.write(
        "layers.toml",
        format!("[targets]\ntokyo = {{ region = \"ap-northeast-1\" }}\nus-east-1 = {{}}\n{text}"),
    );
    assert_shown!(project.run("publish --stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    numpy     tokyo      published  1        arn:aws:lambda:ap-northeast-1:123456789012:layer:numpy:1
    numpy     us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    requests  tokyo      published  1        arn:aws:lambda:ap-northeast-1:123456789012:layer:requests:1
    requests  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
       Published [  TIMEs] (1/4) numpy tokyo version 1
       Published [  TIMEs] (2/4) numpy us-east-1 version 1
       Published [  TIMEs] (3/4) requests tokyo version 1
       Published [  TIMEs] (4/4) requests us-east-1 version 1
         Summary [  TIMEs] 4 jobs: 4 published
    ");
    assert_eq!(project.layer_archive("ap-northeast-1", "numpy", 1), project.layer_archive("us-east-1", "numpy", 1));
}

#[test]
fn line_endings_are_no_change() {
    let project = Project::of(&["requests"]);
    project.write("requests/requirements.txt", "a==1\nb==2\n");
    project.run("publish --stage", 0);
    project.write("requests/requirements.txt", "a==1\r\nb==2\r\n");
    project.forget_requests();
    project.run("publish --stage", 0);
    assert_eq!(project.effects(), ["PutObject artifacts/layers/requests/layer/layer.zip"]);
}
