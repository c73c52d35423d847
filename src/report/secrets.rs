//! Values that are never shown. A secret may come into a text by any way: as a part of a bucket's name, of an ARN that
//! Lambda answered, of a message of S3. So what is known to be one is taken out where text becomes [`Shown`], which is
//! the one way to every screen, log and file, and its placeholder stands there instead.
//!
//! [`Shown`]: super::Shown

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A shorter value would be found inside of words that have nothing to do with it.
const SHORTEST: usize = 6;

/// What addresses leave as it is.
const IN_ADDRESSES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Lets none of these values be shown by this process any more; for each the name of its environment variable and the
/// value. Once for a process: it is said before anything that they are part of can be shown.
pub fn never_show(secrets: &BTreeSet<(String, String)>) {
    let _ = SECRETS.set(Secrets::of(secrets));
}

/// The text, with placeholders in place of these secrets, each with the name of its environment variable.
pub fn without(secrets: &BTreeSet<(String, String)>, text: String) -> String {
    Secrets::of(secrets).taken_out_of(&text).into_owned()
}

/// The text, with placeholders in place of secrets.
pub(super) fn without_secrets(text: &str) -> Cow<'_, str> {
    SECRETS.get().map_or(text.into(), |secrets| secrets.taken_out_of(text))
}

/// Every form of each secret, and what stands in its place. The longest come first, so that none is cut by another.
#[derive(Debug)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn of(secrets: &BTreeSet<(String, String)>) -> Self {
        let long = secrets.iter().filter(|(_, value)| value.len() >= SHORTEST);
        let mut forms: Vec<_> =
            long.flat_map(|(name, value)| forms(value).map(|form| (form, placeholder(name)))).collect();
        forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms)
    }

    fn taken_out_of<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().fold(text.into(), |text: Cow<'t, str>, (form, placeholder)| {
            if text.contains(form.as_str()) { text.replace(form.as_str(), placeholder).into() } else { text }
        })
    }
}

/// As it is, as part of a JSON string, and as part of an address.
fn forms(value: &str) -> [String; 3] {
    let quoted = serde_json::Value::from(value).to_string();
    let inside = quoted[1..quoted.len() - 1].to_owned();
    [value.to_owned(), inside, utf8_percent_encode(value, IN_ADDRESSES).to_string()]
}

fn placeholder(name: &str) -> String {
    // The name is foreign, too, and may stand in any kind of document.
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain { format!("{{env:{name}}}") } else { "****".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secrets: &[(&str, &str)], text: &str) -> String {
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        without(&secrets, text.to_owned())
    }

    #[test]
    fn a_secret_is_taken_out_in_all_its_forms() {
        let all = |text| hidden(&[("TOKEN", "hunter2+\"/x")], text);
        assert_eq!(all("s3://b/hunter2+\"/x/layer.zip"), "s3://b/{env:TOKEN}/layer.zip");
        assert_eq!(all(r#"{"a": "hunter2+\"/x"}"#), r#"{"a": "{env:TOKEN}"}"#);
        assert_eq!(all("prefix=hunter2%2B%22/x"), "prefix={env:TOKEN}");
    }

    #[test]
    fn a_secret_inside_of_another_does_not_uncover_it() {
        let secrets = [("SHORT", "abcdef"), ("LONG", "abcdef-ghijkl")];
        assert_eq!(hidden(&secrets, "abcdef-ghijkl abcdef"), "{env:LONG} {env:SHORT}");
    }

    #[test]
    fn what_is_too_short_to_be_told_from_words_is_left_and_odd_names_are_not_shown() {
        assert_eq!(hidden(&[("TOKEN", "layer")], "layer 1"), "layer 1");
        assert_eq!(hidden(&[("A\"TOKEN", "hunter2")], "hunter2"), "****");
    }
}
