use super::{LINE_LIMIT, exact_version, name_of_location, normalised};
use crate::halt::Halt;
use crate::manifest::dependencies::Dependencies;
use crate::manifest::survey::survey;
use crate::manifest::unreadable::Unreadable;
use crate::manifest::urls::revision;
use proptest::prelude::*;

fn dependencies(text: &str) -> Result<Dependencies, Unreadable> {
    survey(text, &Halt::default()).named
}

/// `name version` pairs on one line each.
fn read(text: &str) -> Option<String> {
    let dependencies = dependencies(text).ok()?;
    let pairs = dependencies
        .iter()
        .flat_map(|(name, versions)| versions.keys().map(move |version| format!("{name} {}", version.as_str())));
    Some(pairs.collect::<Vec<_>>().join("\n"))
}

#[test]
fn every_kind_of_line_is_read() {
    let table = [
        ("", ""),
        ("requests==2.31.0", "requests 2.31.0"),
        ("  requests  ==  2.31.0  ", "requests 2.31.0"),
        ("requests", "requests *"),
        ("requests >= 2, < 3", "requests >=2,<3"),
        ("requests>=2,==2.31.0", "requests 2.31.0"),
        ("requests[socks, use_chardet] == 2.31.0", "requests 2.31.0"),
        ("requests (>=2.0)", "requests >=2.0"),
        ("x~=1.4", "x ~=1.4"),
        ("x[]==1.*", "x ==1.*"),
        ("x[ a , b.c-d_e ]~=${V}", "x ~=${V}"),
        ("x[ ]==1", "x 1"),
        ("x[a_,${B}]==1 ; python_version < ${V}", "x 1"),
        ("x @ https://h/x.whl ; (os_name == 'nt')", "x https://h/x.whl"),
        ("https://h/x-1.0.zip; os_name == 'nt'", "x https://h/x-1.0.zip"),
        ("https://h/x-1.0.zip?a;b ;os_name == 'nt'", "x https://h/x-1.0.zip?****"),
        ("x==1.${V} ; 'and' == os_name", "x ==1.${V}"),
        ("x;", "x *"),
        ("x[a] ; # why", "x *"),
        ("x==1; --hash=sha256:ab", "x 1"),
        ("x (>=1) ;", "x >=1"),
        ("x==1 ;\\\n", "x 1"),
        ("x @ https://h/x.zip;", "x https://h/x.zip"),
        ("x @ https://h/x.zip ; ", "x https://h/x.zip"),
        ("./x-1.0.zip ;", "x ./x-1.0.zip"),
        ("./x-1.0.zip;", "x ./x-1.0.zip"),
        ("x-1.0.zip;", "x x-1.0.zip"),
        ("x==1!2.0+cu.1-2_3", "x 1!2.0+cu.1-2_3"),
        ("Zope.Interface__x==5", "zope-interface-x 5"),
        ("requests==2.31.0 ; python_version < '3.12' # why", "requests 2.31.0"),
        ("requests==2.31.0;python_version<'3.12'", "requests 2.31.0"),
        ("six==1.16.0 --hash=sha256:ab --hash=sha256:cd", "six 1.16.0"),
        ("six==1.16.0 \\\n  --hash=sha256:ab \\\n  --hash=sha256:cd\n  # via me\nidna==3.7", "idna 3.7\nsix 1.16.0"),
        ("six== \\\n1.16.0", "six 1.16.0"),
        ("six==1.16.0 \\\n# a comment ends it\nidna==3.7", "idna 3.7\nsix 1.16.0"),
        ("six==1.16.0 \\\n# even one that looks continued \\\nidna==3.7", "idna 3.7\nsix 1.16.0"),
        ("git+https://host/tool.git#egg=", "tool git+https://host/tool.git#egg="),
        ("# only\n\n   # comments\n", ""),
        ("numpy==1.26.4; python_version<'3.12'\nnumpy==2.0.0; python_version>='3.12'", "numpy 1.26.4\nnumpy 2.0.0"),
        ("--index-url https://u:p@host/simple\n-c constraints.txt\n-r other.txt\nsix==1", "six 1"),
        (
            "tool @ https://u:p@host/tool-1.0.whl#sha256=ab ; os_name == 'nt'",
            "tool https://****@host/tool-1.0.whl#sha256=ab",
        ),
        ("tool@https://host/tool.zip", "tool https://host/tool.zip"),
        ("tool[x] @ file:///srv/tool", "tool file:///srv/tool"),
        ("-e git+https://tok@host/Some_Tool.git@v1", "some-tool git+https://****@host/Some_Tool.git@v1"),
        (
            "-e git+https://host/x.git@v1#egg=My.Tool[extra]&subdirectory=a",
            "my-tool git+https://host/x.git@v1#egg=My.Tool[extra]&subdirectory=a",
        ),
        ("--editable=./packages/tool", "tool ./packages/tool"),
        ("-e .", ". ."),
        ("https://host/dist/tool_x-1.0-py3-none-any.whl", "tool-x https://host/dist/tool_x-1.0-py3-none-any.whl"),
        ("./dist/tool-1.0.tar.gz", "tool ./dist/tool-1.0.tar.gz"),
        ("tool-1.0.zip", "tool tool-1.0.zip"),
    ];
    for (text, expected) in table {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_requirements_file_is_not_read() {
    let table = [
        "This is a note to myself",
        "Hello, world",
        "six = 1.16.0",
        "six=1.16.0",
        "six==",
        "six==1 16",
        "six 1.16.0",
        "six-==1",
        "six[extra==1",
        "a/b and more words",
        "tool @",
        "<html>",
        "{\"a\": 1}",
        "x==1; python_version<'3' and",
        "x==1 ; os_name=='nt' or",
        "x;;",
        "x; ;",
        "x;--pre",
        ";",
        "x @ ;",
        "x==1)",
        "x~=1",
        "x[a b]",
        "x[a,]",
        "x[,a]",
        "x[a,,b]==1",
        "x[-a]",
        "x[a-]==1",
        "x[a,] @ https://h/x.whl",
        "x==1 ; python_version > 3",
        "x==1 ; os_name == posix",
        "x==1 ; (os_name == 'nt'",
        "x==1 ; place == 'nt'",
        "x==1 ; os_name = 'nt'",
        "x @ https://h/x.whl ; python_version <",
        "x @ https://h/x.whl ; python_version > 3",
        "x @ https://h/x.whl ; os_name == 'nt' and",
        "https://h/x-1.0.zip ; python_version <",
        "git+https://h/x.git ; python_version < 3",
        "./x-1.0.zip ; os_name",
    ];
    for text in table {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_line_without_end_is_no_requirement() {
    let line = |length: usize| format!("six==1 # {}", "x".repeat(length));
    assert!(dependencies(&line(LINE_LIMIT / 2)).is_ok());
    let refused = survey(&line(LINE_LIMIT), &Halt::default());
    assert_eq!(refused.named.unwrap_err().line, Some(1));
    assert_eq!(refused.open.alone().first[0].text.as_deref(), Some("…"));
}

#[test]
fn exact_versions() {
    let table = [
        ("==1.0", Some("1.0")),
        ("===1.0", Some("1.0")),
        (">=1,==1.0", Some("1.0")),
        ("==1.*", None),
        ("==${V}", None),
        ("==not-a-version!!", None),
        ("==1!2!3", None),
        ("==x", None),
        ("==v1.0", Some("v1.0")),
        ("==2!1.0", Some("2!1.0")),
        ("===x", Some("x")),
        ("", None),
        ("==", None),
        (">=1.0", None),
        ("!=1.0", None),
        ("<=1.0", None),
    ];
    for (specifier, version) in table {
        assert_eq!(exact_version(specifier), version, "{specifier}");
    }
}

#[test]
fn names_are_normalised_as_pep_503_says() {
    for name in [
        "friendly-bard",
        "Friendly-Bard",
        "FRIENDLY-BARD",
        "friendly.bard",
        "friendly_bard",
        "friendly--bard",
        "FrIeNdLy-._.-bArD",
    ] {
        assert_eq!(normalised(name), "friendly-bard");
    }
}

#[test]
fn credentials_never_become_a_name() {
    for url in ["git+https://SECRET@host", "https://user:SECRET@host", "git+https://user:SEC/SECRET@host/tool.git"] {
        assert!(!name_of_location(url).contains("secret"), "{url}");
        assert!(!read(&format!("-e {url}")).unwrap().to_lowercase().contains("secret"), "{url}");
    }
}

#[test]
fn revisions_belong_to_the_path() {
    let table = [
        ("git+https://host/tool.git@v1", Some("v1")),
        ("git+ssh://git@host/tool.git@v1#egg=tool", Some("v1")),
        ("git+ssh://git@host/tool.git", None),
        ("https://host/tool@v1", None),
        ("git+https://host", None),
    ];
    for (url, expected) in table {
        assert_eq!(revision(url), expected, "{url}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "([a-z]{1,3}|==|>=|[ \\\\\n\r#;@\\[\\]()/,.-]|://|-e |-r |--hash=|\\$|é){0,40}") {
        let _ = dependencies(&text);
    }

    #[test]
    fn a_list_of_pins_is_read_whole(pins in prop::collection::btree_map("[a-z][a-z0-9]{0,8}", "[0-9]{1,2}(\\.[0-9]{1,2}){0,3}", 0..10)) {
        let text: String = pins.iter().map(|(name, version)| format!("{name}=={version} \\\n  --hash=sha256:ab\n")).collect();
        let dependencies = dependencies(&text).unwrap();
        prop_assert_eq!(dependencies.iter().count(), pins.len());
        for (name, version) in &pins {
            prop_assert!(dependencies.versions(name).unwrap().keys().any(|found| found.as_str() == version));
        }
    }
}

/// What is told of a line by its bytes alone is what a closer look tells.
#[test]
fn pinned_lines_are_read_alike_in_both_ways() {
    let names = ["a", "six", "Zope.Interface__x", "a-", "-a", "a--b", "é", "a1", "tool-1.0"];
    let versions =
        ["1", "1.16.0", "1!2.0+local.1", "1.zip", "1.0.whl", "1.tar.bz2", "2", "22.1.2", "", "1.*", "1 ", "a-b", "=1"];
    for (name, version) in names.iter().flat_map(|name| versions.map(|version| (name, version))) {
        let line = format!("{name}=={version}");
        let told = |line: super::Line<'_>| match &line.asks {
            super::Asks::Pinned { name, version } => format!("{name} {version}"),
            super::Asks::Version { name, specifier } => {
                format!("{name} {}", exact_version(specifier).unwrap_or("open"))
            }
            other => format!("{other:?}"),
        };
        let [one, other] = [super::read_line(1, &line), super::read_any_line(1, &line)].map(|line| line.map(told));
        assert_eq!(one, other, "{line}");
    }
    assert!(super::read_pinned("six==1.16.0").is_some());
}
