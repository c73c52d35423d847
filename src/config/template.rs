//! Placeholders in names and keys: `{layer}`, `{region}`, `{env:NAME}` … An unknown placeholder or an unset variable is
//! an error, never an empty string: an empty piece of a key publishes one layer's zip under another's name.

use super::words::{excerpt, nearest};

/// What the placeholders of one value stand for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Placeholders<'a> {
    /// Key of the layer; `None` where a value is not about one layer.
    pub layer: Option<&'a str>,
    /// Name of the target.
    pub target: &'a str,
    /// The target's Region.
    pub region: &'a str,
    /// The target's declared account.
    pub account: Option<&'a str>,
    /// The filled prefix, for keys that build on it.
    pub prefix: Option<&'a Filled>,
}

/// A template whose placeholders are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// What it comes to.
    pub text: String,
    masked: Option<String>,
}

impl Filled {
    /// A text that had no placeholders.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), masked: None }
    }

    /// The text for messages: values of environment variables may be secrets and stay placeholders.
    pub fn shown(&self) -> &str {
        self.masked.as_deref().unwrap_or(&self.text)
    }

    /// Changes the text, and what is shown of it, in the same way.
    #[must_use]
    pub fn map(self, change: impl Fn(String) -> String) -> Self {
        Self { text: change(self.text), masked: self.masked.map(change) }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.masked.iter_mut().for_each(|masked| masked.push_str(text));
    }

    fn push_masked(&mut self, text: &str, shown: &str) {
        self.masked.get_or_insert_with(|| self.text.clone()).push_str(shown);
        self.text.push_str(text);
    }
}

/// Fills the placeholders of `template`. `env` looks a variable up.
///
/// # Errors
/// What is wrong and what to write instead, as one fragment.
pub fn fill(
    template: &str,
    placeholders: &Placeholders<'_>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Filled, String> {
    let mut filled = Filled::plain(String::with_capacity(template.len()));
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push(&rest[..at]);
        let Some(inner) = rest[at..].strip_prefix('{') else {
            return Err(format!("`{}` has a `}}` without its `{{`", excerpt(template)));
        };
        let end = inner.find('}').ok_or_else(|| format!("`{}` has a `{{` without its `}}`", excerpt(template)))?;
        let name = &inner[..end];
        match (name.strip_prefix("env:"), name, placeholders.prefix) {
            (Some(variable), ..) => filled.push_masked(&variable_value(variable, env)?, &format!("{{{name}}}")),
            (None, "prefix", Some(prefix)) if prefix.masked.is_some() => {
                filled.push_masked(&prefix.text, prefix.shown());
            }
            _ => filled.push(known_value(name, placeholders)?),
        }
        rest = &inner[end + 1..];
    }
    filled.push(rest);
    Ok(filled)
}

fn variable_value(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    env(name).filter(|value| !value.is_empty()).ok_or_else(|| {
        let name = excerpt(name);
        format!("`{{env:{name}}}`: the environment variable `{name}` is not set, or empty")
    })
}

fn known_value<'a>(name: &str, placeholders: &Placeholders<'a>) -> Result<&'a str, String> {
    let known = [
        ("layer", placeholders.layer),
        ("target", Some(placeholders.target)),
        ("region", Some(placeholders.region)),
        ("account", placeholders.account),
        ("prefix", placeholders.prefix.map(|prefix| prefix.text.as_str())),
    ];
    if let Some(value) = known.iter().find_map(|(known, value)| (*known == name).then_some(*value).flatten()) {
        return Ok(value);
    }
    if name == "account" {
        return Err(format!("`{{account}}` needs `account` at the target `{}`", placeholders.target));
    }
    let usable: Vec<&str> = known.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    let unknown = format!("unknown placeholder `{{{}}}`", excerpt(name));
    Err(match nearest(name, usable.iter().copied()) {
        Some(near) => format!("{unknown}; did you mean `{{{near}}}`?"),
        None => format!("{unknown}; known here: {}, {{env:NAME}}", braced(&usable)),
    })
}

fn braced(names: &[&str]) -> String {
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "STAGE" => Some("blue".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn filled(template: &str) -> Result<Filled, String> {
        let placeholders =
            Placeholders { layer: Some("requests"), target: "prod", region: "us-east-1", ..Placeholders::default() };
        fill(template, &placeholders, &env)
    }

    #[test]
    fn placeholders_are_filled() {
        let all = filled("a-{layer}-{target}-{region}-{env:STAGE}z").unwrap();
        assert_eq!(all.text, "a-requests-prod-us-east-1-bluez");
        assert_eq!(filled("").unwrap(), Filled::plain(""));
    }

    #[test]
    fn a_value_of_the_environment_is_shown_as_its_placeholder_also_by_what_builds_on_it() {
        let prefix = filled("x/{env:STAGE}/{layer}/").unwrap().map(|text| text.trim_end_matches('/').to_owned());
        assert_eq!((prefix.text.as_str(), prefix.shown()), ("x/blue/requests", "x/{env:STAGE}/requests"));
        let placeholders = Placeholders { prefix: Some(&prefix), ..Placeholders::default() };
        let key = fill("{prefix}/layer.zip", &placeholders, &env).unwrap();
        assert_eq!((key.text.as_str(), key.shown()), ("x/blue/requests/layer.zip", "x/{env:STAGE}/requests/layer.zip"));
    }

    #[test]
    fn what_cannot_be_filled_is_an_error_that_names_it() {
        for (template, part) in [
            ("{layr}", "did you mean `{layer}`?"),
            ("{nothing-like-it}", "known here: {layer}, {target}, {region}, {env:NAME}"),
            ("{env:UNSET}", "`UNSET` is not set"),
            ("{env:EMPTY}", "`EMPTY` is not set, or empty"),
            ("{account}", "needs `account` at the target `prod`"),
            ("{prefix}/x", "unknown placeholder `{prefix}`"),
            ("a{layer", "without its `}`"),
            ("a}b", "without its `{`"),
        ] {
            let error = filled(template).unwrap_err();
            assert!(error.contains(part), "{template}: {error}");
        }
    }
}
