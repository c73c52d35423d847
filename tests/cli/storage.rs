//! Layers that stay in the bucket: where they lie, what is checked before, what is told, and what becomes of them.

use aws_sdk_lambda::types::LayerVersionContentOutput;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, StorageClass, VersioningConfiguration};
use serde_json::{Value, json};

use crate::common::Ended;
use crate::common::project::Project;
use crate::prune::left;
use crate::share::{call, count};

/// A project of layers that stay in the bucket.
pub fn project(names: &[&str], more: &str) -> Project {
    let project = Project::of(&[]);
    project.declare(names, &format!("storage = \"reference\"\n{more}"));
    project
}

/// S3 as the owner of the bucket sees it.
fn s3<T>(project: &Project, work: impl AsyncFnOnce(Client) -> T) -> T {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&project.sandbox.endpoint)
        .force_path_style(true)
        .credentials_provider(Credentials::new("sandbox", &project.sandbox.secret, None, None, "test"))
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(Client::from_conf(config)))
}

fn policy(project: &Project, policy: Option<&Value>) {
    s3(project, async |s3| match policy {
        Some(policy) => {
            drop(s3.put_bucket_policy().bucket("artifacts").policy(policy.to_string()).send().await.unwrap())
        }
        None => drop(s3.delete_bucket_policy().bucket("artifacts").send().await.unwrap()),
    });
}

fn versioning(project: &Project, status: BucketVersioningStatus) {
    s3(project, async |s3| {
        let asked = VersioningConfiguration::builder().status(status).build();
        s3.put_bucket_versioning().bucket("artifacts").versioning_configuration(asked).send().await.unwrap();
    });
}

/// What Lambda says of a version.
pub fn content(project: &Project, name: &str, version: i64) -> LayerVersionContentOutput {
    let told = call(project, "sandbox", async |lambda| {
        lambda.get_layer_version().layer_name(name).version_number(version).send().await
    });
    told.expect("a version").content.expect("its content")
}

/// The keys of what is kept in the bucket, and of how many versions each is.
pub fn kept(project: &Project) -> Vec<(String, u64)> {
    let objects = project.state()["buckets"]["artifacts"]["objects"].as_object().expect("objects").clone();
    let kept = objects.into_iter().filter(|(key, _)| key.contains("/content/"));
    kept.map(|(key, object)| (key, object["versions"].as_u64().expect("a number"))).collect()
}

pub fn job(ended: &Ended) -> Value {
    ended.report()["jobs"][0].clone()
}

pub fn code(ended: &Ended) -> String {
    job(ended)["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_layer_stays_in_the_bucket_under_its_content_and_lambda_reads_it_there() {
    let project = project(&["alpha"], "");
    let planned = project.run_writing_nothing("plan --stage --format json", 0);
    let at = job(&planned)["archive"]["kept"]["at"].as_str().expect("a place").to_owned();
    assert_eq!(job(&planned)["archive"]["kept"]["version_id"], Value::Null);
    let published = job(&project.run("publish --stage --format json", 0));
    let sha256 = published["archive"]["sha256"].as_str().unwrap();
    let key = format!("layers/alpha/layer/content/{sha256}.zip");
    assert_eq!((&published["archive"]["kept"]["at"], &at), (&json!(format!("s3://artifacts/{key}")), &at));
    assert_eq!(at, format!("s3://artifacts/{key}"));
    assert_eq!(kept(&project), [(key.clone(), 1)]);
    let content = content(&project, "alpha", 1);
    let resolved = content.resolved_s3_object().expect("what Lambda reads");
    assert_eq!((resolved.s3_bucket(), resolved.s3_key()), (Some("artifacts"), Some(key.as_str())));
    assert_eq!(json!(resolved.s3_object_version()), published["archive"]["kept"]["version_id"]);
    // The same content once more is the same object, and is not written again.
    project.forget_requests();
    let again = job(&project.run("publish --force --format json", 0));
    assert_eq!((&again["version"], &again["archive"]["kept"]), (&json!(2), &published["archive"]["kept"]));
    assert_eq!(kept(&project), [(key, 1)]);
    let unchanged = job(&project.run("publish --format json", 0));
    assert_eq!((&unchanged["outcome"], &unchanged["archive"]["kept"]), (&json!("unchanged"), &Value::Null));
    // Where the staged archive and the backups lie does not change.
    let objects = project.state()["buckets"]["artifacts"]["objects"].clone();
    for key in ["layer.zip", "000001/requirements.txt", "000002/requirements.txt", "publish.lock"] {
        assert!(objects.get(format!("layers/alpha/layer/{key}")).is_some(), "{key} in {objects:#}");
    }
}

#[test]
fn people_are_told_where_the_layer_stays() {
    let project = project(&["alpha"], "");
    assert_shown!(project.run("plan --stage", 0), @"
    exit code 0
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      + alpha  us-east-1  first version; to stay in the bucket

    Plan: 1 first version
    ");
    assert_shown!(project.run("publish --stage", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
       Published [  TIMEs] (1/1) alpha us-east-1 version 1, stays in the bucket
         Summary [  TIMEs] 1 job: 1 published
    ");
    let status = project.run("status", 0).stdout;
    assert!(status.contains(" in the bucket "), "{status}");
    let verbose = project.run("publish --force -v", 0).stderr;
    assert!(verbose.contains("already, where Lambda reads it"), "{verbose}");
    project.run("publish --force --report csv=out.csv --report markdown=out.md", 0);
    let csv = String::from_utf8(project.read("out.csv")).unwrap();
    assert!(csv.lines().next().unwrap().contains(",kept,") && csv.contains("/layer/content/"), "{csv}");
    let markdown = String::from_utf8(project.read("out.md")).unwrap();
    assert!(markdown.contains("stays in the bucket"), "{markdown}");
}

#[test]
fn a_bucket_that_keeps_no_versions_is_refused_before_anything_is_written() {
    let project = project(&["alpha"], "");
    project.run("stage", 0);
    versioning(&project, BucketVersioningStatus::Suspended);
    let ended = project.run_writing_nothing("publish --format json", 1);
    assert_eq!(code(&ended), "bucket-unversioned");
    assert_eq!(code(&project.run_writing_nothing("plan --format json", 1)), "bucket-unversioned");
    versioning(&project, BucketVersioningStatus::Enabled);
    project.run("publish --stage", 0);
}

#[test]
fn a_policy_that_does_not_let_lambda_read_is_refused_before_anything_is_written() {
    let project = project(&["alpha"], "");
    project.run("stage", 0);
    policy(&project, None);
    let ended = project.run_writing_nothing("publish", 1);
    assert!(
        ended.stderr.contains("bucket has no policy") && ended.stderr.contains("lambda.amazonaws.com"),
        "{ended:?}"
    );
    assert_eq!(code(&project.run_writing_nothing("plan --format json", 1)), "bucket-policy");
    let statement = |more: Value| {
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": "arn:aws:s3:::artifacts/layers/*",
        });
        more.as_object().unwrap().iter().for_each(|(key, value)| statement[key] = value.clone());
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    for wrong in [
        json!({ "Action": "s3:GetObject" }),
        json!({ "Resource": "arn:aws:s3:::artifacts/other/*" }),
        json!({ "Principal": { "Service": "ec2.amazonaws.com" } }),
        json!({ "Effect": "Deny" }),
    ] {
        policy(&project, Some(&statement(wrong.clone())));
        assert_eq!(code(&project.run_writing_nothing("publish --format json", 1)), "bucket-policy", "{wrong}");
    }
    policy(&project, Some(&statement(json!({}))));
    project.run("publish", 0);
}

#[test]
fn what_may_not_be_asked_is_a_warning_and_lambda_itself_refuses() {
    let project = project(&["alpha", "beta"], "");
    project.run("stage", 0);
    project.inject(r#"[{"operation": "GetBucketPolicy", "fault": "access-denied"}, {"operation": "GetBucketVersioning", "fault": "access-denied"}]"#);
    project.forget_requests();
    let plan = project.run("plan --format json", 0).report();
    for job in plan["jobs"].as_array().unwrap() {
        let codes: Vec<_> =
            job["warnings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["storage-unchecked"; 2], "{job:#}");
        assert!(job["warnings"][1]["message"].as_str().unwrap().contains("`s3:GetBucketPolicy` on bucket `artifacts`"));
    }
    assert_eq!(
        (count(&project, "GetBucketPolicy"), count(&project, "GetBucketVersioning")),
        (1, 1),
        "once for a bucket"
    );
    // What nobody could check is found by Lambda, and nothing is published.
    policy(&project, None);
    let ended = project.run("publish alpha --format json", 1);
    assert_eq!(code(&ended), "access-denied");
    assert_eq!(left(&project, "alpha"), [0; 0]);
    project.heal();
    assert_eq!(code(&project.run("publish alpha --format json", 1)), "bucket-policy");
}

#[test]
fn what_lies_in_a_class_that_lambda_does_not_read_from_is_refused() {
    let project = project(&["alpha"], "");
    project.run("publish --stage", 0);
    let [(key, _)] = &kept(&project)[..] else { panic!("one object") };
    let class = |key: &str, class: StorageClass| {
        s3(&project, async |s3| {
            let source = format!("artifacts/{key}");
            let copied = s3.copy_object().bucket("artifacts").key(key).copy_source(source).storage_class(class);
            copied.send().await.map_err(|error| error.code().map(str::to_owned)).expect("copied");
        });
    };
    for refused in [StorageClass::GlacierIr, StorageClass::DeepArchive] {
        class(key, refused.clone());
        let ended = project.run_writing_nothing("publish --force --format json", 1);
        assert_eq!(code(&ended), "storage-class", "{refused}");
        assert!(job(&ended)["error"]["message"].as_str().unwrap().contains(refused.as_str()));
        s3(&project, async |s3| s3.delete_object().bucket("artifacts").key(key).send().await.unwrap());
        project.run("publish --force", 0);
    }
    class(key, StorageClass::IntelligentTiering);
    project.run("publish --force", 0);
    class("layers/alpha/layer/layer.zip", StorageClass::Glacier);
    assert_eq!(code(&project.run_writing_nothing("publish --force --format json", 1)), "storage-class");
}

#[test]
fn other_bytes_in_its_place_are_left_alone_and_nothing_is_published() {
    let project = project(&["alpha"], "");
    let planned = job(&project.run("plan --stage --format json", 0));
    let at = planned["archive"]["kept"]["at"].as_str().unwrap().to_owned();
    let key = at.strip_prefix("s3://artifacts/").unwrap();
    project.run("stage", 0);
    s3(&project, async |s3| {
        let body = ByteStream::from_static(b"other");
        s3.put_object().bucket("artifacts").key(key).body(body).send().await.unwrap()
    });
    let ended = project.run("publish --format json", 1);
    assert_eq!(code(&ended), "content-mismatch");
    assert_eq!((left(&project, "alpha"), kept(&project)), (vec![], vec![(key.to_owned(), 1)]));
    assert_eq!(crate::prune::lock(&project)["phase"], "free", "the lock is given back");
    s3(&project, async |s3| s3.delete_object().bucket("artifacts").key(key).send().await.unwrap());
    project.run("publish", 0);
}

#[test]
fn changing_storage_publishes_nothing_and_status_says_what_differs() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    project.declare(&["alpha"], "storage = \"reference\"");
    let ended = project.run_writing_nothing("publish --format json", 0);
    assert_eq!(job(&ended)["outcome"], "unchanged");
    let of = |args: &str, exit: i32| {
        project.run(&format!("status --format json {args}"), exit).report()["layers"][0]["targets"][0]["status"].clone()
    };
    let status = of("--exit-code", 3);
    assert_eq!(
        (&status["latest"]["storage"], &status["findings"][0]["code"]),
        (&json!("copy"), &json!("storage-differs"))
    );
    project.run("publish --force", 0);
    let status = of("--exit-code", 0);
    assert_eq!(status["latest"]["storage"], "reference");
    assert_eq!(status["latest"]["kept"]["at"].as_str().unwrap(), format!("s3://artifacts/{}", kept(&project)[0].0));
    // What Lambda reads is deleted behind its back; a mark in its place is no object.
    let key = kept(&project)[0].0.clone();
    let version = status["latest"]["kept"]["version_id"].as_str().unwrap().to_owned();
    s3(&project, async |s3| {
        s3.delete_object().bucket("artifacts").key(&key).version_id(&version).send().await.unwrap();
    });
    assert_eq!(of("--exit-code", 3)["findings"][0]["code"], "archive-gone");
    project.run("publish --force", 0);
    of("--exit-code", 0);
}

#[test]
fn a_prefix_has_room_for_what_is_kept_below_it() {
    let long = "p/".repeat(480);
    let check = |storage: &str, code: i32| {
        let project = Project::of(&[]);
        project.declare(&["alpha"], &format!("storage = \"{storage}\"\nbackup-prefix = \"{long}p\""));
        project.run("check", code).stderr
    };
    check("copy", 0);
    assert!(check("reference", 2).contains("the S3 key is longer than the 1024 bytes S3 accepts"));
    let odd = check("move", 2);
    assert!(odd.contains("`copy`, `reference`"), "{odd}");
}
