use super::{KEPT, Open, Unpinned};
use crate::halt::Halt;
use crate::manifest::survey::survey;

const COMMIT: &str = "0e322af87745eff34caffe4df68456ebc20d9068";

fn judged(text: &str) -> Vec<Unpinned> {
    let open = survey(text, &Halt::default()).open.alone();
    assert_eq!(open.first.len(), open.count.min(KEPT));
    open.first
}

#[test]
fn pinned_lines_are_silent() {
    let table = [
        "requests==2.31.0",
        "requests == 2.31.0  # why",
        "requests===2.31.0",
        "requests[socks]==2.31.0; python_version < '3.12'",
        "requests (==2.31.0)",
        "requests>=2,==2.31.0",
        "numpy==1!2.0+local.1 --hash=sha256:abc",
        "requests==2.31.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def",
        "-r other.txt",
        "-rother.txt",
        "--requirement other.txt",
        "--requirement=other.txt",
        "# comment only",
        "",
        "--index-url https://host/simple",
        "-c constraints.txt",
        "--require-hashes",
        "--no-binary :all:",
        "tool @ https://host/tool-1.0-py3-none-any.whl#sha256=00ff",
        "tool @ https://host/tool.zip#egg=tool&md5=00ff ; python_version < '4'",
        "https://host/tool-1.0-py3-none-any.whl --hash=sha256:00ff",
        "tool @ https://host/download?id=5#sha256=00ff",
        "tool @ file:///wheels/tool-1.0-py3-none-any.whl#sha256=00ff",
        "./wheels/tool.tar.gz#sha256=00ff",
    ];
    for text in table {
        assert_eq!(judged(text), [], "{text}");
    }
    assert_eq!(judged(&format!("tool @ git+https://host/tool.git@{COMMIT}#egg=tool")), []);
    assert_eq!(judged(&format!("-e git+ssh://git@host/tool.git@{COMMIT}")), []);
}

/// pip looks for it in the path alone.
#[test]
fn a_commit_in_a_query_is_no_revision() {
    assert_eq!(judged(&format!("tool @ git+https://host/tool.git@main?@{COMMIT}"))[0].why, Open::Branch);
}

#[test]
fn open_lines_are_listed() {
    let table = [
        ("requests", Open::NoVersion),
        ("requests>=2.31.0", Open::Range),
        ("urllib3>=1.0", Open::Range),
        ("requests~=2.31.0", Open::Range),
        ("requests==2.*", Open::Wildcard),
        ("requests==2.31.*", Open::Wildcard),
        ("requests==${VERSION}", Open::Variable),
        ("requests!=2.31.0", Open::Range),
        ("requests; python_version == '3.12'", Open::NoVersion),
        ("requests<=2.31.0,!=2.30", Open::Range),
        ("requests ==", Open::Unreadable),
        ("requests==not-a-version!!", Open::Unreadable),
        ("-r 'base.txt", Open::Unreadable),
        // pip looks at no hash of what is a repository or a folder.
        ("tool @ git+https://host/tool.git@main#sha256=00ff", Open::Branch),
        ("./tool#sha256=00ff", Open::Location),
        ("tool @ file:///src/tool#sha256=00ff", Open::Location),
        ("--pre --editable ./tool", Open::Editable),
        ("-e .", Open::Editable),
        ("--editable ./tool", Open::Editable),
        ("-e git+https://host/tool.git@main", Open::Branch),
        ("./tool", Open::Location),
        ("tool-1.0-py3-none-any.whl", Open::Location),
        ("tool @ https://host/tool-1.0-py3-none-any.whl", Open::Location),
        ("tool @ https://host/tool.whl#sha256=", Open::Location),
        ("tool @ git+https://host/tool.git", Open::Branch),
        ("tool @ git+https://host/tool.git@main", Open::Branch),
        ("tool @ git+https://host/tool.git@0e322af", Open::Branch),
        ("this is no requirement", Open::Unreadable),
    ];
    for (text, why) in table {
        assert_eq!(judged(text), [Unpinned { line: 1, text: Some(text.to_owned()), why }], "{text}");
    }
}

/// `LINE: WHY` of each open line.
fn told(text: &str) -> String {
    let told = judged(text).into_iter().map(|open| format!("{}: {}", open.line, open.why));
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn one_hash_asks_for_all_of_them() {
    let hashed = "six==1.16.0 --hash=sha256:ab\n";
    assert_eq!(told(&format!("{hashed}idna==3.7 --hash=sha256:cd\n")), "");
    assert_eq!(
        told(&format!("{hashed}idna==3.7 --hash=sha256:\n")),
        "2: it has no hash, though other lines have one",
        "an algorithm without a digest is no hash"
    );
    assert_eq!(told(&format!("{hashed}idna==3.7\n")), "2: it has no hash, though other lines have one");
    assert_eq!(told(&format!("{hashed}tool @ https://host/tool.whl#sha256=ab\n-c bounds.txt\n-r more.txt\n")), "");
    assert_eq!(
        told(&format!("{hashed}tool @ git+https://host/t.git@{COMMIT}\n")),
        "2: it has no hash, though other lines have one"
    );
    assert_eq!(told(&format!("{hashed}idna>=3\n")), "2: it allows several versions");
    assert_eq!(told("tool @ https://host/tool.whl#sha256=ab\nidna==3.7\n"), "", "pip asks for none because of it");
}

#[test]
fn another_index_asks_for_hashes() {
    let told_of = |rest: &str| told(&format!("--extra-index-url https://user:SECRET@host/simple  # ours\n{rest}"));
    let why = "1: another index may answer for any name, and not every line has a hash";
    assert_eq!(told_of("six==1.16.0\n"), why);
    assert_eq!(told_of("six==1.16.0 --hash=sha256:ab\n"), "");
    assert_eq!(told_of(""), "");
    assert_eq!(told("--index-url https://host/simple\nsix==1\n"), "");
    for line in ["--index-url https://a --extra-index-url https://b", "--pre --extra-index=https://b"] {
        assert_eq!(told(&format!("{line}\nsix==1\n")), why, "{line}");
    }
    let text = &judged("--extra-index-url=https://user:SECRET@host/simple\nsix==1\n")[0].text;
    assert_eq!(text.as_deref(), Some("--extra-index-url=https://****@host/simple"));
}

/// pip takes whatever fits best of all places, and without an index there may be only one.
#[test]
fn a_place_with_links_is_another_index() {
    let why = "1: another index may answer for any name, and not every line has a hash";
    for line in
        ["--find-links https://h/links", "-f https://h/links", "--find-links=${LINKS}/x", "-fhttp://h -f wheels"]
    {
        assert_eq!(told(&format!("{line}\nsix==1\n")), why, "{line}");
        assert_eq!(told(&format!("{line}\nsix==1 --hash=sha256:ab\n")), "", "{line}");
        assert_eq!(told(&format!("{line}\n--no-index\nsix==1\n")), "", "{line}");
    }
    for line in
        ["--find-links wheels", "-f ./wheels", "-f file:///srv/wheels", "--no-index --extra-index-url https://h"]
    {
        assert_eq!(told(&format!("{line}\nsix==1\n")), "", "{line}");
    }
    let both = format!("{why}\n{}", why.replace("1:", "3:"));
    assert_eq!(told("-f https://h\n--no-index\n-f https://g\nsix==1\n"), both);
}

#[test]
fn a_commit_belongs_to_version_control_only() {
    assert_eq!(judged(&format!("tool @ https://host/tool@{COMMIT}")).len(), 1);
}

#[test]
fn lines_are_counted_as_an_editor_does_and_masked() {
    let text = "# top\r\nsix==1.16.0 \\\r\n  --hash=sha256:ab\r\n\r\nrequests \\\r\n  >=2 --hash=sha256:ab  # why\r\n-e git+https://user:SECRET@host/tool.git@main#egg=tool\r\n";
    let expected = [
        (5, Some("requests >=2".to_owned()), Open::Range),
        (7, Some("-e git+https://****@host/tool.git@main#egg=tool".to_owned()), Open::Branch),
    ];
    assert_eq!(judged(text), expected.map(|(line, text, why)| Unpinned { line, text, why }));
}

#[test]
fn of_many_lines_the_first_are_kept_in_order() {
    let text = format!("--extra-index-url https://h\na==1 --hash=sha256:ab\nb\n{}", "c==1\n".repeat(10));
    let open = survey(&text, &Halt::default()).open.alone();
    let first: Vec<(usize, Open)> = open.first.iter().map(|unpinned| (unpinned.line, unpinned.why)).collect();
    let of_no_hash = (4..8).map(|line| (line, Open::NoHash));
    let expected: Vec<_> = [(1, Open::ExtraIndex), (3, Open::NoVersion)].into_iter().chain(of_no_hash).collect();
    assert_eq!((first, open.count), (expected, 12));
}
