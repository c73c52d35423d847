//! The sandbox with what an operator has at hand: the AWS CLI.

use std::fs;

use serde_json::{Value, json};

use crate::common::{many_layers, write};
use crate::world::{Tool, World};

/// Runs the AWS CLI and returns the JSON it prints.
#[track_caller]
fn aws(world: &World, args: &[&str]) -> Value {
    let ended = world.aws(&[args, &["--output", "json"]].concat()).expect(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[test]
fn buckets_and_objects() {
    let Some(world) = World::open(Tool::Pip) else { return };
    world.aws(&["s3", "mb", "s3://attic"]).expect(0);
    // More than the CLI sends in one part, and not of one byte only.
    let large: Vec<u8> = (0..9 * 1024 * 1024_u32).map(|number| (number / 1000) as u8).collect();
    let local = write(world.folder.path(), "large.bin", &large);
    let local = local.to_str().unwrap();
    world.aws(&["s3", "cp", "--no-progress", local, "s3://attic/deep/large.bin"]).expect(0);
    let head = aws(&world, &["s3api", "head-object", "--bucket", "attic", "--key", "deep/large.bin"]);
    assert_eq!(head["ContentLength"], large.len());
    assert!(head["ETag"].as_str().unwrap().ends_with("-2\""), "not in two parts: {head:#}");
    let back = world.folder.path().join("back.bin");
    world.aws(&["s3", "cp", "--no-progress", "s3://attic/deep/large.bin", back.to_str().unwrap()]).expect(0);
    assert!(fs::read(back).unwrap() == large, "other bytes came back");

    let listed = aws(&world, &["s3api", "list-objects-v2", "--bucket", "attic", "--delimiter", "/"]);
    assert_eq!(listed["CommonPrefixes"], json!([{ "Prefix": "deep/" }]));
    let missing = world.aws(&["s3api", "get-object", "--bucket", "attic", "--key", "nothing", "/dev/null"]);
    assert!(missing.stderr.contains("(NoSuchKey)"), "{missing:?}");
    let refused = world.aws(&["s3", "rb", "s3://attic"]);
    assert!(refused.stderr.contains("(BucketNotEmpty)"), "{refused:?}");
    world.aws(&["s3", "rb", "--force", "s3://attic"]).expect(0);
    let buckets = aws(&world, &["s3api", "list-buckets", "--query", "Buckets[].Name"]);
    assert!(!buckets.as_array().unwrap().contains(&json!("attic")), "{buckets}");
}

#[test]
fn layers_in_pages() {
    let Some(world) = World::open(Tool::Pip) else { return };
    // More than Lambda lists in one page.
    many_layers(&world.project(), 55, "[settings]\nlambda-requests-per-second = 1000\n");
    let report = world.layership(&["publish", "--stage"]).expect(0).report();
    assert_eq!(report["summary"]["published"], 55);

    let all = aws(&world, &["lambda", "list-layers", "--query", "Layers[].LayerName"]);
    let expected: Vec<_> = (0..55).map(|number| format!("layer-{number:03}")).collect();
    assert_eq!(all, json!(expected));
    let first = aws(&world, &["lambda", "list-layers", "--page-size", "20", "--max-items", "45"]);
    assert_eq!(first["Layers"].as_array().unwrap().len(), 45);
    let token = first["NextToken"].as_str().expect("there is more");
    let rest = aws(&world, &["lambda", "list-layers", "--page-size", "20", "--starting-token", token]);
    assert_eq!(rest["Layers"][0]["LayerName"], "layer-045");
    assert_eq!(rest["Layers"].as_array().unwrap().len(), 10);
    assert_eq!(rest.get("NextToken"), None);
}

#[test]
fn publishing_by_hand() {
    let Some(world) = World::open(Tool::Pip) else { return };
    let job = world.job(&["stage"]);
    let staged = job["archive"]["staged"].as_str().unwrap().trim_start_matches("s3://");
    let (bucket, key) = staged.split_once('/').unwrap();
    let publish = |key: &str| {
        let content = format!("S3Bucket={bucket},S3Key={key}");
        let runtimes = ["--compatible-runtimes", "python3.12", "python3.13"];
        let args = ["lambda", "publish-layer-version", "--layer-name", "by-hand", "--content", &content];
        world.aws(&[&args[..], &runtimes, &["--output", "json"]].concat())
    };
    let refused = publish("nothing.zip");
    let wording = "An error occurred (InvalidParameterValueException) when calling the PublishLayerVersion operation: \
                   Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: \
                   The specified key does not exist.";
    assert!(refused.code != 0 && refused.stderr.contains(wording), "{refused:?}");

    let published: Value = serde_json::from_str(&publish(key).expect(0).stdout).unwrap();
    assert_eq!(published["LayerVersionArn"], "arn:aws:lambda:us-east-1:123456789012:layer:by-hand:1");
    assert_eq!(published["Content"]["CodeSize"], job["archive"]["size"]);
    let version = ["--layer-name", "by-hand", "--version-number", "1"];
    let found = aws(&world, &[&["lambda", "get-layer-version"][..], &version].concat());
    assert_eq!(found["CompatibleRuntimes"], json!(["python3.12", "python3.13"]));
    assert_eq!(found["Content"]["CodeSha256"], published["Content"]["CodeSha256"]);
    world.aws(&[&["lambda", "delete-layer-version"][..], &version].concat()).expect(0);
    let gone = world.aws(&[&["lambda", "get-layer-version"][..], &version].concat());
    assert!(gone.stderr.contains("(ResourceNotFoundException)"), "{gone:?}");
    // A number is never used again.
    let published: Value = serde_json::from_str(&publish(key).expect(0).stdout).unwrap();
    assert_eq!(published["Version"], 2);
}
