//! What AWS refuses, in words that say which permission, which object, which setting it is about.

use serde_json::{Value, json};

use crate::common::project::{Project, layer};
use crate::common::{requirements, run};

/// The error of the only job of a publish that Lambda answers like this.
#[track_caller]
fn refused(status: u16, code: &str, message: &str) -> Value {
    let project = Project::of(&["numpy"]);
    let fault = json!({ "kind": "error", "status": status, "code": code, "message": message });
    project.inject(&json!({ "operation": "PublishLayerVersion", "fault": fault }).to_string());
    project.run("publish --stage --format json", 1).report()["jobs"][0]["error"].clone()
}

#[test]
fn a_zip_that_lambda_may_not_read_is_a_missing_permission_for_s3() {
    let said = "Your access has been denied by S3, please make sure your request credentials have permission to GetObject \
                for artifacts/layers/numpy/layer/layer.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied";
    let error = refused(403, "AccessDeniedException", said);
    assert_eq!(error["code"], "access-denied");
    assert_eq!(
        error["message"],
        "not authorized to perform `s3:GetObject` on s3://artifacts/layers/numpy/layer/layer.zip, which Lambda reads for this role"
    );
}

#[test]
fn what_is_wrong_with_a_zip_is_named() {
    let error = refused(413, "RequestEntityTooLargeException", "Request must be smaller than 70167211 bytes");
    assert_eq!(error["code"], "archive-too-large");
    let error = refused(400, "InvalidParameterValueException", "Uploaded file must be a non-empty zip");
    assert_eq!(error["code"], "archive-invalid");
}

#[test]
fn a_quota_that_is_used_up_is_told_with_what_makes_room() {
    let error = refused(400, "CodeStorageExceededException", "Code storage limit exceeded.");
    assert_eq!(error["code"], "code-storage-exceeded");
    let hint = error["hint"].as_str().expect("a hint");
    assert!(hint.contains("`layership prune`"), "{hint}");
}

#[test]
fn what_is_refused_for_no_known_reason_is_told_in_the_words_of_the_service() {
    let error = refused(400, "InvalidRequestContentException", "Could not parse the request");
    assert_eq!((&error["code"], &error["causes"][0]), (&json!("internal"), &json!("Could not parse the request")));
}

#[test]
fn s3_that_is_too_busy_is_told_with_what_helps_against_s3() {
    let project = Project::of(&["numpy"]);
    project.inject(r#"{"operation": "PutObject", "fault": "throttle"}"#);
    let report = project.run("stage --request-timeout-seconds 1 --format json", 1).report();
    let error = &report["jobs"][0]["error"];
    assert_eq!((&error["code"], &error["message"]), (&json!("throttled"), &json!("S3 kept throttling `s3:PutObject`")));
    let hint = error["hint"].as_str().expect("a hint");
    assert!(hint.contains("lower `concurrency`") && !hint.contains("lambda"), "{hint}");
}

#[test]
fn a_runtime_that_lambda_does_not_know_is_a_setting_that_it_refuses() {
    let project = Project::of(&["numpy"]);
    project.declare(&["numpy"], "compatible-architectures = [\"x86_64\"]");
    let layers = String::from_utf8(project.read("layers.toml")).expect("UTF-8");
    project.write("layers.toml", layers.replace("python3.12", "python3.99"));
    let error = project.run("publish --stage --format json", 1).report()["jobs"][0]["error"].clone();
    assert_eq!(error["code"], "settings-refused");
    assert_eq!(error["message"], "Lambda refuses the runtimes or architectures of layer `numpy` in us-east-1");
    let causes = error["causes"].to_string();
    assert!(causes.contains("python3.99") && causes.contains("enum value set: […]"), "{causes}");
}

#[test]
fn a_bucket_that_is_not_there_comes_with_the_commands_that_make_it() {
    let project = Project::with_flags("", &["--strict-buckets"]);
    project.declare(&["numpy"], "");
    let layers = String::from_utf8(project.read("layers.toml")).expect("UTF-8");
    project.write("layers.toml", format!("{layers}[targets]\neu-west-1 = {{}}\n"));
    assert_shown!(project.run("publish --stage", 1), @r"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    numpy  eu-west-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) numpy eu-west-1: bucket-missing

    error: numpy at eu-west-1: the bucket of s3://artifacts/layers/numpy/layer/layer.zip does not exist
      Caused by: NotFound (HTTP 404, request REQUEST)

    hint: correct `bucket` in the layers file, or create it with the credentials of the target, private and versioned: `aws s3api create-bucket --bucket artifacts --region eu-west-1 --create-bucket-configuration LocationConstraint=eu-west-1 && aws s3api put-bucket-versioning --bucket artifacts --region eu-west-1 --versioning-configuration Status=Enabled`

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_bucket_of_another_region_is_told_with_both_regions() {
    let project = Project::new("[targets]\nus-east-1 = {}\neu-west-1 = {}\n[defaults]\nbucket = \"artifacts\"\n");
    let layers = String::from_utf8(project.read("layers.toml")).expect("UTF-8");
    project.write(
        "layers.toml",
        layers.replace("[defaults]", "[defaults]\nprefix = \"{region}/{layer}\"") + &layer("numpy"),
    );
    project.write("numpy/requirements.txt", requirements("numpy", "1.0.0"));
    project.write("numpy/layer/python/numpy.py", "N = 1\n");
    run(project.command(), ["publish", "--stage", "--target", "us-east-1"]).expect(0);
    let report = project.run("publish --stage --target eu-west-1 --format json", 1).report();
    let error = &report["jobs"][0]["error"];
    assert_eq!(error["code"], "wrong-region");
    let message = error["message"].as_str().expect("a message");
    assert!(message.ends_with("is in us-east-1, the target in eu-west-1"), "{message}");
}
