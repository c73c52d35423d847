//! The options of a line of a requirements file, read as pip reads them: split as a shell does, then taken by optparse.

use std::borrow::Cow;

/// What an option says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Editable,
    Include,
    Bounds,
    /// `--index-url URL`: where everything is looked for.
    Index,
    ExtraIndex,
    /// `--find-links PLACE`: a page or a folder with files.
    Links,
    /// `--no-index`: nothing is looked for but in such places.
    NoIndex,
    /// `--trusted-host HOST`: it says how places are asked, and asks for nothing.
    Host,
    /// `--config-settings KEY=VALUE`: what a build is told.
    Setting,
    /// Nothing that asks for anything.
    Other,
}

/// Options with a value, short and long. Of long ones, any beginning counts that is only one's.
const WITH_VALUE: [(&str, &str, Kind); 15] = [
    ("-e", "--editable", Kind::Editable),
    ("-r", "--requirement", Kind::Include),
    ("-c", "--constraint", Kind::Bounds),
    ("", "--extra-index-url", Kind::ExtraIndex),
    ("-i", "--index-url", Kind::Index),
    ("", "--pypi-url", Kind::Index),
    ("-f", "--find-links", Kind::Links),
    ("", "--no-binary", Kind::Other),
    ("", "--only-binary", Kind::Other),
    ("", "--trusted-host", Kind::Host),
    ("", "--use-feature", Kind::Other),
    ("", "--global-option", Kind::Setting),
    ("-C", "--config-settings", Kind::Setting),
    ("", "--config-setting", Kind::Setting),
    ("", "--hash", Kind::Other),
];

/// Options without one.
const FLAGS: [(&str, Option<Kind>); 4] =
    [("--no-index", Some(Kind::NoIndex)), ("--prefer-binary", None), ("--require-hashes", None), ("--pre", None)];

/// All options of a line that have a value or say where nothing is looked for, in their order; `None` where pip would refuse the line, because quotes do not end
/// or a value is missing.
pub(super) fn options(line: &str) -> Option<Vec<(Kind, Cow<'_, str>)>> {
    let (mut found, mut rest) = (Vec::new(), line.trim());
    while !rest.is_empty() {
        let (word, behind) = next_word(rest)?;
        rest = behind.trim_start();
        let Some((kind, value)) = option(word) else { continue };
        if kind == Kind::NoIndex {
            found.push((kind, Cow::Borrowed("")));
            continue;
        }
        let value = match value {
            Some(value) => value,
            None => {
                let (value, behind) = next_word(rest).filter(|_| !rest.is_empty())?;
                rest = behind.trim_start();
                value
            }
        };
        found.push((kind, value));
    }
    Some(found)
}

/// What a word says that is an option with a value, and that value, where it stands in the same word.
fn option(word: Cow<'_, str>) -> Option<(Kind, Option<Cow<'_, str>>)> {
    if word.starts_with("--") {
        let (name, at) = match word.find('=') {
            Some(at) => (&word[..at], Some(at + 1)),
            None => (&*word, None),
        };
        return Some((long(name)?, at.map(|at| behind(&word, at))));
    }
    Some((short(&word)?, (word.len() > 2).then(|| behind(&word, 2))))
}

/// What the option says that a word begins with.
pub(super) fn short(word: &str) -> Option<Kind> {
    let all = WITH_VALUE.iter().filter(|(short, _, _)| !short.is_empty());
    all.clone().find(|(short, _, _)| word.starts_with(short)).map(|(_, _, kind)| *kind)
}

/// What the option of this name says, or the only one that begins so.
pub(super) fn long(name: &str) -> Option<Kind> {
    let all = || WITH_VALUE.iter().map(|(_, long, kind)| (*long, Some(*kind))).chain(FLAGS);
    if let Some((_, kind)) = all().find(|(long, _)| *long == name) {
        return kind;
    }
    let mut similar = all().filter(|(long, _)| long.starts_with(name));
    let (_, kind) = similar.next()?;
    kind.filter(|_| similar.next().is_none())
}

fn behind<'a>(word: &Cow<'a, str>, at: usize) -> Cow<'a, str> {
    match word {
        Cow::Borrowed(word) => Cow::Borrowed(&word[at..]),
        Cow::Owned(word) => Cow::Owned(word[at..].to_owned()),
    }
}

/// The first word of a text that begins with one, without its quotes, and what stands behind it.
fn next_word(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let is_plain = |next: char| !next.is_whitespace() && !matches!(next, '"' | '\'' | '\\');
    let end = text.find(|next| !is_plain(next)).unwrap_or(text.len());
    if !text[end..].starts_with(['"', '\'', '\\']) {
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    }
    let (mut word, mut quote) = (text[..end].to_owned(), None);
    let mut rest = text[end..].char_indices();
    while let Some((at, next)) = rest.next() {
        match (quote, next) {
            (None, blank) if blank.is_whitespace() => return Some((word.into(), &text[end + at..])),
            (None, '"' | '\'') => quote = Some(next),
            (Some(open), end) if open == end => quote = None,
            (None, '\\') => word.push(rest.next()?.1),
            (Some('"'), '\\') => match rest.next()?.1 {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            (_, other) => word.push(other),
        }
    }
    quote.is_none().then_some((word.into(), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As pip 23.2 takes them: `shlex.split`, then `parse_args` of its parser of lines.
    #[test]
    fn all_options_of_a_line_are_read() {
        let table = [
            ("-r base.txt", "Include base.txt"),
            ("-rbase.txt", "Include base.txt"),
            ("--requirement=base.txt", "Include base.txt"),
            ("--requirement   base.txt", "Include base.txt"),
            ("--requirem base.txt", "Include base.txt"),
            ("--pre -r base.txt", "Include base.txt"),
            ("-r 'my base.txt' -c \"your \\\" base.txt\"", "Include my base.txt, Bounds your \" base.txt"),
            ("-r my\\ base.txt --no-index", "Include my base.txt, NoIndex "),
            ("-f https://h/links --no-ind", "Links https://h/links, NoIndex "),
            ("-fwheels --find=more", "Links wheels, Links more"),
            ("--index-url A --extra-index-url B", "Index A, ExtraIndex B"),
            ("--index-url=A --extra-index=B", "Index A, ExtraIndex B"),
            ("-i -r base.txt", "Index -r"),
            ("-e . -r base.txt", "Editable ., Include base.txt"),
            ("--no-binary :all: word -c c.txt", "Other :all:, Bounds c.txt"),
            // These pip refuses: what may be meant is looked at all the same.
            ("--req base.txt", ""),
            ("--unknown -r base.txt", "Include base.txt"),
            ("-r ''", "Include "),
        ];
        for (line, expected) in table {
            let found = options(line).map(|all| all.iter().map(|(kind, value)| format!("{kind:?} {value}")).collect());
            assert_eq!(found.map(|all: Vec<String>| all.join(", ")).as_deref(), Some(expected), "{line}");
        }
        for line in ["-r", "--requirement", "-r 'base.txt", "-r base.txt\\", "--pre -c"] {
            assert_eq!(options(line), None, "{line}");
        }
    }
}
