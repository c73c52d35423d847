//! Whether two manifests say the same, whatever their comments, their order and their line endings.
//!
//! A wrong "the same" would leave a change unpublished, so this asks for more than equal names and versions: options,
//! extras, markers, hashes and who asks for whom are compared as they are written. Only what no tool reads is left out.

use super::alike::requirement_lines;
use super::format::Format;
use super::json::tree;
use super::text::{decode, same_text};
use super::toml_parts::canonical_parts;
use crate::halt::Halt;
use serde_json::Value;

/// Larger manifests are compared by their bytes: a tree of values takes many times the size of its text.
const LIMIT: usize = 16 * 1024 * 1024;

/// What a manifest says, in a form that is equal where it says the same.
#[derive(Debug, PartialEq)]
enum Meaning {
    Lines(Vec<String>),
    Json(Value),
}

/// Whether two manifests of one format say the same. Where one cannot be read, their bytes decide, line endings aside.
pub fn same_meaning(format: Format, a: &[u8], b: &[u8], halt: &Halt) -> bool {
    let meaning = |bytes: &[u8]| {
        let text = decode(bytes).filter(|text| text.len() <= LIMIT)?;
        meaning(format, &text, halt)
    };
    same_text(a, b) || meaning(a).is_some_and(|one| meaning(b).is_some_and(|other| one == other))
}

fn meaning(format: Format, text: &str, halt: &Halt) -> Option<Meaning> {
    let lines = match format {
        Format::Requirements => requirement_lines(text, halt),
        Format::UvLock | Format::PoetryLock | Format::PdmLock | Format::CargoLock => {
            canonical_parts(text, "package", halt)?
        }
        Format::Pylock => canonical_parts(text, "packages", halt)?,
        Format::PipfileLock | Format::NpmLock | Format::ComposerLock => {
            let mut all = tree(text, halt)?;
            match format {
                Format::PipfileLock => sort_hashes(&mut all),
                Format::ComposerLock => ["packages", "packages-dev"].iter().for_each(|key| sort(all.get_mut(key))),
                _ => {}
            }
            return Some(Meaning::Json(all));
        }
        Format::YarnLock => blocks(text, halt),
        Format::PnpmLock | Format::GemfileLock => kept_lines(text, halt),
        Format::GoSum => {
            let mut lines = kept_lines(text, halt);
            lines.sort_unstable();
            lines
        }
        Format::Unknown => return None,
    };
    Some(Meaning::Lines(lines))
}

/// Lines that are neither blank nor comments. Their order stays: in these files a line belongs to those above it.
fn kept_lines(text: &str, halt: &Halt) -> Vec<String> {
    let lines = halt.over(text.lines()).map(str::trim_end);
    lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with('#')).map(str::to_owned).collect()
}

/// Blocks of a line without indentation and those below it, sorted by that line.
fn blocks(text: &str, halt: &Halt) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in kept_lines(text, halt) {
        match blocks.last_mut() {
            // A long key of YAML has its colon on a line of its own.
            Some(block) if line.starts_with([' ', ':']) => block.extend(["\n", &line]),
            _ => blocks.push(line),
        }
    }
    // Two of one name stay in their order: which of them counts may depend on it.
    blocks.sort_by(|one, other| one.lines().next().cmp(&other.lines().next()));
    blocks
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
                "a@1:\n  version \"1\"\nb@1:\n  version \"2\"\n",
                "b@1:\n  version \"2\"\n\na@1:\n  # why\n  version \"1\"\n",
            ),
            ("Gemfile.lock", "GEM\n  specs:\n    a (1)\n", "GEM\n  specs:\n\n    a (1)\r\n"),
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
            ("uv.lock", "=", "= "),
            (
                "yarn.lock",
                "a@1:\n  version \"1\"\nb@1:\n  version \"2\"\n",
                "a@1:\n  version \"2\"\nb@1:\n  version \"1\"\n",
            ),
            ("yarn.lock", "? a\n:\n  v 1\n? b\n:\n  v 2\n", "? a\n:\n  v 2\n? b\n:\n  v 1\n"),
            ("yarn.lock", "a@1:\n  v 1\na@1:\n  v 2\n", "a@1:\n  v 2\na@1:\n  v 1\n"),
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
            // Where order tells nothing, it counts all the same in these: nobody sorts them but the tool itself.
            ("pnpm-lock.yaml", "packages:\n  a: 1\n  b: 1\n", "packages:\n  b: 1\n  a: 1\n"),
            ("Gemfile.lock", "GEM\n  specs:\n    a (1)\n    b (1)\n", "GEM\n  specs:\n    b (1)\n    a (1)\n"),
            // A comment behind something may be a part of it.
            ("yarn.lock", "a@1:\n  v 1\n", "a@1:\n  v 1 # why\n"),
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
