//! Which functions are moved, which are left alone, and why.

use crate::fleet::{Fleet, outcome};

#[test]
fn a_plan_changes_nothing_and_apply_moves_what_it_said() {
    let fleet = Fleet::of(&["alpha", "beta"]);
    fleet.function("both", &["beta:1", "alpha:1"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.function("newest", &["alpha:2"]);
    fleet.function("other", &[]);
    let before = fleet.functions();
    let plan = fleet.project.run_writing_nothing("rollout", 0);
    assert_shown!(plan, @"
    exit code 0
    --- stdout ---
    Rollout of the newest versions of 2 layers at 1 target: nothing is changed yet

      ~  both    us-east-1  beta 1 -> 2, alpha 1 -> 2
      ~  orders  us-east-1  alpha 1 -> 2

    2 functions: 2 to move
    hint: the same with `--apply` moves them
    ");
    assert_eq!(fleet.functions(), before);
    fleet.rollout("--exit-code", 3);
    assert_eq!(outcome(&fleet.report("alpha", 0), "both"), "planned");

    let applied = fleet.rollout("--apply --concurrency 1", 0);
    assert_shown!(applied, @"
    exit code 0
    --- stdout ---
    Rollout of the newest versions of 2 layers at 1 target

      +  both    us-east-1  moved: beta 1 -> 2, alpha 1 -> 2
      +  orders  us-east-1  moved: alpha 1 -> 2

    2 functions: 2 moved
    hint: `layership rollout --undo .layership/rollout-RUN.json` puts back what was there before
    --- stderr ---
            Kept .layership/rollout-RUN.json: what was there before
           Moved [  TIMEs] (1/2) both us-east-1 beta 1 -> 2, alpha 1 -> 2
           Moved [  TIMEs] (2/2) orders us-east-1 alpha 1 -> 2
    ");
    assert_eq!(fleet.layers("both"), ["beta:2", "alpha:2"], "the order stays");
    assert_eq!(
        (fleet.layers("orders"), fleet.layers("newest")),
        (vec!["alpha:2".to_owned()], vec!["alpha:2".to_owned()])
    );
    assert_shown!(fleet.project.run_writing_nothing("rollout --apply", 0), @"
    exit code 0
    --- stdout ---
    Rollout of the newest versions of 2 layers at 1 target
    No function uses an older version
    ");
    fleet.rollout("--exit-code", 0);
}

#[test]
fn functions_are_chosen_by_layer_name_and_tag() {
    let fleet = Fleet::of(&["alpha", "beta"]);
    fleet.made("orders-api", &["alpha:1", "beta:1"], |made| made.tags("team", "shop").tags("tier", ""));
    fleet.made("orders-job", &["alpha:1"], |made| made.tags("team", "data"));
    fleet.function("users", &["beta:1"]);
    let chosen = |args: &str| {
        let report = fleet.report(args, 0);
        let names = report["functions"].as_array().unwrap().iter().map(|one| one["function"].as_str().unwrap());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(chosen(""), "orders-api orders-job users");
    assert_eq!(chosen("beta"), "orders-api users");
    assert_eq!(chosen("--function orders-* --function users"), "orders-api orders-job users");
    assert_eq!(chosen("--function *-job"), "orders-job");
    assert_eq!(chosen("--tag team=shop --tag tier="), "orders-api");
    assert_eq!(chosen("--tag team=nobody"), "");
    fleet.rollout("beta --apply --function orders-api", 0);
    assert_eq!(fleet.layers("orders-api"), ["alpha:1", "beta:2"], "only the layer that was asked for");
    for wrong in ["--function [", "--tag team", "nothing", "--canary 0 --apply", "--canary 1", "--undo missing.json"] {
        fleet.rollout(wrong, 2);
    }
}

#[test]
fn what_does_not_fit_or_belongs_to_a_stack_is_left_alone() {
    let fleet = Fleet::of(&["alpha"]);
    let declared = String::from_utf8(fleet.project.read("layers.toml")).unwrap();
    let declared = declared.replace("[defaults]", "[defaults]\ncompatible-architectures = [\"x86_64\"]");
    fleet.project.write("layers.toml", declared);
    fleet.project.run("publish", 0);
    fleet.on("old", "python3.11", "x86_64");
    fleet.on("graviton", "python3.12", "arm64");
    fleet.on("fits", "python3.12", "x86_64");
    let stack = "aws:cloudformation:stack-name";
    fleet.made("owned", &["alpha:1"], |made| made.tags(stack, "shop"));
    assert_shown!(fleet.rollout("--apply", 1), @"
    exit code 1
    --- stdout ---
    Rollout of the newest versions of 1 layer at 1 target

      +  fits      us-east-1  moved: alpha 1 -> 3
      !  graviton  us-east-1  alpha 1 -> 3: left alone, it runs on arm64, and version 3 of layer `alpha` is not for that
      !  old       us-east-1  alpha 1 -> 3: left alone, it runs on python3.11, and version 3 of layer `alpha` is not for that
      !  owned     us-east-1  alpha 1 -> 3: left alone, it belongs to stack `shop`, which would set its layers again

    4 functions: 1 moved, 3 left alone
    hint: `layership rollout --undo .layership/rollout-RUN.json` puts back what was there before
    --- stderr ---
            Kept .layership/rollout-RUN.json: what was there before
           Moved [  TIMEs] (1/1) fits us-east-1 alpha 1 -> 3
    ");
    let unmoved = ["old", "graviton", "owned"].map(|name| fleet.layers(name).concat());
    assert_eq!(unmoved, ["alpha:1", "alpha:1", "alpha:1"]);
    assert_eq!(fleet.layers("fits"), ["alpha:3"]);
    // What a stack owns is no failure; what is asked for and cannot be done is one.
    fleet.rollout("--apply --function owned", 0);
    assert_eq!(outcome(&fleet.report("--apply --force --function owned", 0), "owned"), "moved");
    assert_eq!(fleet.layers("owned"), ["alpha:3"]);
}

#[test]
fn few_are_moved_first_and_the_rest_only_if_those_succeeded() {
    let fleet = Fleet::of(&["alpha"]);
    for name in ["a", "b", "c", "d"] {
        fleet.function(name, &["alpha:1"]);
    }
    let fault = r#"{"operation": "UpdateFunctionConfiguration", "match": "b", "times": 1, "fault": {"kind": "failing-change", "reason": "no more addresses"}}"#;
    fleet.project.inject(fault);
    let failed = fleet.rollout("--apply --canary 2", 1);
    assert!(
        failed.stderr.contains("function `b` in us-east-1") && failed.stderr.contains("no more addresses"),
        "{failed:?}"
    );
    assert!(failed.stdout.contains("not begun"), "{failed:?}");
    assert_eq!(["a", "c", "d"].map(|name| fleet.layers(name).concat()), ["alpha:2", "alpha:1", "alpha:1"]);
    fleet.project.heal();
    fleet.project.forget_requests();
    // What failed is told again, and holds up nobody.
    let report = fleet.report("--apply --canary 1", 1);
    assert_eq!(outcome(&report, "b"), "failed update-failed");
    assert_eq!(["c", "d"].map(|name| outcome(&report, name)), ["moved", "moved"]);
    let order = fleet.asked(&["UpdateFunctionConfiguration", "GetFunctionConfiguration"]);
    let expected = ["Update", "Get"].map(|verb| format!("{verb}FunctionConfiguration c")).to_vec();
    assert_eq!(order[..2], expected, "d was begun before c was done: {order:?}");
}

#[test]
fn one_sweep_is_enough_for_all_targets_of_an_account_and_region() {
    let fleet = Fleet::of(&["alpha", "beta"]);
    fleet.function("both", &["alpha:1", "beta:1"]);
    let declared = String::from_utf8(fleet.project.read("layers.toml")).unwrap();
    let declared = declared.replace("[layers.alpha]", "[layers.alpha]\ntargets = [\"one\"]");
    let declared = declared.replace("[layers.beta]", "[layers.beta]\ntargets = [\"two\"]");
    let targets = "[targets]\none = { region = \"us-east-1\" }\ntwo = { region = \"us-east-1\" }\n";
    fleet.project.write("layers.toml", format!("{targets}{declared}"));
    fleet.project.forget_requests();
    let report = fleet.report("--apply", 0);
    assert_eq!(fleet.layers("both"), ["alpha:2", "beta:2"]);
    assert_eq!(report["summary"]["functions"], 1, "it is moved once, for both");
    assert_eq!(fleet.asked(&["ListFunctions", "UpdateFunctionConfiguration"]).len(), 2);
}

/// As another program reads the schema.
#[test]
fn the_report_is_what_its_schema_says() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.made("owned", &["alpha:1"], |made| made.tags("aws:cloudformation:stack-name", "shop"));
    let schema: serde_json::Value = serde_json::from_str(&fleet.project.run("schema rollout", 0).stdout).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("urn:layership:schema:rollout", schema).unwrap();
    let schema = compiler.compile("urn:layership:schema:rollout", &mut schemas).unwrap();
    fleet.project.inject(r#"{"operation": "UpdateFunctionConfiguration", "times": 1, "fault": "access-denied"}"#);
    for (args, code) in [("", 0), ("--apply", 1), ("--apply", 0), ("--apply", 0)] {
        let report = fleet.report(args, code);
        schemas.validate(&report, schema).unwrap_or_else(|error| panic!("{error}: {report:#}"));
    }
    assert!(schemas.validate(&serde_json::json!({"rollout": 1}), schema).is_err(), "it accepts anything");
}
