//! Lock files in YAML, read event by event: a reader takes what it asks for, and nothing else of the file is kept.
//!
//! Lock files use little of YAML. What no tool writes into them is refused, so that nothing of a stranger's file can grow or be
//! read in two ways: aliases, anchors and tags, directives, deep nesting, and maps with one key twice (YAML forbids that; pnpm
//! refuses it as well, Yarn takes the last).
//!
//! The parser's work and memory follow the size of a text, whatever is in it: 64 MB of each kind of token, comment and scalar
//! were tried.

use super::dependencies::LIMIT;
use super::survey::too_many;
use super::unreadable::Unreadable;
use crate::halt::Halt;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StrInput};
use std::borrow::Cow;
use std::collections::HashSet;

/// Real lock files nest half a dozen deep.
const DEPTH: usize = 32;

/// No lock file has more of keys, values, and ends of what holds them: it takes a few seconds to read so many.
const EVENTS: usize = 5_000_000;

/// Somebody is asked for each line whether to go on, and in a long one after so many bytes.
const STRETCH: usize = 4096;

/// A text of YAML, taken from its beginning to its end.
pub(super) struct Yaml<'a, 'h> {
    events: Parser<'a, StrInput<'a>>,
    halt: &'h Halt,
    /// The line of what was taken last, counted from 1.
    line: usize,
    /// How much more may come.
    room: usize,
    /// The line and the stretch in which was asked last whether to go on.
    asked: (usize, usize),
}

impl<'a, 'h> Yaml<'a, 'h> {
    pub fn new(text: &'a str, halt: &'h Halt) -> Self {
        let mut options = granit_parser::options! {
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
            disallow_directives: true,
        };
        options.set_emit_comments(false);
        let events = Parser::new_from_str_with_options(text, options);
        Self { events, halt, line: 0, room: EVENTS, asked: (0, 0) }
    }

    /// Takes each document of the text.
    pub fn documents(&mut self, mut take: impl FnMut(&mut Self) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        loop {
            match self.next()? {
                Event::DocumentStart(..) => take(self)?,
                Event::StreamEnd => return Ok(()),
                _ => {}
            }
        }
    }

    /// Takes each entry of a map, whose value is to be taken then. Nothing in place of a map is an empty one. Says whether it is
    /// a map; what is none is passed over.
    pub fn entries(
        &mut self,
        take: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        match self.next()? {
            Event::MappingStart(..) => {}
            other => {
                let is_nothing = matches!(&other, Event::Scalar(text, style, ..) if is_nothing(text, *style));
                return self.pass(&other).map(|()| is_nothing);
            }
        }
        self.rest_of_map(take)?;
        Ok(true)
    }

    /// Takes each entry of a map that has begun.
    fn rest_of_map(
        &mut self,
        mut take: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let mut known = HashSet::new();
        while let Some(key) = self.key()? {
            if !known.insert(key.clone()) {
                return Err(self.wrong("a key stands twice in one map"));
            }
            if known.len() > LIMIT {
                return Err(too_many());
            }
            take(self, key)?;
        }
        Ok(())
    }

    /// Takes a text. What is none is passed over.
    pub fn text(&mut self) -> Result<Option<Cow<'a, str>>, Unreadable> {
        match self.next()? {
            Event::Scalar(text, style, ..) => Ok(Some(text).filter(|text| !is_nothing(text, style))),
            other => self.pass(&other).map(|()| None),
        }
    }

    /// Takes a text, or that of one entry of a map. What is neither is passed over.
    pub fn text_or_entry(&mut self, of: &str) -> Result<Option<Cow<'a, str>>, Unreadable> {
        match self.next()? {
            Event::Scalar(text, style, ..) => Ok(Some(text).filter(|text| !is_nothing(text, style))),
            Event::MappingStart(..) => {
                let mut found = None;
                self.rest_of_map(|yaml, key| {
                    match &*key == of {
                        true => found = yaml.text()?,
                        false => yaml.skip()?,
                    }
                    Ok(())
                })?;
                Ok(found)
            }
            other => self.pass(&other).map(|()| None),
        }
    }

    /// Takes whether something is so.
    pub fn is_true(&mut self) -> Result<bool, Unreadable> {
        Ok(self.text()?.as_deref() == Some("true"))
    }

    /// Passes over whatever comes.
    pub fn skip(&mut self) -> Result<(), Unreadable> {
        let begun = self.next()?;
        self.pass(&begun)
    }

    /// The key of the next entry of a map; `None` at its end.
    pub fn key(&mut self) -> Result<Option<Cow<'a, str>>, Unreadable> {
        match self.next()? {
            Event::MappingEnd => Ok(None),
            Event::Scalar(key, ..) => Ok(Some(key)),
            _ => Err(self.wrong("a key is not a text")),
        }
    }

    /// What comes next. What no lock file has is refused wherever it stands.
    pub fn next(&mut self) -> Result<Event<'a>, Unreadable> {
        let (event, span) =
            self.events.next().unwrap_or(Ok((Event::StreamEnd, Default::default()))).map_err(|error| {
                let is_deep = matches!(error.kind(), ErrorKind::RecursionLimitExceeded);
                Unreadable::at(error.marker().line(), if is_deep { "it nests too deeply" } else { "it is not YAML" })
            })?;
        self.line = span.start.line();
        self.room = self.room.checked_sub(1).ok_or_else(|| self.wrong("it has too much in it"))?;
        let asked = (self.line, span.start.byte_offset().unwrap_or_default() / STRETCH);
        if std::mem::replace(&mut self.asked, asked) != asked {
            self.halt.check().map_err(|halted| Unreadable::new(halted.to_string()))?;
        }
        match event {
            Event::Alias(_)
            | Event::Scalar(_, _, 1.., _)
            | Event::Scalar(.., Some(_))
            | Event::SequenceStart(_, 1.., _)
            | Event::SequenceStart(.., Some(_))
            | Event::MappingStart(_, 1.., _)
            | Event::MappingStart(.., Some(_)) => Err(self.wrong("it has an alias, an anchor or a tag")),
            event => Ok(event),
        }
    }

    /// What is wrong with what was taken last.
    pub fn wrong(&self, why: impl Into<String>) -> Unreadable {
        Unreadable::at(self.line, why)
    }

    /// Passes over the rest of what begins with this. What is wrong with it is wrong where it begins.
    fn pass(&mut self, begun: &Event<'_>) -> Result<(), Unreadable> {
        let (mut open, line) = (usize::from(begins(begun)), self.line);
        while open > 0 {
            let event = self.next()?;
            open += usize::from(begins(&event));
            open -= usize::from(matches!(event, Event::SequenceEnd | Event::MappingEnd));
        }
        self.line = line;
        Ok(())
    }
}

fn begins(event: &Event<'_>) -> bool {
    matches!(event, Event::SequenceStart(..) | Event::MappingStart(..))
}

/// Whether it stands for no value.
fn is_nothing(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the maps of a text, with their keys in front.
    fn read(text: &str) -> Result<String, Unreadable> {
        let mut found = Vec::new();
        Yaml::new(text, &Halt::default()).documents(|yaml| {
            yaml.entries(|yaml, key| {
                let text = yaml.text()?;
                found.push(format!("{key}={}", text.as_deref().unwrap_or("none")));
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(found.join(" "))
    }

    #[test]
    fn yaml_is_read_however_it_is_written() {
        for (text, expected) in [
            ("a: 1\nb: '2'\n\"c\": \"3\\x41\"\n", "a=1 b=2 c=3A"),
            ("{a: 1, b: [x, {c: d}], e: f} # why\n", "a=1 b=none e=f"),
            ("? a\n: 1\n? b\n:\n  c: d\n", "a=1 b=none"),
            ("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", "a=none b=none c=none d= e=null"),
            ("a: |\n  x: y\n  z\nb: >-\n  x\n  y\n", "a=x: y\nz\n b=x y"),
            ("a: 1\r\nb: 2\r\n", "a=1 b=2"),
            ("---\na: 1\n---\nb: 2\n...\n", "a=1 b=2"),
            ("a: x\n  y\n", "a=x y"),
            ("", ""),
            ("- a\n- b: c\n", ""),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_text_may_stand_in_a_map_of_more() {
        let read = |text: &str| {
            let mut found = String::new();
            let read = Yaml::new(text, &Halt::default()).documents(|yaml| {
                found.push_str(yaml.text_or_entry("a")?.as_deref().unwrap_or("none"));
                Ok(())
            });
            read.map(|()| found)
        };
        for (text, expected) in [
            ("x\n", "x"),
            ("~\n", "none"),
            ("{b: [c], a: x}\n", "x"),
            ("a: {b: c}\n", "none"),
            ("b: x\n", "none"),
            ("[a]\n", "none"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(read("a: 1\na: 2\n"), Err(Unreadable::at(2, "a key stands twice in one map")));
    }

    #[test]
    fn what_no_lock_file_has_is_refused_with_its_line() {
        let (no_yaml, twice) = ("it is not YAML", "a key stands twice in one map");
        let (other, deep) = ("it has an alias, an anchor or a tag", "it nests too deeply");
        let (flow, block) = (format!("a:\n  {}", "[".repeat(DEPTH + 1)), format!("a:\n  {}x", "- ".repeat(DEPTH)));
        for (text, line, why) in [
            ("a: 1\nb: c: d\n", 2, no_yaml),
            ("a: 1\n\nb: [c\n", 3, no_yaml),
            ("b: 2\na: 1\n\tb: 1\n", 2, no_yaml),
            ("b: 2\na: \"b\n", 2, no_yaml),
            ("%YAML 1.2\n---\na: 1\n", 1, no_yaml),
            ("a: 1\nb: 1\n\"a\": 1\n", 3, twice),
            ("a: &x 1\n", 1, other),
            ("a: 1\nb: [&x y, *x]\n", 2, other),
            ("a: 1\nb:\n  - !!str y\n", 3, other),
            ("a: !x {}\n", 1, other),
            ("a: &x []\n", 1, other),
            ("? [a]\n: 1\n", 1, "a key is not a text"),
            (&flow, 2, deep),
            (&block, 2, deep),
        ] {
            assert_eq!(read(text), Err(Unreadable::at(line, why)), "{text}");
        }
    }

    #[test]
    fn keys_are_as_long_as_yaml_lets_them() {
        let key = "x".repeat(1024);
        assert_eq!(read(&format!("{key}: 1\n")), Ok(format!("{key}=1")));
        assert_eq!(read(&format!("? {key}x\n: 1\n")), Ok(format!("{key}x=1")));
        assert_eq!(read(&format!("{key}x: 1\n")), Err(Unreadable::at(1, "it is not YAML")));
    }

    #[test]
    fn a_text_has_no_more_in_it_than_a_lock_file() {
        let text = |count: usize| format!("[{}]", "[],".repeat(count / 2));
        let read = |text: &str| Yaml::new(text, &Halt::default()).documents(Yaml::skip);
        // The text, its document and its list begin and end.
        assert_eq!(read(&text(EVENTS - 6)), Ok(()));
        assert_eq!(read(&text(EVENTS - 4)), Err(Unreadable::at(1, "it has too much in it")));
    }

    #[test]
    fn a_map_has_no_more_keys_than_a_manifest_may_name() {
        let keys = |count: usize| (0..count).map(|n| format!("{n}:\n")).collect::<String>();
        assert!(read(&keys(LIMIT)).is_ok());
        assert_eq!(read(&keys(LIMIT + 1)), Err(too_many()));
    }

    /// What has no lines is read in stretches.
    #[test]
    fn a_long_line_is_read_no_longer_than_somebody_waits() {
        let text = format!("a: [{}]\n", "x, ".repeat(10 * STRETCH));
        let (whole, halt) = (Halt::default(), Halt::after(5));
        for (halt, polls) in [(whole, 30..40), (halt, 6..7)] {
            let read = Yaml::new(&text, &halt).documents(Yaml::skip);
            assert!(polls.contains(&halt.polls()), "{} questions: {read:?}", halt.polls());
        }
    }
}
