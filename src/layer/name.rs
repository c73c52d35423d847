//! Names of layers in Lambda.

use super::word::{Unfit, word};

/// Longest layer name (API model).
const LIMIT: usize = 140;

word! {
    /// The name of a layer in Lambda: letters, digits, `-` and `_`, at most 140. In a Region the ARN of a version bounds
    /// it further: see [`LayerName::in_region`].
    LayerName, check
}

fn check(text: &str) -> Result<(), Unfit> {
    if text.is_empty() {
        return Err(Unfit::because("is empty"));
    }
    if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        return Err(Unfit::because(format!("has the character `{bad}`; Lambda accepts letters, digits, `-` and `_`")));
    }
    if text.len() > LIMIT {
        return Err(Unfit::because(format!("has {} characters; Lambda accepts {LIMIT}", text.len())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layer_names_follow_lambdas_pattern() {
        assert!("requests-py312_A".parse::<LayerName>().is_ok());
        assert!("a".repeat(140).parse::<LayerName>().is_ok());
        for wrong in ["", "a.b", "a b", "ä", "a:1", &"a".repeat(141)] {
            assert!(wrong.parse::<LayerName>().is_err(), "{wrong}");
        }
    }
}
