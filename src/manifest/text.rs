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
/// back, so we do too.
pub(super) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
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
        let table: [(&[u8], Option<&str>); 7] = [
            (b"six", Some("six")),
            (b"\xef\xbb\xbfsix", Some("six")),
            (b"\xff\xfes\0i\0x\0", Some("six")),
            (b"\xfe\xff\0s\0i\0x", Some("six")),
            (b"\xff\xfes\0i", None),
            (b"\xff\xfe\x00\xd8", None),
            (b"\xffsix", None),
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
