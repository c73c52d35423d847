//! Parameters that hold ARNs: written after a publish, repaired where nothing is published, never moved backwards.

use serde_json::{Value, json};

use crate::common::Ended;
use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::Project;

/// Layers whose ARNs go into parameters.
fn announced(names: &[&str]) -> Project {
    let project = Project::of(&[]);
    project.declare(names, "parameter = \"/layers/{layer}\"");
    project
}

fn arn(name: &str, version: u64) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:{version}")
}

/// Value and version of a parameter.
fn held(project: &Project, name: &str) -> (String, u64) {
    let parameter = project.state()["parameters"]["123456789012/us-east-1"][name].clone();
    (parameter["value"].as_str().unwrap_or_default().to_owned(), parameter["version"].as_u64().unwrap_or_default())
}

fn call<T>(project: &Project, work: impl AsyncFnOnce(aws_sdk_ssm::Client) -> T) -> T {
    let credentials = aws_credential_types::Credentials::new("sandbox", &project.sandbox.secret, None, None, "test");
    let config = aws_sdk_ssm::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .endpoint_url(&project.sandbox.endpoint)
        .credentials_provider(credentials)
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(aws_sdk_ssm::Client::from_conf(config)))
}

/// Writes a parameter by hand.
fn put(project: &Project, name: &str, value: &str, kind: &str) {
    let put = call(project, async |ssm| {
        let request = ssm.put_parameter().name(name).value(value).r#type(kind.into()).overwrite(true);
        request.send().await
    });
    put.expect("put");
}

fn delete(project: &Project, name: &str) {
    call(project, async |ssm| ssm.delete_parameter().name(name).send().await).expect("deleted");
}

fn count(project: &Project, operation: &str) -> usize {
    project.requests().iter().filter(|request| request.split(' ').next() == Some(operation)).count()
}

fn of_report(ended: &Ended) -> Value {
    ended.report()["jobs"][0]["parameter"].clone()
}

fn error(ended: &Ended) -> (Value, String) {
    let error = ended.report()["jobs"][0]["error"].clone();
    (error["code"].clone(), error["message"].as_str().unwrap_or_default().to_owned() + &error["causes"].to_string())
}

#[test]
fn the_arn_is_written_after_a_publish_and_from_then_on_only_where_it_differs() {
    let project = announced(&["alpha", "beta"]);
    assert_shown!(project.run("publish --stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    beta   us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:beta:1
    --- stderr ---
       Published [  TIMEs] (1/2) alpha us-east-1 version 1, written to /layers/alpha
       Published [  TIMEs] (2/2) beta us-east-1 version 1, written to /layers/beta
         Summary [  TIMEs] 2 jobs: 2 published
    ");
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 1), 1));
    assert_eq!((count(&project, "GetParameters"), count(&project, "PutParameter")), (2, 2));
    // Both are read by one call.
    let ended = project.run_writing_nothing("publish --format json", 0);
    assert_eq!(count(&project, "GetParameters"), 1);
    let expected = json!({"name": "/layers/alpha", "held": arn("alpha", 1), "to_write": false, "written": false});
    assert_eq!(of_report(&ended), expected);
    // The next version takes the place of the one before.
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 2), 2));
    assert_eq!(held(&project, "/layers/beta"), (arn("beta", 1), 1));
}

#[test]
fn thirty_unchanged_layers_cost_three_calls() {
    let names: Vec<String> = (0..30).map(|number| format!("layer-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let project = announced(&names);
    project.run("publish --stage", 0);
    project.run_writing_nothing("publish", 0);
    assert_eq!((count(&project, "GetParameters"), count(&project, "PutParameter")), (3, 0));
}

#[test]
fn a_parameter_that_is_missing_or_old_is_repaired_where_nothing_is_published() {
    let project = announced(&["alpha"]);
    project.run("publish --stage", 0);
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    delete(&project, "/layers/alpha");
    assert_shown!(project.run_writing_nothing("plan --exit-code", 3), @"
    exit code 3
    --- stdout ---
    Plan for 1 layer at 1 target from layers.toml, account 123456789012

      > alpha  us-east-1  at 2  unchanged; to be written to /layers/alpha

    Plan: 1 to follow up
    ");
    assert_shown!(project.run("publish", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    alpha  us-east-1  unchanged  2        arn:aws:lambda:us-east-1:123456789012:layer:alpha:2
    --- stderr ---
     Followed up [  TIMEs] (1/1) alpha us-east-1 version 2, written to /layers/alpha
         Summary [  TIMEs] 1 job: 1 unchanged
    ");
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 2), 1));
    put(&project, "/layers/alpha", &arn("alpha", 1), "String");
    let status = project.run_writing_nothing("status --exit-code --format json", 3).report();
    let finding = &status["layers"][0]["targets"][0]["status"]["findings"][0];
    let message = format!("parameter `/layers/alpha` holds {}; the latest version is 2", arn("alpha", 1));
    assert_eq!(*finding, json!({"code": "parameter-differs", "message": message}));
    let plan = project.run_writing_nothing("plan --format markdown", 0).stdout;
    assert!(plan.contains("- `alpha` at `us-east-1`: `to be written to /layers/alpha`"), "{plan}");
    let ended = project.run("publish --all-or-nothing --format json", 0);
    assert_eq!(ended.report()["jobs"][0]["outcome"], "unchanged");
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 2), 3));
    project.run_writing_nothing("status --exit-code", 0);
}

#[test]
fn a_newer_version_that_exists_is_left_alone_and_one_that_does_not_is_not() {
    let project = announced(&["alpha"]);
    project.run("publish --stage", 0);
    // A list that lags shows the version before the latest.
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    project.build("alpha", "alpha==1.0.0\n");
    project.run("stage", 0);
    project.inject(r#"{"operation": "ListLayerVersions", "fault": {"kind": "stale-list", "versions": 1}}"#);
    let ended = project.run_writing_nothing("publish", 0);
    let warning =
        "parameter `/layers/alpha` names version 2 of layer `alpha`, which is newer than 1, and was left alone";
    assert!(ended.stderr.contains(warning), "{}", ended.stderr);
    project.heal();
    project.build("alpha", "alpha==2.0.0\n");
    project.run("stage", 0);
    put(&project, "/layers/alpha", &arn("alpha", 7), "String");
    project.run("publish", 0);
    assert_eq!(held(&project, "/layers/alpha").0, arn("alpha", 2));
}

#[test]
fn what_somebody_else_put_there_stays() {
    let project = announced(&["alpha"]);
    project.run("stage", 0);
    for (kind, value) in [("String", "hunter2".to_owned()), ("StringList", arn("alpha", 1)), ("String", arn("beta", 1))]
    {
        put(&project, "/layers/alpha", &value, kind);
        // Found before anything is published.
        let planned = project.run_writing_nothing("plan --format json", 1);
        let (code, words) = error(&planned);
        assert_eq!(code, "parameter-failed", "{words}");
        assert!(!words.contains("hunter2") && words.contains("could not be written"), "{words}");
        let ended = project.run("publish --format json", 1);
        assert_eq!(error(&ended).0, "parameter-failed", "{ended:?}");
        assert_eq!(ended.report()["jobs"][0]["layer_version_arn"], arn("alpha", 1));
        assert_eq!(held(&project, "/layers/alpha").0, value);
        delete(&project, "/layers/alpha");
    }
    assert_eq!(project.state()["layers"]["123456789012/us-east-1/alpha"]["last"], 1);
    project.run("publish", 0);
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 1), 1));
}

#[test]
fn a_parameter_that_cannot_be_written_is_the_jobs_error_and_the_next_run_mends_it() {
    let project = announced(&["alpha"]);
    project.inject(r#"{"operation": "PutParameter", "fault": "access-denied"}"#);
    assert_shown!(project.run("publish --stage --report json=report.json", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    alpha  us-east-1  failed   1        arn:aws:lambda:us-east-1:123456789012:layer:alpha:1
    --- stderr ---
          Failed [  TIMEs] (1/1) alpha us-east-1: parameter-failed

    error: alpha at us-east-1: arn:aws:lambda:us-east-1:123456789012:layer:alpha:1 could not be written to parameter `/layers/alpha`
      Caused by: not authorized to perform `ssm:PutParameter` on parameter `/layers/alpha` in us-east-1
      Caused by: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: ssm:PutParameter on resource: arn:aws:ssm:us-east-1:123456789012:parameter/layers/alpha because no identity-based policy allows the ssm:PutParameter action
      Caused by: AccessDeniedException (HTTP 400, request REQUEST)

    hint: allow `ssm:PutParameter` for this role; running the same command again then does what is left

         Summary [  TIMEs] 1 job: 1 failed
    ");
    let job = &project.json("report.json")["jobs"][0];
    assert_eq!(
        (&job["error"]["code"], &job["layer_version_arn"]),
        (&json!("parameter-failed"), &json!(arn("alpha", 1)))
    );
    assert_eq!(job["parameter"]["to_write"], true);
    let lock = crate::common::get(&project.sandbox, "/_sandbox/objects/artifacts/layers/alpha/layer/publish.lock");
    assert_eq!(serde_json::from_slice::<Value>(&lock).expect("JSON")["phase"], "free");
    project.heal();
    project.run("publish", 0);
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 1), 1));
    assert_eq!(count(&project, "PublishLayerVersion"), 1);
}

#[test]
fn nothing_is_announced_that_could_not_be_shared() {
    let project = Project::of(&[]);
    project.declare(&["alpha"], "share = [\"210987654321\"]\nparameter = \"/layers/{layer}\"");
    project.inject(r#"{"operation": "AddLayerVersionPermission", "times": 1, "fault": "access-denied"}"#);
    let ended = project.run("publish --stage --format json", 1);
    assert_eq!((error(&ended).0, count(&project, "PutParameter")), (json!("share-failed"), 0));
    let ended = project.run("publish", 0);
    assert!(ended.stderr.contains("shared with 210987654321; written to /layers/alpha"), "{}", ended.stderr);
}

#[test]
fn throttles_and_lost_answers_do_no_harm() {
    let project = announced(&["alpha", "beta"]);
    project.inject(r#"{"operation": "GetParameters", "times": 2, "fault": "throttle"}"#);
    project.inject(r#"{"operation": "PutParameter", "match": "alpha", "times": 2, "fault": "throttle"}"#);
    project.inject(r#"{"operation": "PutParameter", "match": "beta", "times": 1, "fault": "cut-after"}"#);
    project.run("publish --stage", 0);
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 1), 1));
    // What was made by a request whose answer was lost is seen, and not written again.
    assert_eq!(held(&project, "/layers/beta"), (arn("beta", 1), 1));
}

#[test]
fn a_role_that_may_read_some_of_them_reads_each_for_itself() {
    let project = announced(&["alpha", "beta"]);
    project.run("publish --stage", 0);
    project.inject(r#"{"operation": "GetParameters", "match": "beta", "fault": "access-denied"}"#);
    let ended = project.run("publish --format json", 1);
    let jobs = &ended.report()["jobs"];
    assert_eq!((&jobs[0]["outcome"], &jobs[1]["error"]["code"]), (&json!("unchanged"), &json!("parameter-failed")));
    let causes = jobs[1]["error"]["causes"].to_string();
    assert!(causes.contains("not authorized to perform `ssm:GetParameters` on parameter `/layers/beta`"), "{causes}");
}

#[test]
fn garbage_is_no_answer() {
    let project = announced(&["alpha"]);
    project.run("publish --stage", 0);
    project.inject(r#"{"operation": "GetParameters", "fault": "garbage"}"#);
    let ended = project.run("publish --format json --request-timeout-seconds 2", 1);
    assert_eq!(error(&ended).0, "parameter-failed", "{ended:?}");
}

#[test]
fn a_saved_plan_says_what_is_written_and_nothing_else_is() {
    let project = announced(&["alpha", "beta"]);
    project.run("publish --stage alpha", 0);
    project.run("stage", 0);
    project.run_writing_nothing("plan --out plan.json", 0);
    assert_shown!(project.run("plan --show plan.json", 0), @"
    exit code 0
    --- stdout ---
    Plan for 2 layers at 1 target from plan.json, account 123456789012

      + beta  us-east-1  first version; to be written to /layers/beta

    Plan: 1 first version, 1 unchanged
    The digest of this plan is DIGEST
    ");
    let of = |to_write: bool, layer: &str| json!({"name": format!("/layers/{layer}"), "to_write": to_write});
    let plan = project.json("plan.json");
    assert_eq!(
        (&plan["jobs"][0]["parameter"], &plan["jobs"][1]["parameter"]),
        (&of(false, "alpha"), &of(true, "beta"))
    );
    delete(&project, "/layers/alpha");
    let ended = project.run("publish --plan plan.json", 1);
    let differs = "parameter /layers/alpha is to be written now, and was not when it was planned";
    assert!(ended.stderr.contains(differs) && ended.stderr.contains("plan-stale"), "{}", ended.stderr);
    assert_eq!((held(&project, "/layers/alpha").1, held(&project, "/layers/beta").0), (0, arn("beta", 1)));
    put(&project, "/layers/alpha", &arn("alpha", 1), "String");
    project.run_writing_nothing("publish --plan plan.json", 0);
}

#[test]
fn who_is_slower_never_names_an_older_version() {
    let project = announced(&["alpha"]);
    project.run("publish --stage", 0);
    delete(&project, "/layers/alpha");
    // A run that saw version 1 and a parameter that is missing is held up before it makes it.
    let gate = Gate::before(&project.sandbox.endpoint, "x-amz-target: AmazonSSM.PutParameter");
    let mut command = project.command();
    command.env("AWS_ENDPOINT_URL_SSM", &gate.endpoint).args(["publish", "--format", "json"]);
    let running = Running::start(command);
    gate.until_held(1);
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    gate.open();
    let ended = running.end().expect(0);
    assert_eq!(held(&project, "/layers/alpha"), (arn("alpha", 2), 1), "{ended:?}");
    assert!(ended.stdout.contains("parameter-newer"), "{ended:?}");
}
