use super::*;
use crate::layer::LayerSettings;
use std::fs;

fn included(path: &Path, text: &str) -> Includes {
    let halt = Halt::default();
    includes(path, &Bounds::of(path), &survey(text, &halt).mentions, &halt)
}

/// What is read of these files, the first of which is the manifest, and what is not.
fn read(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), files)
}

fn written(folder: &Path, files: &[(&str, &str)]) -> String {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    told(&included(&folder.join(files[0].0), files[0].1))
}

fn told(found: &Includes) -> String {
    let files = found
        .files
        .iter()
        .map(|file| format!("{} {}", if file.bounds { "-c" } else { "-r" }, shown(file.path.as_ref())));
    let problems = found.problems.iter().map(|problem| {
        let named = problem.named.as_deref().unwrap_or("?");
        format!("{}:{} {named} {}", shown(problem.within.as_ref()), problem.line, problem.why)
    });
    files.chain(problems).collect::<Vec<_>>().join("\n")
}

fn shown(path: Option<&PathBuf>) -> String {
    path.map_or_else(|| "?".to_owned(), |path| path.display().to_string())
}

#[test]
fn files_are_looked_for_beside_those_that_include_them() {
    let files = [
        ("a/requirements.txt", "-r ../base/base.txt\n-c bounds.txt\n--requirement=./more.txt\nsix==1\n"),
        ("base/base.txt", "-r sub/deep.txt\nidna==3.7\n"),
        ("base/sub/deep.txt", "certifi==1\n"),
        ("a/bounds.txt", "urllib3==2\n"),
        ("a/more.txt", "-r ../base/base.txt\n"),
    ];
    insta::assert_snapshot!(read(&files), @"
    -r ../base/base.txt
    -r ../base/sub/deep.txt
    -c bounds.txt
    -r more.txt
    ");
}

#[test]
fn options_beside_an_include_do_not_hide_it() {
    for line in [
        "--pre -r base.txt",
        "-r base.txt --pre",
        "--index-url https://h -rbase.txt",
        "--requirem='base.txt' -c no.txt",
    ] {
        assert_eq!(read(&[("requirements.txt", line), ("base.txt", "a==1\n")]), "-r base.txt", "{line}");
    }
    assert_eq!(read(&[("requirements.txt", "-e . -r base.txt"), ("base.txt", "a==1\n")]), "", "pip reads none");
}

#[test]
fn what_is_not_read_is_told_with_its_line() {
    let files = [
        (
            "requirements.txt",
            "six==1\n-r missing.txt\n-r folder\n-r https://user:SECRET@host/x.txt\n-r ${HOME}/x.txt\n-r /etc/hosts\n-r note.txt\n-r C:/x.txt\n",
        ),
        ("folder/x.txt", ""),
        ("note.txt", "a==1\nThis is a note.\n"),
    ];
    insta::assert_snapshot!(read(&files), @"
    :2 missing.txt does not exist
    :3 folder is a folder, not a file
    :4 https://****@host/x.txt is a URL, which is not fetched
    :5 ${HOME}/x.txt takes its name from a variable, which is not read
    :6 /etc/hosts is an absolute path, which is another file elsewhere
    :7 note.txt cannot be read: line 2: it is not a requirement that pip would read
    :8 C:/x.txt is an absolute path, which is another file elsewhere
    ");
}

#[test]
fn circles_are_told_and_end() {
    let files = [("a.txt", "-r b.txt\n-c a.txt\n"), ("b.txt", "-r a.txt\n-r b.txt\n")];
    insta::assert_snapshot!(read(&files), @"
    -r b.txt
    b.txt:1 a.txt includes itself
    b.txt:2 b.txt includes itself
    :2 a.txt includes itself
    ");
}

/// Each file includes the next one twice: without bounds that doubles with each.
#[test]
fn files_are_few_and_not_deep() {
    let files: Vec<(String, String)> =
        (0..40).map(|n| (format!("{n}.txt"), format!("-r {0}.txt\n-r ./{0}.txt\n", n + 1))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let told = read(&files);
    assert!(told.contains("10.txt:1 11.txt is one too many"), "{told}");
    let wide: String = (0..300).map(|n| format!("-r {n}.in\n")).collect();
    let mut files = vec![("a.txt".to_owned(), wide)];
    files.extend((0..300).map(|n| (format!("{n}.in"), "six==1\n".to_owned())));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let told = read(&files);
    assert_eq!(told.lines().filter(|line| line.starts_with("-r")).count(), FILES);
    assert_eq!(told.lines().count(), 2 * FILES, "problems are bounded, too");
}

#[cfg(unix)]
#[test]
fn nothing_leads_out_of_the_checkout_or_waits() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("in/requirements.txt", "-r ../out.txt\n-r link.txt\n-r pipe\n-r beside.txt\n-r .git/HEAD\n"),
        ("out.txt", "secret\n"),
        ("in/.git/HEAD", "secret\n"),
        ("in/beside.txt", "six==1\n"),
    ];
    fs::create_dir_all(folder.path().join("in")).unwrap();
    std::os::unix::fs::symlink("../out.txt", folder.path().join("in/link.txt")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("in/pipe")).status().unwrap().success());
    insta::assert_snapshot!(written(folder.path(), &files), @"
    -r beside.txt
    :1 ../out.txt lies outside of the git checkout
    :2 link.txt lies outside of the git checkout
    :3 pipe is a pipe, not a file
    :5 .git/HEAD lies among git's own files
    ");
}

/// Without a checkout an included file may lie anywhere: it counts, but what it says is not shown.
#[test]
fn what_is_forgotten_is_no_name_and_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let files = [("in/requirements.txt", "-r ../out.txt\n-r gone.txt\n"), ("out.txt", "secret\n-r hidden.txt\n")];
    written(folder.path(), &files);
    let mut found = included(&folder.path().join(files[0].0), files[0].1);
    assert_eq!(found.outside(), Some(Outside::Folder));
    let digest = found.digest();
    found.settle(Unsettled::default(), &BTreeSet::new(), &Halt::default());
    found.hide();
    assert_eq!(found.digest(), digest);
    insta::assert_snapshot!(told(&found), @"
    -r ?
    ?:2 ? does not exist
    :2 ? does not exist
    ");
    assert!(found.files[0].open.count == 1 && found.files[0].open.first[0].text.is_none());
}

#[test]
fn the_digest_follows_what_counts() {
    let digest = |base: &str, kind: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("base.txt"), base).unwrap();
        included(&folder.path().join("requirements.txt"), &format!("{kind} base.txt\n")).digest()
    };
    let first = digest("six==1\nidna==3\n", "-r");
    assert!(first.is_some());
    assert_eq!(first, digest("# why\r\nidna==3\r\nsix==1\r\n", "-r"));
    for (base, kind) in
        [("six==2\nidna==3\n", "-r"), ("six==1\nidna==3\n", "-c"), ("six==1\n", "-r"), ("", "-r"), ("a b", "-r")]
    {
        assert_ne!(first, digest(base, kind), "{base} {kind}");
    }
    assert_eq!(included(Path::new("requirements.txt"), "six==1\n").digest(), None);
}

#[test]
fn what_is_asked_for_follows_what_is_installed() {
    let settings = LayerSettings {
        compatible_runtimes: vec!["python3.12".parse().unwrap()],
        compatible_architectures: vec!["x86_64".parse().unwrap()],
        ..LayerSettings::default()
    };
    let asked = |base: &str, kind: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("base.txt"), base).unwrap();
        let found = included(&folder.path().join("requirements.txt"), &format!("{kind} base.txt\nidna==3\n"));
        found.asked(&Environments::of(&settings), &Halt::default())
    };
    let first = asked("six==1 --hash=sha256:aa\nb==1\n", "-r");
    assert!(first.is_some());
    for same in [
        "b==1\nsix==1 --hash=sha256:bb\n",
        "-i https://example.com/simple\nsix==1\nb==1",
        "six==1 ; python_version >= '3.8'\nb==1",
        "six==1\nb==1\npywin32==306 ; sys_platform == 'win32'",
        "six==1\nb==1\nc==2 ; platform_machine == 'aarch64'",
    ] {
        assert_eq!(first, asked(same, "-r"), "{same}");
    }
    for other in [
        "six==2\nb==1",
        "six\nb==1",
        "six==1",
        "six[x]==1\nb==1",
        "six==1\nb==1\nc==2",
        "six==1\nb==1\n-r gone.txt",
        "six==1\nb @ https://me:secret@example.com/b-1.zip",
    ] {
        assert_ne!(first, asked(other, "-r"), "{other}");
    }
    let hidden = ["one", "two"].map(|token| asked(&format!("b @ https://me:{token}@example.com/b-1.zip"), "-r"));
    assert_ne!(hidden[0], hidden[1], "what is masked counts");
    assert_ne!(first, asked("a b", "-r"));
    assert_eq!(asked("six==1", "-c"), asked("six==2", "-c"), "who only bounds versions asks for nothing");
}

#[test]
fn all_that_is_included_is_named_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let text = "-r base.txt\n-c bounds.txt\nsix\nidna==3 ; os_name == 'nt'\n";
    fs::write(folder.path().join("base.txt"), "certifi==1\nurllib3>=1\n").unwrap();
    fs::write(folder.path().join("bounds.txt"), "six==1.16\nurllib3==2.2.1\nidna==9\nattrs==23\nloose>=1\n").unwrap();
    let named = included(&folder.path().join("requirements.txt"), text).joined(text, &Halt::default()).unwrap();
    let shown: Vec<String> = named
        .iter()
        .flat_map(|(name, versions)| {
            versions.iter().map(move |(version, about)| format!("{name} {} {:?}", version.as_str(), about.need))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    attrs 23 Optional
    certifi 1 Required
    idna 3 Required
    loose >=1 Optional
    six 1.16 Required
    urllib3 2.2.1 Required
    ");
}

/// Each line of the bounds looked at all versions that are named, and copied them.
#[test]
fn bounds_of_one_package_are_one_bound() {
    let named: String = (0..5_000).map(|number| format!("a==1.{number}\n")).collect();
    let bounds: String = (0..5_000).map(|number| format!("a==2.{number}\n")).collect();
    let halt = Halt::default();
    let read = |text: &str, bounds: &str| {
        let all = dependencies_with(text, std::iter::empty(), std::iter::once(bounds), &halt).unwrap();
        let told = |(name, versions): (&str, &crate::manifest::Versions)| {
            versions.keys().map(|version| format!("{name} {}", version.as_str())).collect::<Vec<_>>()
        };
        all.iter().flat_map(told).collect::<Vec<_>>()
    };
    assert_eq!(read(&named, &bounds).len(), 5_000);
    assert!(halt.polls() <= 10_010, "{} steps", halt.polls());
    for (text, bounds, expected) in [
        ("a\n", "a==1\na==2\n", "a 1"),
        ("a\n", "a<3\na==2\na==1\n", "a 2"),
        ("a\n", "a<3\na<2\n", "a <2"),
        ("a\n", "a\n", "a *"),
        ("a>1\n", "a\na==2\n", "a 2"),
        ("a==1\n", "a==2\n", "a 1"),
        ("", "a\n", "a *"),
        ("", "a<2\na==1\n", "a 1"),
    ] {
        assert_eq!(read(text, bounds), [expected], "{text} {bounds}");
    }
}
