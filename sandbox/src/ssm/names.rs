//! What a parameter may be called.

use super::{Refusal, arn};
use crate::store::Place;

/// Levels of a hierarchy.
const DEEPEST: usize = 15;
/// Characters of a parameter's ARN.
const LONGEST_ARN: usize = 1011;

const FORM: &str = "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a \
                    mix of letters, numbers and the following 3 symbols .-_";

/// Refuses a name that AWS refuses.
pub(super) fn check(name: &str, place: &Place) -> Result<(), Refusal> {
    if name.is_empty() {
        let why = "1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length \
                   greater than or equal to 1";
        return Err(Refusal::invalid(why));
    }
    let lower = name.to_ascii_lowercase();
    let levels = name.matches('/').count();
    if lower.starts_with("/aws") && levels > 1 {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(Refusal::new("AccessDeniedException", message));
    }
    let first = lower.trim_start_matches('/');
    if levels <= 1 && (first.starts_with("aws") || first.starts_with("ssm")) {
        let message = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
        return Err(Refusal::invalid(message));
    }
    let in_form = name.strip_prefix('/').unwrap_or(name).split('/').all(is_part);
    if first.starts_with("ssm") || !in_form {
        let message = format!("Parameter name: can't be prefixed with \"ssm\" (case-insensitive). {FORM}");
        return Err(Refusal::invalid(message));
    }
    if levels > 0 && !name.starts_with('/') {
        return Err(Refusal::invalid("Parameter name must be a fully qualified name."));
    }
    if levels > DEEPEST {
        let message = format!("Parameter names can have a maximum of {DEEPEST} levels.");
        return Err(Refusal::new("HierarchyLevelLimitExceededException", message));
    }
    if arn(place, name).len() > LONGEST_ARN {
        return Err(Refusal::invalid(format!("Parameter name must not be longer than {LONGEST_ARN} characters.")));
    }
    Ok(())
}

fn is_part(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// A name, and the version that is asked for with it.
pub(super) fn selected(named: &str) -> (&str, Option<&str>) {
    match named.split_once(':') {
        // An ARN names the parameter, too.
        Some(("arn", _)) => {
            let name = named.split_once(":parameter").map_or(named, |(_, name)| name);
            name.rsplit_once(':').map_or((name, None), |(name, version)| (name, Some(version)))
        }
        Some((name, version)) => (name, Some(version)),
        None => (named, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str) -> &'static str {
        let place = Place { account: "123456789012".to_owned(), region: "us-east-1".to_owned() };
        check(name, &place).err().map_or("", |refusal| refusal.code)
    }

    #[test]
    fn names_have_their_form() {
        for fine in ["a", "/a", "/layers/numpy/us-east-1", "A_b.c-d", "/org/aws/x", &format!("{}/x", "/y".repeat(14))] {
            assert_eq!(code(fine), "", "{fine}");
        }
        for wrong in ["", "a/b", "/a//b", "/a/", "/", "/a b", "ssm-x", "/aws", "awsome", "/ssm/x", "/ü"] {
            assert_eq!(code(wrong), "ValidationException", "{wrong}");
        }
        assert_eq!(code("/aws/service/x"), "AccessDeniedException");
        assert_eq!(code(&"/x".repeat(16)), "HierarchyLevelLimitExceededException");
        assert_eq!(code(&format!("/{}", "x".repeat(966))), "");
        assert_eq!(code(&format!("/{}", "x".repeat(967))), "ValidationException");
    }

    #[test]
    fn a_selector_stands_behind_a_colon() {
        assert_eq!(selected("/a/b:3"), ("/a/b", Some("3")));
        assert_eq!(selected("/a"), ("/a", None));
        assert_eq!(selected("arn:aws:ssm:us-east-1:123456789012:parameter/a/b:3"), ("/a/b", Some("3")));
    }
}
