//! Archives that were not built from the manifest at hand, although everything says so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::json;

use super::{code, refused};
use crate::common::project::Project;
use crate::common::run;
use crate::common::zips::zip;

/// A published layer whose manifest was edited since, but whose archive was not built again.
pub fn edited(from: &str, to: &str) -> Project {
    let project = Project::of(&["requests"]);
    project.write("requests/requirements.txt", from);
    project.run("publish --stage", 0);
    project.write("requests/requirements.txt", to);
    project.forget_requests();
    project
}

pub fn allow(project: &Project, codes: &str) {
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}allow = [{codes}]\n"));
}

/// A project whose archive is a zip with the metadata of these packages.
pub fn holding(packages: &[&str], requirements: &str) -> Project {
    let project = Project::of(&["requests"]);
    project.write("requests/requirements.txt", requirements);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let metadata = packages.iter().map(|package| format!("python/{package}.dist-info/METADATA")).collect::<Vec<_>>();
    let files: Vec<(&str, &str)> = metadata.iter().map(|path| (path.as_str(), "Name: x\n")).collect();
    project.write("requests/layer", zip(&files));
    project
}

pub fn publishes(project: &Project) -> bool {
    project.requests().iter().any(|request| request.starts_with("PublishLayerVersion "))
}

fn looks(project: &Project) -> usize {
    project.requests().iter().filter(|request| request.starts_with("GetLayerVersion ")).count()
}

/// The old zip used to be published under the new manifest, and then to be "unchanged" for ever.
#[test]
fn an_archive_that_was_not_built_again() {
    let project = edited("requests==2.32.3\n", "requests==2.32.4\n");
    assert_shown!(project.run("publish --stage --report json=report.json", 1), @r#"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-stale

    error: requests at us-east-1: s3://artifacts/layers/requests/layer/layer.zip: it has the very content of version 1, but `requests` changed: it was not built again

    hint: build it again from the changed manifest, then stage it; where nothing in it had to change, `allow = ["archive-stale"]`

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    assert_eq!(code(&project), "archive-stale");
    // The same without `--stage`, and in a plan.
    refused(&project, "", "archive-stale");
    for plan in ["plan", "plan --stage"] {
        project.run(&format!("{plan} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-stale", "{plan}");
    }
    assert!(!publishes(&project));
    // The digest of the published zip came with the backup: Lambda was not asked for it.
    assert_eq!(looks(&project), 0);
    project.build("requests", "requests==2.32.4\n");
    project.run("publish --stage", 0);
    assert!(publishes(&project));
    project.run_writing_nothing("publish --stage", 0);
}

#[test]
fn an_archive_that_was_not_built_again_on_purpose() {
    let project = edited("requests==2.32.3\n", "requests==2.32.4\n");
    allow(&project, "\"archive-stale\"");
    project.run("publish --stage", 0);
    assert!(publishes(&project));
}

/// Other bytes under the same manifest: nothing publishes them, and that is said.
#[test]
fn an_archive_that_was_built_again_without_a_change_of_the_manifest() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    project.advance(2);
    project.run("publish", 0);
    project.forget_requests();
    let told = "warning: s3://artifacts/layers/requests/layer/layer.zip: it is not what version 1 holds";
    for command in ["plan", "plan --stage", "publish --stage"] {
        assert!(!project.run(command, 0).stderr.contains("warning"), "{command}");
    }
    // What was staged before the version was made is what it holds: S3 is not asked.
    assert!(!project.requests().iter().any(|request| request.starts_with("HeadObject ") && request.contains("000001")));
    project.forget_requests();
    project.advance(2);
    project.write("requests/layer/python/more.py", "MORE = True\n");
    for command in ["plan --stage", "publish --stage", "plan"] {
        let stderr = project.run(command, 0).stderr;
        assert!(stderr.contains(told), "{command}: {stderr}");
    }
    let report = project.run("plan --format json", 0).report();
    assert_eq!(report["jobs"][0]["warnings"][0]["code"], "archive-unpublished");
    refused(&project, "--strict", "archive-inconsistent");
    let layers = project.read("layers.toml");
    allow(&project, "\"archive-unpublished\"");
    assert!(!project.run("publish --strict", 0).stderr.contains("warning"));
    project.write("layers.toml", layers);
    assert!(!publishes(&project));
    project.run("publish --force", 0);
    assert!(publishes(&project));
    assert!(!project.run("plan", 0).stderr.contains("warning"));
}

/// The backups of other tools say nothing of the archive: then Lambda is asked for the version's.
#[test]
fn an_archive_that_was_built_again_under_a_backup_of_another_tool() {
    let project = Project::of(&["requests"]);
    project.run("publish --stage", 0);
    project.advance(2);
    let fault = json!({"kind": "replace-object", "body": STANDARD.encode(project.read("requests/requirements.txt")), "metadata": {}});
    project.inject(&json!([{"operation": "HeadObject", "match": "000001", "times": 1, "fault": fault}]).to_string());
    project.write("requests/layer/python/more.py", "MORE = True\n");
    project.run("publish --stage", 0);
    project.heal();
    project.forget_requests();
    let stderr = project.run("plan", 0).stderr;
    assert!(stderr.contains("it is not what version 1 holds"), "{stderr}");
    assert_eq!(looks(&project), 1);
    // Nor does S3 know the digest of what other tools stage.
    staged_by_the_library(&project, &zip(&[("python/requests.py", "NAME = 2\n")]));
    let stderr = project.run("plan -v", 0).stderr;
    assert!(stderr.contains("it was not compared with what version 1 holds"), "{stderr}");
    assert_eq!(looks(&project), 0);
}

#[test]
fn changes_that_need_not_be_in_the_archive() {
    let table = [
        ("six==1.0\nboto3==1.35.0\n", "six==1.0\nboto3==1.36.0\n", true),
        ("six==1.0 ; sys_platform == 'win32'\n", "six==1.1 ; sys_platform == 'win32'\n", true),
        ("six==1.0 --hash=sha256:aa\n", "six==1.0 --hash=sha256:bb\n", true),
        ("six==1.0\n", "six==1.0  # why\n", false),
        ("six==1.0\nidna==3.7\n", "idna==3.7\nsix==1.0\n", false),
    ];
    for (from, to, warns) in table {
        let project = edited(from, to);
        let ended = project.run("publish --stage", 0);
        assert!(publishes(&project), "{to}");
        let warning = "it has the very content of version 1";
        assert_eq!(ended.stderr.contains(warning), warns, "{to}: {}", ended.stderr);
    }
}

/// The Python library notes no digest on the archive that it stages, which is read for it, and none on its backups: then
/// Lambda is asked for the version's.
#[test]
fn an_archive_that_the_python_library_staged_and_backed_up() {
    for with_digest in [true, false] {
        let project = edited("requests==2.32.3\n", "requests==2.32.4\n");
        staged_by_the_library(&project, &project.layer_archive("us-east-1", "requests", 1));
        if !with_digest {
            let backup = STANDARD.encode("requests==2.32.3\n");
            let fault = json!({"kind": "replace-object", "body": backup, "metadata": {}});
            project.inject(
                &json!([{"operation": "GetObject", "match": "000001", "times": 1, "fault": fault}]).to_string(),
            );
        }
        refused(&project, "", "archive-stale");
        assert_eq!(looks(&project), usize::from(!with_digest));
        staged_by_the_library(&project, &zip(&[("python/requests.py", "NAME = \"built again\"\n")]));
        project.run("publish", 0);
        assert!(publishes(&project));
    }
}

/// Replaces the staged archive as the library does: with the MD5 of the manifest, and nothing else.
pub fn staged_by_the_library(project: &Project, bytes: &[u8]) {
    let md5: [u8; 16] = Md5::digest(project.read("requests/requirements.txt")).into();
    let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
    let fault = json!({"kind": "replace-object", "body": STANDARD.encode(bytes), "metadata": {"manifest_md5": md5}});
    project.inject(&json!([{"operation": "HeadObject", "match": "layer.zip", "times": 1, "fault": fault}]).to_string());
    run(project.command(), ["plan"]);
    project.heal();
    project.forget_requests();
}

#[test]
fn another_version_than_the_manifest_pins() {
    let project =
        holding(&["requests-2.32.3", "idna-3.6", "boto3-1.35.0"], "requests==2.32.4\nidna==3.7\nboto3==1.35.0\n");
    assert_shown!(project.run("check --report json=report.json", 1), @r#"
    exit code 1
    --- stdout ---
      ! requests us-east-1: archive-differs
    Check of layers.toml: 1 of 1 job failed
    --- stderr ---

    error: requests at us-east-1: requests/layer: it does not hold what `requirements.txt` pins: `idna` 3.6, pinned is 3.7; `requests` 2.32.3, pinned is 2.32.4

    hint: build it again from the manifest, then stage it; where another version is meant, `allow = ["archive-differs"]`

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    assert_eq!(code(&project), "archive-differs");
    for command in ["stage", "plan --stage", "publish --stage"] {
        project.run(&format!("{command} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-differs", "{command}");
    }
    assert_eq!(project.writes(), [""; 0]);
    allow(&project, "\"archive-differs\"");
    project.run("publish --stage", 0);
    assert!(publishes(&project));
}

/// Markers are those of the layer's own runtimes and architectures.
#[test]
fn what_a_marker_rules_out_for_the_architecture_need_not_be_there() {
    let requirements = "x==1 ; platform_machine == 'x86_64'\nx==2 ; platform_machine == 'aarch64'\n\
                        y==1 ; platform_machine == 'x86_64'\nz==1\n";
    let project = holding(&["x-2", "z-1"], requirements);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let declare = |architecture: &str| {
        project.write("layers.toml", format!("{layers}compatible-architectures = [\"{architecture}\"]\n"));
    };
    declare("arm64");
    let ended = project.run("check --strict", 0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    declare("x86_64");
    let ended = project.run("check", 1);
    assert!(
        ended.stderr.contains("warning: requests/layer: `y` of `requirements.txt` is not in it"),
        "{}",
        ended.stderr
    );
    let differs = "it does not hold what `requirements.txt` pins: `x` 2, pinned is 1";
    assert!(ended.stderr.contains(differs), "{}", ended.stderr);
}

#[test]
fn gems_that_are_not_those_of_the_lock_file() {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", "Gemfile.lock").replace("python3.12", "ruby3.3"));
    project.write("requests/Gemfile.lock", "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.8)\n");
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let built = |version: &str| {
        let specification = format!("ruby/gems/3.3.0/specifications/rack-{version}.gemspec");
        project.write("requests/layer", zip(&[(specification.as_str(), "")]));
    };
    built("3.0.8");
    assert!(!project.run("publish --stage --strict", 0).stderr.contains("warning"));
    built("3.0.7");
    for command in ["check", "stage", "plan --stage"] {
        let ended = project.run(&format!("{command} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-differs", "{command}");
        let told = "it does not hold what `Gemfile.lock` pins: `rack` 3.0.7, pinned is 3.0.8";
        assert!(ended.stderr.contains(told), "{command}: {}", ended.stderr);
    }
}

#[test]
fn packages_that_are_missing_or_not_locked() {
    let project = holding(&["requests-2.32.4", "idna-3.7"], "requests==2.32.4\nsix==1.16.0\nboto3==1.35.0\n");
    assert_shown!(project.run("check", 0), @"
    exit code 0
    --- stdout ---
    Check of layers.toml: 1 job OK
    --- stderr ---

    warning: requests/layer: `six` of `requirements.txt` is not in it
    warning: requests/layer: it holds `idna`, which `requirements.txt` does not name

         Summary [  TIMEs] 1 job: 1 OK
    ");
    assert_shown!(project.run("check --strict", 1), @r#"
    exit code 1
    --- stdout ---
      ! requests us-east-1: archive-differs
    Check of layers.toml: 1 of 1 job failed
    --- stderr ---

    error: requests at us-east-1: requests/layer: `six` of `requirements.txt` is not in it

    hint: build it again from the manifest; what is left out on purpose, `allow = ["package-missing"]` accepts

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    // What `stage` warned of, a publish of the staged archive warns of, too.
    project.run("stage", 0);
    let ended = project.run("publish", 0);
    assert!(ended.stderr.contains("`six` of `requirements.txt` is not in it"), "{}", ended.stderr);
    assert!(ended.stderr.contains("it holds `idna`, which `requirements.txt` does not name"), "{}", ended.stderr);
    allow(&project, "\"package-missing\", \"package-not-locked\"");
    let ended = project.run("check --strict", 0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
}

#[test]
fn an_archive_without_metadata_is_not_compared() {
    let project = Project::of(&["requests"]);
    let told = "no package in it tells its version, so it was not compared with `requirements.txt`";
    assert!(!project.run("check", 0).stderr.contains(told));
    let ended = project.run("check -v", 0);
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

/// What one run accepted is no promise to another: the layer's `allow` may be gone, its runtimes others.
#[test]
fn a_zip_that_was_accepted_is_looked_at_again() {
    let project = holding(&["requests-2.32.3"], "requests==2.32.4\n");
    let layers = project.read("layers.toml");
    allow(&project, "\"archive-differs\"");
    project.run("stage", 0);
    project.write("layers.toml", layers);
    refused(&project, "", "archive-differs");
    // A zip that passed is not read again, until it is for another runtime.
    let project =
        holding(&["numpy-2.0.0"], "numpy==1.26.4 ; python_version < '3.12'\nnumpy==2.0.0 ; python_version >= '3.12'\n");
    project.run("stage", 0);
    project.forget_requests();
    project.run("plan", 0);
    let reads = |project: &Project| project.requests().iter().any(|request| request.starts_with("GetObject "));
    assert!(!reads(&project), "{:?}", project.requests());
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("python3.12", "python3.11"));
    refused(&project, "", "archive-differs");
    assert!(reads(&project));
}

#[test]
fn a_manifest_with_a_password_is_not_kept_in_s3() {
    let project = Project::of(&["requests"]);
    let manifest = "--index-url https://user:SECRET@host/simple?token=SECRET\nrequests==2.32.4\n";
    project.write("requests/requirements.txt", manifest);
    for command in ["check", "stage", "plan"] {
        let ended = project.run(command, 0);
        assert!(ended.stderr.contains("warning: requests/requirements.txt:1: "), "{command}: {}", ended.stderr);
        assert!(!ended.stderr.contains("SECRET"), "{}", ended.stderr);
    }
    assert_shown!(refused(&project, "", "secret-in-manifest"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: secret-in-manifest

    error: requests at us-east-1: requests/requirements.txt:1: `https://****@host/simple?****` carries a credential: the backup would keep it in S3

    hint: let the tool read it from elsewhere, for example from PIP_INDEX_URL, a netrc file or a keyring

         Summary [  TIMEs] 1 job: 1 failed
    ");
    allow(&project, "\"secret-in-manifest\"");
    project.run("publish", 0);
}

#[test]
fn a_manifest_that_cannot_be_read_is_compared_by_its_bytes() {
    let project = Project::of(&["requests"]);
    project.write("requests/requirements.txt", "six==1.16.0\nthis is not a requirement\n");
    assert_shown!(project.run("check", 0), @"
    exit code 0
    --- stdout ---
    Check of layers.toml: 1 job OK
    --- stderr ---

    warning: requests/requirements.txt:2: `this is not a requirement` is not pinned: it is not a requirement that pip would read; changes to it are not noticed
    warning: requests/requirements.txt:2: it is not a requirement that pip would read; what it names is not known, so its bytes are compared

         Summary [  TIMEs] 1 job: 1 OK
    ");
    allow(&project, "\"manifest-unreadable\"");
    assert!(!project.run("check", 0).stderr.contains("not known"));
}

#[test]
fn no_layer_can_accept_what_cannot_be_read() {
    let project = Project::of(&["requests"]);
    allow(&project, "\"archive-invalid\"");
    let ended = project.run("check", 2);
    assert!(ended.stderr.contains("archive-invalid"), "{}", ended.stderr);
}
