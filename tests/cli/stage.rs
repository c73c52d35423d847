//! `stage`: archives go to S3 with their manifest's MD5, and stay where they are the same.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::project::Project;
use crate::common::zips::{self, zip};
use crate::common::{Ended, LAYERSHIP, isolated, run};

#[test]
fn archives_are_uploaded_once() {
    let project = Project::of(&["numpy", "requests"]);
    assert_shown!(project.run("stage --concurrency 1", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME  SIZE   STAGED
    numpy     us-east-1  staged   170 B  s3://artifacts/layers/numpy/layer/layer.zip
    requests  us-east-1  staged   179 B  s3://artifacts/layers/requests/layer/layer.zip
    --- stderr ---
          Staged [  TIMEs] (1/2) numpy us-east-1 170 B
          Staged [  TIMEs] (2/2) requests us-east-1 179 B
         Summary [  TIMEs] 2 jobs: 2 staged
    ");
    let objects =
        ["PutObject artifacts/layers/numpy/layer/layer.zip", "PutObject artifacts/layers/requests/layer/layer.zip"];
    assert_eq!(project.effects(), objects);
    assert_shown!(project.run_writing_nothing("stage", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    SIZE   STAGED
    numpy     us-east-1  unchanged  170 B  s3://artifacts/layers/numpy/layer/layer.zip
    requests  us-east-1  unchanged  179 B  s3://artifacts/layers/requests/layer/layer.zip
    --- stderr ---
         Summary [  TIMEs] 2 jobs: 2 unchanged
    ");
}

/// How a machine comes to the same content.
struct Checkout {
    /// What the files of whoever writes them, and of layership, are made without.
    umask: &'static str,
    /// The order in which they are written, and so, on many disks, in which they are listed.
    order: [&'static str; 3],
    /// Years after 1970 at which they were written.
    years: u64,
    /// What else was done with their modes.
    then: &'static str,
}

/// The digest of the zip that is made of a folder with three files, of which one is a program.
fn staged_from(checkout: &Checkout) -> String {
    let project = Project::of(&["tools"]);
    let folder = project.folder().join("tools/layer");
    std::fs::remove_dir_all(&folder).unwrap();
    // `chmod +x` heeds the umask, as git does.
    let files = checkout.order.map(|name| format!("mkdir -p $(dirname {name}) && printf {name} > {name}\n")).concat();
    let Checkout { umask, then, .. } = checkout;
    let script = format!("set -e\numask {umask}\nmkdir layer\ncd layer\n{files}chmod +x bin/tool\n{then}");
    let made = Command::new("sh").args(["-c", &script]).current_dir(project.folder().join("tools")).status().unwrap();
    assert!(made.success(), "{script}");
    for name in checkout.order {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(checkout.years * 31_557_600);
        std::fs::File::open(folder.join(name)).unwrap().set_modified(time).unwrap();
    }
    let mut shell = isolated("sh", project.folder());
    shell.envs(project.sandbox.variables.clone());
    shell.arg("-c").arg(format!("umask {umask} && exec \"$0\" \"$@\"")).arg(LAYERSHIP);
    let report = run(shell, ["stage", "--format", "json"]).expect(0).report();
    report["jobs"][0]["archive"]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn a_folder_becomes_the_same_bytes_wherever_and_whenever_it_is_packed() {
    let (tool, a, b) = ("bin/tool", "python/a.py", "python/b.py");
    let usual = Checkout { umask: "022", order: [tool, a, b], years: 50, then: "" };
    let first = staged_from(&usual);
    for (umask, order, years, then) in [
        ("000", [tool, a, b], 50, ""),
        ("002", [b, a, tool], 50, ""),
        ("027", [a, tool, b], 0, ""),
        ("077", [b, tool, a], 55, ""),
        // Whoever may execute it: somebody may. Who may read or write a file does not count either.
        ("022", [tool, a, b], 50, "chmod 700 bin/tool"),
        ("022", [tool, a, b], 50, "chmod 655 bin/tool; chmod 444 python/a.py; chmod 666 python/b.py"),
        ("022", [tool, a, b], 50, "chmod 4711 bin/tool; chmod 700 python; chmod 1777 bin"),
    ] {
        let same = Checkout { umask, order, years, then };
        assert_eq!(staged_from(&same), first, "umask {umask}, {order:?}, {years} years, {then}");
    }
    for then in ["chmod -x bin/tool", "chmod u+x python/a.py", "chmod o+x python/a.py", "printf c > python/b.py"] {
        assert_ne!(staged_from(&Checkout { then, ..usual }), first, "{then}");
    }
}

#[test]
fn executable_bits_and_symbolic_links_are_kept() {
    let project = Project::of(&["tools"]);
    let tool = project.write("tools/layer/bin/tool", "#!/bin/sh\n");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("tool", project.folder().join("tools/layer/bin/alias")).unwrap();
    project.run("publish --stage", 0);
    let archive = project.layer_archive("us-east-1", "tools", 1);
    let entries = zips::unzip(&archive);
    let mode = |path: &str| entries[path].mode & 0o777;
    assert_eq!(mode("bin/tool"), 0o755);
    assert_eq!(mode("python/tools.py"), 0o644);
    assert_eq!((entries["bin/alias"].mode & 0o170_000, entries["bin/alias"].content.as_str()), (0o120_000, "tool"));
}

#[test]
fn a_zip_is_staged_as_it_is() {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let bytes = zip(&[("python/requests/__init__.py", "built elsewhere")]);
    project.write("requests/layer", &bytes);
    project.run("publish --stage", 0);
    assert_eq!(project.layer_archive("us-east-1", "requests", 1), bytes);
}

#[test]
fn a_new_manifest_stages_the_same_archive_again() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    project.write("requests/requirements.txt", "requests==2.0.0\n");
    project.forget_requests();
    project.run("stage", 0);
    assert_eq!(project.effects(), ["PutObject artifacts/layers/requests/layer/layer.zip"]);
}

#[test]
fn what_cannot_be_staged_is_told_and_the_rest_is_staged() {
    let project = Project::of(&["fine", "gone", "unbuilt"]);
    std::fs::remove_dir_all(project.folder().join("gone/layer")).unwrap();
    let text = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", text.replace("archive = \"unbuilt/layer\"\n", ""));
    assert_shown!(project.run("stage -q", 1), @"
    exit code 1
    --- stdout ---
    LAYER    TARGET     OUTCOME  SIZE   STAGED
    fine     us-east-1  staged   167 B  s3://artifacts/layers/fine/layer/layer.zip
    gone     us-east-1  failed   -      s3://artifacts/layers/gone/layer/layer.zip
    unbuilt  us-east-1  failed   -      s3://artifacts/layers/unbuilt/layer/layer.zip
    --- stderr ---

    error: gone at us-east-1: the archive `gone/layer` does not exist

    hint: build it first, or correct `archive` of layer `gone` in the layers file

    error: unbuilt at us-east-1: layer `unbuilt` has no `archive` to stage

    hint: set `archive` in the layers file: the layer zip, or the folder it is made from

    ");
    assert_eq!(project.effects(), ["PutObject artifacts/layers/fine/layer/layer.zip"]);
}

/// Without a folder for temporary files nothing can be packed: what still works packs nothing.
fn without_temporary_files(project: &Project, args: &str) -> Ended {
    let mut command = project.command();
    command.env("TMPDIR", "/nowhere");
    run(command, args.split_whitespace())
}

#[test]
fn an_unchanged_folder_is_not_packed_again() {
    let project = Project::of(&["requests"]);
    let first = project.run("publish --stage --format json", 0).report();
    project.forget_requests();
    for args in ["stage", "plan --stage", "publish --stage"] {
        let again = without_temporary_files(&project, &format!("{args} --format json")).expect(0).report();
        assert_eq!(again["jobs"][0]["outcome"], "unchanged", "{args}");
        assert_eq!(again["jobs"][0]["archive"], first["jobs"][0]["archive"], "{args}");
    }
    assert_eq!(project.writes(), [""; 0]);
}

#[test]
fn any_change_of_a_folder_is_packed() {
    let project = Project::of(&["requests"]);
    let file = project.folder().join("requests/layer/python/requests.py");
    let changes: [&dyn Fn(); 5] = [
        // As long as before, and with the old time on it.
        &|| {
            let before = std::fs::metadata(&file).unwrap();
            project.write("requests/layer/python/requests.py", "NAME = \"requestz\"\n");
            std::fs::File::options().write(true).open(&file).unwrap().set_modified(before.modified().unwrap()).unwrap();
        },
        &|| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap(),
        &|| std::fs::rename(&file, file.with_file_name("urllib3.py")).unwrap(),
        &|| symlink("urllib3.py", file.with_file_name("link.py")).unwrap(),
        &|| std::fs::create_dir(file.with_file_name("empty")).unwrap(),
    ];
    for change in changes {
        project.run("stage", 0);
        assert_eq!(without_temporary_files(&project, "stage").code, 0);
        change();
        let failed = without_temporary_files(&project, "stage").expect(1);
        assert!(failed.stderr.contains("set TMPDIR to another folder for temporary files"), "{}", failed.stderr);
    }
}

/// What another packer of the future, or somebody, noted is not believed.
#[test]
fn a_note_for_another_zip_is_not_believed() {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    assert_eq!(without_temporary_files(&project, "stage").code, 0);
    // The same note, but on other bytes.
    let body = STANDARD.encode(zip(&[("python/requests.py", "evil")]));
    let noted = format!("v1 sha256={} tree={}", "0".repeat(64), "0".repeat(64));
    let md5 = project.run("plan --format json", 0).report()["jobs"][0]["manifest"]["md5"].clone();
    let metadata = serde_json::json!({ "manifest_md5": md5, "layership-tree": noted });
    project.inject(&format!(
        r#"[{{"operation": "HeadObject", "times": 1, "fault": {{"kind": "replace-object", "body": "{body}", "metadata": {metadata}}}}}]"#
    ));
    assert_eq!(without_temporary_files(&project, "stage").code, 1, "it has to be packed");
}
