//! Back and forth with `aws_lambda_artifact_builder` on the same bucket.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::common::{write, zips};
use crate::python;
use crate::python::script;
use crate::world::{BUCKET, FOLDER, PREFIX, Tool, World, ZIP, arn, keys, latin1};

/// The job kept this version, and says so.
#[track_caller]
fn assert_unchanged(job: &Value, version: usize) {
    assert_eq!(
        (&job["outcome"], &job["decision"], &job["reason"]),
        (&json!("unchanged"), &json!("keep"), &json!("unchanged"))
    );
    assert_eq!((&job["version"], &job["layer_version_arn"]), (&json!(version), &json!(arn(version))));
}

/// The job published this version, for this reason.
#[track_caller]
fn assert_published(job: &Value, version: usize, reason: &str) {
    assert_eq!((&job["outcome"], &job["reason"]), (&json!("published"), &json!(reason)), "{job:#}");
    assert_eq!((&job["version"], &job["layer_version_arn"]), (&json!(version), &json!(arn(version))));
    assert_eq!(job["previous_version"].as_u64().unwrap_or(0), version as u64 - 1);
}

/// The library found nothing to publish.
#[track_caller]
fn assert_library_unchanged(result: &Value) {
    assert_eq!(result["refused"], "ValueError", "{result}");
    assert!(result["message"].as_str().unwrap().contains("Dependencies unchanged"), "{result}");
}

/// The library found a staged archive that does not belong to the manifest.
#[track_caller]
fn assert_library_inconsistent(result: &Value) {
    assert_eq!(result["refused"], "ValueError", "{result}");
    assert!(result["message"].as_str().unwrap().contains("inconsistent"), "{result}");
}

/// Three versions by alternating tools, each of which finds what the other left.
fn each_takes_over_from_the_other(tool: Tool) {
    let Some(world) = World::open(tool) else { return };
    let first = world.manifest();
    world.library("stage");
    let planned = world.layership(&["plan", "--exit-code"]).expect(3).report();
    assert_eq!(planned["jobs"][0]["outcome"], "planned");
    let job = world.job(&["publish"]);
    assert_published(&job, 1, "first-version");
    let backup = format!("s3://{BUCKET}/{PREFIX}/layer/000001/{}", tool.manifest());
    assert_eq!(job["manifest"]["backup"], backup);
    assert_library_unchanged(&world.library("publish"));
    world.assert_versions(&[&first]);

    world.locked("web-updated");
    let second = world.manifest();
    world.library("stage");
    let planned = world.job(&["plan"]);
    let from_to = |name: &str, from: &str, to: &str| json!({ "name": name, "from": from, "to": to });
    let changed = [from_to("requests", "2.32.3", "2.32.5"), from_to("urllib3", "2.2.3", "2.5.0")];
    assert_eq!(planned["dependencies"], json!({ "added": [], "removed": [], "changed": changed }));
    let published = world.library("publish");
    assert_eq!((&published["version"], &published["arn"]), (&json!(2), &json!(arn(2))), "{published}");
    assert_unchanged(&world.job(&["publish"]), 2);
    world.assert_versions(&[&first, &second]);

    // Back to what was version 1: a change against the latest version, though not a new manifest.
    world.locked("web");
    assert_published(&world.job(&["publish", "--stage"]), 3, "dependencies-changed");
    assert_library_unchanged(&world.library("publish"));
    world.assert_versions(&[&first, &second, &first]);
}

#[test]
fn each_takes_over_from_the_other_with_pip() {
    each_takes_over_from_the_other(Tool::Pip);
}

#[test]
fn each_takes_over_from_the_other_with_uv() {
    each_takes_over_from_the_other(Tool::Uv);
}

#[test]
fn each_takes_over_from_the_other_with_poetry() {
    each_takes_over_from_the_other(Tool::Poetry);
}

#[test]
fn it_publishes_what_we_staged_from_a_folder() {
    let Some(world) = World::open(Tool::Pip) else { return };
    assert_eq!(world.job(&["stage"])["outcome"], "staged");
    assert_eq!(world.library("publish")["version"], 1);
    assert_unchanged(&world.job(&["publish"]), 1);
    assert_library_unchanged(&world.library("publish"));
    world.assert_versions(&[&world.manifest()]);
}

#[test]
fn it_publishes_what_we_staged_from_its_zip() {
    let Some(world) = World::open(Tool::Uv) else { return };
    world.library("stage");
    // The same zip again, staged by us: nothing of the library's upload is left to lean on.
    world.aws(&["s3", "rm", &format!("s3://{BUCKET}/{PREFIX}/layer/layer.zip")]).expect(0);
    assert_eq!(world.library("publish")["refused"], "FileNotFoundError");
    assert_eq!(world.refusal(&["publish"]), "archive-missing");
    world.layers_file(ZIP, "");
    assert_eq!(world.job(&["stage"])["outcome"], "staged");
    assert_eq!(world.library("publish")["version"], 1);
    assert_unchanged(&world.job(&["publish"]), 1);
    assert_library_unchanged(&world.library("publish"));
    world.assert_versions(&[&world.manifest()]);
}

#[test]
fn a_manifest_edited_without_staging_is_refused_by_both() {
    let Some(world) = World::open(Tool::Pip) else { return };
    assert_published(&world.job(&["publish", "--stage"]), 1, "first-version");
    let before = world.observed();
    world.locked("web-updated");
    for command in ["plan", "publish"] {
        assert_eq!(world.refusal(&[command]), "archive-inconsistent");
    }
    assert_library_inconsistent(&world.library("publish"));
    assert_eq!(world.observed(), before, "something was written");
}

#[test]
fn the_library_agrees_that_what_we_adopted_is_published() {
    let Some(world) = World::open(Tool::Poetry) else { return };
    world.library("stage");
    world.library("publish");
    // As after a crash between publishing and recording: the library alone would publish a duplicate.
    let backup = format!("s3://{BUCKET}/{PREFIX}/layer/000001/poetry.lock");
    world.aws(&["s3", "rm", &backup]).expect(0);
    let job = world.job(&["publish"]);
    assert_eq!((&job["outcome"], &job["layer_version_arn"]), (&json!("adopted"), &json!(arn(1))), "{job:#}");
    assert_library_unchanged(&world.library("publish"));
    world.assert_versions(&[&world.manifest()]);
}

/// As the comparison in README.md says: boto3 sends again what may have been done.
#[test]
fn after_a_lost_answer_the_library_publishes_twice_and_we_do_not() {
    let Some(world) = World::open(Tool::Pip) else { return };
    let lost = r#"{"operation": "PublishLayerVersion", "times": 1, "fault": "cut-after"}"#;
    world.library("stage");
    world.inject(lost);
    assert_eq!(world.library("publish")["version"], 2);
    world.locked("web-updated");
    world.inject(lost);
    assert_published(&world.job(&["publish", "--stage"]), 3, "dependencies-changed");
    assert_eq!(world.observed()["versions"].as_array().map(Vec::len), Some(3));
}

#[test]
fn settings_that_the_library_published_are_compared() {
    let Some(world) = World::open(Tool::Pip) else { return };
    let keys = "compatible-runtimes = [\"python3.12\", \"python3.13\"]\ncompatible-architectures = [\"x86_64\"]\n\
                license = \"Apache-2.0\"";
    world.layers_file(FOLDER, keys);
    world.library("stage");
    let settings = json!({
        "CompatibleRuntimes": ["python3.13", "python3.12"],
        "CompatibleArchitectures": ["x86_64"],
        "LicenseInfo": "Apache-2.0",
    });
    world.library_with("publish", &settings);
    assert_unchanged(&world.job(&["publish"]), 1);

    // The library does not look at settings; for us they are a change, and then both agree again.
    world.layers_file(FOLDER, &keys.replace("python3.13", "python3.14"));
    assert_library_unchanged(&world.library("publish"));
    assert_published(&world.job(&["publish"]), 2, "settings-changed");
    assert_library_unchanged(&world.library("publish"));
    assert_eq!(world.observed()["versions"][1]["runtimes"], json!(["python3.12", "python3.14"]));
}

/// What a manifest says depends on how its bytes are read; its MD5 and its backup do not.
#[test]
fn a_manifest_is_its_bytes() {
    let Some(world) = World::open(Tool::Pip) else { return };
    let text = String::from_utf8(world.manifest()).unwrap();
    let windows = format!("\u{feff}# für Bücher\r\n{}", text.replace('\n', "\r\n"));
    write(world.project(), "requirements.txt", windows.as_bytes());
    assert_eq!(world.job(&["stage"])["outcome"], "staged");
    let published = world.library("publish");
    assert_eq!(published["version"], 1, "{published}");
    assert_unchanged(&world.job(&["publish"]), 1);

    let windows = windows.replace("für", "über");
    write(world.project(), "requirements.txt", windows.as_bytes());
    world.library("stage");
    assert_published(&world.job(&["publish"]), 2, "dependencies-changed");
    let key = format!("{PREFIX}/layer/000002/requirements.txt");
    assert_eq!(world.observed()["objects"][key]["body"], latin1(windows.as_bytes()));
}

#[test]
fn versions_beyond_nine_have_their_backup_where_the_library_looks() {
    let Some(world) = World::open(Tool::Uv) else { return };
    world.job(&["stage"]);
    assert_published(&world.job(&["publish"]), 1, "first-version");
    for version in 2..=11 {
        assert_published(&world.job(&["publish", "--force"]), version, "forced");
    }
    assert_library_unchanged(&world.library("publish"));
    let manifest = world.manifest();
    world.assert_versions(&[manifest.as_slice(); 11]);
}

#[test]
fn moved_keys_are_where_the_layers_file_says() {
    let Some(world) = World::open(Tool::Pip) else { return };
    let moved = "staged-key = \"lambda/{layer}/temp/layer.zip\"\nbackup-prefix = \"lambda/{layer}/published\"";
    world.layers_file(FOLDER, moved);
    let job = world.job(&["publish", "--stage"]);
    assert_published(&job, 1, "first-version");
    assert_eq!(job["archive"]["staged"], format!("s3://{BUCKET}/lambda/web/temp/layer.zip"));
    assert_unchanged(&world.job(&["publish"]), 1);
    let observed = world.observed();
    assert_eq!(keys(&observed), ["lambda/web/published/000001/requirements.txt", "lambda/web/temp/layer.zip"]);

    // Moved to where the library has them, they are the library's too.
    let moved = format!("staged-key = \"{PREFIX}/layer/layer.zip\"\nbackup-prefix = \"{PREFIX}/layer\"");
    world.layers_file(FOLDER, &format!("prefix = \"elsewhere\"\n{moved}"));
    assert_eq!(world.job(&["stage"])["outcome"], "staged");
    assert_eq!(world.library("publish")["version"], 2);
    assert_unchanged(&world.job(&["publish"]), 2);
}

/// The staged archive belongs to the manifest, and version 1 has its content, as boto3 sees them; returns the version.
#[track_caller]
fn assert_staged_is_published(world: &World) -> Value {
    let observed = world.observed();
    let staged = &observed["objects"][format!("{PREFIX}/layer/layer.zip")];
    assert_eq!(staged["content_type"], "application/zip");
    let manifest = &observed["objects"][format!("{PREFIX}/layer/000001/{}", world.tool.manifest())];
    assert_eq!(staged["metadata"]["manifest_md5"], manifest["md5"], "{staged:#}");
    let version = observed["versions"][0].clone();
    assert_eq!(version["code_sha256"], base64(&staged["sha256"]));
    version
}

/// The same digest in base64, as AWS writes it.
fn base64(hex: &Value) -> String {
    let hex = hex.as_str().expect("a digest");
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    BASE64_STANDARD.encode((0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>())
}

/// Imports modules from a published version, as Lambda would; returns their versions.
fn imported(world: &World, version: &Value, modules: &[&str]) -> Value {
    let mut command = world.python.command(world.folder.path());
    command.arg("-S").arg(script("use_layer.py")).arg(version["location"].as_str().expect("a location"));
    command.arg(world.folder.path().join("opt")).args(modules);
    python::json(command)
}

#[test]
fn what_we_stage_carries_its_digests_and_works_as_a_layer() {
    let Some(world) = World::open(Tool::Poetry) else { return };
    let job = world.job(&["publish", "--stage"]);
    let version = assert_staged_is_published(&world);
    let observed = world.observed();
    let staged = &observed["objects"][format!("{PREFIX}/layer/layer.zip")];
    assert_eq!(staged["checksum_sha256"], base64(&staged["sha256"]));
    assert_eq!(staged["checksum_type"], "FULL_OBJECT");
    assert_eq!(job["archive"]["sha256"], staged["sha256"]);
    assert_eq!(job["manifest"]["md5"], staged["metadata"]["manifest_md5"]);
    let imported = imported(&world, &version, &["requests", "urllib3"]);
    assert_eq!(imported, json!({ "requests": "2.32.3", "urllib3": "2.2.3" }));
}

/// numpy is larger than what boto3 uploads in one part: its multipart upload has neither an MD5 as entity tag nor a
/// SHA-256.
#[test]
fn what_the_library_staged_in_parts_works_as_a_layer() {
    let Some(world) = World::open(Tool::Uv) else { return };
    world.locked("numeric");
    world.library("stage");
    assert_published(&world.job(&["publish"]), 1, "first-version");
    assert_library_unchanged(&world.library("publish"));
    let version = assert_staged_is_published(&world);
    let numpy = imported(&world, &version, &["numpy"])["numpy"].clone();
    assert!(String::from_utf8(world.manifest()).unwrap().contains(&format!("version = {numpy}")), "numpy {numpy}");
}

#[test]
fn what_we_stage_in_parts_is_whole_and_the_library_publishes_it() {
    let Some(world) = World::open(Tool::Uv) else { return };
    write(world.project(), ZIP, zips::large_zip(34 << 20));
    world.layers_file(ZIP, "");
    let job = world.job(&["stage"]);
    assert_eq!(world.library("publish")["version"], 1);
    assert_staged_is_published(&world);
    let observed = world.observed();
    let staged = &observed["objects"][format!("{PREFIX}/layer/layer.zip")];
    assert_eq!(staged["checksum_sha256"], base64(&staged["sha256"]), "{staged:#}");
    assert_eq!(staged["checksum_type"], "FULL_OBJECT");
    assert_eq!(job["archive"]["sha256"], staged["sha256"]);
    assert_unchanged(&world.job(&["publish"]), 1);
}
