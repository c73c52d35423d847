//! Credentials in variables of the environment, as shells and build servers print them, and as comments tell to set them:
//! `NPM_TOKEN=…`, `export DB_PASSWORD=…`, `--build-arg API_KEY=…`.

use std::ops::Range;

use memchr::memchr_iter;

use super::keys::is_secret_name;
use super::named::is_secret_value;
use super::quoted::{Quote, value};

/// Longer names are none that are known.
const LONGEST: usize = 64;

/// Where the values of such variables are, in order.
pub(super) fn credentials(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut done = 0;
    memchr_iter(b'=', text.as_bytes()).filter_map(move |at| {
        let start = if at < done { None } else { name_before(text, at) }?;
        let range = value(text, at + 1, Quote::before(text, start));
        let is_secret = is_secret_value(&text[start..at], &text[range.clone()]);
        done = range.end;
        is_secret.then_some(range)
    })
}

/// Where the first of them begins, if any: its value may be on another line.
pub(super) fn find_variable(text: &str) -> Option<usize> {
    memchr_iter(b'=', text.as_bytes()).find_map(|at| name_before(text, at))
}

/// Where the name in front of a `=` begins, if it is that of a credential. Capitals tell it from that of a package.
fn name_before(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_of_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    bytes[..at].last().filter(|byte| is_of_name(byte))?;
    let length = bytes[..at].iter().rev().take(LONGEST).take_while(|byte| is_of_name(byte)).count();
    let start = at - length;
    let begins = |before: &u8| before.is_ascii_whitespace() || b"\"'`([{=,;|".contains(before);
    let is_whole = bytes[..start].last().is_none_or(begins) && bytes.get(at + 1) != Some(&b'=');
    (is_whole && is_secret_name(&text[start..at])).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::super::mask::{hide_credentials, mask};
    use super::super::secrets::secrets;
    use crate::halt::Halt;

    fn is_found(text: &str) -> bool {
        secrets(text, &Halt::default()).is_some()
    }

    #[test]
    fn values_of_variables_are_hidden() {
        let table = [
            ("NPM_TOKEN=SECRET npm publish", "NPM_TOKEN=**** npm publish"),
            ("+ export DB_PASSWORD='my SECRET' # x", "+ export DB_PASSWORD='****' # x"),
            ("# docker build --build-arg=API_KEY=SECRET .", "# docker build --build-arg=API_KEY=**** ."),
            ("# docker build --build-arg \"TOKEN=my SECRET\" .", "# docker build --build-arg \"TOKEN=****\" ."),
            (
                "AWS_SECRET_ACCESS_KEY=SECRET\nAWS_SESSION_TOKEN=SECRET",
                "AWS_SECRET_ACCESS_KEY=****\nAWS_SESSION_TOKEN=****",
            ),
            (r#"{"env":"X=1 PASSWORD=SECRET"}"#, r#"{"env":"X=1 PASSWORD=****"}"#),
            ("AWS_SECRET_ACCESS_KEY=/SECRET/x", "AWS_SECRET_ACCESS_KEY=****"),
            ("GCP_CREDENTIALS=SECRET", "GCP_CREDENTIALS=****"),
            ("TOKEN=A_TOKEN=SECRET", "TOKEN=****"),
        ];
        for (text, hidden) in table {
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref()), (hidden, hidden), "{text}");
            assert_eq!((is_found(text), is_found(hidden)), (true, false), "{text}");
        }
        assert!(is_found("# NPM_\\\nTOKEN=SECRET\n"));
    }

    #[test]
    fn what_is_no_credential_is_left_alone() {
        for text in [
            "NPM_TOKEN=${NPM_TOKEN} npm publish",
            "TOKEN=$(aws x get-token)",
            "TOKEN=$NPM_TOKEN",
            "TOKEN= npm publish",
            "USE_TOKEN=true",
            "TOKEN==1.0",
            "JS-TOKEN=1.0",
            "token=1.0=py39_0",
            "my-TOKEN=1",
            "TOKENIZER=fast",
            "TOKEN_FILE=/run/token",
            "PASSWORD = x",
            "GOOGLE_APPLICATION_CREDENTIALS=/home/me/key.json",
            "GOOGLE_APPLICATION_CREDENTIALS=./key.json",
            "SSH_PRIVATE_KEY=~/.ssh/id",
        ] {
            assert_eq!((hide_credentials(text).as_ref(), mask(text).as_ref(), is_found(text)), (text, text, false));
        }
    }

    #[test]
    fn any_number_of_them_takes_no_longer_than_as_many_words() {
        for part in
            ["TOKEN=", "TOKEN=***", "TOKEN='TOKEN=\\\"", "A", "A=", "TOKEN=true ", "TOKEN={{", "\\\\\\\"TOKEN=x "]
        {
            let text = part.repeat(300_000 / part.len());
            let _ = (mask(&text).len(), is_found(&text));
        }
    }
}
