//! Credentials in URLs, in manifests and wherever else texts come from: no output, no report, no event and no object in S3
//! shows one.

use std::path::Path;

use crate::common::project::{Project, in_crate, layer};
use crate::common::run;
use crate::common::zips::zip;

/// What none of them may show.
pub const SECRET: &str = "s3cr3tPlant3d";

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

/// URLs as people forget to escape them, as their file's format escapes them, and as a part of another.
const ODD_URLS: [&str; 11] = [
    "https://dl.cloudsmith.io/s3cr3tPlant3d/org/repo/tool-1.0.0.tgz",
    "https://user:p<s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    "https://user:p>s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    "https://user:p`s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    "https://user:p\"s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    "https://host.example/x;token=s3cr3tPlant3d/tool-1.0.0.tgz",
    "https://host.example/x?url=https%3A%2F%2Fuser%3As3cr3tPlant3d%40host.example%2Ftool-1.0.0.tgz",
    r"https\u003a//user:s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    r"https:\u002F\u002Fuser:s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz",
    r"https://user:s3cr3tPlant3d\u0040host.example/x/tool-1.0.0.tgz",
    r"https://host.example/x/tool-1.0.0.tgz?a=1\u0026token=s3cr3tPlant3d",
];

/// Nothing below a folder holds the secret, but what is meant to.
pub fn silent_below(folder: &Path, what: &str, meant: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        if meant.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            silent_below(&path, what, meant);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let is_there = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!is_there, "{what}: {} betrays it", path.display());
        }
    }
}

/// Runs with every output that there is; nothing betrays the secret.
pub fn every_output(project: &Project, args: &str, meant: &[&str]) -> String {
    every_output_with(project, args, &[], meant)
}

/// The same with these variables.
pub fn every_output_with(project: &Project, args: &str, variables: &[(&str, &str)], meant: &[&str]) -> String {
    let mut command = project.command();
    command.envs(variables.iter().copied());
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

pub fn project(manifest: &str) -> Project {
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

/// A layer that allows it has its backup in S3, and nothing else shows the credential.
#[test]
fn an_odd_or_escaped_credential_is_found_and_shown_nowhere() {
    let berry = (
        "yarn.lock",
        "__metadata:\n  version: 8\n\n\"tool@npm:1\":\n  version: 1.0.0\n  resolution: \"tool@npm:1.0.0::__archiveUrl=\
         https%3A%2F%2Fuser%3As3cr3tPlant3d%40host.example%2Ftool.tgz\"\n",
        "",
    );
    let of = |name: &str| MANIFESTS.iter().find(|(manifest, _)| *manifest == name).copied().unwrap();
    let escaped = ["poetry.lock", "package-lock.json", "composer.lock"].map(of);
    let with_escapes = escaped.iter().flat_map(|(name, text)| ODD_URLS.map(|url| (*name, *text, url)));
    // Where nothing is escaped, these are other URLs; and a `"` of TOML and JSON is.
    let cut = "https:\\\n//user:s3cr3tPlant3d@host.example/x/tool-1.0.0.tgz";
    let plain = ODD_URLS[..7].iter().chain([&cut]).map(|url| (MANIFESTS[0].0, MANIFESTS[0].1, *url));
    for (name, text, url) in with_escapes.chain(plain).chain([berry]) {
        let project = project(name);
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        let url = if name == "requirements.txt" { url.to_owned() } else { url.replace('"', "\\\"") };
        let manifest = format!("requests/{name}");
        project.write(&manifest, text.replace("URL", &url));
        let told = every_output(&project, "publish --stage", &[&manifest]);
        assert!(told.contains("carries a credential"), "{name} {url}: {told}");
        let allowed = "allow = [\"secret-in-manifest\"]\nunpinned = \"allow\"\nattest = true\n";
        project.write("layers.toml", format!("{layers}{allowed}"));
        // What the sandbox holds has the backup; what is attested is here, too.
        every_output(&project, "publish --stage --attest-dir attest", &[&manifest, "sandbox/data"]);
        let documents = project.json("report-json.txt")["jobs"][0]["attest"].to_string();
        assert!(documents.contains(".cdx.json"), "{name} {url}: {documents}");
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

/// The values of every key that a layers file may have, by the table that it stands in.
fn keys() -> Vec<(&'static str, String, String)> {
    let schema = std::fs::read(in_crate("schemas/layers.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    let tables =
        [("layers.requests", "LayerTable"), ("targets.us-east-1", "TargetTable"), ("settings", "SettingsTable")];
    let of = |(table, definition): (&'static str, &str)| {
        let keys = schema["definitions"][definition]["properties"].as_object().unwrap().clone();
        keys.into_iter().map(move |(key, about)| {
            let value = if about["type"].to_string().contains("array") {
                format!("[{:?}]", URLS[0])
            } else {
                format!("{:?}", URLS[0])
            };
            (table, key, value)
        })
    };
    let strange = [("layers.requests", "strange"), ("layers", URLS[0])];
    let strange = strange.map(|(table, key)| (table, key.to_owned(), format!("{:?}", URLS[0])));
    tables.into_iter().flat_map(of).chain(strange).collect()
}

#[test]
fn a_credential_in_any_value_of_the_layers_file_is_shown_nowhere() {
    let project = Project::of(&["requests"]);
    let whole =
        format!("[defaults]\nbucket = \"artifacts\"\n[targets.us-east-1]\n[settings]\n[layers]\n{}", layer("requests"));
    let keys = keys();
    assert!(keys.len() > 35, "{keys:?}");
    for (table, key, value) in keys {
        let others = whole.lines().filter(|line| !line.starts_with(&format!("{key} = ")));
        let table = format!("[{table}]");
        let with = |line| if line == table { format!("{line}\n{key:?} = {value}\n") } else { format!("{line}\n") };
        project.write("layers.toml", others.map(with).collect::<String>());
        every_output(&project, "check", &["layers.toml"]);
    }
    project.write("layers.toml", format!("include = [{:?}]\n{whole}", URLS[0]));
    every_output(&project, "check", &["layers.toml"]);
    // What is cut before its `@`.
    let long = format!("https://user:{SECRET}{}@host.example", "p".repeat(250));
    project.write("layers.toml", format!("[defaults]\nbucket = \"{long}\"\n{}", layer("requests")));
    assert!(every_output(&project, "check", &["layers.toml"]).contains("`https://****@host.example`"));
}

#[test]
fn a_credential_in_an_argument_or_a_variable_is_shown_nowhere() {
    let project = Project::of(&["requests"]);
    for args in [
        "check URL",
        "check --target URL",
        "check --concurrency URL",
        "check --URL",
        "URL",
        "check -c URL",
        "check --events URL",
        "check --changed-since URL",
    ] {
        every_output(&project, &args.replace("URL", URLS[0]), &[]);
    }
    for name in ["LAYERSHIP_CONCURRENCY", "LAYERSHIP_RUN_URL", "AWS_REGION", "AWS_PROFILE", "LAYERSHIP_STRANGE"] {
        every_output_with(&project, "check", &[(name, URLS[0])], &[]);
    }
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}name = \"{{env:STAGE}}\"\n"));
    every_output_with(&project, "check", &[("STAGE", URLS[0])], &[]);
}

#[test]
fn a_credential_in_an_archive_is_shown_nowhere() {
    let project = project("package-lock.json");
    project.write(
        "requests/package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/tool":{"version":"1.0.0"}}}"#,
    );
    let about = |name, version| format!(r#"{{"name":"{name}","version":"{version}"}}"#);
    let (tool, other) = (about("tool", URLS[0]), about(URLS[0], "1.0.0"));
    let (folder, out) = (format!("nodejs/{}", URLS[0]), format!("../{}", URLS[0]));
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    for odd in [folder, out] {
        let files = [
            ("nodejs/node_modules/tool/package.json", tool.as_str()),
            ("nodejs/node_modules/other/package.json", other.as_str()),
            (odd.as_str(), "x"),
        ];
        project.write("requests/layer", zip(&files));
        for command in ["check", "plan --stage"] {
            let told = every_output(&project, command, &["requests/layer"]);
            assert!(told.contains("https://****@host.example"), "{told}");
        }
    }
}

/// What is told of the output is cut twice: its end is kept, and so much of each line.
#[test]
fn a_credential_that_a_build_prints_is_shown_nowhere() {
    const KEPT: usize = 16_384;
    const LINE: usize = 300;
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}build = \"cat output-of-it.txt; exit 1\"\n"));
    let url = format!("https://user:{SECRET}@host.example/");
    let in_line = format!("{}{url}", " ".repeat(LINE - "https://user:".len() - SECRET.len()));
    let after = "@host.example/".len() + SECRET.len();
    let in_tail = format!("{url}{}", " ".repeat(KEPT - after));
    assert_eq!((in_tail.len() - KEPT), "https://user:".len());
    for printed in [format!("cloning {url}\n"), in_line, in_tail] {
        project.write("output-of-it.txt", &printed);
        let told = every_output(&project, "build --all", &["output-of-it.txt"]);
        assert!(told.contains("exited with status 1"), "{told}");
    }
}

/// It would be another plan without it.
#[test]
fn a_plan_with_a_credential_is_not_saved() {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}description = \"{}\"\n", URLS[0]));
    let told = every_output(&project, "plan --stage --out plan.json", &["layers.toml"]);
    let plan = project.folder().join("plan.json");
    assert!(told.contains("which a saved plan must not hold"), "{told}");
    assert!(!plan.exists());
    // What a manifest names is masked from the beginning.
    project.write("layers.toml", layers);
    project.run("publish --stage", 0);
    project.build("requests", format!("tool @ git+ssh://git@host.example/tool@{}\n", "0".repeat(40)));
    project.run("plan --stage --out plan.json", 0);
    let saved = std::fs::read_to_string(plan).unwrap();
    assert!(saved.contains("ssh://****@host.example/tool"), "{saved}");
    project.run("publish --plan plan.json", 0);
}
