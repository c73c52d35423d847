use super::*;
use crate::manifest::npm_lock::npm;
use crate::manifest::reading::{Read, shown};

#[test]
fn unusual_packages_are_read() {
    let table: [(Read, &str, &str); 15] = [
        (
            npm,
            r#"{"lockfileVersion":3,"packages":{"":{"version":"9"},"libs/x":{"version":"1"},"node_modules/x":{"resolved":"libs/x","link":true}}}"#,
            "",
        ),
        (npm, r#"{"lockfileVersion":3,"packages":{"node_modules/alias":{"name":"real","version":"1"}}}"#, "real 1"),
        (npm, r#"{"lockfileVersion":3,"packages":{"node_modules/a/node_modules/@s/b":{"version":"1"}}}"#, "@s/b 1"),
        (
            npm,
            r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1","resolved":"git+ssh://git@h/x.git#c0ffee"}}}"#,
            "x git+ssh://****@h/x.git#c0ffee",
        ),
        (
            npm,
            r#"{"lockfileVersion":1,"dependencies":{"x":{"version":"git+https://t@h/x.git#c0ffee"}}}"#,
            "x git+https://****@h/x.git#c0ffee",
        ),
        (
            npm,
            r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.0.0","resolved":"https://codeload.github.com/o/x/tar.gz/c0ffee"}}}"#,
            "x https://codeload.github.com/o/x/tar.gz/c0ffee",
        ),
        (
            npm,
            r#"{"lockfileVersion":2,"packages":{"node_modules/x":{"version":"1.0.0","resolved":"https://h/x.git#c0ffee"},"node_modules/y":{"version":"1.0.0","resolved":"https://registry.npmjs.org/y/-/y-1.0.0.tgz"}}}"#,
            "x https://h/x.git#c0ffee, y 1.0.0",
        ),
        (
            npm,
            r#"{"lockfileVersion":1,"dependencies":{"alias":{"version":"npm:@s/real@1.0.0","resolved":"https://registry.npmjs.org/@s/real/-/real-1.0.0.tgz"}}}"#,
            "@s/real 1.0.0",
        ),
        (npm, r#"{"lockfileVersion":3}"#, ""),
        (
            pipfile,
            r#"{"_meta":{},"default":{"My_X":{"git":"https://t@h/x","ref":"c0ffee"}},"docs":{"y":{"version":"==1","markers":"m"}}}"#,
            "my-x https://****@h/x#c0ffee, y 1",
        ),
        (
            pipfile,
            r#"{"_meta":{},"default":{"x":{"git":"https://h/x","ref":"c0ffee","subdirectory":"a"}}}"#,
            "x https://h/x#c0ffee&subdirectory=a",
        ),
        (
            pipfile,
            r#"{"_meta":{},"default":{"x":{"file":"https://h/x.zip","subdirectory":"a"}}}"#,
            "x https://h/x.zip#subdirectory=a",
        ),
        (pipfile, r#"{"_meta":{},"default":{"x":{"path":"."}}}"#, "x ."),
        (
            composer,
            r#"{"packages":[{"name":"a/x","version":"2.x-dev","source":{"reference":"c0ffee"}}],"packages-dev":[{"name":"a/y","version":"1"}]}"#,
            "a/x 2.x-dev#c0ffee, a/y 1",
        ),
        // Locked without those for development.
        (composer, r#"{"packages":[{"name":"a/x","version":"1"}],"packages-dev":null}"#, "a/x 1"),
    ];
    for (read, text, expected) in table {
        assert_eq!(shown(read(text, &Halt::default())).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_lock_is_not_read() {
    let table = [
        "",
        "[]",
        "{}",
        "{",
        r#"{"lockfileVersion":3,"packages":1}"#,
        r#"{"_meta":1,"default":[]}"#,
        r#"{"packages":{}}"#,
        r#"{"packages":[{}]}"#,
    ];
    for text in table {
        for read in [npm as Read, pipfile, composer] {
            assert!(read(text, &Halt::default()).is_err(), "{text}");
        }
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let nested = r#"{"dependencies":{"a":"#.repeat(10_000);
    let nested = format!(r#"{{"lockfileVersion":1,"dependencies":{{"a":{nested}"#);
    assert!(npm(&nested, &Halt::default()).is_err());
}

#[test]
fn development_hashes_and_markers_are_known() {
    let about = |read: Read, text: &str, name: &str| {
        let dependencies = read(text, &Halt::default()).unwrap();
        dependencies.versions(name).unwrap().values().next().unwrap().clone()
    };
    let lock = r#"{"_meta":{},"default":{"x":{"version":"==1","markers":"sys_platform == 'win32'","hashes":["sha256:a","sha256:b"]}},"develop":{"y":{"version":"==1"}}}"#;
    let x = about(pipfile, lock, "x");
    assert_eq!(x.need, Need::Required);
    assert!(x.details().markers.iter().eq(["sys_platform == 'win32'"]));
    assert_eq!(
        x.files,
        about(pipfile, &lock.replace(r#""sha256:a","sha256:b""#, r#""sha256:b","sha256:a""#), "x").files
    );
    assert_ne!(x.files, about(pipfile, &lock.replace("sha256:a", "sha256:c"), "x").files);
    assert_eq!(about(pipfile, lock, "y").need, Need::Development);
    let lock =
        r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1","dev":true,"integrity":"sha512-a"}}}"#;
    let x = about(npm, lock, "x");
    assert!(x.need == Need::Development && x.files.is_some());
    for key in ["optional", "devOptional", "peer"] {
        assert_eq!(about(npm, &lock.replace("dev", key), "x").need, Need::Optional, "{key}");
    }
    let lock = r#"{"packages":[{"name":"a/x","version":"1","source":{"reference":"c0ffee"}}]}"#;
    assert_ne!(about(composer, lock, "a/x").files, about(composer, &lock.replace("c0ffee", "decaf"), "a/x").files);
    let both = lock.replace(r#"}}]}"#, r#"},"dist":{"reference":"c0ffee"}}]}"#);
    assert_eq!(about(composer, lock, "a/x").files, about(composer, &both, "a/x").files);
    let other = both.replace(r#""dist":{"reference":"c0ffee"}"#, r#""dist":{"reference":"decaf"}"#);
    assert_ne!(about(composer, lock, "a/x").files, about(composer, &other, "a/x").files);
    let lock = r#"{"packages":[],"packages-dev":[{"name":"a/y","version":"1","dist":{"shasum":""}}]}"#;
    let y = about(composer, lock, "a/y");
    assert!(y.need == Need::Development && y.files.is_none());
}

#[test]
fn what_cannot_be_read_has_its_line() {
    assert_eq!(npm("{\n\n  oops", &Halt::default()).unwrap_err().to_string(), "line 3: it is not JSON");
    let wrong = npm("{\"lockfileVersion\":3,\n\"packages\":1}", &Halt::default()).unwrap_err();
    assert_eq!(wrong.to_string(), "line 2: it is not a lock file of npm");
}
