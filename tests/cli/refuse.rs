//! Refusals of the services in the middle of a run, as a person reads them.

use crate::common::project::Project;

#[test]
fn equal_refusals_are_told_once() {
    let project = Project::of(&["numpy", "scipy-py311", "scipy-py312", "scipy-py313"]);
    project.run("stage", 0);
    project.inject(r#"[{"operation": "PublishLayerVersion", "match": "scipy", "fault": "access-denied"}]"#);
    assert_shown!(project.run("publish --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
    LAYER        TARGET     OUTCOME    VERSION  ARN
    numpy        us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    scipy-py311  us-east-1  failed     -        -
    scipy-py312  us-east-1  failed     -        -
    scipy-py313  us-east-1  failed     -        -
    --- stderr ---
       Published [  TIMEs] (1/4) numpy us-east-1 version 1
          Failed [  TIMEs] (2/4) scipy-py311 us-east-1: access-denied

    error: 3 layers at us-east-1: not authorized to perform `lambda:PublishLayerVersion` on layer `…` in us-east-1
        scipy-py311
        scipy-py312
        scipy-py313
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: lambda:PublishLayerVersion on resource: arn:aws:lambda:us-east-1:123456789012:layer:… because no identity-based policy allows the lambda:PublishLayerVersion action
      Caused by: AccessDeniedException (HTTP 403, request REQUEST and 2 more)

    hint: allow `lambda:PublishLayerVersion` for this role; running the same command again then does what is left

         Summary [  TIMEs] 4 jobs: 1 published, 3 failed
    ");
}

/// The third write of the lock frees it.
#[test]
fn a_lock_that_cannot_be_freed_is_a_warning() {
    let project = Project::of(&["numpy"]);
    project.run("stage", 0);
    project.inject(r#"{"operation": "PutObject", "match": "publish.lock", "skip": 2, "fault": "access-denied"}"#);
    let report = project.run("publish --format json", 0).report();
    let (job, warning) = (&report["jobs"][0], &report["jobs"][0]["warnings"][0]);
    assert_eq!((&job["outcome"], &warning["code"]), (&"published".into(), &"lock-not-released".into()));
    let message = warning["message"].as_str().expect("a message");
    assert!(message.contains("could not be released, others wait for it: not authorized to perform"), "{message}");
}

#[test]
fn a_backup_that_cannot_be_written_is_told_with_the_arn_and_adopted_next_time() {
    let project = Project::of(&["numpy"]);
    project.run("stage", 0);
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    let ended = project.run("publish --report json=report.json", 1);
    assert_shown!(ended, @r#"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    numpy  us-east-1  failed   1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    --- stderr ---
          Failed [  TIMEs] (1/1) numpy us-east-1: backup-failed

    error: numpy at us-east-1: version 1 of layer `numpy` is published, but its backup could not be written
      Caused by: not authorized to perform `s3:PutObject` on s3://artifacts/layers/numpy/layer/000001/requirements.txt
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::artifacts/layers/numpy/layer/000001/requirements.txt" because no identity-based policy allows the s3:PutObject action
      Caused by: AccessDenied (HTTP 403, request REQUEST)

    hint: run the same command again: it adopts arn:aws:lambda:us-east-1:123456789012:layer:numpy:1 and writes the backup

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    let job = &project.json("report.json")["jobs"][0];
    assert_eq!(job["error"]["code"], "backup-failed");
    assert_eq!(job["layer_version_arn"], "arn:aws:lambda:us-east-1:123456789012:layer:numpy:1");
    project.heal();
    project.forget_requests();
    let report = project.run("publish --format json", 0).report();
    assert_eq!((&report["jobs"][0]["outcome"], &report["jobs"][0]["version"]), (&"adopted".into(), &1.into()));
    assert_eq!(project.effects(), ["PutObject artifacts/layers/numpy/layer/000001/requirements.txt"]);
}

/// It would be recorded under what it was not built from, and be unchanged from then on.
#[test]
fn a_version_without_a_backup_is_not_adopted_for_another_manifest_than_it_was_published_for() {
    let project = Project::of(&["numpy"]);
    project.run("stage", 0);
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    project.run("publish", 1);
    project.heal();
    let published_for = project.read("numpy/requirements.txt");
    project.write("numpy/requirements.txt", "numpy==9.9.9\n");
    // And nobody built it again.
    project.run("stage", 0);
    for command in ["plan", "publish"] {
        let report = project.run_changing_nothing(&format!("{command} --format json"), 1).report();
        let error = &report["jobs"][0]["error"];
        assert_eq!(error["code"], "archive-stale", "{command}");
        let message = error["message"].as_str().expect("a message");
        let told =
            "it has the very content of version 1, which was published for another state of `numpy/requirements.txt`";
        assert!(message.contains(told), "{message}");
    }
    let plan = project.run_changing_nothing("plan --format json", 1).report();
    assert_eq!(plan["jobs"][0]["decision"], "adopt");
    project.write("numpy/requirements.txt", published_for);
    project.run("stage", 0);
    assert_eq!(project.run("publish --format json", 0).report()["jobs"][0]["outcome"], "adopted");
    // From then on the backup tells what it was built from.
    assert_eq!(project.run("publish --format json", 0).report()["jobs"][0]["outcome"], "unchanged");
}

#[test]
fn what_a_layer_allows_is_adopted_all_the_same() {
    let project = Project::of(&[]);
    project.declare(&["numpy"], "allow = [\"archive-stale\"]\n");
    project.build("numpy", "numpy==2.1.0\n");
    project.run("stage", 0);
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    project.run("publish", 1);
    project.heal();
    project.write("numpy/requirements.txt", "numpy==9.9.9\n");
    project.run("stage", 0);
    assert_eq!(project.run("publish --format json", 0).report()["jobs"][0]["outcome"], "adopted");
}
