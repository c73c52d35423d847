//! Credentials in the URLs of manifests: no output, no report, no event and no object in S3 shows one.

use std::path::Path;

use crate::common::project::Project;
use crate::common::run;

/// What none of them may show.
const SECRET: &str = "s3cr3tPlant3d";

/// URLs that carry it: user info, a token, a signature.
const URLS: [&str; 3] = [
    "https://user:s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    "https://host.example/x/tool-1.0.0.tgz?token=s3cr3tPlant3d",
    "https://host.example/x/tool-1.0.0.tgz?X-Amz-Credential=a&X-Amz-Signature=s3cr3tPlant3d",
];

/// A manifest of each kind, with `URL` where its tool writes one.
const MANIFESTS: [(&str, &str); 12] = [
    ("requirements.txt", "--index-url URL\nsix==1.16.0\ntool @ URL\n-e git+URL#egg=other\nthird>=1\n"),
    ("uv.lock", "version = 1\n[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\nsource = { url = \"URL\" }\n"),
    (
        "poetry.lock",
        "[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\n[package.source]\ntype = \"url\"\nurl = \"URL\"\n",
    ),
    ("pdm.lock", "[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\nurl = \"URL\"\n"),
    (
        "pylock.toml",
        "lock-version = \"1.0\"\n[[packages]]\nname = \"tool\"\narchive = { url = \"URL\", hashes = {} }\n",
    ),
    (
        "Pipfile.lock",
        r#"{"_meta":{"sources":[{"name":"x","url":"URL"}]},"default":{"tool":{"file":"URL"},"six":{"version":"==1.16.0"}}}"#,
    ),
    (
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/tool":{"version":"URL","resolved":"URL"}}}"#,
    ),
    ("yarn.lock", "# yarn lockfile v1\n\n\"tool@URL\":\n  version \"1.0.0\"\n  resolved \"URL\"\n"),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\n\npackages:\n\n  tool@URL:\n    resolution: {tarball: URL}\n    version: 1.0.0\n",
    ),
    ("Gemfile.lock", "GEM\n  remote: URL\n  specs:\n    tool (1.0.0)\n\nDEPENDENCIES\n  tool\n"),
    ("Cargo.lock", "version = 4\n[[package]]\nname = \"tool\"\nversion = \"1.0.0\"\nsource = \"registry+URL\"\n"),
    ("composer.lock", r#"{"packages":[{"name":"a/tool","version":"1.0.0","dist":{"type":"zip","url":"URL"}}]}"#),
];

/// No file below a folder holds the secret, but those that are meant to.
fn silent_below(folder: &Path, what: &str, meant: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        if path.is_dir() {
            silent_below(&path, what, meant);
        } else if !meant.iter().any(|name| path.ends_with(name)) {
            let bytes = std::fs::read(&path).unwrap();
            let is_there = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!is_there, "{what}: {} betrays it", path.display());
        }
    }
}

/// Runs with every output that there is; nothing betrays the secret.
fn every_output(project: &Project, args: &str, meant: &[&str]) -> String {
    let mut command = project.command();
    command.envs([("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "output.txt"), ("GITHUB_STEP_SUMMARY", "summary.txt")]);
    project.write("output.txt", "");
    project.write("summary.txt", "");
    command.args(args.split_whitespace()).args(["-vv", "--events", "events.txt"]);
    for format in ["json", "markdown", "junit", "csv", "env", "tfvars", "index", "html"] {
        command.args(["--report", &format!("{format}=report-{format}.txt")]);
    }
    let ended = run(command, [] as [&str; 0]);
    let all = format!("{}{}{:?}", ended.stdout, ended.stderr, project.requests());
    assert!(!all.contains(SECRET), "{args}: {all}");
    let root = project.folder().parent().unwrap().to_owned();
    silent_below(&root, args, meant);
    all
}

fn project(manifest: &str) -> Project {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", manifest));
    project
}

#[test]
fn a_credential_in_any_manifest_is_shown_nowhere_and_sent_nowhere() {
    for (name, text) in MANIFESTS {
        let project = project(name);
        project.write(&format!("requests/{name}"), text.replace("URL", "https://host.example/x/tool-0.9.0.tgz"));
        project.run("publish --stage", 0);
        for url in URLS {
            project.write(&format!("requests/{name}"), text.replace("URL", url));
            project.write("requests/layer/python/built.py", url.replace(SECRET, ""));
            let meant = [format!("requests/{name}")];
            let meant: Vec<&str> = meant.iter().map(String::as_str).collect();
            for command in ["check", "changed", "plan --stage", "publish --stage"] {
                let told = every_output(&project, command, &meant);
                assert!(
                    told.contains("carries a credential") || command == "changed",
                    "{name} {url} {command}: {told}"
                );
            }
            assert!(
                !project.effects().iter().any(|effect| effect.contains("PublishLayerVersion requests 2")),
                "{name}"
            );
        }
        assert_eq!(project.state().to_string().matches(SECRET).count(), 0);
    }
}

/// The backup does not hold what is included, so nothing is refused; shown it is nowhere either.
#[test]
fn a_credential_in_an_included_file_is_shown_nowhere() {
    let project = project("requirements.txt");
    let text = format!("-r base.txt\n-r {}\nrequests==1.0.0\n", URLS[0].replace("s3cr3tPlant3d", "x"));
    project.write("requests/requirements.txt", text.replace(":x@", "@"));
    for url in URLS {
        project.write("requests/base.txt", format!("--extra-index-url {url}\n-r {url}\ntool @ {url}\n-e git+{url}\n"));
        for command in ["check", "plan --stage", "publish --stage --force"] {
            every_output(&project, command, &["requests/base.txt"]);
        }
    }
}
