//! Credentials that stand in no URL, and those that a URL holds elsewhere than in a password: what names them is in front of them.

use serde_json::Value;

use super::planted::{SECRET, every_output, every_output_with, project, silent_below};
use crate::common::project::Project;
use crate::common::{Ended, run};

/// As people write them in a requirements file.
const LINES: [&str; 20] = [
    "--extra-index-url https://s3cr3tPlant3d@pypi.fury.io/me/",
    "--extra-index-url https://packagecloud.io/priv/s3cr3tPlant3d/me/repo/pypi/simple",
    "--trusted-host user:s3cr3tPlant3d@host.example",
    "-i //user:s3cr3tPlant3d@host.example/simple",
    "--index-url=user:s3cr3tPlant3d@host.example/simple",
    "--extra-index-url 'user:my s3cr3tPlant3d@host.example/simple'",
    "--find-links \\\n    user:s3cr3tPlant3d@host.example/links",
    "-r user:s3cr3tPlant3d@host.example/base.txt",
    "-c user:s3cr3tPlant3d@host.example/bounds.txt",
    "-e user:s3cr3tPlant3d@host.example/tool",
    "-e user:s3cr3tPlant3d@host.example",
    "-r user:s3cr3tPlant3d@host.example",
    "tool @ user:s3cr3tPlant3d@host.example/tool-1.0.0.zip",
    "second>=1 --config-settings=\"--token=s3cr3tPlant3d\"",
    "third>=1 --config-settings token=s3cr3tPlant3d",
    "fourth>=1 --global-option=\"--password=s3cr3tPlant3d\"",
    "fifth>=1 # --auth-token=s3cr3tPlant3d",
    "//registry.example.com/:_authToken=s3cr3tPlant3d",
    "# Authorization: Bearer s3cr3tPlant3d",
    "# set NPM_TOKEN=s3cr3tPlant3d before",
];

/// As they stand in lock files, with the name of each.
const LOCKS: [(&str, &str); 6] = [
    (
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/tool":{"version":"1.0.0","_authToken":"s3cr3tPlant3d"}}}"#,
    ),
    (
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/tool":{"version":"1.0.0","//h/:_password":"s3cr3tPlant3d"}}}"#,
    ),
    (
        "composer.lock",
        r#"{"packages":[{"name":"a/tool","version":"1.0.0","transport-options":{"http":{"header":["PRIVATE-TOKEN: s3cr3tPlant3d"]}}}]}"#,
    ),
    (
        "Gemfile.lock",
        "GEM\n  remote: https://s3cr3tPlant3d@gem.fury.io/me/\n  specs:\n    tool (1.0.0)\n\nDEPENDENCIES\n  tool\n",
    ),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\n\nsettings:\n  _auth: s3cr3tPlant3d\n\npackages:\n\n  tool@1.0.0:\n    resolution: {integrity: x}\n",
    ),
    (
        "poetry.lock",
        "[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\n\n[package.source]\ntype = \"legacy\"\nurl = \"https://s3cr3tPlant3d@packagecloud.io/me/x\"\n",
    ),
];

/// What a build prints, or a value of the layers file says.
const TEXTS: [&str; 11] = [
    "pip install --trusted-host user:s3cr3tPlant3d@host.example -i //user:s3cr3tPlant3d@host.example/simple tool",
    "Looking in indexes: https://s3cr3tPlant3d@pypi.fury.io/me/",
    "+ pip install --config-settings token=s3cr3tPlant3d tool",
    "+ npm publish --//registry.example.com/:_authToken=s3cr3tPlant3d",
    "> authorization: Basic s3cr3tPlant3d",
    "+ curl -H 'PRIVATE-TOKEN: s3cr3tPlant3d' https://host.example/x",
    "+ tool --db-password='my s3cr3tPlant3d' --pre",
    "npm_config_//registry.example.com/:_authToken=s3cr3tPlant3d",
    "+ NPM_TOKEN=s3cr3tPlant3d npm publish",
    "+ curl -sS -u me:s3cr3tPlant3d https://host.example/x",
    "+ twine upload --password s3cr3tPlant3d x",
];

fn allow(project: &Project) {
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let allowed = "allow = [\"secret-in-manifest\"]\nattest = true\n";
    project.write("layers.toml", format!("{layers}{allowed}"));
}

#[test]
fn a_credential_that_something_names_is_found_and_shown_nowhere() {
    let requirements = LINES.map(|line| ("requirements.txt", format!("six==1.16.0\n{line}\n")));
    let locks = LOCKS.map(|(name, text)| (name, text.to_owned()));
    for (name, text) in requirements.into_iter().chain(locks) {
        let project = project(name);
        let manifest = format!("requests/{name}");
        project.write(&manifest, &text);
        let told = every_output(&project, "publish --stage", &[&manifest]);
        assert!(told.contains("carries a credential"), "{text}: {told}");
        assert!(!project.effects().iter().any(|effect| effect.contains("PublishLayerVersion")), "{text}");
        allow(&project);
        every_output(&project, "publish --stage --attest-dir attest", &[&manifest, "sandbox/data"]);
        // What differs is told.
        project.write(&manifest, text.replace("1.0.0", "1.0.1").replace("six==1.16.0", "six==1.16.0\nlast>=1"));
        every_output(&project, "plan --stage", &[&manifest, "sandbox/data"]);
    }
}

#[test]
fn such_a_credential_in_an_included_file_is_shown_nowhere() {
    let project = project("requirements.txt");
    project.write("requests/requirements.txt", "-r base.txt\nsix==1.16.0\n");
    project.write("requests/base.txt", LINES.join("\n"));
    for command in ["check", "plan --stage", "publish --stage --force"] {
        every_output(&project, command, &["requests/base.txt"]);
    }
}

#[test]
fn such_a_credential_that_a_build_prints_or_a_value_holds_is_shown_nowhere() {
    for text in TEXTS {
        let project = Project::of(&["requests"]);
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        project.write("layers.toml", format!("{layers}build = \"cat output-of-it.txt; exit 1\"\n"));
        project.write("output-of-it.txt", format!("{text}\n"));
        let told = every_output(&project, "build --all", &["output-of-it.txt"]);
        assert!(told.contains("exited with status 1") && told.contains("****"), "{text}: {told}");
        for key in ["description", "name", "build", "strange"] {
            project.write("layers.toml", format!("{layers}{key} = {text:?}\n"));
            every_output(&project, "check", &["layers.toml", "output-of-it.txt"]);
            every_output(&project, "plan --stage --out plan.json", &["layers.toml", "output-of-it.txt"]);
        }
    }
}

#[test]
fn such_a_credential_in_an_argument_or_a_variable_is_shown_nowhere() {
    let project = Project::of(&["requests"]);
    for word in TEXTS.iter().flat_map(|text| text.split(' ')).filter(|word| word.contains(SECRET)) {
        if word.starts_with(['m', 's', 't', 'u', '\'', '/']) {
            // What stands before it says what it is.
            continue;
        }
        for args in
            [format!("check {word}"), format!("check --target {word}"), format!("check -c {word}"), word.to_owned()]
        {
            every_output(&project, &args, &[]);
        }
        for name in ["LAYERSHIP_CONCURRENCY", "LAYERSHIP_RUN_URL", "AWS_REGION", "AWS_PROFILE"] {
            every_output_with(&project, "check", &[(name, word)], &[]);
        }
    }
}

/// A document with this in the place of each of its texts in turn.
fn planted(document: &Value, text: &str) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        match value {
            Value::String(_) => all.push(at.to_owned()),
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), all));
            }
            Value::Object(values) => {
                values.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), all))
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let with = |pointer: &String| {
        let mut with = document.clone();
        *with.pointer_mut(pointer)? = text.into();
        Some(with)
    };
    all.iter().filter_map(with).collect()
}

#[track_caller]
fn silent(project: &Project, args: &str, given: &[&str]) -> Ended {
    let ended = run(project.command(), args.split(' '));
    assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET), "{args}: {ended:?}");
    silent_below(&project.folder(), args, given);
    ended
}

#[test]
fn such_a_credential_in_a_document_that_is_given_back_is_shown_nowhere() {
    let project = Project::of(&["requests"]);
    project.write("requests/requirements.txt", "six>=1\n");
    project.run("plan --stage --out plan.json", 0);
    project.run("publish --stage --report json=good.json", 0);
    let all = TEXTS.into_iter().chain([LINES[0], LINES[2]]).collect::<Vec<_>>().join(" ; ");
    let formats = "markdown=1.txt junit=2.txt csv=3.txt env=4.txt tfvars=5.txt index=6.txt html=7.txt json=-";
    let mut converted = 0;
    let reports = planted(&project.json("good.json"), &all);
    for report in &reports {
        project.write("planted.json", report.to_string());
        let ended = silent(&project, &format!("report convert planted.json {formats}"), &["planted.json"]);
        converted += usize::from(ended.stdout.contains("****"));
        silent(&project, "report merge planted.json", &["planted.json"]);
    }
    assert!(reports.len() > 20 && converted > 10, "{converted} of {}", reports.len());
    let plans = planted(&project.json("plan.json"), &all);
    for plan in &plans {
        project.write("planted.json", plan.to_string());
        silent(&project, "plan --show planted.json", &["planted.json"]);
        silent(&project, "publish --plan planted.json", &["planted.json"]);
    }
    assert!(plans.len() > 10, "{}", plans.len());
}
