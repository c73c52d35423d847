//! What only a look into the files of an archive shows: a folder's, a zip's, and those of a zip that something else staged.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::stale::staged_by_the_library;
use super::{code, refused};
use crate::common::project::Project;
use crate::common::zips::{Entry, unzip, zip, zip_with_link, zip_with_modes};

/// The beginning of a library for x86-64.
const X86: &str = "\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0";

fn declare(project: &Project, lines: &str) {
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}{lines}\n"));
}

#[test]
fn libraries_for_another_architecture_whose_names_say_nothing() {
    let project = Project::of(&["requests"]);
    project.write("requests/layer/python/numpy.libs/libblas.so.3", X86);
    declare(&project, "compatible-architectures = [\"arm64\"]");
    let told = "its native libraries are for x86_64 and not for arm64: `python/numpy.libs/libblas.so.3`";
    assert!(project.run("check", 0).stderr.contains(told));
    let bytes = zip(&[("python/numpy.libs/libblas.so.3", X86)]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", &bytes);
    assert!(project.run("check", 0).stderr.contains(told));
    project.run("stage", 0);
    staged_by_the_library(&project, &bytes);
    assert!(project.run("plan", 0).stderr.contains(told));
    refused(&project, "--strict", "archive-invalid");
    declare(&project, "allow = [\"archive-architecture\"]");
    project.run("publish --strict", 0);
}

#[test]
fn packages_of_node_that_are_not_those_of_the_lock_file() {
    let project = Project::of(&["requests"]);
    let lock = |version: &str| {
        let package =
            |name: &str, version: &str, more: &str| format!(r#""node_modules/{name}":{{"version":"{version}"{more}}}"#);
        let packages = [
            package("@s/a", version, ""),
            package("@s/a/node_modules/b", "2.0.0", ""),
            package("c", "1.0.0", r#","dev":true"#),
        ];
        format!(r#"{{"name":"x","lockfileVersion":3,"packages":{{"":{{"name":"x"}},{}}}}}"#, packages.join(","))
    };
    project.write("requests/package-lock.json", lock("1.0.0"));
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write(
        "layers.toml",
        layers.replace("requirements.txt", "package-lock.json").replace("python3.12", "nodejs22.x"),
    );
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let modules = "requests/layer/nodejs/node_modules";
    project.write(&format!("{modules}/@s/a/package.json"), r#"{"name":"@s/a","version":"1.0.0"}"#);
    project.write(&format!("{modules}/@s/a/node_modules/b/package.json"), r#"{"name":"b","version":"2.0.0"}"#);
    assert!(!project.run("check", 0).stderr.contains("warning"));
    project.write("requests/package-lock.json", lock("1.0.1"));
    let ended = project.run("check --report json=report.json", 1);
    assert_eq!(code(&project), "archive-differs");
    assert!(
        ended.stderr.contains("it does not hold what `package-lock.json` pins: `@s/a` 1.0.0, pinned is 1.0.1"),
        "{}",
        ended.stderr
    );
    project.write("requests/package-lock.json", lock("1.0.0"));
    project.write(&format!("{modules}/d/package.json"), r#"{"name":"d","version":"1.0.0"}"#);
    std::fs::remove_dir_all(project.folder().join(modules).join("@s/a/node_modules")).unwrap();
    let stderr = project.run("check", 0).stderr;
    assert!(stderr.contains("`b` of `package-lock.json` is not in it"), "{stderr}");
    assert!(stderr.contains("it holds `d`, which `package-lock.json` does not name"), "{stderr}");
}

/// Advice is given to who asks for more, and stops nothing.
#[test]
fn what_a_layer_carries_for_nothing_is_advice() {
    let data = "x".repeat(2_000_000);
    let bytes = zip(&[("python/botocore/data/ec2.json", &data), ("python/a/__pycache__/a.cpython-312.pyc", &data)]);
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", &bytes);
    let told = "requests/layer: it holds 2.0 MB of bytecode in `__pycache__` and 2.0 MB of packages that the runtime brings (boto3)";
    for command in ["check", "stage"] {
        assert!(!project.run(&format!("{command} --strict"), 0).stderr.contains("bytecode"));
        assert!(project.run(&format!("{command} -v"), 0).stderr.contains(told), "{command}");
    }
    staged_by_the_library(&project, &bytes);
    let told = told.replace("requests/layer: ", "layer.zip: ");
    assert!(project.run("plan -v", 0).stderr.contains(&told));
    declare(&project, "allow = [\"archive-ballast\"]");
    for command in ["check -v", "plan -v"] {
        assert!(!project.run(command, 0).stderr.contains("bytecode"), "{command}");
    }
    project.run("publish --strict", 0);
}

/// Found on disk, and before a publish of what something else staged; accepted where the layer says so.
fn refused_unless_allowed(bytes: &[u8], told: &str, check: &str) {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", bytes);
    let ended = project.run("check --report json=report.json", 1);
    assert_eq!(code(&project), "archive-invalid");
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    staged_by_the_library(&project, bytes);
    assert!(refused(&project, "", "archive-invalid").stderr.contains(told));
    declare(&project, &format!("allow = [\"{check}\"]"));
    project.run("check", 0);
    project.run("publish", 0);
}

#[test]
fn entries_that_are_not_what_the_zip_says() {
    let mut lying = zip(&[("lib/a.so", X86), ("python/requests.py", "")]);
    lying[22] ^= 1;
    let told = "the table of contents says something else of an entry than it is: `lib/a.so`";
    refused_unless_allowed(&lying, told, "archive-entry");
}

/// They passed for what they were said to hold, and a layer of any size with them.
#[test]
fn large_entries_that_are_larger_than_the_zip_says() {
    let mut lying = zip(&[("python/requests.py", ""), ("python/zeros.bin", &"0".repeat(40_000_000))]);
    let size = 40_000_000_u32.to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == size).collect();
    assert_eq!(places.len(), 2, "in front of it and in the table of contents");
    places.into_iter().for_each(|at| lying[at..at + 4].copy_from_slice(&1_000_000_u32.to_le_bytes()));
    let told = "the table of contents says something else of an entry than it is: `python/zeros.bin`";
    refused_unless_allowed(&lying, told, "archive-entry");
}

#[test]
fn links_that_lead_out() {
    let out = "a link in it leads out of the layer, or in a circle: `python/evil";
    let elsewhere = "a link in it leads to an absolute place outside of `/opt`, where the layer is: `python/evil";
    for (to, told) in [("../../etc/passwd", out), ("/opt/../etc/passwd", out), ("/etc/passwd", elsewhere)] {
        refused_unless_allowed(&zip_with_link("python/evil", to), &format!("{told} -> {to}`"), "archive-link");
    }
    let within = zip_with_link("python/fine", "../python/requests.py");
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", within);
    project.run("check --strict", 0);
}

/// A link is packed as what it is, and not what it leads to: so a place of the function can be meant.
#[test]
fn links_of_a_folder_that_lead_out() {
    let project = Project::of(&["requests"]);
    let secret = project.write("secret", "SECRET");
    let python = project.folder().join("requests/layer/python");
    symlink(&secret, python.join("secret")).unwrap();
    symlink("../../var/task/config.json", python.join("config")).unwrap();
    let out = "requests/layer: a link in it leads out of the layer, or in a circle: `python/config -> ../../var/task/config.json`";
    for command in ["check", "stage", "publish --stage"] {
        let ended = project.run(&format!("{command} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-invalid", "{command}");
        assert!(ended.stderr.contains(out), "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains("`allow = [\"archive-link\"]` accepts it as it is"), "{}", ended.stderr);
    }
    assert_eq!(project.effects(), [""; 0]);
    declare(&project, "allow = [\"archive-link\"]");
    for command in ["check --strict", "publish --stage --strict", "plan --stage --strict"] {
        project.run(command, 0);
    }
    let packed = unzip(&project.layer_archive("us-east-1", "requests", 1));
    let link = |target: &str| Entry { mode: 0o120_777, content: target.to_owned() };
    assert_eq!(packed["python/secret"], link(secret.to_str().unwrap()));
    assert_eq!(packed["python/config"], link("../../var/task/config.json"));
}

/// `pip install --target` into a folder with an older version leaves that there.
#[test]
fn a_folder_that_was_built_over_an_older_one() {
    let project = Project::of(&["requests"]);
    let built = |version: &str| {
        let folder = format!("requests/layer/python/requests-{version}.dist-info");
        project.write(&format!("{folder}/METADATA"), "Name: requests\n");
        project.folder().join(folder)
    };
    project.write("requests/requirements.txt", "requests==2.32.4\n");
    let old = built("2.32.3");
    built("2.32.4");
    let told = "it holds several versions of one package, as a build over an older one leaves them: `requests` 2.32.3 and 2.32.4";
    for command in ["check", "stage"] {
        let ended = project.run(&format!("{command} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-differs", "{command}");
        assert!(ended.stderr.contains(&format!("{told}, pinned is 2.32.4")), "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: delete the folder that it is built into"), "{command}: {}", ended.stderr);
    }
    // Where both are allowed, it may be meant.
    project.write("requests/requirements.txt", "requests>=2\n");
    assert!(project.run("check", 0).stderr.contains(told));
    project.run("check --strict", 1);
    std::fs::remove_dir_all(&old).unwrap();
    assert!(!project.run("check", 0).stderr.contains(told));
    built("2.32.3");
    project.write("requests/requirements.txt", "requests ==\n");
    assert!(project.run("check", 0).stderr.contains(told), "where no line of it can be read");
    declare(&project, "allow = [\"archive-differs\"]");
    assert!(!project.run("check", 0).stderr.contains(told));
}

/// A zip keeps the modes that its files had; those of a folder are packed with ones that all may read.
#[test]
fn files_that_functions_may_not_read_or_lambda_not_start() {
    let unread = "an entry of the zip has a mode with which functions may not read it: `python/requests.py` and 1 more";
    let unstarted = "Lambda starts a file in it that is not executable: `extensions/telemetry`";
    let project = Project::of(&["requests"]);
    let bytes = zip_with_modes(&[
        ("python/requests.py", 0o600),
        ("python/more.py", 0o640),
        ("python/fine.py", 0o644),
        ("extensions/telemetry", 0o644),
        ("extensions/fine", 0o755),
    ]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let zip = project.write("requests/layer", &bytes);
    project.run("stage", 0);
    staged_by_the_library(&project, &bytes);
    for command in ["check", "plan", "stage"] {
        let stderr = project.run(&format!("{command} --report json=report.json"), 0).stderr;
        assert!(stderr.contains(unread) && stderr.contains(unstarted), "{command}: {stderr}");
    }
    let warnings = project.json("report.json")["jobs"][0]["warnings"].clone();
    assert!(warnings.to_string().contains("\"archive-mode\""), "{warnings}");
    refused(&project, "--strict", "archive-invalid");
    std::fs::remove_file(zip).unwrap();
    let file = project.write("requests/layer/python/requests.py", "1");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let extension = project.write("requests/layer/extensions/telemetry", "#!/bin/sh");
    let stderr = project.run("check", 0).stderr;
    assert!(!stderr.contains("may not read") && stderr.contains(unstarted), "{stderr}");
    std::fs::set_permissions(extension, std::fs::Permissions::from_mode(0o755)).unwrap();
    project.run("check --strict", 0);
    project.write("requests/layer/extensions/other", "#!/bin/sh");
    project.run("check --strict", 1);
    declare(&project, "allow = [\"archive-mode\"]");
    project.run("publish --stage --strict", 0);
}

/// `uv sync` installs members of a workspace so that their code stays where it is.
#[test]
fn packages_of_which_there_is_nothing_but_the_metadata() {
    let project = Project::of(&["requests"]);
    let about = r#"{"url":"file:///home/user/requests","dir_info":{"editable":true}}"#;
    let path = "python/requests-2.32.3.dist-info/direct_url.json";
    project.write(&format!("requests/layer/{path}"), about);
    project.write("requests/requirements.txt", "-e ./requests\n");
    let told = "`requests` was installed as editable: the code stayed where it was built, and is not in it";
    assert!(project.run("check", 0).stderr.contains(told));
    project.run("publish --stage", 0);
    let bytes = zip(&[(path, about), ("python/requests.pth", "/home/user/requests")]);
    staged_by_the_library(&project, &bytes);
    assert!(project.run("plan --force", 0).stderr.contains(told));
    project.write("requests/requirements.txt", "-e .\n");
    let ended = project.run("check -v", 0);
    assert!(ended.stderr.contains(&format!("advice: requests/layer: {told}")), "{}", ended.stderr);
}

/// Lock files of Yarn and pnpm are a measure for what was installed, and for nothing else.
#[test]
fn packages_of_node_that_are_not_those_of_yarn_or_pnpm() {
    let yarn = |version: &str| {
        format!("# yarn lockfile v1\n\nlodash@^4.17.20:\n  version \"{version}\"\n\nunused@^1:\n  version \"1.0.0\"\n")
    };
    let pnpm = |version: &str| {
        format!("lockfileVersion: '9.0'\n\npackages:\n\n  lodash@{version}:\n    resolution: {{integrity: sha512-x}}\n")
    };
    let about = |name: &str, version: &str| {
        format!(r#"{{"name":"{name}","version":"{version}","bundleDependencies":["lodash"]}}"#)
    };
    for (manifest, wrong, right, home) in [
        ("yarn.lock", yarn("4.17.21"), yarn("4.17.20"), "nodejs/node_modules"),
        ("pnpm-lock.yaml", pnpm("4.17.21"), pnpm("4.17.20"), "nodejs/node_modules/.pnpm/lodash@4.17.20/node_modules"),
    ] {
        let project = Project::of(&["requests"]);
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        project.write("layers.toml", layers.replace("requirements.txt", manifest).replace("python3.12", "nodejs22.x"));
        std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
        let modules = "requests/layer/nodejs/node_modules";
        project.write(&format!("requests/layer/{home}/lodash/package.json"), about("lodash", "4.17.20"));
        project.write(&format!("{modules}/other/package.json"), about("other", "1.0.0"));
        project.write(&format!("{modules}/other/node_modules/lodash/package.json"), about("lodash", "3.0.0"));
        project.write(&format!("requests/{manifest}"), right);
        assert!(!project.run("check --strict", 0).stderr.contains("warning"), "{manifest}");
        project.write(&format!("requests/{manifest}"), wrong);
        let ended = project.run("check --report json=report.json", 1);
        assert_eq!(code(&project), "archive-differs");
        let told = format!("it does not hold what `{manifest}` pins: `lodash` 4.17.20, pinned is 4.17.21");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        std::fs::remove_dir_all(project.folder().join(modules)).unwrap();
        project.write(&format!("{modules}/index.js"), "1");
        let stderr = project.run("check --strict -v", 0).stderr;
        assert!(stderr.contains(&format!("so it was not compared with `{manifest}`")), "{stderr}");
    }
}

/// A check of many zips unzips a mebibyte of each. Who stages one reads all of it.
#[test]
fn large_files_that_are_not_what_the_zip_says_are_found_where_they_are_staged() {
    let mut lying = zip(&[("python/requests.py", ""), ("python/zeros.bin", &"0".repeat(3_000_000))]);
    let size = 3_000_000_u32.to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == size).collect();
    assert_eq!(places.len(), 2, "in front of it and in the table of contents");
    places.into_iter().for_each(|at| lying[at..at + 4].copy_from_slice(&2_000_000_u32.to_le_bytes()));
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", lying);
    project.run("check", 0);
    project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(&project), "archive-invalid");
}
