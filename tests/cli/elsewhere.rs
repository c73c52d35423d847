//! Manifests that lie outside of the checkout: they work, and no line of them is shown, since they may be any file.

use std::os::unix::fs::symlink;

use crate::common::project::Project;
use crate::common::run;

/// What none of them may show, also where it is taken for the name of a package.
const SECRET: &str = "s3cr3tplanted";

/// What may lie there under the name of a manifest, with `SECRET` for a secret.
static OTHER_FILES: [&str; 9] = [
    "SECRET\n",
    "machine example.org login u password SECRET\n",
    "[default]\naws_access_key_id = AKIA\naws_secret_access_key = SECRET/b+c\n",
    "https://example.org/SECRET/x\nSECRET/x\n./SECRET\n",
    "# SECRET\nPASSWORD=SECRET\nexport TOKEN=\"SECRET\"\n",
    "{\"auths\": {\"example.org\": {\"auth\": \"SECRET\"}}}\n",
    "-----BEGIN PRIVATE KEY-----\nSECRET/b+c\nSECRET\n-----END PRIVATE KEY-----\n",
    "users:\n- name: SECRET\n  user: {token: SECRET}\n",
    "SECRET SECRET a:SECRET\n",
];

/// A manifest of each kind, with a secret where neither a name nor a version of a package stands.
static MANIFESTS: [(&str, &str); 14] = [
    (
        "requirements.txt",
        "# SECRET\n--index-url https://h.example/SECRET\nsix==1.16.0 ; os_name == 'SECRET'\nrich==1.0.0 --hash=sha256:SECRET\n",
    ),
    (
        "open.txt",
        "SECRET>=1\n-e ./SECRET\ntool @ https://h.example/SECRET/tool.whl\n-r SECRET.txt\n-c SECRET.txt\n--extra-index-url https://h.example/SECRET\nbad line SECRET\n",
    ),
    (
        "uv.lock",
        "version = 1\n[[package]]\nname = \"tool\"\nversion = \"1\"\nsource = { url = \"https://h/SECRET\" }\n",
    ),
    (
        "poetry.lock",
        "[[package]]\nname = \"tool\"\nversion = \"1\"\n[package.source]\ntype = \"url\"\nurl = \"https://h/SECRET\"\n",
    ),
    ("pdm.lock", "[[package]]\nname = \"tool\"\nversion = \"1\"\nurl = \"https://h/SECRET\"\n"),
    (
        "pylock.toml",
        "lock-version = \"1.0\"\n[[packages]]\nname = \"tool\"\narchive = { url = \"https://h/SECRET\", hashes = {} }\n",
    ),
    (
        "Pipfile.lock",
        r#"{"_meta":{"x":"SECRET"},"default":{"tool":{"file":"https://h/SECRET"},"six":{"version":"==1.16.0"}}}"#,
    ),
    (
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/tool":{"version":"1","resolved":"git+ssh://h/SECRET#c0ffee"}}}"#,
    ),
    ("yarn.lock", "# yarn lockfile v1\n\n\"tool@1\":\n  version \"1\"\n  resolved \"git+https://h/SECRET#c0ffee\"\n"),
    ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\npackages:\n\n  tool@https://h/SECRET:\n    version: 1.0.0\n"),
    ("Gemfile.lock", "GIT\n  remote: https://h/SECRET\n  revision: SECRET\n  specs:\n    tool (1.0.0)\n"),
    ("Cargo.lock", "version = 4\n[[package]]\nname = \"tool\"\nversion = \"1\"\nsource = \"git+https://h/SECRET\"\n"),
    ("composer.lock", r#"{"packages":[{"name":"a/tool","version":"dev-SECRET","source":{"reference":"SECRET"}}]}"#),
    ("go.sum", "SECRET SECRET a:SECRET\n"),
];

/// A checkout, with an archive in which there are packages.
fn checkout() -> Project {
    let project = Project::new("");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write("layer/python/built.py", "");
    for path in ["python/six-1.16.0.dist-info/METADATA", "ruby/gems/3.3.0/specifications/tool-2.0.0.gemspec"] {
        project.write(&format!("layer/{path}"), "");
    }
    project.write("layer/nodejs/node_modules/tool/package.json", r#"{"name":"tool","version":"2"}"#);
    project
}

/// Writes manifests beside the checkout, and layers that reach them by an absolute path, by `..` and through links.
fn declare<'t>(project: &Project, manifests: impl IntoIterator<Item = (&'t str, &'t str)>) {
    let mut layers =
        "[defaults]\nbucket = \"artifacts\"\narchive = \"layer\"\ncompatible-runtimes = [\"python3.12\", \"ruby3.3\"]\n"
            .to_owned();
    for (number, (name, text)) in manifests.into_iter().enumerate() {
        let outside = project.write(&format!("../elsewhere/{number}/{name}"), text.replace("SECRET", SECRET));
        let manifest = match number % 3 {
            0 => outside.canonicalize().unwrap().display().to_string(),
            1 => format!("../elsewhere/{number}/{name}"),
            _ => format!("linked-{number}/{name}"),
        };
        if manifest.starts_with("linked") && !project.folder().join(&manifest).exists() {
            std::fs::create_dir(project.folder().join(format!("linked-{number}"))).unwrap();
            symlink(outside, project.folder().join(&manifest)).unwrap();
        }
        layers.push_str(&format!("[layers.l{number}]\nmanifest = \"{manifest}\"\n"));
    }
    project.write("layers.toml", layers);
}

/// All that is told by every output that there is: the secret is not in it.
fn told(project: &Project, args: &str) -> String {
    let mut command = project.command();
    command.envs([("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "output.txt"), ("GITHUB_STEP_SUMMARY", "summary.txt")]);
    let mut files: Vec<String> = ["output.txt", "summary.txt", "events.txt"].map(str::to_owned).to_vec();
    files.iter().for_each(|file| drop(project.write(file, "")));
    command.args(args.split_whitespace()).args(["-vv", "--events", "events.txt"]);
    for format in ["json", "markdown", "junit", "csv", "env", "tfvars", "index", "html"] {
        files.push(format!("report-{format}.txt"));
        command.args(["--report", &format!("{format}=report-{format}.txt")]);
    }
    let ended = run(command, [] as [&str; 0]);
    assert!((0..2).contains(&ended.code), "{ended:?}");
    let files = files.iter().map(|file| String::from_utf8(project.read(file)).unwrap());
    let all = format!("{}{}{}", ended.stdout, ended.stderr, files.collect::<String>());
    assert!(!all.to_lowercase().contains(SECRET), "{args}: {all}");
    all
}

/// Whether all of these are told.
#[track_caller]
fn tells(told: &str, all: &[&str]) {
    for one in all {
        assert!(told.contains(one), "{one}: {told}");
    }
}

#[test]
fn of_another_file_that_is_named_as_a_manifest_no_text_is_shown() {
    let project = checkout();
    let every = OTHER_FILES.iter().flat_map(|text| MANIFESTS.iter().map(move |(name, _)| (*name, *text)));
    declare(&project, every.chain(MANIFESTS));
    let told = told(&project, "check");
    tells(
        &told,
        &[
            "requirements.txt:1: the line is not pinned: it names no version; its text is not shown, because the file lies outside of the git checkout",
            "open.txt:4: what it includes there does not exist; its text is not shown",
            "`open.txt` names what is not in it: 1 package; which ones is not shown",
            "package-lock.json:1: it is not JSON",
        ],
    );
}

#[test]
fn what_changed_in_a_file_elsewhere_is_told_only_where_it_is_a_list_of_versions() {
    let project = checkout();
    let more = [("requirements.txt", "SECRET\n"), ("requirements.txt", "a==1.0.0\n")];
    let mut manifests: Vec<(&str, String)> =
        MANIFESTS.into_iter().chain(more).map(|(name, text)| (name, text.to_owned())).collect();
    let declare = |all: &[(&str, String)]| declare(&project, all.iter().map(|(name, text)| (*name, text.as_str())));
    declare(&manifests);
    told(&project, "publish --stage");
    for (_, text) in &mut manifests {
        *text = text.replace("SECRET", "SECRETtwo").replace("1.0.0", "1.1.0");
    }
    declare(&manifests);
    // The archive is the old one: that is refused where a package of it changed.
    let not_built = "1 package (which ones is not shown, because the file lies outside of the git checkout) changed";
    tells(&told(&project, "plan --stage"), &[not_built, "`a` changed: it was not built again"]);
    project.write("layer/python/built.py", "BUILT = 2\n");
    let planned = told(&project, "plan --stage");
    tells(&planned, &["which ones is not shown, since the manifest lies outside of the checkout", "a 1.0.0 -> 1.1.0"]);
    told(&project, "publish --stage");
}

#[test]
fn files_of_git_and_those_that_are_included_from_elsewhere_are_not_shown_either() {
    let project = checkout();
    project.write(".git/config", format!("[http]\n\textraheader = AUTHORIZATION: basic {SECRET}\n"));
    project.write("a/requirements.txt", "-r ../.git/config\nopen>=1\n");
    std::fs::create_dir(project.folder().join("b")).unwrap();
    symlink("../.git/config", project.folder().join("b/requirements.txt")).unwrap();
    let layers = ["a", "b"].map(|name| format!("[layers.{name}]\nmanifest = \"{name}/requirements.txt\"\n")).concat();
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{layers}"));
    tells(
        &told(&project, "check"),
        &[
            "a/requirements.txt:1: `../.git/config`, which it includes, lies among git's own files",
            "a/requirements.txt:2: `open>=1` is not pinned",
            "b/requirements.txt:1: the line is not pinned: it is not a requirement that pip would read",
            "its text is not shown, because the file is one of git's own",
        ],
    );
    // Without a checkout, what is included may lie anywhere, and counts.
    std::fs::remove_dir_all(project.folder().join(".git")).unwrap();
    project.write("../elsewhere.txt", format!("{SECRET}\n"));
    project.write("a/requirements.txt", "-r ../../elsewhere.txt\nopen>=1\n");
    tells(
        &told(&project, "check a"),
        &[
            "a/requirements.txt:2: the line is not pinned: it allows several versions; and 1 more: a/requirements.txt (a file that it includes):1",
            "its text is not shown, because the file, or one that it includes, lies outside of the folder of the layers file, which is in no git checkout",
            "its backup holds only the file itself, not a file that it includes",
        ],
    );
}
