//! `init`: a layers file of the lock files that are there.

use crate::common::{folder, layership, run, write};

#[test]
fn init_writes_an_example_and_says_what_comes_next() {
    let folder = folder();
    let ended = run(layership(folder.path()), ["init"]);
    assert_shown!(ended, @"
    exit code 0
    --- stdout ---
    Wrote layers.toml: an example, because no lock file was found; its schema, layers.schema.json, from which editors complete it.
    Now name your layers in it, then

      layership check                      the file, manifests and archives, offline
      layership publish --stage --sandbox  a rehearsal without AWS
      layership plan --stage               what would be published, and why
    ");
    let written = std::fs::read_to_string(folder.path().join("layers.toml")).unwrap();
    assert!(written.contains("[layers.requests]"), "{written}");
}

#[test]
fn init_never_overwrites() {
    let folder = folder();
    std::fs::write(folder.path().join("layers.toml"), "# mine\n").unwrap();
    let ended = run(layership(folder.path()), ["init"]);
    assert_shown!(ended, @"
    exit code 2
    --- stderr ---
    error: `layers.toml` already exists; nothing was written
    ");
    assert_eq!(std::fs::read_to_string(folder.path().join("layers.toml")).unwrap(), "# mine\n");
}

#[test]
fn init_does_not_write_through_a_link_to_nowhere() {
    let folder = folder();
    std::os::unix::fs::symlink("elsewhere.toml", folder.path().join("layers.toml")).unwrap();
    run(layership(folder.path()), ["init"]).expect(2);
    assert!(!folder.path().join("elsewhere.toml").exists());
}

#[test]
fn init_in_a_folder_that_does_not_exist_says_so() {
    let folder = folder();
    assert_shown!(run(layership(folder.path()), ["init", "-c", "missing/layers.toml"]), @"
    exit code 2
    --- stderr ---
    error: cannot write `missing/layers.toml`: its folder does not exist
    ");
}

/// A repository of several teams, with what must not become a layer in it.
fn repository() -> tempfile::TempDir {
    let folder = folder();
    let files = [
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".gitignore", "ignored/\n*.log"),
        ("requirements.txt", "six==1.16.0\n"),
        (
            "services/api/uv.lock",
            "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"six\"\nversion = \"1.16.0\"\n",
        ),
        ("services/api/requirements.txt", "six==1.16.0\n"),
        ("services/api/pyproject.toml", "[project]\nname = \"api\"\n"),
        (
            "services/web/layer/package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"": {"engines": {"node": ">=22"}}}}"#,
        ),
        ("services/\"quoted\"/poetry.lock", "[[package]]\nname = \"six\"\nversion = \"1.16.0\"\n"),
        ("empty/requirements.txt", ""),
        ("ignored/requirements.txt", "six==1.16.0\n"),
        ("node_modules/a/package-lock.json", "{}"),
        ("my-environment/pyvenv.cfg", "home = /usr/bin\n"),
        ("my-environment/lib/requirements.txt", "six==1.16.0\n"),
        (".hidden/requirements.txt", "six==1.16.0\n"),
        ("notes.txt", "not a lock file\n"),
    ];
    files.iter().for_each(|(path, text)| {
        write(folder.path(), path, text);
    });
    let zip = crate::common::zips::zip(&[("python/six.py", "")]);
    write(folder.path(), "services/api/build/lambda/layer/layer.zip", zip);
    folder
}

#[test]
fn lock_files_become_layers_that_pass_check() {
    let folder = repository();
    assert_shown!(run(layership(folder.path()), ["init"]), @"
    exit code 0
    --- stdout ---
    Wrote layers.toml: 4 layers; its schema, layers.schema.json, from which editors complete it; `.layership/` into .gitignore.
    Now set the bucket in it, and the `archive` of each layer, a zip or the folder that it is made from, then

      layership check                      the file, manifests and archives, offline
      layership publish --stage --sandbox  a rehearsal without AWS
      layership plan --stage               what would be published, and why
    ");
    let written = std::fs::read_to_string(folder.path().join("layers.toml")).unwrap();
    insta::assert_snapshot!(written.split_once("\n[layers.").unwrap().1, @r#"
    python]
    manifest = "requirements.txt"
    # archive = "build/layer"   # the zip, or the folder it is made from: for `stage`
    # compatible-runtimes = ["python3.13"]

    [layers.quoted]
    manifest = 'services/"quoted"/poetry.lock'
    # archive = 'services/"quoted"/build/layer'   # the zip, or the folder it is made from: for `stage`
    # compatible-runtimes = ["python3.13"]

    [layers.api]
    manifest = "services/api/uv.lock"
    archive = "services/api/build/lambda/layer/layer.zip"
    compatible-runtimes = ["python3.12"]   # the least that uv.lock asks for

    [layers.services-web-layer]
    manifest = "services/web/layer/package-lock.json"
    # archive = "services/web/layer/build/layer"   # the zip, or the folder it is made from: for `stage`
    compatible-runtimes = ["nodejs22.x"]   # the least that package-lock.json asks for
    "#);
    assert_eq!(std::fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "ignored/\n*.log\n.layership/\n");
    let ended = run(layership(folder.path()), ["check"]).expect(0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    // What is there already is left as it is, and what is written once is not written again.
    std::fs::remove_file(folder.path().join("layers.toml")).unwrap();
    write(folder.path(), "layers.schema.json", "{}");
    let again = run(layership(folder.path()), ["init"]).expect(0);
    assert!(!again.stdout.contains("schema") && !again.stdout.contains("gitignore"), "{}", again.stdout);
    assert_eq!(std::fs::read_to_string(folder.path().join("layers.schema.json")).unwrap(), "{}");
}

/// What comes next works, once what is to be done before is done.
#[test]
fn what_init_says_comes_next_works() {
    for (config, has_archive) in [("layers.toml", true), ("layers.toml", false), ("my layers.toml", true)] {
        let folder = folder();
        write(folder.path(), "requirements.txt", "six==1.16.0\n");
        let zip = crate::common::zips::zip(&[("python/six.py", "")]);
        write(folder.path(), if has_archive { "layer.zip" } else { "made/of-it.zip" }, zip);
        let said = run(layership(folder.path()), ["init", "-c", config]).expect(0).stdout;
        assert_eq!(said.contains("`archive` of each layer"), !has_archive, "{said}");
        let path = folder.path().join(config);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text = text.replace("# archive = \"build/layer\"", "archive = \"made/of-it.zip\"");
        text = text.replace("# compatible-runtimes", "compatible-runtimes");
        std::fs::write(&path, text).unwrap();
        let steps: Vec<&str> = said.lines().filter(|line| line.starts_with("  layership ")).collect();
        assert_eq!(steps.len(), 3, "{said}");
        for step in steps {
            let (line, _) = step.trim().rsplit_once("  ").unwrap();
            // A plan asks AWS, of which there is none here.
            let sandbox = if line.contains(" plan ") { " --sandbox" } else { "" };
            let mut shell = crate::common::isolated("sh", folder.path());
            let beside = std::path::Path::new(crate::common::LAYERSHIP).parent().unwrap().display();
            shell.env("PATH", format!("{beside}:{}", std::env::var("PATH").unwrap()));
            run(shell, ["-c", &format!("{line}{sandbox}")]).expect(0);
        }
    }
}

#[test]
fn init_leaves_a_gitignore_alone_that_leads_elsewhere_and_makes_none_outside_of_git() {
    let folder = folder();
    run(layership(folder.path()), ["init"]).expect(0);
    assert!(!folder.path().join(".gitignore").exists());
    let repository = repository();
    std::fs::remove_file(repository.path().join(".gitignore")).unwrap();
    write(folder.path(), "elsewhere", "mine\n");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), repository.path().join(".gitignore")).unwrap();
    run(layership(repository.path()), ["init"]).expect(0);
    assert_eq!(std::fs::read_to_string(folder.path().join("elsewhere")).unwrap(), "mine\n");
}

/// A name in another encoding is right for git; what cannot be read at all is told before anything is written.
#[test]
fn a_gitignore_is_kept_byte_for_byte_and_one_that_cannot_be_read_stops_it_before_it_writes() {
    let repository = repository();
    let ignore = repository.path().join(".gitignore");
    std::fs::write(&ignore, b"caf\xe9/\n").unwrap();
    run(layership(repository.path()), ["init"]).expect(0);
    assert_eq!(std::fs::read(&ignore).unwrap(), b"caf\xe9/\n.layership/\n");
    std::fs::remove_file(repository.path().join("layers.toml")).unwrap();
    std::fs::remove_file(&ignore).unwrap();
    std::fs::create_dir(&ignore).unwrap();
    let ended = run(layership(repository.path()), ["init"]).expect(2);
    assert!(ended.stderr.contains(".gitignore`: ") && ended.stderr.contains("nothing was written"), "{}", ended.stderr);
    assert!(!repository.path().join("layers.toml").exists());
    std::fs::remove_dir(&ignore).unwrap();
    run(layership(repository.path()), ["init"]).expect(0);
}

#[test]
fn what_is_too_deep_is_told() {
    let folder = folder();
    write(folder.path(), "1/2/3/4/5/6/7/8/9/10/11/uv.lock", "version = 1\n");
    write(folder.path(), "1/2/3/4/5/6/7/8/9/10/11/12/uv.lock", "version = 1\n");
    let ended = run(layership(folder.path()), ["init"]).expect(0);
    assert!(ended.stdout.contains("layers.toml: 1 layer;"), "{}", ended.stdout);
    let told = "warning: left out what is more than 12 folders deep: `./1/2/3/4/5/6/7/8/9/10/11/12`\n";
    assert_eq!(ended.stderr, told);
}
