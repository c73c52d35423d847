//! Where the dependencies of a manifest are looked for: indexes, registries, mirrors. No dependency differs where another one
//! is named, and yet another file may be installed.

use super::format::Format;
use super::lines::{joined_lines, without_comment};
use super::options::{Kind, options};
use super::text::decode;
use crate::halt::Halt;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Whether two manifests of one format name other such places. Of lock files only what their tools write on a line of its own
/// is looked at: that is all it takes, and a `false` too many only says less.
pub fn names_other_indexes(format: Format, old: &[u8], new: &[u8], halt: &Halt) -> bool {
    let (Some(old), Some(new)) = (decode(old), decode(new)) else { return false };
    let [old, new] = [&old, &new].map(|text| match format {
        Format::Requirements => of_options(text, halt),
        _ => halt.over(text.lines()).filter_map(|line| place(format, line)).map(Cow::Borrowed).collect(),
    });
    old != new
}

/// What the options of a requirements file name, each with its kind.
fn of_options<'t>(text: &'t str, halt: &Halt) -> BTreeSet<Cow<'t, str>> {
    let mut places = BTreeSet::new();
    for (_, line) in halt.over(joined_lines(text)) {
        let line = without_comment(&line).trim();
        if line.starts_with('-') {
            let named = options(line)
                .into_iter()
                .flatten()
                .filter(|(kind, _)| matches!(kind, Kind::Index | Kind::ExtraIndex | Kind::Links | Kind::NoIndex));
            places.extend(named.map(|(kind, value)| Cow::Owned(format!("{kind:?} {value}"))));
        }
    }
    places
}

/// What a line of a lock file says of a place, from its beginning on.
fn place(format: Format, line: &str) -> Option<&str> {
    let keys: &[&str] = match format {
        Format::UvLock => &["source = { registry = "],
        Format::PoetryLock => &["url = "],
        Format::PdmLock => &["{url = "],
        Format::Pylock => &["index = "],
        Format::PipfileLock => &["\"url\": ", "\"index\": "],
        Format::NpmLock => &["\"resolved\": "],
        Format::YarnLock => &["resolved "],
        Format::GemfileLock => &["remote: "],
        Format::CargoLock => &["source = "],
        Format::ComposerLock => &["\"url\": ", "\"notification-url\": "],
        Format::PnpmLock => return line.split_once("tarball: ").map(|(_, place)| place),
        Format::Requirements | Format::GoSum | Format::Unknown => return None,
    };
    keys.iter().find_map(|key| line.trim_start().strip_prefix(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_place_is_told_from_other_text() {
        let table = [
            (Format::Requirements, "-i https://HERE/simple\na==1\n"),
            (Format::Requirements, "a==1\n--extra-index-url \\\n  https://HERE/simple # ours\n"),
            (Format::Requirements, "--find-links=https://HERE\na==1\n"),
            (Format::UvLock, "[[package]]\nname = \"a\"\nsource = { registry = \"https://HERE/simple\" }\n"),
            (
                Format::PoetryLock,
                "[[package]]\nname = \"a\"\n\n[package.source]\ntype = \"legacy\"\nurl = \"https://HERE\"\n",
            ),
            (Format::PdmLock, "files = [\n    {url = \"https://HERE/a.whl\", hash = \"sha256:aa\"},\n]\n"),
            (Format::Pylock, "[[packages]]\nname = \"a\"\nindex = \"https://HERE/simple\"\n"),
            (Format::PipfileLock, "{\n \"_meta\": {\n  \"sources\": [\n   {\n    \"url\": \"https://HERE/simple\"\n"),
            (Format::NpmLock, "   \"node_modules/a\": {\n    \"resolved\": \"https://HERE/a/-/a-1.0.0.tgz\",\n"),
            (Format::YarnLock, "a@1:\n  version \"1.0.0\"\n  resolved \"https://HERE/a/-/a-1.0.0.tgz#00\"\n"),
            (Format::PnpmLock, "  a@1.0.0:\n    resolution: {integrity: x, tarball: https://HERE/a-1.0.0.tgz}\n"),
            (Format::GemfileLock, "GEM\n  remote: https://HERE/\n  specs:\n    a (1)\n"),
            (Format::CargoLock, "[[package]]\nname = \"a\"\nsource = \"registry+https://HERE/index\"\n"),
            (Format::ComposerLock, "   \"dist\": {\n    \"url\": \"https://HERE/a.zip\",\n"),
        ];
        let other = |format, old: &str, new: &str| {
            names_other_indexes(format, old.as_bytes(), new.as_bytes(), &Halt::default())
        };
        for (format, text) in table {
            assert!(other(format, text, &text.replace("HERE", "there")), "{text}");
            assert!(!other(format, text, &format!("{text}\n# HERE {{ }}\n")), "{text}");
            assert!(!other(format, text, &format!("{text}{text}")), "{text}");
        }
        assert!(other(Format::Requirements, "-f https://h\na==1\n", "-f https://h\n--no-index\na==1\n"));
        assert!(!other(Format::Requirements, "-i h\n--pre\na==1\n", "a==1 # -i g\n--index-url=h\n"));
        assert!(!other(Format::Unknown, "-i h\n", "-i g\n"));
    }
}
