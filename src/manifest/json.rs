//! Lock files in JSON, read entry by entry: a large one as a tree of values would take ten times its size.

use super::unreadable::Unreadable;
use crate::halt::Halt;
use memchr::{memchr_iter, memchr2_iter};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::marker::PhantomData;

/// Reads all of a text as a lock file of a tool.
pub(super) fn read<'de, S: DeserializeSeed<'de>>(text: &'de str, tool: &str, seed: S) -> Result<S::Value, Unreadable> {
    let mut from = serde_json::Deserializer::from_str(text);
    let read = seed.deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    read.map_err(|error| {
        // The error's own words may quote the file.
        let why =
            if error.is_data() { format!("it is not a lock file of {tool}") } else { "it is not JSON".to_owned() };
        Unreadable::at(error.line(), why)
    })
}

/// A text, which lies in the file where nothing in it is escaped.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// Takes each element of a list as it comes. Nothing in its place is an empty one.
pub(super) fn elements<V, F: FnMut(V)>(halt: &Halt, take: F) -> Elements<'_, V, F> {
    Elements { halt, take, of: PhantomData }
}

/// See [`elements`].
pub(super) struct Elements<'h, V, F> {
    halt: &'h Halt,
    take: F,
    of: PhantomData<V>,
}

impl<'de, V: Deserialize<'de>, F: FnMut(V)> DeserializeSeed<'de> for Elements<'_, V, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, V: Deserialize<'de>, F: FnMut(V)> Visitor<'de> for Elements<'_, V, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            self.halt.check().map_err(A::Error::custom)?;
            (self.take)(element);
        }
        Ok(())
    }
}

/// What is done with an entry of a map.
pub(super) trait Take<'de> {
    /// Takes the value behind this key.
    fn take<A: MapAccess<'de>>(&mut self, key: Cow<'de, str>, map: &mut A) -> Result<(), A::Error>;
}

/// Takes each entry of a map as it comes, and says whether there is a map: nothing may be in its place.
pub(super) struct Entries<'h, T> {
    pub halt: &'h Halt,
    pub take: T,
}

impl<'de, T: Take<'de>> DeserializeSeed<'de> for Entries<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: Take<'de>> Visitor<'de> for Entries<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            self.halt.check().map_err(A::Error::custom)?;
            self.take.take(key, &mut map)?;
        }
        Ok(true)
    }
}

/// What a tree of values may take of memory, in bytes.
const MOST: usize = 1024 * 1024 * 1024;

/// Whether a text would take more: eight bytes can make a map, and two a value.
fn is_too_much(text: &str) -> bool {
    const MAP: usize = 700;
    const VALUE: usize = 64;
    let bytes = text.as_bytes();
    let weight = || memchr_iter(b'{', bytes).count() * MAP + memchr2_iter(b'[', b',', bytes).count() * VALUE;
    text.len() > MOST / MAP && weight() > MOST
}

/// All of a text as a tree of values; `None` where it is no JSON or far too large a tree, says something that can be read in two
/// ways, or nobody waits for it any more.
pub(super) fn tree(text: &str, halt: &Halt) -> Option<Value> {
    if is_too_much(text) {
        return None;
    }
    let mut from = serde_json::Deserializer::from_reader(BufReader::new(InPieces { rest: text.as_bytes(), halt }));
    let tree = Tree.deserialize(&mut from).ok()?;
    from.end().is_ok().then_some(tree)
}

/// Reads a tree of values in which nothing is rounded and nothing hides something else: no number with a fraction, or too large
/// for 64 bits, since two of them may be one to the reader; no key twice in a map.
struct Tree;

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that can be read in one way")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Tree)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = serde_json::Map::new();
        while let Some(key) = map.next_key()? {
            if values.insert(key, map.next_value_seed(Tree)?).is_some() {
                return Err(A::Error::custom("a key stands twice in one map"));
            }
        }
        Ok(values.into())
    }
}

/// A text that is given out a piece at a time, for as long as somebody waits.
struct InPieces<'a> {
    rest: &'a [u8],
    halt: &'a Halt,
}

impl Read for InPieces<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        self.halt.check().map_err(io::Error::other)?;
        self.rest.read(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_says_what_its_text_says() {
        let one = r#"{"a":[1,-2,18446744073709551615,"\u0041",true,null],"b":{}}"#;
        let said = tree(one, &Halt::default()).unwrap();
        assert_eq!(said, serde_json::from_str::<Value>(one).unwrap());
        for odd in ["18446744073709551616", "-9223372036854775809", "1.5", "1e2", "-0", "{\"a\":1,\"a\":1}", "1 1", "{"]
        {
            assert_eq!(tree(odd, &Halt::default()), None, "{odd}");
            assert_eq!(tree(&format!("{{\"a\":[{odd}]}}"), &Halt::default()), None, "{odd}");
        }
    }

    /// Sixty megabytes of these took gigabytes of memory.
    #[test]
    fn no_tree_takes_memory_without_bound() {
        let maps = format!("[{}1]", "{\"a\":1},".repeat(1_600_000));
        let values = format!("[{}1]", "1,".repeat(17_000_000));
        assert!(tree(&maps, &Halt::default()).is_none() && tree(&values, &Halt::default()).is_none());
        assert!(tree(&format!("[{}1]", "{\"a\":1},".repeat(1_000)), &Halt::default()).is_some());
    }
}
