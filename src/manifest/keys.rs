//! Names of credentials, of parameters in URLs and of options and settings elsewhere; and what values say that are none.

/// Parts of the names of query parameters that carry credentials.
const PARTS: [&str; 14] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "signature",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "accesskey",
    "auth",
    "private",
    "jwt",
];

/// Names of query parameters with one of these in them that carry none: `/commits?author=me`.
const NAMES: [&str; 3] = ["author", "authors", "authority"];

/// Names of query parameters that carry credentials and are too short to be looked for in others.
const SHORT: [&str; 7] = ["sig", "key", "pass", "pwd", "pw", "pat", "key-pair-id"];

/// What the last word of an option's name ends with that carries a credential. In front of it may stand whose it is, as in
/// `authToken` and `dbpassword`.
const ENDS: [&str; 7] = ["token", "password", "passwd", "passphrase", "secret", "apikey", "accesskey"];

/// What they end with where the value may as well be the path of a file with it.
const FILES: [&str; 5] = ["credential", "credentials", "licensekey", "privatekey", "signingkey"];

/// Whose key it is, where the last word says no more than `key`.
const KEYS: [&str; 8] = ["access", "account", "api", "auth", "license", "private", "secret", "signing"];

/// What options that are named like a credential say of it: whether there is one, or which.
const FLAGS: [&str; 11] = ["0", "1", "auto", "false", "no", "none", "null", "off", "on", "true", "yes"];

/// Whether a parameter of a URL carries a credential.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SHORT.contains(&&*key) || PARTS.iter().any(|part| key.contains(part)) && !NAMES.contains(&&*key)
}

/// Whether an option or a setting carries a credential. What only has such a word in it is none: `--tokenizer`, `token-file`,
/// `author`, `password-hash`.
pub(super) fn is_secret_name(name: &str) -> bool {
    let mut words = name.rsplit(|next: char| !next.is_ascii_alphanumeric());
    let last = words.next().unwrap_or_default();
    ENDS.iter().chain(&FILES).any(|end| ends_with(last, end))
        || ends_with(last, "key") && KEYS.iter().any(|whose| is_key_of(last, words.clone().next(), whose))
}

/// Whether a value stands there itself, and not a placeholder for it.
pub(super) fn is_set(value: &str) -> bool {
    !value.is_empty() && !is_placeholder(value) && value.chars().any(|character| character != '*')
}

/// Whether the whole of a value is what pip and Pipenv fill in, or a template. `$word` and `%word%` are not filled in
/// everywhere, and passwords may begin with them.
fn is_placeholder(value: &str) -> bool {
    // What closes a quotation around the URL.
    let value = value.trim_end_matches(['\'', ')', ',']);
    let name = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    name.is_some_and(is_name) || value.starts_with("{{") && value.ends_with("}}")
}

/// Whether what an option of this name says is the path of a file with a credential.
pub(super) fn is_path_of(name: &str, value: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    value.starts_with(['/', '.', '~']) && FILES.iter().any(|end| ends_with(&letters, end))
}

/// Whether a value of an option is what it says of a credential, and not one.
pub(super) fn is_flag(value: &str) -> bool {
    FLAGS.iter().any(|flag| value.eq_ignore_ascii_case(flag))
}

/// `api-key` and `apiKey`.
fn is_key_of(last: &str, before: Option<&str>, whose: &str) -> bool {
    let joined = &last[..last.len() - "key".len()];
    joined.eq_ignore_ascii_case(whose) || joined.is_empty() && before.is_some_and(|before| ends_with(before, whose))
}

fn ends_with(text: &str, end: &str) -> bool {
    text.len().checked_sub(end.len()).is_some_and(|at| text.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn options_are_told_by_the_end_of_their_names() {
        for name in
            ["token", "--auth-token", "authToken", "DB_PASSWORD", "x.define.API_KEY", "apiKey", "APIKEY", "license-key"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "",
            "-",
            "tokenizer",
            "token-file",
            "author",
            "password-hash",
            "key",
            "monkey",
            "cache-key",
            "keys",
            "tokens",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
