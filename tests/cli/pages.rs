//! The pages of `docs/` that lead through a task: the files on them are written, and every command on them is run.

use std::path::Path;
use std::process::Command;

use crate::common::project::{Project, in_crate};
use crate::common::zips::zip;
use crate::common::{Ended, LAYERSHIP};
use crate::since::{commit, git};

/// A command line of a page, and what it says of its output.
struct Step {
    line: String,
    output: Vec<String>,
}

/// The pages that `follow` is called with; `reference_pages` holds all others against it.
pub const FOLLOWED: [&str; 17] = [
    "../README",
    "../sandbox/README",
    "build-only-what-changed",
    "index",
    "monorepo",
    "prove-what-a-layer-contains",
    "prune",
    "regions-and-accounts",
    "reports",
    "sandbox",
    "saved-plans",
    "several-machines",
    "sharing",
    "status",
    "storage",
    "switching-from",
    "use-the-arns",
];

/// A block of a page: its language and its text.
pub fn blocks(page: &str) -> Vec<(String, String)> {
    let page = std::fs::read_to_string(in_crate(&format!("docs/{page}.md"))).expect(page);
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').map(|(of, text)| (of.to_owned(), text.to_owned())).unwrap()).collect()
}

/// Files are blocks whose first line is a comment with their path.
fn write_files(project: &Project, blocks: &[(String, String)]) {
    for (_, text) in blocks.iter().filter(|(of, _)| of == "toml") {
        if let Some(path) = text.lines().next().and_then(|line| line.strip_prefix("# ")) {
            project.write(path, text);
        }
    }
}

/// What stands behind `$ ` in the blocks that show a terminal, behind `run: ` and `script: ` in those that show a workflow,
/// and whole scripts.
fn steps(blocks: &[(String, String)]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (of, text) in blocks {
        if of == "sh" {
            steps.push(Step { line: text.clone(), output: Vec::new() });
        }
        for line in text.lines() {
            let command = match of.as_str() {
                "console" => line.strip_prefix("$ "),
                "yaml" => line.split_once("run: ").or_else(|| line.split_once("script: ")).map(|(_, command)| command),
                _ => continue,
            };
            match (command, steps.last_mut()) {
                (Some(command), _) => steps.push(Step { line: command.to_owned(), output: Vec::new() }),
                (None, Some(step)) if of == "console" && !line.is_empty() => step.output.push(line.to_owned()),
                _ => {}
            }
        }
    }
    steps
}

/// A shell in which `layership` is the binary under test.
pub fn shell(project: &Project, line: &str) -> Command {
    let mut command = Command::new("sh");
    let of_binary = project.command();
    command.args(["-ec", line]).current_dir(project.folder()).env_clear();
    command.envs(of_binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", Path::new(LAYERSHIP).parent().expect("a folder").display()));
    command
}

/// Runs all commands of a page, each as it stands there. `before` is called with each command, to make what the page takes
/// for granted. `exits with N` behind a command says how it ends.
pub fn follow(page: &str, project: &Project, before: impl Fn(&mut Command, &str)) {
    assert!(FOLLOWED.contains(&page), "{page} is not among those that are followed");
    let blocks = blocks(page);
    write_files(project, &blocks);
    let steps = steps(&blocks);
    assert!(!steps.is_empty(), "no commands in docs/{page}.md");
    for Step { line, output } in steps {
        let code = line.split_once("# exits with ").map_or(0, |(_, code)| code.parse().expect("a number"));
        let mut command = shell(project, &line);
        before(&mut command, &line);
        let ended = Ended::from(command.output().expect("a shell")).expect(code);
        let said = words(&format!("{}\n{}", ended.stdout, ended.stderr));
        for expected in output {
            assert!(said.contains(&words(&expected)), "docs/{page}.md: `{line}` does not say {expected:?}\n{ended:?}");
        }
    }
}

/// Without the spaces that align columns, and without times, which differ from run to run.
fn words(text: &str) -> String {
    let is_word = |word: &&str| *word != "[" && !word.ends_with("s]");
    let line = |line: &str| line.split_whitespace().filter(is_word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn service(project: &Project, name: &str) {
    project.write(&format!("services/{name}/requirements.txt"), format!("{name}==1.0.0\n"));
    project.write(&format!("services/{name}/build/layer/python/{name}.py"), "");
}

#[test]
fn a_repository_with_layers_of_several_teams() {
    let project = Project::new("");
    ["orders", "search"].into_iter().for_each(|name| service(&project, name));
    follow("monorepo", &project, |_, line| {
        if line.contains("--changed-since") {
            git(&project, &["init", "-q", "-b", "main"]);
            commit(&project);
            project.write("services/orders/requirements.txt", "orders==2.0.0\n");
        }
    });
}

#[test]
fn build_only_what_changed() {
    let project = Project::new("");
    for layer in ["numpy", "requests"] {
        project.write(&format!("{layer}/requirements.txt"), format!("{layer}==1.0.0\n"));
    }
    let output = project.write("output", "");
    follow("build-only-what-changed", &project, |command, line| {
        if line.contains("GITHUB_OUTPUT") {
            // As it is when something changed on the way from one job to the other.
            project.write("numpy/requirements.txt", "numpy==2.0.0\n");
            command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &output);
        }
        command.env("LAYERS", "numpy");
    });
    let outputs = String::from_utf8(project.read("output")).unwrap();
    assert!(outputs.contains("any-changed=true\n"), "{outputs}");
    assert!(outputs.contains("matrix={\"include\":[{\"layers\":\"numpy\"}]}\n"), "{outputs}");
    assert_eq!(project.requests().iter().filter(|request| *request == "PublishLayerVersion numpy").count(), 2);
}

#[test]
fn what_is_published_where() {
    let project = Project::of(&["numpy", "requests"]);
    follow("status", &project, |_, _| {});
    let arns = String::from_utf8(project.read("layers.env")).unwrap();
    assert!(arns.contains(":us-east-1:") && arns.contains("numpy:2"), "{arns}");
}

#[test]
fn layers_that_go_to_several_regions_and_accounts() {
    let project = Project::of(&[]);
    project.write("requests/requirements.txt", "requests==1.0.0\n");
    project.write("requests/layer/python/requests.py", "");
    follow("regions-and-accounts", &project, |command, line| {
        if line.starts_with("aws ") {
            // The sandbox makes buckets by itself.
            *command = shell(&project, "true");
        }
    });
    let layers = project.state()["layers"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let places = ["123456789012/eu-west-1/", "123456789012/us-east-1/", "210987654321/us-east-1/"];
    assert_eq!(layers, places.map(|place| format!("{place}requests")));
}

#[test]
fn old_versions_that_are_deleted() {
    let project = Project::of(&["requests"]);
    follow("prune", &project, |_, _| {});
}

#[test]
fn layers_that_stay_in_the_bucket() {
    let project = Project::of(&["requests"]);
    project.write("requests/requirements.txt", "requests==2.32.3\n");
    follow("storage", &project, |_, _| {});
}

#[test]
fn layers_that_others_may_use() {
    let project = Project::new("");
    project.write("requests/requirements.txt", "requests==1.0.0\n");
    project.write("requests/layer/python/requests.py", "");
    follow("sharing", &project, |_, _| {});
}

#[test]
fn arns_where_others_use_them() {
    let project = Project::new("");
    project.write("requests/requirements.txt", "requests==2.32.3\n");
    project.write("requests/layer/python/requests.py", "");
    follow("use-the-arns", &project, |command, line| {
        if line.starts_with("aws ") {
            // What the page asks the AWS CLI for, asked of the sandbox.
            let name = line.split_whitespace().skip_while(|word| *word != "--name").nth(1).expect("a name");
            let value = project.state()["parameters"]["123456789012/us-east-1"][name]["value"].clone();
            *command = shell(&project, &format!("echo '{}'", value.as_str().expect("a parameter")));
        }
    });
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer:requests:2";
    assert_eq!(project.json("layers.auto.tfvars.json")["layers"]["us-east-1"]["requests"], arn);
    assert_eq!(project.json("layers.json")["layers"]["requests"]["us-east-1"]["arn"], arn);
}

#[test]
fn what_a_layer_contains() {
    let project = Project::new("");
    project.write("requests/requirements.txt", "requests==2.32.3\n");
    project.write("requests/layer/python/requests.py", "");
    follow("prove-what-a-layer-contains", &project, |command, line| {
        if line.starts_with("aws ") {
            // What the page asks the AWS CLI for, asked of the sandbox.
            let zip = project.layer_archive("us-east-1", "requests", 1);
            project.write("requests-1.zip", zip);
            *command = shell(&project, "true");
        }
    });
}

#[test]
fn a_run_on_several_machines() {
    let project = Project::of(&["a", "b", "c", "d"]);
    let summary = project.write("summary", "");
    follow("several-machines", &project, |command, _| {
        command.env("PART", "1").env("GITHUB_STEP_SUMMARY", &summary);
    });
    let summary = String::from_utf8(project.read("summary")).unwrap();
    assert!(summary.contains("4 jobs"), "{summary}");
    assert_eq!(project.json("report.json")["summary"]["published"], 4);
}

#[test]
fn a_project_of_the_python_library() {
    let project = Project::new("");
    std::fs::remove_file(project.folder().join("layers.toml")).unwrap();
    for name in ["numeric", "requests"] {
        project.write(&format!("{name}/requirements.txt"), format!("{name}==1.0.0\n"));
        let built = zip(&[(&format!("python/{name}.py"), "")]);
        project.write(&format!("{name}/build/lambda/layer/layer.zip"), built);
    }
    follow("switching-from", &project, |command, line| {
        if let Some((before, after)) = line.split_once("sam deploy ") {
            // What SAM is given, as nobody deploys anything here.
            *command = shell(&project, &format!("{before}echo {after}"));
        }
    });
}
