//! Whether two manifests say the same, whatever their comments, their order and their line endings.
//!
//! A wrong "the same" would leave a change unpublished, so this asks for more than equal names and versions: options,
//! extras, markers, hashes and who asks for whom are compared as they are written. Only what no tool reads is left out.

use super::alike::requirement_lines;
use super::format::Format;
use super::json::tree;
use super::text::{decode, same_text};
use super::toml_parts::canonical_parts;
use super::yaml_tree::{Node, documents};
use super::yarn_lock::is_classic;
use crate::halt::Halt;
use serde_json::Value;

/// Larger manifests are compared by their bytes: a tree of values takes many times the size of its text.
const LIMIT: usize = 16 * 1024 * 1024;

/// What a manifest says, in a form that is equal where it says the same.
#[derive(Debug, PartialEq)]
enum Meaning<'a> {
    Lines(Vec<String>),
    Json(Value),
    Yaml(Vec<Node<'a>>),
}

/// Whether two manifests of one format say the same. Where one cannot be read, their bytes decide, line endings aside.
pub fn same_meaning(format: Format, a: &[u8], b: &[u8], halt: &Halt) -> bool {
    if same_text(a, b) {
        return true;
    }
    let [a, b] = [a, b].map(|bytes| decode(bytes).filter(|text| text.len() <= LIMIT));
    let meaning = |text| meaning(format, text, halt);
    let (Some(a), Some(b)) = (&a, &b) else { return false };
    meaning(a).is_some_and(|one| meaning(b).is_some_and(|other| one == other))
}

fn meaning<'a>(format: Format, text: &'a str, halt: &Halt) -> Option<Meaning<'a>> {
    let lines = match format {
        Format::Requirements => requirement_lines(text, halt),
        Format::UvLock | Format::PoetryLock | Format::PdmLock | Format::CargoLock => {
            canonical_parts(text, "package", halt)?
        }
        Format::Pylock => canonical_parts(text, "packages", halt)?,
        Format::PipfileLock | Format::NpmLock | Format::ComposerLock => return json(format, text, halt),
        Format::YarnLock if is_classic(text) => sorted(blocks(kept_lines(text, halt), |line| line.starts_with(' '))),
        Format::YarnLock | Format::PnpmLock => return documents(text, halt).map(Meaning::Yaml),
        Format::GemfileLock => gem_lines(text, halt),
        Format::GoSum => {
            let mut lines: Vec<&str> = kept_lines(text, halt).collect();
            lines.sort_unstable();
            lines.into_iter().map(str::to_owned).collect()
        }
        Format::Unknown => return None,
    };
    Some(Meaning::Lines(lines))
}

fn json<'a>(format: Format, text: &str, halt: &Halt) -> Option<Meaning<'a>> {
    let mut all = tree(text, halt)?;
    match format {
        Format::PipfileLock => sort_hashes(&mut all),
        Format::ComposerLock => ["packages", "packages-dev"].iter().for_each(|key| sort(all.get_mut(key))),
        _ => {}
    }
    Some(Meaning::Json(all))
}

/// Lines that are neither blank nor comments.
fn kept_lines<'a>(text: &'a str, halt: &Halt) -> impl Iterator<Item = &'a str> {
    let lines = halt.over(text.lines()).map(str::trim_end);
    lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with('#'))
}

/// Lines, each with those behind it that belong to it.
fn blocks<'a>(lines: impl IntoIterator<Item = &'a str>, belongs: impl Fn(&str) -> bool) -> Vec<Vec<&'a str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    for line in lines {
        match blocks.last_mut() {
            Some(block) if belongs(line) => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    blocks
}

/// The lines of blocks, sorted by the first of each. Two of one name stay in their order: which of them counts may depend on it.
fn sorted(mut blocks: Vec<Vec<&str>>) -> Vec<String> {
    blocks.sort_by_key(|block| block[0]);
    blocks.into_iter().flatten().map(str::to_owned).collect()
}

/// The lines of a `Gemfile.lock`: its sections, the gems of a source with what each needs, and what the other sections list.
fn gem_lines(text: &str, halt: &Halt) -> Vec<String> {
    let mut sections = blocks(kept_lines(text, halt), |line| line.starts_with(' '));
    // Where a source is stands before its gems.
    sections.sort_by(|one, other| gem_source(one).cmp(gem_source(other)));
    let lines = sections.into_iter().flat_map(|section| {
        let (source, entries) = section.split_at(gem_source(&section).len());
        let deeper = if source.len() > 1 { "     " } else { "   " };
        let entries = sorted(blocks(entries.iter().copied(), |line| line.starts_with(deeper)));
        source.iter().map(|line| (*line).to_owned()).chain(entries).collect::<Vec<_>>()
    });
    lines.collect()
}

/// The first lines of a section, up to its gems; where it has none, its name.
fn gem_source<'s, 'a>(section: &'s [&'a str]) -> &'s [&'a str] {
    let specs = section.iter().position(|line| *line == "  specs:");
    &section[..=specs.unwrap_or(0)]
}

fn sort(list: Option<&mut Value>) {
    if let Some(Value::Array(list)) = list {
        list.sort_by_cached_key(Value::to_string);
    }
}

/// Sorts the hashes of each package in each category.
fn sort_hashes(all: &mut Value) {
    for package in values_of(all).flat_map(values_of) {
        sort(package.get_mut("hashes"));
    }
}

fn values_of(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flat_map(|table| table.values_mut())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(name: &str, a: &str, b: &str) -> bool {
        let format = Format::from_file_name(name);
        let same = same_meaning(format, a.as_bytes(), b.as_bytes(), &Halt::default());
        assert_eq!(same_meaning(format, b.as_bytes(), a.as_bytes(), &Halt::default()), same, "{name}: {a} {b}");
        same
    }

    #[test]
    fn comments_order_and_line_endings_say_nothing() {
        let table = [
            ("requirements.txt", "a==1\nb==2\n", "# why\nb==2  # via a\r\n\r\na==1"),
            ("requirements.txt", "a==1 \\\n  --hash=sha256:aa\n", "a==1   --hash=sha256:aa\n"),
            ("requirements.txt", "--pre\n-i https://h\na==1\nb==1\n", "--pre\nb==1\n-i https://h\na==1\n"),
            (
                "uv.lock",
                "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\n[[package]]\nname = \"b\"\n",
                "# made by uv\nversion = 1\n\n[[package]]\nname = \"b\"\n\n[[package]]\nversion = \"1\"\nname = \"a\"\n",
            ),
            (
                "package-lock.json",
                r#"{"lockfileVersion":3,"packages":{"a":{},"b":{}}}"#,
                "{\n \"packages\": {\"b\": {}, \"a\": {}},\n \"lockfileVersion\": 3}",
            ),
            ("yarn.lock", "# yarn lockfile v1\n\na@1:\n  version \"1\"\n", "# yarn lockfile v1\na@1:\n  version \"1\""),
            ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n", "# why\nlockfileVersion: '9.0'\n\n"),
            ("requirements.txt", "Some_Name==1\n", "some-name == 1 # why\n"),
            ("requirements.txt", "a[x,y]>=1,<2;os_name=='nt'\n", "A [y, x] >= 1, <2  ;  os_name=='nt'\n"),
            (
                "requirements.txt",
                "a==1 --hash=sha256:aa --hash=sha256:bb\n",
                "a==1 --hash=sha256:bb --hash=sha256:aa\n",
            ),
            (
                "poetry.lock",
                "[[package]]\nname = \"a\"\nfiles = [{ file = \"x\" }, { file = \"y\" }]\n[[package]]\nname = \"b\"\n[metadata]\nx = 1\n",
                "[[package]]\nname = \"b\"\n[[package]]\nname = \"a\"\nfiles = [{ file = \"y\" }, { file = \"x\" }]\n[metadata]\nx = 1\n",
            ),
            ("Pipfile.lock", r#"{"default":{"a":{"hashes":["x","y"]}}}"#, r#"{"default":{"a":{"hashes":["y","x"]}}}"#),
            (
                "composer.lock",
                r#"{"packages":[{"name":"a"},{"name":"b"}],"packages-dev":[1,2]}"#,
                r#"{"packages":[{"name":"b"},{"name":"a"}],"packages-dev":[2,1]}"#,
            ),
            (
                "yarn.lock",
                "# yarn lockfile v1\na@1:\n  version \"1\"\nb@1:\n  version \"2\"\n",
                "# yarn lockfile v1\n\nb@1:\n  version \"2\"\n\na@1:\n  # why\n  version \"1\"\n",
            ),
            ("Gemfile.lock", "GEM\n  specs:\n    a (1)\n", "GEM\n  specs:\n\n    a (1)\r\n"),
            (
                "Gemfile.lock",
                "GIT\n  remote: y\n  specs:\n    c (1)\n\nGEM\n  remote: x\n  specs:\n    a (1)\n      b\n    b (1)\n\nPLATFORMS\n  java\n  ruby\n",
                "PLATFORMS\n  ruby\n  java\n\nGEM\n  remote: x\n  specs:\n    b (1)\n    a (1)\n      b\n\nGIT\n  remote: y\n  specs:\n    c (1)\n",
            ),
            (
                "pnpm-lock.yaml",
                "packages:\n  a: {b: 1, c: 1}\n  d:\n",
                "packages:\n  d: # why\n  'a':\n    c: 1\n    b: 1\n",
            ),
            (
                "yarn.lock",
                "__metadata:\n  version: 8\n\n\"a@1, a@2\":\n  version: 1\n\nb@1:\n  version: 2\n",
                "__metadata:\n  version: 8\nb@1:\n  version: 2 # why\n? a@1, a@2\n: version: 1\n",
            ),
            ("go.sum", "a v1 h1:x=\nb v1 h1:y=\n", "b v1 h1:y=\na v1 h1:x=\n"),
            ("environment.yml", "a\n", "a\r\n"),
        ];
        for (name, a, b) in table {
            assert!(same(name, a, b), "{name}: {a} {b}");
        }
    }

    #[test]
    fn whatever_a_tool_reads_counts() {
        let table = [
            ("requirements.txt", "a==1\n", "a==2\n"),
            ("requirements.txt", "a==1\n", "a[x]==1\n"),
            ("requirements.txt", "a==1\n", "a==1 ; os_name == 'nt'\n"),
            ("requirements.txt", "a==1 --hash=sha256:aa\n", "a==1 --hash=sha256:bb\n"),
            ("requirements.txt", "a==1\n", "--extra-index-url https://h\na==1\n"),
            ("requirements.txt", "-i https://h\n-i https://g\n", "-i https://g\n-i https://h\n"),
            ("requirements.txt", "-r a.txt\n", "-r b.txt\n"),
            // A form feed ends the comment for pip.
            ("requirements.txt", "a==1\n# c\u{c}b==1\n", "a==1\n# c\u{c}b==2\n"),
            ("requirements.txt", "a==1\na==1\n", "a==1\n"),
            ("requirements.txt", "a @ https://h/a#sha256=1\n", "a @ https://h/a#sha256=2\n"),
            ("requirements.txt", "a==1 # b==2\n", "a==1\nb==2\n"),
            ("uv.lock", "[[package]]\nname = \"a\"\n", "[[package]]\nname = \"a\"\n[package.x]\n"),
            ("uv.lock", "[[package]]\nname = \"a\"\n", "[[package]]\nname = \"a\"\n[[package]]\nname = \"a\"\n"),
            ("poetry.lock", "[[package]]\nname = 1\nx = [1, 2]\n", "[[package]]\nname = 1\nx = [2, 1]\n"),
            (
                "package-lock.json",
                r#"{"packages":{"node_modules/a":{"version":"1"},"node_modules/b/node_modules/a":{"version":"2"}}}"#,
                r#"{"packages":{"node_modules/a":{"version":"2"},"node_modules/b/node_modules/a":{"version":"1"}}}"#,
            ),
            ("package-lock.json", "{", "{ "),
            // A number that a reader rounds may stand for another one: then the bytes count.
            ("package-lock.json", r#"{"x":18446744073709551616}"#, r#"{"x":18446744073709551617}"#),
            ("Pipfile.lock", r#"{"x":{"y":[-9223372036854775809]}}"#, r#"{"x":{"y":[-9223372036854775810]}}"#),
            ("composer.lock", r#"{"x":0.1}"#, r#"{"x":0.1000000000000000055}"#),
            ("composer.lock", r#"{"x":1}"#, r#"{"x":1.0}"#),
            ("package-lock.json", r#"{"x":1,"x":2}"#, r#"{"x":2}"#),
            ("uv.lock", "x = 0.1\n", "x = 0.1000000000000000055\n"),
            ("uv.lock", "[[package]]\nx = [{ y = 0.1 }]\n", "[[package]]\nx = [{ y = 0.1000000000000000055 }]\n"),
            ("uv.lock", "x = 18446744073709551616\n", "x = 18446744073709551617\n"),
            ("uv.lock", "=", "= "),
            (
                "yarn.lock",
                "# yarn lockfile v1\na@1:\n  version \"1\"\nb@1:\n  version \"2\"\n",
                "# yarn lockfile v1\na@1:\n  version \"2\"\nb@1:\n  version \"1\"\n",
            ),
            ("yarn.lock", "? a\n:\n  v 1\n? b\n:\n  v 2\n", "? a\n:\n  v 2\n? b\n:\n  v 1\n"),
            (
                "yarn.lock",
                "# yarn lockfile v1\na@1:\n  v 1\na@1:\n  v 2\n",
                "# yarn lockfile v1\na@1:\n  v 2\na@1:\n  v 1\n",
            ),
            (
                "poetry.lock",
                "[[package]]\nname = \"a\"\n[metadata]\nx = 1\n",
                "[[package]]\nname = \"a\"\n[metadata]\nx = 2\n",
            ),
            (
                "poetry.lock",
                "[[package]]\nname = \"a\"\nfiles = [{ hash = \"x\" }]\n",
                "[[package]]\nname = \"a\"\nfiles = [{ hash = \"y\" }]\n",
            ),
            ("composer.lock", r#"{"packages":[{"name":"a","v":1}]}"#, r#"{"packages":[{"name":"a","v":2}]}"#),
            ("composer.lock", r#"{"packages":[1],"packages-dev":[2]}"#, r#"{"packages":[2],"packages-dev":[1]}"#),
            ("Pipfile.lock", r#"{"default":{"a":{"hashes":["x"]}}}"#, r#"{"default":{"a":{"hashes":["y"]}}}"#),
            ("requirements.txt", "a[x]==1\n", "a[y]==1\n"),
            ("requirements.txt", "a==1 ; os_name == 'a b'\n", "a==1 ; os_name == 'ab'\n"),
            ("requirements.txt", "a @ https://h/A\n", "a @ https://h/a\n"),
            ("requirements.txt", "--no-binary a --only-binary b\n", "--only-binary b --no-binary a\n"),
            ("pnpm-lock.yaml", "a: [x, y]\n", "a: [y, x]\n"),
            ("pnpm-lock.yaml", "a: 1.0\n", "a: '1.0'\n"),
            ("pnpm-lock.yaml", "--- {a: 1}\n--- {b: 1}\n", "--- {b: 1}\n--- {a: 1}\n"),
            // Of what is no YAML, or can be read in two ways, the bytes count.
            ("pnpm-lock.yaml", "a: b: 1\n", "a: b: 1\n\n"),
            ("pnpm-lock.yaml", "a: 1\na: 2\n", "a: 1\na: 2\n\n"),
            ("yarn.lock", "a: &x 1\nb: *x\n", "a: &x 1\nb: *x\n\n"),
            (
                "Gemfile.lock",
                "GEM\n  specs:\n    a (1)\n      x\n    b (1)\n",
                "GEM\n  specs:\n    a (1)\n    b (1)\n      x\n",
            ),
            (
                "Gemfile.lock",
                "GEM\n  specs:\n    a (1)\n      x\n    a (1)\n",
                "GEM\n  specs:\n    a (1)\n    a (1)\n      x\n",
            ),
            (
                "Gemfile.lock",
                "GEM\n  remote: x\n  specs:\n    a (1)\nGEM\n  remote: y\n  specs:\n    b (1)\n",
                "GEM\n  remote: x\n  specs:\n    b (1)\nGEM\n  remote: y\n  specs:\n    a (1)\n",
            ),
            ("Gemfile.lock", "GEM\n  remote: x\n  remote: y\n  specs:\n", "GEM\n  remote: y\n  remote: x\n  specs:\n"),
            // A comment behind something may be a part of it.
            ("yarn.lock", "# yarn lockfile v1\na@1:\n  v 1\n", "# yarn lockfile v1\na@1:\n  v 1 # why\n"),
            ("pnpm-lock.yaml", "a:\n  b: 1\n", "a:\nb: 1\n"),
            ("go.sum", "a v1 h1:x=\n", "a v1 h1:z=\n"),
            ("environment.yml", "a # x\n", "a\n"),
        ];
        for (name, a, b) in table {
            assert!(!same(name, a, b), "{name}: {a} {b}");
        }
    }

    #[test]
    fn what_is_too_large_is_compared_by_its_bytes() {
        let large = format!("{}\n", "# x".repeat(LIMIT / 3 + 1));
        assert!(!same("requirements.txt", &large, &format!("{large}\n")));
        assert!(same("requirements.txt", &large, &large));
    }
}
