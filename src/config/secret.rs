//! Which environment variables hold secrets, by what they are called and by what their values begin with.

/// Words of a variable's name that say so.
const WORDS: [&str; 13] = [
    "APIKEY",
    "AUTH",
    "BEARER",
    "COOKIE",
    "CREDENTIAL",
    "CREDENTIALS",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
];

/// What makes a secret of a `…_KEY`: an S3 key is none.
const KEYS: [&str; 6] = ["ACCESS", "API", "ENCRYPTION", "PRIVATE", "SIGNING", "SSH"];

/// What tokens of well-known services begin with.
const TOKENS: [&str; 13] =
    ["AKIA", "ASIA", "eyJ", "ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "npm_", "pypi-", "xox"];

/// No token of these services is shorter.
const SHORTEST_TOKEN: usize = 16;

/// Whether the value of an environment variable is likely to be a secret.
pub fn looks_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_key = words.windows(2).any(|pair| KEYS.contains(&pair[0]) && pair[1] == "KEY");
    let is_token = value.len() >= SHORTEST_TOKEN && TOKENS.iter().any(|start| value.starts_with(start));
    is_key || is_token || words.iter().any(|word| WORDS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn secrets_are_told_by_their_names_or_by_what_they_begin_with() {
        let commit = "3f786850e387550fdab836ed7e6dc881de23001b";
        for (name, value, secret) in [
            ("SECRET", "x", true),
            ("npm_token", "x", true),
            ("DB_PASSWORD_2", "x", true),
            ("AWS_SECRET_ACCESS_KEY", "x", true),
            ("AWS_ACCESS_KEY_ID", "x", true),
            ("API_KEY", "x", true),
            ("ANYTHING", "ghp_0123456789abcdefghij", true),
            ("ANYTHING", "AKIAIOSFODNN7EXAMPLE", true),
            ("STAGE", "blue", false),
            ("GIT_COMMIT", commit, false),
            ("LAYER_KEY", "numpy", false),
            ("SECRETARY", "x", false),
            ("AUTHOR", "x", false),
            ("STAGE", "npm_1", false),
        ] {
            assert_eq!(looks_secret(name, value), secret, "{name}={value}");
        }
    }
}
