//! Bytes as text: equality that forgives line endings, and decoding that forgives byte order marks.

use std::borrow::Cow;

/// Whether two files are equal, or differ only in their line endings (CRLF, CR or LF).
///
/// A checkout on another system rewrites line endings without changing a dependency; publishing for that would
/// never settle. Works on any bytes and copies neither side.
pub fn same_text(a: &[u8], b: &[u8]) -> bool {
    a == b || unified(a).eq(unified(b))
}

/// The bytes with every CRLF and CR read as LF.
fn unified(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let mut previous = 0;
    bytes.iter().filter_map(move |&byte| {
        let closes_crlf = previous == b'\r' && byte == b'\n';
        previous = byte;
        match byte {
            b'\n' if closes_crlf => None,
            b'\r' => Some(b'\n'),
            other => Some(other),
        }
    })
}

/// The text of a manifest, or `None` for bytes that are not text.
///
/// `pip freeze > requirements.txt` in Windows PowerShell writes UTF-16 with a byte order mark, and pip reads it
/// back, so we do too. So it is with a comment that names the encoding, where that is Latin-1.
pub(super) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        _ if names_latin_1(bytes) => Some(bytes.iter().copied().map(char::from).collect()),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Whether a comment in the first two lines says that the file is in Latin-1, as pip reads it: `# -*- coding: latin-1 -*-`.
fn names_latin_1(bytes: &[u8]) -> bool {
    let mut comments = bytes.split(|byte| *byte == b'\n').take(2).filter(|line| line.starts_with(b"#"));
    let named = comments.find_map(|line| encoding(&String::from_utf8_lossy(line)));
    matches!(named.as_deref(), Some("latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1"))
}

/// What stands behind `coding:` or `coding=` in a comment.
fn encoding(comment: &str) -> Option<String> {
    let mut behind = comment.match_indices("coding").map(|(at, word)| &comment[at + word.len()..]);
    let value = behind.find_map(|rest| rest.strip_prefix([':', '=']))?.trim_start();
    let is_part = |next: &char| next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | '.');
    let name = value.chars().take_while(is_part);
    Some(name.map(|next| if next == '_' { '-' } else { next.to_ascii_lowercase() }).collect())
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'static, str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::{decode, same_text};
    use proptest::prelude::*;

    #[test]
    fn line_endings_do_not_count() {
        let table: [(&[u8], &[u8], bool); 12] = [
            (b"", b"", true),
            (b"a\nb\n", b"a\r\nb\r\n", true),
            (b"a\nb\n", b"a\rb\r", true),
            (b"a\r\nb\rc\n", b"a\nb\nc\n", true),
            (b"\n\n", b"\r\r", true),
            (b"\n\n", b"\r\n", false),
            (b"\r\n", b"\n", true),
            (b"a\n", b"a", false),
            (b"a b", b"ab", false),
            (b"\xff\xfe\r\n", b"\xff\xfe\n", true),
            (b"\xff", b"\xfe", false),
            (b"a\n\r", b"a\n\n", true),
        ];
        for (a, b, same) in table {
            assert_eq!(same_text(a, b), same, "{a:?} {b:?}");
            assert_eq!(same_text(b, a), same, "{b:?} {a:?}");
        }
    }

    #[test]
    fn byte_order_marks_are_read_and_dropped() {
        let table: [(&[u8], Option<&str>); 14] = [
            (b"six", Some("six")),
            (b"\xef\xbb\xbfsix", Some("six")),
            (b"\xff\xfes\0i\0x\0", Some("six")),
            (b"\xfe\xff\0s\0i\0x", Some("six")),
            (b"\xff\xfes\0i", None),
            (b"\xff\xfe\x00\xd8", None),
            (b"\xffsix", None),
            (b"# -*- coding: latin-1 -*-\n\xe9", Some("# -*- coding: latin-1 -*-\né")),
            (b"#!x\n# encoding=ISO_8859-1\n\xe9", Some("#!x\n# encoding=ISO_8859-1\né")),
            (b"x\n# coding: latin1\r\n\xe9", Some("x\n# coding: latin1\r\né")),
            (b"#\n#\n# coding: latin-1\n\xe9", None),
            (b"x # coding: latin-1\n\xe9", None),
            (b"# coding: utf-8\n\xe9", None),
            (b"# coding : latin-1\n\xe9", None),
        ];
        for (bytes, text) in table {
            assert_eq!(decode(bytes).as_deref(), text, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn rewriting_line_endings_is_never_a_change(lines in prop::collection::vec("[a-z ]{0,5}", 0..6)) {
            let unix = lines.join("\n");
            for ending in ["\r\n", "\r"] {
                prop_assert!(same_text(unix.as_bytes(), lines.join(ending).as_bytes()));
            }
        }

        #[test]
        fn any_other_edit_is_a_change(text in "[a-z\r\n]{0,20}", at in 0usize..20) {
            let mut edited = text.clone();
            edited.insert(at.min(text.len()), 'Z');
            prop_assert!(!same_text(text.as_bytes(), edited.as_bytes()));
        }
    }
}
