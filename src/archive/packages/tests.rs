use super::*;

fn met(paths: &[&str]) -> Vec<String> {
    let mut packages = Packages::default();
    paths.iter().for_each(|path| packages.meet(path.as_bytes()));
    packages.found.iter().map(|((_, name), versions)| format!("{name} {versions:?}")).collect()
}

#[test]
fn metadata_tells_name_and_version() {
    let table: [(&str, &[&str]); 30] = [
        ("python/urllib3-2.2.1.dist-info/METADATA", &[r#"urllib3 {"2.2.1"}"#]),
        ("./python/Zope.Interface_x-5.0.dist-info/", &[r#"zope-interface-x {"5.0"}"#]),
        ("python/lib/python3.12/site-packages/idna-3.7.dist-info/RECORD", &[r#"idna {"3.7"}"#]),
        ("python/six-1.16.0-py3.12.egg-info", &[r#"six {"1.16.0"}"#]),
        ("python/zope.interface-x-5.0.egg-info/PKG-INFO", &[r#"zope-interface-x {"5.0"}"#]),
        ("python/torch-2.1.0+cu121.dist-info/METADATA", &[r#"torch {"2.1.0+cu121"}"#]),
        ("python/tool.egg-info/PKG-INFO", &[]),
        ("python/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA", &[]),
        ("urllib3-2.2.1.dist-info/METADATA", &[]),
        ("python/x-1.0.dist-info/RECORD", &[r#"x {"1.0"}"#]),
        ("python/x-1.0.data/scripts/x", &[]),
        ("python/x.egg-link", &[]),
        ("python/__editable__.x-1.0.pth", &[]),
        ("python/_vendor/x-1.0.dist-info/METADATA", &[]),
        ("python/lib/python3.12/site-packages/y/_vendor/x-1.0.dist-info/METADATA", &[]),
        ("python/lib/python3.12/x-1.0.dist-info/METADATA", &[]),
        ("ruby/gems/3.3.0/specifications/aws-sdk-s3-1.143.0.gemspec", &[r#"aws-sdk-s3 {"1.143.0"}"#]),
        ("ruby/gems/3.3.0/specifications/nokogiri-1.16.0-x86_64-linux.gemspec", &[r#"nokogiri {"1.16.0"}"#]),
        ("ruby/3.3.0/specifications/rack-3.0.8.gemspec", &[r#"rack {"3.0.8"}"#]),
        ("ruby/3.3.0/specifications/bootstrap-4-sass-1.0.gemspec", &[r#"bootstrap-4-sass {"1.0"}"#]),
        ("ruby/3.3.0/specifications/a-3-3.gemspec", &[r#"a-3 {"3"}"#]),
        ("ruby/3.3.0/specifications/a-3-java.gemspec", &[r#"a {"3"}"#]),
        ("ruby/3.3.0/specifications/a-3-x86_64-darwin-20.gemspec", &[r#"a {"3"}"#]),
        ("ruby/3.3.0/specifications/a-2-1.0.pre1-x86-mswin32-60.gemspec", &[r#"a-2 {"1.0.pre1"}"#]),
        ("ruby/3.3.0/specifications/default/rack-3.0.8.gemspec", &[]),
        ("ruby/3.3.0/bundler/gems/rack-0123abc/rack-3.0.8.gemspec", &[]),
        ("ruby/3.3.0/specifications/-1.0.gemspec", &[]),
        ("ruby/gems/3.3.0/gems/rack-3.0.8/rack.gemspec", &[]),
        ("ruby/gems/3.3.0/gems/a-1/specifications/rack-3.0.8.gemspec", &[]),
        ("ruby/lib/specifications/rack-3.0.8.gemspec", &[]),
    ];
    for (path, expected) in table {
        assert_eq!(met(&[path]), expected, "{path}");
    }
    assert_eq!(met(&["python/a-1.dist-info/", "python/A-2.dist-info/x"]), [r#"a {"1", "2"}"#]);
}

#[test]
fn no_name_and_no_version_carries_a_credential() {
    let mut packages = Packages::default();
    let about = br#"{"name":"https://u:SECRET@h/x","version":"https://h/x?token=SECRET"}"#;
    packages.see_node(b"nodejs/node_modules/a/package.json", about, true);
    let all: Vec<_> = packages.of(Ecosystem::Node).collect();
    assert_eq!(all, [("https://****@h/x", &BTreeSet::from(["https://h/x?****".to_owned()]))]);
}

#[test]
fn what_is_editable_is_known_by_what_the_installer_says() {
    let told = |path: &str, content: &str| {
        let mut packages = Packages::default();
        packages.meet(path.as_bytes());
        if is_direct_url(path.as_bytes()) {
            packages.see_direct_url(path.as_bytes(), content.as_bytes());
        }
        packages.editable().collect::<Vec<_>>().join(" ")
    };
    let (path, editable) =
        ("python/My_App-1.0.dist-info/direct_url.json", r#"{"url":"file:///x","dir_info":{"editable":true}}"#);
    assert_eq!(told(path, editable), "my-app");
    assert_eq!(told("./python/lib/python3.12/site-packages/a-1.dist-info/direct_url.json", editable), "a");
    for content in [r#"{"dir_info":{}}"#, r#"{"dir_info":{"editable":false}}"#, r#"{"archive_info":{}}"#, "[", ""] {
        assert_eq!(told(path, content), "", "{content}");
    }
    for path in
        ["python/x/_vendor/a-1.dist-info/direct_url.json", "python/direct_url.json", "a-1.dist-info/direct_url.json"]
    {
        assert_eq!(told(path, editable), "", "{path}");
    }
}

#[test]
fn names_are_bounded() {
    let paths: Vec<String> = (0..LIMIT + 10).map(|index| format!("python/p{index}-1.dist-info/")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    assert_eq!(met(&paths).len(), LIMIT);
    let mut packages = Packages::default();
    for version in 0..1_000 {
        packages.meet(format!("python/a-{version}.dist-info/").as_bytes());
        let about = format!(r#"{{"version":"{version}"}}"#);
        packages.see_node(b"nodejs/node_modules/a/package.json", about.as_bytes(), true);
    }
    assert_eq!(packages.found.values().map(BTreeSet::len).collect::<Vec<_>>(), [VERSIONS_LIMIT; 2]);
}

/// What a lock file does not name, it is no measure for.
#[test]
fn what_a_package_of_node_brings_along_was_not_installed() {
    let bundler = r#"{"name":"npm","version":"1","bundleDependencies":["a"]}"#;
    let a = r#"{"name":"a","version":"2"}"#;
    let table = [
        ("nodejs/node_modules/a/package.json", None, true),
        ("nodejs/node_modules/npm/node_modules/a/package.json", None, true),
        ("nodejs/node_modules/npm/node_modules/a/package.json", Some((bundler, true)), false),
        ("nodejs/node_modules/npm/node_modules/a/package.json", Some(("{}", false)), false),
        ("nodejs/node_modules/npm/node_modules/a/package.json", Some(("{}", true)), true),
        ("nodejs/node_modules/a/package.json", Some((bundler, true)), true),
        ("nodejs/node_modules/.pnpm/a@2/node_modules/a/package.json", Some((bundler, true)), true),
        ("nodejs/node_modules/.pnpm/npm@1/node_modules/npm/node_modules/a/package.json", Some((bundler, true)), false),
        ("nodejs/node_modules/other/package.json", None, false),
        ("nodejs/node_modules/other/test/node_modules/a/package.json", None, false),
        ("nodejs/node_modules/@s/other/node_modules/a/package.json", None, true),
        ("nodejs/app/node_modules/a/package.json", None, false),
        ("nodejs/node_modules/b/package.json", None, false),
    ];
    for (path, bundler, installed) in table {
        let mut packages = Packages::default();
        packages.see_node(path.as_bytes(), a.as_bytes(), true);
        if let Some((about, is_whole)) = bundler {
            packages.see_node(b"nodejs/node_modules/npm/package.json", about.as_bytes(), is_whole);
        }
        assert_eq!(packages.is_installed("a", "2"), installed, "{path} {bundler:?}");
    }
}
