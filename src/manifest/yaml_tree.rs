//! What a text of YAML says, whatever the order of its keys, its comments and its line breaks.

use super::unreadable::Unreadable;
use super::yaml::Yaml;
use crate::halt::Halt;
use granit_parser::{Event, ScalarStyle};
use std::borrow::Cow;

/// A value. Two are equal where they say the same.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    /// A number, a date or a text without quotes, as it is written.
    Plain(Cow<'a, str>),
    /// What its quotes make a text.
    Text(Cow<'a, str>),
    /// In its order.
    List(Vec<Node<'a>>),
    /// Sorted by key.
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// The documents of a text; `None` where it cannot be read, or nobody waits for it any more.
pub(super) fn documents<'a>(text: &'a str, halt: &Halt) -> Option<Vec<Node<'a>>> {
    let mut documents = Vec::new();
    let read = Yaml::new(text, halt).documents(|yaml| {
        let event = yaml.next()?;
        documents.push(node(yaml, event)?);
        Ok(())
    });
    read.ok().map(|()| documents)
}

/// The value that begins with an event. It calls itself no deeper than the reader lets YAML nest.
fn node<'a>(yaml: &mut Yaml<'a, '_>, begun: Event<'a>) -> Result<Node<'a>, Unreadable> {
    match begun {
        Event::Scalar(text, ScalarStyle::Plain, ..) => Ok(Node::Plain(text)),
        Event::Scalar(text, ..) => Ok(Node::Text(text)),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            loop {
                match yaml.next()? {
                    Event::SequenceEnd => return Ok(Node::List(list)),
                    event => list.push(node(yaml, event)?),
                }
            }
        }
        _ => {
            let mut map = Vec::new();
            while let Some(key) = yaml.key()? {
                let event = yaml.next()?;
                map.push((key, node(yaml, event)?));
            }
            map.sort_by(|(one, _), (other, _)| one.cmp(other));
            let is_twice = map.windows(2).any(|pair| pair[0].0 == pair[1].0);
            if is_twice { Err(yaml.wrong("a key stands twice in one map")) } else { Ok(Node::Map(map)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Option<Vec<Node<'_>>> {
        documents(text, &Halt::default())
    }

    #[test]
    fn how_it_is_written_says_nothing() {
        let block = "a:\n  - x\n  - 'y'\nb: {c: 1, d: ''}\n";
        for other in
            ["# why\n'b':\n  d: \"\" # x\n  c: 1\n\"a\": [x, \"y\"]\n", "--- {a: [x, \"y\"],\n b: {d: '', c: 1}}\n..."]
        {
            assert_eq!(says(block), says(other), "{other}");
            assert!(says(block).is_some());
        }
    }

    #[test]
    fn what_it_says_counts() {
        let text = "a: [x, y]\nb: 1\nc:\n";
        for other in
            ["a: [y, x]\nb: 1\nc:\n", "a: [x, y]\nb: '1'\nc:\n", "a: [x, y]\nb: 1\nc: ''\n", "a: [x, y]\nb: 1\n"]
        {
            assert_ne!(says(text), says(other), "{other}");
        }
        assert_ne!(says("--- a\n--- b\n"), says("--- b\n--- a\n"));
        assert_ne!(says("a: {}\n"), says("a: []\n"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_says_nothing() {
        for text in ["a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: b: c\n"] {
            assert_eq!(says(text), None, "{text}");
        }
    }
}
