//! `build` and `publish --build`: the commands that layers declare, run when they are asked for and never else.

use std::path::Path;

use crate::common::process::Running;
use crate::common::project::{Project, layer, until};
use crate::common::requirements;

/// Writes the layer's archive, and a line into `builds.log`.
const BUILD: &str = r#"
build = '''echo "$LAYERSHIP_LAYER" >> builds.log
mkdir -p "$LAYERSHIP_LAYER/layer/python"
cp "$LAYERSHIP_LAYER/requirements.txt" "$LAYERSHIP_LAYER/layer/python/made.txt"'''
"#;

/// Layers that build themselves: nothing is built yet.
fn project(layers: &[&str]) -> Project {
    let project = Project::new("");
    project.declare(layers, BUILD);
    for layer in layers {
        std::fs::remove_dir_all(project.folder().join(layer).join("layer")).unwrap();
    }
    project
}

/// The layers that were built since it was asked last, sorted.
fn builds(project: &Project) -> Vec<String> {
    let log = project.folder().join("builds.log");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(log);
    let mut built: Vec<String> = text.lines().map(str::to_owned).collect();
    built.sort();
    built
}

#[test]
fn a_release_builds_and_publishes_what_changed_and_nothing_else() {
    let project = project(&["a", "b", "c"]);
    project.run("publish --build", 0);
    assert_eq!(builds(&project), ["a", "b", "c"]);
    // A fresh machine has none of the archives.
    for layer in ["a", "b", "c"] {
        std::fs::remove_dir_all(project.folder().join(layer).join("layer")).unwrap();
    }
    project.write("b/requirements.txt", requirements("b", "2.0.0"));
    project.forget_requests();
    assert_shown!(project.run("publish --build -q", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    b      us-east-1  published  2        arn:aws:lambda:us-east-1:123456789012:layer:b:2
      b 1.0.0 -> 2.0.0
    c      us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:c:1
    ");
    assert_eq!(builds(&project), ["b"]);
    let backup = "PutObject artifacts/layers/b/layer/000002/requirements.txt";
    assert_eq!(project.effects(), ["PublishLayerVersion b", backup, "PutObject artifacts/layers/b/layer/layer.zip"]);
    project.run("publish --build --all-or-nothing", 0);
    assert_eq!(builds(&project), [""; 0]);
}

#[test]
fn a_plan_on_a_machine_without_archives_builds_what_changed_and_uploads_nothing() {
    let project = project(&["a", "b"]);
    project.run("publish --build", 0);
    builds(&project);
    for layer in ["a", "b"] {
        std::fs::remove_dir_all(project.folder().join(layer).join("layer")).unwrap();
    }
    project.write("b/requirements.txt", requirements("b", "2.0.0"));
    assert_shown!(project.run_writing_nothing("plan --build", 0), @"
    exit code 0
    --- stdout ---
    Plan for 2 layers at 1 target from layers.toml, account 123456789012

      ~ b  us-east-1  after 1  dependencies changed: b 1.0.0 -> 2.0.0

    Plan: 1 changed, 1 unchanged
    ");
    assert_eq!(builds(&project), ["b"]);
    assert_eq!(project.run("plan --build --exit-code -q", 3).stderr, "");
}

#[test]
fn build_alone_builds_what_changed_or_all_without_asking_anybody() {
    let project = project(&["a", "b"]);
    project.run_writing_nothing("build --all", 0);
    assert_eq!((builds(&project).len(), project.requests()), (2, Vec::new()));
    project.run("publish --stage", 0);
    project.write("a/requirements.txt", requirements("a", "2.0.0"));
    assert_shown!(project.run_writing_nothing("build -q", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME
    a      us-east-1  built
    b      us-east-1  unchanged
    ");
    assert_eq!(builds(&project), ["a"]);
    project.run_writing_nothing("build b", 0);
    assert_eq!(builds(&project), [""; 0]);
    project.run_writing_nothing("build b --all", 0);
    assert_eq!(builds(&project), ["b"]);
}

#[test]
fn no_other_command_runs_it() {
    let project = project(&["a"]);
    let commands = [
        "check",
        "changed",
        "plan",
        "plan --stage",
        "stage",
        "publish",
        "publish --dry-run",
        "publish --stage",
        "status",
        "prune --dry-run",
        "prune --yes",
        "rollout",
        "rollout --apply",
        "init -c new.toml",
        "report convert report.json --report json=again.json",
        "report merge report.json",
        "completions bash",
        "explain locked",
        "schema layers",
    ];
    for command in commands {
        let mut line = project.command();
        let _ = line.args(command.split(' ')).output().unwrap();
        assert_eq!(builds(&project), [""; 0], "{command}");
    }
    // It is no leftover: it would run.
    project.run("publish --build", 0);
    assert_eq!(builds(&project), ["a"]);
}

/// Layer keys and what stands in a manifest are data, whatever they say.
#[test]
fn nothing_of_a_key_or_a_manifest_is_run() {
    let project = Project::new("");
    let key = "a' ; touch it-ran; $(touch it-ran) `touch it-ran` \\\" & | > #";
    let build = r#"build = 'printf %s "$LAYERSHIP_LAYER" > key.txt; mkdir -p a/layer/python; cp a/requirements.txt a/layer/python'"#;
    let layer = layer("a").replace("[layers.a]", &format!("[layers.{}]\nname = \"a\"\n{build}", toml(key)));
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\nprefix = \"x\"\n{layer}"));
    let hostile = "six==1.16.0 # $(touch it-ran) `touch it-ran`\n'; touch it-ran; echo '==1\n$(touch it-ran)==1\n";
    project.write("a/requirements.txt", hostile);
    project.run("build --all", 0);
    assert_eq!(String::from_utf8(project.read("key.txt")).unwrap(), key);
    project.write("a/requirements.txt", format!("{hostile}idna==3.7\n"));
    project.run("publish --build", 0);
    assert!(!project.folder().join("it-ran").exists());
    assert!(String::from_utf8(project.read("a/layer/python/requirements.txt")).unwrap().ends_with("idna==3.7\n"));
}

/// As a key in quotes.
fn toml(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Each build looks for a while how many run beside it, and notes the most that it saw.
const COUNTING: &str = r#"
build = '''mkdir -p running "$LAYERSHIP_LAYER/layer"
touch "running/$LAYERSHIP_LAYER"
most=0; i=0
while [ $i -lt 3000 ]; do set -- running/*; [ $# -gt $most ] && most=$#; i=$((i+1)); done
rm "running/$LAYERSHIP_LAYER"
echo $most >> most.txt'''
"#;

#[test]
fn builds_run_side_by_side_up_to_the_concurrency_and_the_cores() {
    let project = Project::new("");
    project.declare(&["a", "b", "c", "d", "e", "f"], COUNTING);
    let most = |concurrency: usize| -> usize {
        let _ = std::fs::remove_file(project.folder().join("most.txt"));
        project.run(&format!("build --all --concurrency {concurrency}"), 0);
        let counted = String::from_utf8(project.read("most.txt")).unwrap();
        assert_eq!(counted.lines().count(), 6);
        counted.lines().map(|line| line.parse::<usize>().unwrap()).max().unwrap()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(most(1), 1);
    let side_by_side = most(6);
    assert!(side_by_side <= cores, "{side_by_side} at once on {cores} cores");
    assert!(cores == 1 || side_by_side > 1, "none ran beside another: it would not be seen either");
}

#[test]
fn one_build_serves_all_targets_and_both_rounds_of_all_or_nothing() {
    let project = project(&["a", "b"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let layers = layers.replace("\"artifacts\"", "\"artifacts-{region}\"");
    project.write("layers.toml", format!("[targets]\nus-east-1 = {{}}\neu-west-1 = {{}}\n{layers}"));
    project.run("publish --build --all-or-nothing", 0);
    assert_eq!(builds(&project), ["a", "b"]);
    assert_eq!(project.effects().iter().filter(|write| write.starts_with("PublishLayerVersion")).count(), 4);
}

/// What a run keeps of a build no report cuts once more, with a number of its own.
#[test]
fn reports_keep_the_lines_that_a_long_build_printed_last() {
    let project = Project::new("");
    let build = "build = 'for n in $(seq 1 50); do echo \"  line $n <b>\"; done; seq -s : 1 400; exit 7'";
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{}{build}\n", layer("a")));
    project.write("a/requirements.txt", requirements("a", "1.0.0"));
    project.run("build --report markdown=out.md --report html=out.html --report junit=out.xml", 1);
    let read = |path: &str| String::from_utf8(project.read(path)).unwrap();
    for (path, line) in [
        ("out.md", "        line 50 <b>\n"),
        ("out.html", "\n  line 50 &lt;b&gt;\n"),
        ("out.xml", "\n      line 50 &lt;b&gt;\n"),
    ] {
        let text = read(path);
        let last = text.find(line).unwrap_or_else(|| panic!("{path}: {text}"));
        let first = text.find("line 22 ").unwrap_or_else(|| panic!("{path}: {text}"));
        assert_eq!(text[first..last].lines().count(), 28, "{path}: {text}");
        assert!(
            text.contains("… the last lines of ") && !text.contains(" lines the last") && !text.contains("line 21 "),
            "{path}: {text}"
        );
    }
}

#[test]
fn what_a_failed_build_printed_last_is_shown() {
    let project = Project::new("");
    let build = r#"build = 'echo compiling; echo "error: https://user:secret@index.example/x" >&2; exit 7'"#;
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{}{build}\n{}", layer("a"), layer("b")));
    project.write("a/requirements.txt", requirements("a", "1.0.0"));
    project.write("b/requirements.txt", requirements("b", "1.0.0"));
    assert_shown!(project.run_writing_nothing("build -q", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME
    a      us-east-1  failed
    b      us-east-1  changed
    --- stderr ---

    warning: layer `b` does not say how it is built

    error: a at us-east-1: the build of layer `a` exited with status 7
      Caused by: compiling
                 error: https://****@index.example/x

    hint: its command runs in the folder `.`; `layership build` runs it again
    ");
    let report = project.run("build --format json", 1).report();
    assert_eq!(report["jobs"][0]["error"]["code"], "build-failed");
    assert_eq!(report["jobs"][1]["warnings"][0]["code"], "build-undeclared");
    // What did not change is built again by nothing else.
    let all = project.run("build --all a", 1).stderr;
    assert!(all.contains("`layership build --all` runs it again"), "{all}");
    project.forget_requests();
    project.run("publish --build a", 1);
    assert_eq!(project.effects(), [""; 0]);
    // Who builds it by other means says so.
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}allow = [\"build-undeclared\"]\n"));
    assert!(!project.run("build", 1).stderr.contains("does not say how it is built"));
}

#[test]
fn a_build_that_prints_without_end_is_cut() {
    let project = Project::new("");
    let build = r#"build = 'head -c 5000000 /dev/zero | tr "\\0" x; echo; echo last; exit 1'"#;
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{}{build}\n", layer("a")));
    project.write("a/requirements.txt", requirements("a", "1.0.0"));
    let ended = project.run("build --all", 1);
    assert!(ended.stderr.contains("… the last lines of 5000006 bytes:") && ended.stderr.contains("last"));
    assert!(ended.stderr.len() < 2_000, "{} bytes", ended.stderr.len());
}

#[test]
fn what_a_build_must_leave_as_it_was_and_what_it_must_make() {
    let project = Project::new("");
    let (relocks, makes_nothing) = ("build = 'echo x==2 > a/requirements.txt; mkdir a/layer'\n", "build = 'true'\n");
    let layers = format!("[defaults]\nbucket = \"artifacts\"\n{}{relocks}{}{makes_nothing}", layer("a"), layer("b"));
    project.write("layers.toml", layers);
    project.write("a/requirements.txt", requirements("a", "1.0.0"));
    project.write("b/requirements.txt", requirements("b", "1.0.0"));
    assert_shown!(project.run("build --all -q", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME
    a      us-east-1  failed
    b      us-east-1  failed
    --- stderr ---

    error: a at us-east-1: the build of layer `a` changed its manifest `a/requirements.txt`

    hint: lock the dependencies first, and build from the lock file

    error: b at us-east-1: the build of layer `b` ended well, but its archive `b/layer` is not there

    hint: correct `build` or `archive` in the layers file
    ");
}

#[test]
fn a_build_must_leave_what_the_manifest_includes_as_it_was() {
    let project = Project::new("");
    let relocks = "build = 'mkdir -p a/layer/python && touch a/layer/python/a.py && echo six==1.17.0 > a/base.txt'\n";
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{}{relocks}", layer("a")));
    project.write("a/requirements.txt", "-r base.txt\n");
    project.write("a/base.txt", "six==1.16.0\n");
    let ended = project.run_writing_nothing("publish --build", 1);
    let told = "error: a at us-east-1: the build of layer `a` changed its manifest `a/requirements.txt` or a file that it includes";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    project.run("publish --build", 0);
}

#[test]
fn a_command_runs_in_the_folder_of_the_file_that_it_is_written_in() {
    let project = project(&["own"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("include = [\"services/*/layers.toml\"]\n{layers}"));
    let own = layer("web") + "build = 'mkdir -p web/layer && echo here > here.txt'\n";
    project.write("services/shop/layers.toml", own + &layer("inherits").replace("inherits/layer", "layer"));
    project.write("services/shop/web/requirements.txt", requirements("web", "1.0.0"));
    project.write("services/shop/inherits/requirements.txt", requirements("x", "1.0.0"));
    project.write("services/shop/layer/python/x.py", "");
    project.run("build --all own web", 0);
    assert_eq!(
        (project.read("services/shop/here.txt"), builds(&project)),
        (b"here\n".to_vec(), vec!["own".to_owned()])
    );
    // A command of the first file's defaults is at home there, as every path is.
    project.run("build --all inherits", 1);
    assert_eq!(builds(&project), ["inherits"]);
}

#[test]
fn layers_that_do_not_say_how_they_are_built() {
    let project = Project::of(&["a", "b"]);
    assert_shown!(project.run("build", 2), @r#"
    exit code 2
    --- stderr ---
    error: none of these layers says how it is built

    hint: add `build = "…"`, a command for a shell, to a layer or to [defaults]
    "#);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("[layers.b]", "[layers.b]\nbuild = 'true'"));
    assert_shown!(project.run("build -q", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME
    a      us-east-1  changed
    b      us-east-1  built
    --- stderr ---

    warning: layer `a` does not say how it is built
    ");
}

/// Whether a process runs: one that ended and was not waited for yet does not.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

/// A build that started a process of its own, whose number is returned.
fn building(project: &Project, before: &str) -> (Running, String) {
    let build = format!("build = '{before} sleep 600 & echo $! > pid.new; mv pid.new pid; wait'\n");
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{}{build}", layer("a")));
    project.write("a/requirements.txt", requirements("a", "1.0.0"));
    let mut command = project.command();
    command.args(["build", "--report", "json=report.json"]);
    let running = Running::start(command);
    let pid = until("the build", || std::fs::read_to_string(project.folder().join("pid")).ok());
    assert!(is_alive(pid.trim()));
    (running, pid.trim().to_owned())
}

#[test]
fn a_stop_ends_everything_that_a_build_started() {
    for signal in ["INT", "TERM"] {
        let project = Project::new("");
        let (running, pid) = building(&project, "");
        running.signal(signal);
        running.end().expect(130);
        until("the end of what the build started", || (!is_alive(&pid)).then_some(()));
        assert_eq!(project.json("report.json")["jobs"][0]["outcome"], "cancelled");
    }
}

#[test]
fn a_second_stop_does_not_wait_for_a_build_that_will_not_end() {
    let project = Project::new("");
    let (running, pid) = building(&project, "trap \"\" TERM;");
    running.signal("TERM");
    running.until_it_says("Stopping");
    assert!(is_alive(&pid), "it was asked to end, and did not want to");
    running.signal("TERM");
    running.end().expect(130);
    until("the end of what the build started", || (!is_alive(&pid)).then_some(()));
}
