use super::*;
use crate::manifest::reading::{Read, shown};

#[test]
fn origins_other_than_an_index_take_the_place_of_the_version() {
    let table: [(Read, &str, &str); 16] = [
        (uv, "source = { git = \"https://t@h/x?rev=v1#c0ffee\" }", "x https://****@h/x?****#c0ffee"),
        (uv, "source = { editable = \"packages/x\" }", "x packages/x"),
        (uv, "source = { url = \"https://h/x.zip\", subdirectory = \"a\" }", "x https://h/x.zip#subdirectory=a"),
        (
            poetry,
            "source = { type = \"git\", url = \"https://h/x\", resolved_reference = \"c0ffee\", subdirectory = \"a\" }",
            "x https://h/x#c0ffee&subdirectory=a",
        ),
        (
            pdm,
            "git = \"https://h/x\"\nrevision = \"c0ffee\"\nsubdirectory = \"a\"",
            "x https://h/x#c0ffee&subdirectory=a",
        ),
        (pdm, "url = \"https://h/x.zip\"\nsubdirectory = \"a\"", "x https://h/x.zip#subdirectory=a"),
        (uv, "source = { virtual = \"packages/x\" }", ""),
        (uv, "source = { editable = \".\" }", ""),
        (
            poetry,
            "source = { type = \"git\", url = \"https://u:p@h/x.git\", resolved_reference = \"c0ffee\" }",
            "x https://****@h/x.git#c0ffee",
        ),
        (poetry, "source = { type = \"legacy\", url = \"https://u:p@h/simple\", reference = \"r\" }", "x 1.0"),
        (poetry, "source = { type = \"file\", url = \"x.whl\" }", "x ./x.whl"),
        (pdm, "git = \"https://h/x.git\"\nrevision = \"c0ffee\"", "x https://h/x.git#c0ffee"),
        (pdm, "path = \"./x\"", "x ./x"),
        (cargo, "source = \"git+https://h/x?tag=v1#c0ffee\"", "x git+https://h/x?****#c0ffee"),
        (cargo, "source = \"registry+https://github.com/rust-lang/crates.io-index\"", "x 1.0"),
        (cargo, "", ""),
    ];
    for (read, origin, expected) in table {
        let lock = format!("[[package]]\nname = \"x\"\nversion = \"1.0\"\n{origin}\n");
        assert_eq!(shown(read(&lock, &Halt::default())).as_deref(), Some(expected), "{origin}");
    }
    let vcs = "[[packages]]\nname = \"x\"\nvcs = { type = \"git\", url = \"https://h/x\", commit-id = \"c0ffee\" }\n";
    assert_eq!(shown(pylock(vcs, &Halt::default())).as_deref(), Some("x https://h/x#c0ffee"));
    let below = vcs.replace("c0ffee\" }", "c0ffee\", subdirectory = \"a\" }");
    assert_eq!(shown(pylock(&below, &Halt::default())).as_deref(), Some("x https://h/x#c0ffee&subdirectory=a"));
    let archive = "[[packages]]\nname = \"x\"\narchive = { url = \"https://h/x.zip\", subdirectory = \"a\" }\n";
    assert_eq!(shown(pylock(archive, &Halt::default())).as_deref(), Some("x https://h/x.zip#subdirectory=a"));
    assert_eq!(
        shown(pylock("[[packages]]\nname = \"x\"\ndirectory = { path = \"x\" }", &Halt::default())).as_deref(),
        Some("x ./x")
    );
}

#[test]
fn what_is_no_lock_is_not_read() {
    let table = ["", "=", "package = 1", "package = [1]", "[[package]]\nversion = \"1\"", "[[package]]\nname = 1"];
    for text in table {
        for read in [uv as Read, poetry, pdm, cargo] {
            assert!(read(text, &Halt::default()).is_err(), "{text}");
        }
    }
    assert!(pylock("packages = 1", &Halt::default()).is_err());
    assert_eq!(
        shown(uv("version = 1", &Halt::default())).as_deref(),
        Some(""),
        "a project without dependencies has an empty lock"
    );
    assert_eq!(shown(uv("[[package]]\nname = \"x\"", &Halt::default())).as_deref(), Some("x *"));
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    assert!(uv(&format!("a = {}", "[".repeat(100_000)), &Halt::default()).is_err());
    assert!(uv(&format!("{} = 1", vec!["a"; 100_000].join(".")), &Halt::default()).is_err());
}

/// Ten megabytes of these took gigabytes of memory.
#[test]
fn what_would_take_memory_without_bound_is_not_read() {
    let tables: String = (0..200_000).map(|index| format!("[a{index}.b.c.d]\n")).collect();
    let values = format!("a = [{}]", "1,".repeat(4_000_000));
    for text in [&tables, &values, &format!("[[package]]\nname = \"x\"\n{values}")] {
        let why = uv(text, &Halt::default()).unwrap_err().to_string();
        assert_eq!(why, "line 1: it has more tables and values in one place than a lock file has");
    }
    let files = "    {file = \"aiohttp-3.8.1-cp310-cp310-macosx_10_9_universal2.whl\", hash = \"sha256:1ed0b6477896559f17b9eaeb6d38e07f7f9ffe40b9f0f9627ae8b9926ae260a8\"},\n";
    let old = format!("[metadata.files]\naiohttp = [\n{}]\n", files.repeat(20_000));
    assert!(poetry(&old, &Halt::default()).is_ok());
}

#[test]
fn what_cannot_be_read_has_its_line() {
    let lock = "version = 1\n\n[[package]]\nname = \"a\"\n\n[[package]]\nname = \"b\"\nversion = oops\n";
    assert_eq!(uv(lock, &Halt::default()).unwrap_err().to_string(), "line 8: it is not TOML");
    assert_eq!(
        uv("[[package]]\nversion = \"1\"", &Halt::default()).unwrap_err().to_string(),
        "line 1: a package has no name"
    );
}

const UV: &str = r#"
version = 1

[[package]]
name = "project"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "requests" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
]

[package.optional-dependencies]
socks = [{ name = "pysocks" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "requests"
version = "2.32.3"
dependencies = [{ name = "idna" }]
wheels = [{ url = "u", hash = "sha256:aa" }, { url = "v", hash = "sha256:bb" }]

[[package]]
name = "idna"
version = "3.7"

[[package]]
name = "colorama"
version = "0.4.6"

[[package]]
name = "pysocks"
version = "1.7.1"
dependencies = [{ name = "win-inet-pton" }, { name = "idna" }]

[[package]]
name = "win-inet-pton"
version = "1.1.0"

[[package]]
name = "pytest"
version = "8.0.0"
dependencies = [{ name = "iniconfig" }, { name = "idna" }]

[[package]]
name = "iniconfig"
version = "2.0.0"
"#;

#[test]
fn what_is_installed_follows_from_who_asks() {
    let dependencies = uv(UV, &Halt::default()).unwrap();
    let about = |name: &str| dependencies.versions(name).unwrap().values().next().unwrap();
    let of = |need: Need| -> Vec<&str> {
        dependencies.iter().map(|(name, _)| name).filter(|name| about(name).need == need).collect()
    };
    assert_eq!(of(Need::Development), ["iniconfig", "pytest"]);
    assert_eq!(of(Need::Optional), ["pysocks", "win-inet-pton"]);
    assert!(dependencies.is_project("project") && !dependencies.is_project("idna"));
    assert!(about("colorama").details().markers.iter().eq(["sys_platform == 'win32'"]));
    assert!(about("idna").details().markers.is_empty());
    assert!(about("requests").files.is_some() && about("idna").files.is_none());
    let other = uv(&UV.replace("sha256:bb", "sha256:cc"), &Halt::default()).unwrap();
    assert_ne!(dependencies, other);
}

#[test]
fn markers_are_those_of_the_main_group() {
    let table = [
        ("markers = \"m\"", &["m"][..]),
        ("markers = { main = \"m\", dev = \"d\" }", &["m"]),
        ("markers = { dev = \"d\" }", &[]),
        ("", &[]),
    ];
    for (extra, expected) in table {
        let lock = format!("[[package]]\nname = \"x\"\nversion = \"1\"\ngroups = [\"main\", \"dev\"]\n{extra}\n");
        let dependencies = poetry(&lock, &Halt::default()).unwrap();
        let markers = &dependencies.versions("x").unwrap().values().next().unwrap().details().markers;
        assert!(markers.iter().eq(expected), "{extra}: {markers:?}");
    }
}

#[test]
fn groups_for_development_are_known() {
    let lock = |extra: &str| format!("[[package]]\nname = \"x\"\nversion = \"1\"\n{extra}\n");
    let table: [(Read, &str, Need); 8] = [
        (poetry, "groups = [\"dev\"]", Need::Development),
        (poetry, "category = \"dev\"", Need::Development),
        (poetry, "groups = [\"main\", \"dev\"]", Need::Required),
        (poetry, "groups = [\"main\"]\noptional = true", Need::Optional),
        (poetry, "optional = false", Need::Required),
        (poetry, "", Need::Required),
        (pdm, "groups = [\"test\"]", Need::Development),
        (pdm, "groups = [\"default\"]", Need::Required),
    ];
    for (read, extra, need) in table {
        let dependencies = read(&lock(extra), &Halt::default()).unwrap();
        assert_eq!(dependencies.versions("x").unwrap().values().next().unwrap().need, need, "{extra}");
    }
}
