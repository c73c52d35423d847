//! The first minutes: help, `schema`, `sandbox`.

use crate::common::process::Running;
use crate::common::project::Project;
use crate::common::{Ended, folder, layership, run, write};
use crate::pages::shell;

#[test]
fn help_lists_the_commands() {
    let folder = folder();
    assert_shown!(run(layership(folder.path()), ["--help"]), @"
    exit code 0
    --- stdout ---
    Publish many AWS Lambda layers from one layers file: only what changed, each exactly once

    Usage: layership [OPTIONS] <COMMAND>

    Commands:
      init         Find lock files below here and write a layers.toml that names them; never overwrites
      check        Check the layers file, manifests and archives, offline
      changed      Say which layers' manifests differ from their newest backup: what has to be built
      build        Run the `build` of the layers that `changed` names
      plan         Preflight every layer, read-only: what would be published and why
      stage        Upload archives with their manifest's MD5; skip what is already staged
      publish      Preflight every layer and publish what changed
      status       Show what is published where, and what of it is not in order
      prune        Delete old versions
      rollout      Move functions from older versions of layers to the newest
      schema       Print a JSON Schema
      report       Write a report in other formats
      explain      Say what the code of an error or a warning means, and what to do
      completions  Print a script with which a shell completes commands, flags, layers and targets
      sandbox      Serve a local S3 and Lambda stand-in and print the variables that point a tool at it
      help         Print this message or the help of the given subcommand(s)

    Options:
          --color <WHEN>  Colour: auto, always, never [default: auto]
      -V, --version       Print version
      -h, --help          Print help

    `layership help COMMAND` explains a command, with examples
    ");
    assert_shown!(run(layership(folder.path()), ["publish", "--help"]), @"
    exit code 0
    --- stdout ---
    Preflight every layer and publish what changed

    Usage: layership publish [OPTIONS] [LAYER]...

    Arguments:
      [LAYER]...  Layer keys or globs such as `numpy-*`; none means all

    Options:
      -c, --config <FILE>         Layers file [env: LAYERSHIP_CONFIG] [default: layers.toml]
          --target <NAME>         Only this target, or targets such as `eu-*`; repeatable
          --partition <I/N>       Only one of N parts into which the jobs are split, one for each
                                  machine; a job is always in the same one
          --changed-since <REV>   Only layers whose manifest, archive or declaration changed since a
                                  revision of git
          --report <FORMAT=PATH>  Write a report, such as `json=report.json`; repeatable [formats: json,
                                  markdown, junit, csv, html, env, tfvars, index]
          --events <PATH>         Write each event as a line of JSON, as it happens; `-` is standard
                                  output, which then shows nothing else
          --no-ci                 Tell the build server nothing: no annotations, summary or outputs of
                                  GitHub, no limits of GitLab
          --sandbox[=<DIR>]       Run against a local stand-in for S3 and Lambda, kept in DIR [default:
                                  .layership/sandbox beside the layers file]
          --progress <WHEN>       Show progress: auto, always, never [default: auto]
          --color <WHEN>          Colour: auto, always, never [default: auto]
      -v, --verbose...            Say more: each job's steps and where each setting came from; twice for
                                  every request
      -q, --quiet                 Warnings and errors only
          --format <FORMAT>       What to print on standard output: text with every layer, json,
                                  markdown [default: text, on a terminal without what is unchanged]
          --plan <FILE>           Carry out a plan that `plan --out` kept: exactly that, or nothing
          --stage                 Stage the archives first
          --build                 Build what changed first, as `build` does, and stage what was built
          --dry-run               Write nothing: the same as `plan`
          --force                 Publish unchanged layers too
          --align                 Publish, too, where the content differs between targets and is not the
                                  staged archive; never to make numbers equal
          --revoke                Take grants away that `share` does not name
          --yes                   Agree to layers that are shared with everybody
          --attest-dir <DIR>      Keep the documents of layers with `attest` below this folder, too
          --all-or-nothing        Finish all preflights first, and write nothing if one failed
          --strict                Refuse a zip for what is otherwise a warning about its content
      -h, --help                  Print help; `layership help publish` says more

    Settings:
          --concurrency <N>
              Jobs in flight at once [default: 32]
          --lambda-requests-per-second <N>
              Lambda requests a second, per account and Region [default: 15]
          --fail-fast[=<true|false>]
              Start nothing new after the first failure [default: false]
          --lock-wait-seconds <SECONDS>
              How long to wait for a layer's lock that another run holds [default: 60]
          --publish-settle-seconds <SECONDS>
              How long a publish whose answer was lost may take to show up [default: 60]
          --request-timeout-seconds <SECONDS>
              Deadline of one request to AWS [default: 30]
    ");
}

#[test]
fn a_flag_that_does_not_exist_is_a_wrong_command_line() {
    let folder = folder();
    assert_shown!(run(layership(folder.path()), ["publish", "--al-or-nothing"]), @"
    exit code 2
    --- stderr ---
    error: unexpected argument '--al-or-nothing' found

      tip: a similar argument exists: '--all-or-nothing'

    Usage: layership publish --all-or-nothing [LAYER]...

    For more information, try '--help'.
    ");
    assert_shown!(run(layership(folder.path()), ["publish", "--report", "xml=report.xml"]), @"
    exit code 2
    --- stderr ---
    error: invalid value 'xml=report.xml' for '--report <FORMAT=PATH>': `xml` is not a report format; known: `json`, `markdown`, `junit`, `csv`, `html`, `env`, `tfvars`, `index`

    For more information, try '--help'.
    ");
    assert_shown!(run(layership(folder.path()), ["publish", "--report", "report.json"]), @"
    exit code 2
    --- stderr ---
    error: invalid value 'report.json' for '--report <FORMAT=PATH>': expected FORMAT=PATH, here `json=report.json`

    For more information, try '--help'.
    ");
    assert_shown!(run(layership(folder.path()), ["publish", "--concurrency", "-1"]), @"
    exit code 2
    --- stderr ---
    error: invalid value '-1' for '--concurrency <N>': expected a whole number

    For more information, try '--help'.
    ");
    assert_shown!(run(layership(folder.path()), ["rollout", "--apply", "--canary", "0"]), @"
    exit code 2
    --- stderr ---
    error: invalid value '0' for '--canary <N>': expected 1 or more

    For more information, try '--help'.
    ");
    let file = write(folder.path(), "file", "");
    let ended = run(layership(folder.path()), ["sandbox", "--dir", file.to_str().unwrap()]).expect(1);
    let said = format!("error: cannot start the sandbox in `{}`: ", file.display());
    assert!(ended.stderr.starts_with(&said) && ended.stderr.matches("/file").count() == 1, "{ended:?}");
}

#[test]
fn the_sandbox_prints_variables_for_a_shell_and_stops_on_a_signal() {
    let folder = folder();
    let mut command = layership(folder.path());
    command.args(["sandbox", "--dir", "kept"]);
    let sandbox = Running::start(command);
    sandbox.until_it_says("Serving");
    sandbox.signal("TERM");
    assert_shown!(sandbox.end(), @"
    exit code 0
    --- stdout ---
    export AWS_ENDPOINT_URL=http://127.0.0.1:PORT
    export AWS_ACCESS_KEY_ID=sandbox
    export AWS_SECRET_ACCESS_KEY=SECRET
    export AWS_REGION=us-east-1
    export AWS_DEFAULT_REGION=us-east-1
    --- stderr ---
         Serving S3 and Lambda layers from kept; Ctrl-C stops
    ");
}

#[test]
fn two_sandboxes_do_not_share_a_folder() {
    let folder = folder();
    let mut command = layership(folder.path());
    command.args(["sandbox", "--dir", "kept"]);
    let first = Running::start(command);
    first.until_it_says("Serving");
    assert_shown!(run(layership(folder.path()), ["sandbox", "--dir", "kept"]), @"
    exit code 1
    --- stderr ---
    error: cannot start the sandbox in `kept`: another sandbox is using kept; stop it, or choose another folder
    ");
    first.signal("INT");
    first.end().expect(0);
}

/// Whoever rehearses is not sent to AWS by what is said to him, nor to another layers file.
#[test]
fn a_command_of_a_hint_goes_where_the_run_went() {
    let project = Project::of(&["numpy"]);
    let layers = project.read("layers.toml");
    project.write("it's here/layers.toml", layers);
    for file in ["numpy/requirements.txt", "numpy/layer/python/numpy.py"] {
        project.write(&format!("it's here/{file}"), project.read(file));
    }
    std::fs::remove_file(project.folder().join("layers.toml")).unwrap();
    let here = |line: &str| Ended::from(shell(&project, line).env_remove("AWS_ENDPOINT_URL").output().unwrap());
    let rehearsed = "--sandbox='a folder' -c \"it's here/layers.toml\"";
    let failed = here(&format!("layership plan {rehearsed}")).expect(1);
    let hint = failed.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap_or_else(|| panic!("{failed:?}"));
    let commands: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
    assert_eq!(commands.len(), 2, "{hint}");
    for command in commands {
        here(command).expect(0);
    }
    here(&format!("layership status --exit-code {rehearsed}")).expect(0);
    assert_eq!(project.requests(), [""; 0], "nothing went elsewhere");
}
