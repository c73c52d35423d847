//! The first page, and those that are looked things up on: what they show is run as well, and nothing on any page is left out.

use std::ffi::OsString;
use std::process::Command;

use serde_json::Value;

use crate::common::process::Running;
use crate::common::project::{Project, in_crate};
use crate::common::{LAYERSHIP, control};
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
    let project = Project::new("");
    project.write("requests/requirements.txt", "requests==1.0.0\n");
    project.write("requests/build/layer/python/requests.py", "");
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
    let layers = project.state()["layers"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let places = ["123456789012/ap-northeast-1/requests", "123456789012/us-east-1/requests"];
    assert_eq!(layers, places, "as its layers file says");
}

/// What is taken from `target/` is built on the same line: a fresh clone has nothing there.
#[test]
fn the_readme_builds_what_it_installs() {
    let page = std::fs::read_to_string(in_crate("README.md")).unwrap();
    let taken: Vec<&str> = page.lines().filter(|line| line.contains("target/release/")).collect();
    assert!(!taken.is_empty() && taken.iter().all(|line| line.starts_with("cargo build --release ")), "{taken:?}");
}

#[test]
fn the_readme_of_the_sandbox() {
    let project = Project::of(&[]);
    follow("../sandbox/README", &project, |_, _| {});
    let clock: Value = serde_json::from_str(&control(&project.sandbox, "GET", "/_sandbox/clock", "")).unwrap();
    assert_eq!(clock["ahead_seconds"], 300);
}

/// Pages with commands that no test runs as they stand there, each with the reason, and with what tries them.
const NOT_FOLLOWED: [(&str, &str); 7] = [
    ("move-functions", "tests/rollout/page.rs runs it, beside functions"),
    ("../CONTRIBUTING", "it is how the tests themselves, the benchmark and the fuzzers are started"),
    ("../packaging/README", "tests/delivery installs the packages; below, its lines are read as the binary reads them"),
    ("../protocol/README", "it is how the tests of that crate are started"),
    ("../bench/README", "it is how the benchmark is started, which takes most of an hour"),
    ("releasing", "it is what a person does at a release; tests/delivery runs the scripts on it"),
    ("ci", "an action: tests/delivery/workflows.rs carries out what it consists of"),
];

/// Every page that people read, by its path from `docs/`, without its ending.
fn pages() -> Vec<String> {
    let folder = std::fs::read_dir(in_crate("docs")).unwrap();
    let names = folder.filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned));
    let readmes = ["", "packaging/", "sandbox/", "protocol/", "bench/"].map(|folder| format!("../{folder}README"));
    names.chain(readmes).chain(["../CONTRIBUTING".to_owned()]).collect()
}

#[test]
fn every_command_of_the_documentation_is_run() {
    let mut seen = 0;
    for page in pages() {
        let blocks = blocks(&page);
        let shows_commands = blocks.iter().any(|(of, _)| ["console", "sh", "yaml", "bash"].contains(&of.as_str()));
        let is_tried = FOLLOWED.contains(&page.as_str()) || NOT_FOLLOWED.iter().any(|(known, _)| *known == page);
        assert!(!shows_commands || is_tried, "docs/{page}.md has commands that nobody runs");
        for (of, text) in &blocks {
            // A line that looks like a command stands where it is run.
            let is_loose = of == "text" && page != "cli" && text.lines().any(|line| line.starts_with("$ "));
            let is_read = match of.as_str() {
                "json" => serde_json::from_str::<Value>(text).is_ok(),
                "toml" => text.parse::<toml::Table>().is_ok(),
                _ => true,
            };
            assert!(!is_loose && is_read, "docs/{page}.md: {text}");
        }
        seen += usize::from(shows_commands);
    }
    assert!(seen >= FOLLOWED.len(), "only {seen} pages with commands");
}

/// The command lines of ours on a page: within a sentence, and in blocks of whatever kind.
fn named(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(in_crate(&format!("docs/{page}.md"))).unwrap();
    let blocks = blocks(page);
    let lines = blocks.iter().flat_map(|(_, text)| text.lines());
    let lines = lines.map(|line| line.trim().trim_start_matches("$ ").trim_start_matches("uvx "));
    let all = text.split('`').skip(1).step_by(2).filter(|code| !code.contains('\n')).chain(lines);
    // Without what a shell would do with it, and without what is said of it.
    let ours = all.filter(|line| line.starts_with("layership ") && !line.starts_with("layership 0."));
    let ours = ours.filter_map(|line| line.split([';', '#', '|', '>', '&']).next());
    ours.filter(|line| !line.contains('$')).map(str::to_owned).collect()
}

#[test]
fn every_command_line_that_a_page_names_is_understood() {
    let mut seen = 0;
    for page in pages() {
        for line in named(&page) {
            seen += 1;
            let words = line.replace("help COMMAND", "help publish");
            let words = words.split_whitespace().map(|word| OsString::from(word.trim_matches('\'')));
            let refused = ::layership::Cli::read(words).err().filter(|error| error.use_stderr());
            let refused = refused.map(|error| error.to_string()).unwrap_or_default();
            // A sentence may name a command without all that it needs.
            let is_known = refused.is_empty() || refused.contains("required arguments were not provided");
            assert!(is_known, "docs/{page}.md: `{line}`: {refused}");
        }
    }
    assert!(seen > 100, "only {seen} command lines");
}
