//! The pictures of the documentation: each is what a terminal shows of a real run, and says what the program says today.
//! `UPDATE=1 cargo test --test screens pictures` makes them again.

use std::path::Path;
use std::process::Command;

use crate::common::gate::Gate;
use crate::common::project::{Project, in_crate};
use crate::common::{LAYERSHIP, requirements, run};
use crate::svg::{said, svg};
use crate::tmux::Terminal;

const PACKAGES: [(&str, &str); 12] = [
    ("arrow", "1.3.0"),
    ("boto3", "1.40.4"),
    ("cryptography", "45.0.5"),
    ("httpx", "0.27.2"),
    ("lxml", "6.0.0"),
    ("numpy", "2.3.1"),
    ("orjson", "3.11.1"),
    ("pandas", "2.3.1"),
    ("pydantic", "2.11.7"),
    ("requests", "2.32.3"),
    ("scipy", "1.15.3"),
    ("torch", "2.7.0"),
];

/// A repository as people have them: twelve packages for two versions of Python, published before.
fn repository() -> Project {
    let project = Project::new("");
    let both =
        |(name, version)| ["py312", "py313"].map(|python| (format!("{name}-{python}"), requirements(name, version)));
    let layers: Vec<(String, String)> = PACKAGES.into_iter().flat_map(both).collect();
    project.declare(&layers.iter().map(|(layer, _)| layer.as_str()).collect::<Vec<_>>(), "");
    layers.iter().for_each(|(layer, manifest)| project.build(layer, manifest));
    project
}

/// The binary by its name, and settings where nobody sees them.
fn command(project: &Project, endpoint: Option<&str>) -> Command {
    let mut command = project.command();
    let own = Path::new(LAYERSHIP).parent().expect("a folder").display();
    command.env("PATH", format!("{own}:{}", std::env::var("PATH").unwrap())).env("LC_ALL", "C.UTF-8");
    command.env("LAYERSHIP_LAMBDA_REQUESTS_PER_SECOND", "1000").env("LAYERSHIP_REQUEST_TIMEOUT_SECONDS", "600");
    command.env("LAYERSHIP_CONCURRENCY", if endpoint.is_some() { "8" } else { "1" });
    endpoint.map(|endpoint| command.env("AWS_ENDPOINT_URL", endpoint));
    command
}

/// A command line as it was typed, and what followed.
fn typed(project: &Project, endpoint: Option<&str>, line: &str) -> Terminal {
    Terminal::run((COLUMNS, 30), &command(project, endpoint), &format!("echo '$ {line}'; {line}"))
}

const COLUMNS: u16 = 110;

/// Times and ids of requests differ from run to run, and so does the order of what ends at the same time.
fn lasting(text: &str) -> Vec<String> {
    let is_id = |word: &str| word.matches('-').count() == 4 && word.trim_matches(')').len() == 36;
    let word = |word: &str| match word {
        "[" => None,
        time if time.ends_with("s]") => Some("TIME".to_owned()),
        id if is_id(id) => Some("REQUEST".to_owned()),
        other => Some(other.to_owned()),
    };
    // On a slow machine, what is held may be told to have no answer.
    let told = |line: &str| line.split(": no answer for").next().unwrap_or_default().to_owned();
    let line = |line: &str| told(line).split_whitespace().filter_map(word).collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = text.lines().map(line).collect();
    lines.sort();
    lines
}

/// Holds a picture of the documentation against what a terminal shows now.
#[track_caller]
fn pinned(name: &str, title: &str, ansi: &str) {
    let screen: Vec<&str> = ansi.lines().take_while(|line| !line.starts_with("ENDED WITH")).collect();
    let picture = svg(title, COLUMNS.into(), &screen.join("\n"));
    let path = in_crate(&format!("docs/pictures/{name}.svg"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &picture).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        lasting(&said(&known)),
        lasting(&said(&picture)),
        "docs/pictures/{name}.svg is of another time; `UPDATE=1 cargo test --test screens pictures` makes it again"
    );
}

#[test]
fn a_plan() {
    let project = repository();
    let without = |names: &[&str]| {
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        let kept = layers
            .split("\n[layers.")
            .enumerate()
            .filter(|(n, table)| *n == 0 || !names.iter().any(|name| table.starts_with(name)));
        kept.map(|(_, table)| table).collect::<Vec<_>>().join("\n[layers.")
    };
    let (all, before) = (project.read("layers.toml"), without(&["numpy-py313]", "torch-py313]"]));
    project.write("layers.toml", before);
    project.write("requests-py312/requirements.txt", "chardet==5.2.0\nrequests==2.32.3\nurllib3==2.5.0\n");
    // A version whose manifest could not be kept: the next run adopts it.
    project.inject(r#"[{"operation": "PutObject", "match": "boto3-py312/layer/000001", "fault": "access-denied"}]"#);
    run(command(&project, None), ["publish", "--stage"]).expect(1);
    project.heal();
    project.write("layers.toml", all);
    project.build("requests-py312", "requests==2.32.4\nurllib3==2.5.0\n");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let settings = "[layers.pandas-py312]\ncompatible-runtimes = [\"python3.12\", \"python3.13\"]\n";
    project.write("layers.toml", layers.replace("[layers.pandas-py312]\n", settings));
    project.run("stage requests-py312 numpy-py313", 0);

    let terminal = typed(&project, None, "layership plan");
    assert_eq!(terminal.end(), 1);
    pinned("plan", "layership plan", &terminal.in_colour());
}

#[test]
fn a_run_in_the_middle() {
    let project = repository();
    project.run("stage", 0);
    // Eight at a time: those for one Python are held, and those for the other end.
    let gate = Gate::before(&project.sandbox.endpoint, "py313/versions");
    let terminal = typed(&project, Some(&gate.endpoint), "layership publish");
    gate.until_held(8);
    let published =
        |screen: &str| screen.matches("Published [").count() == 8 && screen.matches("Publishing [").count() == 9;
    terminal.until("half of them published", published);
    pinned("publish", "layership publish", &terminal.in_colour());
    gate.open();
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_run_in_which_some_failed() {
    let project = repository();
    project.run("publish --stage", 0);
    for (name, version) in [("requests-py312", "2.32.4"), ("requests-py313", "2.32.4"), ("httpx-py312", "0.28.1")] {
        project.build(name, requirements(name.split('-').next().unwrap(), version));
    }
    project.run("stage", 0);
    for (name, version) in [("scipy-py312", "1.16.0"), ("scipy-py313", "1.16.0"), ("torch-py313", "2.7.1")] {
        project.build(name, requirements(name.split('-').next().unwrap(), version));
    }
    project.inject(r#"[{"operation": "PublishLayerVersion", "match": "httpx*", "fault": "access-denied"}]"#);
    let terminal = typed(&project, None, "layership publish");
    assert_eq!(terminal.end(), 1);
    pinned("failures", "layership publish", &terminal.in_colour());
}
