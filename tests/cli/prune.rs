//! Old versions: what is deleted, what is spared and why, and that nobody deletes anything by accident.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, PackageType, Runtime};
use serde_json::{Value, json};

use crate::common::project::Project;
use crate::common::zips::zip;
use crate::common::{Ended, get};
use crate::consent::at_a_terminal;
use crate::hostile::put;
use crate::share::{call, count, grant_by_hand};

const FRIEND: &str = "210987654321";

/// `alpha` with so many versions, each with its backup.
fn versions(project: &Project, count: usize) {
    project.run("publish --stage alpha", 0);
    (1..count).for_each(|_| drop(project.run("publish --force alpha", 0)));
}

/// `alpha` with five versions, of which two are to be kept.
pub fn project(more: &str) -> Project {
    let project = Project::of(&[]);
    project.declare(&["alpha"], &format!("keep = 2\n{more}"));
    versions(&project, 5);
    project.forget_requests();
    project
}

/// The versions of a layer that Lambda has.
pub fn left(project: &Project, name: &str) -> Vec<u64> {
    let answer = call(project, "sandbox", async |lambda| lambda.list_layer_versions().layer_name(name).send().await);
    let mut left: Vec<u64> =
        answer.expect("a list").layer_versions().iter().map(|found| found.version().cast_unsigned()).collect();
    left.sort_unstable();
    left
}

/// A function that uses a version of `alpha`.
pub fn function(project: &Project, name: &str, version: u64) {
    let layer = format!("arn:aws:lambda:us-east-1:123456789012:layer:alpha:{version}");
    let made = call(project, "sandbox", async |lambda| {
        let code = FunctionCode::builder().zip_file(Blob::new(zip(&[("it.py", "")]))).build();
        let request = lambda.create_function().function_name(name).role("arn:aws:iam::123456789012:role/function");
        let request = request.package_type(PackageType::Zip).runtime(Runtime::Python312).handler("it.handler");
        request.code(code).layers(layer).send().await
    });
    made.expect("a function");
}

pub fn lock(project: &Project) -> Value {
    let lock = get(&project.sandbox, "/_sandbox/objects/artifacts/layers/alpha/layer/publish.lock");
    serde_json::from_slice(&lock).expect("JSON")
}

pub fn pruned(ended: &Ended) -> Value {
    ended.report()["jobs"][0]["prune"].clone()
}

/// Why each version is kept, in the report.
pub fn kept(ended: &Ended) -> Vec<String> {
    let kept = pruned(ended)["kept"].as_array().expect("versions").clone();
    kept.iter().map(|one| format!("{} {}", one["version"], one["because"].as_str().expect("a reason"))).collect()
}

#[test]
fn what_would_be_deleted_is_shown_and_nothing_is_done() {
    let project = project("");
    assert_shown!(project.run_writing_nothing("prune --dry-run", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSIONS           KEPT
    alpha  us-east-1  planned  1-3 to be deleted  5 latest; 4 newest

    3 versions to delete
    --- stderr ---
         Summary [  TIMEs] 1 job: 1 planned
    ");
    project.run_writing_nothing("prune --dry-run --exit-code", 3);
    let ended = project.run_writing_nothing("prune --dry-run --format json", 0);
    assert_eq!(pruned(&ended)["to_delete"], json!([1, 2, 3]));
    assert_eq!(kept(&ended), ["5 latest", "4 newest"]);
    assert_eq!((&ended.report()["mode"], &ended.report()["summary"]["planned"]), (&json!("prune"), &json!(1)));
    let markdown = project.run_writing_nothing("prune --dry-run --format markdown", 0).stdout;
    assert!(markdown.contains("- `alpha` at `us-east-1`: 1-3 to be deleted"), "{markdown}");
}

#[test]
fn what_is_old_is_deleted_under_the_lock_and_all_else_says_what_it_said_before() {
    let project = project("");
    let said = |args: &str| {
        let mut report = project.run(args, 0).report();
        ["run", "started_at", "finished_at", "seconds", "ran"].iter().for_each(|key| report[key] = Value::Null);
        let jobs = report["jobs"].as_array_mut().into_iter().flatten();
        jobs.for_each(|job| job["seconds"] = Value::Null);
        if args.starts_with("status") {
            let at = &mut report["layers"][0]["targets"][0];
            at["seconds"] = Value::Null;
            (at["status"]["lock"], at["status"]["latest"]["age_seconds"]) = (Value::Null, Value::Null);
        }
        report
    };
    let before = ["plan --format json", "publish --format json", "status --format json"].map(&said);
    project.forget_requests();
    assert_shown!(project.run("prune --yes", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSIONS     KEPT
    alpha  us-east-1  pruned   1-3 deleted  5 latest; 4 newest

    3 versions deleted
    --- stderr ---
          Pruned [  TIMEs] (1/1) alpha us-east-1: 3 versions deleted
         Summary [  TIMEs] 1 job: 1 pruned
    ");
    assert_eq!(left(&project, "alpha"), [4, 5]);
    // Taken and freed; the backups stay.
    let lock_and = |rest: &[&str]| {
        let lock = "PutObject artifacts/layers/alpha/layer/publish.lock";
        [rest, &[lock, lock]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(project.writes(), lock_and(&["DeleteLayerVersion alpha"; 3]));
    assert_eq!((&lock(&project)["phase"], &lock(&project)["last"]["version"]), (&json!("free"), &json!(5)));
    let after = ["plan --format json", "publish --format json", "status --format json"].map(&said);
    assert_eq!(after, before);
    // A second time there is nothing to do, and nothing is locked. Numbers are never given again.
    let ended = project.run_writing_nothing("prune --yes --format json", 0);
    assert_eq!(ended.report()["jobs"][0]["outcome"], "unchanged");
    project.run("publish --force", 0);
    assert_eq!(left(&project, "alpha"), [4, 5, 6]);
}

#[test]
fn the_report_tells_what_was_deleted_and_which_version_to_use() {
    let project = project("");
    let report = project.run("prune --yes --format json", 0).report();
    let job = &report["jobs"][0];
    assert_eq!(
        (&job["outcome"], &job["version"], &report["summary"]["pruned"]),
        (&json!("pruned"), &json!(5), &json!(1))
    );
    assert_eq!(job["layer_version_arn"], "arn:aws:lambda:us-east-1:123456789012:layer:alpha:5");
    assert_eq!((&job["prune"]["deleted"], &job["prune"]["to_delete"]), (&json!([1, 2, 3]), &json!([])));
}

#[test]
fn what_is_protected_stays() {
    let project = project("protect = [1, 99]");
    let ended = project.run("prune --yes --format json", 0);
    assert_eq!(kept(&ended), ["5 latest", "4 newest", "1 protected"]);
    assert_eq!(left(&project, "alpha"), [1, 4, 5]);
}

#[test]
fn what_is_young_stays() {
    let project = project("keep-days = 10");
    assert_eq!(
        kept(&project.run_writing_nothing("prune --yes --format json", 0))[2..],
        ["3 young", "2 young", "1 young"]
    );
    // Nothing is old enough for anybody to be asked about it.
    assert_eq!((count(&project, "ListFunctions"), count(&project, "GetLayerVersionPolicy")), (0, 0));
    project.advance(10 * 24 * 60 * 60 - 600);
    project.run_writing_nothing("prune --yes", 0);
    project.advance(605);
    project.run("prune --yes", 0);
    assert_eq!(left(&project, "alpha"), [4, 5]);
}

#[test]
fn what_a_function_uses_stays_in_whatever_version_of_it() {
    let project = project("");
    function(&project, "orders", 1);
    // A version of the function, to which an alias leads, keeps the layer that it was published with.
    function(&project, "search", 2);
    call(&project, "sandbox", async |lambda| {
        lambda.publish_version().function_name("search").send().await.expect("a version");
        let layer = "arn:aws:lambda:us-east-1:123456789012:layer:alpha:5";
        let change = lambda.update_function_configuration().function_name("search").layers(layer).send().await;
        change.expect("a change");
    });
    assert_shown!(project.run("prune --yes", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSIONS   KEPT
    alpha  us-east-1  pruned   3 deleted  5 latest; 4 newest; 1 used by orders:$LATEST; 2 used by search:1

    1 version deleted
    --- stderr ---
          Pruned [  TIMEs] (1/1) alpha us-east-1: 1 version deleted
         Summary [  TIMEs] 1 job: 1 pruned
    ");
    assert_eq!(left(&project, "alpha"), [1, 2, 4, 5]);
    call(&project, "sandbox", async |lambda| {
        lambda.delete_function().function_name("search").send().await.expect("deleted");
    });
    let ended = project.run("prune --yes --format json", 0);
    assert_eq!(kept(&ended), ["5 latest", "4 newest", "1 used"]);
    assert_eq!(pruned(&ended)["kept"][2]["by"], json!(["orders:$LATEST"]));
}

#[test]
fn what_others_may_use_stays_unless_that_is_asked_for() {
    let project = project("");
    grant_by_hand(&project, "alpha", "by-hand", FRIEND);
    let ended = project.run("prune --yes --format json", 0);
    assert_eq!(kept(&ended), ["5 latest", "4 newest", "1 shared"]);
    assert_eq!(pruned(&ended)["kept"][2]["by"], json!([FRIEND]));
    project.forget_requests();
    project.run("prune --yes --shared", 0);
    assert_eq!(left(&project, "alpha"), [4, 5]);
    assert_eq!(count(&project, "GetLayerVersionPolicy"), 0, "nobody has to be asked");
}

#[test]
fn a_backup_is_deleted_before_its_version_and_only_when_asked() {
    let project = project("");
    project.run("prune --yes --backups", 0);
    let deleted: Vec<String> = project.requests().into_iter().filter(|request| request.starts_with("Delete")).collect();
    let backup = |version: u64| format!("DeleteObject artifacts/layers/alpha/layer/{version:06}/requirements.txt");
    let version = || "DeleteLayerVersion alpha".to_owned();
    assert_eq!(deleted, [backup(1), version(), backup(2), version(), backup(3), version()]);
    project.run("status --all-versions --exit-code", 0);
}

#[test]
fn all_that_is_kept_of_a_version_goes_with_it_whatever_the_manifest_was_called_then() {
    let project = project("attest = true\n");
    let folder = |version: u64| format!("layers/alpha/layer/{version:06}/");
    let manifest = |version| (format!("{}uv.lock", folder(version)), b"version = 1\n".to_vec());
    let of_somebody = (format!("{}mine/notes.txt", folder(1)), b"notes".to_vec());
    put(&project, vec![manifest(1), manifest(5), of_somebody]);
    let kept_of = |version| {
        let objects = project.state()["buckets"]["artifacts"]["objects"].clone();
        let keys = objects.as_object().expect("objects").keys().cloned();
        keys.filter_map(|key| Some(key.strip_prefix(&folder(version))?.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(kept_of(3).len(), 3, "{:?}", kept_of(3));
    let before = kept_of(5);
    project.run("prune --yes --backups", 0);
    assert_eq!(left(&project, "alpha"), [4, 5]);
    assert_eq!((kept_of(1), kept_of(2), kept_of(3)), (vec!["mine/notes.txt".to_owned()], vec![], vec![]));
    assert_eq!(kept_of(5), before);
}

#[test]
fn functions_are_listed_once_for_all_layers_of_an_account_and_region() {
    let project = Project::of(&[]);
    project.declare(&["alpha", "beta", "gamma"], "keep = 1");
    project.run("publish --stage", 0);
    project.run("prune --yes", 0);
    assert_eq!(count(&project, "ListFunctions"), 0, "nothing depends on them");
    project.run("publish --force", 0);
    // More than Lambda lists in one page.
    (0..51).for_each(|number| function(&project, &format!("function-{number}"), 1));
    project.forget_requests();
    project.run("prune --yes", 0);
    assert_eq!(count(&project, "ListFunctions"), 2);
    assert_eq!(
        (left(&project, "alpha"), left(&project, "beta"), left(&project, "gamma")),
        (vec![1, 2], vec![2], vec![2])
    );
}

#[test]
fn each_region_is_looked_at_for_itself() {
    let project = Project::of(&[]);
    project.declare(&["alpha"], "keep = 1");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let targets = "[targets]\neu-west-1 = {}\nus-east-1 = {}\n";
    project.write("layers.toml", format!("{targets}{}", layers.replace("\"artifacts\"", "\"artifacts-{region}\"")));
    versions(&project, 2);
    project.run("publish --force --target eu-west-1", 0);
    let report = project.run("prune --yes --format json", 0).report();
    let deleted = |job: usize| report["jobs"][job]["prune"]["deleted"].clone();
    assert_eq!((deleted(0), deleted(1)), (json!([1, 2]), json!([1])));
}

#[test]
fn a_layer_that_does_not_say_how_many_are_kept_is_refused_before_anything_is_started() {
    let project = Project::of(&["alpha", "beta"]);
    assert_shown!(project.run("prune --yes", 2), @"
    exit code 2
    --- stderr ---
    error: 2 layers do not say how many versions are to be kept: alpha, beta

    hint: add `keep = 10`, or another number, to a layer or to [defaults]
    ");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("[layers.beta]\n", "[layers.beta]\nkeep = 3\n"));
    let hint = |line: &str| project.run(line, 2).stderr.lines().last().unwrap().to_owned();
    let usual = "hint: add `keep = 10`, or another number, to a layer or to [defaults]";
    assert_eq!(hint("prune --yes"), format!("{usual}, or name only layers that say it"));
    assert_eq!(hint("prune alpha --dry-run"), usual, "one was named");
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
fn nobody_deletes_by_accident() {
    let project = project("");
    assert_shown!(project.run("prune", 2), @"
    exit code 2
    --- stderr ---
    error: nobody can be asked whether old versions are to be deleted

    hint: see with `--dry-run` which ones, and agree with `--yes`
    ");
    assert_eq!(project.requests(), [""; 0]);
    for declined in ["n\n", "\n"] {
        project.forget_requests();
        let ended = at_a_terminal(&project, declined, "prune --report json=report.json").expect(2);
        let shown = ["3 versions to delete", "delete these versions? They cannot be had back. [y/N]", "not agreed"];
        assert!(shown.iter().all(|words| ended.stdout.contains(words)), "{}", ended.stdout);
        assert_eq!(project.writes(), [""; 0]);
        assert!(!project.folder().join("report.json").exists());
    }
    at_a_terminal(&project, "y\n", "prune --report json=report.json").expect(0);
    assert_eq!(left(&project, "alpha"), [4, 5]);
    assert_eq!(project.json("report.json")["jobs"][0]["outcome"], "pruned");
}

#[test]
fn what_is_asked_at_a_terminal_is_shown_beside_the_question_wherever_the_output_goes() {
    let project = project("");
    project.forget_requests();
    let ended = at_a_terminal(&project, "y\n", "prune --format json --report markdown=report.md > out.json").expect(0);
    let (shown, _) = ended.stdout.split_once("delete these versions?").expect("the question");
    assert!(shown.contains("3 to be deleted") && shown.contains("3 versions to delete"), "{shown}");
    assert_eq!(project.json("out.json")["jobs"][0]["prune"]["deleted"], json!([1, 2, 3]));
    assert!(!project.read("report.md").is_empty());
    // Where there is nothing to delete nobody is asked, and the reports are written all the same.
    let ended = at_a_terminal(&project, "", "prune --report json=report.json").expect(0);
    assert!(!ended.stdout.contains("[y/N]") && ended.stdout.contains("Nothing to delete"), "{}", ended.stdout);
    assert_eq!(project.json("report.json")["jobs"][0]["outcome"], "unchanged");
}

#[test]
fn where_functions_cannot_be_listed_nothing_is_deleted() {
    let project = project("");
    project.inject(r#"{"operation": "ListFunctions", "fault": "access-denied"}"#);
    assert_shown!(project.run_writing_nothing("prune --yes", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSIONS  KEPT
    alpha  us-east-1  failed   -         -
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha us-east-1: access-denied

    error: alpha at us-east-1: not authorized to perform `lambda:ListFunctions` on all functions in us-east-1
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions action
      Caused by: AccessDeniedException (HTTP 403, request REQUEST)

    hint: allow `lambda:ListFunctions` for this role; running the same command again then does what is left

         Summary [  TIMEs] 1 job: 1 failed
    ");
    project.heal();
    project.inject(r#"{"operation": "GetLayerVersionPolicy", "fault": "access-denied"}"#);
    project.run_writing_nothing("prune --yes", 1);
}

#[test]
fn what_was_deleted_before_something_failed_is_told_and_the_next_run_goes_on() {
    let project = project("");
    project.inject(r#"{"operation": "DeleteLayerVersion", "skip": 1, "fault": "access-denied"}"#);
    let ended = project.run("prune --yes --report json=report.json", 1);
    assert_shown!(ended, @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSIONS                      KEPT
    alpha  us-east-1  failed   1 deleted, 2-3 to be deleted  5 latest; 4 newest

    1 version deleted, 2 left to delete
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha us-east-1: access-denied

    error: alpha at us-east-1: arn:aws:lambda:us-east-1:123456789012:layer:alpha:2 could not be deleted
      Caused by: not authorized to perform `lambda:DeleteLayerVersion` on layer `alpha:2` in us-east-1
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: lambda:DeleteLayerVersion on resource: arn:aws:lambda:us-east-1:123456789012:layer:alpha because no identity-based policy allows the lambda:DeleteLayerVersion action
      Caused by: AccessDeniedException (HTTP 403, request REQUEST)

    hint: allow `lambda:DeleteLayerVersion` for this role; running the same command again then does what is left

         Summary [  TIMEs] 1 job: 1 failed
    ");
    let prune = project.json("report.json")["jobs"][0]["prune"].clone();
    assert_eq!((&prune["deleted"], &prune["to_delete"]), (&json!([1]), &json!([2, 3])));
    assert_eq!(lock(&project)["phase"], "free");
    project.heal();
    // An answer that is lost does no harm.
    project.inject(r#"{"operation": "DeleteLayerVersion", "times": 1, "fault": "cut-after"}"#);
    project.run("prune --yes", 0);
    assert_eq!(left(&project, "alpha"), [4, 5]);
}
