use super::super::mask::{hide_credentials, mask, mask_place};
use super::super::secrets::secrets;
use super::{credentials, find_name};
use crate::halt::Halt;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn is_found(text: &str) -> bool {
    secrets(text, &Halt::default()).is_some()
}

/// Each text with `SECRET` in it is refused, and shown with `****` in the place of that, and of what stands with it.
#[track_caller]
fn all_hidden(table: &[(&str, &str)]) {
    for (text, hidden) in table {
        assert!(is_found(text), "not found: {text}");
        assert_eq!((mask(text).as_ref(), hide_credentials(text).as_ref()), (*hidden, *hidden), "{text}");
        assert_eq!((mask(hidden).as_ref(), is_found(hidden)), (*hidden, false), "again: {hidden}");
    }
}

#[track_caller]
fn all_open(table: &[&str]) {
    for text in table {
        assert!(!is_found(text), "found: {text}");
        assert_eq!((mask(text).as_ref(), hide_credentials(text).as_ref()), (*text, *text));
    }
}

#[test]
fn passwords_in_places_without_a_scheme_are_hidden() {
    all_hidden(&[
        ("--trusted-host user:SECRET@host", "--trusted-host ****@host"),
        ("--trusted-host=user:SECRET@host:8443", "--trusted-host=****@host:8443"),
        ("-i //user:SECRET@host/simple", "-i //****@host/simple"),
        ("-i user:SECRET@host/simple --pre", "-i ****@host/simple --pre"),
        ("-iuser:SECRET@host", "-i****@host"),
        ("--index-url=user:SECRET@host/simple", "--index-url=****@host/simple"),
        ("--index-url \"user:SECRET@host/simple\"", "--index-url \"****@host/simple\""),
        ("--index-url='user:SEC RET@host/simple' # x", "--index-url='****@host/simple' # x"),
        ("'--index-url=user:SEC RET@host/simple' # x", "'--index-url=****@host/simple' # x"),
        ("--index user:SECRET@host", "--index ****@host"),
        ("--extra-index-url user:S@CRET@host", "--extra-index-url ****@host"),
        ("--extra-index-url me@example.com:SECRET@host", "--extra-index-url ****@host"),
        ("--find-links user:SECRET@10.0.0.1/x", "--find-links ****@10.0.0.1/x"),
        ("-f //:SECRET@[::1]:80/x", "-f //****@[::1]:80/x"),
        ("-f user:SECRET@${HOST}/x", "-f ****@${HOST}/x"),
        ("-r user:SECRET@host/base.txt", "-r ****@host/base.txt"),
        ("-c user:SECRET@host/bounds.txt", "-c ****@host/bounds.txt"),
        ("-e user:SECRET@host/tool", "-e ****@host/tool"),
        ("--proxy user:SECRET@host:3128", "--proxy ****@host:3128"),
        ("--extra-index-url host/simple?token=SECRET", "--extra-index-url host/simple?****"),
        ("x @ user:SECRET@host/x.zip", "x @ ****@host/x.zip"),
        ("x @ //user:SECRET@host/x.zip", "x @ //****@host/x.zip"),
        ("six==1\nuser:SECRET@host/x.zip", "six==1\n****@host/x.zip"),
        ("//user:SECRET@host/x.zip", "//****@host/x.zip"),
        (r#""resolved": "//user:SECRET@host/x.tgz""#, r#""resolved": "//****@host/x.tgz""#),
        (r#""resolved":"\/\/user:SECRET@host\/x.tgz""#, r#""resolved":"\/\/****@host\/x.tgz""#),
        ("-i 1fe2a-SECRET@pypi.fury.io/me/", "-i ****@pypi.fury.io/me/"),
        ("-i ghp_SECRET@host/simple", "-i ****@host/simple"),
        (r#"{"run":"pip install -i user:SECRET@host/simple x"}"#, r#"{"run":"pip install -i ****@host/simple x"}"#),
        (r#"{"run":"pip -i \"user:SECRET@host/simple\" x"}"#, r#"{"run":"pip -i \"****@host/simple\" x"}"#),
        (
            r#"{"run":["-i","x"],"b":"--pre -i \/\/user:SECRET@host\/x"}"#,
            r#"{"run":["-i","x"],"b":"--pre -i \/\/****@host\/x"}"#,
        ),
    ]);
    all_open(&[
        "--trusted-host host:8443",
        "--trusted-host user@host",
        "-i user@host/simple",
        "-i user:${PASSWORD}@host/simple",
        "-i user:****@host/simple",
        "-e git@github.com:acme/tool.git",
        "-e git@github.com:tool@v1",
        "-e ./tool",
        "-e .[dev,test]",
        "-c npm:tool@latest",
        "-r tool:word@1.0.0",
        "-r base.txt # me:you@host",
        "-i python:3.12@sha256:0123456789abcdef",
        "- user:word@host",
        "--no-binary :all: me:you@host",
        "six==1.16.0 --hash=sha256:00 me:you@host",
        "see user:word@host",
        "a@npm:b@latest:",
        "a@npm:b@acme/c:",
        "npm:b@acme/c",
        "user:word@host",
        "// user:word@host",
        "//user:word@host",
        "key: \"@word/x\"",
        "https://host//a:b/c",
        "x @ git+user:word@host/x.git",
        "-i host/simple?page=1",
        "x-i user:word@host",
        "-i\n  user:word@host",
    ]);
}

#[test]
fn what_options_say_that_are_named_like_a_credential_is_hidden() {
    all_hidden(&[
        ("x==1 --config-settings=\"--token=SECRET\"", "x==1 --config-settings=\"--token=****\""),
        ("x==1 --config-settings \"--token=SEC RET\"", "x==1 --config-settings \"--token=****\""),
        ("x==1 --config-settings='--token=SECRET' --pre", "x==1 --config-settings='--token=****' --pre"),
        ("x==1 --config-setting token=SECRET", "x==1 --config-setting token=****"),
        ("x==1 --config-settings=token=SECRET", "x==1 --config-settings=token=****"),
        ("x==1 --config-settings='token=\"SECRET\"'", "x==1 --config-settings='token=\"****\"'"),
        ("x==1 -C db.password=SECRET -C a=b", "x==1 -C db.password=**** -C a=b"),
        ("x==1 -Capi-key=SECRET", "x==1 -Capi-key=****"),
        ("x==1 --global-option=\"--password=SECRET\"", "x==1 --global-option=\"--password=****\""),
        ("x==1 --global-option=--password=SECRET", "x==1 --global-option=--password=****"),
        ("x==1 --install-option=\"--secret=SECRET\"", "x==1 --install-option=\"--secret=****\""),
        ("x==1 -C--build-option=--auth-token=SECRET", "x==1 -C--build-option=--auth-token=****"),
        ("x==1 --config-settings=cmake.define.API_TOKEN=SECRET", "x==1 --config-settings=cmake.define.API_TOKEN=****"),
        (
            "x==1 --config-settings=cmake.args=-DA=1;-DAPI_TOKEN=SECRET",
            "x==1 --config-settings=cmake.args=-DA=1;-DAPI_TOKEN=****",
        ),
        ("# pip-compile --client-secret=SECRET", "# pip-compile --client-secret=****"),
        ("x --config-settings=token=https://user:SECRET@host/", "x --config-settings=token=****"),
        (
            r#"{"build":"pip install --config-settings=\"--token=SECRET\" x"}"#,
            r#"{"build":"pip install --config-settings=\"--token=****\" x"}"#,
        ),
        (r#"{"build":["--token=SECRET"]}"#, r#"{"build":["--token=****"]}"#),
    ]);
    all_open(&[
        "x==1 --config-settings=\"--build-option=build_ext\"",
        "x==1 --config-settings=tokenizer=fast",
        "x==1 --config-settings=use-token=true",
        "x==1 --config-settings=token=",
        "x==1 --config-settings=token=${TOKEN}",
        "x==1 --config-settings=token-file=/run/token",
        "x==1 --config-settings=author=me",
        "x==1 --config-settings=signing-key=/run/key.pem",
        "x==1 --config-settings=--global-option=-I/usr/include",
        "x==1 --config-settings token",
        "x==1 --global-option=build_ext --global-option=--password",
        "x==1 --hash=sha256:0123",
        "x==1 --no-token=1",
        "the option --token is required",
        "x==1 --config-settings=--token=<token>",
        "# --client-secret=XXXX --api-token=...",
        "docker run -u me:users x",
        "curl -u me https://host/x:y",
        "js-token=SECRET",
        "token=SECRET",
    ]);
}

#[test]
fn settings_of_npm_are_hidden() {
    all_hidden(&[
        ("//registry.example.com/:_authToken=SECRET", "//registry.example.com/:_authToken=****"),
        ("//registry.example.com/:_password = \"SECRET\"", "//registry.example.com/:_password = \"****\""),
        ("_auth=SECRET==", "_auth=****"),
        (r#"  "_authToken": "SECRET","#, r#"  "_authToken": "****","#),
        (r#"{"a":{"_auth":"SECRET"},"_password":"SECRET"}"#, r#"{"a":{"_auth":"****"},"_password":"****"}"#),
        (r#"{"//h/:_authToken":"SEC RET\"x"}"#, r#"{"//h/:_authToken":"****"}"#),
        (r#"{"text":"{\"_auth\": \"SECRET\"}"}"#, r#"{"text":"{\"_auth\": \"****\"}"}"#),
        ("_authToken: SECRET", "_authToken: ****"),
        ("npm_config__auth=SECRET", "npm_config__auth=****"),
        ("npm_config_//h/:_authToken=SECRET", "npm_config_//h/:_authToken=****"),
    ]);
    all_open(&[
        "//registry.example.com/:_authToken=${NPM_TOKEN}",
        r#""_authToken": """#,
        r#""_authToken": null"#,
        r#""_auth": {"#,
        r#""_auth": true,"#,
        r#""client_auth": "x""#,
        r#""_auth", "x""#,
        "always-auth=true",
        "_authenticate=x",
        "_authTokens=x",
    ]);
}

#[test]
fn headers_and_tokens_of_services_are_hidden() {
    let token = |start: &str| format!("{start}{}", "a1B2".repeat(16));
    all_hidden(&[
        (r#""header": ["Authorization: Basic SECRET=="]"#, r#""header": ["Authorization: Basic ****"]"#),
        ("> authorization: Bearer SECRET", "> authorization: Bearer ****"),
        (r#"{"Authorization":"Bearer SECRET"}"#, r#"{"Authorization":"Bearer ****"}"#),
        (r#"curl -H "PRIVATE-TOKEN: SECRET" x"#, r#"curl -H "PRIVATE-TOKEN: ****" x"#),
        (r#"["API-TOKEN: SECRET", "x"]"#, r#"["API-TOKEN: ****", "x"]"#),
        ("> X-Api-Key: SECRET", "> X-Api-Key: ****"),
        ("+ curl -s -u me:SECRET https://host/x", "+ curl -s -u **** https://host/x"),
        ("+ curl --user 'me:SECRET' https://host/x", "+ curl --user '****' https://host/x"),
        ("x\n+ twine upload --password SECRET x", "x\n+ twine upload --password **** x"),
    ]);
    for start in ["ghp_", "ghs_", "github_pat_", "npm_", "hf_", "dckr_pat_", "xoxb-", "glpat-", "gldt-", "pypi-AgE"] {
        let token = token(start);
        all_hidden(&[
            (&token, "****"),
            (&format!("# {token}, of me"), "# ****, of me"),
            (&format!("{{\"a\":\"{token}\"}}"), "{\"a\":\"****\"}"),
        ]);
    }
    let names = ["ghp_", "npm_", "glpat-", "pypi-"].map(|start| format!("{start}the-name-of-some-package-of-ours==1"));
    all_open(&names.each_ref().map(String::as_str));
    all_open(&[
        "authorization: denied",
        "not authorized to perform: lambda:GetLayerVersion",
        r#""version": "1.0.0", "resolution": "x""#,
        &format!("sha512-{}", "ghp_aB3/".repeat(10)),
        &format!("my-{}", token("npm_")),
        "token: x",
        r#""api-token": "^1.0.0""#,
        "  api-token: 1.0.0",
        "  'x-auth-token': 1.0.0",
        "  api-token: \"npm:^1.0.0\"",
        "PRIVATE-TOKEN: SECRET",
    ]);
}

#[test]
fn lines_that_go_on_are_read_as_one() {
    for text in [
        "--index-url \\\n  user:SECRET@host/simple",
        "--index-url\\\n  user:SECRET@host/simple",
        "six==1 --trusted-host\\\n  user:SECRET@host",
        "--index-\\\nurl=user:SECRET@host/simple",
        "-i\\\r\n//user:SECRET@host/simple",
        "x==1 \\\n  --config-settings \\\n  token=SECRET \\\n  --hash=sha256:00",
        "x==1 --config-settings=tok\\\nen=SECRET",
        "_auth\\\nToken=SECRET",
        "//h/:_authToken=\\\nSECRET",
    ] {
        let found = secrets(&format!("six==1\n\n{text}\nsix==1\n"), &Halt::default());
        let shown = found.map(|found| found.first.shown.unwrap_or_default());
        assert!(
            shown.as_ref().is_some_and(|shown| shown.contains("****") && !shown.contains("SEC")),
            "{text}: {shown:?}"
        );
    }
    assert!(!is_found("--index-url\nuser:word@host\n"));
    assert!(!is_found(&"-i\\\n".repeat(100_000)));
}

#[test]
fn what_is_shown_says_what_names_the_secret() {
    let table = [
        ("{\"a\": 1, \"_authToken\": \"SECRET\", \"b\": 2}", "\"_authToken\": \"****\","),
        ("x==1 --config-settings=token=SECRET --pre", "--config-settings=token=****"),
        ("x==1 --config-settings token=SECRET --pre", "token=****"),
        ("--trusted-host user:SECRET@host", "--trusted-host ****@host"),
    ];
    for (text, expected) in table {
        let found = secrets(text, &Halt::default()).and_then(|found| found.first.shown);
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn a_place_alone_is_one() {
    assert_eq!(mask_place("user:SECRET@host/base.txt"), "****@host/base.txt");
    assert_eq!(mask_place("//user:SECRET@host/x?a"), "//****@host/x?a");
    for open in ["npm:tool@latest", "file:tool@x", "../a:b@1.0/x", "git@host:a/b", "a@b", ""] {
        assert_eq!(mask_place(open), open);
    }
}

/// All that real tools wrote is in this repository: hashes, commits, scoped names, addresses of people.
#[test]
fn no_real_manifest_has_a_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"), root.join("bench/requirements.txt")];
    for folder in ["examples", "fuzz/corpus", "tests/interop", "tests/node", "tests/python", "tests/samples/manifests"]
    {
        files_below(&root.join(folder), &mut files);
    }
    let mut count = 0;
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let found = secrets(&text, &Halt::default());
        assert_eq!(found, None, "{}", file.display());
        // What pip fills in is no secret, but who is to log in is not shown.
        assert_eq!(hide_credentials(&text), text.replace("${USER}:${TOKEN}@", "****@"), "{}", file.display());
        count += 1;
    }
    assert!(count > 80, "{count} files");
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_manifest = [".lock", ".toml", ".yaml", ".sum", ".json", ".txt"].iter().any(|end| name.ends_with(end));
        if entry.is_dir() && name != "node_modules" && !entry.ends_with("fuzz/corpus/requests") {
            files_below(&entry, files);
        } else if is_manifest {
            files.push(entry);
        }
    }
}

/// Each took minutes if a value were looked through for every name in it.
#[test]
fn any_number_of_names_takes_no_longer_than_as_many_words() {
    for part in [
        "--token=",
        "--token=***",
        "--token={{",
        "-i=",
        "-C=",
        "-C-C=a=",
        "--config-settings=a=",
        "_auth:",
        "_auth:{",
        "_auth:'",
        "_auth:\"",
        "--token='--token=\\\"",
        "\\\\\\\"--token=x ",
        "\\\\\\`--token=x ",
        "\\\"\\\\\\\"--token=x ",
        "authorization: basic ",
        "authorization:\"",
        "-i\\\n",
        "_auth\\\n",
        "ghp_",
        "-------",
        "________",
        "::::",
        "-i //",
        "--a=\"x\\\"",
    ] {
        let text = part.repeat(300_000 / part.len());
        assert!(find_name(&text).is_none_or(|at| at < text.len()));
        let _ = (credentials(&text).count(), mask(&text).len(), is_found(&text));
    }
}

proptest! {
    #[test]
    fn any_text_is_accepted(text in "(-i |--token=|--config-settings[ =]|_auth|: |Authorization: Basic |//|[ab:@/\\\\\"'`{}\\n é=-]){0,16}") {
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once), once.as_str());
        let _ = is_found(&text);
    }

    #[test]
    fn a_document_stays_one(texts in proptest::collection::vec("(-i |--token=|-C|_auth|: |=|Authorization: Basic |[ab:@/\\\\\"'`{} -]){0,12}", 1..4)) {
        let document = serde_json::to_string(&texts).unwrap_or_default();
        for masked in [mask(&document), hide_credentials(&document)] {
            let read = serde_json::from_str::<Vec<String>>(&masked);
            prop_assert_eq!(read.map(|read| read.len()).ok(), Some(texts.len()), "{} -> {}", document, masked);
        }
    }

    // `%SECRET%` and `!SECRET!` are variables of Windows.
    #[test]
    fn no_secret_gets_through(before in "[a-z ]{0,4}", secret in "[A-Z@:!>`%]{0,4}SECRET[A-Z@:/?#<>]{0,4}") {
        for name in ["-i user:", "--trusted-host=user:"] {
            let text = format!("{before} {name}{}@host/path y", secret.replace(['/', '?', '#', '<', '>'], ""));
            prop_assert!(!mask(&text).contains("SECRET"), "{} -> {}", text, mask(&text));
        }
        for name in ["--token=", "--config-settings=token=", "-C token=", "_auth=", "\"_auth\": ", "Authorization: Bearer "] {
            let text = format!("{before} {name}{secret} y");
            prop_assert!(!mask(&text).contains("SECRET"), "{} -> {}", text, mask(&text));
        }
    }
}

#[test]
fn what_ends_a_string_behind_a_backslash_stays() {
    let document = r#"["-i \"Authorization: Basic \\",""]"#;
    assert_eq!(serde_json::from_str::<Vec<String>>(&mask(document)).map(|read| read.len()).ok(), Some(2));
}
