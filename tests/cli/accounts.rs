//! Whose credentials a target uses: the ones that it declares, or none at all.

use std::process::Command;

use serde_json::json;

use crate::common::project::{Project, layer};
use crate::common::{Ended, requirements, run};

/// The account of the ambient keys; the sandbox takes an access key of twelve digits for its account.
const AMBIENT: &str = "111111111111";
const PROFILE: &str = "222222222222";
const ROLE: &str = "333333333333";

/// One layer at one target with these keys, and an AWS configuration with these profiles; `SECRET` stands for the
/// sandbox's.
fn project(target: &str, profiles: &str) -> Project {
    let layers =
        format!("[targets]\nprod = {{ region = \"us-east-1\", {target} }}\n[defaults]\nbucket = \"artifacts\"\n");
    let project = Project::new(&format!("{layers}{}", layer("alpha")));
    project.write("alpha/requirements.txt", requirements("alpha", "1.0.0"));
    project.write("alpha/layer/python/alpha.py", "A = 1\n");
    project.write("aws-config", profiles.replace("SECRET", &project.sandbox.secret));
    project
}

/// The binary with ambient keys of one account, and that AWS configuration.
fn command(project: &Project) -> Command {
    let mut command = project.command();
    command.env("AWS_ACCESS_KEY_ID", AMBIENT).env("AWS_CONFIG_FILE", project.folder().join("aws-config"));
    command
}

fn plan(project: &Project, code: i32) -> Ended {
    run(command(project), ["plan", "--stage", "--format", "json"]).expect(code)
}

/// The account that a plan of the only job found.
#[track_caller]
fn account(project: &Project) -> String {
    plan(project, 0).report()["jobs"][0]["account"].as_str().expect("an account").to_owned()
}

#[track_caller]
fn error(project: &Project) -> serde_json::Value {
    plan(project, 1).report()["jobs"][0]["error"].clone()
}

fn keys(profile: &str, account: &str) -> String {
    format!("[profile {profile}]\naws_access_key_id = {account}\naws_secret_access_key = SECRET\n")
}

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/publisher")
}

/// Who assumed roles, and which, as the sandbox saw it.
fn assumed(project: &Project) -> Vec<String> {
    let log = crate::common::control(&project.sandbox, "GET", "/_sandbox/requests", "");
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    let entries = log["requests"].as_array().expect("requests");
    let assumed = entries.iter().filter(|entry| entry["operation"] == "AssumeRole");
    assumed.map(|entry| entry["account"].as_str().expect("an account").to_owned()).collect()
}

#[test]
fn a_declared_profile_beats_the_keys_of_the_environment() {
    let project = project("profile = \"prod\"", &keys("prod", PROFILE));
    assert_eq!(account(&project), PROFILE);
    run(command(&project), ["publish", "--stage"]).expect(0);
    let state = crate::common::control(&project.sandbox, "GET", "/_sandbox/state", "");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    let layers: Vec<&String> = state["layers"].as_object().expect("layers").keys().collect();
    assert_eq!(layers, [&format!("{PROFILE}/us-east-1/alpha")]);
}

#[test]
fn a_profile_that_is_not_there_fails_its_target_and_is_named() {
    let project = project("profile = \"prdo\"", &keys("prod", PROFILE));
    project.forget_requests();
    let shown = run(command(&project), ["publish", "--stage"]).expect(1);
    assert_shown!(shown, @"
    exit code 1
    --- stdout ---
    LAYER  TARGET  OUTCOME  VERSION  ARN
    alpha  prod    failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha prod: credentials

    error: alpha at prod: profile `prdo` has no AWS credentials for target `prod`
      Caused by: the credential provider was not enabled: profile `prdo` was not defined: could not find source profile prdo referenced from the root profile

    hint: define the profile in ~/.aws/config, or correct the target's `profile`; with single sign-on, log in with `aws sso login --profile prdo`

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(project.requests(), [""; 0], "something was asked with other credentials");
}

#[test]
fn a_profile_without_credentials_does_not_fall_back_to_others() {
    let project = project("profile = \"prod\"", "[profile prod]\nregion = eu-west-1\n");
    let error = error(&project);
    assert_eq!(error["code"], "credentials");
    assert!(error["message"].as_str().expect("a message").contains("profile `prod`"), "{error}");
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
fn a_role_is_assumed_with_the_profiles_credentials_or_else_the_ambient_ones() {
    let declared = format!("role-arn = \"{}\"", role(ROLE));
    let ambient = project(&declared, &keys("prod", PROFILE));
    assert_eq!((account(&ambient).as_str(), &assumed(&ambient)[..]), (ROLE, &[AMBIENT.to_owned()][..]));
    let profile = project(&format!("profile = \"prod\", {declared}"), &keys("prod", PROFILE));
    assert_eq!((account(&profile).as_str(), &assumed(&profile)[..]), (ROLE, &[PROFILE.to_owned()][..]));
}

/// A process that asks a person for a code is run once, and a role assumed once, for all targets that use them.
#[test]
fn credentials_that_several_targets_use_are_asked_for_once() {
    let regions = ["eu-west-1", "us-east-1", "us-west-2"];
    let project = project("profile = \"prod\"", "");
    let asked = project.folder().join("asked");
    let printed = json!({ "Version": 1, "AccessKeyId": PROFILE, "SecretAccessKey": project.sandbox.secret });
    let printed = project.write("printed.json", printed.to_string());
    let process =
        project.write("process.sh", format!("echo asked >> {}\ncat {}\n", asked.display(), printed.display()));
    project.write("aws-config", format!("[profile prod]\ncredential_process = sh {}\n", process.display()));
    let layers = |role: &str, account: &str| {
        let targets = regions.map(|region| format!("{region} = {{ profile = \"prod\"{role} }}\n")).concat();
        let again = format!("again = {{ region = \"eu-west-1\", profile = \"prod\"{role} }}\n");
        let bucket = format!("[defaults]\nbucket = \"{account}-{{target}}\"\n");
        let layers = format!("{bucket}[layers.alpha]\nname = \"alpha-{{target}}\"\n");
        let files = "manifest = \"alpha/requirements.txt\"\narchive = \"alpha/layer\"\n";
        project.write("layers.toml", format!("[targets]\n{targets}{again}{layers}{files}"));
    };
    let counted = |role: &str, account: &str| {
        layers(role, account);
        let _ = std::fs::remove_file(&asked);
        project.forget_requests();
        let report = plan(&project, 0).report();
        let accounts = report["jobs"].as_array().unwrap().iter().filter(|job| job["account"] == account).count();
        let of = |operation: &str| project.requests().iter().filter(|asked| asked.starts_with(operation)).count();
        let asked = std::fs::read_to_string(&asked).unwrap().lines().count();
        (accounts, asked, of("AssumeRole"), of("GetCallerIdentity"))
    };
    // Each Region is asked once whether it takes them: one that is not opted into does not.
    assert_eq!(counted("", PROFILE), (4, 1, 0, 3));
    assert_eq!(counted(&format!(", role-arn = \"{}\"", role(ROLE)), ROLE), (4, 1, 1, 3));
}

/// An account's own log tells which run it was.
#[test]
fn a_session_of_a_role_is_named_after_the_run() {
    let project = project(&format!("role-arn = \"{}\"", role(ROLE)), "");
    let report = plan(&project, 0).report();
    let session = format!("arn:aws:sts::{ROLE}:assumed-role/publisher/layership-{}", report["run"].as_str().unwrap());
    let callers = crate::common::project::of_requests(&project, "caller");
    assert!(
        callers.iter().any(|(operation, caller)| operation == "ListLayerVersions" && *caller == session),
        "{callers:?}"
    );
    let others = callers.iter().filter(|(_, caller)| *caller != session);
    assert!(others.clone().all(|(operation, _)| operation == "AssumeRole"), "{callers:?}");
}

#[test]
fn a_role_of_another_partition_than_the_region_is_refused_before_anything_is_asked() {
    let project = project("role-arn = \"arn:aws-cn:iam::333333333333:role/publisher\"", "");
    let ended = run(command(&project), ["check"]).expect(2);
    let said = "targets.prod.role-arn: `arn:aws-cn:iam::333333333333:role/publisher` is a role of the partition `aws-cn`, and us-east-1 is in `aws`";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn a_profile_that_names_a_role_itself_is_followed() {
    let chain = format!("{}[profile prod]\nrole_arn = {}\nsource_profile = base\n", keys("base", PROFILE), role(ROLE));
    let project = project("profile = \"prod\"", &chain);
    assert_eq!(account(&project), ROLE);
    assert_eq!(assumed(&project), [PROFILE]);
}

#[test]
fn a_refused_role_is_a_missing_permission() {
    let project = project(&format!("role-arn = \"{}\"", role(ROLE)), "");
    project.inject(&json!({ "operation": "AssumeRole", "fault": "access-denied" }).to_string());
    let shown = run(command(&project), ["publish", "--stage"]).expect(1);
    assert_shown!(shown, @"
    exit code 1
    --- stdout ---
    LAYER  TARGET  OUTCOME  VERSION  ARN
    alpha  prod    failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha prod: access-denied

    error: alpha at prod: not authorized to perform `sts:AssumeRole` on arn:aws:iam::333333333333:role/publisher
      Caused by: User: arn:aws:iam::111111111111:user/sandbox is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333333333333:role/publisher
      Caused by: AccessDenied (HTTP 403, request REQUEST)

    hint: allow `sts:AssumeRole` on the role for these credentials, and let the role's trust policy name them

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_refused_role_of_a_profile_is_a_missing_permission() {
    let chain = format!("{}[profile prod]\nrole_arn = {}\nsource_profile = base\n", keys("base", PROFILE), role(ROLE));
    let project = project("profile = \"prod\"", &chain);
    project.inject(&json!({ "operation": "AssumeRole", "fault": "access-denied" }).to_string());
    let error = error(&project);
    assert_eq!(error["code"], "access-denied");
    assert_eq!(error["message"], "not authorized to perform `sts:AssumeRole` on the role of profile `prod`");
}

#[test]
fn credentials_of_a_process_are_used() {
    let project = project("profile = \"prod\"", "");
    let process = json!({ "Version": 1, "AccessKeyId": PROFILE, "SecretAccessKey": project.sandbox.secret });
    let printed = project.write("credentials.json", process.to_string());
    project.write("aws-config", format!("[profile prod]\ncredential_process = cat {}\n", printed.display()));
    assert_eq!(account(&project), PROFILE);
}

#[test]
fn a_process_that_fails_fails_its_target() {
    let project = project("profile = \"prod\"", "[profile prod]\ncredential_process = false\n");
    let error = error(&project);
    assert_eq!(error["code"], "credentials");
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
fn a_single_sign_on_that_is_not_logged_in_says_how_to() {
    let sso = "[profile prod]\nsso_session = work\nsso_account_id = 222222222222\nsso_role_name = Publisher\n\
               [sso-session work]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n";
    let project = project("profile = \"prod\"", sso);
    let error = error(&project);
    assert_eq!(error["code"], "credentials");
    assert!(error["hint"].as_str().expect("a hint").contains("`aws sso login --profile prod`"), "{error}");
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
fn the_declared_account_is_held_against_the_profiles() {
    let project = project(&format!("account = \"{AMBIENT}\", profile = \"prod\""), &keys("prod", PROFILE));
    let error = error(&project);
    assert_eq!(error["code"], "wrong-account");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(AMBIENT) && message.contains(PROFILE), "{message}");
}

#[test]
fn a_bucket_that_belongs_to_another_account_is_neither_read_nor_written() {
    let project = project("profile = \"prod\"", &keys("prod", PROFILE));
    // Somebody else has registered the name.
    run(project.command(), ["publish", "--stage"]).expect(1);
    let other = format!("[defaults]\nbucket = \"artifacts\"\n{}", layer("alpha"));
    project.write("other.toml", other);
    run(project.command(), ["publish", "--stage", "-c", "other.toml"]).expect(0);
    project.forget_requests();
    let error = error(&project);
    assert_eq!(error["code"], "access-denied");
    let hint = error["hint"].as_str().expect("a hint");
    assert!(hint.contains(&format!("another account than {PROFILE}")), "{hint}");
    run(command(&project), ["publish", "--stage"]).expect(1);
    assert_eq!(project.effects(), [""; 0]);
}

/// Two targets, and layers that go to one, to the other, or to both.
fn two_targets(first: &str, second: &str, profiles: &str, layers: &[(&str, &str)]) -> Project {
    let targets = format!(
        "[targets]\none = {{ region = \"us-east-1\", {first} }}\ntwo = {{ region = \"us-east-1\", {second} }}\n"
    );
    let mut text = format!("{targets}[defaults]\nbucket = \"artifacts\"\nprefix = \"{{target}}/{{layer}}\"\n");
    for (name, to) in layers {
        text.push_str(&format!("{}targets = [{to}]\n", layer(name)));
    }
    let project = Project::new(&text);
    for (name, _) in layers {
        project.write(&format!("{name}/requirements.txt"), requirements(name, "1.0.0"));
        project.write(&format!("{name}/layer/python/{name}.py"), "A = 1\n");
    }
    project.write("aws-config", profiles.replace("SECRET", &project.sandbox.secret));
    project
}

#[test]
fn two_names_of_one_account_and_region_are_found_before_anything_is_written() {
    let profiles = keys("a", PROFILE) + &keys("b", PROFILE);
    let project = two_targets("profile = \"a\"", "profile = \"b\"", &profiles, &[("alpha", "\"one\", \"two\"")]);
    project.forget_requests();
    let shown = run(command(&project), ["publish", "--stage", "--concurrency", "1"]).expect(1);
    assert_eq!(project.effects(), [""; 0]);
    assert_shown!(shown, @r"
    exit code 1
    --- stdout ---
    LAYER  TARGET  OUTCOME  VERSION  ARN
    alpha  one     failed   -        -
    alpha  two     failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/2) alpha one: wrong-account
          Failed [  TIMEs] (2/2) alpha two: wrong-account

    error: alpha at one, two: targets `one` and `two` are both account 222222222222 in us-east-1, and both would publish layer `alpha`

    hint: remove one of the targets, or correct its `profile` or `role-arn`; `account` guards each of them

         Summary [  TIMEs] 2 jobs: 2 failed
    ");
}

#[test]
fn two_targets_of_one_account_and_region_with_layers_of_their_own_share_what_they_look_up() {
    let profiles = keys("a", PROFILE) + &keys("b", PROFILE);
    let names: Vec<String> = (0..24).map(|number| format!("layer-{number:02}")).collect();
    let layers: Vec<(&str, &str)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), if at % 2 == 0 { "\"one\"" } else { "\"two\"" }))
        .collect();
    let project = two_targets("profile = \"a\"", "profile = \"b\"", &profiles, &layers);
    run(command(&project), ["publish", "--stage"]).expect(0);
    project.forget_requests();
    let report = run(command(&project), ["publish", "--format", "json"]).expect(0).report();
    assert_eq!(report["summary"]["unchanged"], 24);
    let lists: Vec<String> = project.requests().into_iter().filter(|request| request.starts_with("List")).collect();
    assert_eq!(lists.len(), 1, "{lists:?}");
}

#[test]
fn two_accounts_in_one_region_look_for_their_own_layers_only() {
    let profiles = keys("a", PROFILE) + &keys("b", ROLE);
    let names: Vec<String> = (0..24).map(|number| format!("layer-{number:02}")).collect();
    // Few at the one, many at the other: a sweep pays at the other alone.
    let layers: Vec<(&str, &str)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), if at < 2 { "\"one\"" } else { "\"two\"" }))
        .collect();
    let project = two_targets("profile = \"a\"", "profile = \"b\"", &profiles, &layers);
    let text = String::from_utf8(project.read("layers.toml")).expect("UTF-8");
    project.write("layers.toml", text.replace("bucket = \"artifacts\"", "bucket = \"artifacts-{target}\""));
    run(command(&project), ["publish", "--stage"]).expect(0);
    project.forget_requests();
    run(command(&project), ["publish"]).expect(0);
    let mut lists: Vec<String> = project.requests().into_iter().filter(|request| request.starts_with("List")).collect();
    lists.sort();
    assert_eq!(lists, ["ListLayerVersions layer-00", "ListLayerVersions layer-01", "ListLayers "]);
}

#[test]
fn a_bucket_of_another_account_is_used_where_it_is_named() {
    let project = project("profile = \"prod\"", &keys("prod", PROFILE));
    // The bucket is somebody else's, who lets this account in.
    let other = format!("[defaults]\nbucket = \"artifacts\"\nprefix = \"other\"\n{}", layer("alpha"));
    project.write("other.toml", other);
    run(project.command(), ["stage", "-c", "other.toml"]).expect(0);
    run(command(&project), ["publish", "--stage"]).expect(1);
    let text = String::from_utf8(project.read("layers.toml")).expect("UTF-8");
    let owner = "bucket = \"artifacts\"\nbucket-owner = \"123456789012\"";
    project.write("layers.toml", text.replace("bucket = \"artifacts\"", owner));
    run(command(&project), ["publish", "--stage"]).expect(0);
}

#[test]
fn failures_at_a_target_of_best_effort_are_told_and_change_nothing_else() {
    let profiles = keys("a", PROFILE);
    let layers = [("alpha", "\"one\", \"two\"")];
    let project = two_targets("profile = \"a\"", "profile = \"gone\", best-effort = true", &profiles, &layers);
    for flags in [&["--fail-fast", "--concurrency", "1"][..], &["--all-or-nothing", "--force"]] {
        let ended = run(command(&project), ["publish", "--stage", "--format", "json"].iter().chain(flags)).expect(0);
        let report = ended.report();
        assert_eq!(
            (&report["summary"]["published"], &report["summary"]["failed"]),
            (&json!(1), &json!(1)),
            "{flags:?}"
        );
        assert!(ended.stderr.contains("profile `gone` has no AWS credentials"), "{}", ended.stderr);
    }
    let text = String::from_utf8(project.read("layers.toml")).expect("UTF-8");
    project.write("layers.toml", text.replace("best-effort = true", "best-effort = false"));
    run(command(&project), ["publish", "--stage"]).expect(1);
}
