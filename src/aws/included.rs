//! What objects in S3 note of the files that a manifest includes: a backup of those that its version was published with, a
//! staged archive of those that it was built for. The Python library never looks at it.

use std::collections::HashMap;

use crate::layer::Md5;

/// User metadata: a digest of all that these files say.
pub(super) const INCLUDES: &str = "layership-includes";
/// User metadata: a digest of what they ask for where the layer is installed.
pub(super) const ASKED: &str = "layership-includes-asked";
/// How these digests are made; another way has another number.
const VERSION: &str = "v1";

/// The value of the metadata.
pub(super) fn note(digest: Md5) -> String {
    format!("{VERSION} md5={digest}")
}

/// The digest that an object notes under a name, in hexadecimal; `None` if it notes none, or one that was made in another way.
pub(super) fn noted(metadata: Option<&HashMap<String, String>>, name: &str) -> Option<String> {
    let digest = metadata?.get(name)?.strip_prefix(VERSION)?.strip_prefix(" md5=")?;
    let is_md5 = digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_md5.then(|| digest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_anything_else_is_none() {
        let read = |text: &str| noted(Some(&HashMap::from([(INCLUDES.to_owned(), text.to_owned())])), INCLUDES);
        let digest = Md5::of(b"-r\nsix==1.16.0");
        let text = note(digest);
        assert_eq!(text, format!("v1 md5={digest}"));
        assert_eq!(read(&text), Some(digest.to_string()));
        let (short, long) = (&text[..text.len() - 1], format!("{text} more"));
        for other in ["", "v1 md5=", &text[3..], &text.replace("v1", "v2"), short, &long, &text.replace("=", "=x")] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(noted(None, INCLUDES), None);
        assert_eq!(noted(Some(&HashMap::from([(INCLUDES.to_owned(), text)])), ASKED), None);
    }
}
