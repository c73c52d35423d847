//! Release jobs match on codes: what a look at local files finds, each under its own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::common::project::layer;
use crate::common::zips::zip;
use crate::common::{folder, layership, run, write};

/// What is known of the package that every layer here has.
const SIX: (&str, &str) = ("python/six-1.16.0.dist-info/METADATA", "Name: six\n");

/// The codes of warnings, advice and errors of each layer, by the events of a run.
fn codes(events: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (mut layers, mut codes) = (BTreeMap::new(), BTreeMap::new());
    for line in events.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let job = line["job"].as_u64();
        let code = match line["event"].as_str().unwrap() {
            "job-started" => {
                layers.insert(job, line["layer"].as_str().unwrap().to_owned());
                continue;
            }
            "warned" => &line["warning"]["code"],
            "fact-found" => &line["check"],
            "job-finished" => &line["report"]["error"]["code"],
            _ => continue,
        };
        let of_layer: &mut BTreeSet<String> = codes.entry(layers[&job].clone()).or_default();
        of_layer.extend(code.as_str().map(str::to_owned));
    }
    codes
}

#[test]
fn what_is_found_in_manifests_and_archives_has_its_code() {
    let large = "x".repeat(1_100_000);
    let module = "python/a.cpython-311-x86_64-linux-gnu.so";
    let of = |name: &'static str, files: &[(&str, &str)], manifest: &'static str, codes: &'static [&'static str]| {
        (name, zip(&[&[SIX][..], files].concat()), manifest, codes)
    };
    let pinned = "six==1.16.0\n";
    let table = [
        ("layout", zip(&[("six.py", "")]), pinned, &["archive-layout", "archive-not-compared"] as &[&str]),
        of("twice", &[("python/a.py", "1"), ("python//a.py", "2")], pinned, &["archive-duplicate"]),
        of("native", &[(module, "\x7fELF")], pinned, &["archive-architecture", "archive-python"]),
        of("ballast", &[("python/botocore/data.json", &large)], pinned, &["archive-ballast"]),
        of("other", &[], "six==1.17.0\n", &["archive-differs"]),
        of("missing", &[], "six==1.16.0\nidna==3.7\n", &["package-missing"]),
        of("unlocked", &[], "# nothing\n", &["package-not-locked"]),
        of("odd", &[], "six==1.16.0\nno requirement\n", &["manifest-unpinned", "manifest-unreadable"]),
        of("vain", &[], "six==1.16.0\n-r nowhere.txt\n", &["include-unreadable"]),
        of("includes", &[], "six==1.16.0\n-r more.txt\n", &["include-not-kept"]),
        of("secret", &[], "six @ https://user:SECRET@host/six-1.16.0.zip#sha256=aa\n", &["secret-in-manifest"]),
    ];
    let folder = folder();
    let defaults = "compatible-runtimes = [\"python3.12\"]\ncompatible-architectures = [\"arm64\"]\n";
    let mut layers = format!("[defaults]\nbucket = \"artifacts\"\n{defaults}");
    for (name, archive, manifest, _) in &table {
        layers += &layer(name);
        write(folder.path(), &format!("{name}/requirements.txt"), manifest);
        write(folder.path(), &format!("{name}/layer"), archive);
    }
    write(folder.path(), "includes/more.txt", pinned);
    write(folder.path(), "layers.toml", layers);
    let found = codes(&run(layership(folder.path()), ["check", "--events", "-"]).expect(1).stdout);
    for (name, _, _, expected) in table {
        assert_eq!(found[name].iter().collect::<Vec<_>>(), expected, "{name}");
    }
}
