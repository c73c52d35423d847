//! What a rollout writes beside what it prints, and how it is told what to be about.

use crate::common::project::Project;
use crate::common::run;
use crate::fleet::{Fleet, outcome};

#[test]
fn a_rollout_is_reported_in_the_formats_that_are_asked_for() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let flags = "--report json=out.json --report markdown=out.md --report csv=out.csv";
    let ended = fleet.rollout(&format!("{flags} --format markdown"), 0);
    let text = |path: &str| String::from_utf8(fleet.project.read(path)).unwrap();
    assert_eq!(ended.stdout, text("out.md"));
    assert!(text("out.md").contains("| planned | `orders` | `us-east-1` | `alpha 1 -> 2` |"), "{}", text("out.md"));
    assert_eq!(fleet.project.json("out.json")["functions"][0]["function"], "orders");
    assert!(text("out.csv").lines().nth(1).unwrap().starts_with("orders,us-east-1,us-east-1,123456789012,planned,"));
    let refused =
        fleet.project.run("report convert out.json csv=new.csv junit=out.xml html=out.html markdown=no/out.md", 2);
    let why = "error: a rollout is of functions, of which `html` and `junit` cannot tell; it can be told as `json`, `markdown`, \
               `csv`; and cannot write the report to `no/out.md`: the folder `no` does not exist; nothing was written\n";
    assert_eq!(refused.stderr, why);
    assert!(!fleet.project.folder().join("new.csv").exists());
    // It is told again as it was told, and in nothing that tells of layers.
    fleet.project.run("report convert out.json markdown=again.md csv=again.csv", 0);
    assert_eq!((text("again.md"), text("again.csv")), (text("out.md"), text("out.csv")));
    let refused = fleet.project.run("report convert out.json junit=out.xml", 2);
    let why =
        "error: a rollout is of functions, of which `junit` cannot tell; it can be told as `json`, `markdown`, `csv`\n";
    assert_eq!(refused.stderr, why);
    // What could not be written, or is an input, is found before anything is touched.
    for wrong in ["json=missing/out.json", "json=layers.toml", "junit=out.xml", "json=a.json --report csv=a.json"] {
        fleet.project.run_writing_nothing(&format!("rollout --apply --report {wrong}"), 2);
    }
    // Written whatever happened.
    fleet.project.inject(r#"{"operation": "UpdateFunctionConfiguration", "fault": "access-denied"}"#);
    fleet.rollout("--apply --report json=out.json", 1);
    assert_eq!(outcome(&fleet.project.json("out.json"), "orders"), "failed access-denied");
}

/// What nobody could be asked about is no rollout of nothing.
#[test]
fn a_target_that_could_not_be_asked_is_in_every_report() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.project.inject(r#"{"operation": "ListFunctions", "fault": "access-denied"}"#);
    let flags = "--report json=out.json --report markdown=out.md --report csv=out.csv";
    let ended = fleet.rollout(flags, 1);
    let text = |path: &str| String::from_utf8(fleet.project.read(path)).unwrap();
    let expected =
        "Rollout of the newest versions of layers at 1 target: nothing is changed yet\n0 functions; 1 target failed\n";
    assert_eq!(ended.stdout, expected);
    assert!(
        text("out.md").contains("0 functions; 1 target failed\n\n- `us-east-1`: `not authorized"),
        "{}",
        text("out.md")
    );
    let csv = text("out.csv");
    assert!(csv.lines().nth(1).unwrap().starts_with(",us-east-1,,,failed,,,,,access-denied,"), "{csv}");
    assert_eq!(fleet.project.json("out.json")["failures"][0]["error"]["code"], "access-denied");
    fleet.project.run("report convert out.json markdown=again.md csv=again.csv", 0);
    assert_eq!((text("again.md"), text("again.csv")), (text("out.md"), csv));
}

#[test]
fn progress_is_shown_as_everywhere() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.function("users", &["alpha:1"]);
    let never = fleet.rollout("--apply --function orders --progress never", 0);
    assert_eq!(never.stderr, "");
    let auto = fleet.rollout("--apply --function users -v", 0);
    assert!(auto.stderr.contains("Moved [") && auto.stderr.contains("setting concurrency"), "{auto:?}");
}

#[test]
fn layers_are_chosen_as_everywhere() {
    let fleet = Fleet::of(&["alpha", "beta", "gamma", "delta"]);
    for layer in ["alpha", "beta", "gamma", "delta"] {
        fleet.function(layer, &[&format!("{layer}:1")]);
    }
    let names = |args: &str| {
        let report = fleet.report(args, 0);
        report["functions"].as_array().unwrap().iter().map(|one| one["function"].to_string()).collect::<Vec<_>>()
    };
    let mut parts = [names("--partition 1/2"), names("--partition 2/2")].concat();
    parts.sort();
    assert_eq!(parts, names(""));
    assert!(!names("--partition 1/2").is_empty() || !names("--partition 2/2").is_empty());
}

/// Whoever copies the line gets one word of it.
#[test]
fn the_file_to_undo_with_is_named_as_a_shell_reads_it() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let folder = "it's here";
    for file in ["layers.toml", "alpha/requirements.txt"] {
        fleet.project.write(&format!("{folder}/{file}"), fleet.project.read(file));
    }
    let config = format!("{folder}/layers.toml");
    let ended = run(fleet.project.command(), ["rollout", "--apply", "-c", &config]).expect(0);
    let hint = ended.stdout.split('`').nth(1).expect("a command").to_owned();
    let mut shell = fleet.project.command();
    let own = std::path::Path::new(crate::common::LAYERSHIP).parent().unwrap().display();
    let path = format!("{own}:{}", std::env::var("PATH").unwrap_or_default());
    shell.env("PATH", path);
    let variables: Vec<_> =
        shell.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let mut undo = std::process::Command::new("sh");
    undo.args(["-ec", &hint]).current_dir(Project::folder(&fleet.project)).env_clear().envs(variables);
    let undone: crate::common::Ended = undo.output().unwrap().into();
    assert!(undone.expect(0).stdout.contains("1 restored"), "{hint}");
    assert_eq!(fleet.layers("orders"), ["alpha:1"]);
}
