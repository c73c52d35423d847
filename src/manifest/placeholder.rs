//! Values that stand for others, which are filled in where they are used.

/// Words of sentences are shorter.
const LONGEST_WORD: usize = 16;

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

/// Whether a value says that another is meant: `<token>`, `{token}`, `%TOKEN%`, what a shell fills in, `changeme`, `YOUR_TOKEN`,
/// `xxx`, `...`, and the colon of curl that stands for no name at all.
pub(super) fn is_example(value: &str) -> bool {
    const WORDS: [&str; 4] = ["changeme", "change-me", "change_me", "changeit"];
    let is_yours = value.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("your")) && value.contains(['_', '-']);
    is_filled_in(value)
        || is_yours
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
        || value.bytes().all(|byte| b"*xX.:".contains(&byte))
}

/// Whether a value is the name of another, in the signs of a template or a shell. What has a blank in it may end before.
fn is_filled_in(value: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte));
    let is_between = |begin: char, end: char| {
        value
            .strip_prefix(begin)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|name| !name.is_empty() && is_name(name))
    };
    let pairs = [('<', '>'), ('[', ']'), ('{', '}'), ('%', '%'), ('!', '!')];
    let is_begun = value.strip_prefix('<').is_some_and(is_name);
    let is_run = value.strip_prefix('`').is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()));
    let is_variable = value.strip_prefix('$').is_some_and(is_name);
    is_begun
        || is_run
        || is_variable
        || value.starts_with("$(")
        || pairs.iter().any(|(begin, end)| is_between(*begin, *end))
}

/// Whether nothing but a word stands here, as in a sentence: a colon or a blank in front of it names nothing there.
pub(super) fn is_word(value: &str) -> bool {
    value.len() < LONGEST_WORD && value.trim_end_matches([',', '.', ';']).bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use crate::halt::Halt;
    use crate::manifest::secrets::secrets;

    #[test]
    fn what_is_told_of_credentials_is_none() {
        for text in [
            "pygobject==3.48 --config-settings=setup-args=-Dlibsecret=enabled",
            "x==1 --config-settings=setup-args=-Dtoken=disabled",
            "x==1 -C cmake.define.USE_SYSTEM_TOKEN=system",
            "# TOKEN=<your token> pip install",
            "# TOKEN={token} or TOKEN=[token] or TOKEN=%TOKEN% or TOKEN=!TOKEN!",
            "# PIP_TOKEN=`aws codeartifact get-authorization-token` pip install",
            "# API_KEY=YOUR_API_KEY SECRET_KEY=changeme",
            "# Authorization: token is needed",
            "# authorization: basic and digest are supported",
            "# proxy-authorization: basic support",
            "# Authorization: Bearer $TOKEN",
            "//registry.example.com/:_authToken=$NPM_TOKEN",
            "# <b> api-token: needed",
            "# _auth: deprecated",
            "# _auth = legacy setting of npm",
            "# _password: in base64",
            "# a + b --token usage",
            "# curl --user : https://x",
            r"-r C:\Users\me@corp\req.txt",
            r"-f C:\proj\node_modules\@scope\x",
        ] {
            assert!(secrets(text, &Halt::default()).is_none(), "{text}");
        }
        for text in
            ["TOKEN=$ecre7-T0ken!x", "--password=hunter", "_auth: bWU6c2VjcmV0", "TOKEN=letmein", "--token=%a&b"]
        {
            assert!(secrets(text, &Halt::default()).is_some(), "{text}");
        }
    }
}
