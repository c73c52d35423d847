//! Placeholders in names and keys: `{layer}`, `{region}`, `{env:NAME}` … An unknown placeholder or an unset variable is
//! an error, never an empty string: an empty piece of a key publishes one layer's zip under another's name.

use super::problem::nearest;

/// What placeholders stand for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    /// Key of the layer; `None` where a value is not about one layer.
    pub layer: Option<&'a str>,
    /// Name of the target.
    pub target: &'a str,
    /// The target's Region.
    pub region: &'a str,
    /// The target's declared account.
    pub account: Option<&'a str>,
    /// The rendered prefix, for keys that build on it.
    pub prefix: Option<&'a str>,
}

/// Fills the placeholders of `template`. `env` looks a variable up.
///
/// # Errors
/// What is wrong and what to write instead, as one fragment.
pub fn render(template: &str, scope: &Scope<'_>, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut rendered = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        rendered.push_str(&rest[..at]);
        let Some(inner) = rest[at..].strip_prefix('{') else {
            return Err(format!("`{template}` has a `}}` without its `{{`"));
        };
        let end = inner.find('}').ok_or_else(|| format!("`{template}` has a `{{` without its `}}`"))?;
        rendered.push_str(&placeholder(&inner[..end], scope, env)?);
        rest = &inner[end + 1..];
    }
    rendered.push_str(rest);
    Ok(rendered)
}

fn placeholder(name: &str, scope: &Scope<'_>, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    if let Some(variable) = name.strip_prefix("env:") {
        return env(variable)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("`{{{name}}}`: the environment variable `{variable}` is not set, or empty"));
    }
    let known = [
        ("layer", scope.layer),
        ("target", Some(scope.target)),
        ("region", Some(scope.region)),
        ("account", scope.account),
        ("prefix", scope.prefix),
    ];
    if let Some(value) = known.iter().find_map(|(known, value)| (*known == name).then_some(*value).flatten()) {
        return Ok(value.to_owned());
    }
    if name == "account" {
        return Err(format!("`{{account}}` needs `account` at the target `{}`", scope.target));
    }
    let usable: Vec<&str> = known.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    Err(match nearest(name, usable.iter().copied()) {
        Some(near) => format!("unknown placeholder `{{{name}}}`; did you mean `{{{near}}}`?"),
        None => format!("unknown placeholder `{{{name}}}`; known here: {}, {{env:NAME}}", braced(&usable)),
    })
}

fn braced(names: &[&str]) -> String {
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, String> {
        let scope = Scope { layer: Some("requests"), target: "prod", region: "us-east-1", account: None, prefix: None };
        render(template, &scope, &|name| match name {
            "STAGE" => Some("blue".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn placeholders_are_filled() {
        assert_eq!(rendered("a-{layer}-{target}-{region}-{env:STAGE}z").unwrap(), "a-requests-prod-us-east-1-bluez");
        assert_eq!(rendered("").unwrap(), "");
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
            let error = rendered(template).unwrap_err();
            assert!(error.contains(part), "{template}: {error}");
        }
    }
}
