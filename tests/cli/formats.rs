//! The reports that others read, each read by what its readers use: a shell, parsers of JSON, CSV, XML and HTML.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::project::Project;
use crate::common::{Ended, isolated, run};

const ALL: [(&str, &str); 8] = [
    ("json", "report.json"),
    ("markdown", "report.md"),
    ("junit", "report.xml"),
    ("csv", "report.csv"),
    ("html", "report.html"),
    ("env", "layers.env"),
    ("tfvars", "layers.auto.tfvars.json"),
    ("index", "index.json"),
];

fn requests() -> Vec<String> {
    ALL.iter().map(|(format, path)| format!("{format}={path}")).collect()
}

/// A run with something published, something unchanged and something that failed, and all its reports.
fn reported() -> Project {
    let project = Project::of(&["a", "b", "c"]);
    project.run("publish --stage a", 0);
    project.run("stage b", 0);
    let flags: Vec<String> = requests().into_iter().flat_map(|request| ["--report".to_owned(), request]).collect();
    run(project.command(), ["publish".to_owned()].into_iter().chain(flags)).expect(1);
    project
}

/// What a Python program prints, which gets the file on standard input.
fn python(project: &Project, path: &str, program: &str) -> Value {
    let mut command = isolated("python3", project.folder());
    command.args(["-c", program, path]);
    let ended: Ended = command.output().expect("python3").into();
    serde_json::from_str(&ended.expect(0).stdout).expect("JSON")
}

const CSV: &str = "import csv, json, sys
print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='')))))";

const XML: &str = "import json, sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
cases = [[suite.get('name'), case.get('name'), [child.tag for child in case if child.tag != 'system-out']]
         for suite in root for case in suite]
print(json.dumps({'tests': root.get('tests'), 'failures': root.get('failures'), 'cases': cases}))";

const HTML: &str = "import html.parser, json, sys
class Page(html.parser.HTMLParser):
    rows, text = [], []
    def handle_starttag(self, tag, attrs):
        if tag == 'tr': Page.rows.append(dict(attrs).get('data-outcome'))
    def handle_data(self, data): Page.text.append(data)
page = Page()
page.feed(open(sys.argv[1]).read())
print(json.dumps({'rows': page.rows[1:], 'text': ' '.join(page.text)}))";

/// The variables that a shell has after it sourced a file, and nothing else that it did.
fn sourced(project: &Project, path: &str) -> Vec<(String, String)> {
    let mut shell = Command::new("sh");
    shell.current_dir(project.folder()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    shell.args(["-euc", "set -a; . \"./$1\"; env -0", "sh", path]);
    let ended: Ended = shell.output().unwrap().into();
    let ended = ended.expect(0);
    assert_eq!(ended.stderr, "");
    let pairs = ended.stdout.split('\0').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| name.starts_with("LAYER_ARN")).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

#[test]
fn every_format_is_read_by_its_readers() {
    let project = reported();
    let arn = |layer: &str| format!("arn:aws:lambda:us-east-1:123456789012:layer:{layer}:1");

    let mut variables = sourced(&project, "layers.env");
    variables.sort();
    let expected = [("LAYER_ARN_A__US_EAST_1", arn("a")), ("LAYER_ARN_B__US_EAST_1", arn("b"))];
    assert_eq!(variables, expected.map(|(name, arn)| (name.to_owned(), arn)));

    let arns = json!({"us-east-1": {"a": arn("a"), "b": arn("b")}});
    assert_eq!(project.json("layers.auto.tfvars.json"), json!({"layers": arns}));
    let index = project.json("index.json");
    assert_eq!(index["layers"]["a"]["us-east-1"]["arn"], arn("a"));
    assert_eq!(index["layers"].as_object().unwrap().len(), 2, "nothing failed is in it: {index:#}");

    let rows = python(&project, "report.csv", CSV);
    let outcomes: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["unchanged", "published", "failed"]);
    assert_eq!(rows[1]["layer_version_arn"], arn("b"));
    assert_eq!(rows[2]["error_code"], "archive-missing");

    let junit = python(&project, "report.xml", XML);
    let case = |layer: &str, children: &[&str]| json!(["us-east-1", format!("{layer} at us-east-1"), children]);
    assert_eq!(
        junit,
        json!({"tests": "3", "failures": "1", "cases": [case("a", &[]), case("b", &[]), case("c", &["failure"])]})
    );

    let page = python(&project, "report.html", HTML);
    assert_eq!(page["rows"], json!(["failed", "unchanged", "published"]));
    assert!(page["text"].as_str().unwrap().contains(&arn("b")));

    let markdown = String::from_utf8(project.read("report.md")).unwrap();
    assert!(
        markdown.contains(&format!("| published | `b` | `us-east-1` | 1 | first version | `{}` |", arn("b"))),
        "{markdown}"
    );
    assert!(!markdown.contains("`a`"), "what is unchanged is only counted: {markdown}");
}

/// A report that somebody made up, with these words for everything that is free text.
fn made_up(project: &Project, words: &str, arn: &str) {
    let mut report = project.json("report.json");
    report["run"] = words.into();
    for (n, job) in report["jobs"].as_array_mut().unwrap().iter_mut().enumerate() {
        job["layer"] = format!("{words}{n}").into();
        for field in ["target", "region", "account", "layer_name"] {
            job[field] = words.into();
        }
        job["layer_version_arn"] = arn.into();
        (job["manifest"]["path"], job["archive"]["staged"]) = (words.into(), words.into());
        job["warnings"] = json!([{"code": words, "message": words}]);
        job["dependencies"]["added"] = json!([{"name": words, "version": words}]);
    }
    report["jobs"][2]["error"] =
        json!({"code": "internal", "message": words, "causes": [words], "hint": words, "request_id": words});
    project.write("hostile.json", report.to_string());
}

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:layer:a:1";

/// What looks for credentials takes quotation marks for a part of them, where it looks behind a format that quoted.
#[test]
fn a_file_of_variables_runs_nothing_and_a_row_loses_no_field() {
    let project = reported();
    let mut report = project.json("report.json");
    for (job, arn) in report["jobs"].as_array_mut().unwrap().iter_mut().zip(["https://h/?token=", "$(touch pwned)"]) {
        job["layer_version_arn"] = arn.into();
    }
    project.write("evil.json", report.to_string());
    let refused = run(project.command(), ["report", "convert", "evil.json", "env=evil.env"]).expect(2);
    let why = "`https://h/?token=`, of layer `a` at `us-east-1`, is not the ARN of a layer version\n";
    assert!(refused.stderr.starts_with(&format!("error: cannot write the report as `env`: {why}")), "{refused:?}");
    assert!(!project.folder().join("evil.env").exists());

    let project =
        Project::new("[targets.us-east-1]\n[defaults]\nbucket = \"acme\"\n[layers.a]\nmanifest = \"x://b?token=\"\n");
    project.run("check --report csv=r.csv", 1);
    assert_eq!(python(&project, "r.csv", CSV)[0]["error_code"], "manifest-missing");
}

#[test]
fn a_report_that_somebody_made_up_does_nothing() {
    let project = reported();
    for words in [
        "x\u{1b}[31m\r\n::set-output name=a::b\n##[error]c \u{202e}",
        "'; touch pwned; '",
        "$(touch pwned) `touch pwned` \\",
        "</script></td>\"><img src=x onerror=alert(1)>",
        "=HYPERLINK(\"http://x\")",
        "]]><x/>&#0;&undefined;",
    ] {
        made_up(&project, words, words);
        for format in ["env", "tfvars", "index"] {
            let to = format!("{format}=out");
            let ended = run(project.command(), ["report", "convert", "hostile.json", &to]).expect(2);
            assert!(ended.stderr.contains("is not the ARN of a layer version"), "{ended:?}");
        }
        made_up(&project, words, ARN);
        let to = requests().into_iter().map(|request| request.replace('=', "=out-"));
        run(
            project.command(),
            ["report".to_owned(), "convert".to_owned(), "hostile.json".to_owned()].into_iter().chain(to),
        )
        .expect(0);
        for (format, _) in ALL {
            let ended = run(project.command(), ["report", "convert", "hostile.json", &format!("{format}=-")]).expect(0);
            crate::hostile::assert_harmless(&ended.stdout);
            assert_ne!(ended.stdout, "", "{format}");
        }
        let values = sourced(&project, "out-layers.env");
        assert_eq!(values.len(), 3, "every name is another one: {values:?}");
        assert!(values.iter().all(|(_, value)| value == ARN), "{values:?}");
        assert_eq!(python(&project, "out-report.csv", CSV).as_array().unwrap().len(), 3);
        assert_eq!(python(&project, "out-report.xml", XML)["tests"], "3");
        assert_eq!(python(&project, "out-report.html", HTML)["rows"].as_array().unwrap().len(), 3);
        project.json("out-index.json");
        project.json("out-layers.auto.tfvars.json");
    }
    assert!(!project.folder().join("pwned").exists());
}

/// As Terraform reads a file of variables: an object whose names are declared variables, once each, and values of the
/// declared type.
const TFVARS: &str = "import json, re, sys
def once(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), names
    return dict(pairs)
variables = json.load(open(sys.argv[1]), object_pairs_hook=once)
assert all(re.fullmatch('[A-Za-z_][A-Za-z0-9_-]*', name) for name in variables), variables
assert list(variables) == ['layers'], variables
assert all(isinstance(arn, str) for layers in variables['layers'].values() for arn in layers.values()), variables
print(json.dumps(variables['layers']))";

/// A bot that opens pull requests: of two states of an index, which layers have another version, from what to what.
const BOT: &str = "import json, sys
def read(path):
    index = json.load(open(path))
    assert index['index'] == 1, index['index']
    assert list(index['layers']) == sorted(index['layers']), list(index['layers'])
    for layer, targets in index['layers'].items():
        assert list(targets) == sorted(targets), list(targets)
        for target, entry in targets.items():
            assert entry['arn'].endswith(':layer:%s:%d' % (entry['layer_name'], entry['version'])), entry
            assert entry['arn'].split(':')[3:5] == [entry['region'], entry['account']], entry
            named = [(one['name'], one['version']) for one in entry['dependencies']]
            assert named == sorted(named), named
            yield (layer, target), entry
before, after = dict(read('before.json')), dict(read(sys.argv[1]))
print(json.dumps([[*key, before.get(key, {}).get('version'), entry['version'], entry['archive']['sha256']]
                  for key, entry in after.items() if before.get(key, {}).get('arn') != entry['arn']]))";

#[test]
fn a_bot_sees_in_the_index_which_layers_have_a_new_version() {
    let project = Project::of(&["a", "b"]);
    project.run("publish --stage --report index=before.json", 0);
    project.run("publish --report index=again.json", 0);
    assert_eq!(python(&project, "again.json", BOT), json!([]));
    // A file that is committed makes no commit where nothing was published.
    assert_eq!(project.read("before.json"), project.read("again.json"));
    project.build("b", "b==2.0.0\n");
    project.run(
        "publish --stage --report index=after.json --report tfvars=after.auto.tfvars.json --report json=after-report.json",
        0,
    );
    // What the manifest names, also where nothing was published, and also by way of a JSON report.
    let after = project.json("after.json");
    let named = |layer: &str| after["layers"][layer]["us-east-1"]["dependencies"].clone();
    assert_eq!(named("b"), json!([{"name": "b", "version": "2.0.0"}]));
    assert_eq!(named("a"), json!([{"name": "a", "version": "1.0.0"}]));
    project.run("report convert after-report.json index=converted.json", 0);
    assert_eq!(project.read("converted.json"), project.read("after.json"));
    let seen = python(&project, "after.json", BOT);
    let zip = project.layer_archive("us-east-1", "b", 2);
    assert_eq!(seen, json!([["b", "us-east-1", 1, 2, hex(&zip)]]));
    let arn = |name: &str, version: u64| format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:{version}");
    let expected = json!({"us-east-1": {"a": arn("a", 1), "b": arn("b", 2)}});
    assert_eq!(python(&project, "after.auto.tfvars.json", TFVARS), expected);
}

fn hex(zip: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(zip).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn names_that_look_alike_stay_apart_for_every_reader() {
    let project = Project::of(&["a"]);
    project.run("publish --stage --report json=report.json", 0);
    let mut report = project.json("report.json");
    let one = report["jobs"][0].clone();
    // Of all of these a shell makes the same name, and one has what tells the others apart in its own.
    let names = ["a.b", "a-b", "a b", "a/b", "a$b", "ä", "ö", "a\"b", "a\nb", "A_B", "a_b", "1", "${x}", "%{x}", ""];
    let arn = |name: &str| {
        ARN.replace(":layer:a:1", &format!(":layer:a:{}", names.iter().position(|one| *one == name).unwrap() + 1))
    };
    let jobs = names.iter().map(|name| {
        let mut job = one.clone();
        (job["layer"], job["layer_version_arn"]) = ((*name).into(), arn(name).into());
        job
    });
    report["jobs"] = jobs.collect();
    project.write("alike.json", report.to_string());
    let to = ["env=alike.env", "tfvars=alike.auto.tfvars.json", "index=alike-index.json"];
    run(project.command(), ["report", "convert", "alike.json"].into_iter().chain(to)).expect(0);
    let variables: std::collections::BTreeMap<String, String> = sourced(&project, "alike.env").into_iter().collect();
    assert_eq!(variables.len(), names.len(), "{variables:#?}");
    let layers = python(&project, "alike.auto.tfvars.json", TFVARS);
    assert_eq!(layers["us-east-1"].as_object().unwrap().len(), names.len(), "{layers:#}");
    assert_eq!(layers["us-east-1"]["${x}"], arn("${x}"));
    let index = project.json("alike-index.json");
    assert_eq!(index["layers"].as_object().unwrap().len(), names.len());
}

/// What is selected, and what fails, has no say in what a variable is called.
#[test]
fn variables_are_called_the_same_whatever_is_selected() {
    let project = Project::of(&["a-b", "a_b", "A-B", "my_layer", "other-layer"]);
    let all = project.run("publish --stage --report env=- --report json=all.json -q", 0).stdout;
    let line = |layer: &str| {
        let line = all.lines().find(|line| line.contains(&format!(":layer:{layer}:"))).unwrap();
        format!("{line}\n")
    };
    assert_eq!(all.matches("LAYER_ARN_A_B__US_EAST_1__").count(), 3, "{all}");
    assert!(line("my_layer").starts_with("LAYER_ARN_MY_LAYER__US_EAST_1=arn:"), "{all}");
    assert!(line("other-layer").starts_with("LAYER_ARN_OTHER_LAYER__US_EAST_1=arn:"), "{all}");
    for layer in ["a-b", "a_b", "A-B", "my_layer"] {
        let one = project.run(&format!("publish {layer} --report env=- --report json={layer}.json -q"), 0).stdout;
        assert_eq!(one, line(layer));
        let converted = run(project.command(), ["report", "convert", &format!("{layer}.json"), "env=-"]).expect(0);
        assert_eq!(converted.stdout, line(layer));
    }
    assert!(project.json("my_layer.json")["jobs"][0].get("variable").is_none());
}

#[test]
fn a_report_converts_to_itself() {
    let project = reported();
    let from_file = run(project.command(), ["report", "convert", "report.json", "json=-"]).expect(0);
    assert_eq!(from_file.stdout.as_bytes(), project.read("report.json"));
    for (format, path) in ALL {
        let ended = run(project.command(), ["report", "convert", "report.json", &format!("{format}=-")]).expect(0);
        assert_eq!(ended.stdout.as_bytes(), project.read(path), "{format}");
    }
}

#[test]
fn what_cannot_be_converted_is_said() {
    let project = reported();
    let report = project.json("report.json");
    let with_version = |version: Value| {
        let mut report = report.clone();
        report["report"] = version;
        report.to_string()
    };
    project.write("newer.json", with_version(json!(2)));
    project.write("none.json", with_version(Value::Null));
    project.write("list.json", "[]");
    project.write("broken.json", &project.read("report.json")[..100]);
    let mut strange = report;
    strange["jobs"][0]["outcome"] = "vanished".into();
    project.write("strange.json", strange.to_string());
    for name in ["missing", "newer", "none", "list", "broken", "strange"] {
        let ended = run(project.command(), ["report", "convert", &format!("{name}.json"), "csv=out.csv"]).expect(2);
        crate::common::shown::filtered(|| {
            insta::assert_snapshot!(format!("what_cannot_be_converted_{name}"), ended.stderr)
        });
        assert!(!project.folder().join("out.csv").exists());
    }
    let before = project.read("report.json");
    let ended = run(project.command(), ["report", "convert", "report.json", "csv=./report.json"]).expect(2);
    assert_eq!(ended.stderr, "error: cannot write the report to `./report.json`: it is the report to convert\n");
    assert_eq!(project.read("report.json"), before);
}

#[test]
fn the_index_tells_what_the_version_holds_whatever_is_staged_since() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage --report index=before.json", 0);
    project.write("alpha/layer/python/alpha.py", "NAME = \"built again\"\n");
    // Times count in seconds: an archive of the same second may be the published one.
    project.advance(2);
    project.run("stage", 0);
    project.run("publish --report index=after.json", 0);
    let archive = |path: &str| project.json(path)["layers"]["alpha"]["us-east-1"]["archive"].clone();
    let (before, after) = (archive("before.json"), archive("after.json"));
    assert!(before["sha256"].is_string() && before["size"].is_u64(), "{before:#}");
    assert_eq!((&after["sha256"], &after["size"]), (&before["sha256"], &json!(null)));
}

/// What manifests name takes memory as long as the run goes on: it is kept where a report has room for it.
#[test]
fn what_manifests_name_is_in_the_reports_that_have_room_for_it_and_kept_for_no_other() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    let named = |report: &Value| report["jobs"][0]["manifest"]["dependencies"][0]["name"].clone();
    project.run("publish --report json=report.json --report index=index.json", 0);
    assert_eq!(named(&project.json("report.json")), "alpha");
    assert_eq!(project.json("index.json")["layers"]["alpha"]["us-east-1"]["dependencies"][0]["name"], "alpha");
    assert_eq!(named(&project.run("plan --format json", 0).report()), "alpha");
    project.run("publish --events events.jsonl", 0);
    let events = String::from_utf8(project.read("events.jsonl")).unwrap();
    assert!(events.contains("\"job-finished\"") && !events.contains("\"dependencies\":[{"), "{events}");
}
