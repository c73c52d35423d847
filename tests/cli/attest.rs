//! Documents that say what a version is made of: written once, beside the backup and here, and repaired.

use serde_json::{Value, json};

use crate::common::Ended;
use crate::common::project::Project;
use crate::hostile::delete;
use crate::since::{commit, git};

const SBOM: &str = "layers/alpha/layer/000001/requirements.txt.cdx.json";
const PROVENANCE: &str = "layers/alpha/layer/000001/requirements.txt.intoto.json";
const KEPT: &str = "attest/123456789012/us-east-1/alpha/000001/requirements.txt";

fn attested(names: &[&str]) -> Project {
    let project = Project::of(&[]);
    project.declare(names, "attest = true");
    project
}

fn object(project: &Project, key: &str) -> Vec<u8> {
    crate::common::get(&project.sandbox, &format!("/_sandbox/objects/artifacts/{key}"))
}

fn document(project: &Project, key: &str) -> Value {
    serde_json::from_slice(&object(project, key)).expect("JSON")
}

fn of_report(ended: &Ended) -> Value {
    ended.report()["jobs"][0]["attest"].clone()
}

fn count(project: &Project, operation: &str) -> usize {
    project.requests().iter().filter(|request| request.split(' ').next() == Some(operation)).count()
}

/// SHA-256 of what Lambda has.
fn zip_sha256(project: &Project, version: u64) -> String {
    use sha2::Digest as _;
    let zip = project.layer_archive("us-east-1", "alpha", version);
    sha2::Sha256::digest(zip).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_version_is_attested_when_it_is_published_and_left_alone_from_then_on() {
    let project = attested(&["alpha"]);
    assert_shown!(project.run("publish --stage", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
       Published [  TIMEs] (1/1) alpha us-east-1 version 1, attested
         Summary [  TIMEs] 1 job: 1 published
    ");
    let statement = document(&project, PROVENANCE);
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer:alpha:1";
    let subject = json!([{ "name": arn, "digest": { "sha256": zip_sha256(&project, 1) } }]);
    assert_eq!(statement["subject"], subject);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let bom = document(&project, SBOM);
    assert_eq!(bom["components"][0]["purl"], "pkg:pypi/alpha@1.0.0");
    assert_eq!(bom["metadata"]["component"]["bom-ref"], arn);
    // One look a layer from then on.
    let ended = project.run_writing_nothing("publish --format json", 0);
    let uri = |key: &str| format!("s3://artifacts/{key}");
    let expected = json!({ "sbom": uri(SBOM), "provenance": uri(PROVENANCE), "to_write": false, "written": false });
    assert_eq!(of_report(&ended), expected);
    let looks = project.requests().iter().filter(|request| request.contains(".intoto.json")).count();
    assert_eq!(looks, 1);
    // A listing of backups is none of these documents.
    assert_eq!(project.run("changed --format lines", 0).stdout, "");
}

#[test]
fn a_layer_that_does_not_want_them_has_none() {
    let project = Project::of(&["alpha"]);
    let ended = project.run("publish --stage --attest-dir attest --format json", 0);
    assert_eq!(of_report(&ended), Value::Null);
    assert_eq!(std::fs::read_dir(project.folder().join("attest")).unwrap().count(), 0);
}

#[test]
fn the_commit_is_told_by_the_run_that_published_and_by_no_other() {
    let project = attested(&["alpha"]);
    project.run("stage", 0);
    git(&project, &["init", "-q", "-b", "main"]);
    commit(&project);
    let head = git(&project, &["rev-parse", "HEAD"]);
    let mut command = project.command();
    command.env("LAYERSHIP_RUN_URL", "https://user:hunter2@ci/1").arg("publish");
    crate::common::run(command, [""; 0]).expect(0);
    let statement = document(&project, PROVENANCE);
    let predicate = &statement["predicate"];
    let sources = &predicate["buildDefinition"]["resolvedDependencies"];
    assert_eq!(sources[0]["name"], "requirements.txt");
    assert_eq!(sources[1]["digest"], json!({ "gitCommit": head.trim() }), "{statement:#}");
    assert_eq!(sources[1]["annotations"], json!({ "dirty": false }));
    assert_eq!(predicate["runDetails"]["metadata"]["invocationId"], "https://****@ci/1");
    // Another one repairs what is missing, of what it can know.
    delete(&project, "artifacts", PROVENANCE);
    project.run("publish", 0);
    let repaired = document(&project, PROVENANCE);
    assert_eq!(repaired["subject"], statement["subject"]);
    let only_manifest = repaired["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    assert_eq!(only_manifest, &vec![sources[0].clone()]);
}

#[test]
fn what_is_missing_is_repaired_byte_for_byte_from_the_backup() {
    let project = attested(&["alpha"]);
    project.run("publish --stage", 0);
    let before = [SBOM, PROVENANCE].map(|key| object(&project, key));
    [SBOM, PROVENANCE].iter().for_each(|key| delete(&project, "artifacts", key));
    // The manifest at hand differs in its line endings: the same version, and its own copy is what counts.
    project.write("alpha/requirements.txt", "alpha==1.0.0\r\n");
    project.run("stage", 0);
    let status = project.run("status --exit-code --format json", 3).report();
    let finding = &status["layers"][0]["targets"][0]["status"]["findings"][0];
    assert_eq!(finding["code"], "attestation-missing");
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("version 1 has no statement of provenance s3://artifacts/"), "{message}");
    assert_shown!(project.run_writing_nothing("plan --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      > alpha  us-east-1  at 1  unchanged; to be attested

    Plan: 1 to follow up
    ");
    project.forget_requests();
    let ended = project.run("publish --all-or-nothing --format json", 0);
    assert_eq!(ended.report()["jobs"][0]["outcome"], "unchanged");
    assert_eq!(of_report(&ended)["written"], true);
    assert_eq!([SBOM, PROVENANCE].map(|key| object(&project, key)), before);
    let status = project.run_writing_nothing("status --exit-code --all-versions --format json", 0).report();
    let at = &status["layers"][0]["targets"][0]["status"];
    assert_eq!((&at["latest"]["attested"], &at["versions"][0]["attested"]), (&json!(true), &json!(true)));
}

#[test]
fn they_are_kept_here_too_also_of_an_unchanged_layer() {
    let project = attested(&["alpha"]);
    project.run("publish --stage --attest-dir attest", 0);
    let kept = |end: &str| project.read(&format!("{KEPT}{end}"));
    let of_s3 = [SBOM, PROVENANCE].map(|key| object(&project, key));
    assert_eq!([kept(".cdx.json"), kept(".intoto.json")], of_s3);
    std::fs::remove_dir_all(project.folder().join("attest")).unwrap();
    project.run_writing_nothing("publish --attest-dir attest", 0);
    assert_eq!([kept(".cdx.json"), kept(".intoto.json")], of_s3);
    // A place that cannot be written is found before anything is published.
    project.write("file", "");
    project.build("alpha", "alpha==2.0.0\n");
    let ended = project.run("publish --stage --attest-dir file", 2);
    assert!(ended.stderr.contains("cannot write below `file`"), "{}", ended.stderr);
    assert_eq!(project.state()["layers"]["123456789012/us-east-1/alpha"]["last"], 1);
}

#[test]
fn a_document_that_cannot_be_written_is_the_jobs_error_and_the_next_run_mends_it() {
    let project = Project::of(&[]);
    project.declare(&["alpha"], "attest = true\nshare = [\"210987654321\"]\nparameter = \"/layers/{layer}\"");
    project.inject(r#"{"operation": "PutObject", "match": "intoto", "fault": "access-denied"}"#);
    assert_shown!(project.run("publish --stage --report json=report.json", 1), @r#"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    alpha  us-east-1  failed   1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha us-east-1: attest-failed

    error: alpha at us-east-1: arn:aws:lambda:us-east-1:123456789012:layer:alpha:1 could not be attested
      Caused by: not authorized to perform `s3:PutObject` on s3://artifacts/layers/alpha/layer/000001/requirements.txt.intoto.json
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::artifacts/layers/alpha/layer/000001/requirements.txt.intoto.json" because no identity-based policy allows the s3:PutObject action
      Caused by: AccessDenied (HTTP 403, request REQUEST)

    hint: allow `s3:PutObject` for this role; running the same command again then does what is left; a bucket of another account than 123456789012 is refused too, unless `bucket-owner` names it

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    let job = &project.json("report.json")["jobs"][0];
    assert_eq!((&job["error"]["code"], &job["version"]), (&json!("attest-failed"), &json!(1)));
    assert_eq!((count(&project, "AddLayerVersionPermission"), count(&project, "PutParameter")), (0, 0));
    project.heal();
    let ended = project.run("publish", 0);
    assert!(ended.stderr.contains("attested; shared with 210987654321; written to /layers/alpha"), "{}", ended.stderr);
    assert_eq!(count(&project, "PublishLayerVersion"), 1);
    // An answer that is lost, and another run that is quicker, do no harm.
    for key in [SBOM, PROVENANCE] {
        delete(&project, "artifacts", key);
    }
    project.inject(r#"{"operation": "PutObject", "match": "cdx", "times": 1, "fault": "cut-after"}"#);
    project.run("publish", 0);
    document(&project, PROVENANCE);
}

#[test]
fn what_a_manifest_carries_of_secrets_is_in_neither() {
    let project = Project::of(&[]);
    project.declare(&["alpha"], "attest = true\nallow = [\"secret-in-manifest\"]\nunpinned = \"allow\"");
    let manifest =
        "alpha @ https://user:hunter2@host/alpha-1.0.zip?token=hunter3\nbeta @ git+https://hunter4@host/beta@c0ffee\n";
    project.build("alpha", manifest);
    project.run("publish --stage", 0);
    for key in [SBOM, PROVENANCE] {
        let text = String::from_utf8(object(&project, key)).unwrap();
        assert!(!text.contains("hunter"), "{text}");
    }
    assert_eq!(document(&project, SBOM)["components"].as_array().unwrap().len(), 2);
}

#[test]
fn a_manifest_that_names_nothing_readable_is_told() {
    let project = attested(&["alpha"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", "flake.lock"));
    project.write("alpha/flake.lock", "{}");
    let ended = project.run("publish --stage --format json", 0);
    let warnings = ended.report()["jobs"][0]["warnings"].to_string();
    assert!(warnings.contains("attest-incomplete"), "{warnings}");
    let bom = document(&project, "layers/alpha/layer/000001/flake.lock.cdx.json");
    assert_eq!((&bom["components"], &bom["compositions"][0]["aggregate"]), (&json!([]), &json!("unknown")));
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}allow = [\"attest-incomplete\"]\n"));
    project.write("alpha/flake.lock", "{\"a\": 1}");
    let ended = project.run("publish --stage --force", 0);
    assert!(!ended.stderr.contains("the bill of materials has no packages"), "{}", ended.stderr);
}

#[test]
fn a_saved_plan_says_whether_a_version_is_attested() {
    let project = attested(&["alpha"]);
    project.run("publish --stage", 0);
    project.run_writing_nothing("plan --out plan.json", 0);
    assert_eq!(project.json("plan.json")["jobs"][0]["attest"], false);
    delete(&project, "artifacts", PROVENANCE);
    let ended = project.run("publish --plan plan.json", 1);
    assert!(ended.stderr.contains("it is to be attested now, and was not when it was planned"), "{}", ended.stderr);
    project.run("plan --out plan.json", 0);
    assert_eq!(project.json("plan.json")["jobs"][0]["attest"], true);
    project.run("publish --plan plan.json", 0);
    document(&project, PROVENANCE);
}

/// A proxy or a login page in the place of S3 says "200 OK" as well. The statement says that all documents are there.
#[test]
fn an_answer_that_is_not_of_s3_writes_no_document() {
    for key in [".cdx.json", ".intoto.json"] {
        let project = attested(&["alpha"]);
        project.run("stage", 0);
        let garbage =
            |times: &str| format!(r#"[{{"operation": "PutObject", "match": "{key}", {times} "fault": "garbage"}}]"#);
        project.inject(&garbage(r#""times": 1,"#));
        project.run("publish", 0);
        [SBOM, PROVENANCE].iter().for_each(|key| assert!(document(&project, key).is_object()));
        [SBOM, PROVENANCE].iter().for_each(|key| delete(&project, "artifacts", key));
        project.inject(&garbage(""));
        let ended = project.run("publish --format json", 1);
        assert_eq!(ended.report()["jobs"][0]["error"]["code"], "attest-failed", "{key}");
        project.heal();
        project.run("publish", 0);
        [SBOM, PROVENANCE].iter().for_each(|key| assert!(document(&project, key).is_object()));
    }
}
