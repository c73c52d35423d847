//! The first page, and those that are looked things up on: what they show is run as well, and nothing on any page is left out.

use std::process::Command;

use crate::common::LAYERSHIP;
use crate::common::process::Running;
use crate::common::project::{Project, in_crate};
use crate::pages::{FOLLOWED, blocks, follow, shell};

/// A layer with a pinned manifest and a folder, as the pages take them for granted.
fn made(project: &Project, name: &str) {
    project.write(&format!("{name}/requirements.txt"), format!("{name}==1.0.0\n"));
    project.write(&format!("{name}/layer/python/{name}.py"), "");
}

#[test]
fn the_first_page() {
    let project = Project::new("");
    ["numpy", "requests"].into_iter().for_each(|name| made(&project, name));
    follow("index", &project, |_, _| {});
}

#[test]
fn reports_as_the_page_shows_them() {
    let project = Project::of(&["requests"]);
    let output = project.write("output", "");
    follow("reports", &project, |command, line| {
        if line.starts_with("layership publish --stage") {
            command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &output).env("RUNNER_TEMP", project.folder());
        }
        if line.contains("$ARNS") {
            // As the workflow hands it on.
            let outputs = std::fs::read_to_string(&output).unwrap();
            let arns = outputs.lines().rev().find_map(|line| line.strip_prefix("arns=")).expect("an output");
            command.env("ARNS", arns);
        }
    });
    assert!(!project.read("report.html").is_empty() && !project.read("layers.env").is_empty());
}

#[test]
fn a_plan_that_is_kept() {
    let project = Project::of(&["requests"]);
    follow("saved-plans", &project, |_, _| {});
}

/// What `layership sandbox` prints, with its port and its secret as the page has them.
fn served(project: &Project, line: &str) -> String {
    let page = blocks("sandbox")[0].1.clone();
    let own = |name: &str| page.lines().find_map(|line| line.strip_prefix(name)).expect(name).to_owned();
    let mut command = Command::new(LAYERSHIP);
    let line = line.replace("--port 4600", "--port 0");
    command.args(line.split_whitespace().skip(1)).current_dir(project.folder());
    let sandbox = Running::start(command);
    sandbox.until_it_says("Serving");
    sandbox.signal("TERM");
    let ended = sandbox.end().expect(0);
    let secret = own("export AWS_SECRET_ACCESS_KEY=");
    let lines = ended.stdout.lines().map(|line| match line.split_once('=') {
        Some((name, _)) if name.ends_with("SECRET_ACCESS_KEY") => format!("{name}={secret}"),
        Some((name, _)) if name.ends_with("ENDPOINT_URL") => format!("{name}=http://127.0.0.1:4600"),
        _ => line.to_owned(),
    });
    lines.chain(ended.stderr.lines().map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sandbox_and_its_faults() {
    let project = Project::of(&["requests"]);
    let page = std::fs::read_to_string(in_crate("docs/sandbox.md")).unwrap();
    let alias = page.lines().find_map(|line| line.strip_prefix("$ alias ")).expect("an alias").to_owned();
    follow("sandbox", &project, |command, line| {
        if line.starts_with("layership sandbox") {
            project.write("said", served(&project, line));
            *command = shell(&project, "cat said");
        } else if line.starts_with("sandbox ") {
            *command = shell(&project, &format!("alias {alias}\n{line}"));
        }
        if line.starts_with("echo") {
            *command = shell(&project, &format!("{line}\necho 'X = 1' > requests/layer/python/built.py"));
        }
    });
    let published = project.effects().into_iter().filter(|write| write.starts_with("PublishLayerVersion"));
    assert_eq!(published.count(), 2, "as the page says: no second version of one change");
}

#[test]
fn the_readme() {
    let project = Project::of(&["requests"]);
    project.write("new/mail/requirements.txt", "six==1.16.0\n");
    // The quick start is tried on a copy: a checkout stays as it is.
    let copied = Command::new("cp").arg("-r").arg(in_crate("examples")).arg(project.folder()).status().unwrap();
    assert!(copied.success());
    let _ = std::fs::remove_dir_all(project.folder().join("examples/quickstart/.layership"));
    follow("../README", &project, |command, line| {
        if line.starts_with("cargo test") || line.starts_with("cargo install") {
            // tests/delivery installs the packages from what was built, and this is `cargo test`.
            *command = shell(&project, "true");
        }
        if line.starts_with("layership init") {
            command.current_dir(project.folder().join("new"));
        }
        if let Some(rest) = line.strip_prefix("cargo run -- ") {
            *command = shell(&project, &format!("layership {rest}"));
            for name in ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
                command.env_remove(name);
            }
        }
    });
}

/// Pages with commands that no test runs as they stand there, each with the reason, and with what tries them.
const NOT_FOLLOWED: [(&str, &str); 3] = [
    ("move-functions", "tests/rollout/page.rs runs it, beside functions"),
    ("releasing", "it is what a person does at a release; tests/delivery runs the scripts on it"),
    ("ci", "an action: tests/delivery/workflows.rs carries out what it consists of"),
];

#[test]
fn every_command_of_the_documentation_is_run() {
    let folder = std::fs::read_dir(in_crate("docs")).unwrap();
    let names = folder.filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned));
    let mut seen = 0;
    for page in names.chain(["../README".to_owned(), "../CONTRIBUTING".to_owned()]) {
        let shows_commands =
            blocks(&page).iter().any(|(of, _)| ["console", "sh", "yaml", "bash"].contains(&of.as_str()));
        let is_tried = FOLLOWED.contains(&page.as_str()) || NOT_FOLLOWED.iter().any(|(known, _)| *known == page);
        let is_for_developers = page == "../CONTRIBUTING";
        assert!(!shows_commands || is_tried || is_for_developers, "docs/{page}.md has commands that nobody runs");
        // A line that looks like a command stands where it is run.
        let loose = blocks(&page).into_iter().filter(|(of, _)| of == "text" && page != "cli");
        for (_, text) in loose {
            assert!(!text.lines().any(|line| line.starts_with("$ ")), "docs/{page}.md: {text}");
        }
        seen += usize::from(shows_commands);
    }
    assert!(seen >= FOLLOWED.len(), "only {seen} pages with commands");
}
