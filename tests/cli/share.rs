//! Who may use the versions: granted after a publish, repaired where nothing is published, taken away when asked.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use serde_json::{Value, json};

use crate::common::Ended;
use crate::common::project::Project;

const FRIEND: &str = "210987654321";
pub const OTHER: &str = "333333333333";
const ORGANIZATION: &str = "o-abc123def4";

/// Layers that are shared so.
pub fn shared(names: &[&str], with: &str) -> Project {
    let project = Project::of(&[]);
    share(&project, names, with);
    project
}

fn share(project: &Project, names: &[&str], with: &str) {
    project.declare(names, &format!("share = [{with}]"));
}

/// Lambda as some account sees it.
pub fn call<T>(project: &Project, account: &str, work: impl AsyncFnOnce(aws_sdk_lambda::Client) -> T) -> T {
    let credentials = Credentials::new(account, &project.sandbox.secret, None, None, "test");
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&project.sandbox.endpoint)
        .credentials_provider(credentials)
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(aws_sdk_lambda::Client::from_conf(config)))
}

/// The statements of a version's policy, as `id principal [organization]`, sorted.
pub fn policy(project: &Project, name: &str, version: i64) -> Vec<String> {
    let answer = call(project, "sandbox", async |lambda| {
        lambda.get_layer_version_policy().layer_name(name).version_number(version).send().await
    });
    let Ok(answer) = answer else { return Vec::new() };
    let policy: Value = serde_json::from_str(answer.policy().expect("a policy")).expect("JSON");
    let one = |statement: &Value| {
        let principal =
            statement["Principal"]["AWS"].as_str().or(statement["Principal"].as_str()).expect("a principal");
        let of = statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"].as_str().unwrap_or_default();
        format!("{} {principal} {of}", statement["Sid"].as_str().expect("an id")).trim_end().to_owned()
    };
    let mut statements: Vec<String> = policy["Statement"].as_array().expect("statements").iter().map(one).collect();
    statements.sort();
    statements
}

/// Grants by hand, as another tool would.
pub fn grant_by_hand(project: &Project, name: &str, statement: &str, principal: &str) {
    let granted = call(project, "sandbox", async |lambda| {
        let request = lambda.add_layer_version_permission().layer_name(name).version_number(1).statement_id(statement);
        request.action("lambda:GetLayerVersion").principal(principal).send().await
    });
    granted.expect("a grant");
}

fn arn(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:1")
}

/// Whether an account can read version 1.
pub fn can_read(project: &Project, account: &str, name: &str) -> bool {
    let arn = arn(name);
    call(project, account, async |lambda| lambda.get_layer_version_by_arn().arn(arn).send().await).is_ok()
}

pub fn count(project: &Project, operation: &str) -> usize {
    project.requests().iter().filter(|request| request.split(' ').next() == Some(operation)).count()
}

fn share_of(ended: &Ended) -> Value {
    ended.report()["jobs"][0]["share"].clone()
}

#[test]
fn a_version_is_shared_when_it_is_published_and_looked_at_once_a_run_from_then_on() {
    let project = shared(&["alpha", "beta"], &format!("\"{FRIEND}\", \"{ORGANIZATION}\""));
    assert_shown!(project.run("publish --stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    beta   us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:beta:1
    --- stderr ---
       Published [  TIMEs] (1/2) alpha us-east-1 version 1, shared with 210987654321, o-abc123def4
       Published [  TIMEs] (2/2) beta us-east-1 version 1, shared with 210987654321, o-abc123def4
         Summary [  TIMEs] 2 jobs: 2 published
    ");
    let friend = format!("layership-{FRIEND} arn:aws:iam::{FRIEND}:root");
    let organization = format!("layership-{ORGANIZATION} * {ORGANIZATION}");
    assert_eq!(policy(&project, "alpha", 1), [friend.clone(), organization.clone()]);
    assert_eq!(policy(&project, "beta", 1), [friend, organization]);
    assert!(can_read(&project, FRIEND, "alpha") && !can_read(&project, OTHER, "alpha"));
    // Nobody can have granted anything to a version that is new.
    assert_eq!(count(&project, "AddLayerVersionPermission"), 4);

    let ended = project.run_writing_nothing("publish --format json", 0);
    assert_eq!(count(&project, "GetLayerVersionPolicy"), 2);
    assert_eq!(share_of(&ended)["there"], json!([FRIEND, ORGANIZATION]));
    assert_eq!(ended.report()["jobs"][0]["outcome"], "unchanged");
    // The next version has a policy of its own.
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    assert_eq!(policy(&project, "alpha", 2).len(), 2);
}

#[test]
fn a_layer_that_says_nothing_is_not_asked_about() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    grant_by_hand(&project, "alpha", "by-hand", OTHER);
    project.forget_requests();
    let ended = project.run("publish --revoke --format json", 0);
    assert_eq!((count(&project, "GetLayerVersionPolicy"), share_of(&ended)), (0, Value::Null));
    assert_eq!(policy(&project, "alpha", 1).len(), 1);
}

#[test]
fn an_unchanged_version_that_lacks_a_grant_gets_it() {
    let project = shared(&["alpha"], "");
    project.run("publish --stage", 0);
    share(&project, &["alpha"], &format!("\"{FRIEND}\""));
    assert_shown!(project.run_writing_nothing("plan --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      > alpha  us-east-1  at 1  unchanged; to be shared with 210987654321

    Plan: 1 to follow up
    ");
    let plan = project.run_writing_nothing("plan --format markdown", 0).stdout;
    assert!(
        plan.contains("### After the publish\n\n- `alpha` at `us-east-1`: `to be shared with 210987654321`"),
        "{plan}"
    );
    assert_eq!(share_of(&project.run_writing_nothing("plan --format json", 0))["to_grant"], json!([FRIEND]));
    project.forget_requests();
    // Also where all is planned first, and nothing is published.
    assert_shown!(project.run("publish --all-or-nothing", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
     Followed up [  TIMEs] (1/1) alpha us-east-1 version 1, shared with 210987654321
         Summary [  TIMEs] 1 job: 1 unchanged
    ");
    assert_eq!(project.writes(), ["AddLayerVersionPermission alpha"]);
    project.run_writing_nothing("plan --exit-code", 0);
}

#[test]
fn a_grant_that_fails_is_the_jobs_error_and_the_next_run_mends_it() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\", \"{ORGANIZATION}\""));
    project.inject(r#"{"operation": "AddLayerVersionPermission", "fault": "access-denied"}"#);
    assert_shown!(project.run("publish --stage --report json=report.json", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    alpha  us-east-1  failed   1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha us-east-1: share-failed

    error: alpha at us-east-1: arn:aws:lambda:us-east-1:123456789012:layer:alpha:1 could not be shared with 210987654321
      Caused by: not authorized to perform `lambda:AddLayerVersionPermission` on layer `alpha:1` in us-east-1
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: lambda:AddLayerVersionPermission on resource: arn:aws:lambda:us-east-1:123456789012:layer:alpha because no identity-based policy allows the lambda:AddLayerVersionPermission action
      Caused by: AccessDeniedException (HTTP 403, request REQUEST)

    hint: allow `lambda:AddLayerVersionPermission` for this role; running the same command again then does what is left

         Summary [  TIMEs] 1 job: 1 failed
    ");
    let job = &project.json("report.json")["jobs"][0];
    assert_eq!((&job["error"]["code"], &job["layer_version_arn"]), (&json!("share-failed"), &json!(arn("alpha"))));
    assert_eq!(job["share"]["to_grant"], json!([FRIEND, ORGANIZATION]));
    let objects = &project.state()["buckets"]["artifacts"]["objects"];
    assert!(objects["layers/alpha/layer/000001/requirements.txt"].is_object(), "no backup: {objects:#}");
    let lock = crate::common::get(&project.sandbox, "/_sandbox/objects/artifacts/layers/alpha/layer/publish.lock");
    assert_eq!(serde_json::from_slice::<Value>(&lock).expect("JSON")["phase"], "free");
    project.heal();
    let ended = project.run("publish --format json", 0);
    assert_eq!(share_of(&ended)["granted"], json!([FRIEND, ORGANIZATION]));
    assert_eq!(count(&project, "PublishLayerVersion"), 1);
}

#[test]
fn what_was_granted_before_something_failed_is_told() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\", \"{ORGANIZATION}\""));
    let second = r#"{"operation": "AddLayerVersionPermission", "skip": 1, "fault": "access-denied"}"#;
    project.inject(second);
    let share = share_of(&project.run("publish --stage --format json", 1));
    assert_eq!((&share["granted"], &share["to_grant"]), (&json!([FRIEND]), &json!([ORGANIZATION])));
}

#[test]
fn a_version_that_is_adopted_is_shared() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\""));
    project.inject(r#"{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}"#);
    project.run("publish --stage", 1);
    assert_eq!(count(&project, "AddLayerVersionPermission"), 0, "it is not recorded yet");
    project.heal();
    let plan = project.run_writing_nothing("plan", 0).stdout;
    assert!(plan.contains("no backup; to be shared with 210987654321"), "{plan}");
    let ended = project.run("publish --format json", 0);
    assert_eq!(ended.report()["jobs"][0]["outcome"], "adopted");
    assert_eq!(share_of(&ended)["granted"], json!([FRIEND]));
}

#[test]
fn an_answer_that_was_lost_makes_no_second_statement_and_no_error() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\""));
    project.inject(r#"{"operation": "AddLayerVersionPermission", "times": 1, "fault": "cut-after"}"#);
    project.run("publish --stage", 0);
    assert_eq!(count(&project, "AddLayerVersionPermission"), 2, "nothing was lost");
    assert_eq!(policy(&project, "alpha", 1).len(), 1);
}

#[test]
fn a_statement_of_the_same_name_that_says_something_else_is_left_alone_and_told() {
    let project = shared(&["alpha"], "");
    project.run("publish --stage", 0);
    grant_by_hand(&project, "alpha", &format!("layership-{FRIEND}"), OTHER);
    share(&project, &["alpha"], &format!("\"{FRIEND}\""));
    let ended = project.run("publish", 1);
    assert!(ended.stderr.contains("a statement `layership-210987654321` that says something else"), "{}", ended.stderr);
    assert_eq!(policy(&project, "alpha", 1), [format!("layership-{FRIEND} arn:aws:iam::{OTHER}:root")]);
}

#[test]
fn a_grant_that_nobody_declared_is_told_and_taken_away_only_when_asked() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\""));
    project.run("publish --stage", 0);
    grant_by_hand(&project, "alpha", "by-hand", OTHER);
    // By whoever it was granted, it is what is wanted.
    share(&project, &["alpha"], &format!("\"{OTHER}\""));
    assert_shown!(project.run_writing_nothing("publish", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---

    warning: version 1 of layer `alpha` is shared with 210987654321 as well, which `share` does not name; `publish --revoke` ends it

         Summary [  TIMEs] 1 job: 1 unchanged
    ");
    let report = project.run_writing_nothing("publish --format json", 0).report();
    assert_eq!(report["jobs"][0]["warnings"][0]["code"], "extra-grant");
    assert_shown!(project.run_writing_nothing("plan --revoke --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      > alpha  us-east-1  at 1  unchanged; to be taken from 210987654321

    Plan: 1 to follow up
    ");
    project.forget_requests();
    assert_shown!(project.run("publish --revoke", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
     Followed up [  TIMEs] (1/1) alpha us-east-1 version 1, taken from 210987654321
         Summary [  TIMEs] 1 job: 1 unchanged
    ");
    assert_eq!(project.writes(), ["RemoveLayerVersionPermission alpha"]);
    assert_eq!(policy(&project, "alpha", 1), [format!("by-hand arn:aws:iam::{OTHER}:root")]);
    assert!(!can_read(&project, FRIEND, "alpha"));
    project.run_writing_nothing("publish --revoke", 0);
}

#[test]
fn revoking_that_fails_is_the_jobs_error() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\""));
    project.run("publish --stage", 0);
    share(&project, &["alpha"], "");
    project.inject(r#"{"operation": "RemoveLayerVersionPermission", "times": 1, "fault": "access-denied"}"#);
    let ended = project.run("publish --revoke --format json", 1);
    assert_eq!(ended.report()["jobs"][0]["error"]["code"], "share-failed");
    assert_eq!(share_of(&ended)["to_revoke"], json!([FRIEND]));
    // An answer that is lost does no harm.
    project.inject(r#"{"operation": "RemoveLayerVersionPermission", "times": 1, "fault": "cut-after"}"#);
    project.run("publish --revoke", 0);
    assert_eq!(policy(&project, "alpha", 1), [""; 0]);
}

#[test]
fn a_role_that_may_not_read_policies_fails_in_the_plan() {
    let project = shared(&["alpha"], &format!("\"{FRIEND}\""));
    project.run("publish --stage", 0);
    project.inject(r#"{"operation": "GetLayerVersionPolicy", "fault": "access-denied"}"#);
    let error = project.run_writing_nothing("plan --format json", 1).report()["jobs"][0]["error"].clone();
    assert_eq!(error["code"], "access-denied");
    assert!(error["message"].as_str().unwrap().contains("lambda:GetLayerVersionPolicy"), "{error}");
}

#[test]
fn a_saved_plan_says_who_is_let_in_and_nobody_else_is() {
    let project = shared(&["alpha", "beta"], &format!("\"{FRIEND}\""));
    project.run("publish --stage alpha", 0);
    project.run("stage", 0);
    grant_by_hand(&project, "alpha", "by-hand", OTHER);
    assert_shown!(project.run_writing_nothing("plan --revoke --out plan.json", 0), @"
    exit code 0
    --- stdout ---
    Plan for 2 layers at 1 target from layers.toml, account 123456789012

      + beta   us-east-1        first version; to be shared with 210987654321
      > alpha  us-east-1  at 1  unchanged; to be taken from 333333333333

    Plan: 1 first version, 1 to follow up
    --- stderr ---
           Saved plan.json with digest DIGEST
    ");
    assert_shown!(project.run("plan --show plan.json", 0), @"
    exit code 0
    --- stdout ---
    Plan for 2 layers at 1 target from plan.json, account 123456789012

      + beta   us-east-1        first version; to be shared with 210987654321
      > alpha  us-east-1  at 1  unchanged; to be taken from 333333333333

    Plan: 1 first version, 1 to follow up
    The digest of this plan is DIGEST
    ");
    let plan = project.json("plan.json");
    assert_eq!(plan["jobs"][0]["share"], json!({ "to_grant": [], "to_revoke": [OTHER] }));
    assert_eq!(plan["jobs"][1]["share"], json!({ "to_grant": [FRIEND], "to_revoke": [] }));
    // Somebody grants more: what nobody looked at is not taken away.
    grant_by_hand(&project, "alpha", "more", "444444444444");
    let ended = project.run("publish --plan plan.json", 1);
    let differs = "444444444444 is to be shut out now, and was not when it was planned";
    assert!(ended.stderr.contains(differs) && ended.stderr.contains("plan-stale"), "{}", ended.stderr);
    assert_eq!((policy(&project, "alpha", 1).len(), policy(&project, "beta", 1).len()), (3, 1));
    // As it was planned.
    call(&project, "sandbox", async |lambda| {
        let request = lambda.remove_layer_version_permission().layer_name("alpha").version_number(1);
        request.statement_id("more").send().await
    })
    .expect("removed");
    project.run("publish --plan plan.json", 0);
    assert_eq!(policy(&project, "alpha", 1).len(), 1);
    // Once more does no harm; and a plan that granted nothing grants nothing.
    project.run_writing_nothing("publish --plan plan.json", 0);
}

#[test]
fn a_version_that_another_run_published_meanwhile_is_shared_by_this_one() {
    let project = shared(&["alpha"], "");
    project.run("stage", 0);
    let gate =
        crate::common::gate::Gate::before(&project.sandbox.endpoint, "PUT /artifacts/layers/alpha/layer/publish.lock");
    let with_share = String::from_utf8(project.read("layers.toml"))
        .unwrap()
        .replace("share = []", &format!("share = [\"{FRIEND}\"]"));
    project.write("shared.toml", with_share);
    let mut command = project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).args(["publish", "-c", "shared.toml", "--format", "json"]);
    let running = crate::common::process::Running::start(command);
    gate.until_held(1);
    project.run("publish", 0);
    gate.open();
    let ended = running.end().expect(0);
    assert_eq!(ended.report()["jobs"][0]["outcome"], "unchanged", "{ended:?}");
    assert_eq!(share_of(&ended)["granted"], json!([FRIEND]));
    assert_eq!(count(&project, "PublishLayerVersion"), 1);
}
