//! A layers file made of lock files, and what can be added to it, in comments.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use super::find::LockFile;

/// Longest key that is proposed: it is the layer's name in Lambda, where 79 characters fit in every Region.
const KEY_LIMIT: usize = 60;

/// Names of folders that say nothing of what is in them.
const COMMON: [&str; 6] = ["layer", "lambda", "src", "app", "python", "nodejs"];

/// The text of a layers file that names these lock files; `schema` is the path of its schema.
pub fn layers_file(found: &[LockFile], schema: &str) -> String {
    let mut text = format!("#:schema {schema}\n{BEGINNING}");
    for (key, lock_file) in keys(found).iter().zip(found) {
        let _ = write!(text, "\n{}", layer(key, lock_file));
    }
    text
}

const BEGINNING: &str = r##"#
# The lock files that `layership init` found, each as a layer. Take out what is not one.
# `layership check` reads this file without the network; `layership plan` says what would be published, and why.
# Relative paths are relative to this file. The schema explains every key.

# How a run behaves. Each setting can also come from the environment (LAYERSHIP_CONCURRENCY=8) or a flag.
# [settings]
# concurrency = 32                  # jobs in flight at once
# lambda-requests-per-second = 15   # per account and Region; Lambda allows 15 for all tools of an account together

# Where layers go. Without targets there is one, from the ambient AWS configuration (AWS_PROFILE, AWS_REGION …).
# [targets]
# us-east-1 = { account = "123456789012" }
# tokyo = { account = "123456789012", region = "ap-northeast-1" }

# Any layer key, for every layer that does not set it itself.
[defaults]
bucket = "artifacts-{region}"   # yours; Lambda reads layers only from buckets of its own Region
# compatible-architectures = ["x86_64"]
# description = "built from {env:GIT_COMMIT}"
# license = "Apache-2.0"
# build = "make layer"            # how archives are built; only `layership build` and `--build` run it
# unpinned = "deny"               # refuse requirements without `==`
"##;

fn layer(key: &str, lock_file: &LockFile) -> String {
    let below = |name: &str| match lock_file.folder.as_str() {
        "" => toml::Value::from(name).to_string(),
        folder => toml::Value::from(format!("{folder}/{name}")).to_string(),
    };
    let name = &lock_file.name;
    let runtime = match &lock_file.runtime {
        Some(runtime) => format!("compatible-runtimes = [\"{runtime}\"]   # the least that {name} asks for"),
        None => format!("# compatible-runtimes = [\"{}\"]", example_runtime(lock_file.language)),
    };
    let archive = match lock_file.archive {
        Some(archive) => format!("archive = {}", below(archive)),
        None => format!("# archive = {}   # the zip, or the folder it is made from: for `stage`", below("build/layer")),
    };
    format!("[layers.{key}]\nmanifest = {}\n{archive}\n{runtime}\n", below(name))
}

fn example_runtime(language: &str) -> &'static str {
    match language {
        "python" => "python3.13",
        "nodejs" => "nodejs22.x",
        "ruby" => "ruby3.4",
        _ => "provided.al2023",
    }
}

/// A key for each: the name of its folder, or as much of its path as tells it from the others.
fn keys(found: &[LockFile]) -> Vec<String> {
    let mut often: BTreeMap<String, usize> = BTreeMap::new();
    found.iter().for_each(|one| *often.entry(short_key(one)).or_default() += 1);
    let mut taken = HashSet::new();
    let mut key_of = |one: &LockFile| {
        let short = short_key(one);
        let long = key(&format!("{}-{}", one.folder, one.language));
        let counted = (2..).map(|number| format!("{long}-{number}"));
        let mut candidates = [short.clone(), key(&one.folder), long.clone()].into_iter().chain(counted);
        let is_common = often[&short] > 1 || one.folder.contains('/') && COMMON.contains(&short.as_str());
        let is_clear = |key: &String| !key.is_empty() && (*key != short || !is_common);
        candidates.find(|key| is_clear(key) && taken.insert(key.clone())).unwrap_or(long)
    };
    found.iter().map(&mut key_of).collect()
}

fn short_key(one: &LockFile) -> String {
    match one.folder.rsplit('/').next() {
        Some("") | None => one.language.to_owned(),
        Some(name) => key(name),
    }
}

/// A text with Lambda's characters alone, which are those of a bare key in TOML, too.
fn key(text: &str) -> String {
    let replaced: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect();
    replaced.trim_matches('-').chars().take(KEY_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &str, language: &'static str) -> LockFile {
        LockFile { folder: folder.to_owned(), name: "x.lock".to_owned(), language, runtime: None, archive: None }
    }

    #[test]
    fn keys_are_short_where_they_can_be_and_always_different() {
        let all = [
            found("", "nodejs"),
            found("", "python"),
            found("a/layer", "python"),
            found("b/layer", "python"),
            found("b/layer", "ruby"),
            found("b-layer", "python"),
            found("c/src", "python"),
            found("src", "python"),
            found("Ünïcode & more", "python"),
            found("…", "python"),
            found("…/…", "python"),
        ];
        let expected = [
            "nodejs",
            "python",
            "a-layer",
            "b-layer",
            "b-layer-ruby",
            "b-layer-python",
            "c-src",
            "src-python",
            "n-code---more",
            "python-2",
            "python-3",
        ];
        assert_eq!(keys(&all), expected);
    }
}
